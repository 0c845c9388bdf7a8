import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask } from '../support/ask.ts';
import { cookiebot } from '../support/hits.ts';
import { metricsOf, until } from '../support/metrics.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { serve, type Served } from '../support/serve.ts';
import { VENDORS } from '../support/vendors.ts';

// Anybody can write any id into a hit, so an id in a hit alone withdraws nothing. Any of the cookies of the visitor's
// own browser does, and a back end does for the ids that it states.

const KEY = 'ingestkey0123456789abcdef0123456789';
const CONFIG = `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    ingest_keys: ["\${INGEST_KEY}"]
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001 }
      meta: { pixel_id: "123456789012345", access_token: "\${TOKEN}" }
`;
const HOST = { host: 'shop.example.no' };
const GRANTED = cookiebot({ statistics: true, marketing: true }, Date.now() - 3_600_000);
const REFUSED = cookiebot({}, Date.now() - 60_000);
const STARTED = Math.floor(Date.now() / 1000) - 3_600;
const clientOf = (nth: number): string => `48231055${nth}.${STARTED}`;
const gaOf = (nth: number): string => `_ga=GA1.1.${clientOf(nth)}`;
const fbpOf = (nth: number): string => `_fbp=fb.1.${STARTED}000.109811539${nth}`;

let recorder: Recorder;
let gateway: Served;
beforeAll(async () => {
  recorder = await startRecorder(VENDORS);
  gateway = await serve({
    config: CONFIG,
    sink: recorder.url,
    env: { INGEST_KEY: KEY, TOKEN: 'a-token-of-the-tests' },
  });
});
afterAll(async () => {
  await gateway?.stop();
  await recorder?.close();
});

/** A hit of a browser: what its tag says of the visitor, and what its cookies say. */
async function hit(event: string, told: { cid: string; uid?: string }, cookies: readonly string[]): Promise<void> {
  const query = new URLSearchParams({
    v: '2',
    tid: 'G-TEST000001',
    en: event,
    dl: 'https://shop.example.no/',
    ...told,
  });
  const headers = {
    ...HOST,
    origin: 'https://shop.example.no',
    cookie: cookies.join('; '),
    'user-agent': 'Mozilla/5.0',
  };
  expect((await ask(gateway.url, { path: `/g/collect?${query}`, headers })).status).toBe(204);
}

async function backEndRefuses(clientId: string): Promise<void> {
  const headers = { ...HOST, authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
  const visitor = { client_id: clientId, cookies: REFUSED };
  const body = JSON.stringify({ events: [{ name: 'page_view', visitor }] });
  expect((await ask(gateway.url, { path: '/v1/events', headers, body })).status).toBe(204);
}

const waiting = async (route: string): Promise<number> =>
  (await metricsOf(gateway.adminUrl)).sum('portvakt_outbox_waiting', { route: `shop.example.no/${route}` });

it('a refusal withdraws what its own cookies say, and nothing of whose ids stand in the hit', async () => {
  const hosts = ['www.google-analytics.com', 'graph.facebook.com'];
  const mend = hosts.map((host) => recorder.script(host, () => ({ status: 503 })));
  const [victim, byGa, byFbp, byBackEnd] = [1, 2, 3, 4] as const;
  for (const nth of [victim, byGa, byFbp, byBackEnd])
    await hit(`wait_${nth}`, { cid: clientOf(nth), uid: `customer-${nth}` }, [GRANTED, gaOf(nth), fbpOf(nth)]);
  const all = async (rows: number): Promise<boolean> =>
    (await waiting('ga4')) === rows && (await waiting('meta')) === 0;
  await until('four wait', () => all(4));

  // The stranger has a cookie of its own, and so withdraws something: itself.
  await hit('page_view', { cid: clientOf(victim), uid: `customer-${victim}` }, [REFUSED, fbpOf(9)]);
  await hit('page_view', { cid: clientOf(victim), uid: `customer-${victim}` }, [gaOf(9), fbpOf(9)]);
  await hit('page_view', { cid: clientOf(victim), uid: `customer-${victim}` }, [REFUSED]);
  expect(await all(4)).toBe(true);

  await hit('page_view', { cid: clientOf(8) }, [REFUSED, gaOf(byGa)]);
  await until('one is gone by its client id', () => all(3));
  await hit('page_view', { cid: clientOf(8) }, [REFUSED, fbpOf(byFbp)]);
  await until('one is gone by its browser id', () => all(2));
  await backEndRefuses(clientOf(byBackEnd));
  await until('one is gone by what the back end states', () => all(1));

  recorder.clear();
  for (const each of mend) each();
  await until('the rest is delivered', () => all(0), 60_000);
  const sent = recorder.to('www.google-analytics.com').map(({ query, body }) => `${query}\n${body}`);
  expect(sent.join('\n')).toContain(`wait_${victim}`);
  for (const nth of [byGa, byFbp, byBackEnd]) expect(sent.join('\n')).not.toContain(`wait_${nth}`);
}, 90_000);
