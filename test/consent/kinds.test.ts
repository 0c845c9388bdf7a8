import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAdditionalConsent } from '../../src/consent/standards/additional-consent.ts';
import { statesGpc } from '../../src/consent/standards/gpc.ts';
import { PLATFORMS } from '../../src/consent/platforms/index.ts';
import { AD_SIGNALS } from '../../src/core/signals.ts';
import { inputOf, M, NOW, P, S, siteOf, readConsent } from './site.ts';
import { siteFor, vectors } from './vectors.ts';

// Kinds of faults from public reports, each tested on every platform that can have it.

const cookiebotOf = (s: boolean, m: boolean, more = '') =>
  `{stamp:'c2FtcGxlc2FtcGxlc2FtcGxl==',necessary:true,preferences:true,statistics:${s},marketing:${m},method:'explicit',ver:1,utc:1789371065123${more},region:'no'}`;
const choice = (text: string) => `CookieConsent=${encodeURIComponent(text)}`;
const ALL = choice(cookiebotOf(true, true));
const granted = (cookies: string, cmp: readonly string[]) => readConsent(inputOf(cookies), siteOf(cmp)).granted;

// https://developer.matomo.org/guides/tracking-consent: a banner that was answered calls rememberConsentGiven, which
// leaves Matomo's own cookie, beside the banner's.
describe("Matomo's record beside a banner's", () => {
  const given = 'mtm_consent=1789371065123';
  const removed = 'mtm_consent_removed=1789371065123';
  it.each([
    ['alone, is about statistics only', given, S],
    ['leaves advertising to the banner', `${given}; ${ALL}`, S | M | P],
    ['grants no statistics that the banner refuses', `${given}; ${choice(cookiebotOf(false, true))}`, M | P],
    ['grants no advertising that the banner refuses', `${given}; ${choice(cookiebotOf(true, false))}`, S | P],
    ['takes statistics away', `${removed}; ${ALL}`, M | P],
    ['grants nothing where the banner cannot be read', `${given}; CookieConsent=x`, 0],
    ['grants nothing where the banner was not answered', `${given}; cookieyes-consent=consentid:a,action:`, 0],
  ])('%s', (_, cookies, expected) => {
    expect(granted(cookies, ['cookiebot', 'cookieyes', 'matomo']) & (S | M | P)).toBe(expected);
  });
});

describe('a record that was percent-encoded again', () => {
  const again = (cookie: string, times: number) =>
    cookie
      .split(/; ?/)
      .map((pair) => {
        const equals = pair.indexOf('=');
        let value = pair.slice(equals + 1);
        if (value.startsWith('"')) value = value.slice(1, -1);
        for (let i = 0; i < times; i++) value = encodeURIComponent(value);
        return `${pair.slice(0, equals)}=${value}`;
      })
      .join('; ');
  // Values that were broken on purpose stay broken, whatever is around them.
  const readable = vectors.filter(({ cookie, expect: { status } }) => status !== 'none' && cookie.length < 4_000);

  it.each(readable.map((vector) => [vector.id, vector] as const))('%s is read as before', (_, vector) => {
    const site = siteFor(vector);
    const before = readConsent(inputOf(vector.cookie), site);
    for (const times of [1, 2]) {
      const { granted: now, refused, at } = readConsent(inputOf(again(vector.cookie, times)), site);
      expect({ now, refused, at }).toEqual({ now: before.granted, refused: before.refused, at: before.at });
    }
  });

  // js-cookie and its like store what they are given as JSON: a text gets quotes around it.
  it.each(readable.map((vector) => [vector.id, vector] as const))(
    '%s is read as before in JSON quotes',
    (_, vector) => {
      const site = siteFor(vector);
      const before = readConsent(inputOf(vector.cookie), site);
      const quoted = vector.cookie
        .split(/; ?/)
        .map((pair) => {
          const equals = pair.indexOf('=');
          const value = pair.slice(equals + 1);
          return `${pair.slice(0, equals)}=${encodeURIComponent(value.startsWith('"') ? value : JSON.stringify(value))}`;
        })
        .join('; ');
      const { granted: now, refused, at } = readConsent(inputOf(quoted), site);
      expect({ now, refused, at }).toEqual({ now: before.granted, refused: before.refused, at: before.at });
    },
  );

  it('is decoded three times at most', () => {
    let value = cookiebotOf(true, true);
    for (let layers = 0; layers <= 5; layers++) {
      expect([layers, granted(`CookieConsent=${value}`, ['cookiebot'])]).toEqual([layers, layers <= 3 ? P | S | M : 0]);
      value = encodeURIComponent(value);
    }
  });

  it('is not decoded into pairs that stood in its own landing page', () => {
    const page = encodeURIComponent('https://shop.example.no/?x=1&groups=C0002:1,C0004:1');
    const header = `OptanonConsent=isGpcEnabled=0&landingPath=${encodeURIComponent(page)}&groups=; OptanonAlertBoxClosed=2026-11-20T10:00:00.000Z`;
    expect(granted(header, ['onetrust'])).toBe(0);
    expect(granted(header.replace('&groups=', ''), ['onetrust'])).toBe(0);
  });
});

