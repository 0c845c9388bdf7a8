import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountOf } from '../../src/ledger/account.ts';
import { createWindows } from '../../src/ledger/windows.ts';
import { decideRequest } from '../../src/decide/request.ts';
import type { Trace } from '../../src/decide/trace.ts';
import type { Gateway } from '../../src/policy/gateway.ts';
import { cookiebot, gatewayOf, NOW, webHit } from '../support/hits.ts';

/*
 * What the comments of each profile promise, held against random visitors: the requests are looked at as text, after
 * undoing percent-encoding, without asking the gateway what it decided.
 */

const yaml = (name: string) => readFileSync(new URL(`../../config/presets/${name}.yaml`, import.meta.url), 'utf8');

const seconds = (days: number) => Math.floor((NOW - days * 86_400_000) / 1000);

/** Everything that could name this visitor; no value is part of another one or of a configuration. */
const SECRETS = {
  gclid: 'Cj0KClickOfGoogle',
  fbclid: 'IwARClickOfMeta',
  msclkid: 'aaaabbbbccccddddeeeeffff00001111',
  li_fat_id: '77777777-2222-4333-8444-555555555555',
  fbp: `fb.1.${NOW - 86_400_000}.7771098115`,
  email: 'kari.nordmann@example.no',
  user: 'crm-7770042',
  ip: '198.51.100.77',
  order: 'ORDER-777-31',
  coupon: 'COUPON-777',
  member: 'member-777-9',
  campaign: 'november-letter-777',
  screen: '1777x977',
  referrer: 'forum777.example',
};

type Said = 'nothing yet' | 'garbage' | { readonly statistics: boolean; readonly marketing: boolean };

/** What the tag's consent mode says: `p` nobody has asked yet, `q` refused, `r` granted (ad, analytics, ad user data). */
const TAGS = {
  none: {},
  unasked: { gcs: 'G100', gcd: '13p3p3p3p5' },
  refused: { gcs: 'G100', gcd: '13q3q3q3q5' },
  statistics: { gcs: 'G101', gcd: '13q3r3q3q5' },
  marketing: { gcs: 'G110', gcd: '13r3q3r3r5' },
  everything: { gcs: 'G111', gcd: '13r3r3r3r5' },
  nonsense: { gcs: 'nonsense' },
} as const;

interface Visit {
  readonly said: Said;
  readonly gpc: boolean;
  readonly tag: keyof typeof TAGS;
  readonly idDays: number;
  readonly event: 'page_view' | 'purchase' | 'scroll';
  readonly path: string;
  readonly clicks: boolean;
}

/** Weighted so that of 400 visits a dozen reach every vendor: an even draw had none that did in one run of twenty. */
const visits: fc.Arbitrary<Visit> = fc.record({
  said: fc.oneof(
    fc.constant<Said>({ statistics: true, marketing: true }),
    fc.constant<Said>({ statistics: true, marketing: true }),
    fc.constant<Said>('nothing yet'),
    fc.constant<Said>('garbage'),
    fc.record({ statistics: fc.boolean(), marketing: fc.boolean() }),
    fc.record({ statistics: fc.boolean(), marketing: fc.boolean() }),
  ),
  gpc: fc.constantFrom(false, false, false, true),
  tag: fc.constantFrom('none', 'none', 'unasked', 'refused', 'statistics', 'marketing', 'everything', 'nonsense'),
  idDays: fc.integer({ min: 0, max: 30 }),
  event: fc.constantFrom('page_view', 'purchase', 'purchase', 'scroll'),
  path: fc.constantFrom('/', '/krus', '/takk', '/helse/prove', '/HELSE/x', '/helsekost'),
  clicks: fc.constantFrom(true, true, false),
});

/** What the visitor's choices leave, as the profile's first comment puts it: worked out here, from the visit alone. */
function allowed({ said, gpc, tag }: Visit, interest: boolean) {
  const choice = typeof said === 'string' ? undefined : said;
  const tagAllows = (purpose: 'statistics' | 'marketing') => ['none', 'everything', purpose].includes(tag);
  // On legitimate interest what counts is whether somebody objected; that nobody has asked yet is no objection.
  const statistics = interest
    ? (choice?.statistics ?? said === 'nothing yet') && (tag === 'unasked' || tagAllows('statistics'))
    : choice?.statistics === true && tagAllows('statistics');
  return { statistics, marketing: choice?.marketing === true && !gpc && tagAllows('marketing') };
}

