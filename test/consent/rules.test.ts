import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PLATFORMS } from '../../src/consent/platforms/index.ts';
import { AD_SIGNALS, ALL_SIGNALS } from '../../src/core/signals.ts';
import { inputOf, M, NOW, P, purposes, S, siteOf, readConsent } from './site.ts';

const DAY = 86_400_000;
const at = (time: number) => Math.floor(time / 1000);
const bridge = (bits: string, time = NOW - DAY) => `pv_consent=1.${bits}.${at(time)}`;
const cookiebot = (p: boolean, s: boolean, m: boolean, rest = "method:'explicit',utc:1789371065123,region:'no'") =>
  `CookieConsent=${encodeURIComponent(`{stamp:'AAAAAAAAAAAAAAAAAAAA',necessary:true,preferences:${p},statistics:${s},marketing:${m},${rest}}`)}`;
const wix = (p: number, s: number, m: number) =>
  `consent-policy=${encodeURIComponent(JSON.stringify({ func: p, anl: s, adv: m }))}`;

const vectors = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8')) as readonly {
  readonly id: string;
  readonly cookie: string;
}[];
const vector = (id: string) => vectors.find((each) => each.id === id)?.cookie ?? '';

describe('silence and garbage (R11)', () => {
  it('grants nothing and refuses nothing without a cookie', () => {
    expect(readConsent(inputOf(''), siteOf(['cookiebot', 'tcf']))).toMatchObject({
      granted: 0,
      refused: 0,
      withheld: 0,
      at: undefined,
      platform: undefined,
      terms: undefined,
      vendorless: ALL_SIGNALS,
      conflict: false,
      readings: [],
    });
  });

  it('refuses what was switched off in a choice, and only that', () => {
    const consent = readConsent(inputOf(bridge('p0s1m0')), siteOf(['bridge']));
    expect(consent).toMatchObject({ granted: S, refused: P | M, withheld: 0, platform: 'bridge', version: '1' });
  });

  it('withholds everything on what cannot be read', () => {
    const consent = readConsent(inputOf('pv_consent=yes'), siteOf(['bridge']));
    expect(consent).toMatchObject({ granted: 0, refused: 0, withheld: ALL_SIGNALS });
  });

  it('reads no platform the site does not list', () => {
    expect(readConsent(inputOf(cookiebot(true, true, true)), siteOf(['onetrust'])).granted).toBe(0);
  });

  it('withholds everything where the header cannot be read, under opt-out, too', () => {
    const site = siteOf(['bridge'], { regime: 'opt-out', withoutChoice: 'granted' });
    expect(readConsent(inputOf(''), site).granted).toBe(ALL_SIGNALS);
    for (const header of ['a=\u0000', `a=${'b'.repeat(9_000)}`, 'a=b; '.repeat(500), 'c'.repeat(40_000)]) {
      expect(readConsent(inputOf(header), site).granted).toBe(0);
    }
  });

  it('does not read a hundred copies of a cookie', () => {
    const consent = readConsent(inputOf(`${bridge('p1s1m1')}; `.repeat(100)), siteOf(['bridge']));
    expect(consent).toMatchObject({ granted: 0, withheld: ALL_SIGNALS });
  });
});

describe('what was never asked', () => {
  it.each([
    ['cookiebot-29', 'cookiebot', P],
    ['onetrust-08', 'onetrust', M],
    ['iubenda-03', 'iubenda', 0],
    ['squarespace-03', 'squarespace', M],
    ['moove-01', 'moove', M],
    ['klaro-05', 'klaro', 0],
    ['matomo-01', 'matomo', 0],
  ])('is not refused: %s', (id, name, refused) => {
    expect(readConsent(inputOf(vector(id)), siteOf([name])).refused).toBe(refused);
  });
});

