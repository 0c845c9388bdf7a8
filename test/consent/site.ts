import { CATEGORY_SIGNALS, type SignalMask } from '../../src/core/signals.ts';
import { parseCookies } from '../../src/consent/cookie-header.ts';
import * as consent from '../../src/consent/index.ts';
import { consentReaders, type ConsentReaders } from '../../src/consent/readers.ts';
import type { Consent, ConsentInput, PlatformMapping, SiteConsent } from '../../src/consent/types.ts';

/** The day all vectors are read on (`consent.md` 2). */
export const NOW = Date.parse('2026-11-23T00:00:00Z');

export const { preferences: P, statistics: S, marketing: M } = CATEGORY_SIGNALS;

/** A site that reads the given platforms, as the compiler of the configuration would hand it over. */
export function siteOf(cmp: readonly string[], rest: Partial<SiteConsent> = {}): SiteConsent {
  return {
    cmp,
    honourGpc: true,
    honourConsentMode: true,
    takesAssertions: false,
    custom: [],
    preferences: { takes: 'cookies', signals: new Map() },
    mapping: new Map(),
    categories: CATEGORY_SIGNALS,
    maxAge: undefined,
    regime: 'opt-in',
    withoutChoice: 'denied',
    vendors: [755],
    routes: [],
    services: { own: new Map(), usual: new Map() },
    ...rest,
  };
}

const readers = new WeakMap<SiteConsent, ConsentReaders>();

/** What the gateway reads of a hit on a site with this consent section; the section is compiled once. */
export function readConsent(input: ConsentInput, site: SiteConsent): Consent {
  const compiled = readers.get(site) ?? consentReaders(site);
  readers.set(site, compiled);
  return consent.readConsent(input, compiled);
}

/** A hit with this Cookie header. */
export function inputOf(cookie: string, rest: Partial<ConsentInput> = {}): ConsentInput {
  return {
    cookies: parseCookies(cookie),
    gpc: false,
    gcs: undefined,
    gcd: undefined,
    at: NOW,
    country: undefined,
    ...rest,
  };
}

/** The mapping of one platform's purposes. */
export function purposes(map: Readonly<Record<string, SignalMask>>): PlatformMapping {
  return { purposes: new Map(Object.entries(map)) };
}
