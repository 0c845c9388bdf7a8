import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideRequest } from '../../src/decide/request.ts';
import type { Gateway } from '../../src/policy/gateway.ts';
import { expectLinear } from '../support/growth.ts';
import { gatewayOf, NOW, webHit } from '../support/hits.ts';

// A service or vendor that was refused inside an allowed category closes its routes and no others (GDPR Art. 4(11):
// consent is specific). The shapes of the records are from `consent.md` 1 and from captured cookies; the names are
// those that banners use.

const M = '[ad_storage, ad_user_data, ad_personalization]';
const ALL = ['ga4', 'google_ads', 'linkedin', 'meta', 'microsoft_ads'];

const gateways = new Map<string, Gateway>();

/** One gateway for each `consent`: it decides the same each time, and making it takes longer than a decision. */
function gateway(consent: string): Gateway {
  const there = gateways.get(consent);
  if (there !== undefined) return there;
  const made = gatewayOf(`
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: ${consent}
    destinations:
      ga4: { measurement_id: G-TEST000001 }
      google_ads: { customer_id: "1234567890", conversions: { purchase: "700123456" }, credentials: "\${TOKEN}" }
      linkedin: { conversions: { purchase: "104012" }, access_token: "\${TOKEN}" }
      meta: { pixel_id: "123456789012345", access_token: "\${TOKEN}" }
      microsoft_ads: { tag_id: "97000001", access_token: "\${TOKEN}" }
`);
  gateways.set(consent, made);
  return made;
}

const SECONDS = Math.floor(NOW / 1000) - 3_600;
const IDENTIFIERS = `_ga=GA1.1.482310557.${SECONDS}; _gcl_aw=GCL.${SECONDS}.Cj0KCQiAgP6PBhDmARIsAPWMq6kXyz; _fbp=fb.1.${SECONDS}000.1098115397`;

function trace(consent: string, cookie: string) {
  const hit = webHit(
    {
      v: '2',
      tid: 'G-TEST000001',
      en: 'purchase',
      cid: `482310557.${SECONDS}`,
      cu: 'NOK',
      'epn.value': '599',
      'ep.transaction_id': 'T-1',
      dl: 'https://shop.example.no/?gclid=Cj0KCQiAgP6PBhDmARIsAPWMq6kXyz&fbclid=IwAR0abcDEFghiJKLmnoPQ&msclkid=0a1b2c3d4e5f60718293a4b5c6d7e8f9&li_fat_id=0a1b2c3d-0000-4000-8000-000000000000',
    },
    { cookies: `${cookie}; ${IDENTIFIERS}` },
  );
  const done = decideRequest(hit, gateway(consent));
  if ('problem' in done) throw new Error(done.problem.title);
  return done.trace;
}

/** Routes that get the purchase. */
function open(consent: string, cookie: string): string[] {
  const [event] = trace(consent, cookie).events;
  return (event?.routes ?? [])
    .filter(({ outcome }) => outcome === 'planned')
    .map(({ route }) => route.name)
    .sort();
}

const without = (...names: readonly string[]): string[] => ALL.filter((name) => !names.includes(name));
const json = (value: unknown): string => encodeURIComponent(JSON.stringify(value));
const base64 = (value: unknown): string => btoa(JSON.stringify(value));
const ISO = new Date(NOW - 3_600_000).toISOString();

const services = (names: Readonly<Record<string, string>>): string =>
  `{ ${Object.entries(names)
    .map(([name, signals]) => `"${name}": ${signals}`)
    .join(', ')} }`;

/** Every service of the banner, and the signals a site would map it to. */
const NAMED = {
  'google-analytics': '[analytics_storage]',
  'google-ads': M,
  'facebook-pixel': M,
  linkedin: M,
  bing: M,
};
const klaro = (states: unknown): string => `klaro=${json(states)}`;
const states = (refused: readonly string[]): Record<string, boolean> =>
  Object.fromEntries(Object.keys(NAMED).map((name) => [name, !refused.includes(name)]));

