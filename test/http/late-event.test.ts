import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask } from '../support/ask.ts';
import { cookiebot } from '../support/hits.ts';
import { metricsOf } from '../support/metrics.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { serve, type Served } from '../support/serve.ts';

// An event of a back end that arrives after the withdrawal of its visitor, with the consent of before.

const KEY = 'an-ingest-key-of-the-tests-0123456789-0123456789';
const CONFIG = `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    ingest_keys: ['\${LATE_EVENT_KEY}']
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: '\${GA4_API_SECRET}' }
      meta: { pixel_id: "123456789012345", access_token: '\${META_ACCESS_TOKEN}' }
`;
const GA4 = /google-analytics/;
const META = /facebook/;
const HOUR = 3_600_000;

let vendors: Recorder;
let gateway: Served;
beforeAll(async () => {
  vendors = await startRecorder();
  gateway = await serve({ config: CONFIG, sink: vendors.url, env: { LATE_EVENT_KEY: KEY } });
});
afterAll(async () => {
  await gateway.stop('SIGKILL');
  await vendors.close();
});

async function send(
  event: object,
  clientId: string,
  choice: Parameters<typeof cookiebot>[0],
  at: number,
): Promise<void> {
  const visitor = {
    cookies: cookiebot(choice, at),
    client_id: clientId,
    user_agent: 'Mozilla/5.0 (X11; Linux x86_64)',
  };
  const answer = await ask(gateway.url, {
    path: '/v1/events',
    headers: { host: 'shop.example.no', authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ events: [{ ...event, visitor }] }),
  });
  expect(answer.status).toBe(204);
}

const sale = (id: string): object => ({
  name: 'purchase',
  id,
  page: { url: 'https://shop.example.no/thanks' },
  params: { currency: 'NOK', value: 100, transaction_id: id },
  user: { email: 'kari@example.no' },
});
const all = { statistics: true, marketing: true };
const sent = (id: string, to: RegExp): Recorder['requests'] =>
  vendors.requests.filter(({ host, body }) => to.test(host) && body.includes(id));

it('ends as withdrawn where nothing is left of it, and is made of what is left where something is', {
  timeout: 60_000,
}, async () => {
  const now = Date.now();
  const [refuser, analyst, other] = ['1001.1790000000', '1002.1790000000', '1003.1790000000'] as const;
  await send({ name: 'page_view' }, refuser, {}, now - 1_000);
  await send({ name: 'page_view' }, analyst, { statistics: true }, now - 1_000);
  await send(sale('late-refuser'), refuser, all, now - HOUR);
  await send(sale('late-analyst'), analyst, all, now - HOUR);
  await send(sale('late-other'), other, all, now - HOUR);
  // A consent that is newer than the withdrawal counts.
  await send(sale('renewed'), refuser, all, Date.now() + 1_000);
  await expect.poll(() => sent('late-other', META).length + sent('renewed', META).length, { timeout: 20_000 }).toBe(2);
  await expect.poll(() => sent('late-analyst', GA4).length, { timeout: 20_000 }).toBe(1);
  expect(sent('late-analyst', META)).toEqual([]);
  expect(sent('late-analyst', GA4)[0]?.body).toContain('"ad_user_data":"DENIED"');
  expect(sent('late-other', GA4)[0]?.body).not.toContain('DENIED');
  expect([...sent('late-refuser', META), ...sent('late-refuser', GA4)]).toEqual([]);
  const metrics = await metricsOf(gateway.adminUrl);
  expect(metrics.sum('portvakt_outcomes_total', { outcome: 'withdrawn' })).toBe(3);
});