describe('keys of Cookiebot that are not read', () => {
  const key = fc.oneof(
    fc.constantFrom('iab2', 'gacm', 'iABV2', 'x-y', 'a.b', '2', "'q'", '"q"', 'a b', 'æ'),
    fc.stringMatching(/^[a-z][a-z0-9_.-]{0,20}$/),
  );
  const value = fc.oneof(
    fc.constantFrom(
      "''",
      '""',
      'null',
      '[]',
      '[1,2]',
      '{}',
      "{a:'b,c',d:[1]}",
      '-1',
      '1.5',
      'CQt-4cA.ILuQ',
      "'a:b,c}'",
    ),
    fc.stringMatching(/^[A-Za-z0-9._-]{0,40}$/),
  );
  const KNOWN = /^(?:necessary|preferences|statistics|marketing|stamp|method|ver|utc|region)$/;

  it('are skipped, whatever they look like', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value), { maxLength: 4 }), fc.boolean(), fc.boolean(), (others, s, m) => {
        const more = others.filter(([name]) => !KNOWN.test(name)).map(([name, text]) => `,${name}:${text}`);
        const consent = readConsent(inputOf(choice(cookiebotOf(s, m, more.join('')))), siteOf(['cookiebot']));
        expect(consent.granted).toBe(P | (s ? S : 0) | (m ? M : 0));
      }),
    );
  });

  it('cannot hold a choice', () => {
    for (const hidden of [",x:'marketing:true'", ',x:{marketing:true}', ',x:[marketing:true]', ",'marketing':true"]) {
      expect(granted(choice(cookiebotOf(true, false, hidden)), ['cookiebot'])).toBe(P | S);
    }
  });
});

