import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { ask } from '../support/ask.ts';
import { cookiebot } from '../support/hits.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { serve, temporary, type Served } from '../support/serve.ts';

// A withdrawn event is in no file of the data directory 5 s after the answer, a delivered one a minute after its
// delivery.

const META = 'graph.facebook.com';
const CONFIG = `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      meta: { pixel_id: "123456789012345", access_token: '\${META_ACCESS_TOKEN}' }
`;

let vendors: Recorder;
let running: Served[] = [];
beforeAll(async () => {
  vendors = await startRecorder();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.stop('SIGKILL')));
});
afterAll(() => vendors.close());

async function start(data: string): Promise<Served> {
  const gateway = await serve({ config: CONFIG, sink: vendors.url, data });
  running.push(gateway);
  return gateway;
}

/** Who the visitor is, and what is in the event: none of it may be found afterwards. */
const TRACES = ['order-to-be-erased', 'IwARtoBeErased', 'https://shop.example.no/to-be-erased'];

function visit(gateway: Served, marketing: boolean): Promise<{ readonly status: number }> {
  const seconds = Math.floor(Date.now() / 1000) - 600;
  const cookies = `${cookiebot({ statistics: marketing, marketing }, Date.now() - 60_000)}; _fbc=fb.1.${seconds}000.${TRACES[1]}`;
  const event = marketing
    ? {
        name: 'purchase',
        id: TRACES[0],
        page: { url: TRACES[2] },
        params: { currency: 'NOK', value: 1, transaction_id: TRACES[0] },
      }
    : { name: 'page_view' };
  return ask(gateway.url, {
    path: '/v1/events',
    headers: {
      host: 'shop.example.no',
      origin: 'https://shop.example.no',
      'content-type': 'application/json',
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
      cookie: cookies,
    },
    body: JSON.stringify({ events: [event] }),
  });
}

/** Files of the data directory that still have something of the event in them. */
function found(data: string): string[] {
  return readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => {
      const bytes = readFileSync(file, 'latin1');
      return TRACES.some((trace) => bytes.includes(trace));
    });
}

async function goneWithin(data: string, ms: number): Promise<void> {
  const end = Date.now() + ms;
  while (found(data).length > 0 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 100));
  expect(found(data)).toEqual([]);
}

it.each([false, true])('a withdrawn event, killed in between: %s', { timeout: 60_000 }, async (killed) => {
  const up = vendors.script(META, () => ({ status: 503 }));
  const data = temporary();
  let gateway = await start(data);
  expect((await visit(gateway, true)).status).toBe(204);
  expect(found(data).length).toBeGreaterThan(0);
  expect((await visit(gateway, false)).status).toBe(204);
  if (killed) {
    await gateway.stop('SIGKILL');
    gateway = await start(data);
  }
  await goneWithin(data, 5_000);
  up();
});

it.each([false, true])('a delivered event, killed in between: %s', { timeout: 120_000 }, async (killed) => {
  vendors.clear();
  const data = temporary();
  const gateway = await start(data);
  expect((await visit(gateway, true)).status).toBe(204);
  await vendors.waitFor(1, { host: META });
  await new Promise((resolve) => setTimeout(resolve, 200));
  if (killed) {
    await gateway.stop('SIGKILL');
    await start(data);
  }
  await goneWithin(data, 60_000);
});
