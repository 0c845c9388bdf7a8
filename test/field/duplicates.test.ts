import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ask } from '../support/ask.ts';
import { cookiebot } from '../support/hits.ts';
import { metricsOf, until } from '../support/metrics.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { serve, type Served } from '../support/serve.ts';
import { VENDORS } from '../support/vendors.ts';

// What is a duplicate (docs/duplicates.md), through the front door: requests in, and what each vendor got of them.
// F.. and M.. are the reports of the field that a test stands for.

const KEY = 'ingestkey0123456789abcdef0123456789';
const site = (host: string, more: string) => `
  - hosts: [${host}.example.no]
    origins: [https://${host}.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    cookies: { own_id: true }
${more}`;
const CONFIG = `
sites:${site(
  'shop',
  `    ingest_keys: ["\${INGEST_KEY}"]
    destinations:
      ga4: { measurement_id: G-TEST000001, region: eu, api_secret: "\${SECRET}" }
      google_ads: { customer_id: "1234567890", conversions: { purchase: "700123456" }, credentials: "\${GOOGLE_ADS_CREDENTIALS}" }
      meta: { pixel_id: "123456789012345", access_token: "\${SECRET}" }
      microsoft_ads: { tag_id: "97000001", access_token: "\${SECRET}" }`,
)}${site(
  'limited',
  `    ingest_keys: ["\${INGEST_KEY}"]
    destinations:
      ga4: { measurement_id: G-TEST000002, region: eu, without_consent: limited }
      google_ads: { customer_id: "1234567890", conversions: { purchase: "700123456" }, credentials: "\${GOOGLE_ADS_CREDENTIALS}", conversion_id: "123456789", labels: { purchase: AbC }, without_consent: limited }`,
)}${site(
  'replaced',
  `    privacy: { referrer: none, replaced_ids: {} }
    destinations:
      ga4: { measurement_id: G-TEST000003, region: eu }`,
).replace('    cookies: { own_id: true }\n', '')}
`;

const GA4 = 'region1.google-analytics.com';
const META = 'graph.facebook.com';
const ADS = 'datamanager.googleapis.com';
const MICROSOFT = 'capi.uet.microsoft.com';
const PING = 'pagead2.googlesyndication.com';

const GRANTED = cookiebot({ preferences: true, statistics: true, marketing: true }, Date.now() - 3_600_000);
const STATISTICS = cookiebot({ statistics: true }, Date.now() - 3_600_000);
const REFUSED = cookiebot({}, Date.now() - 3_600_000);

let recorder: Recorder;
let gateway: Served;
beforeAll(async () => {
  recorder = await startRecorder(VENDORS);
  gateway = await serve({
    config: CONFIG,
    sink: recorder.url,
    env: { INGEST_KEY: KEY, SECRET: 'a-secret-of-the-tests' },
  });
});
afterAll(async () => {
  await gateway.stop();
  await recorder.close();
});
beforeEach(() => recorder.clear());

let nth = 0;
/** A client id nobody has had before. */
const newClient = () => `${randomInt(1e8, 1e9)}.${Math.floor(Date.now() / 1000) - 86_400 + nth++}`;
/** An id nobody has had before. */
const newId = (prefix = 'ORD') => `${prefix}-${randomInt(1e6, 1e7)}-${nth++}`;
const fbpOf = (seed: number) => `fb.1.${Date.now() - 3_600_000}.${1e9 + seed}`;

interface Tagged {
  readonly host?: string;
  readonly cid?: string;
  readonly cookies?: string;
  readonly page?: string | null;
  readonly lines?: readonly Readonly<Record<string, string>>[];
}

/** A hit of the tag: one line of the body an event. */
async function tag(
  event: Readonly<Record<string, string>>,
  { host = 'shop', cid = newClient(), cookies = GRANTED, page = String(randomInt(1e9)), lines }: Tagged = {},
): Promise<void> {
  const tid = { shop: 'G-TEST000001', limited: 'G-TEST000002', replaced: 'G-TEST000003' }[host] ?? '';
  const shared = { v: '2', tid, cid, dl: `https://${host}.example.no/takk`, ...(page === null ? {} : { _p: page }) };
  const query = new URLSearchParams(lines === undefined ? { ...shared, ...event } : shared);
  const { status } = await ask(gateway.url, {
    path: `/g/collect?${query.toString()}`,
    headers: { host: `${host}.example.no`, origin: `https://${host}.example.no`, cookie: cookies },
    body: (lines ?? []).map((line) => new URLSearchParams(line).toString()).join('\r\n'),
  });
  expect(status).toBe(204);
}