describe('cookies beside a record', () => {
  const iubenda = `_iub_cs-12345678=${encodeURIComponent('{"timestamp":"2026-11-20T10:00:00.000Z","purposes":{"1":true,"2":true,"3":true,"4":true,"5":true}}')}`;
  const piwik = `ppms_privacy_4abb1e4c-0000-4207-8488-64f5e44dc7cf=${encodeURIComponent('{"consents":{"analytics":{"status":1},"remarketing":{"status":1},"ab_testing_and_personalization":{"status":1}}}')}`;

  it.each([
    ['iubenda', iubenda, '_iub_cs-12345678-granular=x'],
    ['iubenda', iubenda, '_iub_cs-12345678-gcm=x'],
    ['iubenda', iubenda, '_iub_cs-s12345678-tcf=x'],
    ['iubenda', iubenda, '_iub_cs-12345678-uspr=%7B%22s%22%3Atrue%2C%22sh%22%3Atrue%2C%22adv%22%3Atrue%7D'],
    ['piwik-pro', piwik, 'ppms_privacy_bar_4abb1e4c-0000-4207-8488-64f5e44dc7cf=x'],
    ['cookiebot', ALL, 'CookieConsentBulkSetting-abc=x'],
    ['cookiebot', ALL, 'CookieConsent-legacy=x'],
    ['cookiebot', ALL, 'CookieConsent=true'],
    ['cookiebot', ALL, 'CookieConsent=false'],
    ['cookiebot', ALL, 'us_privacy=null'],
    ['cookiebot', ALL, 'usprivacy='],
    ['cookiebot', ALL, 'usprivacy=1---'],
    ['cookiebot', ALL, 'usprivacy=something'],
    ['cookiebot', ALL, 'OTGPPConsent=null'],
    ['cookiebot', ALL, 'addtl_consent=null'],
  ])('of %s take nothing away: %s; %s', (name, record, sibling) => {
    expect(granted(record, [name])).toBe(P | S | M);
    expect(granted(`${record}; ${sibling}`, [name])).toBe(P | S | M);
    expect(granted(`${sibling}; ${record}`, [name])).toBe(P | S | M);
  });

  it.each([
    ['real-cookie-banner', 'real_cookie_banner-v:3_blog:1_path:3a3b3c3-tcf'],
    ['real-cookie-banner', 'real_cookie_banner-v:3_blog:1_path:3a3b3c3-gcm'],
    ['real-cookie-banner', 'real_cookie_banner-test'],
    ['consentmanager', '__cmpcpcx36865_y'],
    ['consentmanager', '__cmpconsentx36865_y'],
    ['tcf', '__cmpconsentcount'],
    ['cookie-law-info', 'cookielawinfo-checkbox-necessary'],
  ])('%s: %s is no record', (name, cookie) => {
    const both = siteOf([name, 'cookiebot']);
    expect(readConsent(inputOf(`${ALL}; ${cookie}=x`), both).granted).toBe(P | S | M);
  });

  it('is read with its name percent-encoded', () => {
    const groups = encodeURIComponent('{"61":[6]}');
    const site = siteOf(['real-cookie-banner'], {
      mapping: new Map([['real-cookie-banner', { purposes: new Map([['61', S]]) }]]),
    });
    const value = `1789371065%3Aaaaa%3Abbbb%3A${groups}`;
    for (const name of ['real_cookie_banner-v:3_blog:1_path:3a3b', 'real_cookie_banner-v%3A3_blog%3A1_path%3A3a3b']) {
      expect(readConsent(inputOf(`${name}=${value}`), site).granted).toBe(S);
    }
  });
});

describe('opt-outs of the United States, on a site that lists none of them', () => {
  const fccdcf = (text: string) =>
    `FCCDCF=${encodeURIComponent(JSON.stringify([null, null, null, null, [[1, 2], text], null, []]))}`;

  it.each([
    ['usprivacy=1YYN'],
    ['us_privacy=1YYN'],
    ['usprivacy=%7B%22uspString%22%3A%221YY-%22%7D'],
    ['_iub_cs-12345678-uspr=%7B%22s%22%3Atrue%2C%22sh%22%3Atrue%2C%22adv%22%3Afalse%7D'],
    ['_iub_cs-12345678-uspr=%7B%22s%22%3Afalse%7D'],
    [fccdcf('1YYN')],
    [fccdcf('DBABLA~BVQVAAAAAAGA.YA')],
    ['OTGPPConsent=DBABLA~BVQVAAAAAAGA.YA'],
    ['OTGPPConsent=DBABLA%7EBVQVAAAAAAGA.YA'],
  ])('%s takes advertising away', (cookie) => {
    const consent = readConsent(inputOf(`${ALL}; ${cookie}`), siteOf(['cookiebot']));
    expect(consent).toMatchObject({ granted: P | S, refused: AD_SIGNALS });
  });

  it.each([
    fccdcf('1YNN'),
    fccdcf('x'),
    'FCCDCF=%5B',
    'OTGPPConsent=DBABDA~BQt-4cAQt-4cAAfAAAENAACAAf___gAAAAXnABQBMAAAAAA.YAAAAAAAAAA',
    'OTGPPConsent=x',
  ])('%s takes nothing', (cookie) => {
    expect(granted(`${ALL}; ${cookie}`, ['cookiebot'])).toBe(P | S | M);
  });

  it('takes everything where the site lists the platform and the cookie cannot be read', () => {
    expect(granted(`${ALL}; OTGPPConsent=x`, ['cookiebot', 'gpp'])).toBe(0);
    expect(granted(`${ALL}; usprivacy=x`, ['cookiebot', 'usprivacy'])).toBe(0);
    expect(granted(`${ALL}; FCCDCF=%5B`, ['cookiebot', 'tcf'])).toBe(0);
  });
});

describe('Sec-GPC', () => {
  it.each(['1', ' 1', '1, 1', '0, 1', '1,0', '1;x', '10', '?1', 'true', '0, x'])('%j objects', (header) => {
    expect(statesGpc(header)).toBe(true);
  });
  it.each([undefined, '', '0', ' ', ',', '0, 0', ' , 0'])('%j does not', (header) => {
    expect(statesGpc(header)).toBe(false);
  });
});

