import type { Cookies } from './cookie-header.ts';
import type { Context, Platform } from './platform.ts';
import { PLATFORMS } from './platforms.ts';
import { unreadable } from './reading.ts';
import type { Reading, Regime, SiteConsent } from './types.ts';

/** More cookies of consent platforms than this on one hit are nobody's banner. */
const MAX_FOUND = 64;

/** Where a cookie leads: the listener, and the name its platform knows the cookie by (undefined = as it came). */
interface Lead {
  readonly listener: number;
  readonly as: string | undefined;
}

/** How the consent cookies of one site are found and read; made once per site and regime. */
export interface Plan {
  readonly listeners: readonly { readonly platform: Platform; readonly context: Context }[];
  readonly exact: ReadonlyMap<string, readonly Lead[]>;
  readonly prefixes: readonly (readonly [string, readonly Lead[]])[];
}

/** The cookies of one hit that some listener wants. */
export interface Found {
  readonly leads: readonly (readonly Lead[])[];
  readonly names: readonly string[];
  readonly values: readonly string[];
}

/** Compiles which cookies are read for a site. A name that no platform has reads nothing: validating is configuration's. */
export function planOf(site: SiteConsent, regime: Regime): Plan {
  const names = new Set(site.cmp);
  const speaksByBridge = PLATFORMS.some(({ name, bridged }) => bridged === true && names.has(name));
  const listeners = PLATFORMS.filter(
    ({ name, always }) => names.has(name) || always === true || (name === 'bridge' && speaksByBridge),
  ).map((platform) => ({ platform, context: contextOf(platform, site, regime) }));

  const exact = new Map<string, Lead[]>();
  const prefixes = new Map<string, Lead[]>();
  listeners.forEach(({ platform }, listener) => {
    const renamed = site.mapping.get(platform.name)?.cookie;
    platform.cookies.forEach((cookie, i) => {
      const isRenamed = i === 0 && renamed !== undefined;
      const name = isRenamed ? renamed : cookie;
      const isPrefix = name.endsWith('*');
      const leads = isPrefix ? prefixes : exact;
      const key = isPrefix ? name.slice(0, -1) : name;
      const lead = { listener, as: isRenamed ? cookie : undefined };
      leads.set(key, [...(leads.get(key) ?? []), lead]);
    });
  });
  return { listeners, exact, prefixes: [...prefixes] };
}

function contextOf(platform: Platform, site: SiteConsent, regime: Regime): Context {
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
    vendors: site.vendors,
  };
}

/** The consent cookies of a hit; undefined if there are none. */
export function findCookies(plan: Plan, cookies: Cookies): Found | undefined {
  let leads: (readonly Lead[])[] | undefined;
  const names: string[] = [];
  const values: string[] = [];
  for (let i = 0; i < cookies.names.length; i++) {
    const name = cookies.names[i] as string;
    const lead = plan.exact.get(name) ?? byPrefix(plan, name);
    if (lead === undefined) continue;
    (leads ??= []).push(lead);
    names.push(name);
    values.push(cookies.values[i] as string);
  }
  return leads === undefined ? undefined : { leads, names, values };
}

function byPrefix({ prefixes }: Plan, name: string): readonly Lead[] | undefined {
  for (const [prefix, leads] of prefixes) if (name.startsWith(prefix)) return leads;
  return undefined;
}

/** Everything the found cookies say, in the order of the platforms. Does not depend on anything but site and cookies. */
export function readCookies(plan: Plan, found: Found): readonly Reading[] {
  if (found.names.length > MAX_FOUND) return [unreadable('cookies', {}, 'too many consent cookies')];
  const readings: Reading[] = [];
  plan.listeners.forEach(({ platform, context }, listener) => {
    const names: string[] = [];
    const values: string[] = [];
    found.leads.forEach((leads, i) => {
      const lead = leads.find((each) => each.listener === listener);
      if (lead === undefined) return;
      names.push(lead.as ?? (found.names[i] as string));
      values.push(found.values[i] as string);
    });
    if (names.length > 0) readings.push(...platform.read({ names, values }, context));
  });
  return readings;
}
