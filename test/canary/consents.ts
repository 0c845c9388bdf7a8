import { GVL, TCModel, TCString, type VendorList } from '@iabtechlabtcf/core';
import { cookiebot } from '../support/hits.ts';
import { ADS, ANALYTICS, EVERYTHING, needsOf, PERSONAL, USER_DATA, type KnownVendor, type Vendor } from './kinds.ts';
import { below, oneOf, type Random } from './random.ts';
import type { Profile } from './profiles.ts';
import { word } from './tokens.ts';

/** The choice of a visitor, as the hit carries it, and what follows from it by design 3. */
export interface Said {
  /** Parts of the Cookie header. */
  readonly cookies: readonly string[];
  readonly gcs: string | undefined;
  readonly gcd: string | undefined;
  readonly gpc: boolean;
  /** Privacy keys inside a web hit (`destinations/consent-mode.md` 5 and 8). */
  readonly keys: readonly (readonly [key: string, value: string])[];
  /** The most that may be in force for the site as a whole. */
  readonly granted: number;
  /** The same for one vendor. */
  readonly grantedTo: (vendor: Vendor) => number;
  /** Its service was refused by name, or the visitor objected where the site ends at that: not even what identifies nobody. */
  readonly ended: (vendor: Vendor) => boolean;
  /** For people. */
  readonly how: string;
}

const MARKETING = ADS | USER_DATA | PERSONAL;

/** What a consent cookie can say. */
interface Choice {
  readonly statistics: boolean;
  readonly marketing: boolean;
  /** Unix milliseconds. */
  readonly at: number;
  /** The platform's consent id, a canary. */
  readonly id: string;
  /** Services allowed within each category, for platforms that list them. */
  readonly services?: Readonly<Record<'analytics' | 'marketing', readonly string[]>> | undefined;
}

/** What banners call the service of each vendor (docs/consent.md, "Services"). */
const SERVICE_OF: Readonly<Record<KnownVendor, readonly string[]>> = {
  ga4: ['google-analytics', 'Google Analytics 4', 'gtag'],
  google_ads: ['google-ads', 'Google Ads', 'adwords'],
  floodlight: ['floodlight'],
  meta: ['facebook-pixel', 'Meta Pixel', 'facebook'],
  linkedin: ['linkedin', 'LinkedIn Insight Tag'],
  // The route of the profiles names it (`services`).
  http: ['lead-crm'],
  hubspot: ['hubspot', 'HubSpot Tracking Code'],
  matomo: ['matomo', 'Matomo Analytics'],
  microsoft_ads: ['microsoft-ads', 'bing', 'Microsoft Advertising'],
  pinterest: ['pinterest', 'Pinterest Tag'],
  reddit: ['reddit', 'Reddit Pixel'],
  snapchat: ['snapchat', 'Snapchat Pixel'],
  tiktok: ['tiktok', 'TikTok Pixel'],
  piwik_pro: ['piwik-pro', 'Piwik PRO'],
};
const ADVERTISERS: readonly KnownVendor[] = [
  'google_ads',
  'floodlight',
  'meta',
  'linkedin',
  'hubspot',
  'microsoft_ads',
  'pinterest',
  'reddit',
  'snapchat',
  'tiktok',
];
const ANALYSTS: readonly KnownVendor[] = ['ga4', 'matomo', 'piwik_pro'];
const VENDORS: readonly KnownVendor[] = [...ANALYSTS, ...ADVERTISERS];
/** Whose service a site can have in its list. */
const WITH_SERVICE: readonly KnownVendor[] = [...VENDORS, 'http'];

const flag = (on: boolean): string => (on ? '1' : '0');
const iso = (at: number): string => new Date(at).toISOString();
const json = (value: unknown): string => encodeURIComponent(JSON.stringify(value));