const onetrust = (vendors: string, hosts = ''): string =>
  `OptanonConsent=isGpcEnabled=0&version=202601.1.0&hosts=${encodeURIComponent(hosts)}&groups=C0001%3A1%2CC0002%3A1%2CC0003%3A1%2CC0004%3A1&genVendors=${encodeURIComponent(vendors)}; OptanonAlertBoxClosed=${ISO}`;
const didomi = (disabled: readonly string[], more: object = {}): string =>
  `didomi_token=${base64({ updated: ISO, version: 2, purposes: { enabled: ['audience', 'ads'] }, vendors: { enabled: [], disabled }, ...more })}`;
const DIDOMI = `{ cmp: [didomi], mapping: { didomi: { purposes: { audience: [statistics], ads: [marketing] } } } }`;
const complianz = (consented: string): string =>
  `cmplz_consented_services=${consented}; cmplz_marketing=allow; cmplz_statistics=allow; cmplz_preferences=allow; cmplz_banner-status=dismissed`;
const ccCookie = (lists: object, categories = ['necessary', 'analytics', 'marketing']): string =>
  `cc_cookie=${json({ categories, revision: 0, services: { necessary: [], analytics: [], marketing: [], ...lists } })}`;
const borlabs = (statistics: readonly string[], marketing: readonly string[]): string =>
  `borlabs-cookie=${json({ consents: { essential: ['borlabs-cookie'], statistics, marketing }, version: '1' })}`;
const realCookieBanner = (groups: object): string =>
  `real_cookie_banner-v:3_blog:1_path:3a3b3c3=${encodeURIComponent(`${SECONDS}:11111111-2222-4333-8444-555555555555:0123456789abcdef0123456789abcdef:${JSON.stringify(groups)}`)}`;
const RCB = (more = ''): string =>
  `{ cmp: [real-cookie-banner], mapping: { real-cookie-banner: { purposes: { "61": [statistics], "62": [marketing] } } }${more} }`;
const CONSENTMANAGER = (more = ''): string =>
  `{ cmp: [consentmanager], mapping: { consentmanager: { purposes: { "52": [marketing], "53": [statistics] } } }${more} }`;

