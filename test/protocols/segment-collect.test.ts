import { Analytics } from '@segment/analytics-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256Hex } from '../../src/core/hash.ts';
import { ask, type Answer } from '../support/ask.ts';
import { cookiebot } from '../support/hits.ts';
import { metricsOf, until } from '../support/metrics.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { serve, type Served } from '../support/serve.ts';
import { VENDORS } from '../support/vendors.ts';

// Segment's calls from the request of a page or of a back end to the bytes that vendors get: each row is a rule of
// `protocols/segment.md` 3-6, and what goes out is `destinations/ga4.md` 2 and `destinations/meta.md` 2.

const KEY = 'ingest-key-of-the-segment-test-0123456789';
const site = (host: string, segment: string, more = '') => `
  - hosts: [${host}, 127.0.0.1.${host}]
    origins: [https://${host}]
    ingest_keys: ["\${SEGMENT_KEY}"]
    country: NO
    consent: { cmp: [cookiebot], segment: ${segment}${more} }
    cookies: { own_id: true }
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: "\${SEGMENT_GA4}", region: eu, params: all }
      meta: { pixel_id: "123456789012345", access_token: "\${SEGMENT_META}" }
`;
const SHOP = 'shop.example.no';
const ASSERTED = 'asserted.example.no';
const TRUSTED = 'trusted.example.no';
const OWN = 'own.example.no';
const CONFIG = (more: string) => `
sites:${site(SHOP, 'cookies')}${site(ASSERTED, 'asserted')}${site(TRUSTED, 'trust')}${site(
  OWN,
  '{ take: trust, categories: { stats: statistics, C0002: [] } }',
)}${more}`;
const ENV = { SEGMENT_KEY: KEY, SEGMENT_GA4: 'secret', SEGMENT_META: 'token' };

const NOW = Date.now();
const HOUR = 3_600_000;
type Choice = Parameters<typeof cookiebot>[0];
const EVERYTHING: Choice = { preferences: true, statistics: true, marketing: true };
let count = 0;
/** A browser of its own: a refusal withdraws what the same browser allowed in other tests. */
const cookies = (choice: Choice) =>
  `${cookiebot(choice, NOW - HOUR)}; _fbp=fb.1.${NOW - HOUR}.${1_098_115_397 + count++}`;
const uuid = () => `00000000-0000-4000-8000-${String(count++).padStart(12, '0')}`;
const ALL = { C0001: true, C0002: true, C0003: true, C0004: true, C0005: true };

let recorder: Recorder;
let gateway: Served;
beforeAll(async () => {
  recorder = await startRecorder(VENDORS);
  gateway = await serve({ config: CONFIG(site('127.0.0.1', 'cookies')), sink: recorder.url, env: ENV });
}, 60_000);
afterAll(async () => {
  await gateway.stop();
  await recorder.close();
});

