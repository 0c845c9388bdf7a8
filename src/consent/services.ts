import type { SignalMask } from '../core/signals.ts';
import type { ConsentRoute, SiteServices, VendorService } from './types.ts';

/**
 * A service or vendor that the visitor refused inside an allowed category closes its routes, because consent is given to
 * a recipient for a purpose (GDPR Art. 4(11)). The routes of a service are looked up in a table made once for each site.
 */

/** Words at the end of a service's name that do not tell whose it is; the longest first, as `capi` ends with `api`. */
const QUALIFIERS = [
  'api',
  'audience',
  'audiences',
  'capi',
  'code',
  'company',
  'conversion',
  'conversions',
  'corporation',
  'cookie',
  'cookies',
  'dynamic',
  'ecommerce',
  'enhanced',
  'events',
  'gmbh',
  'inc',
  'insight',
  'ireland',
  'unlimited',
  'limited',
  'package',
  'llc',
  'ltd',
  'piksel',
  'pixel',
  'remarketing',
  'retargeting',
  'script',
  'sdk',
  'server',
  'serverside',
  'statistics',
  'stats',
  'tag',
  'tracker',
  'tracking',
].toSorted((a, b) => b.length - a.length);

/** Words before a service's name: how it is loaded, and what it is (`Pixel de Facebook`); the longest first. */
const LEADS = ['googletagmanager', 'pixelvon', 'pixelde', 'piksel', 'pixel', 'gtm'];
/** Between a service and what is said of it: `GA4 - Google Analytics`, `Google Tag: GA4`. */
const PARTS = /[:|\u2013\u2014]| - /;
/** A host of the service: `connect.facebook.net`. */
const HOST = /^(?:[a-z0-9-]+\.){0,3}([a-z0-9-]+)\.(?:com|net)$/i;
/** Companies one of whose services is behind each host. */
const OF_MANY: ReadonlySet<string> = new Set(['google', 'microsoft']);
/** Companies with many products: in `Google (Fonts)` the company's name does not name the product in brackets. */
const COMPANIES: ReadonlySet<string> = new Set(['google', 'facebook', 'fb', 'linkedin', 'meta', 'microsoft', 'bing']);

/** No service has a longer name. */
export const MAX_NAME = 64;
const SEPARATORS = /[^a-z0-9]+/g;

/** The key of a usual name: without case and separators. */
function serviceKey(name: string): string {
  return name.toLowerCase().replace(SEPARATORS, '');
}

/** The owner of a service: its routes on the site, none if the site has no route of that vendor. */
export interface Owner {
  readonly routes: readonly string[];
  /** What it is called in a reason: a name of the configuration or of the table, never text of a cookie. */
  readonly label: string;
  /** The site itself says so. */
  readonly stated: boolean;
  /** What is behind a usual name, also without a route. */
  readonly services?: readonly VendorService[];
}

/** Whose the services of one site's banner are. */
export class ServiceBook {
  readonly routes: readonly ConsentRoute[];
  readonly #own = new Map<string, Owner>();
  readonly #usual = new Map<string, Owner>();
  readonly #listed = new Map<number, Owner>();
  /** By the first characters, for platforms that cut names: length -> the same as `#usual`. */
  readonly #cut = new Map<number, ReadonlyMap<string, Owner>>();

  constructor(routes: readonly ConsentRoute[], { own, usual, vendors }: SiteServices) {
    this.routes = routes;
    for (const [name, whose] of usual) {
      const before = this.#usual.get(serviceKey(name));
      const all = [...new Set([...(before?.routes ?? []), ...whose])];
      const services = [...(before?.services ?? []), ...(vendors?.get(name) ?? [])];
      this.#usual.set(serviceKey(name), { routes: all, label: before?.label ?? name, stated: false, services });
    }
    for (const [name, whose] of own) {
      const owner = { routes: whose, label: name, stated: true };
      this.#own.set(name, owner);
      const key = serviceKey(name);
      if (key !== '' && !own.has(key)) this.#usual.set(key, owner);
    }
    for (const { name, tcfVendor, service } of routes) {
      if (tcfVendor === undefined) continue;
      const others = this.#listed.get(tcfVendor);
      const all = [...(others?.routes ?? []), name];
      this.#listed.set(tcfVendor, { routes: all, label: others?.label ?? service, stated: false });
    }
  }