describe('records that also list refusals: what is refused closes its routes', () => {
  const mapped = (platform: string): string =>
    `{ cmp: [${platform}], mapping: { ${platform}: { purposes: ${services(NAMED)} } } }`;
  const CLOSES = [
    ['google-analytics', ['ga4']],
    ['google-ads', ['google_ads']],
    ['facebook-pixel', ['meta']],
    ['linkedin', ['linkedin']],
    ['bing', ['microsoft_ads']],
  ] as const;

  it.each(CLOSES)('Klaro: %s', (name, closed) => {
    expect(open(mapped('klaro'), klaro(states([name])))).toEqual(without(...closed));
  });

  it.each(CLOSES)('Axeptio: %s', (name, closed) => {
    const cookie = `axeptio_cookies=${json({ $$token: 'x', $$date: ISO, ...states([name]), $$completed: true })}`;
    expect(open(mapped('axeptio'), cookie)).toEqual(without(...closed));
  });

  it.each(CLOSES)('Orejime: %s', (name, closed) => {
    expect(open(mapped('orejime'), `eu-consent=${json(states([name]))}`)).toEqual(without(...closed));
  });

  it.each(CLOSES)('tarteaucitron: %s', (name, closed) => {
    const pairs = Object.entries(states([name])).map(([service, state]) => `!${service}=${state}`);
    expect(open(mapped('tarteaucitron'), `tarteaucitron=${pairs.join('')}`)).toEqual(without(...closed));
  });

  it('accept all opens everything', () => {
    for (const platform of ['klaro', 'orejime']) {
      const cookie = `${platform === 'klaro' ? 'klaro' : 'eu-consent'}=${json(states([]))}`;
      expect(open(mapped(platform), cookie)).toEqual(ALL);
    }
  });

  it('a vendor that the banner does not ask about is not opened by a record that refuses another', () => {
    const two = `{ cmp: [klaro], mapping: { klaro: { purposes: { google-ads: ${M}, facebook-pixel: ${M} } } } }`;
    expect(open(two, klaro({ 'google-ads': true, 'facebook-pixel': false }))).toEqual(['google_ads']);
    expect(open(two, klaro({ 'google-ads': true, 'facebook-pixel': true }))).toEqual(without('ga4'));
  });

  it('a name nobody knows is every route its signals are for, and a refused name of its own closes a route all the same', () => {
    const mixed = `{ cmp: [klaro], mapping: { klaro: { purposes: { plausible: [statistics], google-analytics: [statistics] } } } }`;
    expect(open(mixed, klaro({ plausible: true }))).toEqual(['ga4']);
    expect(open(mixed, klaro({ plausible: false, 'google-analytics': true }))).toEqual(['ga4']);
    expect(open(mixed, klaro({ plausible: true, 'google-analytics': false }))).toEqual([]);
  });

  it('a service that the record does not have is not allowed: the site added it later, and nobody was asked (klaro.getConsent)', () => {
    const later = `{ cmp: [klaro], mapping: { klaro: { purposes: { matomo: [statistics], google-analytics: [statistics] } } } }`;
    expect(open(later, klaro({ matomo: true }))).toEqual([]);
    const some = states(['facebook-pixel', 'bing']);
    const record = Object.fromEntries(Object.entries(some).filter(([, allowed]) => allowed));
    expect(open(mapped('klaro'), klaro(record))).toEqual(without('meta', 'microsoft_ads'));
    const pairs = Object.keys(record).map((service) => `!${service}=true`);
    for (const rest of ['', '!facebook-pixel=wait!bing=wait', '!facebook-pixel=wait!bing=fals'])
      expect(open(mapped('tarteaucitron'), `tarteaucitron=${pairs.join('')}${rest}`)).toEqual(
        without('meta', 'microsoft_ads'),
      );
  });

  it('tarteaucitron: services for the signals of consent mode are about Google', () => {
    const all = Object.keys(NAMED).map((service) => `!${service}=true`);
    const cookie = (more: string): string => `tarteaucitron=${all.join('')}${more}`;
    expect(open(mapped('tarteaucitron'), cookie('!gcmads=false'))).toEqual(without('google_ads'));
    expect(open(mapped('tarteaucitron'), cookie('!gcmads=wait'))).toEqual(without('google_ads'));
    expect(open(mapped('tarteaucitron'), cookie('!gcmanalyticsstorage=false!gcmadstorage=true'))).toEqual(
      without('ga4'),
    );
    expect(open(mapped('tarteaucitron'), cookie('!gcmads=true!gcmsecurity=false'))).toEqual(ALL);
  });

  it.each([
    [
      ['google', 'facebook', 'c:googleana-4TXnJigR'],
      ['linkedin', 'microsoft_ads'],
    ],
    [['c:googleana-4TXnJigR'], without('ga4')],
    [['facebook'], without('meta')],
    [['c:facebookp-AbCdEf12'], without('meta')],
    [['804'], without('linkedin')],
    [['c:linkedini-AbCdEf12', 'c:microsoft-AbCdEf12'], without('linkedin', 'microsoft_ads')],
    [['c:somebody-AbCdEf12', 'twitter'], ALL],
    [[], ALL],
  ])('Didomi: vendors.disabled %j leaves %j', (disabled, expected) => {
    expect(open(DIDOMI, didomi(disabled))).toEqual(expected);
  });

  it('a refused vendor keeps a service of it that was allowed by its own name', () => {
    const given = { vendors: { enabled: ['c:googleana-4TXnJigR'], disabled: ['google'] } };
    expect(open(DIDOMI, didomi([], given))).toEqual(without('google_ads'));
    const [event] = trace(DIDOMI, didomi([], given)).events;
    expect(event?.routes.find(({ route }) => route.name === 'ga4')?.plan?.element).toContain('gcs=G101');
  });

  it('names that are nobody’s are refused like categories, and leave the form without consent to its setting', () => {
    const limited = (states: unknown) => {
      const asked = gatewayOf(`
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [klaro], mapping: { klaro: { purposes: { statistikk: [statistics], reklame: [marketing] } } } }
    destinations: { ga4: { measurement_id: G-TEST000001, without_consent: limited } }
`);
      const query = { v: '2', tid: 'G-TEST000001', en: 'page_view', dl: 'https://shop.example.no/' };
      const done = decideRequest(webHit(query, { cookies: klaro(states) }), asked);
      if ('problem' in done) throw new Error(done.problem.title);
      return done.trace.events[0]?.routes[0]?.outcome;
    };
    expect(limited({ reklame: true })).toBe('planned');
    expect(limited({ statistikk: true, reklame: true, 'google-analytics': false })).toBe('blocked');
  });

  it('Didomi: what rests on legitimate interest and was objected to, unless consent was given', () => {
    expect(open(DIDOMI, didomi([], { vendors_li: { enabled: [], disabled: ['facebook'] } }))).toEqual(without('meta'));
    const given = { vendors: { enabled: ['facebook'], disabled: [] }, vendors_li: { disabled: ['facebook'] } };
    expect(open(DIDOMI, didomi([], given))).toEqual(ALL);
  });

  it('Didomi: lists that are none make the record unreadable', () => {
    expect(open(DIDOMI, didomi([], { vendors: { enabled: [], disabled: 'facebook' } }))).toEqual([]);
  });

  it('OneTrust: general vendors, by what the site says of them or by their names', () => {
    const own = '{ cmp: [onetrust], services: { V1: [ga4, google_ads], V2: [meta], H7: [linkedin] } }';
    expect(open(own, onetrust('V1:0,V2:1,'))).toEqual(without('ga4', 'google_ads'));
    expect(open(own, onetrust('V1:1,V2:0,'))).toEqual(without('meta'));
    expect(open(own, onetrust('V1:1,V2:1,V1:0,'))).toEqual(without('ga4', 'google_ads'));
    expect(open(own, onetrust('', 'H7:0,H8:0'))).toEqual(without('linkedin'));
    expect(open('{ cmp: [onetrust] }', onetrust('facebook:0,'))).toEqual(without('meta'));
    // Without a mapping nothing can be concluded from a number.
    expect(open('{ cmp: [onetrust] }', onetrust('V1:0,V2:0,', 'H7:0'))).toEqual(ALL);
  });

  it('vendors that the site has mapped to signals give them, where no category does', () => {
    const oneTrust =
      '{ cmp: [onetrust], mapping: { onetrust: { purposes: { C0002: [statistics], V1: [marketing] } } } }';
    expect(open(oneTrust, onetrust('V1:1,'))).toEqual(ALL);
    expect(open(oneTrust, onetrust('V1:0,'))).toEqual(['ga4']);
    const own =
      '{ cmp: [didomi], mapping: { didomi: { purposes: { audience: [statistics], facebook: [marketing] } } } }';
    expect(open(own, didomi([], { vendors: { enabled: ['facebook'], disabled: [] } }))).toEqual(ALL);
    expect(open(own, didomi([], { vendors: { enabled: ['facebook'], disabled: ['c:linkedini-AbCdEf12'] } }))).toEqual(
      without('linkedin'),
    );
    expect(open(own, didomi(['facebook']))).toEqual(['ga4']);
    const numbers =
      '{ cmp: [consentmanager], mapping: { consentmanager: { purposes: { "53": [statistics], s7: [marketing] } } } }';
    expect(open(numbers, '__cmpcpc=__53__; __cmpcvc=__s26_s7_U__')).toEqual(ALL);
    expect(open(numbers, '__cmpcpc=__53__; __cmpcvc=__s26_U__')).toEqual(['ga4']);
  });

  it('cookies that are only called like a record say nothing beside one', () => {
    const both = (platform: string) => `{ cmp: [bridge, ${platform}] }`;
    const bridge = `pv_consent=1.p1s1m1.${SECONDS}`;
    expect(open(both('orejime'), `${bridge}; eu-consent=true`)).toEqual(ALL);
    expect(open(both('orejime'), `${bridge}; eu-consent={"analytics":`)).toEqual([]);
    expect(open(both('complianz'), `${bridge}; cmplz_consented_services=`)).toEqual(ALL);
  });

  it('a service that is there twice is allowed only if both say so', () => {
    const consent = '{ cmp: [tarteaucitron], mapping: { tarteaucitron: { purposes: { stat: [statistics] } } } }';
    expect(open(consent, 'tarteaucitron=!stat=true')).toEqual(['ga4']);
    expect(open(consent, 'tarteaucitron=!stat=true!stat=false')).toEqual([]);
    expect(open(consent, 'tarteaucitron=!stat=false!stat=true')).toEqual([]);
    const own = '{ cmp: [onetrust], mapping: { onetrust: { purposes: { C0002: [statistics], V1: [marketing] } } } }';
    expect(open(own, onetrust('V1:0,V1:1,'))).toEqual(['ga4']);
  });

  it('Complianz: services that were not allowed', () => {
    const consent = '{ cmp: [complianz] }';
    expect(open(consent, complianz(''))).toEqual(ALL);
    expect(open(consent, complianz(json({ youtube: true, facebook: false })))).toEqual(without('meta'));
    expect(open(consent, complianz('{"google-analytics":false}'))).toEqual(without('ga4'));
    expect(open(consent, complianz('{'))).toEqual([]);
  });

  it('categories that have the name of a service', () => {
    const consent = `{ cmp: [civic], mapping: { civic: { purposes: { analytics: [statistics], ads: [marketing] } } } }`;
    const cookie = (more: object) =>
      `CookieControl=${JSON.stringify({ interactedWith: true, optionalCookies: { analytics: 'accepted', ads: 'accepted', ...more } })}`;
    expect(open(consent, cookie({}))).toEqual(ALL);
    expect(open(consent, cookie({ facebook: 'revoked' }))).toEqual(without('meta'));
  });

  it('Evidon: vendors by number', () => {
    const consent = `{ cmp: [evidon], services: { "11": [meta] }, mapping: { evidon: { purposes: { analytics: [statistics], advertising: [marketing] } } } }`;
    const cookie = (state: boolean) =>
      `_evidon_consent_cookie=${JSON.stringify({ consent_date: ISO, categories: { 1: { analytics: true, advertising: true } }, vendors: { 1: { 11: state } }, consent_type: 1 })}`;
    expect(open(consent, cookie(true))).toEqual(ALL);
    expect(open(consent, cookie(false))).toEqual(without('meta'));
  });
});