interface Preset {
  readonly name: string;
  readonly gateway: Gateway;
  readonly host: string;
  readonly origin: string;
  readonly cookies: (said: Said) => string;
}

function cookieInformation(statistics: boolean, marketing: boolean): string {
  const of = (wanted: boolean) => [
    ...(statistics === wanted ? ['cookie_cat_statistic'] : []),
    ...(marketing === wanted ? ['cookie_cat_marketing'] : []),
  ];
  const value = {
    user_uid: 'x',
    timestamp: new Date(NOW - 3_600_000).toISOString(),
    consents_approved: ['cookie_cat_necessary', ...of(true)],
    consents_denied: ['cookie_cat_functional', ...of(false)],
  };
  return `CookieInformationConsent=${encodeURIComponent(JSON.stringify(value))}`;
}

const cookiebotSays = (said: Said) =>
  said === 'nothing yet' ? '' : said === 'garbage' ? 'CookieConsent={statistics:tru' : cookiebot(said);

const strict: Preset = {
  name: 'strict',
  gateway: gatewayOf(yaml('strict')),
  host: 'metrics.example.no',
  origin: 'https://shop.example.no',
  cookies: cookiebotSays,
};
const interest: Preset = {
  ...strict,
  name: 'legitimate-interest-statistics',
  gateway: gatewayOf(yaml('legitimate-interest-statistics')),
  cookies: (said) =>
    said === 'nothing yet'
      ? ''
      : said === 'garbage'
        ? 'CookieInformationConsent=%7B%22consents'
        : cookieInformation(said.statistics, said.marketing),
};
const cnil: Preset = {
  name: 'cnil-proxy',
  gateway: gatewayOf(yaml('cnil-proxy')),
  host: 'mesure.example.com',
  origin: 'https://www.example.com',
  cookies: cookiebotSays,
};

const windows = createWindows(() => new Uint8Array(32).fill(9));

function visited(visit: Visit, { gateway, host, origin, cookies }: Preset) {
  const cid = `7774823105.${seconds(visit.idDays)}`;
  const clicks = visit.clicks
    ? `&gclid=${SECRETS.gclid}&fbclid=${SECRETS.fbclid}&msclkid=${SECRETS.msclkid}&li_fat_id=${SECRETS.li_fat_id}`
    : '';
  const query = {
    v: '2',
    tid: 'G-TEST000001',
    cid,
    sid: String(seconds(0) - 777),
    sct: '7',
    _p: '1777169690123',
    en: visit.event,
    dl: `${origin}${visit.path}?utm_source=x777&epost=${encodeURIComponent(SECRETS.email)}${clicks}#p777`,
    dr: `https://${SECRETS.referrer}/thread?q=777`,
    sr: SECRETS.screen,
    uid: SECRETS.user,
    cn: SECRETS.campaign,
    _uip: SECRETS.ip,
    'ep.member': SECRETS.member,
    'ep.mail': SECRETS.email,
    ...TAGS[visit.tag],
    ...(visit.event === 'purchase'
      ? { 'epn.value': '99', cu: 'NOK', 'ep.transaction_id': SECRETS.order, 'ep.coupon': SECRETS.coupon }
      : {}),
  };
  const headers = {
    origin,
    cookie: [cookies(visit.said), `_ga=GA1.1.${cid}`, `_fbp=${SECRETS.fbp}`].filter((one) => one !== '').join('; '),
    'user-agent': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0.7777.41 Safari/537.36',
    'x-forwarded-for': SECRETS.ip,
    ...(visit.gpc ? { 'sec-gpc': '1' } : {}),
  };
  const hit = webHit(query, { host, headers });
  const done = decideRequest(hit, gateway, windows.at(gateway, hit.at));
  if (!('trace' in done)) throw new Error(JSON.stringify(done.problem));
  windows.count(accountOf(done.trace, false));
  return { cid, requests: requestsOf(done.trace), setCookies: done.trace.setCookies };
}