describe('the most restrictive wins (R92, rule 4)', () => {
  const bit = fc.boolean();
  const bits = fc.tuple(bit, bit, bit);
  const site = siteOf(['cookiebot', 'wix', 'bridge']);
  const mask = ([p, s, m]: readonly [boolean, boolean, boolean]) => (p ? P : 0) | (s ? S : 0) | (m ? M : 0);
  const digits = ([p, s, m]: readonly [boolean, boolean, boolean]) => `p${+p}s${+s}m${+m}`;

  it('is what all platforms agree on', () => {
    fc.assert(
      fc.property(bits, bits, bits, (a, b, c) => {
        const header = `${cookiebot(...a)}; ${bridge(digits(c))}; ${wix(+b[0], +b[1], +b[2])}`;
        const consent = readConsent(inputOf(header), site);
        expect(consent.granted).toBe(mask(a) & mask(b) & mask(c));
        expect(consent.refused).toBe((P | S | M) & ~(mask(a) & mask(b) & mask(c)));
        expect(consent.conflict).toBe(mask(a) !== mask(b) || mask(b) !== mask(c));
      }),
    );
  });

  it('is what all copies of one cookie agree on', () => {
    fc.assert(
      fc.property(bits, bits, (a, b) => {
        const consent = readConsent(inputOf(`${bridge(digits(a))}; ${bridge(digits(b))}`), siteOf(['bridge']));
        expect(consent.granted).toBe(mask(a) & mask(b));
        expect(consent.conflict).toBe(mask(a) !== mask(b));
      }),
    );
  });

  /** One acceptance of each platform, none of which needs a mapping. */
  const accepted = [
    ['cookiebot', cookiebot(true, true, true)],
    ['cookie-information', vector('cookieinformation-05')],
    ['onetrust', vector('onetrust-01')],
    ['tcf', vector('tcf-01')],
    ['cookieyes', vector('cookieyes-01')],
    ['vanilla-cookieconsent', vector('cookieconsent-orestbida-01')],
    ['osano-cookieconsent', vector('cookieconsent-osano-oss-01')],
    ['hubspot', vector('hubspot-02')],
    ['wix', vector('wix-01')],
    ['bridge', bridge('p1s1m1')],
  ] as const;
  const pairs = accepted.flatMap(([a, cookieA]) =>
    accepted.filter(([b]) => b !== a).map(([b, cookieB]) => [a, b, cookieA, cookieB] as const),
  );

  it.each(pairs)('%s and %s: both accept', (a, b, cookieA, cookieB) => {
    const consent = readConsent(inputOf(`${cookieA}; ${cookieB}`), siteOf([a, b]));
    expect(consent.granted).toBe(P | S | M);
    expect(consent.conflict).toBe(false);
  });

  it.each(pairs)('%s accepts, %s cannot be read', (a, b, cookieA, cookieB) => {
    const name = cookieB.includes('OptanonConsent') ? 'OptanonConsent' : cookieB.slice(0, cookieB.indexOf('='));
    const consent = readConsent(inputOf(`${cookieA}; ${name}=%`), siteOf([a, b]));
    expect(consent.granted).toBe(0);
  });

  it.each(pairs)('%s accepts, %s is absent', (a, b, cookieA) => {
    expect(readConsent(inputOf(cookieA), siteOf([a, b])).granted).toBe(P | S | M);
  });

  it('takes GPC, US opt-outs and consent mode away from any platform', () => {
    for (const [name, cookie] of accepted) {
      const site = siteOf([name]);
      expect(readConsent(inputOf(cookie, { gpc: true }), site)).toMatchObject({ granted: P | S, refused: AD_SIGNALS });
      expect(readConsent(inputOf(cookie, { gcs: 'G110' }), site).granted).toBe(P | M);
      expect(readConsent(inputOf(`${cookie}; usprivacy=1YYN`), site).granted).toBe(P | S);
      expect(readConsent(inputOf(`${cookie}; OTGPPConsent=DBABLA~BVQVAAAAAAGA.YA`), site).granted).toBe(P | S);
      // What cannot be read states no opt-out; where the site lists the platform, it may hold one.
      const misplaced = `${cookie}; OTGPPConsent=${vector('tcf-01').slice(13)}`;
      expect(readConsent(inputOf(misplaced), site).granted).toBe(P | S | M);
      expect(readConsent(inputOf(misplaced), siteOf([name, 'gpp'])).granted).toBe(0);
    }
  });

  it('grants nothing on GPC, US strings or consent mode alone', () => {
    const input = inputOf('usprivacy=1YNN; OTGPPConsent=DBABLA~CVQqAAAAAACA.QA', { gpc: true, gcs: 'G111' });
    expect(readConsent(input, siteOf(['usprivacy', 'gpp', 'cookiebot'])).granted).toBe(0);
  });
});