describe('records that list only what is allowed: a list that is not empty decides for its category', () => {
  const CC = '{ cmp: [vanilla-cookieconsent] }';

  it('CookieConsent 3', () => {
    expect(open(CC, ccCookie({}))).toEqual(ALL);
    expect(open(CC, ccCookie({ analytics: ['ga4', 'hotjar'], marketing: ['linkedin'] }))).toEqual(['ga4', 'linkedin']);
    expect(open(CC, ccCookie({ analytics: ['matomo'], marketing: ['tiktok'] }))).toEqual([]);
    expect(open(CC, ccCookie({ analytics: ['matomo'] }))).toEqual(without('ga4'));
    expect(open(CC, ccCookie({ marketing: ['Meta Pixel', 'google_ads'] }))).toEqual(['ga4', 'google_ads', 'meta']);
  });

  it('CookieConsent 3 with its services mapped', () => {
    const consent = `{ cmp: [vanilla-cookieconsent], mapping: { vanilla-cookieconsent: { purposes: { ga4: [statistics], meta: [marketing] } } } }`;
    const all = { analytics: ['ga4', 'hotjar'], marketing: ['meta', 'linkedin'] };
    expect(open(consent, ccCookie(all))).toEqual(['ga4', 'linkedin', 'meta']);
    expect(open(consent, ccCookie({ ...all, marketing: ['linkedin'] }))).toEqual(['ga4']);
    expect(open(consent, ccCookie({ ...all, analytics: ['hotjar'] }))).toEqual(['linkedin', 'meta']);
  });

  it('CookieConsent 3: a service that the site has named, and one that is nobody', () => {
    const consent = '{ cmp: [vanilla-cookieconsent], services: { px: [meta], meta: [] } }';
    expect(open(consent, ccCookie({ marketing: ['px'] }))).toEqual(['ga4', 'meta']);
    expect(open(consent, ccCookie({ marketing: ['meta'] }))).toEqual(['ga4']);
  });

  it('CookieConsent 3: services that are none make the record unreadable', () => {
    for (const services of [{ marketing: 'meta' }, { marketing: [1] }]) {
      expect(open(CC, ccCookie(services))).toEqual([]);
    }
  });

  it('Borlabs', () => {
    const consent = '{ cmp: [borlabs] }';
    expect(open(consent, borlabs(['google-analytics'], ['facebook-pixel']))).toEqual(['ga4', 'meta']);
    expect(open(consent, borlabs(['matomo'], ['bing-ads', 'linkedin-insight-tag']))).toEqual([
      'linkedin',
      'microsoft_ads',
    ]);
  });

  it('Real Cookie Banner, whose services are numbers', () => {
    const own = RCB(', services: { "6": [ga4], "8": [meta], "9": [google_ads, linkedin, microsoft_ads] }');
    expect(open(own, realCookieBanner({ 60: [1], 61: [6], 62: [8, 9] }))).toEqual(ALL);
    expect(open(own, realCookieBanner({ 60: [1], 61: [6], 62: [9] }))).toEqual(without('meta'));
    expect(open(own, realCookieBanner({ 60: [1], 61: [5], 62: [8] }))).toEqual(['meta']);
    // None of the numbers is anybody's: nothing is opened by them.
    expect(open(RCB(), realCookieBanner({ 60: [1], 61: [6], 62: [8] }))).toEqual([]);
  });

  it('consentmanager, whose vendors are numbers beside the purposes', () => {
    const cookies = (vendors: string, id = '') => `__cmpcpc${id}=__51_52_53__; __cmpcvc${id}=${vendors}`;
    expect(open(CONSENTMANAGER(), '__cmpcpc=__51_52_53__')).toEqual(ALL);
    expect(open(CONSENTMANAGER(), cookies('__s26_s1_s905_U__'))).toEqual(['ga4', 'google_ads']);
    expect(open(CONSENTMANAGER(), cookies('__s23_U__', 'x36865'))).toEqual([]);
    const own = CONSENTMANAGER(', services: { s7: [meta] }');
    expect(open(own, cookies('__s26_s7_U__'))).toEqual(['ga4', 'meta']);
    // A list without any vendor leaves it to the purposes; one that cannot be read opens nothing.
    expect(open(CONSENTMANAGER(), cookies('__U__'))).toEqual(ALL);
    expect(open(CONSENTMANAGER(), cookies('__s26'))).toEqual([]);
  });
});

