import type { Cookies } from '../consent/cookie-header.ts';
import { BIT, type SignalMask } from '../core/signals.ts';
import { CLOCK_SKEW } from '../privacy/identifiers.ts';
import { FirstSeen, SEEN } from './first-seen.ts';
import { OWN_ID, ownId, ownIdIn } from './own-id.ts';
import { expire, fit, homeOf, isSafe, knowsHome, setCookie } from './set-cookie.ts';
import type { SiteCookies } from './types.ts';
import {
  CLICK_COOKIES,
  governs,
  isClickId,
  type ClickIds,
  type GovernedCookie,
  type Identifiers,
} from './vendor-cookies.ts';

export type { ClickIds, Identifiers } from './vendor-cookies.ts';

/** What cookies are read from. */
export interface CookieInput {
  readonly cookies: Cookies;
  /** Signals in force for the site. */
  readonly granted: SignalMask;
  /** When the hit arrived, unix milliseconds. */
  readonly at: number;
  readonly hitId: string;
  /** `Host` of the hit. */
  readonly host: string;
  /** `Site.name`: signed cookies hold for one site. */
  readonly site: string;
  readonly settings: SiteCookies;
  /** Click ids in the page's address. */
  readonly landing: ClickIds | undefined;
  /** Measurement ids whose session counts, most important first; without any, a session all streams agree on. */
  readonly streams?: readonly string[];
}

export interface CookieReading {
  readonly identifiers: Readonly<Identifiers>;
  /**
   * `kind:value` of every identifier that came under consent, used or too old: `ga:`, `fbp:`, `own:`. Of a visitor
   * with none of these, the click ids.
   */
  readonly subjects: readonly string[];
  /** Complete `Set-Cookie` values. */
  readonly set: readonly string[];
  /**
   * Whose consent is gone: a governed cookie came without its signal. Everything the hit knows the visitor by is in
   * here, because events of a refused purpose may be filed under the identifier of one that is still allowed.
   */
  readonly withdrawn: readonly string[];
}

const NONE: readonly string[] = [];
const NOTHING: CookieReading = { identifiers: {}, subjects: NONE, set: NONE, withdrawn: NONE };

const NO_COOKIES: readonly Found[] = [];
const NO_CLICKS: ClickIds = {};

const DAY = 86_400_000;
/** The longest any policy may let a click id live, and any cookie at all (R25). */
const LONGEST_ADS = 90 * DAY;
const LONGEST = 400 * DAY;

/**
 * Reads the identifiers in a hit's cookies and decides what its answer does to them (design 3 and 3a, R25-R33). Pure.
 *
 * - Without its signal a governed cookie is read once, for the withdrawal, and expired.
 * - With it, its life is counted from first issue: the time in it, or for ad cookies without one the time it was first
 *   seen. Too old, from the future, contradictory or (analytics) without a readable time: not used, and expired.
 *   Younger ones are written again with what is left of their life; page tags set them to years at every page load,
 *   so every answer that sees them cuts them back.
 * - Click ids of a landing page are kept in the vendor's own format, from now, unless that very id is kept already.
 */
export function readCookies(input: CookieInput): CookieReading {
  const { granted, settings } = input;
  const found = findGoverned(input.cookies);
  const landing = (granted & BIT.ad_storage) === 0 ? undefined : input.landing;
  const ownWanted = settings.ownId && (granted & BIT.analytics_storage) !== 0;
  if (found === undefined && !ownWanted && (landing === undefined || isEmpty(landing))) return NOTHING;
  return new Jar(input, found ?? NO_COOKIES, landing ?? NO_CLICKS).finish(ownWanted);
}

/** A governed cookie of the hit. */
interface Found {
  readonly rule: GovernedCookie;
  readonly name: string;
  readonly value: string;
  /** Other values under the same name. */
  others: string[] | undefined;
}

/** No page has as many; those beyond are as if absent. */
const MAX_FOUND = 64;

function findGoverned({ names, values }: Cookies): Found[] | undefined {
  let found: Found[] | undefined;
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const rule = governs(name);
    if (rule === undefined) continue;
    const value = values[i] as string;
    const twin = found?.find((other) => other.name === name);
    if (twin !== undefined) {
      if (twin.value !== value) (twin.others ??= []).push(value);
    } else if (found === undefined) {
      found = [{ rule, name, value, others: undefined }];
    } else if (found.length < MAX_FOUND) {
      found.push({ rule, name, value, others: undefined });
    }
  }
  return found;
}

function isEmpty(landing: ClickIds): boolean {
  for (const _ in landing) return false;
  return true;
}