/** Cookies in the formats of `consent.md` 1. */
const WRITERS: Readonly<Record<string, (choice: Choice) => string>> = {
  cookiebot: ({ statistics, marketing, at, id }) =>
    cookiebot({ statistics, marketing }, at).replace('k5Hr2bVbFoT0qZr1o1Zs9A==', `${id}AAAAAA==`),
  'cookie-information': ({ statistics, marketing, at, id }) =>
    `CookieInformationConsent=${json({
      timestamp: iso(at),
      user_uid: id,
      consents_approved: [
        'cookie_cat_necessary',
        ...(statistics ? ['cookie_cat_statistic'] : []),
        ...(marketing ? ['cookie_cat_marketing'] : []),
      ],
      consents_denied: [
        'cookie_cat_functional',
        ...(statistics ? [] : ['cookie_cat_statistic']),
        ...(marketing ? [] : ['cookie_cat_marketing']),
      ],
    })}`,
  onetrust: ({ statistics, marketing, at, id }) =>
    oneTrust(at, id, `C0001:1,C0002:${flag(statistics)},C0003:0,C0004:${flag(marketing)}`),
  tcf: ({ statistics, marketing, at }) => `euconsent-v2=${tcString(statistics, marketing, at)}`,
  'vanilla-cookieconsent': ({ statistics, marketing, at, id, services }) =>
    `cc_cookie=${json({
      categories: ['necessary', ...(statistics ? ['analytics'] : []), ...(marketing ? ['marketing'] : [])],
      ...(services === undefined ? {} : { services: { necessary: [], ...services } }),
      revision: 0,
      consentId: id,
      lastConsentTimestamp: iso(at),
      expirationTime: at + 180 * 86_400_000,
    })}`,
  bridge: ({ statistics, marketing, at }) =>
    `pv_consent=1.p0s${flag(statistics)}m${flag(marketing)}.${Math.floor(at / 1000)}`,
};

export const PLATFORMS = Object.keys(WRITERS);

/** A cookie of one platform for a choice. */
export function consentCookie(
  platform: string,
  statistics: boolean,
  marketing: boolean,
  at: number,
  id: string,
  services?: Choice['services'],
): string {
  return WRITERS[platform]?.({ statistics, marketing, at, id, services }) ?? '';
}

function oneTrust(at: number, id: string, groups: string): string {
  return `OptanonAlertBoxClosed=${iso(at)}; OptanonConsent=isGpcEnabled=0&version=202509.1.0&consentId=${id}&interactionCount=1&landingPath=NotLandingPage&groups=${encodeURIComponent(groups)}&AwaitingReconsent=false`;
}

const HOUR = 3_600_000;
const KINDS_OF_SAYING = [
  'chosen',
  'chosen',
  'chosen',
  'chosen',
  'chosen',
  'chosen',
  'nothing',
  'garbage',
  'twins',
  'future',
  'cut',
] as const;