describe('what a refused service takes beside its route', () => {
  const consent = `{ cmp: [klaro], mapping: { klaro: { purposes: ${services(NAMED)} } } }`;
  const expired = (cookie: string): string[] =>
    trace(consent, cookie)
      .setCookies.filter((each) => each.includes('; Max-Age=0;'))
      .map((each) => each.slice(0, each.indexOf('=')));

  it('the reason names the service', () => {
    const [event] = trace(consent, klaro(states(['facebook-pixel']))).events;
    const route = event?.routes.find((each) => each.route.name === 'meta');
    expect([route?.outcome, route?.reason]).toEqual([
      'blocked',
      {
        code: 'blocked.consent',
        params: { missing: 'ad_storage, ad_user_data, ad_personalization', service: 'facebook-pixel' },
      },
    ]);
  });

  it('cookies of a vendor without an open route, and nobody else’s', () => {
    expect(new Set(expired(klaro(states(['facebook-pixel']))))).toEqual(new Set(['_fbp']));
    expect(new Set(expired(klaro(states(['google-ads']))))).toEqual(new Set(['_gcl_aw']));
    expect(new Set(expired(klaro(states(['google-analytics']))))).toEqual(new Set(['_ga']));
    expect(expired(klaro(states([])))).toEqual([]);
  });

  it('no click id of it is kept from the landing page', () => {
    const { setCookies } = trace(consent, klaro(states(['facebook-pixel', 'bing'])));
    const kept = setCookies.filter((each) => !each.includes('; Max-Age=0;')).join('\n');
    expect(kept).not.toContain('_fbc=');
    expect(kept).not.toContain('_uetmsclkid=');
    expect(kept).toContain('li_fat_id=');
  });

  it('advertising at the vendor’s other routes: without Google Ads, Google Analytics is told of none', () => {
    const [event] = trace(consent, klaro(states(['google-ads']))).events;
    const ga4 = event?.routes.find((each) => each.route.name === 'ga4');
    expect(ga4?.outcome).toBe('planned');
    expect(ga4?.plan?.element).toContain('gcs=G101');
  });

  it('what waits for its route is withdrawn, whoever the visitor is known as', () => {
    const { withdrawn } = trace(consent, klaro(states(['facebook-pixel'])));
    const subjects = withdrawn.filter(({ closedRoutes }) => closedRoutes.includes('shop.example.no/meta'));
    expect(subjects.map(({ subject }) => subject)).toEqual(
      expect.arrayContaining([`ga:482310557.${SECONDS}`, `fbp:fb.1.${SECONDS}000.1098115397`]),
    );
  });
});

