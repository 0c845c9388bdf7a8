import { describe, expect, it } from 'vitest';
import { ServiceBook } from '../../src/consent/services.ts';
import { AD_SIGNALS } from '../../src/core/signals.ts';
import { destinations } from '../../destinations/index.ts';
import { encodeTcString } from '../support/tc-string.ts';
import { inputOf, M, NOW, P, purposes, S, siteOf, readConsent } from './site.ts';

// Records in the shapes that real sites sent, with ids and times replaced, and changed as on the way to the gateway:
// other encodings, other spellings, similar names. A correct reading is the visitor's choice or less, never more.

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
const given = (cookie: string, site: ReturnType<typeof siteOf>) => readConsent(inputOf(cookie), site).granted;

describe('Commanders Act', () => {
  const site = siteOf(['commanders-act'], {
    mapping: new Map([['commanders-act', purposes({ '2': S, '3': M, '10001': P })]]),
  });
  const T = '1789371065123';

  it.each([
    // doc.commandersact.com, "Consent Cookie": the layouts of several years.
    [`0@002|12|3441@2%2C3@4@${T}@${T}`, S | M],
    [`0@023|33|251@1,2,3@@${T},${T},1805095865123@`, S | M],
    [`0%40023%7C33%7C251%401%2C2%2C3%40%40${T}%2C${T}%2C1805095865123%40`, S | M],
    [`0@041@2%2C22@20@${T}@`, S],
    [`0@008@12@34@2%2C3@@${T},${T},1805095865123@`, S | M],
    [`0@016|2|2|150@4%2C1%2C3%2C10001@@${T}%2C${T}%2C1805095865123@AAAAAjkb`, M | P],
    // The separator is a setting of the site's.
    [`0%21010%7C19%7C5606%212%2C5%213%21${T}%2C${T}%2C1805095865123%21`, S],
    [`0@002|12|3441@@4@${T}@`, 0],
    [`1@012|26|4221@@4@${T}@${T}`, 0],
    [`0@004@ALL@1@${T}@`, 0],
    [`2@002|12|3441@2%2C3@4@${T}@`, 0],
    ['0@002|12|3441@2%2C3@4@', 0],
    // Ended by its own third time.
    [`0@023|33|251@1,2,3@@${T},${T},1789371065124@`, 0],
  ])('%s', (value, granted) => {
    expect(given(`TC_PRIVACY=${value}`, site)).toBe(granted);
  });

  it('takes the time of the last change, and nothing of a refusal of all that lists no category', () => {
    const consent = readConsent(inputOf(`TC_PRIVACY=0@023|33|251@2@@${T},1689371065123,1805095865123@`), site);
    expect(consent).toMatchObject({ at: Number(T), version: '023' });
    expect(readConsent(inputOf(`TC_PRIVACY=1@012|26|4221@@4@${T}@`), site).refused).toBe(P | S | M);
  });
});

describe('CookieHub', () => {
  const record = (more: object) =>
    `cookiehub=${base64({ answered: true, revision: 1, dnt: false, region: '', token: '', timestamp: '2026-11-20T06:54:41.275Z', allAllowed: true, categories: [], vendors: [], services: [], ...more })}`;

  it.each([
    [{ allowSale: true, implict: false, implicit: false }, P | S | M],
    [{ implict: false, implicit: true }, 0],
    [{ implicit: true }, 0],
    [{ implict: true, implicit: false }, 0],
    [{ allAllowed: false }, 0],
    [{ allowSale: false, implict: false }, (P | S | M) & ~AD_SIGNALS],
    [{ answered: false }, 0],
  ])('%j', (more, granted) => {
    expect(given(record(more), siteOf(['cookiehub']))).toBe(granted);
  });
});

