import { expect, it, vi } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import type { Ports } from '../../src/http/ports.ts';
import { createRateLimit } from '../../src/http/rate-limit.ts';
import { Counters } from '../../src/ledger/counters.ts';
import { Shown, windowsIn } from '../../src/ledger/windows.ts';
import { replacing } from '../privacy/replaced-gateway.ts';
import { cookiebot, NOW, webHit } from '../support/hits.ts';

// A gateway that shares windows with others and has not yet got their key: an event that needs the key is refused, so
// that the sender can send it again.

const gateway = replacing();
const PAGE = {
  v: '2',
  tid: 'G-TEST000001',
  cid: `1.${NOW / 1000 - 60}`,
  en: 'page_view',
  dl: 'https://shop.example.no/',
};

function listener(consent: Parameters<typeof cookiebot>[0]) {
  let keyed = false;
  const store = {
    version: 0,
    close: () => {},
    open: () => (keyed ? { key: new Uint8Array(32).fill(1), shown: new Shown(2) } : undefined),
  };
  const append = vi.fn<Ports['outbox']['append']>((rows) => Promise.resolve(rows.map(() => 'stored')));
  const hit = webHit(PAGE, { cookies: `${cookiebot(consent, NOW - 86_400_000)}; _ga=GA1.1.1.${NOW / 1000 - 60}` });
  const app = createApp({
    gateway: () => gateway,
    outbox: { append, pending: 1, shared: true, ready: true },
    stopped: () => 0,
    overloaded: () => false,
    toHit: () => hit,
    counters: new Counters(),
    rateLimit: createRateLimit(() => new Uint8Array(32)),
    windows: windowsIn(store),
    watcher: () => undefined,
  });
  return {
    append,
    ask: () => app.request(`http://shop.example.no${hit.path}`, { method: 'POST' }),
    ready: async () => (await app.request('http://shop.example.no/readyz')).status,
    comes: () => {
      keyed = true;
      store.version++;
    },
  };
}

it('answers 503 until it has the key, and is not ready', async () => {
  const { ask, append, ready, comes } = listener({ statistics: true, marketing: true });
  const refused = await ask();
  expect([refused.status, refused.headers.get('retry-after'), await ready()]).toEqual([503, '1', 503]);
  expect(append).not.toHaveBeenCalled();
  comes();
  expect([(await ask()).status, await ready()]).toEqual([204, 200]);
  expect(append).toHaveBeenCalledOnce();
});

it('carries out a withdrawal all the same, and ends its cookies', async () => {
  const { ask, append } = listener({});
  const answer = await ask();
  expect(answer.status).toBe(503);
  expect(append.mock.calls.map(([rows, withdrawals]) => [rows.length, withdrawals.length > 0])).toEqual([[0, true]]);
  expect(answer.headers.getSetCookie().some((cookie) => /^_ga=.*Max-Age=0/.test(cookie))).toBe(true);
});