describe('work in proportion to the length of a record', () => {
  const many = (name: string, length: number): string[] =>
    Array.from({ length: Math.floor(length / (name.length + 3)) }, () => name);
  const named = (length: number): string[] => Array.from({ length: Math.floor(length / 8) }, (_, i) => `s${i}tag`);
  const records: readonly (readonly [string, string, (length: number) => string])[] = [
    ['OneTrust', '{ cmp: [onetrust] }', (n) => onetrust(many('google:0', n / 4).join(','))],
    ['Didomi, one vendor', DIDOMI, (n) => didomi(many('google', n / 1.6))],
    ['Didomi, many', DIDOMI, (n) => didomi(named(n / 2))],
    [
      'CookieConsent, a category many times',
      '{ cmp: [vanilla-cookieconsent] }',
      (n) =>
        `cc_cookie=${JSON.stringify({ categories: many('ads', n / 2.3), services: { ads: many('ga4', n / 2.3) } })}`,
    ],
    [
      'Klaro',
      '{ cmp: [klaro], mapping: { klaro: { purposes: { s1tag: [statistics] } } } }',
      (n) => `klaro=${JSON.stringify(Object.fromEntries(named(n * 0.75).map((name) => [name, false])))}`,
    ],
    ['consentmanager', CONSENTMANAGER(), (n) => `__cmpcpc=__52_53__; __cmpcvc=__${'s26_'.repeat(n / 8)}_`],
  ];

  it.each(records)('%s', (_, consent, cookie) => {
    const asked = gateway(consent);
    expectLinear((length) => {
      const hit = webHit(
        { v: '2', tid: 'G-TEST000001', en: 'page_view', dl: 'https://shop.example.no/' },
        { cookies: cookie(length) },
      );
      return () => decideRequest(hit, asked);
    }, 8_000);
  });
});

