import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { frontOf } from '../../src/http/front.ts';
import { createApp } from '../../src/http/app.ts';
import { Counters } from '../../src/ledger/counters.ts';
import type { Ports } from '../../src/http/ports.ts';
import { webHit } from '../../src/http/web-hit.ts';
import { createRateLimit } from '../../src/http/rate-limit.ts';
import { Refusals, type RefusalRecord } from '../../src/http/refusals.ts';
import { sayRefusals, sumRefusals } from '../../src/runtimes/node/process/refusal-summary.ts';
import { ask } from '../support/ask.ts';
import { cookiebot, gatewayOf } from '../support/hits.ts';
import { metricsOf, until } from '../support/metrics.ts';
import { serve, type Served } from '../support/serve.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';

// Refused requests can be found: they are counted by site and reason, summed in the log, and shown with the line of
// configuration that would allow them.

const ORIGIN = 'https://shop.example.no';
const CONFIG = `
server: { trusted_proxies: [] }
sites:
  - hosts: [shop.example.no]
    origins: [${ORIGIN}]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001 }
limits: { per_client: 3 }
`;
const HIT = 'v=2&tid=G-TEST000001&cid=1.1790000000&en=page_view&dl=https%3A%2F%2Fshop.example.no%2F';

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** False: the request has none. */
  readonly origin?: false;
}

/** A listener of a configuration, and what it refused. */
function listener(config: string, watched = true) {
  const gateway = gatewayOf(config);
  const counters = new Counters();
  const shown: RefusalRecord[] = [];
  const refusals = new Refusals(counters, () => (watched ? (record) => shown.push(record) : undefined));
  const ports: Ports = {
    gateway: () => gateway,
    outbox: {
      append: (rows) => Promise.resolve(rows.map(() => 'stored' as const)),
      pending: 0,
      ready: true,
      shared: false,
    },
    stopped: () => 0,
    overloaded: () => false,
    toHit: (c) => webHit(c.req.raw, undefined, { peer: '203.0.113.7' }),
    counters,
    refusals,
    rateLimit: createRateLimit(() => new Uint8Array(32)),
    watcher: () => undefined,
  };
  const app = createApp(ports, frontOf(ports));
  const request = async ({
    method = 'POST',
    path = `/g/collect?${HIT}`,
    host = 'shop.example.no',
    headers,
    body,
    origin,
  }: Asked) =>
    (
      await app.request(`http://${host}${path}`, {
        method,
        headers: { ...(origin === undefined && { origin: ORIGIN }), ...headers },
        ...(body && { body }),
      })
    ).status;
  return { request, counters, refusals, shown };
}

type Mend = ((line: string) => string) | undefined;

/** Name, request, status, code, the line, and the configuration with that line in it. */
const CASES: readonly (readonly [string, Asked, number, string, string | undefined, Mend])[] = [
  [
    'an origin',
    { headers: { origin: 'https://www.example.no' } },
    403,
    'refused.origin',
    `origins: [${ORIGIN}, https://www.example.no]`,
    (line) => CONFIG.replace(`origins: [${ORIGIN}]`, line),
  ],
  [
    'an origin with a port',
    { headers: { origin: 'http://localhost:3000' } },
    403,
    'refused.origin',
    `origins: [${ORIGIN}, http://localhost:3000]`,
    (line) => CONFIG.replace(`origins: [${ORIGIN}]`, line),
  ],
  ['an opaque origin', { headers: { origin: 'null' } }, 403, 'refused.origin', undefined, undefined],
  [
    'a preflight of an origin',
    { method: 'OPTIONS', headers: { origin: 'https://www.example.no' } },
    403,
    'refused.origin',
    `origins: [${ORIGIN}, https://www.example.no]`,
    (line) => CONFIG.replace(`origins: [${ORIGIN}]`, line),
  ],
  [
    'a host',
    { host: 'metrics.example.no' },
    421,
    'refused.host',
    'hosts: [shop.example.no, metrics.example.no]',
    (line) => CONFIG.replace('hosts: [shop.example.no]', line),
  ],
  [
    'a measurement id',
    { path: `/g/collect?${HIT.replace('TEST000001', 'OTHER00001')}` },
    204,
    'refused.measurement_id',
    'ga4_2: { type: ga4, measurement_id: G-OTHER00001 }',
    (line) => CONFIG.replace('      ga4:', `      ${line}\n      ga4:`),
  ],
  [
    'a mount path',
    { path: `/sgtm/g/collect?${HIT}` },
    404,
    'refused.path',
    'server: { path_prefix: /sgtm }',
    (line) => CONFIG.replace('server: { trusted_proxies: [] }', line),
  ],
  ['a path of nobody', { path: '/wp-login.php' }, 404, 'refused.path', undefined, undefined],
  ['a method', { method: 'PUT' }, 405, 'refused.method', undefined, undefined],
  [
    'a media type',
    { headers: { 'content-type': 'image/png' }, body: 'x' },
    415,
    'refused.media_type',
    undefined,
    undefined,
  ],
  [
    'a body',
    { path: '/v1/events', headers: { 'content-type': 'application/json' }, body: '{' },
    400,
    'refused.body',
    undefined,
    undefined,
  ],
  ['a hit without a name', { path: '/g/collect?v=2' }, 400, 'refused.body', undefined, undefined],
];

