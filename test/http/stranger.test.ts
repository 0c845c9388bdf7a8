import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, statSync, writeFileSync, readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createAdmin } from '../../src/http/admin.ts';
import { Preview } from '../../src/http/preview.ts';
import { Failures } from '../../src/http/failures.ts';
import { createRateLimit } from '../../src/http/rate-limit.ts';
import { Body } from '../../src/runtimes/node/http/body.ts';
import { remindOfSink } from '../../src/runtimes/node/process/sink-reminder.ts';
import { mostConnections } from '../../src/runtimes/node/http/sockets.ts';
import { ask } from '../support/ask.ts';
import { gatewayOf, webHit } from '../support/hits.ts';
import { metricsOf, until } from '../support/metrics.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { serve, temporary, type Served } from '../support/serve.ts';

// The harm that one stranger can do to everybody else, by connections, by the admin listener and by files that others
// can read, each with its bound.

const ORIGIN = 'https://shop.example.no';
const config = (more = '') => `
${more}
sites:
  - hosts: [127.0.0.1]
    origins: [${ORIGIN}]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001 }
`;
const root = join(import.meta.dirname, '../..');
const MAIN = join(root, 'src/cli/main.ts');
const TOKEN = '0123456789abcdef0123456789abcdef';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let recorder: Recorder;
let gateway: Served;
beforeAll(async () => {
  recorder = await startRecorder();
  gateway = await serve({ config: config(), sink: recorder.url });
});
afterAll(async () => {
  await gateway.stop();
  await recorder.close();
});

/** A client that never closes its own end. */
function stubborn(
  url: string,
  bytes: string,
): { socket: Socket; text: () => string; ended: () => boolean; gone: () => boolean } {
  const { hostname, port } = new URL(url);
  let text = '';
  let ended = false;
  let gone = false;
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true }, () => socket.write(bytes));
  socket.on('data', (chunk) => (text += chunk.toString('latin1')));
  socket.on('end', () => (ended = true));
  socket.on('error', () => (gone = true));
  socket.on('close', () => (gone = true));
  return { socket, text: () => text, ended: () => ended, gone: () => gone };
}

/** Descriptors of a process on this machine. */
const descriptors = (pid: number | undefined) => readdirSync(`/proc/${pid}/fd`).length;

