import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask } from '../support/ask.ts';
import { metricsOf, until } from '../support/metrics.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { serve, type Served } from '../support/serve.ts';
import { VENDORS } from '../support/vendors.ts';

// A visitor who refuses one service withdraws what waits for its vendor, and nothing else. The category is still
// allowed, so the signals of the site are the same before and after (GDPR Art. 7(3)).

const CONFIG = `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent:
      cmp: [klaro]
      mapping:
        klaro:
          purposes:
            google-analytics: [statistics]
            facebook-pixel: [marketing]
            linkedin: [marketing]
    destinations:
      ga4: { measurement_id: G-TEST000001 }
      meta: { pixel_id: "123456789012345", access_token: "\${TOKEN}" }
      linkedin: { conversions: { purchase: "104012" }, access_token: "\${TOKEN}" }
`;
const HOSTS = ['www.google-analytics.com', 'graph.facebook.com', 'api.linkedin.com'] as const;

let recorder: Recorder;
let gateway: Served;
beforeAll(async () => {
  recorder = await startRecorder(VENDORS);
  gateway = await serve({ config: CONFIG, sink: recorder.url, env: { TOKEN: 'a-token-of-the-tests' } });
});
afterAll(async () => {
  await gateway?.stop();
  await recorder?.close();
});

const started = Math.floor(Date.now() / 1000);
const IDENTIFIERS = `_ga=GA1.1.482310557.${started - 3600}; _fbp=fb.1.${started - 3600}000.1098115397; li_fat_id=0a1b2c3d-0000-4000-8000-000000000000`;

async function hit(event: string, services: Readonly<Record<string, boolean>>): Promise<readonly string[]> {
  const query = new URLSearchParams({
    v: '2',
    tid: 'G-TEST000001',
    en: event,
    cid: `482310557.${started - 3600}`,
    cu: 'NOK',
    'epn.value': '599',
    'ep.transaction_id': `T-${event}`,
    dl: 'https://shop.example.no/',
  });
  const cookie = `klaro=${encodeURIComponent(JSON.stringify(services))}; ${IDENTIFIERS}`;
  const headers = { host: 'shop.example.no', origin: 'https://shop.example.no', cookie, 'user-agent': 'Mozilla/5.0' };
  const answer = await ask(gateway.url, { path: `/g/collect?${query}`, headers });
  expect(answer.status).toBe(204);
  return answer.setCookies;
}

const waiting = async (route: string): Promise<number> =>
  (await metricsOf(gateway.adminUrl)).sum('portvakt_outbox_waiting', { route: `shop.example.no/${route}` });

it('what waits for a vendor whose service was refused is never sent, and what waits for the others is', async () => {
  const mend = HOSTS.map((host) => recorder.script(host, () => ({ status: 503 })));
  await hit('purchase', { 'google-analytics': true, 'facebook-pixel': true, linkedin: true });
  await until('everything waits', async () => {
    const all = await Promise.all(['ga4', 'meta', 'linkedin'].map(waiting));
    return all.every((rows) => rows === 1);
  });
  const cookies = await hit('page_view', { 'google-analytics': true, 'facebook-pixel': false, linkedin: true });
  expect(cookies.filter((each) => each.startsWith('_fbp=; Max-Age=0')).length).toBeGreaterThan(0);
  expect(cookies.some((each) => each.startsWith('_ga=; Max-Age=0') || each.startsWith('li_fat_id=; Max-Age=0'))).toBe(
    false,
  );
  await until('it is gone', async () => (await waiting('meta')) === 0);
  expect(await waiting('linkedin')).toBe(1);

  recorder.clear();
  for (const each of mend) each();
  await until(
    'the others are delivered',
    async () => (await waiting('ga4')) + (await waiting('linkedin')) === 0,
    60_000,
  );
  expect(recorder.to('graph.facebook.com')).toEqual([]);
  expect(recorder.to('api.linkedin.com').length).toBe(1);
  expect(recorder.to('www.google-analytics.com').length).toBeGreaterThan(0);
}, 90_000);