/** Every request that would go out, by route, as one text with its percent-encoding undone. */
function requestsOf(trace: Trace): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const { routes } of trace.events) {
    for (const { route, plan, outcome } of routes) {
      expect(outcome).not.toBe('failed');
      if (plan === undefined) continue;
      const request = JSON.stringify(route.bound.request(plan.envelope, [plan.element]));
      texts[route.name] = `${request}\n${decodeURIComponent(request.replaceAll(/%(?![0-9A-Fa-f]{2})/g, '%25'))}`;
    }
  }
  return texts;
}

const CLICKS = [SECRETS.gclid, SECRETS.fbclid, SECRETS.msclkid, SECRETS.li_fat_id];
const NEVER = [SECRETS.ip, '198.51.100', SECRETS.email, '142.0.7777', 'p777', 'q=777'];
const AD_VENDORS = ['google_ads', 'meta', 'linkedin', 'microsoft_ads'];

function holdsNone(text: string, words: readonly string[]): void {
  for (const word of words) expect(text).not.toContain(word);
}

/** Cookies set rather than expired. */
const lasting = (setCookies: readonly string[]) => setCookies.filter((cookie) => !/Max-Age=0(;|$)/.test(cookie));

const RUNS = { numRuns: 400 };

/** Whether a profile with one line changed no longer holds what it promises. */
function fails(
  holds: (preset: Preset) => fc.IProperty<[Visit]>,
  preset: Preset,
  from: string | RegExp,
  to: string,
): boolean {
  const changed = yaml(preset.name).replace(from, to);
  if (changed === yaml(preset.name)) throw new Error('there is no such line');
  return fc.check(holds({ ...preset, gateway: gatewayOf(changed) }), RUNS).failed;
}

const strictHolds = (preset: Preset, seen = new Set<string>()) =>
  fc.property(visits, (visit) => {
    const { cid, requests, setCookies } = visited(visit, preset);
    const { statistics, marketing } = allowed(visit, false);
    const hidden = /^\/helse\//i.test(visit.path);
    const reached = Object.keys(requests);
    expect(reached.includes('ga4')).toBe(statistics && !hidden);
    if (!marketing || hidden || visit.event !== 'purchase')
      expect(reached.filter((route) => AD_VENDORS.includes(route))).toEqual([]);
    if (!statistics && !marketing) expect(lasting(setCookies)).toEqual([]);
    const all = Object.values(requests).join('\n');
    holdsNone(all, [...NEVER, SECRETS.referrer, 'utm_source']);
    if (!marketing) holdsNone(`${all}${lasting(setCookies).join()}`, [...CLICKS, SECRETS.fbp, SECRETS.user]);
    if (visit.idDays >= 7) holdsNone(`${all}${lasting(setCookies).join()}`, [cid]);
    reached.forEach((route) => seen.add(route));
  });

describe('strict: nothing before consent, as little as possible with it', () => {
  it('holds for any visitor', () => {
    const seen = new Set<string>();
    fc.assert(strictHolds(strict, seen), RUNS);
    // The visitors were not all silent ones.
    expect([...seen].sort()).toEqual(['ga4', 'google_ads', 'linkedin', 'meta', 'microsoft_ads']);
  });

  it.each([
    ['statistics before consent', 'analytics: { basis: consent }', 'analytics: { basis: legitimate_interest }'],
    ['campaigns kept', 'url_query: []', 'url_query: [utm_source]'],
    ['the referring site kept', 'referrer: none', 'referrer: origin'],
    ['health pages forwarded', '"/helse/**", ', ''],
    ['an identifier for a month', 'analytics: 7d', 'analytics: 30d'],
    ['Global Privacy Control not honoured', '[gpc, consent-mode]', '[consent-mode]'],
    ['what the tag says not honoured', '[gpc, consent-mode]', '[gpc]'],
  ])('negative control: %s is noticed', (_, from, to) => expect(fails(strictHolds, strict, from, to)).toBe(true));
});

