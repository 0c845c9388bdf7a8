import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BIT } from '../../src/core/signals.ts';
import { decideRequest } from '../../src/decide/request.ts';
import type { Trace } from '../../src/decide/trace.ts';
import type { Gateway, Site } from '../../src/policy/gateway.ts';
import type { Hit } from '../../src/protocols/hit.ts';
import { cookiebot, gatewayOf, jsonHit, NOW, webHit } from '../support/hits.ts';

// The owner of an event, the ids it may carry, and the effects of a withdrawal (design 2, 3, 3a), as values.

const text = readFileSync(new URL('../../config/gateway.yaml', import.meta.url), 'utf8');
const gateway = gatewayOf(text);
const ALL = { preferences: true, statistics: true, marketing: true };
const CID = `482310557.${Math.floor(NOW / 1000) - 86_400}`;
const OLD = `482310557.${Math.floor(NOW / 1000) - 8 * 86_400}`;

function traced(hit: Hit, at = gateway): Trace {
  const done = decideRequest(hit, at);
  if (!('trace' in done)) throw new Error(JSON.stringify(done.problem));
  return done.trace;
}

const page = (more: Record<string, string> = {}) => ({
  v: '2',
  tid: 'G-TEST000001',
  cid: CID,
  _p: '1795169690123',
  en: 'page_view',
  dl: 'https://shop.example.no/krus',
  ...more,
});

/** The plan for one route, or why there is none. */
function planned(trace: Trace, route: string, event = 0): string {
  const found = trace.events[event]?.routes.find((each) => each.route.name === route);
  return found?.plan?.element ?? `${found?.outcome}: ${found?.reason?.code}`;
}

const ga4 = (trace: Trace) => new URLSearchParams(planned(trace, 'ga4').split('\n')[0]);

describe('click ids of a landing page', () => {
  const dl = 'https://shop.example.no/?gclid=Cj0KCQExample&fbclid=IwAR2ExampleClick&epik=dj0yExampleClick';
  const set = (at: Gateway) =>
    traced(webHit(page({ dl }), { cookies: cookiebot(ALL) }), at).setCookies.map((cookie) => cookie.split('=', 1)[0]);
  const shop = (destinations: string) =>
    gatewayOf(`sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations: { ga4: { measurement_id: G-TEST000001, region: eu }${destinations} }
`);

  it('are kept for vendors that a route of the site sends them to, and for nobody else', () => {
    const meta = ', meta: { pixel_id: "123456789012345", access_token: "${META_ACCESS_TOKEN}" }';
    expect(set(shop(meta))).toEqual(['_fbc']);
    expect(set(shop(''))).toEqual([]);
    expect(set(gateway)).toEqual(expect.arrayContaining(['_gcl_aw', '_fbc', '_epik']));
  });
});

describe('the client id (3a)', () => {
  it('goes out as it is while it is younger than the cap', () => {
    expect(ga4(traced(webHit(page(), { cookies: cookiebot(ALL) }))).get('cid')).toBe(CID);
  });

  it.each([
    ['without a time in it', '1234567890123456'],
    ['from the future', `482310557.${Math.floor(NOW / 1000) + 30 * 86_400}`],
  ])('%s: only as a hash that changes with every cap', (_, cid) => {
    const sent = (at: number, id: string) =>
      ga4(traced(webHit(page({ cid }), { cookies: cookiebot(ALL, NOW - 9e9), at, id }))).get('cid');
    const window = 7 * 86_400_000;
    const start = Math.floor(NOW / window) * window;
    const first = sent(start, 'a'.repeat(32));
    expect(first).not.toContain(cid.split('.')[0]);
    expect(sent(start + window - 1, 'b'.repeat(32))).toBe(first);
    expect(sent(start + window, 'c'.repeat(32))).not.toBe(first);
  });

  it('past the cap: a hash that holds for the page load only', () => {
    const sent = (_p: string) => ga4(traced(webHit(page({ cid: OLD, _p }), { cookies: cookiebot(ALL) }))).get('cid');
    expect(sent('1')).not.toBe(OLD);
    expect(sent('1')).toBe(sent('1'));
    expect(sent('2')).not.toBe(sent('1'));
  });

  it("of JSON events is the back end's, else _ga, else none", () => {
    const event = { name: 'add_to_cart', params: { value: 1, currency: 'NOK' } };
    const withGa = traced(jsonHit({ events: [event] }, { cookies: `${cookiebot(ALL)}; _ga=GA1.1.${CID}` }));
    const { route, plan } = withGa.events[0]?.routes[0] ?? {};
    const request = route?.bound.request(plan?.envelope ?? '', [plan?.element ?? '']);
    expect(JSON.parse(request?.body ?? '{}')).toMatchObject({ client_id: CID });
    const expired = traced(jsonHit({ events: [event] }, { cookies: `${cookiebot(ALL)}; _ga=GA1.1.${OLD}` }));
    expect(planned(expired, 'ga4')).toBe('skipped: skip.lacks');
  });
});