describe('Axeptio, with its lists of vendors', () => {
  const site = siteOf(['axeptio'], {
    mapping: new Map([['axeptio', purposes({ google_analytics: S, facebook_pixel: M })]]),
  });
  const record = (completed: boolean, ga: boolean, fb: boolean) =>
    `axeptio_cookies=${encodeURIComponent(JSON.stringify({ $$token: 't', $$date: '2026-11-20T05:19:22.179Z', $$cookiesVersion: {}, google_analytics: ga, facebook_pixel: fb, $$completed: completed }))}`;
  const lists = (authorised: string, all = ',facebook_pixel,google_analytics,Bing,') =>
    `axeptio_authorized_vendors=${encodeURIComponent(authorised)}; axeptio_all_vendors=${encodeURIComponent(all)}`;

  it.each([
    [`${record(true, true, true)}; ${lists(',facebook_pixel,google_analytics,Bing,')}`, S | M],
    [`${lists(',google_analytics,')}; ${record(true, true, false)}`, S],
    // The lists are of the same choice: what one of them does not allow is not allowed.
    [`${record(true, true, true)}; ${lists(',google_analytics,')}`, S],
    [`${record(true, true, true)}; ${lists(',,')}`, 0],
    [`${record(true, true, true)}; axeptio_authorized_vendors=%2C%2C`, S | M],
    [`${record(true, true, true)}; axeptio_all_vendors=%2Cfacebook_pixel%2C`, S | M],
    [`${record(false, true, true)}; ${lists(',facebook_pixel,google_analytics,')}`, 0],
    [lists(',facebook_pixel,google_analytics,'), 0],
  ])('%s', (cookie, granted) => {
    expect(given(cookie, site)).toBe(granted);
  });

  it('takes nothing from another platform where there are lists and no record', () => {
    const both = siteOf(['axeptio', 'cookieyes']);
    const yes = 'cookieyes-consent=consentid:a,consent:yes,action:yes,functional:yes,analytics:yes,advertisement:yes';
    expect(given(`${yes}; ${lists(',,')}`, both)).toBe(P | S | M);
  });
});

const tcString = (granted: readonly number[]) =>
  encodeTcString({
    purposes: granted,
    interests: [],
    consents: [755],
    vendorInterests: [],
    disclosed: [755],
    restrictions: [],
    cmpId: 7,
    treatment: false,
    lastUpdated: NOW - 86_400_000,
  });
const EVERYTHING = Array.from({ length: 11 }, (_, i) => i + 1);

describe('Fides with the TCF', () => {
  const record = (fides_string: string, consent: object, consentMethod = 'save') =>
    `fides_consent=${encodeURIComponent(JSON.stringify({ consent, identity: {}, fides_meta: { version: '0.9.0', updatedAt: '2026-11-20T09:03:01.645Z', consentMethod }, tcf_consent: { system_consent_preferences: {} }, fides_string }))}`;

  it('is decided by its TC string', () => {
    const site = siteOf(['fides']);
    expect(given(record(`${tcString(EVERYTHING)},1~`, {}), site)).toBe(P | S | M);
    expect(given(record(`${tcString([1, 8, 9])},1~`, {}), site)).toBe(S);
    expect(given(record(`${tcString([])},1~`, {}, 'reject'), site)).toBe(0);
    expect(given(record(`${tcString(EVERYTHING)},1~`, {}, 'dismiss'), site)).toBe(0);
    expect(given(record('CQO03,1~', {}), site)).toBe(0);
    expect(given(record('', {}), site)).toBe(0);
  });

  it('must agree with the notices that the site has mapped', () => {
    const site = siteOf(['fides'], { mapping: new Map([['fides', purposes({ marketing: M, analytics: S })]]) });
    expect(given(record(tcString(EVERYTHING), { marketing: false, analytics: true }), site)).toBe(S);
    expect(given(record('', { marketing: true, analytics: 'opt_in' }), site)).toBe(M);
  });

  it('closes providers that its Additional Consent discloses', () => {
    const routes = [
      { name: 'meta', vendor: 'meta', tcfVendor: undefined, acProvider: 89, needs: AD_SIGNALS, service: 'facebook' },
    ];
    const { terms } = readConsent(
      inputOf(record(`${tcString(EVERYTHING)},2~43~dv.89`, {})),
      siteOf(['fides'], { routes }),
    );
    expect(terms?.get('meta')?.open).toBe(0);
  });
});