/** Events of the shop's own back end. */
async function backend(
  events: readonly { name: string; id?: string; order?: string; visitor?: object; user?: object }[],
  host = 'shop',
): Promise<void> {
  const { status } = await ask(gateway.url, {
    path: '/v1/events',
    headers: { host: `${host}.example.no`, authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      events: events.map(
        ({ name, id, order, visitor = { cookies: GRANTED }, user = { email: 'kari@example.no' } }) => ({
          name,
          ...(id === undefined ? {} : { id }),
          page: { url: `https://${host}.example.no/takk` },
          params: { currency: 'NOK', value: 599, ...(order === undefined ? {} : { transaction_id: order }) },
          user,
          visitor,
        }),
      ),
    }),
  });
  expect(status).toBe(204);
}

/** The names of the events that a vendor got, when all that was stored has been delivered. */
async function got(host: string): Promise<string[]> {
  await until('all is delivered', async () => {
    const metrics = await metricsOf(gateway.adminUrl);
    return metrics.sum('portvakt_outbox_waiting') === 0;
  });
  return recorder.to(host).flatMap(({ query, body }): string[] => {
    if (host === META) return (JSON.parse(body) as { data: { event_name: string }[] }).data.map((e) => e.event_name);
    if (host === MICROSOFT)
      return (JSON.parse(body) as { data: { eventName?: string; eventType: string }[] }).data.map(
        (e) => e.eventName ?? e.eventType,
      );
    if (host === ADS) return (JSON.parse(body) as { events: object[] }).events.map(() => 'purchase');
    if (host === PING) return ['purchase'];
    if (body.startsWith('{')) return (JSON.parse(body) as { events: { name: string }[] }).events.map((e) => e.name);
    return [query, ...body.split('\n')].flatMap((part) => new URLSearchParams(part.trim()).get('en') ?? []);
  });
}

const purchase = (order: string, more: Readonly<Record<string, string>> = {}) => ({
  en: 'purchase',
  'ep.transaction_id': order,
  cu: 'NOK',
  'epn.value': '599',
  ...more,
});

/** `_fbp` beside the banner's choice, so that Meta has something to match on. */
const withFbp = (cookies = GRANTED, seed = nth++) => `${cookies}; _fbp=${fbpOf(seed)}`;

describe('one id is not one event', () => {
  it('under two names (F01, M27e)', async () => {
    const id = newId('gtm');
    await tag(
      {},
      {
        cookies: withFbp(),
        lines: [
          { en: 'page_view', 'ep.event_id': id },
          { en: 'view_item', 'ep.event_id': id },
        ],
      },
    );
    expect(await got(GA4)).toEqual(['page_view', 'view_item']);
    expect(await got(META)).toEqual(['PageView', 'ViewContent']);
  });

  it('in two events of a back end, or an order and its refund (M27, M27c)', async () => {
    const [shared, order] = [newId(), newId()];
    const visitor = { cookies: GRANTED, client_id: newClient() };
    await backend([
      { name: 'view_item', id: shared, visitor },
      { name: 'add_to_cart', id: shared, visitor },
    ]);
    await backend([{ name: 'purchase', id: order, order: newId(), visitor }]);
    await backend([{ name: 'refund', id: order, order: newId(), visitor }]);
    expect((await got(GA4)).toSorted()).toEqual(['add_to_cart', 'purchase', 'refund', 'view_item']);
    expect((await got(META)).toSorted()).toEqual(['AddToCart', 'Purchase', 'ViewContent']);
  });

  it('of two visitors (F02)', async () => {
    const [id, order] = [newId('page'), newId()];
    for (const cookies of [withFbp(), withFbp()]) {
      await tag({ en: 'page_view', 'ep.event_id': id }, { cookies });
      await tag(purchase(order), { cookies });
    }
    expect((await got(GA4)).toSorted()).toEqual(['page_view', 'page_view', 'purchase', 'purchase']);
    expect((await got(META)).toSorted()).toEqual(['PageView', 'PageView', 'Purchase', 'Purchase']);
    expect(await got(ADS)).toEqual([]);
  });

  it('where two sites have the visitor and the order in common', async () => {
    const order = newId();
    const cid = newClient();
    await tag(purchase(order), { cid });
    await tag(purchase(order), { cid, host: 'limited' });
    expect(await got(GA4)).toEqual(['purchase', 'purchase']);
  });
});