describe('analytics only', () => {
  const trace = traced(
    webHit(
      page({
        dl: 'https://shop.example.no/krus?utm_source=google&gclid=Cj0KCanary&fbclid=IwARCanary&epost=kari%40example.no#x',
        dr: 'https://www.google.com/search?q=krus',
        em: 'tv.1~em.1hFzBkhe0OUK-rOshx6Y-BaZFR8wKBUn1j_18jNlbGk',
        uid: 'crm-8841',
        gcs: 'G111',
        gcd: '13r3r3r2r5l1',
        npa: '0',
        dma_cps: 'syphamo',
        ecid: '183000001',
        en: 'purchase',
        'ep.transaction_id': 'T-1',
      }),
      {
        cookies: `${cookiebot({ statistics: true })}; _gcl_au=1.1.1098115397.1795300000; _fbp=fb.1.1795300000123.1098115397`,
      },
    ),
  );

  it('gives GA4 the analytics hit with nothing of advertising in it', () => {
    const sent = ga4(trace);
    expect(Object.fromEntries(sent)).toMatchObject({
      cid: CID,
      gcs: 'G101',
      npa: '1',
      dma_cps: '-',
      pscdl: 'denied',
      dl: 'https://shop.example.no/krus?utm_source=google',
      dr: 'https://www.google.com/',
      en: 'purchase',
      'ep.transaction_id': 'T-1',
    });
    expect(sent.get('gcd')).toBe('13q3r3q2q5l1');
    for (const key of ['em', 'uid', 'ecid', 'auid', 'gclid', '_uip']) expect(sent.has(key)).toBe(false);
    expect(planned(trace, 'ga4')).not.toMatch(/Canary|kari|crm-8841|1hFzBkhe|1098115397/);
  });

  it('gives the advertising vendors nothing', () => {
    for (const route of ['google_ads', 'meta', 'linkedin', 'microsoft_ads'])
      expect(planned(trace, route)).toBe('blocked: blocked.consent');
  });

  it('expires the advertising cookies it came with, and names whose they were', () => {
    expect(trace.setCookies.filter((cookie) => /^(_gcl_au|_fbp)=;/.test(cookie)).length).toBeGreaterThanOrEqual(2);
    expect(trace.withdrawn).toContainEqual({
      subject: 'fbp:fb.1.1795300000123.1098115397',
      signals: trace.events[0]?.signals,
      closedRoutes: [],
      fromCookie: true,
    });
  });
});

describe('who withdraws (design 3)', () => {
  const REFUSED = cookiebot({});
  const GA = `_ga=GA1.1.${CID}`;
  const key = 'an-ingest-key-of-these-tests-0123456789';
  const site = gateway.sites[0] as Site;
  const backed: Site = { ...site, ingestKeys: new Set([createHash('sha256').update(key).digest('hex')]) };
  const open: Gateway = { ...gateway, siteOf: new Map(site.hosts.map((host) => [host, backed])) };
  const subjects = (hit: Hit): readonly string[] => traced(hit, open).withdrawn.map(({ subject }) => subject);
  const backend = (visitor: object, event: object = {}): Hit => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const hit = jsonHit({ events: [{ name: 'purchase', ...event, visitor }] });
    return { ...hit, headers };
  };

  it.each([
    ['a refusal', REFUSED],
    ['silence', 'lang=nb'],
  ])('nobody by an id in the hit alone: %s', (_, cookies) => {
    expect(
      subjects(webHit(page({ uid: 'customer-1', dl: 'https://shop.example.no/?gclid=abcdef' }), { cookies })),
    ).toEqual([]);
  });

  it('nobody by a click id in the address, where another purpose is refused', () => {
    const cookies = cookiebot({ marketing: true });
    expect(subjects(webHit(page({ dl: 'https://shop.example.no/?gclid=abcdef' }), { cookies }))).toEqual([]);
  });

  it.each([
    ['a refusal', REFUSED],
    ['silence', ''],
    ['a record that cannot be read', 'CookieConsent={nonsense'],
    ['a marketing that was refused beside a statistics that was not', cookiebot({ statistics: true })],
  ])('whoever has a cookie of before, by the cookie: %s', (_, consent) => {
    const stranger = page({ cid: '7.1790000000', uid: 'customer-1', dl: 'https://shop.example.no/?gclid=abcdef' });
    expect(subjects(webHit(stranger, { cookies: `${consent}; ${GA}` }))).toEqual([`ga:${CID}`]);
  });

  it('by a back end, whom it states a refusal for, and nobody by its silence', () => {
    const visitor = { client_id: '7.1790000000', cookies: REFUSED };
    expect(subjects(backend(visitor, { user: { id: 'customer-1' } }))).toEqual(['uid:customer-1', 'ga:7.1790000000']);
    expect(subjects(backend({ ...visitor, cookies: GA }))).toEqual([]);
    expect(subjects(backend({ client_id: '7.1790000000' }))).toEqual([]);
  });

  it('every visitor of a back end of its own', () => {
    const hit = backend({});
    const event = (n: number) => ({ name: 'purchase', visitor: { client_id: `${n}.1790000000`, cookies: REFUSED } });
    expect(subjects({ ...hit, body: JSON.stringify({ events: [event(1), event(2)] }) })).toEqual([
      'ga:1.1790000000',
      'ga:2.1790000000',
    ]);
  });
});