describe('properties', () => {
  const consent = `{ cmp: [klaro], mapping: { klaro: { purposes: ${services(NAMED)} } } }`;
  const state = fc.record(Object.fromEntries(Object.keys(NAMED).map((name) => [name, fc.boolean()])));

  it('a route is open exactly when its service is allowed', () => {
    const owner: Readonly<Record<string, string>> = {
      'google-analytics': 'ga4',
      'google-ads': 'google_ads',
      'facebook-pixel': 'meta',
      linkedin: 'linkedin',
      bing: 'microsoft_ads',
    };
    fc.assert(
      fc.property(state, (record) => {
        const expected = Object.entries(record)
          .filter(([, on]) => on)
          .map(([name]) => owner[name] as string);
        expect(open(consent, klaro(record))).toEqual(expected.sort());
      }),
      { numRuns: 32 },
    );
  });

  it('refusing one more service never opens a route', () => {
    const lists = fc.record({
      analytics: fc.subarray(['ga4', 'hotjar', 'matomo']),
      marketing: fc.subarray(['meta', 'google-ads', 'linkedin', 'bing', 'tiktok']),
    });
    fc.assert(
      fc.property(lists, fc.nat(), ({ analytics, marketing }, at) => {
        // The last one of a list may not be taken: an empty list says that there are no services.
        fc.pre(marketing.length > 1);
        const fewer = marketing.filter((_, i) => i !== at % marketing.length);
        const before = open('{ cmp: [vanilla-cookieconsent] }', ccCookie({ analytics, marketing }));
        const after = open('{ cmp: [vanilla-cookieconsent] }', ccCookie({ analytics, marketing: fewer }));
        expect(before).toEqual(expect.arrayContaining(after));
      }),
      { numRuns: 60 },
    );
  });
});