describe('slow sockets', () => {
  it('are gone two seconds after the 408, though the client keeps its end open', async () => {
    const before = descriptors(gateway.child.pid);
    const kinds = [
      'GET /g/collect HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ',
      'POST /g/collect HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\nabc',
      '',
    ];
    await Promise.all(
      kinds.map(async (bytes) => {
        const clients = Array.from({ length: 30 }, () => stubborn(gateway.url, bytes));
        await until('connected', () => clients.every(({ socket }) => socket.readyState === 'open'));
        const gone = clients.map(async (client) => {
          await until('408', () => client.text().startsWith('HTTP/1.1 408 '), 30_000);
          const answered = Date.now();
          // A write to a closed connection fails.
          await until('gone', () => (client.socket.write('x'), client.gone()), 5_000);
          expect(Date.now() - answered).toBeLessThan(2_500);
        });
        await Promise.all(gone);
      }),
    );
    await until('descriptors are free', () => descriptors(gateway.child.pid) <= before + 2, 2_000);
  }, 60_000);

  it('what is not HTTP is let go as quickly', async () => {
    const before = descriptors(gateway.child.pid);
    const clients = Array.from({ length: 30 }, () => stubborn(gateway.url, 'HELO\r\n\r\n'));
    await until('400', () => clients.every(({ text }) => text().startsWith('HTTP/1.1 400 ')));
    await until('descriptors are free', () => descriptors(gateway.child.pid) <= before + 2, 2_500);
    for (const { socket } of clients) socket.destroy();
  });

  it('idle connections are kept 5 s, longer for a named proxy', async () => {
    const proxied = await serve({ config: config('server: { trusted_proxies: [127.0.0.1/32] }'), sink: recorder.url });
    try {
      const idle = async (url: string) => {
        const client = stubborn(url, 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
        await until('answered', () => client.text().includes('alive'));
        return client;
      };
      const [direct, behind] = await Promise.all([idle(gateway.url), idle(proxied.url)]);
      await pause(4_000);
      expect(direct.ended()).toBe(false);
      await until('closed', direct.ended, 6_000);
      await pause(1_000);
      expect(behind.ended()).toBe(false);
      for (const { socket } of [direct, behind]) socket.destroy();
    } finally {
      await proxied.stop();
    }
  }, 60_000);

  it('connections leave descriptors for files and vendors', () => {
    expect(mostConnections(1024)).toBe(512);
    expect(mostConnections(400)).toBe(200);
    // Each connection may hold half of its headers: 32 kB.
    expect(mostConnections(1_048_576)).toBe(10_000);
    expect(mostConnections(undefined)).toBeLessThanOrEqual(10_000);
  });

  it('with 200 descriptors and 400 strangers, the gateway goes on', async () => {
    const data = temporary();
    const file = join(data, 'gateway.yaml');
    writeFileSync(file, config());
    const script = `ulimit -n 200 && exec "$0" "$@"`;
    const shell = join(data, 'node.sh');
    writeFileSync(shell, `#!/bin/sh\n${script.replace('"$0"', `"${process.execPath}"`)}\n`, { mode: 0o700 });
    const one = await serve({ config: config(), sink: recorder.url, node: shell });
    try {
      const crowd = Array.from({ length: 400 }, () => stubborn(one.url, ''));
      await until('some are refused', () => crowd.some(({ ended, gone }) => ended() || gone()));
      const metrics = await metricsOf(one.adminUrl);
      expect(metrics.sum('portvakt_answers_total')).toBe(0);
      expect(metrics.sum('portvakt_connections_refused_total')).toBeGreaterThan(100);
      for (const { socket } of crowd) socket.destroy();
      await until('served again', async () => (await ask(one.url, { method: 'GET', path: '/readyz' })).status === 200);
      expect(one.log()).toMatch(/more connections than this process takes were refused, 100 were open.*ulimit -n/);
    } finally {
      await one.stop();
    }
  }, 60_000);
});

describe('what one connection may keep waiting', () => {
  const hit = 'GET /g/collect?v=2&tid=G-TEST000001&cid=1.1790000000&en=x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
  const answered = (text: string) => text.split('HTTP/1.1 ').length - 1;

  it('a few requests at once are answered, a thousand end the connection', async () => {
    const few = stubborn(gateway.url, hit.repeat(16));
    await until('all are answered', () => answered(few.text()) === 16);
    expect(few.ended()).toBe(false);
    few.socket.destroy();
    const many = stubborn(gateway.url, hit.repeat(1_000));
    await until('gone', () => many.ended() || many.gone());
    expect(answered(many.text())).toBeLessThanOrEqual(16);
    expect((await ask(gateway.url, { method: 'GET', path: '/healthz' })).status).toBe(200);
    many.socket.destroy();
  });

  it('a request after the other, however many, is not too many', async () => {
    const one = stubborn(gateway.url, hit);
    for (let n = 1; n <= 200; n++) {
      await until('answered', () => answered(one.text()) === n);
      one.socket.write(hit);
    }
    one.socket.destroy();
  });
});

describe('bodies under way', () => {
  const text = 'x'.repeat(60 * 1024);
  const pieces = (size: number) =>
    Array.from({ length: Math.ceil(text.length / size) }, (_, i) => text.slice(i * size, (i + 1) * size));

  it.each([40, 500, 4_096, 60 * 1024])('are what was sent, in pieces of %d bytes', (size) => {
    const body = new Body();
    for (const piece of pieces(size)) expect(body.add(Buffer.from(piece))).toBe('taken');
    expect(body.text()).toBe(text);
    expect(body.add(Buffer.alloc(8 * 1024))).toBe('too large');
    body.free();
  });

  it('take no more memory than they hold, a byte at a time', () => {
    const before = process.memoryUsage().arrayBuffers;
    const bodies = Array.from({ length: 50 }, () => {
      const body = new Body();
      for (let i = 0; i < 2_048; i++) expect(body.add(Buffer.from('x'))).toBe('taken');
      // Each piece costs work.
      expect(body.add(Buffer.from('x'))).toBe('too large');
      return body;
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * 64 * 1024);
    for (const body of bodies) body.free();
  });

  it('have 64 MB together; then there is no room until some are done', () => {
    const bodies: Body[] = [];
    const full = () => {
      const body = new Body();
      bodies.push(body);
      return body.add(Buffer.alloc(64 * 1024));
    };
    for (let i = 0; i < 1024; i++) expect(full()).toBe('taken');
    expect(full()).toBe('no room');
    bodies[0]?.free();
    bodies[0]?.free();
    expect(full()).toBe('taken');
    expect(full()).toBe('no room');
    for (const body of bodies) body.free();
    expect(full()).toBe('taken');
    bodies.at(-1)?.free();
  });
});

describe('the rate limit', () => {
  const limited = gatewayOf(config('limits: { per_client: 2 }'));
  const from = (peer: string) => ({ ...webHit({}), peer });

  it.each([
    ['addresses of one /64 share an account', '2a02:fe1:1:2::1', '2a02:fe1:1:2:ffff:ffff:ffff:ffff', true],
    ['addresses of two /64 do not', '2a02:fe1:1:2::1', '2a02:fe1:1:3::1', false],
    ['IPv4 addresses do not', '203.0.113.1', '203.0.113.2', false],
    ['mapped IPv4 is IPv4', '::ffff:203.0.113.1', '203.0.113.1', true],
    ['mapped IPv4 addresses do not share a /64', '::ffff:203.0.113.1', '::ffff:203.0.113.2', false],
  ])('%s', (_name, first, second, shared) => {
    const limit = createRateLimit(() => new Uint8Array(32));
    for (const peer of [first, second]) expect(limit.take(from(peer), limited)).toBeUndefined();
    expect(limit.take(from(second), limited)?.problem.status).toBe(shared ? 429 : undefined);
  });

  it('tells once where all requests come from inside and no proxy is named', () => {
    const told = vi.fn();
    const inside = createRateLimit(() => new Uint8Array(32), told);
    for (let i = 0; i < 1_000; i++) inside.take(from('10.0.0.1'), limited);
    expect(told).toHaveBeenCalledTimes(1);
    const outside = createRateLimit(() => new Uint8Array(32), told);
    for (let i = 0; i < 1_000; i++) outside.take(from(i === 0 ? '203.0.113.9' : '10.0.0.1'), limited);
    const named = gatewayOf(config('limits: { per_client: 2 }\nserver: { trusted_proxies: [10.0.0.0/8] }'));
    const proxied = createRateLimit(() => new Uint8Array(32), told);
    for (let i = 0; i < 1_000; i++) proxied.take(from('10.0.0.1'), named);
    expect(told).toHaveBeenCalledTimes(1);
  });
});

describe('the admin listener', () => {
  const get = (path: string, headers: Record<string, string> = {}) =>
    ask(gateway.adminUrl, { method: 'GET', path, headers });

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1', '[::2]', 'user@localhost'])(
    'answers no other host without a token: %s',
    async (host) => {
      for (const path of ['/metrics', '/preview', '/preview/stream', '/x'])
        expect((await get(path, { host })).status).toBeGreaterThanOrEqual(400);
    },
  );

  it.each(['localhost', 'localhost:9090', '127.0.0.1:1', '127.1.2.3', '[::1]:9090'])('answers to %s', async (host) => {
    expect((await get('/metrics', { host })).status).toBe(200);
  });

  it('answers no page of another site without a token', async () => {
    expect((await get('/metrics', { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await get('/metrics', { origin: 'https://evil.example' })).status).toBe(403);
    expect((await get('/metrics', { origin: 'null' })).status).toBe(403);
    expect((await get('/preview', { 'sec-fetch-site': 'none' })).status).toBe(200);
    expect((await get('/preview', { 'sec-fetch-site': 'same-origin', origin: 'http://localhost:9090' })).status).toBe(
      200,
    );
  });

  it('with a token, any name will do, and failures are slowed after 20 a minute; the right token never is', async () => {
    const refused = vi.fn();
    const admin = createAdmin({
      metrics: () => Promise.resolve('x 1\n'),
      preview: new Preview(),
      token: TOKEN,
      refused,
      now: () => 30_000,
    });
    const request = (token: string) =>
      admin.request('http://ops.example.com/metrics', { headers: { authorization: `Bearer ${token}` } });
    const timed = async (token: string) => {
      const begun = performance.now();
      return { status: (await request(token)).status, ms: performance.now() - begun };
    };
    for (let i = 0; i < 20; i++) {
      const { status, ms } = await timed('wrong');
      expect(status).toBe(401);
      expect(ms).toBeLessThan(500);
    }
    expect((await timed('wrong')).ms).toBeGreaterThan(900);
    const right = await timed(TOKEN);
    expect(right.status).toBe(200);
    expect(right.ms).toBeLessThan(500);
    expect(refused).toHaveBeenCalledTimes(21);
  });

  it('says failures in the log, with a count', async () => {
    await get('/metrics', { host: 'evil.example' });
    await until('logged', () => /admin listener: requests refused.*/.test(gateway.log()));
    expect(gateway.log()).toMatch(/"count":\d+,"msg":"admin listener: requests refused/);
    expect(gateway.log()).not.toContain('evil.example');
  });

  it('has eight preview streams at most', async () => {
    const streams = Array.from({ length: 8 }, () =>
      stubborn(gateway.adminUrl, 'GET /preview/stream HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    );
    await until('eight are open', () => streams.every(({ text }) => text().includes(': open')));
    expect((await get('/preview/stream')).status).toBe(503);
    for (const { socket } of streams) socket.destroy();
    await until('there is room again', async () => {
      const one = stubborn(gateway.adminUrl, 'GET /preview/stream HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await until('answered', () => one.text().includes('\r\n\r\n'));
      one.socket.destroy();
      return one.text().startsWith('HTTP/1.1 200 ');
    });
  });
});

/** `serve` that must not start. */
function refusedStart(env: Record<string, string>, args: readonly string[] = [], text = config(), data = temporary()) {
  const file = join(data, 'gateway.yaml');
  writeFileSync(file, text);
  const all = [MAIN, 'serve', file, '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--data', data, ...args];
  const { status, stderr } = spawnSync(process.execPath, all, {
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { status, stderr };
}

describe('who guesses ingest keys', () => {
  const KEY = 'fedcba9876543210fedcba9876543210';
  let keyed: Served;
  beforeAll(async () => {
    keyed = await serve({
      config: config().replace('    country', '    ingest_keys: ["${SHOP_KEY}"]\n    country'),
      sink: recorder.url,
      env: { SHOP_KEY: KEY },
    });
  });
  afterAll(() => keyed.stop());
  const post = async (authorization: string | undefined) => {
    const begun = performance.now();
    const { status } = await ask(keyed.url, {
      path: '/v1/events',
      headers: { 'content-type': 'application/json', ...(authorization !== undefined && { authorization }) },
      body: JSON.stringify({ events: [{ name: 'page_view' }] }),
    });
    return { status, ms: performance.now() - begun };
  };

  it('is slowed after 20 a minute; the right key and who sends none are not', async () => {
    // The count begins anew with each minute.
    const left = 60_000 - (Date.now() % 60_000);
    if (left < 10_000) await pause(left);
    for (let i = 0; i < 20; i++) {
      const { status, ms } = await post(`Bearer ${TOKEN.replace('0', String(i % 10))}`);
      expect(status).toBe(403);
      expect(ms).toBeLessThan(800);
    }
    const slow = await Promise.all([post('Bearer wrong'), post('Basic x')]);
    for (const { status, ms } of slow) {
      expect(status).toBe(403);
      expect(ms).toBeGreaterThan(900);
    }
    const [right, none] = await Promise.all([post(`Bearer ${KEY}`), post(undefined)]);
    expect(right.status).toBe(204);
    expect(right.ms).toBeLessThan(800);
    expect(none.status).toBe(403);
    expect(none.ms).toBeLessThan(800);
    const metrics = await metricsOf(keyed.adminUrl);
    expect(metrics.sum('portvakt_refused_total', { site: '127.0.0.1', reason: 'refused.key' })).toBe(23);
  }, 90_000);

  it('is counted for himself, in a table with a bound', async () => {
    const failures = new Failures(() => 30_000);
    for (let i = 0; i < 20; i++) expect(failures.add('one')).toBeUndefined();
    expect(failures.add('one')).toBeInstanceOf(Promise);
    expect(failures.add('another')).toBeUndefined();
    // Beyond ten thousand different clients a minute, all others are one.
    for (let i = 0; i < 10_100; i++) void failures.add(`client ${i}`);
    expect(failures.add('somebody else')).toBeInstanceOf(Promise);
    const begun = performance.now();
    // A thousand answers are held back at most: the oldest goes out.
    const first = failures.add('one');
    for (let i = 0; i < 1_100; i++) void failures.add('one');
    await first;
    expect(performance.now() - begun).toBeLessThan(800);
  });
});

describe('secrets that can be guessed', () => {
  it('an admin token under 32 characters does not start', () => {
    const done = refusedStart({ PORTVAKT_ADMIN_TOKEN: TOKEN.slice(1) });
    expect(done.status).toBe(2);
    expect(done.stderr).toContain('PORTVAKT_ADMIN_TOKEN has 31 characters');
    expect(done.stderr).toContain('openssl rand -hex 32');
  });

  it('an ingest key under 32 characters does not start, and is not repeated', () => {
    const text = config().replace('    country', '    ingest_keys: ["${SHOP_KEY}"]\n    country');
    const done = refusedStart({ SHOP_KEY: 'short-key-of-the-shop' }, [], text);
    expect(done.status).toBe(2);
    expect(done.stderr).toContain('${SHOP_KEY} of 127.0.0.1 has 21 characters');
    expect(done.stderr).not.toContain('short-key');
  });

  it('a secret of the Measurement Protocol has 16 at least', () => {
    const text = config().replace('    country', '    mp_secrets: ["${SHOP_KEY}"]\n    country');
    const done = refusedStart({ SHOP_KEY: 'fifteen-letters' }, [], text);
    expect(done.status).toBe(2);
    expect(done.stderr).toContain('${SHOP_KEY} of 127.0.0.1 has 15 characters, an mp_secret needs 16');
    expect(done.stderr).not.toContain('fifteen');
  });
});

describe('a sink', () => {
  it('is refused in production unless it is meant', async () => {
    const done = refusedStart({ NODE_ENV: 'production' }, ['--sink', recorder.url]);
    expect(done.status).toBe(2);
    expect(done.stderr).toContain('--allow-sink');
    const meant = await serve({
      config: config(),
      sink: recorder.url,
      env: { NODE_ENV: 'production' },
      args: ['--allow-sink'],
    });
    expect(await meant.stop()).toBe(0);
  });

  it('is said at the start and by a metric', async () => {
    await until('said', () => gateway.log().includes('everything goes to the sink and nothing to any vendor'));
    expect((await metricsOf(gateway.adminUrl)).sum('portvakt_sink_enabled')).toBe(1);
  });

  it('is said every hour', () => {
    vi.useFakeTimers();
    try {
      const warn = vi.fn();
      const reminder = remindOfSink('http://127.0.0.1:1', { info: warn, warn, error: warn });
      vi.advanceTimersByTime(3 * 3_600_000);
      expect(warn).toHaveBeenCalledTimes(4);
      reminder.stop();
      vi.advanceTimersByTime(3 * 3_600_000);
      expect(warn).toHaveBeenCalledTimes(4);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('files of the data directory', () => {
  it('are made for owner and group only', async () => {
    const one = await serve({ config: config(), sink: recorder.url });
    await one.stop();
    const made = readdirSync(one.data).filter((name) => name !== 'gateway.yaml');
    expect(made).toContain('root.key');
    for (const name of made) expect([name, statSync(join(one.data, name)).mode & 0o007]).toEqual([name, 0]);
  });

  it.each([
    ['root.key', 0o644],
    ['root.key', 0o602],
    ['outbox.sqlite', 0o604],
    ['withdrawals.sqlite-wal', 0o644],
  ])('%s open to others (%o) is refused with the command that mends it', (name, mode) => {
    const data = temporary();
    writeFileSync(join(data, name), '');
    chmodSync(join(data, name), mode);
    const done = refusedStart({}, [], config(), data);
    expect(done.status).toBe(2);
    const command = /chmod o-rwx .*/.exec(done.stderr)?.[0];
    expect(command).toBe(`chmod o-rwx ${join(data, name)}`);
    expect(spawnSync('sh', ['-c', command ?? 'false']).status).toBe(0);
    expect(statSync(join(data, name)).mode & 0o007).toBe(0);
  });

  it('a folder of the decision log that others can read is refused; the data directory itself and other files are not', async () => {
    const data = temporary();
    chmodSync(data, 0o755);
    writeFileSync(join(data, 'secret.txt'), 'x', { mode: 0o644 });
    mkdirSync(join(data, 'decisions'));
    chmodSync(join(data, 'decisions'), 0o755);
    const done = refusedStart({}, [], config(), data);
    expect(done.status).toBe(2);
    expect(done.stderr).toContain(`chmod o-rwx ${join(data, 'decisions')}`);
    chmodSync(join(data, 'decisions'), 0o750);
    const one = await serve({ config: config(), sink: recorder.url, data });
    expect(await one.stop()).toBe(0);
  });
});