describe('consentmanager', () => {
  const routes = [
    { name: 'ga4', vendor: 'google', tcfVendor: 755, needs: S, service: 'google-analytics' },
    { name: 'meta', vendor: 'meta', tcfVendor: undefined, needs: AD_SIGNALS, service: 'facebook' },
  ];
  const mapping = new Map([['consentmanager', purposes({ '52': M, '53': S, '54': P })]]);
  const openOf = (cookie: string, own: readonly (readonly [string, readonly string[]])[] = []) => {
    const { granted, terms } = readConsent(
      inputOf(cookie),
      siteOf(['consentmanager'], { mapping, routes, services: { own: new Map(own), usual: new Map() } }),
    );
    return routes.filter(({ name, needs }) => (needs & ~(granted & (terms?.get(name)?.open ?? granted))) === 0);
  };
  const names = (cookie: string, own?: readonly (readonly [string, readonly string[]])[]) =>
    openOf(cookie, own).map(({ name }) => name);

  it('is decided by its TC string where the site has mapped no purposes', () => {
    const string = `__cmpcpcx15760=__1__; __cmpcpc=__1__; __cmpconsentx15760=${tcString(EVERYTHING)}; __cmpcvc=__s1532_s26_U__; __cmpiab=_92_755_; __cmpiabc=__1_2_3_r1_11_; __cmpiabcli=__2_7_`;
    expect(given(string, siteOf(['consentmanager']))).toBe(P | S | M);
    expect(given(string.replace(/__cmpconsentx15760=[^;]+; /, ''), siteOf(['consentmanager']))).toBe(0);
    expect(given(string, siteOf(['consentmanager'], { mapping }))).toBe(0);
  });

  it('finds vendors of the IAB list in their own cookie', () => {
    const all = '__cmpcpc=__51_52_53_54__';
    expect(names(`${all}; __cmpiab=_92_755_`, [['s7', ['meta']]])).toEqual(['ga4']);
    expect(names(`${all}; __cmpcvc=__s7_U__; __cmpiab=_92_755_301_`, [['s7', ['meta']]])).toEqual(['ga4', 'meta']);
    expect(names(`${all}; __cmpcvc=__s7_U__; __cmpiab=_92_301_`, [['s7', ['meta']]])).toEqual(['meta']);
    expect(names(`${all}; __cmpcvc=__s7_U__; __cmpcvc=__s8__`, [['s7', ['meta']]])).toEqual([]);
    expect(names(`${all}; __cmpiab=x`)).toEqual([]);
  });
});

describe('Cookiebot, spelled by another hand', () => {
  const M0 = 'marketing:true';
  it.each([
    // What a form encoder does to spaces.
    [
      `{stamp:%27x%27%2C+necessary:true%2C+preferences:true%2C+statistics:true%2C+${M0}%2C+method:%27explicit%27}`,
      P | S | M,
    ],
    [`{stamp:'x', necessary: true, preferences: true, statistics: true, ${M0}}`, P | S | M],
    [`{stamp:'x', necessary: true, preferences: true, statistics: true, ${M0}, marketing: false}`, P | S],
    // Implied is implied in whatever quotes.
    [`{stamp:'x',necessary:true,preferences:true,statistics:true,${M0},method:"implied",region:'no'}`, 0],
    [`{stamp:'x',necessary:true,preferences:true,statistics:true,${M0},method:implied,region:'no'}`, 0],
    [`{stamp:-1,necessary:true,preferences:true,statistics:true,${M0},region:'no'}`, 0],
    [`{stamp:"-1",necessary:true,preferences:true,statistics:true,${M0}}`, 0],
    [`{stamp:'x',necessary:true,preferences:true,statistics:true,${M0},method:"explicit"}`, P | S | M],
    [`{stamp:'x',necessary:true,preferences:true,statistics:true,${M0},method:other}`, 0],
  ])('%s', (value, granted) => {
    expect(given(`CookieConsent=${value}`, siteOf(['cookiebot']))).toBe(granted);
  });
});