describe("Google's Additional Consent", () => {
  const routes = [
    { name: 'meta', vendor: 'meta', tcfVendor: undefined, acProvider: 89, needs: AD_SIGNALS, service: 'facebook' },
    { name: 'ga4', vendor: 'google', tcfVendor: 755, needs: S, service: 'google-analytics' },
  ];

  it('is read as it is written', () => {
    expect(decodeAdditionalConsent('1~43.3.9')).toEqual({ consented: new Set([43, 3, 9]), disclosed: new Set() });
    expect(decodeAdditionalConsent('2~43.3~dv.70.89')).toEqual({
      consented: new Set([43, 3]),
      disclosed: new Set([70, 89]),
    });
    expect(decodeAdditionalConsent('2~~dv.89')).toEqual({ consented: new Set(), disclosed: new Set([89]) });
    expect(decodeAdditionalConsent('2~89~dv')).toEqual({ consented: new Set([89]), disclosed: new Set() });
  });

  it.each(['', '3~89', '2', '2~89~dv.x', '2~a', '2~89.', '2~89~xx.1', '2~1~dv.1~2', `2~${'9'.repeat(10)}`])(
    '%j is none',
    (text) => {
      expect(decodeAdditionalConsent(text)).toBeUndefined();
    },
  );

  it.each([
    ['2~43.3~dv.70.89', true],
    ['2~43.89~dv.70', false],
    ['2~43.89~dv.70.89', false],
    ['2~43.3~dv.70', false],
    ['1~43.3', false],
    [encodeURIComponent('2~43.3~dv.70.89'), true],
    // Where consent is written in such strings, what cannot be read may hold a refusal.
    ['garbage', true],
  ])('%s closes Meta: %s', (string, closes) => {
    const consent = readConsent(inputOf(`${ALL}; addtl_consent=${string}`), siteOf(['cookiebot', 'tcf'], { routes }));
    expect(consent.terms?.get('meta')?.open === 0).toBe(closes);
    expect(consent.terms?.get('ga4')).toBeUndefined();
    expect(consent.granted).toBe(P | S | M);
  });

  it('is found in Funding Choices, too', () => {
    const value = encodeURIComponent(JSON.stringify([null, null, null, ['CQ', '2~43~dv.89', 'x']]));
    const { terms } = readConsent(inputOf(`FCCDCF=${value}`), siteOf(['cookiebot'], { routes }));
    expect([...(terms?.keys() ?? [])]).toEqual(['meta']);
  });
});

it('knows no version that could say who the visitor is', () => {
  const of = (ver: string) => {
    const text = cookiebotOf(true, true).replace('ver:1', `ver:${ver}`);
    return readConsent(inputOf(choice(text), { at: NOW }), siteOf(['cookiebot'])).version;
  };
  expect(of('12')).toBe('12');
  for (const ver of ['123456', "'kari'", '4740012345', '1.2.12345', '-1'])
    expect([ver, of(ver)]).toEqual([ver, undefined]);
});

describe('a cookie without a choice in it does not outvote a record', () => {
  it.each([
    ['an id of Osano', 'osano', 'osano_consentmanager_uuid=3f1c2d4e-0000-4000-8000-1a2b3c4d5e6f'],
    ['an id of TrustArc', 'trustarc', 'TAconsentID=3f1c2d4e-0000-4000-8000-1a2b3c4d5e6f'],
  ])('%s', (_, platform, cookie) => {
    expect(granted(`${ALL}; ${cookie}`, ['cookiebot', platform])).toBe(granted(ALL, ['cookiebot']));
    expect(granted(ALL, ['cookiebot'])).toBe(P | S | M);
    expect(granted(cookie, ['cookiebot', platform])).toBe(0);
  });

  it("the list of Cookieman, under Cookiebot's name", () => {
    const site = siteOf(['cookiebot', 'cookieyes']);
    const cookieyes =
      'cookieyes-consent=consentid:a,consent:yes,action:yes,necessary:yes,functional:yes,analytics:yes,performance:yes,advertisement:yes';
    const read = (cookies: string) => readConsent(inputOf(cookies), site).granted;
    expect(read(cookieyes)).not.toBe(0);
    expect(read(`CookieConsent=marketing,preferences; ${cookieyes}`)).toBe(read(cookieyes));
    expect(read('CookieConsent=marketing,preferences')).toBe(0);
  });
});