describe('what is left out of an event that goes somewhere', () => {
  const leftOut = (user: object, cookies = cookiebot(ALL)) =>
    traced(jsonHit({ events: [{ name: 'purchase', client_id: CID, user }] }, { cookies })).leftOut;
  const hash = createHash('sha256').update('kari@example.no').digest('hex');

  it.each([
    ['a user id that is an address', { id: 'kari@example.no' }, { user_id: 1 }],
    ['a hash that some vendors make of another form', { email_sha256: hash }, { hashed: 1 }],
  ])('%s is counted', (_, user, expected) => {
    expect(leftOut(user)).toEqual(expected);
    // Of an event that goes nowhere nothing is looked at.
    expect(leftOut(user, cookiebot({}))).toBeUndefined();
  });

  it('nothing is counted of what every vendor can use', () => {
    expect(leftOut({ id: 'crm-8841', email: 'kari@example.no', email_sha256: hash })).toBeUndefined();
  });
});

describe('which route a web hit goes to (3a)', () => {
  const two = gatewayOf(`
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      shop: { type: ga4, measurement_id: G-SHOP000001 }
      group: { type: ga4, measurement_id: G-GROUP00001 }
      meta: { pixel_id: "123456789012345", access_token: "\${META_ACCESS_TOKEN}" }
`);
  const routesOf = (tid: string) =>
    traced(webHit(page({ tid, en: 'purchase' }), { cookies: cookiebot(ALL) }), two).events[0]?.routes.map(
      ({ route }) => route.name,
    );

  it('the one with its measurement id; only the primary one feeds the other vendors', () => {
    expect(routesOf('G-SHOP000001')).toEqual(['shop', 'meta']);
    expect(routesOf('G-GROUP00001')).toEqual(['group']);
  });

  it('an unknown one goes nowhere and is counted', () => {
    const trace = traced(webHit(page({ tid: 'G-NOBODY0001' }), { cookies: cookiebot(ALL) }), two);
    expect(trace.unknownStream).toBe(true);
    expect(trace.events).toEqual([]);
  });

  it('an unknown one does not keep a withdrawal from being carried out', () => {
    const cookies = `${cookiebot({})}; _ga=GA1.1.${CID}`;
    const trace = traced(webHit(page({ tid: 'G-NOBODY0001' }), { cookies }), two);
    expect(trace.events).toEqual([]);
    expect(trace.setCookies.some((cookie) => cookie.startsWith('_ga=; Max-Age=0'))).toBe(true);
    expect(trace.withdrawn).toContainEqual({ subject: `ga:${CID}`, signals: 0, closedRoutes: [], fromCookie: true });
  });

  it('JSON events go to every one', () => {
    const trace = traced(jsonHit({ events: [{ name: 'purchase' }] }, { cookies: cookiebot(ALL) }), two);
    expect(trace.events[0]?.routes.map(({ route }) => route.name)).toEqual(['shop', 'group', 'meta']);
  });
});

describe('repeats after ad consent (3a)', () => {
  const limited = gatewayOf(
    text.replace(
      'without_consent: block               # block | limited (identifier',
      'without_consent: limited # (identifier',
    ),
  );

  it('are relayed to GA4, and to nobody twice where the limited form went out before', () => {
    const repeat = webHit(page({ gcu: '1' }), { cookies: cookiebot(ALL) });
    expect(planned(traced(repeat), 'ga4')).toContain('en=page_view');
    expect(planned(traced(repeat, limited), 'ga4')).toBe('skipped: skip.duplicate');
  });
});

