import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileGateway } from '../src/config/compile/index.ts';
import { loadConfig } from '../src/config/load.ts';
import { decideRequest } from '../src/decide/request.ts';
import type { Trace } from '../src/decide/trace.ts';
import type { RouteTrace } from '../src/policy/decide.ts';
import type { Gateway } from '../src/policy/gateway.ts';
import type { Hit } from '../src/protocols/hit.ts';
import { cookiebot, jsonHit, NOW, webHit } from './support/hits.ts';

// The comments of the reference configuration, one by one: after the change that a comment describes, the gateway
// behaves as the comment says (design 7.5). Promises about a whole process are in contract.test.ts.

const CONFIG = readFileSync(join(import.meta.dirname, 'fixtures/contract/gateway.yaml'), 'utf8');

/** The configuration with these texts replaced, each of which must be there exactly once. */
function changed(...edits: readonly (readonly [from: string, to: string])[]): string {
  let text = CONFIG;
  for (const [from, to] of edits) {
    expect(text.split(from), `${from} is in the configuration`).toHaveLength(2);
    text = text.replace(from, () => to);
  }
  return text;
}

/** Secrets differ by name, as they would in life. */
function gateway(text = CONFIG): Gateway {
  const loaded = loadConfig(text, 'gateway.yaml', NOW);
  if (!('config' in loaded)) throw new Error(JSON.stringify(loaded.findings, null, 1));
  return compileGateway(loaded.config, {
    value: (ref) => `the value of ${JSON.stringify(ref)}`,
    rootKey: new Uint8Array(32).fill(7),
  });
}

function trace(hit: Hit, from: Gateway | string = CONFIG): Trace {
  const done = decideRequest(hit, typeof from === 'string' ? gateway(from) : from);
  if ('problem' in done) throw new Error(JSON.stringify(done.problem));
  return done.trace;
}

function problem(hit: Hit, from = CONFIG): number {
  const done = decideRequest(hit, gateway(from));
  return 'problem' in done ? done.problem.status : 0;
}

const routes = (of: Trace): Record<string, RouteTrace> =>
  Object.fromEntries((of.events[0]?.routes ?? []).map((route) => [route.route.name, route]));
const outcomes = (of: Trace): Record<string, string> =>
  Object.fromEntries(Object.entries(routes(of)).map(([name, { outcome }]) => [name, outcome]));
const planned = (of: Trace): string[] =>
  Object.entries(routes(of)).flatMap(([name, { outcome }]) => (outcome === 'planned' ? [name] : []));

const SECOND = Math.floor(NOW / 1000);
const GRANTED = cookiebot({ preferences: true, statistics: true, marketing: true });
const CLIENT_ID = `482310557.${SECOND - 86_400}`;
/** HubSpot recognises no visitor without its cookie. */
const IDS = `_ga=GA1.1.${CLIENT_ID}; hubspotutk=0f1e2d3c4b5a69788796a5b4c3d2e1f0`;
const EVENT = {
  name: 'purchase',
  // Floodlight takes an event by a click only.
  page: { url: 'https://shop.example.no/takk?dclid=CNExampleDclid' },
  params: { value: 1, currency: 'NOK' },
  user: { email: 'kari@example.no' },
};
const purchase = (more: object = {}, cookies = `${GRANTED}; ${IDS}`, headers = {}): Hit =>
  jsonHit({ events: [{ ...EVENT, ...more }] }, { cookies, headers });
const view = (query: Record<string, string> = {}, more: Parameters<typeof webHit>[1] = {}): Hit =>
  webHit(
    {
      v: '2',
      tid: 'G-TEST000001',
      en: 'page_view',
      cid: CLIENT_ID,
      dl: 'https://shop.example.no/krus?utm_source=avis&farge=bla&gclid=Cj0KExample_aBc',
      dr: 'https://www.google.com/search?q=krus',
      ...query,
    },
    { cookies: GRANTED, ...more },
  );