describe('escapes that are not UTF-8', () => {
  const record = (address: string) =>
    `CookieInformationConsent=%7B%22consent_url%22%3A%22${address}%22%2C%22consents_approved%22%3A%5B%22cookie_cat_statistic%22%5D%7D`;

  // github.com/senchalabs/connect issue 652, github.com/carhartl/jquery-cookie pull request 166: cookies written with
  // `escape`, and addresses in the charset of a page.
  it.each(['kj%F8p', 'kj%C3%B8p', '%u5317%u4eac', '%E5%u010D'])('spoil no record: %s', (address) => {
    expect(granted(record(address), ['cookie-information'])).toBe(S);
  });

  it.each(['kj%F', 'kj%', '%u00', '%u0022', '%uZZZZ', '%F8%'])('are escapes, whole: %s', (address) => {
    expect(granted(record(address), ['cookie-information'])).toBe(0);
  });

  it('never become marks of the record', () => {
    // Too long a form of a quote in UTF-8, which some decoders take for one.
    for (const quote of ['%C0%A2', '%E0%80%A2', '%A2', '%u0122']) {
      const more = `x${quote}%2C${quote}consents_denied${quote}%3A%5B%5D%2C${quote}y`;
      expect(granted(record(more), ['cookie-information'])).toBe(S);
      const forged = `%7B%22a%22%3A%22${quote}%2C${quote}consents_approved${quote}%3A%5B${quote}cookie_cat_marketing${quote}%5D%2C%22%7D`;
      expect(granted(`CookieInformationConsent=${forged}`, ['cookie-information'])).toBe(0);
    }
  });
});

describe('a platform without a word of the visitor', () => {
  /** What each platform leaves behind, or sets, without anybody having answered. */
  const STATELESS = [
    'notice_behavior=expressed,eu',
    'notice_behavior=expressed|eu',
    'notice_behavior=implied,us',
    'TAconsentID=3f1c2d4e-0000-4000-8000-1a2b3c4d5e6f',
    '__hs_initial_opt_in=true',
    '__hs_opt_out=no',
    'wp_consent_functional=allow',
    'wp_consent_consented_services={"facebook":true}',
    'OptanonAlertBoxClosed=2026-11-20T10:00:00.000Z',
    'cookielawinfo-checkbox-analytics=yes; cookielawinfo-checkbox-advertisement=no',
    'cookielawinfo-checkbox-non-necessary=yes',
    'cmplz_banner-status=dismissed',
    'cmplz_consented_services={"facebook":true}',
    'osano_consentmanager_uuid=3f1c2d4e-0000-4000-8000-1a2b3c4d5e6f',
    'consentUUID=3f1c2d4e-0000-4000-8000-1a2b3c4d5e6f_38; consentDate=2026-11-20T10:00:00.000Z',
    '__privaci_cookie_consent_uuid=3f1c2d4e-0000-4000-8000-1a2b3c4d5e6f:2',
    'axeptio_authorized_vendors=%2C%2C; axeptio_all_vendors=%2C%2C',
    '__cmpcvcx1=__s1_s26_U__',
    'cookieconsent_preferences_disabled=analytics,marketing',
    'OPTOUTMULTI=0:0%7Cc1:0',
  ];
  const everything = PLATFORMS.map(({ name }) => name);

  it.each(STATELESS)('grants nothing alone, and outvotes nobody: %s', (cookies) => {
    const site = siteOf(everything);
    expect(readConsent(inputOf(cookies), site)).toMatchObject({ granted: 0, refused: 0 });
    expect(readConsent(inputOf(`${cookies}; ${ALL}`), site).granted).toBe(P | S | M);
  });

  it.each(STATELESS)('leaves a refusal what it is: %s', (cookies) => {
    const refusal = choice(cookiebotOf(false, false).replace('preferences:true', 'preferences:false'));
    expect(readConsent(inputOf(`${cookies}; ${refusal}`), siteOf(everything))).toMatchObject({
      granted: 0,
      refused: P | S | M,
    });
  });
});