/** Something a visitor can have said on this site, by chance. `web`: the hit can carry consent-mode keys. */
export function say(chance: Random, profile: Profile, serial: number, web: boolean): Said {
  const id = word('consentId', serial);
  const at = profile.now - HOUR;
  const platforms = profile.platforms.filter((name) => name in WRITERS);
  const platform = platforms.length === 0 ? undefined : oneOf(chance, platforms);
  const statistics = chance() < 0.6;
  const marketing = chance() < 0.6;
  const sort = platform === undefined && !profile.services ? 'nothing' : oneOf(chance, KINDS_OF_SAYING);

  let cookies: string[] = [];
  let granted = 0;
  let refused = 0;
  let how = `${platform ?? 'no platform'}: ${sort}`;
  let byService: Services | undefined;
  const chosen = (s: boolean, m: boolean): number => (s ? ANALYTICS : 0) | (m ? MARKETING : 0);
  const write = (s: boolean, m: boolean, when = at): string => consentCookie(platform ?? '', s, m, when, id);
  if (platform === 'onetrust' && profile.mapped) {
    granted = below(chance, 16);
    refused = EVERYTHING & ~granted;
    const groups = [1, 2, 4, 8].map((bit, i) => `A${i + 1}:${flag((granted & bit) !== 0)}`).join(',');
    cookies = [oneTrust(at, id, groups)];
    how = `onetrust, groups of the site's own: ${granted}`;
  } else if (profile.services && sort !== 'nothing') {
    // Klaro: the record is a list of services.
    const allowed = new Set<Vendor>(WITH_SERVICE.filter(() => chance() < 0.6));
    byService = refusedServices(allowed);
    granted = chosen(
      ANALYSTS.some((vendor) => allowed.has(vendor)),
      WITH_SERVICE.some((vendor) => !ANALYSTS.includes(vendor) && allowed.has(vendor)),
    );
    refused = EVERYTHING & ~granted;
    cookies = [klaro(allowed)];
    how = `klaro: ${[...allowed].join(' ')}`;
  } else if (sort === 'chosen' && platform === 'vanilla-cookieconsent' && chance() < 0.5) {
    const listed = VENDORS.filter(() => chance() < 0.4);
    const names = (vendors: readonly KnownVendor[]): string[] =>
      vendors.filter((vendor) => listed.includes(vendor)).map((vendor) => oneOf(chance, SERVICE_OF[vendor]));
    const services = {
      analytics: [...names(ANALYSTS), ...(chance() < 0.3 ? ['hotjar'] : [])],
      marketing: [...names(ADVERTISERS), ...(chance() < 0.3 ? ['criteo'] : [])],
    };
    byService = listedServices(listed, services, statistics, marketing);
    cookies = [consentCookie(platform, statistics, marketing, at, id, services)];
    granted = chosen(statistics, marketing);
    refused = EVERYTHING & ~granted;
    how += ` ${granted}, services ${JSON.stringify(services)}`;
  } else if (sort === 'chosen') {
    cookies = [write(statistics, marketing)];
    granted = chosen(statistics, marketing);
    refused = EVERYTHING & ~granted;
    how += ` ${granted}`;
  } else if (sort === 'twins') {
    const [s, m] = [chance() < 0.5, chance() < 0.5];
    cookies = [write(statistics, marketing), write(s, m)];
    granted = chosen(statistics, marketing) & chosen(s, m);
    refused = EVERYTHING & ~granted;
  } else if (sort === 'future') {
    cookies = [write(statistics, marketing, profile.now + 10 * 24 * HOUR)];
  } else if (sort === 'garbage') {
    const [name = ''] = write(true, true).split('=', 1);
    cookies = [
      `${name}=${oneOf(chance, ['true', '%00%01', '{', '[object Object]', id, '1', 'yes', '%7B%7D', '-', 'null'])}`,
    ];
  } else if (sort === 'cut') {
    const whole = write(true, true);
    // Cut before anything that grants is complete.
    cookies = [
      whole.slice(0, whole.indexOf('=') + 1 + below(chance, Math.min(30, whole.length - whole.indexOf('=') - 2))),
    ];
    if (platform === 'bridge' || platform === 'onetrust') cookies = [whole.slice(0, whole.indexOf('=') + 4)];
  }

  let gcs: string | undefined;
  let gcd: string | undefined;
  if (web && chance() < 0.5) {
    const letters = [1, 2, 4, 8].map((bit) => {
      const letter = chance() < 0.7 ? oneOf(chance, 'rtnvlRXZ'.split('')) : oneOf(chance, 'pqmuPQMUVSWak'.split(''));
      if ('qmuQMUSWa'.includes(letter)) refused |= bit;
      else if ('pPV'.includes(letter)) granted &= ~bit;
      return letter;
    });
    const mark = oneOf(chance, ['3', '3', 'P', 't']);
    gcd = `1${mark}${letters[0]}${mark}${letters[1]}3${letters[2]}2${letters[3]}5l1`;
  }
  if (web && chance() < 0.3) {
    const [ad, analytics] = [oneOf(chance, ['1', '0', '-']), oneOf(chance, ['1', '0', '-'])];
    if (ad === '0') granted &= ~ADS;
    if (analytics === '0') granted &= ~ANALYTICS;
    gcs = `G1${ad}${analytics}`;
  }
  const keys: [string, string][] = [];
  if (web && profile.platforms.length > 0) {
    const key = (name: string, value: string): void => void keys.push([name, value]);
    const roll = chance();
    if (roll < 0.25) {
      const value = oneOf(chance, ['0', '1', '1', word('consentKey', serial)]);
      key('npa', value);
      if (value === '1') granted &= ~PERSONAL;
      else if (value !== '0') refused |= MARKETING;
    } else if (roll < 0.32) {
      const value = oneOf(chance, ['1YNN', '1YYN', '1---', word('consentKey', serial)]);
      key(oneOf(chance, ['us_privacy', 'sst.us_privacy']), value);
      if (value !== '1YNN' && value !== '1---') refused |= MARKETING;
    } else if (roll < 0.4) {
      const [s, m] = [chance() < 0.5, chance() < 0.5];
      const readable = chance() < 0.8;
      const applies = chance() < 0.8;
      key('gdpr', applies ? '1' : '0');
      key('gdpr_consent', readable ? tcString(s, m, at) : word('consentKey', serial));
      if (applies && !(readable && m)) refused |= MARKETING;
    } else if (roll < 0.43) {
      key('gpp', word('consentKey', serial));
      key('gpp_sid', oneOf(chance, ['7', '-1', word('consentKey', serial)]));
      refused |= MARKETING;
    }
  }
  const gpc = chance() < 0.15;
  if (gpc) refused |= MARKETING;
  if (profile.optOut && sort !== 'chosen') granted = EVERYTHING;

  const { interest } = profile;
  const inForce = (choice: number): number => (choice | interest) & ~refused & EVERYTHING;
  const vendors = statistics || marketing ? TCF_VENDORS : [];
  return {
    cookies,
    gcs,
    gcd,
    gpc,
    keys,
    granted: inForce(granted),
    grantedTo(vendor) {
      if (byService !== undefined) return inForce(granted) & byService.open(vendor);
      if (platform !== 'tcf') return inForce(granted);
      const listed = VENDOR_IDS[vendor];
      return inForce(listed !== undefined && vendors.includes(listed) ? granted : 0);
    },
    ended: (vendor) =>
      byService?.refused(vendor) === true || (refused & needsOf(vendor) & profile.endsOnObjection) !== 0,
    how,
  };
}