const interestHolds = (preset: Preset, seen = new Set<string>()) =>
  fc.property(visits, (visit) => {
    const { cid, requests, setCookies } = visited(visit, preset);
    const { statistics, marketing } = allowed(visit, true);
    const hidden = /^\/helse\//i.test(visit.path);
    const reached = Object.keys(requests);
    expect(reached.includes('ga4')).toBe(statistics && !hidden);
    if (!marketing || hidden)
      expect(reached.filter((route) => ['meta', 'linkedin', 'microsoft_ads'].includes(route))).toEqual([]);
    // The ping is for conversions, and there is one: nothing else reaches Google Ads without consent.
    if (!marketing && !hidden) expect(reached.includes('google_ads')).toBe(visit.event === 'purchase');
    if (!marketing && requests['google_ads'] !== undefined) {
      const { google_ads: ping } = requests;
      holdsNone(ping, [...Object.values(SECRETS), cid, '7774823105', 'sid=']);
      expect(ping).toContain('label=AbC-D_efG1234');
    }
    const all = Object.values(requests).join('\n');
    holdsNone(all, [...NEVER, `${SECRETS.referrer}/thread`]);
    if (!marketing) holdsNone(`${all}${lasting(setCookies).join()}`, [...CLICKS, SECRETS.fbp, SECRETS.user]);
    if (visit.idDays >= 7) holdsNone(`${all}${lasting(setCookies).join()}`, [cid]);
    else if (statistics && !hidden) expect(requests['ga4']).toContain(`cid=${cid}`);
    reached.forEach((route) => seen.add(route));
  });

describe('legitimate-interest-statistics: counted until the visitor objects, advertising on consent', () => {
  it('holds for any visitor', () => {
    const seen = new Set<string>();
    fc.assert(interestHolds(interest, seen), RUNS);
    expect([...seen].sort()).toEqual(['ga4', 'google_ads', 'linkedin', 'meta', 'microsoft_ads']);
  });

  it.each([
    ['statistics on consent', 'analytics: { basis: legitimate_interest }', 'analytics: { basis: consent }'],
    [
      'advertising without consent',
      'ads: { basis: consent, on_objection: limited }',
      'ads: { basis: legitimate_interest }',
    ],
    ['no ping', 'without_consent: limited', 'without_consent: block'],
    ['an identifier for a month', 'analytics: 7d', 'analytics: 30d'],
    ['the path of the referring page', 'referrer: origin', 'referrer: path'],
    ['Global Privacy Control not honoured', '[gpc, consent-mode]', '[consent-mode]'],
  ])('negative control: %s is noticed', (_, from, to) => expect(fails(interestHolds, interest, from, to)).toBe(true));
});