describe('every refused request', () => {
  it.each(CASES)('%s', async (_name, request, status, code, accept, mended) => {
    const one = listener(CONFIG);
    expect(await one.request(request)).toBe(status);
    const site = code === 'refused.host' ? '' : 'shop.example.no';
    expect([...one.counters.refused.values]).toEqual([[`${site}\t${code}`, 1]]);
    expect(one.shown).toMatchObject([{ site, code, accept }]);
    expect(one.refusals.take()).toEqual({ count: 1, reason: `${site === '' ? 'no site' : site}: ${code} 1` });
    expect(one.refusals.take()).toBeUndefined();
    if (accept === undefined || mended === undefined) return;
    // The line does what is said of it.
    const again = listener(mended(accept));
    expect(await again.request(request)).toBe(204);
    expect([...again.counters.refused.values]).toEqual([]);
  });

  it('a missing key', async () => {
    const one = listener(CONFIG);
    const headers = { 'content-type': 'application/json' };
    expect(await one.request({ path: '/v1/events', origin: false, headers, body: '{}' })).toBe(403);
    expect(one.shown).toMatchObject([{ code: 'refused.key', accept: 'ingest_keys: ["${INGEST_KEY}"]' }]);
  });

  it('one client too much', async () => {
    const one = listener(CONFIG);
    for (let i = 0; i < 3; i++) expect(await one.request({})).toBe(204);
    expect(await one.request({})).toBe(429);
    expect(one.shown).toMatchObject([{ code: 'refused.rate_limit', accept: 'limits: { per_client: 6 }' }]);
  });

  it('repeats nothing of a visitor, and shows no host or origin that is none', async () => {
    const one = listener(CONFIG);
    await one.request({ headers: { origin: 'https://kari@example.no/nordmann' } });
    await one.request({ path: `/g/collect?${HIT.replace('G-TEST000001', 'kari.nordmann@example.no')}` });
    await one.request({ path: '/kari.nordmann@example.no/g/collect' });
    await one.request({
      path: '/v1/events',
      headers: { 'content-type': 'application/json' },
      body: '{"kari.nordmann@example.no":1}',
    });
    expect(one.shown.length).toBeGreaterThanOrEqual(3);
    expect(JSON.stringify(one.shown)).not.toContain('nordmann');
    expect(JSON.stringify(one.shown)).not.toContain('kari');
  });

  it('makes nothing to show while nobody watches', async () => {
    const one = listener(CONFIG, false);
    await one.request({ host: 'metrics.example.no' });
    expect(one.shown).toEqual([]);
    expect(one.refusals.take()?.count).toBe(1);
  });
});

describe('the log', () => {
  it('has one line a minute with the sums, and none where nothing was refused', async () => {
    vi.useFakeTimers();
    const warn = vi.fn();
    const one = listener(CONFIG.replace('limits: { per_client: 3 }', ''));
    const timer = sumRefusals(one.refusals, { info: warn, warn, error: warn });
    try {
      const strange = { headers: { origin: 'https://evil.example' } };
      for (let i = 0; i < 5; i++) await one.request(strange);
      await one.request({ host: 'other.example' });
      vi.advanceTimersByTime(5 * 60_000);
      expect(warn).toHaveBeenCalledTimes(1);
      expect(warn.mock.calls[0]?.[1]).toEqual({
        count: 6,
        reason: 'shop.example.no: refused.origin 5, no site: refused.host 1',
      });
      await one.request(strange);
      vi.advanceTimersByTime(60_000);
      expect(warn).toHaveBeenCalledTimes(2);
      // A gateway that stops within the minute says the rest.
      await one.request(strange);
      const log = { info: warn, warn, error: warn };
      sayRefusals(one.refusals, log);
      sayRefusals(one.refusals, log);
      expect(warn).toHaveBeenCalledTimes(3);
    } finally {
      clearInterval(timer);
      vi.useRealTimers();
    }
  });
});

describe('a gateway', () => {
  let recorder: Recorder;
  let gateway: Served;
  beforeAll(async () => {
    recorder = await startRecorder();
    gateway = await serve({
      config: CONFIG.replace('limits: { per_client: 3 }', '').replace('cmp: [cookiebot]', 'cmp: [onetrust]'),
      sink: recorder.url,
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await recorder.close();
  });

  it('counts refusals in the metrics, and never says whose they were', async () => {
    const headers = { host: 'shop.example.no', origin: 'https://evil.example' };
    for (let i = 0; i < 5; i++) await ask(gateway.url, { path: `/g/collect?${HIT}`, headers });
    await ask(gateway.url, { path: `/g/collect?${HIT}`, headers: { host: 'other.example' } });
    const metrics = await metricsOf(gateway.adminUrl);
    expect(metrics.sum('portvakt_refused_total', { site: 'shop.example.no', reason: 'refused.origin' })).toBe(5);
    expect(metrics.sum('portvakt_refused_total', { site: '', reason: 'refused.host' })).toBe(1);
    expect(gateway.log()).not.toMatch(/evil\.example|other\.example/);
  });

  it('names once in the log a consent platform whose record arrives and is not listed', async () => {
    const cookie = cookiebot({ statistics: true }, Date.now() - 60_000);
    for (let i = 0; i < 5; i++)
      await ask(gateway.url, {
        path: `/g/collect?${HIT}`,
        headers: { host: 'shop.example.no', origin: ORIGIN, cookie },
      });
    await until('named', () => gateway.log().includes('cookiebot'));
    expect(
      gateway
        .log()
        .split('\n')
        .filter((line) => line.includes('cookiebot')).length,
    ).toBe(1);
    expect(gateway.log()).toMatch(/consent\.cmp/);
  });
});