/** What happens to the cookies of one hit. */
class Jar {
  private readonly input: CookieInput;
  private readonly found: readonly Found[];
  private readonly landing: ClickIds;
  private readonly identifiers: Identifiers = {};
  /** Session ids by the name of their cookie. */
  private readonly sessions = new Map<string, string>();
  private readonly subjects: string[] = [];
  private readonly clicks: string[] = [];
  /** Subjects that came without their signal; undefined = every cookie had its own. */
  private gone: string[] | undefined;
  private readonly expired: string[] = [];
  private readonly issued: string[] = [];
  private readonly kept: string[] = [];
  private readonly home: { readonly home: string; readonly httpOnly: false };
  private readonly knowsHome: boolean;
  private firstSeen: FirstSeen | undefined;

  constructor(input: CookieInput, found: readonly Found[], landing: ClickIds) {
    const { domain } = input.settings;
    this.input = input;
    this.found = found;
    this.landing = landing;
    this.home = { home: homeOf(domain), httpOnly: false };
    this.knowsHome = knowsHome(domain, input.host);
  }

  finish(ownWanted: boolean): CookieReading {
    for (const cookie of this.found) {
      if ((this.input.granted & cookie.rule.bit) === 0) this.withdraw(cookie);
      else if (cookie.name !== OWN_ID && cookie.name !== SEEN) this.keep(cookie);
    }
    if (this.landing !== NO_CLICKS) this.land();
    if ((this.input.granted & BIT.analytics_storage) !== 0) this.own(ownWanted);
    this.remember();
    const { identifiers, subjects, clicks, gone } = this;
    const session = this.session();
    if (session !== undefined) identifiers.sessionId = session;
    // The gclid of a Floodlight click is in both cookies; it is one id.
    if (identifiers.dclid !== undefined && identifiers.dclid === identifiers.gclid) delete identifiers.dclid;
    const { settings, host } = this.input;
    return {
      identifiers,
      subjects: subjects.length === 0 ? clicks : subjects,
      set: fit([...expire(this.expired, settings.domain, host), ...this.issued, ...this.kept]),
      withdrawn: gone === undefined ? NONE : [...new Set([...gone, ...subjects, ...clicks])],
    };
  }

  /** Its signal is not granted: read this once, and expired. */
  private withdraw(cookie: Found): void {
    this.gone ??= [];
    this.expired.push(cookie.name);
    this.name(cookie, this.gone, this.gone);
  }

  /** Its signal is granted: used and cut back within its cap, expired beyond. */
  private keep(cookie: Found): void {
    const { rule, name, value } = cookie;
    this.name(cookie, this.subjects, this.clicks);
    const left = cookie.others === undefined && isSafe(value) ? this.left(rule, name, value) : undefined;
    if (left === undefined) {
      this.expired.push(name);
      return;
    }
    const { holds, click } = rule;
    if (click !== undefined) {
      const landed = this.landing[click.param];
      // Another click has come: `land` writes over this one.
      if (landed !== undefined && isClickId(landed) && click.read(value) !== landed) return;
    }
    const id = holds?.read(value);
    if (holds !== undefined && id !== undefined) {
      if (holds.field === 'sessionId') this.sessions.set(name, id);
      else this.identifiers[holds.field] = id;
    }
    if (rule.issued === 'session' || !this.knowsHome) return;
    const again = setCookie(name, value, left, this.home);
    if (again === undefined) this.expired.push(name);
    else this.kept.push(again);
  }

  /** Keeps the click ids of the landing page that are not kept already. */
  private land(): void {
    const { at, host, settings } = this.input;
    for (const rule of CLICK_COOKIES) {
      const { click, holds, name } = rule;
      if (click === undefined || holds === undefined || this.identifiers[holds.field] !== undefined) continue;
      const id = this.landing[click.param];
      if (id === undefined || !isClickId(id)) continue;
      const value = click.write(id, at, settings.domain ?? host);
      const held = holds.read(value);
      // What could not be read back is not a click id of this vendor.
      if (held === undefined || click.read(value) !== id) continue;
      this.identifiers[holds.field] = held;
      this.clicks.push(`${holds.field}:${held}`);
      const left = this.left(rule, name, value);
      const set = left === undefined ? undefined : setCookie(name, value, left, this.home);
      if (set !== undefined) this.issued.push(set);
    }
  }