describe('cnil-proxy: what a proxy must take away', () => {
  /** Every key that may leave, and what its value may be (R9). */
  const MAY: Readonly<Record<string, RegExp>> = {
    v: /^2$/,
    tid: /^G-TEST000001$/,
    cid: /^\d{1,7}\.\d{10}$/,
    sid: /^\d{10}$/,
    en: /^(page_view|purchase|scroll)$/,
    // R6: own host and path, nothing behind it.
    dl: /^https:\/\/www\.example\.com\/[a-zA-Z/]*$/,
    gcs: /^G1[01-][01-]$/,
    gcd: /^1[0-9a-z]{7,12}$/,
    npa: /^[01]$/,
    dma: /^[01]$/,
    dma_cps: /^[a-z-]{1,12}$/,
    pscdl: /^[a-z]+$/,
    cu: /^NOK$/,
    'epn.value': /^99$/,
  };

  const cnilHolds = (preset: Preset, seen = new Set<string>()) =>
    fc.property(visits, (visit) => {
      const { cid, requests, setCookies } = visited(visit, preset);
      const { statistics, marketing } = allowed(visit, false);
      expect(Object.keys(requests)).toEqual(statistics ? ['ga4'] : []);
      if (!statistics && !marketing) expect(lasting(setCookies)).toEqual([]);
      holdsNone(lasting(setCookies).join(), CLICKS);
      const text = requests['ga4'];
      if (text === undefined) return;
      seen.add(visit.event);
      holdsNone(text, [...Object.values(SECRETS), ...NEVER, cid, '7774823105', 'utm_source', '1777169690123']);
      const { url } = JSON.parse(text.slice(0, text.indexOf('\n'))) as { url: string };
      for (const [key, value] of new URL(url).searchParams) {
        expect([key, MAY[key]?.test(value) === true, value]).toEqual([key, true, value]);
      }
      expect(Number(new URL(url).searchParams.get('sid')) % 3600).toBe(0);
    });

  it('holds for any visitor', () => {
    const seen = new Set<string>();
    fc.assert(cnilHolds(cnil, seen), RUNS);
    expect([...seen].sort()).toEqual(['page_view', 'purchase', 'scroll']);
  });

  it.each([
    ['ids kept', /replaced_ids:[\s\S]*?\n\n/, '\n'],
    ['what the tag says not honoured', '[gpc, consent-mode]', '[gpc]'],
    ['a parameter let through', '# params: [percent_scrolled]', 'params: [member]'],
  ])('negative control: %s is noticed', (_, from, to) => expect(fails(cnilHolds, cnil, from, to)).toBe(true));

  it('drops and counts what it does not know, wherever it stands (R9)', () => {
    const name = fc.stringMatching(/^[a-z]{3,12}$/).map((text) => `zz_${text}`);
    const value = fc.stringMatching(/^[A-Za-z0-9]{8,20}$/).map((text) => `Unknown${text}`);
    fc.assert(
      fc.property(fc.dictionary(name, value, { minKeys: 1, maxKeys: 5 }), (unknown) => {
        const hit = webHit(
          {
            v: '2',
            tid: 'G-TEST000001',
            cid: `1.${seconds(0) - 60}`,
            en: 'page_view',
            dl: `${cnil.origin}/`,
            ...unknown,
          },
          { host: cnil.host, headers: { origin: cnil.origin, cookie: cookiebot({ statistics: true }) } },
        );
        const done = decideRequest(hit, cnil.gateway, windows.at(cnil.gateway, hit.at));
        if (!('trace' in done)) throw new Error('refused');
        const text = requestsOf(done.trace)['ga4'] ?? '';
        expect(text).toContain('en=page_view');
        holdsNone(text, [...Object.keys(unknown), ...Object.values(unknown)]);
        expect(done.trace.unknownKeys).toBe(Object.keys(unknown).length);
      }),
      { numRuns: 200 },
    );
  });

  it('sends addresses of its own pages only, as origin and path (R5, R6)', () => {
    const url = fc.oneof(
      fc.webUrl({ withQueryParameters: true, withFragments: true }),
      fc
        .tuple(
          fc.constantFrom('www.example.com', 'www.example.com.evil.example', 'evil.example', 'user@www.example.com'),
          fc.webPath(),
          fc.webQueryParameters(),
          fc.webFragments(),
        )
        .map(([host, path, query, hash]) => `https://${host}${path}?${query}#${hash}`),
    );
    let own = 0;
    fc.assert(
      fc.property(url, url, (dl, dr) => {
        const hit = webHit(
          { v: '2', tid: 'G-TEST000001', cid: `1.${seconds(0) - 60}`, en: 'page_view', dl, dr, 'ep.link_url': dl },
          { host: cnil.host, headers: { origin: cnil.origin, cookie: cookiebot({ statistics: true }) } },
        );
        const done = decideRequest(hit, cnil.gateway, windows.at(cnil.gateway, hit.at));
        if (!('trace' in done)) throw new Error('refused');
        const plan = done.trace.events[0]?.routes[0]?.plan;
        const sent = new URLSearchParams(plan?.element.split('\n').slice(0, 2).join('&'));
        expect(sent.get('en')).toBe('page_view');
        for (const key of ['dl', 'dr']) {
          const address = sent.get(key);
          if (address === null) continue;
          own++;
          expect(address).toMatch(/^https:\/\/www\.example\.com\/[^?#;]*$/);
        }
        expect(sent.has('ep.link_url')).toBe(false);
      }),
      { numRuns: 500 },
    );
    expect(own).toBeGreaterThan(50);
  });
});
