import type { AddressInfo } from 'node:net';
import { Analytics } from '@segment/analytics-node';
import { expect, it } from 'vitest';
import { OutboxUnavailable } from '../../src/delivery/outbox.ts';
import { createApp } from '../../src/http/app.ts';
import { frontOf } from '../../src/http/front.ts';
import type { Ports } from '../../src/http/ports.ts';
import { createRateLimit } from '../../src/http/rate-limit.ts';
import { Counters } from '../../src/ledger/counters.ts';
import { createListener, toHit } from '../../src/runtimes/node/http/listener.ts';
import { cookiebot, gatewayOf, NOW } from '../support/hits.ts';

// `protocols/segment.md` 6: without room, the answer is one after which the real library waits.

const KEY = 'ingest-key-of-the-test-0123456789';
const CONFIG = `
sites:
  - hosts: [127.0.0.1]
    origins: [https://shop.example.no]
    ingest_keys: ["\${INGEST_KEY}"]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: "\${SECRET}" }
`;

it('a batch that finds no room is sent again after the time it was told, and no attempt is lost for it', async () => {
  const gateway = gatewayOf(CONFIG, NOW, KEY);
  let asked = 0;
  let stored = 0;
  const ports: Ports = {
    gateway: () => gateway,
    outbox: {
      append: (rows) => {
        if (++asked <= 2) return Promise.reject(new OutboxUnavailable('full', 1));
        stored += rows.length;
        return Promise.resolve(rows.map(() => 'stored' as const));
      },
      pending: 0,
      shared: false,
      ready: true,
    },
    stopped: () => 0,
    overloaded: () => false,
    toHit,
    counters: new Counters(),
    rateLimit: createRateLimit(() => new Uint8Array(32)),
    watcher: () => undefined,
  };
  const front = frontOf(ports);
  const server = createListener(createApp(ports, front), front);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const statuses: number[] = [];
  const failed: unknown[] = [];
  const analytics = new Analytics({
    writeKey: KEY,
    host: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    flushInterval: 10,
    maxRetries: 0,
  });
  analytics.on('error', (error) => failed.push(error));
  analytics.on('http_response', ({ status }) => statuses.push(status));
  const cookies = cookiebot({ preferences: true, statistics: true, marketing: true }, Date.now() - 3_600_000);
  const context = { portvakt: { visitor: { cookies } } };
  analytics.track({ anonymousId: 'a1b2c3', event: 'Signed Up', context });
  await analytics.closeAndFlush();
  server.close();
  expect(statuses).toEqual([429, 429, 200]);
  expect([stored, failed]).toEqual([1, []]);
});