describe('JSON and base64 that a server has written anew', () => {
  const record = { consents_approved: ['cookie_cat_necessary', 'cookie_cat_statistic'], consents_denied: ['x'] };
  const json = JSON.stringify(record);
  it.each([
    ['a form encoder', encodeURIComponent(json.replaceAll(',', ', ')).replaceAll('%20', '+')],
    ['a quoted string', `"${json.replaceAll('"', '\\"')}"`],
    ['a quoted string with octal escapes', `"${json.replaceAll('"', '\\"').replaceAll(',', '\\054')}"`],
  ])('by %s', (_, value) => {
    expect(given(`CookieInformationConsent=${value}`, siteOf(['cookie-information']))).toBe(S);
  });

  it('in the other alphabet, without padding, or with spaces for plus signs', () => {
    // `>` and `?` make both characters that the alphabets differ in.
    const token = base64({ answered: true, allAllowed: true, categories: [], a: '>>>>', b: '????', c: '~~~' });
    expect(token).toMatch(/\+.*\/|\/.*\+/);
    for (const value of [
      token,
      token.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''),
      token.replaceAll('+', ' '),
      encodeURIComponent(token),
    ]) {
      expect([value, given(`cookiehub=${value}`, siteOf(['cookiehub']))]).toEqual([value, P | S | M]);
    }
  });
});

describe('CookieConsent, version 3, written anew by a server', () => {
  const record = (more: object) =>
    `cc_cookie=${encodeURIComponent(JSON.stringify({ categories: ['necessary', 'analytics'], revision: 2, lastConsentTimestamp: '2026-11-20T10:00:00.000Z', expirationTime: 1900000000000, ...more }))}`;
  const site = siteOf(['vanilla-cookieconsent'], {
    mapping: new Map([['vanilla-cookieconsent', { revision: 2 }]]),
  });

  it.each([
    [{}, S],
    [{ expirationTime: '1900000000000' }, S],
    [{ expirationTime: '1600000000000' }, 0],
    [{ expirationTime: 1600000000000 }, 0],
    [{ revision: '2' }, S],
    [{ revision: '1' }, 0],
    [{ services: [] }, S],
    [{ services: null }, S],
    [{ services: { analytics: { ga4: true } } }, 0],
    [{ services: ['ga4'] }, 0],
    // A choice is a list: text is none.
    [{ categories: 'analytics' }, 0],
  ])('%j', (more, granted) => {
    expect(given(record(more), site)).toBe(granted);
  });
});

describe('an empty cookie', () => {
  const yes = 'cookieyes-consent=consentid:a,consent:yes,action:yes,functional:yes,analytics:yes,advertisement:yes';
  const both = siteOf(['cookieyes', 'cookiebot', 'cookie-information', 'didomi', 'tcf', 'additional-consent']);

  it.each(['CookieConsent', 'CookieInformationConsent', 'didomi_token', 'euconsent-v2', 'FCCDCF', 'addtl_consent'])(
    '%s takes nothing from the record of another platform, and grants nothing',
    (name) => {
      for (const value of ['', 'null', 'undefined', '""']) {
        expect([value, given(`${yes}; ${name}=${value}`, both)]).toEqual([value, P | S | M]);
        expect([value, given(`${name}=${value}`, both)]).toEqual([value, 0]);
      }
    },
  );

  it('beside a copy of it that is not empty grants nothing: one of them was taken back', () => {
    expect(given(`${yes}; cookieyes-consent=`, both)).toBe(0);
    expect(given(`cookieyes-consent=; ${yes}`, both)).toBe(0);
    const string = tcString(EVERYTHING);
    expect(given(`euconsent-v2=; euconsent-v2=${string}`, siteOf(['tcf']))).toBe(0);
    expect(given(`euconsent-v2=; eupubconsent-v2=${string}`, siteOf(['tcf']))).toBe(P | S | M);
  });

  it('is not taken for silence where silence allows', () => {
    const site = siteOf(['cookiebot'], { regime: 'opt-out', withoutChoice: 'granted' });
    expect(given('a=b', site)).not.toBe(0);
    expect(given('CookieConsent=', site)).toBe(0);
    // On legitimate interest, what is withheld is not in force.
    expect(readConsent(inputOf('CookieConsent=; didomi_token='), both).withheld).toBe(127);
  });
});