/** What refused services take from single vendors. */
interface Services {
  readonly open: (vendor: Vendor) => number;
  /** Its own service, so that nothing at all goes to it. */
  readonly refused: (vendor: Vendor) => boolean;
}

/** Google Ads, Floodlight and Google Analytics are one vendor: who refuses one of them refuses what the other would do for it. */
function beside(own: number, ads: boolean, analytics: boolean): number {
  return own & (ads ? EVERYTHING : ~MARKETING) & (analytics ? EVERYTHING : ~ANALYTICS);
}

function refusedServices(allowed: ReadonlySet<Vendor>): Services {
  return {
    open(vendor) {
      if (!allowed.has(vendor)) return 0;
      const ads = allowed.has('google_ads') && allowed.has('floodlight');
      if (vendor === 'ga4') return beside(EVERYTHING, ads, true);
      const google = vendor === 'google_ads' || vendor === 'floodlight';
      // What the route itself needs is not another's to refuse.
      return google ? beside(EVERYTHING, ads, allowed.has('ga4')) | needsOf(vendor) : EVERYTHING;
    },
    refused: (vendor) => !allowed.has(vendor),
  };
}

const isAnalyst = (vendor: Vendor): boolean => ANALYSTS.some((one) => one === vendor);

/** A list that is not empty decides for its category. */
function listedServices(
  listed: readonly Vendor[],
  { analytics, marketing }: Readonly<Record<'analytics' | 'marketing', readonly string[]>>,
  statistics: boolean,
  ads: boolean,
): Services {
  const shut = (vendor: Vendor): number => {
    const statistician = isAnalyst(vendor);
    const analysed = analytics.length > 0 && statistics && !listed.includes(statistician ? vendor : 'ga4');
    // In the list of advertisers only Google has a service, too.
    // The name `floodlight` is one of Google Ads', too; not the other way round.
    const advertisers: readonly Vendor[] =
      vendor === 'ga4' || vendor === 'google_ads' ? ['google_ads', 'floodlight'] : [vendor];
    const named = advertisers.some((one) => listed.includes(one)) && !isAnalyst(advertisers[0] ?? '');
    const advertised = marketing.length > 0 && ads && !named;
    return (analysed ? ANALYTICS : 0) | (advertised ? MARKETING : 0);
  };
  return {
    open: (vendor) => EVERYTHING & ~shut(vendor),
    refused: (vendor) => (shut(vendor) & needsOf(vendor)) !== 0,
  };
}

