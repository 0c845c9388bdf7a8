import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask } from '../support/ask.ts';
import { cookiebot } from '../support/hits.ts';
import { metricsOf } from '../support/metrics.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { serve, temporary, type Served } from '../support/serve.ts';

// `serve --processes N`: processes behind one port, an outbox each, one admin listener.

const ORIGIN = 'https://shop.example.no';
const CONFIG = `
sites:
  - hosts: [shop.example.no]
    origins: [${ORIGIN}]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001 }
`;
const GRANTED = cookiebot({ preferences: true, statistics: true, marketing: true }, Date.now() - 60_000);
const DENIED = cookiebot({}, Date.now() - 30_000);
const seconds = Math.floor(Date.now() / 1000);
const cid = (visitor: number): string => `${100_000 + visitor}.${seconds - 3600}`;

/**
 * Each test starts several processes with several threads each: on a machine that is busy with other work that alone
 * takes half a minute, so nothing here has a tighter limit than every test has.
 */
const PATIENCE = 60_000;

let recorder: Recorder;
let running: Served[] = [];

beforeEach(async () => {
  recorder = await startRecorder();
});
afterEach(async () => {
  await Promise.all(running.map((gateway) => gateway.stop('SIGKILL').catch(() => undefined)));
  running = [];
  await recorder.close();
});

async function start(workers: number | undefined, data?: string, sink = recorder.url): Promise<Served> {
  const args = workers === undefined ? [] : ['--processes', String(workers)];
  const gateway = await serve({ config: CONFIG, sink, args, ...(data === undefined ? {} : { data }) });
  running.push(gateway);
  return gateway;
}

/** Each on a connection of its own, so that the kernel spreads them. */
function send(gateway: Served, visitor: number, consent = GRANTED): Promise<number> {
  const path = `/g/collect?v=2&tid=G-TEST000001&cid=${cid(visitor)}&_p=1&en=page_view&dl=${encodeURIComponent(`${ORIGIN}/`)}`;
  const cookie = `${consent}; _ga=GA1.1.${cid(visitor)}`;
  const headers = { host: 'shop.example.no', origin: ORIGIN, connection: 'close', cookie };
  return ask(gateway.url, { path, headers }).then(({ status }) => status);
}

const sendMany = (gateway: Served, visitors: readonly number[]): Promise<number[]> =>
  Promise.all(visitors.map((visitor) => send(gateway, visitor)));

const many = Array.from({ length: 40 }, (_, i) => i);

/** Ids of the processes. */
function processesOf({ child }: Served): number[] {
  const text = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE;
  while (!(await what())) {
    if (Date.now() > end) throw new Error(`it did not come to that in ${PATIENCE} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('several processes', () => {
  it('share the hits, deliver them all, and are counted as one', async () => {
    const gateway = await start(2);
    expect(processesOf(gateway)).toHaveLength(2);
    expect(new Set(await sendMany(gateway, many))).toEqual(new Set([204]));
    await recorder.waitFor(many.length, { ms: PATIENCE });
    expect(recorder.requests).toHaveLength(many.length);
    expect(new Set(recorder.requests.map(({ query }) => new URLSearchParams(query).get('cid')))).toEqual(
      new Set(many.map(cid)),
    );
    const metrics = await metricsOf(gateway.adminUrl);
    expect(metrics.sum('portvakt_hits_total', {})).toBe(many.length);
    expect(metrics.sum('portvakt_stored_total', {})).toBe(many.length);
    for (const name of ['outbox-0.sqlite', 'outbox-1.sqlite']) expect(existsSync(join(gateway.data, name))).toBe(true);
    expect(await gateway.stop()).toBe(0);
  });

  it('start again when one is killed, with what it had stored', async () => {
    // Nobody listens there yet, so everything waits.
    const gateway = await start(2, undefined, 'http://127.0.0.1:9');
    expect(new Set(await sendMany(gateway, many))).toEqual(new Set([204]));
    const before = processesOf(gateway);
    process.kill(before[0] as number, 'SIGKILL');
    await until(() => processesOf(gateway).some((pid) => !before.includes(pid)));
    await until(async () => (await metricsOf(gateway.adminUrl)).sum('portvakt_outbox_waiting', {}) === many.length);
    expect(await send(gateway, 99)).toBe(204);
  });

  it('leave nothing behind when there is only one the next time', async () => {
    const data = temporary();
    const two = await start(2, data, 'http://127.0.0.1:9');
    expect(new Set(await sendMany(two, many))).toEqual(new Set([204]));
    expect(await two.stop()).toBe(0);
    await start(undefined, data);
    await recorder.waitFor(many.length, { ms: PATIENCE });
    expect(new Set(recorder.requests.map(({ query }) => new URLSearchParams(query).get('cid')))).toEqual(
      new Set(many.map(cid)),
    );
  });

  it('carry out a withdrawal in the outbox of every process', async () => {
    const gateway = await start(2, undefined, 'http://127.0.0.1:9');
    // The same visitor again and again: each event is in one of the outboxes.
    expect(
      new Set(
        await sendMany(
          gateway,
          many.map(() => 7),
        ),
      ),
    ).toEqual(new Set([204]));
    expect(await send(gateway, 8)).toBe(204);
    expect(await send(gateway, 7, DENIED)).toBe(204);
    await until(async () => (await metricsOf(gateway.adminUrl)).sum('portvakt_outbox_waiting', {}) === 1);
    const metrics = await metricsOf(gateway.adminUrl);
    expect(metrics.sum('portvakt_outcomes_total', { outcome: 'withdrawn' })).toBe(many.length);
  });

  it('refuse a number that is none', async () => {
    // `--workers` is its name in earlier versions.
    for (const name of ['--processes', '--workers'])
      await expect(serve({ config: CONFIG, args: [name, 'many'] })).rejects.toThrow(/--processes takes/);
  });
});