  /** The owner of a service of this name: as the site says, else by the usual names; undefined = unknown. */
  ownerOf(name: string): Owner | undefined {
    const own = this.#own.get(name);
    if (own !== undefined || name.length > MAX_NAME) return own;
    const key = serviceKey(name);
    const owner = this.#byKey(key);
    if (owner !== undefined) return owner;
    const lead = LEADS.find((start) => key.length > start.length && key.startsWith(start));
    if (lead !== undefined) return this.#byKey(key.slice(lead.length));
    const host = HOST.exec(name)?.[1]?.toLowerCase() ?? '';
    if (host !== '') return OF_MANY.has(host) ? undefined : this.#byKey(serviceKey(host));
    // `Google Analytics 4 (GA4)`: said twice. A company and one of its products is said once (`Google (Fonts)`).
    const bracket = name.search(/[([]/);
    const said = bracket > 0 ? [name.slice(0, bracket)] : name.split(PARTS, 4);
    return said.map((part) => this.#product(serviceKey(part))).find((one) => one !== undefined);
  }

  /** The owner of a product; a company alone is none. */
  #product(key: string): Owner | undefined {
    return COMPANIES.has(key) ? undefined : this.#byKey(key);
  }

  /** By usual names, without the words at the end that do not tell whose it is. */
  #byKey(whole: string): Owner | undefined {
    for (let key: string | undefined = whole; key !== undefined; key = shortened(key)) {
      const owner = this.#usual.get(key);
      if (owner !== undefined) return owner;
    }
    return undefined;
  }

  /** Whether the site's configuration names the owner of any service. */
  get hasOwn(): boolean {
    return this.#own.size > 0;
  }

  /** The owner of a service that has only a number in the site's banner: the site has to name it. */
  mapped(name: string): Owner | undefined {
    return this.#own.get(name);
  }

  /** The owner of a vendor of the IAB list, by its number. */
  listedVendor(id: string): Owner | undefined {
    return /^\d{1,5}$/.test(id) ? this.#listed.get(Number(id)) : undefined;
  }

  /** The owner of a service of whose name only the first characters are known. */
  cutOwner(name: string, length: number): Owner | undefined {
    const key = serviceKey(name);
    if (key.length !== length) return undefined;
    let cut = this.#cut.get(length);
    if (cut === undefined) this.#cut.set(length, (cut = cutTo(length, this.#usual)));
    return cut.get(key);
  }
}

/** A key without its last qualifier or number; undefined if it has none, or is nothing else. */
function shortened(key: string): string | undefined {
  let end = key.length;
  while (end > 0 && key.charCodeAt(end - 1) >= 48 && key.charCodeAt(end - 1) <= 57) end--;
  if (end === key.length) {
    const word = QUALIFIERS.find((qualifier) => key.endsWith(qualifier));
    if (word === undefined) return undefined;
    end -= word.length;
  }
  return end === 0 ? undefined : key.slice(0, end);
}

function cutTo(length: number, usual: ReadonlyMap<string, Owner>): ReadonlyMap<string, Owner> {
  const cut = new Map<string, Owner>();
  for (const [key, { routes, label, services }] of usual) {
    if (key.length < length) continue;
    const before = cut.get(key.slice(0, length));
    const all = [...new Set([...(before?.routes ?? []), ...routes])];
    const both = [...(before?.services ?? []), ...(services ?? [])];
    cut.set(key.slice(0, length), { routes: all, label: before?.label ?? label, stated: false, services: both });
  }
  return cut;
}

/** A service as the record has it. */
export interface Service {
  readonly name: string;
  readonly owner: Owner | undefined;
  readonly allowed: boolean;
  /** Signals that `consent.mapping` gives it; 0 = none. */
  readonly signals: SignalMask;
}

/** Services and their state, each name once: allowed where every mention of it is (`consent.md` 0, rule 4). */
export function servicesOf(
  flags: Iterable<readonly [string, boolean]>,
  book: ServiceBook,
  purposes: ReadonlyMap<string, SignalMask> | undefined,
): Service[] {
  const states = new Map<string, boolean>();
  for (const [name, allowed] of flags) states.set(name, allowed && states.get(name) !== false);
  return Array.from(states, ([name, allowed]) => ({
    name,
    owner: book.ownerOf(name),
    allowed,
    signals: purposes?.get(name) ?? 0,
  }));
}