describe('time (design 3)', () => {
  const read = (time: number, site = siteOf(['bridge'])) => readConsent(inputOf(bridge('p1s1m1', time)), site);

  it('believes a clock that is a day ahead, not more, and makes no choice later than its hit', () => {
    expect(read(NOW + DAY)).toMatchObject({ granted: P | S | M, at: NOW });
    expect(read(NOW + DAY + 2_000)).toMatchObject({ granted: 0, withheld: ALL_SIGNALS, at: undefined });
  });

  it('counts a choice older than the site allows as none', () => {
    const site = siteOf(['bridge'], { maxAge: 365 * DAY });
    expect(read(NOW - 365 * DAY, site)).toMatchObject({ granted: P | S | M, at: NOW - 365 * DAY });
    expect(read(NOW - 365 * DAY - 1000, site).granted).toBe(0);
  });

  it('counts a choice without a time as none where the age is limited', () => {
    const cookie = vector('cookiefirst-04');
    expect(readConsent(inputOf(cookie), siteOf(['cookiefirst'])).granted).toBe(P | S | M);
    expect(readConsent(inputOf(cookie), siteOf(['cookiefirst'], { maxAge: 365 * DAY })).granted).toBe(0);
  });

  it('does not let an old refusal lapse into a grant', () => {
    const site = siteOf(['bridge'], { maxAge: DAY, regime: 'opt-out', withoutChoice: 'granted' });
    const consent = readConsent(inputOf(bridge('p0s0m0', NOW - 10 * DAY)), site);
    expect(consent.granted & (P | S | M)).toBe(0);
    expect(consent.refused).toBe(P | S | M);
  });

  it('heeds the end the platform itself has set', () => {
    const cookie = vector('cookieconsent-orestbida-01');
    const expiry = 1_805_095_865_123;
    const site = siteOf(['vanilla-cookieconsent']);
    expect(readConsent(inputOf(cookie, { at: expiry - 1 }), site).granted).toBe(P | S | M);
    expect(readConsent(inputOf(cookie, { at: expiry }), site).granted).toBe(0);
  });

  it('judges a reading it has seen before by the clock of now', () => {
    const site = siteOf(['bridge'], { maxAge: DAY });
    const cookie = bridge('p1s1m1', NOW);
    expect(readConsent(inputOf(cookie), site).granted).toBe(P | S | M);
    expect(readConsent(inputOf(cookie, { at: NOW + 2 * DAY }), site).granted).toBe(0);
    expect(readConsent(inputOf(cookie, { at: NOW - 2 * DAY }), site).granted).toBe(0);
    expect(readConsent(inputOf(cookie), site).granted).toBe(P | S | M);
  });

  it('names the oldest of several choices, and none if one has no time', () => {
    const site = siteOf(['bridge', 'wix', 'cookiebot']);
    const both = `${cookiebot(true, true, true)}; ${bridge('p1s1m1', NOW - DAY)}`;
    expect(readConsent(inputOf(both), site).at).toBe(1_789_371_065_123);
    expect(readConsent(inputOf(`${both}; ${wix(1, 1, 1)}`), site).at).toBeUndefined();
  });
});

