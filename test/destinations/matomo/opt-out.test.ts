import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../../support/ask.ts';
import { cookiebot } from '../../support/hits.ts';
import { metricsOf, until } from '../../support/metrics.ts';
import { startRecorder, type Recorder } from '../../support/recorder.ts';
import { serve, type Served } from '../../support/serve.ts';
import { VENDORS, violations } from '../../support/vendors.ts';

// Nothing of a visitor who has opted out in Matomo is sent to Matomo (`destinations/matomo.md` 7: "opt-out: must win"),
// in no form and from no way in. No other vendor loses anything, and nothing is opened.

const CONFIG = `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    cookies: { domain: example.no }
    destinations:
      ga4: { measurement_id: G-TEST000001 }
      matomo: { host: stats.example.no, site_id: "3", currency: NOK, without_consent: limited }
      second: { type: matomo, host: tall.example.no, site_id: "4", currency: NOK }
      piwik_pro: { host: example.piwik.pro, app_id: 892d04bd-0000-4000-8000-000000000001, currency: NOK }
`;
const MATOMO = ['stats.example.no', 'tall.example.no'] as const;

let recorder: Recorder;
let gateway: Served;
beforeAll(async () => {
  recorder = await startRecorder(VENDORS);
  gateway = await serve({ config: CONFIG, sink: recorder.url });
  violations();
});
afterAll(async () => {
  await gateway?.stop();
  await recorder?.close();
});

const started = Math.floor(Date.now() / 1000);
const AGREED = cookiebot({ preferences: true, statistics: true, marketing: true }, Date.now() - 60_000);
const REFUSED = cookiebot({}, Date.now() - 60_000);

async function view(page: string, cookie: string): Promise<readonly string[]> {
  const cid = `4823105${page.length}.${started - 3600}`;
  const query = new URLSearchParams({
    v: '2',
    tid: 'G-TEST000001',
    en: 'page_view',
    cid,
    dl: `https://shop.example.no/${page}`,
  });
  const headers = {
    host: 'shop.example.no',
    origin: 'https://shop.example.no',
    cookie: `${cookie}; _ga=GA1.1.${cid}; _pk_id.3.1fff=0123456789abcdef.${started - 3600}.`,
    'user-agent': 'Mozilla/5.0',
  };
  const answer = await ask(gateway.url, { path: `/g/collect?${query}`, headers });
  expect(answer.status).toBe(204);
  return answer.setCookies;
}

/** The vendors that were told of a page, once all that was accepted has gone out. */
async function toldOf(page: string): Promise<readonly string[]> {
  await until('nothing waits', async () => {
    return (await metricsOf(gateway.adminUrl)).sum('portvakt_outbox_waiting') === 0;
  });
  const about = recorder.requests.filter(({ query, body }) => `${query} ${body}`.includes(page));
  return [...new Set(about.map(({ host }) => host))].toSorted();
}

const OTHERS = ['example.piwik.pro', 'www.google-analytics.com'];

describe.each(['matomo_ignore', 'piwik_ignore'])('%s', (name) => {
  it('closes every route of Matomo, and no other; the visitor id is taken back', async () => {
    const page = `${name}-agreed`;
    const cookies = await view(page, `${AGREED}; ${name}=ignore%3DYToxOntzOjE6IioiO3M6MToiKiI7fQ%3D%3D`);
    expect(await toldOf(page)).toEqual(OTHERS);
    expect(cookies.some((one) => one.startsWith('_pk_id.3.1fff=; Max-Age=0'))).toBe(true);
    expect(cookies.filter((one) => one.startsWith(name))).toEqual([]);
  });

  it('closes the form without consent, too, and opens nothing', async () => {
    const page = `${name}-refused`;
    await view(page, `${REFUSED}; ${name}=1`);
    expect(await toldOf(page)).toEqual([]);
  });
});

it('without it Matomo is told, with consent and without', async () => {
  await view('plain-agreed', AGREED);
  expect(await toldOf('plain-agreed')).toEqual([...OTHERS, ...MATOMO].toSorted());
  await view('plain-refused', REFUSED);
  expect(await toldOf('plain-refused')).toEqual(['stats.example.no']);
});

it('an empty one, as it stands when it was taken back, says nothing, nor does a longer name', async () => {
  await view('emptied', `${AGREED}; matomo_ignore=; matomo_ignore_2=1`);
  expect(await toldOf('emptied')).toEqual([...OTHERS, ...MATOMO].toSorted());
});

it('what waits for Matomo when the visitor opts out is never sent', async () => {
  const mend = recorder.script('stats.example.no', () => ({ status: 503 }));
  await view('waits', AGREED);
  const waiting = async (): Promise<number> =>
    (await metricsOf(gateway.adminUrl)).sum('portvakt_outbox_waiting', { route: 'shop.example.no/matomo' });
  await until('Matomo has refused it once', () =>
    recorder.to('stats.example.no').some(({ body }) => body.includes('waits')),
  );
  expect(await waiting()).toBe(1);
  await view('later', `${AGREED}; matomo_ignore=1`);
  await until('it is gone', async () => (await waiting()) === 0);
  const before = recorder.to('stats.example.no').length;
  mend();
  expect(await toldOf('later')).toEqual(OTHERS);
  expect(recorder.to('stats.example.no').length).toBe(before);
});

it('the vendors found nothing wrong', () => {
  expect(violations()).toEqual([]);
});