describe('an id that a template left empty is none (F02)', () => {
  it.each([
    'undefined',
    'Undefined',
    'null',
    'NULL',
    'NaN',
    '[object Object]',
    '(not set)',
    '(None)',
    '0',
    '{{order}}',
    '%%ORDER%%',
    ' ',
  ])('%o: two orders of one visitor arrive, and nobody is told such a number', async (order) => {
    const cid = newClient();
    const cookies = withFbp();
    await tag(purchase(order), { cid, cookies });
    await tag(purchase(order, { 'ep.event_id': order }), { cid, cookies });
    expect(await got(GA4)).toEqual(['purchase', 'purchase']);
    expect(await got(META)).toEqual(['Purchase', 'Purchase']);
    const ids = recorder
      .to(META)
      .flatMap(({ body }) => (JSON.parse(body) as { data: { event_id: string }[] }).data.map((e) => e.event_id));
    expect(new Set(ids).size).toBe(2);
    if (order.trim() !== '' && order !== '0') {
      const wire = recorder.requests
        .map(({ query, body }) => decodeURIComponent(`${query} ${body}`.replaceAll('+', ' ')))
        .join();
      expect(wire).not.toContain(order);
    }
  });
});

describe('the same event again', () => {
  it('of one visitor is one: an order everywhere, whoever sends it', async () => {
    const order = newId();
    const cid = newClient();
    await tag(purchase(order), { cid, cookies: withFbp() });
    await tag(purchase(order), { cid, cookies: withFbp() });
    // The shop's back end names the visitor by the client id that the tag has, or by its cookie.
    await backend([{ name: 'purchase', order, visitor: { cookies: GRANTED, client_id: cid } }]);
    await backend([{ name: 'purchase', order, visitor: { cookies: `${GRANTED}; _ga=GA1.1.${cid}` } }]);
    expect(await got(GA4)).toEqual(['purchase']);
    expect(await got(META)).toEqual(['Purchase']);
  });

  it('is stored for the routes that have not had it', async () => {
    const order = newId();
    const cid = newClient();
    // Nothing for Meta to match on: skipped there, and taken when the back end sends more.
    await tag(purchase(order), { cid });
    expect([await got(GA4), await got(META)]).toEqual([['purchase'], []]);
    await backend([{ name: 'purchase', order, visitor: { cookies: GRANTED, client_id: cid } }]);
    expect([await got(GA4), await got(META)]).toEqual([['purchase'], ['Purchase']]);
  });

  it('by one id of a page load: ad routes take each name once, GA4 takes all', async () => {
    const id = newId('load');
    const cid = newClient();
    const cookies = withFbp();
    const page = '1795169690123';
    for (const en of ['page_view', 'view_item', 'view_item', 'scroll']) {
      await tag({ en, 'ep.event_id': id }, { cid, cookies, page });
    }
    expect((await got(GA4)).toSorted()).toEqual(['page_view', 'scroll', 'view_item', 'view_item']);
    expect((await got(META)).toSorted()).toEqual(['PageView', 'ViewContent']);
  });

  it('of a back end that tries again, by the id it gave, with a visitor or without', async () => {
    const id = newId('retry');
    for (const visitor of [{ cookies: GRANTED, client_id: newClient() }, { cookies: GRANTED }]) {
      recorder.clear();
      await backend([{ name: 'add_to_cart', id, visitor }]);
      await backend([{ name: 'add_to_cart', id, visitor }]);
      expect(await got(META)).toEqual(['AddToCart']);
    }
  });

  it('is known by the own id and by _fbp where there is no client id', async () => {
    const id = newId('own');
    const hit = { host: 'shop.example.no', origin: 'https://shop.example.no' };
    const json = (cookie: string) =>
      ask(gateway.url, {
        path: '/v1/events',
        headers: { ...hit, 'content-type': 'application/json', cookie },
        body: JSON.stringify({ events: [{ name: 'add_to_cart', id, page: { url: 'https://shop.example.no/' } }] }),
      });
    const marketing = cookiebot({ marketing: true }, Date.now() - 3_600_000);
    const [one, other] = [withFbp(marketing), withFbp(marketing)];
    for (const cookies of [one, one, other]) await json(cookies);
    expect(await got(META)).toEqual(['AddToCart', 'AddToCart']);
    // The own id that an answer sets comes with the next hit; the answer's own hit is nobody's yet.
    recorder.clear();
    const first = await json(`${GRANTED}; _fbp=${fbpOf(7)}`);
    const own = first.setCookies.find((cookie) => cookie.startsWith('pv_id='))?.split(';')[0] ?? '';
    expect(own).not.toBe('');
    for (let i = 0; i < 2; i++) await json(`${GRANTED}; ${own}; _fbp=${fbpOf(8 + i)}`);
    expect(await got(META)).toEqual(['AddToCart', 'AddToCart']);
  });
});