interface From {
  readonly host?: string;
  readonly path?: string;
  /** The visitor's cookies; of a back end they are in each call. */
  readonly cookies?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** As analytics-next sends a call. */
function page(body: object, { host = SHOP, path = '/v1/t', cookies: seen, headers }: From = {}): Promise<Answer> {
  return ask(gateway.url, {
    path,
    headers: {
      host,
      origin: `https://${host}`,
      'content-type': 'text/plain',
      authorization: `Basic ${btoa('PUBLIC:')}`,
      'user-agent':
        'Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36',
      ...(seen === undefined ? {} : { cookie: seen }),
      ...headers,
    },
    body: JSON.stringify(body),
  });
}

/** As a server library sends it. */
function backEnd(body: object, { host = SHOP, path = '/v1/track', headers }: From = {}): Promise<Answer> {
  return ask(gateway.url, {
    path,
    headers: { host, 'content-type': 'application/json', authorization: `Basic ${btoa(`${KEY}:`)}`, ...headers },
    body: JSON.stringify(body),
  });
}

/** What Google and Meta were sent that has this text in it. */
const got = (vendor: RegExp, text: string) =>
  recorder.requests.filter(({ host, body }) => vendor.test(host) && body.includes(text));
const GOOGLE = /google-analytics/;
const META = /facebook/;

const order = (id: string, more: object = {}) => ({
  type: 'track',
  event: 'Order Completed',
  messageId: `ajs-next-${NOW}-${uuid()}`,
  anonymousId: uuid(),
  timestamp: new Date(NOW).toISOString(),
  properties: {
    order_id: id,
    revenue: 59.9,
    currency: 'EUR',
    products: [{ product_id: 'SKU-1', price: 59.9, quantity: 1 }],
  },
  ...more,
  context: { page: { url: 'https://shop.example.no/takk' }, ...(more as { context?: object }).context },
});

/** Something everybody gets, sent last: what came before it has been delivered, too, or never will be. */
async function settled(host = SHOP): Promise<void> {
  const id = `LAST-${count++}`;
  await page(order(id), { host, cookies: cookies(EVERYTHING) });
  await until('the last one', () => got(GOOGLE, id).length > 0 && got(META, id).length > 0);
}

describe('whom a call reaches', () => {
  interface Row {
    readonly by: 'page' | 'back end';
    readonly said?: Choice;
    readonly prefer?: unknown;
    readonly host?: string;
    readonly more?: object;
    readonly google: boolean;
    readonly meta: boolean;
  }
  const EMAIL = { traits: { email: 'kari@example.no' } };
  const rows: Readonly<Record<string, Row>> = {
    'a page, everything allowed': { by: 'page', said: EVERYTHING, google: true, meta: true },
    'a page, statistics only': { by: 'page', said: { statistics: true }, google: true, meta: false },
    'a page, nothing allowed': { by: 'page', said: {}, google: false, meta: false },
    'a page, nothing said': { by: 'page', google: false, meta: false },
    'a back end, everything allowed': { by: 'back end', said: EVERYTHING, google: true, meta: true },
    'a back end, statistics only': { by: 'back end', said: { statistics: true }, google: true, meta: false },
    'a back end, nothing allowed': { by: 'back end', said: {}, google: false, meta: false },
    'a back end, nothing said': { by: 'back end', google: false, meta: false },
    'categories of a page that is not trusted': { by: 'page', prefer: ALL, google: false, meta: false },
    'categories of a back end that is not trusted': { by: 'back end', prefer: ALL, google: false, meta: false },
    'categories of a page where back ends are trusted': {
      by: 'page',
      prefer: ALL,
      host: ASSERTED,
      google: false,
      meta: false,
    },
    'categories of a back end that is trusted': {
      by: 'back end',
      prefer: ALL,
      host: ASSERTED,
      google: true,
      meta: true,
    },
    'categories of a page that is trusted': { by: 'page', prefer: ALL, host: TRUSTED, google: true, meta: true },
    'by the names of Segment': {
      by: 'page',
      prefer: { Analytics: true, advertising: true },
      host: TRUSTED,
      google: true,
      meta: true,
    },
    'statistics of a page that is trusted': {
      by: 'page',
      prefer: { C0002: true },
      host: TRUSTED,
      google: true,
      meta: false,
    },
    'categories nobody knows': {
      by: 'page',
      prefer: { DataSharing: true, X: true },
      host: TRUSTED,
      google: false,
      meta: false,
    },
    'a category of the own': {
      by: 'page',
      prefer: { stats: true, C0002: false },
      host: OWN,
      google: true,
      meta: false,
    },
    'a category that was mapped to nothing': {
      by: 'page',
      prefer: { C0002: true },
      host: OWN,
      google: false,
      meta: false,
    },
    'two categories of advertising that disagree': {
      by: 'page',
      prefer: { ...ALL, C0005: false },
      host: TRUSTED,
      google: true,
      meta: false,
    },
    'no switch is no yes': { by: 'page', prefer: { ...ALL, C0002: 'true' }, host: TRUSTED, google: false, meta: true },
    'categories that cannot be read': { by: 'page', prefer: 'all', host: TRUSTED, google: false, meta: false },
    'categories that cannot be read beside a record': {
      by: 'page',
      said: EVERYTHING,
      prefer: [true],
      google: false,
      meta: false,
    },
    'categories take away from a record': {
      by: 'page',
      said: EVERYTHING,
      prefer: { C0004: false },
      google: true,
      meta: false,
    },
    'categories take away from a back end': {
      by: 'back end',
      said: EVERYTHING,
      prefer: { C0002: false },
      google: false,
      meta: true,
    },
    'categories that say less than the record leave the rest to it': {
      by: 'page',
      said: EVERYTHING,
      prefer: { C0002: true },
      host: TRUSTED,
      google: true,
      meta: true,
    },
    'categories against a record that refuses': {
      by: 'page',
      said: {},
      prefer: ALL,
      host: TRUSTED,
      google: false,
      meta: false,
    },
    'Global Privacy Control of the back end': {
      by: 'back end',
      said: EVERYTHING,
      more: { context: { portvakt: { visitor: { gpc: true } } } },
      google: true,
      meta: false,
    },
    'a vendor that the sender leaves out': {
      by: 'page',
      said: EVERYTHING,
      more: { integrations: { 'Facebook Conversions API (Actions)': false } },
      google: true,
      meta: false,
    },
    'all but one': {
      by: 'page',
      said: EVERYTHING,
      more: { integrations: { All: false, 'Google Analytics 4 Web': true } },
      google: true,
      meta: false,
    },
    'a vendor that the sender wants, without consent': {
      by: 'page',
      said: { statistics: true },
      more: { integrations: { All: true, 'Facebook Pixel': true } },
      google: true,
      meta: false,
    },
  };
  const ids = new Map(Object.keys(rows).map((name, i) => [name, `ORD-${i}-x`]));
  beforeAll(async () => {
    for (const [name, { by, said, prefer, host = SHOP, more = {} }] of Object.entries(rows)) {
      const own = (more as { context?: { portvakt?: { visitor?: object } } }).context;
      const seen = said === undefined ? undefined : cookies(said);
      const visitor = { ...(seen === undefined ? {} : { cookies: seen }), ...own?.portvakt?.visitor };
      const context = {
        ...EMAIL,
        userAgent: 'Mozilla/5.0',
        ...(prefer === undefined ? {} : { consent: { categoryPreferences: prefer } }),
        ...(by === 'page' ? {} : { portvakt: { visitor } }),
      };
      const call = order(ids.get(name) ?? '', { ...more, context });
      const answer =
        by === 'page'
          ? await page(call, { host, ...(seen === undefined ? {} : { cookies: seen }) })
          : await backEnd(call, { host });
      expect([name, answer.status, answer.body]).toEqual([name, 200, '{"success":true}']);
    }
    for (const host of [SHOP, ASSERTED, TRUSTED, OWN]) await settled(host);
  }, 60_000);

  it.each(Object.entries(rows))('%s', (name, { google, meta }) => {
    const id = ids.get(name) ?? '';
    expect([got(GOOGLE, id).length, got(META, id).length]).toEqual([google ? 1 : 0, meta ? 1 : 0]);
  });

  it('user data goes where advertising is allowed, and only hashed', () => {
    const hash = sha256Hex('kari@example.no');
    expect(got(GOOGLE, ids.get('a page, everything allowed') ?? '')[0]?.body).toContain(hash);
    expect(got(GOOGLE, ids.get('a page, statistics only') ?? '')[0]?.body).not.toContain(hash);
    expect(got(/./, 'kari')).toEqual([]);
  });
});

describe('what is sent', () => {
  it('is the event as Google has it, with a pseudonym in place of the id of the SDK', async () => {
    const anonymousId = uuid();
    await page(
      {
        ...order('ORD-whole', { properties: undefined }),
        event: 'Product Added',
        anonymousId,
        properties: { product_id: 'SKU-1', name: 'Krus', price: 27.5, quantity: 2, currency: 'nok', plan: 'gold' },
      },
      { cookies: cookies({ statistics: true }) },
    );
    await until('it', () => got(GOOGLE, 'add_to_cart').length > 0);
    const [sent] = got(GOOGLE, 'add_to_cart');
    expect(sent?.path).toBe('/mp/collect');
    const body = JSON.parse(sent?.body ?? '') as { client_id: string; events: object[] };
    expect(body.client_id).toMatch(/^\d{1,16}\.\d{10}$/);
    expect(body.events).toMatchObject([
      {
        name: 'add_to_cart',
        params: {
          currency: 'NOK',
          value: 55,
          plan: 'gold',
          items: [{ item_id: 'SKU-1', item_name: 'Krus', price: 27.5, quantity: 2 }],
        },
      },
    ]);
    expect(JSON.stringify(recorder.requests)).not.toContain(anonymousId);
  });

  it("a copy of the SDK's id goes nowhere, also where Google's id is the visitor's", async () => {
    const anonymousId = uuid();
    const more = {
      anonymousId,
      integrations: { 'Google Analytics 4': { clientId: `482310559.${Math.floor(NOW / 1000) - 60}` } },
    };
    await page(
      {
        type: 'track',
        event: 'Copied Id',
        ...more,
        properties: { trace: `v1.${anonymousId}`, [`of ${anonymousId}`]: 'x' },
      },
      { cookies: cookies(EVERYTHING) },
    );
    await until('it', () => got(GOOGLE, 'copied_id').length > 0);
    expect(got(GOOGLE, 'copied_id')[0]?.body).toContain('482310559.');
    expect(JSON.stringify(recorder.requests)).not.toContain(anonymousId);
  });

  it('calls that are no events go nowhere, and bad ones of a batch cost nothing but themselves', async () => {
    const seen = cookies(EVERYTHING);
    const calls = [
      { type: 'identify', userId: 'u-77', traits: { email: 'identified@example.no' } },
      { type: 'group', groupId: 'GRP-1', userId: 'u-77' },
      { type: 'track' },
      'text',
      order('ORD-batch', { userId: 'u-77' }),
    ];
    const body = { writeKey: 'PUBLIC', batch: calls, sentAt: new Date().toISOString() };
    const answer = await page(body, { path: '/v1/b', cookies: seen });
    expect([answer.status, answer.body]).toEqual([200, '{"success":true}']);
    await settled();
    expect(got(META, 'ORD-batch')[0]?.body).toContain(sha256Hex('identified@example.no'));
    expect(got(/./, 'GRP-1')).toEqual([]);
    const metrics = await metricsOf(gateway.adminUrl);
    expect(metrics.sum('portvakt_outcomes_total', { route: `${SHOP}/ga4`, outcome: 'invalid' })).toBe(2);
    expect(metrics.sum('portvakt_outcomes_total', { reason: 'skip.no_event', route: `${SHOP}/ga4` })).toBe(2);
  });

  it('pages without a tag of Google get a session', async () => {
    const first = await page({ type: 'page', anonymousId: uuid() }, { path: '/v1/p', cookies: cookies(EVERYTHING) });
    expect(first.setCookies.map((one) => one.split('=')[0])).toContain('pv_session');
    const none = await page({ type: 'page', anonymousId: uuid() }, { path: '/v1/p', cookies: cookies({}) });
    expect(none.setCookies.filter((one) => one.startsWith('pv_session') && !/max-age=0/i.test(one))).toEqual([]);
  });

  it('a call that is sent again counts once', async () => {
    const call = { ...order('', { properties: { step: 1 } }), event: 'Twice Sent' };
    const seen = cookies(EVERYTHING);
    await page(call, { cookies: seen });
    await page(call, { cookies: seen, headers: { 'x-retry-count': '1' } });
    await settled();
    expect(got(GOOGLE, 'twice_sent').length).toBe(1);
  });
});

describe('a choice that has changed', () => {
  it('withdraws: what waits is purged and the cookies expire, and nothing of the notice is sent', async () => {
    const fbp = `_fbp=fb.1.${NOW - HOUR}.77`;
    const notice = (allowed: boolean) => ({
      type: 'track',
      event: 'Segment Consent Preference Updated',
      context: { consent: { categoryPreferences: { C0004: allowed, C0002: true } } },
    });
    const granted = await page(notice(true), { cookies: `${cookiebot(EVERYTHING, NOW - HOUR)}; ${fbp}` });
    expect(granted.setCookies.filter((one) => /max-age=0/i.test(one))).toEqual([]);
    const refused = await page(notice(false), { cookies: `${cookiebot(EVERYTHING, NOW - HOUR)}; ${fbp}` });
    expect([refused.status, refused.body]).toEqual([200, '{"success":true}']);
    expect(refused.setCookies.join()).toMatch(/_fbp=;.*max-age=0/i);
    await settled();
    expect(got(/./, 'consent_preference')).toEqual([]);
  });

  it('of a back end withdraws for the ids it states', async () => {
    const anonymousId = uuid();
    const more = {
      anonymousId,
      userId: `crm-${count++}`,
      context: { portvakt: { visitor: { cookies: cookies(EVERYTHING) } } },
    };
    await backEnd({
      ...more,
      event: 'Segment Consent Preference Updated',
      context: { consent: { categoryPreferences: { C0002: false, C0004: false } } },
    });
    // Decided before the refusal: the record it rests on is an hour old.
    await backEnd(order('ORD-late', more));
    await settled();
    expect(got(/./, 'ORD-late')).toEqual([]);
  });
});

describe('size', () => {
  const long = (kib: number) => ({
    batch: Array.from({ length: kib }, (_, i) => ({
      type: 'track',
      event: 'Long One',
      properties: { n: i, text: 'x'.repeat(900) },
    })),
  });
  it('a back end with a key may send 500 KiB, everybody else 64', async () => {
    expect((await backEnd(long(400), { path: '/v1/batch' })).status).toBe(200);
    expect((await backEnd(long(600), { path: '/v1/batch' })).status).toBe(400);
    expect((await page(long(80), { path: '/v1/batch' })).status).toBe(400);
    const stranger = { authorization: `Basic ${btoa('wrong-key:')}` };
    expect((await backEnd(long(80), { path: '/v1/batch', headers: stranger })).status).toBe(400);
    expect((await backEnd(long(5), { path: '/v1/batch', headers: stranger })).status).toBe(403);
  });
});

describe('the settings', () => {
  it('lead a page back to the gateway, and to nobody else', async () => {
    const answer = await ask(gateway.url, {
      method: 'GET',
      path: '/v1/projects/PUBLIC/settings',
      headers: { host: `${SHOP}:8443`, origin: `https://${SHOP}` },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'cache-control': 'public, max-age=300',
      'access-control-allow-origin': `https://${SHOP}`,
      vary: 'Origin',
    });
    expect(JSON.parse(answer.body)).toMatchObject({
      integrations: { 'Segment.io': { apiKey: 'PUBLIC', apiHost: `${SHOP}:8443/v1`, protocol: 'https' } },
    });
    expect(answer.body).not.toContain('segment.com');
  });

  it('a page may send what its SDK adds to a request', async () => {
    const answer = await ask(gateway.url, {
      method: 'OPTIONS',
      path: '/v1/t',
      headers: { host: SHOP, origin: `https://${SHOP}`, 'access-control-request-method': 'POST' },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers['access-control-allow-headers']?.toLowerCase().split(', ').toSorted()).toEqual([
      'authorization',
      'content-type',
      'x-retry-count',
    ]);
    expect(answer.headers['access-control-max-age']).toBe('600');
  });
});

describe('the library for Node', () => {
  const client = (more: object = {}) =>
    new Analytics({ writeKey: KEY, host: gateway.url, flushInterval: 10, maxRetries: 3, ...more });

  it('sends an order on the cookies of the visitor', async () => {
    const analytics = client();
    const failed: unknown[] = [];
    analytics.on('error', (error) => failed.push(error));
    const context = { portvakt: { visitor: { cookies: cookies(EVERYTHING), user_agent: 'Mozilla/5.0' } } };
    const { properties } = order('ORD-node');
    analytics.identify({ userId: 'crm-900', traits: { email: 'node@example.no' } });
    analytics.track({ userId: 'crm-900', anonymousId: uuid(), event: 'Order Completed', properties, context });
    analytics.page({ anonymousId: uuid(), name: 'Takk', properties: { url: 'https://127.0.0.1/node-page' } });
    await analytics.closeAndFlush();
    await until('both', () => got(GOOGLE, 'ORD-node').length > 0 && got(META, 'ORD-node').length > 0);
    expect(got(META, 'ORD-node')[0]?.body).toContain(sha256Hex('node@example.no'));
    expect(failed).toEqual([]);
    await settled('127.0.0.1');
    expect(got(/./, 'node-page')).toEqual([]);
  });

  it('hears of a key that is wrong, and gives up', async () => {
    const analytics = client({ writeKey: 'some-other-key' });
    const failed: unknown[] = [];
    analytics.on('error', (error) => failed.push(error));
    analytics.track({ userId: 'x', event: 'A' });
    await analytics.closeAndFlush();
    expect(JSON.stringify(failed)).toContain('delivery_failure');
  });
});