  /** The gateway's own id, where the site wants it; with analytics_storage only. */
  private own(wanted: boolean): void {
    const { settings, site, hitId, at } = this.input;
    const cookie = this.cookie(OWN_ID);
    const value = cookie?.others === undefined ? cookie?.value : undefined;
    const hit = { id: hitId, at };
    const own = wanted ? ownId(value, hit, site, settings.signing, this.cap(BIT.analytics_storage)) : undefined;
    if (cookie !== undefined && (own === undefined || own.set !== undefined)) this.expired.push(OWN_ID);
    if (own === undefined) return;
    this.identifiers.ownId = own.id;
    this.subjects.push(`own:${own.id}`);
    if (own.set !== undefined) this.hide(OWN_ID, own.set);
  }

  /** Writes down what was seen for the first time. */
  private remember(): void {
    if (this.firstSeen === undefined) return;
    const seen = this.firstSeen.write(this.cap(BIT.ad_storage));
    if (this.cookie(SEEN)?.others !== undefined) this.expired.push(SEEN);
    if (seen !== undefined) this.hide(SEEN, seen);
  }

  /** Sets a cookie that no page script needs: host-only, the narrowest there is. */
  private hide(name: string, { value, maxAge }: { readonly value: string; readonly maxAge: number }): void {
    const set = setCookie(name, value, maxAge, { home: '', httpOnly: true });
    if (set !== undefined) this.issued.push(set);
  }

  /** The session of the first stream that has one; without a list, the session all streams agree on. */
  private session(): string | undefined {
    const { streams } = this.input;
    if (streams === undefined) {
      const [session, ...others] = new Set(this.sessions.values());
      return others.length === 0 ? session : undefined;
    }
    for (const stream of streams) {
      const session = this.sessions.get(`_ga_${stream.slice('G-'.length)}`);
      if (session !== undefined) return session;
    }
    return undefined;
  }

  /** Milliseconds a cookie may go on to live; undefined = none, it has to go. */
  private left(rule: GovernedCookie, name: string, value: string): number | undefined {
    const { at } = this.input;
    const cap = this.cap(rule.bit);
    if (rule.issued === 'session') return cap;
    const issued = this.issuedAt(rule, name, value);
    if (issued === undefined || issued > at + CLOCK_SKEW) return undefined;
    const left = Math.min(cap, issued + cap - at);
    return left < 1000 ? undefined : left;
  }

  private issuedAt(rule: GovernedCookie, name: string, value: string): number | undefined {
    const written = typeof rule.issued === 'function' ? rule.issued(value) : undefined;
    if (rule.holds?.field === 'sessionId') return earlier(written, this.clientIssued());
    if (written !== undefined || rule.bit !== BIT.ad_storage) return written;
    return this.seen()?.timeOf(name, value);
  }

  /** When the client id was issued that the sessions belong to: they live no longer than it does. */
  private clientIssued(): number | undefined {
    const ga = this.cookie('_ga');
    if (ga === undefined || ga.others !== undefined || typeof ga.rule.issued !== 'function') return undefined;
    return ga.rule.issued(ga.value);
  }

  /** Without a key nothing can be remembered, and what has no time of its own cannot be kept. */
  private seen(): FirstSeen | undefined {
    const { settings, site, at } = this.input;
    if (settings.signing.length === 0) return undefined;
    const cookie = this.cookie(SEEN);
    const value = cookie?.others === undefined ? cookie?.value : undefined;
    this.firstSeen ??= new FirstSeen(value, site, settings.signing, at);
    return this.firstSeen;
  }

  /** Longest life under this signal, milliseconds, whatever the configuration says (R25). */
  private cap(bit: SignalMask): number {
    const { ads, analytics } = this.input.settings;
    return bit === BIT.ad_storage ? Math.min(ads, LONGEST_ADS) : Math.min(analytics, LONGEST);
  }

  private cookie(name: string): Found | undefined {
    return this.found.find((cookie) => cookie.name === name);
  }

  /** Names the visitor by every value of a cookie: ids that stay go to `ids`, click ids to `clicks`. */
  private name({ rule, value, others }: Found, ids: string[], clicks: string[]): void {
    for (const one of others === undefined ? [value] : [value, ...others]) {
      if (rule.name === OWN_ID) {
        const own = ownIdIn(one, this.input.site, this.input.settings.signing);
        if (own !== undefined) ids.push(`own:${own}`);
        continue;
      }
      const id = rule.holds?.read(one);
      if (rule.holds === undefined || id === undefined || rule.holds.field === 'sessionId') continue;
      if (rule.holds.field === 'clientId') ids.push(`ga:${id}`);
      else if (rule.holds.field === 'fbp') ids.push(`fbp:${id}`);
      else clicks.push(`${rule.holds.field}:${id}`);
    }
  }
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