describe('whose a service is, as banners spell it', () => {
  const usual = new Map<string, string[]>();
  for (const [type, { services }] of Object.entries(destinations)) {
    for (const name of services) usual.set(name, [...(usual.get(name) ?? []), type]);
  }
  const book = new ServiceBook([], { own: new Map(), usual });

  it.each([
    [
      'ga4',
      [
        'GA4',
        'google_analytics_4',
        'Google Analytics 4 (GA4)',
        'Google Analytics (Universal)',
        'google-gtag',
        'Google Analytics Enhanced Ecommerce',
        'google-analytics-statistics',
        'google-tag-manager-google-analytics',
        'GTM: Google Analytics',
        'ga4-server',
      ],
    ],
    [
      'google_ads',
      [
        'Google Ads',
        'google-adwords',
        'Google Ads Enhanced Conversions',
        'Google AdServices',
        'Google Ads Dynamic Remarketing',
        'google-tag-manager-google-ads',
      ],
    ],
    [
      'meta',
      [
        'Facebook Pixel',
        'fbpixel',
        'MetaPixel',
        'Meta Pixel (Facebook Pixel)',
        'Facebook Pixel (Meta)',
        'Meta (Facebook)',
        'Meta Platforms Ireland Limited',
        'Facebook Custom Audience',
        'google-tag-manager-meta-pixel',
        'fbevents.js'.replace('.js', ''),
      ],
    ],
    [
      'linkedin',
      [
        'LinkedIn Insight Tag',
        'linkedininsighttag',
        'LinkedIn Ireland Unlimited Company',
        'Insight Tag (LinkedIn)',
        'LinkedIn Analytics',
        'li_insight',
      ],
    ],
    [
      'microsoft_ads',
      [
        'bing-ads',
        'uet',
        'UET Tag',
        'Microsoft Ads (Bing)',
        'Microsoft Advertising (Bing Ads)',
        'MS Ads',
        'Microsoft Corporation',
      ],
    ],
    ['pinterest', ['Pinterest Tag', 'pinterestpixel', 'Pinterest Ads', 'Pinterest Europe Ltd.']],
    ['hubspot', ['HubSpot', 'HubSpot Analytics', 'HubSpot Tracking Code', 'HubSpot, Inc.']],
    ['reddit', ['Reddit Pixel', 'reddit', 'Reddit Ads', 'Reddit, Inc.']],
  ])('%s', (type, names) => {
    for (const name of names) expect([name, book.ownerOf(name)?.routes]).toEqual([name, [type]]);
  });

  it('two routes have the name of what serves both', () => {
    for (const name of ['DoubleClick Floodlight', 'doubleclick', 'Google Marketing Platform'])
      expect([name, book.ownerOf(name)?.routes]).toEqual([name, ['floodlight', 'google_ads']]);
  });

  it('does not take another product of a company for one of the site', () => {
    for (const name of [
      'Google (Fonts)',
      'Google Fonts',
      'Google Tag Manager',
      'gtm',
      'Google Maps (Google)',
      'Microsoft (Clarity)',
      'Facebook Social Plugins',
      'Facebook (Like)',
      'YouTube (Google)',
      'gtm-youtube',
    ]) {
      expect([name, book.ownerOf(name)]).toEqual([name, undefined]);
    }
  });
});
