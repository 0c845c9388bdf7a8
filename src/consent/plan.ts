import type { Cookies } from './cookie-header.ts';
import { nameOf, siteNameOf, type Context, type NamePattern, type Platform } from './platform.ts';
import { PLATFORMS } from './platforms/index.ts';
import { emptied, unreadable } from './reading.ts';
import type { ServiceBook } from './services.ts';
import { isEmptied, unquotedWord } from './text.ts';
import type { Reading, Regime, SiteConsent } from './types.ts';

/** No banner leaves more consent cookies than this on one hit. */
const MAX_FOUND = 64;

/** Who reads a cookie: the listener, and the platform's own name for the cookie (undefined = the same name). */
interface Lead {
  readonly listener: number;
  readonly as: string | undefined;
}

/** How the consent cookies of one site are found and read; made once per site and regime, when the configuration is compiled. */
export interface ReadingPlan {
  readonly listeners: readonly { readonly platform: Platform; readonly context: Context }[];
  readonly exact: ReadonlyMap<string, readonly Lead[]>;
  readonly patterns: readonly { readonly start: string; readonly is: RegExp; readonly leads: readonly Lead[] }[];
}

/** A cookie of a hit that a listener reads. */
export interface FoundCookie {
  readonly leads: readonly Lead[];
  readonly name: string;
  readonly value: string;
}

/** Compiles which cookies are read for a site. A name that no platform has reads nothing: validating is configuration's. */
export function planOf(site: SiteConsent, regime: Regime, book: ServiceBook): ReadingPlan {
  const names = new Set(site.cmp);
  const speaksByBridge = PLATFORMS.some(({ name, bridged }) => bridged === true && names.has(name));
  const known = PLATFORMS.filter(
    ({ name, always }) => names.has(name) || always === true || (name === 'bridge' && speaksByBridge),
  );
  const listeners = [...known, ...site.custom].map((platform) => ({
    platform,
    context: contextOf(platform, site, regime, book),
  }));

  const exact = new Map<string, Lead[]>();
  const patterns = new Map<string, { start: string; is: RegExp; leads: Lead[] }>();
  listeners.forEach(({ platform }, listener) => {
    const first = nameOf(platform.cookies[0] ?? '');
    const renamed = site.mapping.get(platform.name)?.cookie;
    platform.cookies.forEach((cookie, i) => {
      const own = renamed === undefined ? undefined : siteNameOf(renamed, first, nameOf(cookie), i);
      const lead = { listener, as: own === undefined ? undefined : nameOf(cookie) };
      const pattern = own === undefined ? cookie : patternOf(own);
      if (typeof pattern === 'string') {
        exact.set(pattern, [...(exact.get(pattern) ?? []), lead]);
      } else {
        const start = pattern.name.slice(0, pattern.name.indexOf('*'));
        const key = `${start} ${pattern.is.source}`;
        patterns.set(key, { start, is: pattern.is, leads: [...(patterns.get(key)?.leads ?? []), lead] });
      }
    });
  });
  return { listeners, exact, patterns: [...patterns.values()] };
}

/** A name the site has written: `*` at its end stands for any rest. */
function patternOf(renamed: string): string | NamePattern {
  return renamed.endsWith('*') ? { name: renamed, is: ANYTHING } : renamed;
}

const ANYTHING = /^/;

/** The settings of a site that a platform's reader gets. */
export function contextOf(platform: Platform, site: SiteConsent, regime: Regime, book: ServiceBook): Context {
  const mapping = site.mapping.get(platform.name);
  const { preferences, statistics, marketing } = site.categories;
  return {
    source: platform.name,
    categories: site.categories,
    all: preferences | statistics | marketing,
    purposes: mapping?.purposes,
    revision: mapping?.revision,
    optIn: mapping?.optIn === true,
    regime,
    honourGpc: site.honourGpc,
    readsTcf: site.cmp.includes('tcf') || site.cmp.includes('gpp'),
    listed: site.cmp.includes(platform.name),
    vendors: site.vendors,
    routes: site.routes,
    book,
  };
}

const NOTHING: readonly FoundCookie[] = [];

/** The consent cookies of a hit. */
export function findCookies(plan: ReadingPlan, { names, values }: Cookies): readonly FoundCookie[] {
  let found: FoundCookie[] | undefined;
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const leads = plan.exact.get(name) ?? byPattern(plan, name);
    if (leads !== undefined) (found ??= []).push({ leads, name, value: values[i] as string });
  }
  return found ?? NOTHING;
}

function byPattern({ patterns }: ReadingPlan, name: string): readonly Lead[] | undefined {
  for (const { start, is, leads } of patterns) if (name.startsWith(start) && is.test(name)) return leads;
  return undefined;
}

/** What the cookies of one listener are gathered in. */
interface Share {
  readonly listener: number;
  readonly names: string[];
  readonly values: string[];
}

/** Everything the found cookies say, in the order of the platforms. Depends on nothing but site and cookies. */
export function readRecords(plan: ReadingPlan, found: readonly FoundCookie[]): readonly Reading[] {
  if (found.length > MAX_FOUND) return [unreadable('cookies', {}, 'too many consent cookies')];
  const [only] = found;
  if (found.length === 1 && only?.leads.length === 1) {
    const { listener, as } = only.leads[0] as Lead;
    return readShare(plan, { listener, names: [as ?? only.name], values: [only.value] });
  }
  const shares: Share[] = [];
  for (const { leads, name, value } of found) {
    for (const { listener, as } of leads) {
      let share = shares.find((each) => each.listener === listener);
      if (share === undefined) shares.push((share = { listener, names: [], values: [] }));
      share.names.push(as ?? name);
      share.values.push(value);
    }
  }
  if (shares.length > 1) shares.sort((a, b) => a.listener - b.listener);
  const readings = shares.flatMap((share) => readShare(plan, share));
  return readings.some(isChoice) ? readings.filter((reading) => reading.empty !== true) : readings;
}

/** What the cookies of one listener say. */
function readShare({ listeners }: ReadingPlan, { listener, names, values }: Share): readonly Reading[] {
  const { platform, context } = listeners[listener] as ReadingPlan['listeners'][number];
  if (!values.every(isEmptied)) return platform.read({ names, values: values.map(unquotedWord) }, context);
  return platform.always === true ? [] : [emptied(context.source)];
}

/** An empty cookie of one platform does not contradict a choice that another platform has recorded. */
function isChoice({ status, onlyTakes }: Reading): boolean {
  return onlyTakes !== true && (status === 'given' || status === 'denied');
}