describe('legitimate interest (3)', () => {
  const site = (purposes: string) =>
    gatewayOf(`
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot], honour: [gpc, consent-mode] }
    purposes: { ${purposes} }
    destinations:
      ga4: { measurement_id: G-TEST000001 }
`);
  const analytics = site('analytics: { basis: legitimate_interest }');
  const verdict = (query: Record<string, string>, more: Parameters<typeof webHit>[1] = {}) =>
    traced(webHit(page(query), more), analytics).events[0]?.routes[0]?.outcome;

  it('holds until the visitor objects', () => {
    expect(verdict({})).toBe('planned');
    expect(verdict({ gcs: 'G100', gcd: '13p3p3p2p5l1' })).toBe('planned');
    expect(verdict({ gcd: '13p3k3p2p5l1' })).toBe('planned');
    expect(verdict({}, { headers: { 'sec-gpc': '1' } })).toBe('planned');
  });

  it.each([
    ['an explicit refusal', {}, { cookies: cookiebot({}) }],
    ['q: refused after a denied default', { gcd: '13p3q3p2p5l1' }, {}],
    ['m: refused without a default', { gcd: '13p3m3p2p5l1' }, {}],
    ['u: granted by default and refused', { gcd: '13p3u3p2p5l1' }, {}],
    ['consent keys nobody can read', { gcd: 'garbage' }, {}],
    ['a consent cookie nobody can read', {}, { cookies: cookiebot({ statistics: true }).slice(0, 90) }],
  ])('%s ends it', (_, query, more) => {
    expect(verdict(query, more)).toBe('blocked');
  });
});

describe('since (R94)', () => {
  const gated = gatewayOf(
    text.replace('pixel_id: "123456789012345"', 'pixel_id: "123456789012345"\n        since: 2026-11-01'),
  );
  const buy = (at: number) =>
    planned(
      traced(
        webHit(page({ en: 'purchase', 'epn.value': '1', cu: 'NOK' }), {
          cookies: `${cookiebot(ALL, at)}; _fbp=fb.1.${NOW - 86_400_000}.1098115397`,
        }),
        gated,
      ),
      'meta',
    );

  it('an older consent does not cover a recipient that came later', () => {
    expect(buy(Date.parse('2026-10-31T12:00:00Z'))).toBe('blocked: blocked.consent');
    expect(buy(Date.parse('2026-11-02T12:00:00Z'))).toContain('Purchase');
  });
});

describe('time', () => {
  const event = (time: number) => ({
    name: 'purchase',
    time,
    params: { value: 1, currency: 'NOK', transaction_id: 'T' },
  });
  const cookies = `${cookiebot(ALL, NOW - 9e9)}; _ga=GA1.1.${CID}; _fbp=fb.1.${NOW - 86_400_000}.1098115397`;

  it('a future one is the receipt time', () => {
    const trace = traced(jsonHit({ events: [event(NOW + 86_400_000)] }, { cookies }));
    expect(JSON.parse(planned(trace, 'meta'))).toMatchObject({ event_time: Math.floor(NOW / 1000) });
  });

  it('one too old is accepted and ends as expired', () => {
    const trace = traced(jsonHit({ events: [event(NOW - 73 * 3_600_000)] }, { cookies }));
    expect(trace.events[0]?.routes.every(({ outcome }) => outcome === 'expired')).toBe(true);
  });
});

it('decides the same for the same hit', () => {
  const hit = webHit(page(), { cookies: `${cookiebot(ALL)}; _ga=GA1.1.${CID}` });
  const [a, b] = [traced(hit), traced(hit)];
  expect(a.events.map(({ routes }) => routes.map(({ plan }) => plan))).toEqual(
    b.events.map(({ routes }) => routes.map(({ plan }) => plan)),
  );
  expect(a.setCookies).toEqual(b.setCookies);
  expect(a.events[0]?.signals).toBe(
    BIT.ad_storage |
      BIT.analytics_storage |
      BIT.ad_user_data |
      BIT.ad_personalization |
      BIT.functionality_storage |
      BIT.personalization_storage,
  );
});

describe('paths whose events go nowhere, and events without an address', () => {
  const end = (dl: string | undefined, referer: string | undefined) => {
    const { dl: _, ...rest } = page();
    const hit = webHit(dl === undefined ? rest : { ...rest, dl }, { cookies: cookiebot(ALL) });
    const trace = traced({ ...hit, headers: { ...hit.headers, ...(referer !== undefined && { referer }) } });
    return trace.events[0]?.routes.find(({ route }) => route.name === 'ga4');
  };

  it.each([
    ['undefined', 'https://shop.example.no/helse/sovn'],
    [undefined, 'https://shop.example.no/helse/sovn'],
    ['{{Page URL}}', 'https://shop.example.no/helse/sovn?x=1'],
  ])('the address %s from %s is held against the page it was sent from', (dl, referer) => {
    expect(end(dl, referer)).toMatchObject({ outcome: 'skipped', reason: { code: 'skip.path' } });
  });

  it.each([
    ['undefined', 'https://shop.example.no/krus'],
    ['undefined', 'https://shop.example.no/'],
    ['undefined', undefined],
    ['https://shop.example.no/krus', 'https://shop.example.no/helse/sovn'],
  ])('the address %s from %s passes', (dl, referer) => {
    expect(end(dl, referer)?.plan).toBeDefined();
  });
});