describe('GPC and regimes (R88, R89)', () => {
  it('records GPC without honouring it where the site says so', () => {
    const consent = readConsent(inputOf(bridge('p1s1m1'), { gpc: true }), siteOf(['bridge'], { honourGpc: false }));
    expect(consent.granted).toBe(P | S | M);
    expect(consent.readings.map(({ source }) => source)).toContain('gpc');
  });

  it('grants without a choice only under opt-out, only where the site says so, only to the United States', () => {
    const site = siteOf(['bridge'], { regime: 'opt-out', withoutChoice: 'granted' });
    expect(readConsent(inputOf(''), site).granted).toBe(ALL_SIGNALS);
    expect(readConsent(inputOf('', { country: 'US' }), site).granted).toBe(ALL_SIGNALS);
    for (const country of ['NO', 'DE', 'GB', 'CH', 'CA', 'IN', 'XX']) {
      expect(readConsent(inputOf('', { country }), site).granted).toBe(0);
    }
    expect(readConsent(inputOf(''), { ...site, withoutChoice: 'denied' }).granted).toBe(0);
    expect(readConsent(inputOf(''), { ...site, regime: 'opt-in' }).granted).toBe(0);
  });

  it('heeds GPC under opt-out', () => {
    const site = siteOf(['bridge'], { regime: 'opt-out', withoutChoice: 'granted' });
    expect(readConsent(inputOf('', { gpc: true }), site).granted & AD_SIGNALS).toBe(0);
  });
});

describe('mapping', () => {
  it('takes a signal that several services carry when one of them is allowed', () => {
    const mapping = new Map([['klaro', purposes({ ads: M, pixel: M, matomo: S })]]);
    const site = siteOf(['klaro'], { mapping });
    const klaro = (services: unknown) => inputOf(`klaro=${encodeURIComponent(JSON.stringify(services))}`);
    expect(readConsent(klaro({ ads: true, pixel: true, matomo: false }), site).granted).toBe(M);
    expect(readConsent(klaro({ ads: true, pixel: false, matomo: true }), site).granted).toBe(S | M);
    expect(readConsent(klaro({ ads: false, pixel: false, matomo: true }), site).granted).toBe(S);
    expect(readConsent(klaro({ ads: true }), site).granted).toBe(M);
    expect(readConsent(klaro({ ads: 'true', matomo: 1 }), site).granted).toBe(0);
  });

  it('takes a signal only if every category mapped to it was accepted', () => {
    const mapping = new Map([['civic', purposes({ ads: M, profiling: M, analytics: S })]]);
    const site = siteOf(['civic'], { mapping });
    const civic = (categories: unknown) =>
      inputOf(`CookieControl=${JSON.stringify({ interactedWith: true, optionalCookies: categories })}`);
    const all = { ads: 'accepted', profiling: 'accepted', analytics: 'accepted' };
    expect(readConsent(civic(all), site).granted).toBe(S | M);
    expect(readConsent(civic({ ...all, profiling: 'revoked' }), site).granted).toBe(S);
  });

  it('reads a renamed cookie, and no longer the usual one', () => {
    const mapping = new Map([['vanilla-cookieconsent', { cookie: 'my_cc' }]]);
    const site = siteOf(['vanilla-cookieconsent'], { mapping });
    const cookie = vector('cookieconsent-orestbida-01');
    expect(readConsent(inputOf(cookie.replace('cc_cookie', 'my_cc')), site).granted).toBe(P | S | M);
    expect(readConsent(inputOf(cookie), site).granted).toBe(0);
  });

  it('replaces the usual names of categories', () => {
    const cookie = vector('cookieconsent-orestbida-01');
    const mapping = new Map([['vanilla-cookieconsent', purposes({ analytics: S })]]);
    expect(readConsent(inputOf(cookie), siteOf(['vanilla-cookieconsent'], { mapping })).granted).toBe(S);
  });

  it('maps categories to the signals the site has chosen', () => {
    const categories = { preferences: 0, statistics: S | P, marketing: M };
    expect(readConsent(inputOf(bridge('p0s1m0')), siteOf(['bridge'], { categories })).granted).toBe(S | P);
  });
});