const sent = (of: Trace, route = 'ga4'): URLSearchParams => {
  const plan = routes(of)[route]?.plan;
  if (plan === undefined) throw new Error(`${route} has no plan: ${JSON.stringify(outcomes(of))}`);
  return new URLSearchParams(plan.element.split('\n')[0]);
};
const ALL = [
  'ga4',
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

it('loads, and all routes are open to a visitor who agreed', () => {
  expect(planned(trace(purchase()))).toEqual(ALL);
});

it('an unknown key is an error with line, column and the nearest known key', () => {
  const text = changed(['      referrer: origin', '      referer: origin']);
  const loaded = loadConfig(text, 'gateway.yaml', NOW);
  const line = text.split('\n').findIndex((row) => row.includes('referer: origin')) + 1;
  expect('findings' in loaded ? loaded.findings : []).toMatchObject([{ kind: 'error', line, column: 7 }]);
  expect('findings' in loaded ? loaded.findings[0]?.message : '').toContain('referrer');
});

describe('server', () => {
  const truncate = ['ip: none ', 'ip: truncate '] as const;
  const forwarded = { headers: { 'x-forwarded-for': '198.51.100.9, 192.0.2.77, 10.0.0.2' } };

  it('trusted_proxies: none by default, so X-Forwarded-For is not believed', () => {
    expect(trace(view({}, forwarded), changed(truncate)).events[0]?.event?.ip).toBe('203.0.113.0');
  });

  it('trusted_proxies: walked from the right up to the first address that is no proxy', () => {
    const text = changed(truncate, ['trusted_proxies: []', 'trusted_proxies: [203.0.113.0/24, 10.0.0.0/8]']);
    // What stands left of it was written by the client.
    expect(trace(view({}, forwarded), text).events[0]?.event?.ip).toBe('192.0.2.0');
  });

  it.each([
    ['a trusted proxy', '[203.0.113.0/24]', 'SE'],
    ['anybody else', '[10.0.0.0/8]', undefined],
  ])('country_header: from %s', (_, proxies, country) => {
    const text = changed(
      ['trusted_proxies: []', `trusted_proxies: ${proxies}`],
      ['# country_header: CF-IPCountry ', 'country_header: CF-IPCountry '],
      ['ip: none ', 'ip: country '],
    );
    expect(trace(view({}, { headers: { 'cf-ipcountry': 'SE' } }), text).events[0]?.event?.country).toBe(country);
  });
});

describe('sites', () => {
  it.each(['metrics.example.no', 'shop.example.no', '127.0.0.1', 'localhost'])('hosts: answers on %s', (host) => {
    expect(problem(view({}, { host }))).toBe(0);
  });

  it('hosts: no other (421)', () => {
    expect(problem(view({}, { host: 'other.example.no' }))).toBe(421);
  });

  it.each([
    ['https://shop.example.no', 0],
    ['http://127.0.0.1:8080', 0],
    ['https://other.example.no', 403],
    ['http://shop.example.no', 403],
    ['null', 403],
  ])('origins: %s', (origin, status) => {
    expect(problem(view({}, { headers: { origin } }))).toBe(status);
    expect(problem(purchase({}, GRANTED, { origin }))).toBe(status);
  });

  describe('ingest_keys', () => {
    const text = changed(['    # ingest_keys: [${INGEST_KEY}] ', '    ingest_keys: [${INGEST_KEY}] ']);
    const key = 'the value of {"env":"INGEST_KEY"}'.replaceAll(' ', '_');
    const keyed = (): Gateway => {
      const loaded = loadConfig(text, 'gateway.yaml', NOW);
      if (!('config' in loaded)) throw new Error(JSON.stringify(loaded.findings, null, 1));
      return compileGateway(loaded.config, { value: () => key, rootKey: new Uint8Array(32) });
    };
    const backend = (bearer: string | undefined, visitor?: object): Hit => ({
      ...jsonHit({ events: [{ ...EVENT, ...(visitor && { visitor }) }] }, { cookies: GRANTED }),
      headers: {
        'content-type': 'application/json',
        cookie: `${GRANTED}; ${IDS}`,
        ...(bearer && { authorization: `Bearer ${bearer}` }),
      },
    });

    it('the back end speaks for its visitors, whose consent it brings along', () => {
      const cookies = `${GRANTED}; ${IDS}`;
      expect(planned(trace(backend(key, { cookies }), keyed()))).toEqual(ALL);
    });

    it("its own cookies say nothing: without the visitor's, all is denied", () => {
      expect(planned(trace(backend(key), keyed()))).toEqual([]);
    });

    it.each([
      ['a wrong key', 'another-key-of-some-length'],
      ['no key', undefined],
    ])('%s: 403', (_, bearer) => {
      expect(decideRequest(backend(bearer, {}), keyed())).toMatchObject({ problem: { status: 403 } });
    });

    it('without the line no key opens anything', () => {
      expect(problem(backend(key, { cookies: GRANTED }))).toBe(403);
    });
  });

  describe('mp_secrets and mp', () => {
    const listed = ['    # mp_secrets: [${MP_SECRET}] ', '    mp_secrets: [${MP_SECRET}] '] as const;
    const trusted = ['    # mp: { consent: asserted } ', '    mp: { consent: asserted } '] as const;
    const secret = 'the value of {"env":"MP_SECRET"}';
    const sale = (portvakt: object, key = secret): Hit => ({
      ...webHit({ measurement_id: 'G-TEST000001', api_secret: key }),
      path: '/mp/collect',
      headers: {},
      body: JSON.stringify({ client_id: CLIENT_ID, events: [{ name: 'purchase' }], portvakt }),
    });
    const record = { consent: { analytics_storage: 'GRANTED', time: new Date(NOW - 3_600_000).toISOString() } };

    it('senders of the Measurement Protocol at /mp/collect', () => {
      const seen = { visitor: { cookies: GRANTED } };
      expect(planned(trace(sale(seen), changed(listed)))).toContain('ga4');
      expect(problem(sale(seen, 'another'), changed(listed))).toBe(403);
      expect(problem(sale(seen))).toBe(403);
    });

    it('their own record of consent counts where the line says so', () => {
      expect(planned(trace(sale(record), changed(listed, trusted)))).toEqual(['ga4']);
      expect(planned(trace(sale(record), changed(listed)))).toEqual([]);
    });
  });

  it('country: picks the legal notes', () => {
    const notes = (country: string): string => {
      const text = changed(
        ['country: NO ', `country: ${country} `],
        ['analytics: { basis: consent }', 'analytics: { basis: legitimate_interest }'],
      );
      const loaded = loadConfig(text, 'gateway.yaml', NOW);
      return ('notes' in loaded ? loaded.notes : loaded.findings).map(({ message }) => message).join('\n');
    };
    expect(notes('NO')).not.toBe('');
    expect(notes('NO')).not.toBe(notes('DE'));
  });
});

describe('consent', () => {
  it('cmp: only the named platforms are read', () => {
    const cookieyes =
      'cookieyes-consent=consentid:abc,consent:yes,action:yes,necessary:yes,functional:yes,analytics:yes,performance:yes,advertisement:yes';
    expect(planned(trace(purchase({}, cookieyes)))).toEqual([]);
    const auto = changed(['[cookiebot, cookie-information, onetrust, tcf]', 'auto']);
    expect(planned(trace(purchase({}, `${cookieyes}; ${IDS}`), auto))).toEqual(ALL);
  });

  it('honour: gpc takes the ad signals away, and only if it is named', () => {
    const hit = purchase({}, `${GRANTED}; ${IDS}`, { 'sec-gpc': '1' });
    expect(planned(trace(hit))).toEqual(['ga4']);
    expect(planned(trace(hit, changed(['honour: [gpc, consent-mode]', 'honour: [consent-mode]'])))).toEqual(ALL);
  });

  it('honour: consent-mode takes away what the tag was denied, and never grants', () => {
    const denied = { gcs: 'G101', gcd: '13q3r3q2q5l1' };
    expect(outcomes(trace(view(denied)))).toMatchObject({
      ga4: 'planned',
      google_ads: 'blocked',
      meta: 'blocked',
      linkedin: 'blocked',
      microsoft_ads: 'blocked',
    });
    expect(sent(trace(view(denied))).get('gcs')).toBe('G101');
    const granted = { gcs: 'G111', gcd: '13r3r3r2r5l1' };
    expect(planned(trace(view(granted, { cookies: 'x=1' })))).toEqual([]);
    const off = changed(['honour: [gpc, consent-mode]', 'honour: [gpc]']);
    expect(outcomes(trace(view(denied), off))['microsoft_ads']).not.toBe('blocked');
  });

  it("mapping: the site's own purposes stand for signals", () => {
    const klaro = `klaro=${encodeURIComponent(JSON.stringify({ maaling: true, annonser: false }))}; ${IDS}`;
    const named = ['[cookiebot, cookie-information, onetrust, tcf]', '[klaro]'] as const;
    // Purposes without a mapping grant nothing. The gateway refuses to start, because it would never send anything.
    expect(loadConfig(changed(named), 'gateway.yaml', NOW)).toHaveProperty('findings');
    const mapped = changed(named, [
      '# mapping: {} ',
      'mapping: { maaling: [analytics_storage], annonser: marketing } ',
    ]);
    expect(planned(trace(purchase({}, klaro), mapped))).toEqual(['ga4']);
    const all = klaro.replace('false', 'true');
    expect(planned(trace(purchase({}, all), mapped))).toEqual(ALL);
  });

  it.each([
    ['364 days', 364, true],
    ['366 days', 366, false],
  ])('max_age: a choice made %s ago', (_, days, counts) => {
    const text = changed(['# max_age: 365d ', 'max_age: 365d ']);
    const old = cookiebot({ preferences: true, statistics: true, marketing: true }, NOW - days * 86_400_000);
    const hit = purchase({}, `${old}; ${IDS}`);
    expect(planned(trace(hit, text))).toEqual(counts ? ALL : []);
  });

  it('without_choice: nothing readable is denied', () => {
    expect(outcomes(trace(purchase({}, IDS)))).toEqual(Object.fromEntries(ALL.map((name) => [name, 'blocked'])));
  });

  it('without_choice: `denied` is the only value in the EEA', () => {
    const granted = ['without_choice: denied ', 'without_choice: granted '] as const;
    expect(loadConfig(changed(granted), 'gateway.yaml', NOW)).toHaveProperty('findings');
    const us = changed(granted, ['country: NO ', 'country: US ']);
    expect(loadConfig(us, 'gateway.yaml', NOW)).toHaveProperty('config');
  });
});

describe('purposes', () => {
  const interest = changed(['analytics: { basis: consent }', 'analytics: { basis: legitimate_interest }']);
  const nobody = IDS;

  it('legitimate_interest: allowed until the visitor objects, for that purpose only', () => {
    expect(planned(trace(purchase({}, nobody), interest))).toEqual(['ga4']);
    expect(planned(trace(purchase({}, `${cookiebot({ marketing: true })}; ${nobody}`), interest))).not.toContain('ga4');
  });

  it('consent is the default: without a choice nothing leaves', () => {
    expect(planned(trace(purchase({}, nobody), changed(['      analytics: { basis: consent }\n', ''])))).toEqual([]);
  });
});

describe('privacy', () => {
  const AGENT =
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.6778.86 Safari/537.36';
  const agent = { headers: { 'user-agent': AGENT } };
  const event = (text = CONFIG, hit = view({}, agent)) => trace(hit, text).events[0]?.event;

  it('ip: none takes no address, truncate cuts to /24 and /32', () => {
    expect(event()?.ip).toBeUndefined();
    const text = changed(['ip: none ', 'ip: truncate ']);
    expect(event(text)?.ip).toBe('203.0.113.0');
    expect(event(text, { ...view(), peer: '2001:db8:85a3:8d3:1319:8a2e:370:7348' })?.ip).toBe('2001:db8::');
  });

  it('user_agent: drop, family, full', () => {
    const family = AGENT.replace('131.0.6778.86', '131.0.0.0');
    expect([event()?.user_agent, event()?.user_agent_family]).toEqual([undefined, family]);
    // Beside Meta, which takes no event without one, `drop` refuses to start.
    const [meta = ''] = /\n {6}meta:\n(?: {8}.*\n)+/.exec(CONFIG) ?? [];
    const drop = event(changed(['user_agent: family ', 'user_agent: drop '], [meta, '\n']));
    expect(() => gateway(changed(['user_agent: family ', 'user_agent: drop ']))).toThrow(/client_user_agent/);
    expect([drop?.user_agent, drop?.user_agent_family, drop?.device]).toEqual([undefined, undefined, undefined]);
  });

  it('user_agent: full only where every signal is granted', () => {
    const full = changed(['user_agent: family ', 'user_agent: full ']);
    const header = (hit: Hit) => routes(trace(hit, full))['ga4']?.plan?.element.split('\n').at(-1);
    expect(header(view({}, agent))).toBe(AGENT);
    const analytics = cookiebot({ statistics: true });
    expect(header(view({}, { ...agent, cookies: analytics }))).toBe(AGENT.replace('131.0.6778.86', '131.0.0.0'));
  });

  it('url_query: listed keys stay, all others go; click ids go only where ads are allowed', () => {
    expect(sent(trace(view())).get('dl')).toBe('https://shop.example.no/krus?utm_source=avis&gclid=Cj0KExample_aBc');
    const analytics = { cookies: cookiebot({ statistics: true }) };
    expect(sent(trace(view({}, analytics))).get('dl')).toBe('https://shop.example.no/krus?utm_source=avis');
    const more = changed(['[utm_source, utm_medium, utm_campaign]', '[farge]']);
    expect(sent(trace(view({}, analytics), more)).get('dl')).toBe('https://shop.example.no/krus?farge=bla');
  });

  it.each([
    ['none', null],
    ['origin', 'https://www.google.com/'],
    ['path', 'https://www.google.com/search'],
  ])('referrer: %s', (mode, expected) => {
    expect(sent(trace(view(), changed(['referrer: origin ', `referrer: ${mode} `]))).get('dr')).toBe(expected);
  });

  it.each([
    '/helse',
    '/helse/',
    '/helse/migrene',
    '/helse/a/b',
    '/HELSE/x',
    '/%68else/x',
    '//helse/x',
    '/a/../helse/x',
  ])('never_forward: %s goes nowhere', (path) => {
    const hit = view({ dl: `https://shop.example.no${path}` });
    expect(planned(trace(hit))).toEqual([]);
  });

  it('never_forward: other paths do', () => {
    expect(planned(trace(view({ dl: 'https://shop.example.no/helsekost' })))).toContain('ga4');
  });
});

describe('cookies', () => {
  const shop = (cookies: string, text = CONFIG) => trace(view({}, { cookies }), text).setCookies;
  const life = (lines: readonly string[], name: string) =>
    Number(/Max-Age=(\d+)/i.exec(lines.find((line) => line.startsWith(`${name}=`)) ?? '')?.[1]);
  const aged = (days: number) => `_ga=GA1.1.1234567.${SECOND - days * 86_400}`;

  it('analytics: 7d from first issue, never extended', () => {
    expect(life(shop(`${GRANTED}; ${aged(3)}`), '_ga')).toBe(4 * 86_400);
    expect(life(shop(`${GRANTED}; ${aged(8)}`), '_ga')).toBe(0);
  });

  it('ads: 30d from first issue', () => {
    const fbp = (days: number) => `_fbp=fb.1.${NOW - days * 86_400_000}.1098115397`;
    expect(life(shop(`${GRANTED}; ${fbp(10)}`), '_fbp')).toBe(20 * 86_400);
    expect(life(shop(`${GRANTED}; ${fbp(31)}`), '_fbp')).toBe(0);
  });

  it('domain: where the vendor cookies live', () => {
    const lines = shop(`${GRANTED}; ${aged(1)}`).filter((line) => !line.startsWith('pv_'));
    expect(lines.map((line) => /; Domain=([^;]+)/i.exec(line)?.[1])).toEqual(lines.map(() => 'example.no'));
    expect(lines).not.toEqual([]);
  });

  it('own_id: pv_id, HttpOnly, only with analytics', () => {
    const on = changed(['# own_id: true ', 'own_id: true ']);
    const set = (cookies: string, text: string) => shop(cookies, text).find((line) => line.startsWith('pv_id='));
    expect(set(GRANTED, CONFIG)).toBeUndefined();
    expect(set(GRANTED, on)).toMatch(/; HttpOnly/i);
    expect(life(shop(GRANTED, on), 'pv_id')).toBe(7 * 86_400);
    expect(set(cookiebot({ marketing: true }), on)).toBeUndefined();
    expect(set('x=1', on)).toBeUndefined();
  });

  it('keys: the newest signs, older ones still count, unknown ones do not', () => {
    const withKeys = (keys: string) =>
      changed(['# own_id: true ', 'own_id: true '], ['# keys: [${COOKIE_KEY}] ', `keys: [${keys}] `]);
    const old = withKeys('${COOKIE_KEY}');
    const rotated = withKeys('${NEWER_KEY}, ${COOKIE_KEY}');
    const replaced = withKeys('${NEWER_KEY}');
    const cookie =
      shop(GRANTED, old)
        .find((line) => line.startsWith('pv_id='))
        ?.split(';', 1)[0] ?? '';
    const ownId = (text: string) =>
      trace(view({}, { cookies: `${GRANTED}; ${cookie}` }), text).events[0]?.event?.own_id;
    const first = ownId(old);
    expect(first).toMatch(/./);
    expect(shop(`${GRANTED}; ${cookie}`, old).filter((line) => line.startsWith('pv_id='))).toEqual([]);
    expect(ownId(rotated)).toBe(first);
    // Signed anew with the newest.
    expect(shop(`${GRANTED}; ${cookie}`, rotated).some((line) => line.startsWith('pv_id='))).toBe(true);
    expect(ownId(replaced)).not.toBe(first);
  });
});

describe('destinations', () => {
  const ga4 = ['        measurement_id: G-TEST000001', '        measurement_id: G-TEST000001\n        '] as const;
  const route = (line: string) => [ga4[0], ga4[1] + line] as const;

  it('type defaults to the key, and a key may be any name', () => {
    const text = changed(['      meta:\n', '      meta-shop:\n        type: meta\n']);
    expect(planned(trace(purchase(), text))).toContain('meta-shop');
  });

  it('events: only these', () => {
    const text = changed(route('events: [page_view]'));
    expect(routes(trace(purchase(), text))['ga4']).toMatchObject({ outcome: 'skipped' });
    expect(planned(trace(view(), text))).toContain('ga4');
  });

  it('params: only these custom parameters', () => {
    const hit = view({ 'ep.farge': 'bla', 'epn.antall': '2' });
    const keys = (text: string) => [...sent(trace(hit, text)).keys()].filter((key) => key.startsWith('ep'));
    expect(keys(CONFIG)).toEqual(['ep.farge', 'epn.antall']);
    expect(keys(changed(route('params: [antall]')))).toEqual(['epn.antall']);
  });

  it("primary: only its hits feed the other vendors; by default the first route's", () => {
    const second = '\n      ga4-two:\n        type: ga4\n        measurement_id: G-TEST000002';
    const text = (primary: string) =>
      changed([
        '        without_consent: block               # block |',
        `        without_consent: block${second}${primary}\n        # block |`,
      ]);
    const offered = (tid: string, config: string) => Object.keys(outcomes(trace(view({ tid }), config)));
    expect(offered('G-TEST000001', text(''))).toEqual(ALL);
    expect(offered('G-TEST000002', text(''))).toEqual(['ga4-two']);
    expect(offered('G-TEST000001', text('\n        primary: true'))).toEqual(['ga4']);
    expect(offered('G-TEST000002', text('\n        primary: true'))).toEqual(['ga4-two', ...ALL.slice(1)]);
  });

  it.each([
    ['before', '2026-11-01T00:00:00Z', -1, false],
    ['on', '2026-11-01T00:00:00Z', 0, true],
  ])('since: 2026-11-01 and a consent of the time %s', (_, day, offset, covered) => {
    const text = changed(route('since: 2026-11-01'));
    const cookie = cookiebot({ preferences: true, statistics: true, marketing: true }, Date.parse(day) + offset);
    const found = planned(trace(purchase({}, `${cookie}; ${IDS}`), text));
    // The other routes have no such line.
    expect(found).toEqual(covered ? ALL : ALL.slice(1));
  });

  it('since: a consent without a readable time does not cover the route', () => {
    const text = changed(route('since: 2026-11-01'));
    const timeless = cookiebot({ preferences: true, statistics: true, marketing: true }).replace(/%2Cutc:\d+/, '');
    expect(planned(trace(purchase({}, `${timeless}; ${IDS}`), text))).not.toContain('ga4');
  });

  it('ga4 region: eu, and global without the line', () => {
    const host = (text: string) => {
      const built = gateway(text);
      const plan = routes(trace(view(), built))['ga4'];
      return plan?.route.bound.request(plan.plan?.envelope ?? '', [plan.plan?.element ?? '']).url;
    };
    expect(host(CONFIG)).toMatch(/^https:\/\/region1\.google-analytics\.com\/g\/collect\?/);
    expect(host(changed(['        region: eu ', '        # ']))).toMatch(
      /^https:\/\/www\.google-analytics\.com\/g\/collect\?/,
    );
  });

  it('ga4 without_consent: limited sends identifier-free hits with gcs=G100', () => {
    const text = changed(['without_consent: block               # block |', 'without_consent: limited # block |']);
    const refused = { cookies: cookiebot({}) };
    expect(planned(trace(view({}, refused)))).toEqual([]);
    const hit = sent(trace(view({}, refused), text));
    expect(hit.get('gcs')).toBe('G100');
    expect(hit.get('cid')).not.toBe(CLIENT_ID);
    expect(hit.get('dl')).toBe('https://shop.example.no/krus');
  });

  it('google_ads without_consent: limited needs conversion_id and labels', () => {
    const limited = [
      'without_consent: block               # limited =',
      'without_consent: limited # limited =',
    ] as const;
    expect(loadConfig(changed(limited), 'gateway.yaml', NOW)).toHaveProperty('findings');
    const text = changed([
      limited[0],
      `conversion_id: AW-123456789\n        labels: { purchase: abc_DEF }\n        ${limited[1]}`,
    ]);
    const refused = trace(purchase({}, cookiebot({})), text);
    expect(planned(refused)).toEqual(['google_ads']);
    expect(sent(refused, 'google_ads').get('label')).toBe('abc_DEF');
  });

  it.each(['floodlight', 'meta', 'linkedin', 'hubspot', 'pinterest', 'reddit'])(
    '%s: has no form without consent, so `limited` refuses to start',
    (name) => {
      const text = changed([`      ${name}:\n`, `      ${name}:\n        without_consent: limited\n`]);
      expect(loadConfig(text, 'gateway.yaml', NOW)).toHaveProperty('findings');
    },
  );

  it('conversions: event -> action; other events are skipped', () => {
    const of = (name: string) => outcomes(trace(purchase({ name })));
    expect(of('generate_lead')).toMatchObject({ google_ads: 'planned', floodlight: 'planned', linkedin: 'planned' });
    expect(of('add_to_cart')).toMatchObject({ google_ads: 'skipped', floodlight: 'skipped', linkedin: 'skipped' });
  });

  it('a literal secret refuses to start', () => {
    const text = changed(['${META_ACCESS_TOKEN}', 'EAABliteral']);
    expect(loadConfig(text, 'gateway.yaml', NOW)).toHaveProperty('findings');
  });
});

describe('delivery and limits', () => {
  it.each([
    ['71 hours', 71, 'planned'],
    ['73 hours', 73, 'expired'],
  ])('max_age: 72h, an event of %s ago', (_, hours, outcome) => {
    const time = new Date(NOW - hours * 3_600_000).toISOString();
    expect(new Set(Object.values(outcomes(trace(purchase({ time })))))).toEqual(new Set([outcome]));
  });

  it("max_age: the vendor's own limit where it is smaller", () => {
    const text = changed(['  max_age: 72h', '  max_age: 240h']);
    const time = new Date(NOW - 100 * 3_600_000).toISOString();
    // GA4 takes 72 h, Meta and Microsoft 7 days, the others longer.
    expect(outcomes(trace(purchase({ time }), text))).toMatchObject({
      ga4: 'expired',
      meta: 'planned',
      linkedin: 'planned',
    });
    const older = new Date(NOW - 200 * 3_600_000).toISOString();
    expect(outcomes(trace(purchase({ time: older }), text))).toMatchObject({
      meta: 'expired',
      microsoft_ads: 'expired',
      linkedin: 'planned',
    });
  });

  it('sizes and times are read as they are written', () => {
    expect(gateway().delivery).toMatchObject({ maxAge: 72 * 3_600_000, maxSize: 2e9, deadLetters: 72 * 3_600_000 });
    expect(gateway().perClient).toBeUndefined();
  });
});