/** Klaro's record names each service with its state. */
function klaro(allowed: ReadonlySet<Vendor>): string {
  const named = WITH_SERVICE.map((vendor) => [SERVICE_OF[vendor][0], allowed.has(vendor)] as const);
  return `klaro=${json(Object.fromEntries(named))}`;
}

/** Ids on the IAB vendor list; Meta has none (design 3). */
const VENDOR_IDS: Readonly<Partial<Record<Vendor, number>>> = {
  ga4: 755,
  google_ads: 755,
  floodlight: 755,
  linkedin: 804,
  microsoft_ads: 1126,
};
const TCF_VENDORS = [755, 804, 1126];

/** House mapping (`consent.md` 1.1). Vendors are allowed together with the first purpose. */
const STATISTICS = [1, 8, 9];
const ADVERTISING = [1, 2, 3, 4, 7];

const strings = new Map<string, string>();

function tcString(statistics: boolean, marketing: boolean, at: number): string {
  const key = `${statistics} ${marketing} ${at}`;
  const known = strings.get(key);
  if (known !== undefined) return known;
  const model = new TCModel(vendorList());
  model.cmpId = 28;
  model.cmpVersion = 1;
  model.consentScreen = 1;
  model.isServiceSpecific = true;
  model.publisherCountryCode = 'NO';
  // The library writes days; the day before is past in every time zone.
  model.created = new Date(at - 24 * HOUR);
  model.lastUpdated = new Date(at - 24 * HOUR);
  model.purposeConsents.set([...(statistics ? STATISTICS : []), ...(marketing ? ADVERTISING : [])]);
  if (statistics || marketing) model.vendorConsents.set(TCF_VENDORS);
  model.vendorsDisclosed.set(TCF_VENDORS);
  const text = TCString.encode(model);
  strings.set(key, text);
  return text;
}

/** A vendor list that allows everything, so that the library drops nothing of a model. */
function vendorList(): GVL {
  const purposes = Array.from({ length: 11 }, (_, i) => i + 1);
  const named = (ids: readonly number[]) => Object.fromEntries(ids.map((id) => [id, { id, name: String(id) }]));
  const list = {
    gvlSpecificationVersion: 3,
    vendorListVersion: 100,
    tcfPolicyVersion: 5,
    lastUpdated: '2026-01-01T00:00:00Z',
    purposes: named(purposes),
    specialPurposes: {},
    features: {},
    specialFeatures: {},
    stacks: {},
    dataCategories: {},
    vendors: Object.fromEntries(
      TCF_VENDORS.map((id) => [
        id,
        {
          id,
          name: String(id),
          purposes,
          legIntPurposes: [],
          flexiblePurposes: purposes,
          specialPurposes: [],
          features: [],
          specialFeatures: [],
        },
      ]),
    ),
  };
  return new GVL(list as unknown as VendorList);
}