describe('TCF (R90)', () => {
  const all = vector('tcf-01');
  const route = (name: string, tcfVendor: number) => ({
    name,
    vendor: name,
    tcfVendor,
    needs: S,
    service: name,
  });
  const routes = [route('google', 755), route('unheard_of', 9_999)];
  const site = siteOf(['tcf', 'cookiebot'], { vendors: [755, 9_999], routes });

  it('says for each vendor whether it is allowed, and that nothing else grants', () => {
    const consent = readConsent(inputOf(all), site);
    expect(consent.vendorless).toBe(0);
    expect([...(consent.terms ?? [])]).toEqual([
      ['google', { consented: ALL_SIGNALS, open: ALL_SIGNALS }],
      ['unheard_of', { consented: 0, open: ALL_SIGNALS }],
    ]);
  });

  it('is not alone beside another choice, whatever that says', () => {
    expect(readConsent(inputOf(`${all}; ${cookiebot(true, true, true)}`), site).vendorless).toBe(ALL_SIGNALS);
  });

  it('gives vendors without an id what the mapping lists for them', () => {
    const mapping = new Map([['tcf', purposes({ vendorless: M })]]);
    expect(readConsent(inputOf(all), { ...site, mapping }).vendorless).toBe(M);
  });

  it('maps purposes as the site says, never without purpose 1', () => {
    const mapping = new Map([['tcf', purposes({ 8: S, 9: S, 3: M })]]);
    expect(readConsent(inputOf(vector('tcf-07')), { ...site, mapping }).granted).toBe(S);
    expect(readConsent(inputOf(vector('tcf-08')), { ...site, mapping }).granted).toBe(0);
  });

  it('takes together what two strings say of a vendor', () => {
    const consent = readConsent(inputOf(`${all}; ${vector('tcf-09')}`), site);
    expect(consent.granted).toBe(P | S | M);
    expect(consent.terms?.get('google')?.consented).toBe(0);
  });

  it('wants disclosed vendors from 1 March 2026 on (README 1.1)', () => {
    // Days since 1970 in the 36 bits of tenths of a second after `created`.
    const [core = ''] = vector('tcf-15').slice(13).split('.');
    const dated = (time: number) => {
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      const text = Array.from({ length: 6 }, (_, i) => alphabet[Math.floor(time / 100 / 64 ** (5 - i)) % 64]).join('');
      return `euconsent-v2=${core.slice(0, 7)}${text}${core.slice(13)}`;
    };
    expect(readConsent(inputOf(dated(Date.UTC(2026, 1, 28))), site).granted).toBe(S | M);
    expect(readConsent(inputOf(dated(Date.UTC(2026, 2, 1))), site)).toMatchObject({
      granted: 0,
      withheld: ALL_SIGNALS,
    });
  });
});

describe('platforms', () => {
  it('have names, and cookies or a bridge, of their own', () => {
    const names = PLATFORMS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, cookies, bridged } of PLATFORMS) {
      expect(name).toMatch(/^[a-z]+(?:-[a-z]+)*$/);
      expect(cookies.length > 0 || bridged === true).toBe(true);
    }
  });

  it.each(PLATFORMS.filter(({ bridged }) => bridged === true).map(({ name }) => name))(
    '%s speaks by the bridge',
    (name) => {
      expect(readConsent(inputOf(bridge('p0s1m1')), siteOf([name])).granted).toBe(S | M);
    },
  );

  it('lets the bridge speak where Sourcepoint leaves only an id', () => {
    const header = `${vector('sourcepoint-02')}; ${bridge('p1s1m0')}`;
    expect(readConsent(inputOf(header), siteOf(['sourcepoint'])).granted).toBe(P | S);
  });

  it.each(PLATFORMS.filter(({ needsMapping }) => needsMapping === true).map(({ name }) => name))(
    '%s grants nothing without a mapping',
    (name) => {
      const own = vectors.filter(({ id }) => id.replace(/-\d+$/, '').replace(/-/g, '') === name.replace(/-/g, ''));
      expect(own.length).toBeGreaterThan(0);
      // One word for everything needs no mapping.
      const wordless = own.filter(({ cookie }) => !/cookie_notice|consent:true%7C|__cmpconsent/.test(cookie));
      for (const { cookie } of wordless) expect(readConsent(inputOf(cookie), siteOf([name])).granted).toBe(0);
    },
  );
});
