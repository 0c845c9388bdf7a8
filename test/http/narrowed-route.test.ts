import { afterAll, beforeAll, expect, it } from 'vitest';
import { leftTo, narrowedEntry } from '../../src/policy/closed-routes.ts';
import { ask } from '../support/ask.ts';
import { webHit } from '../support/hits.ts';
import { metricsOf } from '../support/metrics.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { serve, type Served } from '../support/serve.ts';

// A visitor who refuses Google Ads and keeps Google Analytics leaves GA4 open, without advertising. An event that waits
// for GA4 and was made with advertising must not go out.

const CONFIG = `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent:
      cmp: [klaro]
      mapping: { klaro: { purposes: { google-analytics: statistics, google-ads: marketing, facebook-pixel: marketing } } }
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: '\${GA4_API_SECRET}' }
      google_ads: { customer_id: "1234567890", conversions: { purchase: "700123456" }, credentials: '\${GOOGLE_ADS_CREDENTIALS}' }
      meta: { pixel_id: "123456789012345", access_token: '\${META_ACCESS_TOKEN}' }
`;

let vendors: Recorder;
let gateway: Served;
beforeAll(async () => {
  vendors = await startRecorder();
  for (const host of ['region1.google-analytics.com', 'www.google-analytics.com', 'graph.facebook.com'])
    vendors.script(host, () => ({ status: 503 }));
  gateway = await serve({ config: CONFIG, sink: vendors.url });
});
afterAll(async () => {
  await gateway.stop('SIGKILL');
  await vendors.close();
});

const klaro = (ads: boolean): string =>
  `klaro=${encodeURIComponent(JSON.stringify({ 'google-analytics': true, 'google-ads': ads, 'facebook-pixel': true }))}`;

/** When the visitors' ids were given, unix milliseconds. */
const FIRST = Date.now() - 60_000;
let orders = 1000;

async function buy(visitor: number, ads: boolean): Promise<void> {
  const id = `${1_000_000 + visitor}.${Math.floor(FIRST / 1000)}`;
  const { query } = webHit({
    v: '2',
    tid: 'G-TEST000001',
    cid: id,
    en: 'purchase',
    'ep.transaction_id': `order-${orders++}`,
    'epn.value': '100',
    cu: 'NOK',
    dl: 'https://shop.example.no/krus?gclid=EAIaIQobChMI_test_of_the_gateway',
  });
  const headers = {
    host: 'shop.example.no',
    origin: 'https://shop.example.no',
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)',
    cookie: `${klaro(ads)}; _ga=GA1.1.${id}; _fbp=fb.1.${FIRST}.${1_000_000 + visitor}`,
  };
  const answer = await ask(gateway.url, { path: `/g/collect?${query}`, headers, body: '' });
  expect(answer.status).toBe(204);
}

const ended = async (route: string): Promise<number> =>
  (await metricsOf(gateway.adminUrl)).sum('portvakt_outcomes_total', {
    route: `shop.example.no/${route}`,
    outcome: 'withdrawn',
  });
const waiting = async (route: string): Promise<number> =>
  (await metricsOf(gateway.adminUrl)).sum('portvakt_outbox_waiting', { route: `shop.example.no/${route}` });

it('takes back what was made with the signals that a route has lost, and nothing else', async () => {
  await buy(1, true);
  await buy(2, true);
  expect([await waiting('ga4'), await waiting('meta')]).toEqual([2, 2]);
  await buy(1, false);
  // The first visitor's event of before is gone for GA4, that of now is there; Meta's and the other visitor's stay.
  expect([await ended('ga4'), await ended('meta')]).toEqual([1, 0]);
  expect([await waiting('ga4'), await waiting('meta')]).toEqual([2, 3]);
  // What was made without advertising is not meant when it is refused again.
  await buy(1, false);
  expect([await ended('ga4'), await ended('meta')]).toEqual([1, 0]);
  expect([await waiting('ga4'), await waiting('meta')]).toEqual([3, 4]);
});

it('an entry closes a route, or leaves signals to it, for what is older than it', () => {
  const entries = {
    'shop/meta': 100,
    [narrowedEntry('shop/ga4', 0b0001)]: 100,
    [narrowedEntry('shop/ga4', 0b0011)]: 200,
  };
  expect(leftTo('shop/meta', entries, 100)).toBeUndefined();
  expect(leftTo('shop/meta', entries, 101)).toBe(leftTo('shop/other', entries, 1));
  expect((leftTo('shop/ga4', entries, 50) ?? 0) & 0b1111).toBe(0b0001);
  expect((leftTo('shop/ga4', entries, 150) ?? 0) & 0b1111).toBe(0b0011);
  expect((leftTo('shop/ga4', entries, 201) ?? 0) & 0b1111).toBe(0b1111);
  // Another route whose name begins alike.
  expect((leftTo('shop/ga', entries, 50) ?? 0) & 0b1111).toBe(0b1111);
  expect((leftTo('shop/ga4', { 'shop/ga4 x': 100 }, 50) ?? 0) & 0b1111).toBe(0);
});
