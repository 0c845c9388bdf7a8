import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask, type Ask } from '../support/ask.ts';
import { cookiebot, webHit } from '../support/hits.ts';
import { metricsOf, until } from '../support/metrics.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { serve, type Served } from '../support/serve.ts';

// A withdrawal must not depend on the rest of its request. Also if a request is refused, the withdrawal in its cookies
// is carried out and the cookies expire. A page of another site must not cause a withdrawal by a request that the
// browser sends without cookies.

const ORIGIN = 'https://shop.example.no';
const CONFIG = `
sites:
  - hosts: [shop.example.no]
    origins: [${ORIGIN}]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: '\${GA4_API_SECRET}' }
`;
const HOST = 'region1.google-analytics.com';

let vendors: Recorder;
let gateway: Served;
beforeAll(async () => {
  vendors = await startRecorder();
  // The events wait for as long as it takes.
  vendors.script(HOST, () => ({ status: 503 }));
  vendors.script('www.google-analytics.com', () => ({ status: 503 }));
  gateway = await serve({ config: CONFIG, sink: vendors.url });
});
afterAll(async () => {
  await gateway.stop('SIGKILL');
  await vendors.close();
});

const own = { host: 'shop.example.no', origin: ORIGIN };
const from = (origin: string): Record<string, string> => ({ host: 'shop.example.no', origin });
const hit = webHit({ v: '2', tid: 'G-TEST000001', cid: '1.1790000000', en: 'page_view' }).query;
const text = { 'content-type': 'text/plain' };
const json = { 'content-type': 'application/json' };

interface Case {
  readonly name: string;
  readonly status: number;
  readonly asked: Ask;
  /** There is no record of a choice, only the cookie that is left. */
  readonly silent?: true;
  /** Nothing is taken back. */
  readonly stays?: true;
}

const CASES: readonly Case[] = [
  {
    name: 'a hit without its version',
    status: 400,
    asked: { path: '/g/collect?en=page_view', headers: own, body: '' },
  },
  {
    name: 'a hit without its version, of a visitor whose record is gone',
    status: 400,
    asked: { path: '/g/collect?en=page_view', headers: own, body: '' },
    silent: true,
  },
  {
    name: 'a body that is no JSON',
    status: 400,
    asked: { path: '/v1/events', headers: { ...own, ...json }, body: '{' },
  },
  {
    name: 'a body that is too large',
    status: 413,
    asked: { path: `/g/collect?${hit}`, headers: { ...own, ...text }, body: 'x'.repeat(70_000) },
  },
  {
    name: 'a hit that expands to too much',
    status: 413,
    asked: {
      path: `/g/collect?${hit}&ep.q=${'x'.repeat(8_000)}`,
      headers: { ...own, ...text },
      body: 'en=a\n'.repeat(25),
    },
  },
  {
    name: 'a body of another type',
    status: 415,
    asked: { path: `/g/collect?${hit}`, headers: { ...own, 'content-type': 'image/png' }, body: 'x' },
  },
  {
    name: 'an encoded body',
    status: 415,
    asked: { path: `/g/collect?${hit}`, headers: { ...own, ...text, 'content-encoding': 'gzip' }, body: 'x' },
  },
  {
    name: 'a page whose origin is not listed',
    status: 403,
    asked: { path: `/g/collect?${hit}`, headers: from('https://www.example.no'), body: '' },
  },
  {
    name: 'a page of another site, with which the record did not come',
    status: 403,
    asked: { path: `/g/collect?${hit}`, headers: from('https://evil.example'), body: '' },
    silent: true,
    stays: true,
  },
  {
    name: 'no origin and no key',
    status: 403,
    asked: { path: '/v1/events', headers: { host: 'shop.example.no', ...json }, body: '{"events":[]}' },
  },
  {
    name: 'another host',
    status: 421,
    asked: { path: `/g/collect?${hit}`, headers: { ...own, host: 'other.example.no' }, body: '' },
    stays: true,
  },
];

const idOf = (n: number): string => `GA1.1.${1_000_000 + n}.${Math.floor(Date.now() / 1000) - 60}`;
const withdrawn = async (): Promise<number> =>
  (await metricsOf(gateway.adminUrl)).sum('portvakt_outcomes_total', { outcome: 'withdrawn' });

it.each(CASES.map((one, n) => ({ ...one, n })))('$status: $name', { timeout: 30_000 }, async (one) => {
  const { n, status, asked, silent, stays } = one;
  const id = idOf(n);
  const before = await withdrawn();
  const accepted = await ask(gateway.url, {
    path: `/g/collect?${hit.replace('1.1790000000', id.slice(6))}`,
    headers: { ...own, cookie: `${cookiebot({ statistics: true }, Date.now() - 60_000)}; _ga=${id}` },
    body: '',
  });
  expect(accepted.status).toBe(204);
  const refusal = silent === true ? '' : `${cookiebot({}, Date.now() - 1_000)}; `;
  const answer = await ask(gateway.url, { ...asked, headers: { ...asked.headers, cookie: `${refusal}_ga=${id}` } });
  expect(answer.status).toBe(status);
  const expiring = answer.setCookies.filter((cookie) => cookie.startsWith('_ga=; Max-Age=0'));
  expect(expiring.length > 0).toBe(stays !== true);
  // What is just being tried ends when its vendor has answered.
  if (stays === true) expect(await withdrawn()).toBe(before);
  else await until('it is withdrawn', async () => (await withdrawn()) === before + 1);
});