describe('a stranger who guesses order numbers', () => {
  it('shadows nobody: neither the visitor, nor the back end that knows the visitor, nor the one that does not', async () => {
    const orders = [newId(), newId(), newId()];
    const [theirs, hers] = [newClient(), newClient()];
    for (const order of orders) {
      await tag(purchase(order), { cid: theirs, cookies: withFbp() });
      await tag(purchase(order), { cid: 'backend', cookies: withFbp(), page: 'backend' });
      await tag(purchase(order), { cid: hers, cookies: REFUSED });
    }
    await got(META);
    recorder.clear();
    await tag(purchase(orders[0] ?? ''), { cid: hers, cookies: withFbp() });
    await backend([
      { name: 'purchase', order: orders[1] ?? '', visitor: { cookies: GRANTED, client_id: hers } },
      { name: 'purchase', order: orders[2] ?? '' },
    ]);
    expect(await got(META)).toEqual(['Purchase', 'Purchase', 'Purchase']);
    expect(await got(ADS)).toHaveLength(2);
  });
});

describe("the tag's repeat after ad consent", () => {
  it('is an event of its own for GA4, once, and the first for ad routes', async () => {
    const order = newId();
    const cid = newClient();
    await tag(purchase(order), { cid, cookies: STATISTICS });
    expect([await got(GA4), await got(META)]).toEqual([['purchase'], []]);
    const cookies = withFbp();
    for (let i = 0; i < 2; i++) await tag(purchase(order, { gcu: '1' }), { cid, cookies });
    expect([await got(GA4), await got(META)]).toEqual([['purchase', 'purchase'], ['Purchase']]);
  });
});

describe('the form that identifies nobody', () => {
  it('counts an order once a page load, and a reload again', async () => {
    const order = newId();
    for (const page of ['111', '111', '222', null, null]) {
      await tag(purchase(order), { host: 'limited', cid: newClient(), cookies: REFUSED, page });
    }
    expect(await got(GA4)).toHaveLength(4);
    expect(await got(PING)).toHaveLength(4);
  });

  it('has a mark of its own: the full form is no repeat of it', async () => {
    const order = newId();
    const cid = newClient();
    await tag(purchase(order), { host: 'limited', cid, cookies: REFUSED, page: '333' });
    await tag(purchase(order), { host: 'limited', cid, cookies: GRANTED, page: '333' });
    expect(await got(GA4)).toHaveLength(2);
  });
});

it('visitors whose ids are replaced are told apart by what replaces them', async () => {
  const order = newId();
  const [one, other] = [newClient(), newClient()];
  for (const cid of [one, one, other]) await tag(purchase(order), { host: 'replaced', cid });
  expect(await got(GA4)).toHaveLength(2);
});

describe('what a vendor never had is forgotten', () => {
  it('an order withdrawn while it waited comes again with a new consent', async () => {
    const up = recorder.script(META, () => ({ status: 503 }));
    const order = newId();
    const cid = newClient();
    const cookies = `_ga=GA1.1.${cid}; _fbp=${fbpOf(99)}`;
    await tag(purchase(order), { cid, cookies: `${GRANTED}; ${cookies}` });
    const before = (await metricsOf(gateway.adminUrl)).sum('portvakt_outcomes_total', { outcome: 'withdrawn' });
    await tag({ en: 'page_view' }, { cid, cookies: `${REFUSED}; ${cookies}` });
    await until('it is withdrawn', async () => {
      return (await metricsOf(gateway.adminUrl)).sum('portvakt_outcomes_total', { outcome: 'withdrawn' }) > before;
    });
    const stored = async () =>
      (await metricsOf(gateway.adminUrl)).sum('portvakt_stored_total', { route: 'shop.example.no/meta' });
    const was = await stored();
    for (let i = 0; i < 2; i++) await tag(purchase(order), { cid, cookies: `${GRANTED}; ${cookies}` });
    expect(await stored()).toBe(was + 1);
    up();
  });
});
