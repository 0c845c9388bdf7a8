import { readFileSync } from 'node:fs';
import { CATEGORY_SIGNALS, type Category, type SignalMask } from '../../src/core/signals.ts';
import type { PlatformMapping, SiteConsent, Status } from '../../src/consent/types.ts';
import { siteOf } from './site.ts';

interface Expectation {
  readonly status: Status;
  readonly preferences: boolean;
  readonly statistics: boolean;
  readonly marketing: boolean;
  readonly timestamp: string | null;
  readonly consentId: string | null;
  readonly conflict?: boolean;
  readonly implied?: boolean;
  readonly maxMillis?: number;
  readonly signals?: { readonly gpc: boolean; readonly dnt: boolean };
}

/** One case of `consent/vectors.json`; what its fields mean is in `consent.md` 2. */
export interface Vector {
  readonly id: string;
  readonly cmp: string;
  readonly note: string;
  readonly cookie: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly expect: Expectation;
}

export const vectors = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8')) as readonly Vector[];
/** The vectors' own names of platforms, where ours differ. */
const NAMES: Readonly<Record<string, string>> = {
  cookieinformation: 'cookie-information',
  'cookieconsent-orestbida': 'vanilla-cookieconsent',
  'cookieconsent-osano-oss': 'osano-cookieconsent',
  piwikpro: 'piwik-pro',
  cookiescript: 'cookie-script',
  realcookiebanner: 'real-cookie-banner',
  humanity: 'hu-manity',
  'drupal-eucc': 'drupal-eu-cookie-compliance',
  commandersact: 'commanders-act',
};

/** The keys of `options` that hold a platform's mapping, and under which key it is. */
const MAPPINGS: Readonly<Record<string, { readonly name: string; readonly key: string }>> = {
  didomi: { name: 'didomi', key: 'purposes' },
  klaro: { name: 'klaro', key: 'services' },
  cookieconsent: { name: 'vanilla-cookieconsent', key: '' },
  tarteaucitron: { name: 'tarteaucitron', key: 'services' },
  trustarc: { name: 'trustarc', key: 'levels' },
  axeptio: { name: 'axeptio', key: 'vendors' },
  civic: { name: 'civic', key: 'categories' },
  consentmanager: { name: 'consentmanager', key: 'purposes' },
  realCookieBanner: { name: 'real-cookie-banner', key: 'groups' },
  ketch: { name: 'ketch', key: '' },
  securiti: { name: 'securiti', key: 'categories' },
  humanity: { name: 'hu-manity', key: 'categories' },
  tealium: { name: 'tealium', key: 'categories' },
  evidon: { name: 'evidon', key: 'categories' },
  fides: { name: 'fides', key: 'keys' },
  commandersact: { name: 'commanders-act', key: 'categories' },
};

function maskOfCategories(value: unknown): SignalMask {
  const names = (Array.isArray(value) ? value : [value]) as readonly string[];
  return names.reduce((mask, name) => mask | (CATEGORY_SIGNALS[name as Category] ?? 0), 0);
}

function mappingOf(options: Readonly<Record<string, unknown>>): ReadonlyMap<string, PlatformMapping> {
  const mapping = new Map<string, PlatformMapping>();
  for (const [option, value] of Object.entries(options)) {
    const known = MAPPINGS[option];
    if (known === undefined) continue;
    const settings = value as Readonly<Record<string, unknown>>;
    const table = settings[known.key] as Readonly<Record<string, unknown>> | undefined;
    mapping.set(known.name, {
      ...(table && { purposes: new Map(Object.entries(table).map(([k, v]) => [k, maskOfCategories(v)])) }),
      ...(typeof settings['revision'] === 'number' && { revision: settings['revision'] }),
      ...(settings['optIn'] === true && { optIn: true }),
    });
  }
  return mapping;
}

/**
 * `not-required` is what platforms write for visitors under an opt-out regime, so those vectors are read under one;
 * what becomes of them under opt-in is a test of its own below.
 */
export function siteFor({ cmp, options = {}, expect: { status } }: Vector): SiteConsent {
  const optOut = options['regime'] === 'us-opt-out' || status === 'not-required';
  const cmps = cmp === 'header' || cmp === 'signals' ? ['cookiebot', 'cookie-information'] : [NAMES[cmp] ?? cmp];
  return siteOf(cmps, {
    mapping: mappingOf(options),
    honourGpc: options['gpc'] !== 'record-only',
    ...(optOut && { regime: 'opt-out', withoutChoice: 'granted' }),
  });
}
