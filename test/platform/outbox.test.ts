import { SITE_SPAN } from '../../src/outbox/sql/outbox-schema.ts';
import { DatabaseSync } from 'node:sqlite';
import { execPath } from 'node:process';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Withdrawal } from '../../src/delivery/outbox.ts';
import { startDelivery, type Delivery } from '../../src/runtimes/node/delivery/delivery.ts';
import { bytesOnDisk, deadInfos, purgeDead, queueInfos, retryDead } from '../../src/outbox/sql/outbox-inspect.ts';
import { forgetAside } from '../../src/outbox/sql/outbox-salvage.ts';
import { outboxRecord, permit, strictPermits, type TestRoute } from '../support/delivery.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';

let dir: string;
let sink: Recorder;
const running: Delivery[] = [];
const logged: { level: string; msg: string }[] = [];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'outbox-'));
  sink = await startRecorder();
  logged.length = 0;
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((delivery) => delivery.stop()));
  await sink.close();
  rmSync(dir, { recursive: true, force: true });
});

interface Options {
  readonly routes?: readonly Pick<TestRoute, 'name' | 'maxBatch' | 'permits'>[];
  readonly maxSize?: number;
  readonly deadLetters?: number;
  readonly policy?: string;
  readonly name?: string;
  readonly shared?: boolean;
}

const sourceOf = ({ routes = [{ name: 'a' }], ...more }: Options) => ({
  module: new URL('./fixtures-gateway.ts', import.meta.url).href,
  input: { routes, ...more },
});

async function start(options: Options = {}): Promise<Delivery> {
  const { name = 'outbox', shared = false } = options;
  const log = (level: string, msg: string) => logged.push({ level, msg });
  const delivery = await startDelivery({
    source: sourceOf(options),
    dir,
    name,
    shared,
    sink: sink.url,
    version: '0',
    log,
  });
  running.push(delivery);
  return delivery;
}

async function stop(delivery: Delivery): Promise<void> {
  running.splice(running.indexOf(delivery), 1);
  await delivery.stop();
}

const down = (host = 'a.example.com') => sink.script(host, () => ({ status: 503 }));
const arrived = (host = 'a.example.com') => sink.to(host).flatMap(({ body }) => body.split('\n'));
const until = async (ready: () => boolean | Promise<boolean>, ms = 15_000): Promise<void> => {
  for (const end = Date.now() + ms; !(await ready()); ) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
const outcomes = async (delivery: Delivery, route = 'a') =>
  (await delivery.report()).routes[`shop/${route}`]?.outcomes ?? {};
const withdrawal = (subject: string, signals: number): Withdrawal => ({
  site: 'shop',
  subject,
  signals,
  closedRoutes: [],
  at: Date.now(),
});

describe('the outbox', () => {
  it('stores what waits for its hand-over when it is stopped', async () => {
    down();
    const delivery = await start();
    const first = delivery.append([outboxRecord('a', 'one')], []);
    await new Promise((resolve) => setImmediate(resolve));
    const second = delivery.append([outboxRecord('a', 'two')], []);
    await stop(delivery);
    expect([await first, await second]).toEqual([['stored'], ['stored']]);
    expect(queueInfos(dir, Date.now()).map(({ waiting }) => waiting)).toEqual([2]);
  });

  it('stores, delivers, and is empty afterwards', async () => {
    const delivery = await start();
    expect(await delivery.append([outboxRecord('a', 'one'), outboxRecord('a', 'two')], [])).toEqual([
      'stored',
      'stored',
    ]);
    await sink.waitFor(2);
    expect(arrived().toSorted()).toEqual(['one', 'two']);
    await until(() => delivery.pending === 0);
    expect(await outcomes(delivery)).toEqual({ delivered: { 'delivered.accepted': 2 } });
  });

  it('takes the same event once in two days for each route, where it is known by something that can recur', async () => {
    const delivery = await start({ routes: [{ name: 'a' }, { name: 'b' }] });
    const row = (route: string, marked: boolean) =>
      outboxRecord(route, 'order', { mark: marked ? 'purchase T-1001' : '', lasting: true });
    expect(await delivery.append([row('a', true), row('b', true), row('a', true)], [])).toEqual([
      'stored',
      'stored',
      'duplicate',
    ]);
    expect(await delivery.append([row('a', true)], [])).toEqual(['duplicate']);
    expect(await delivery.append([row('a', false)], [])).toEqual(['stored']);
    await stop(delivery);
    const again = await start({ routes: [{ name: 'a' }, { name: 'b' }] });
    expect(await again.append([row('b', true)], [])).toEqual(['duplicate']);
  });

  it('delivers after a restart what was left', async () => {
    const up = down();
    const first = await start();
    await first.append([outboxRecord('a', 'kept')], []);
    await stop(first);
    up();
    sink.clear();
    await start();
    await sink.waitFor(1);
    expect(arrived()).toEqual(['kept']);
  });

  it('holds no subject, and after delivery no element, in its files', async () => {
    const delivery = await start();
    const secrets = ['client:123.456canary', 'fb.1.1700000000.canary'];
    await delivery.append(
      [
        outboxRecord('a', 'element-canary-7f3a', {
          subjects: secrets,
          mark: 'T-canary',
          lasting: true,
        }),
      ],
      [],
    );
    await until(() => delivery.pending === 0);
    await stop(delivery);
    const bytes = readdirSync(dir)
      .map((name) => readFileSync(join(dir, name)).toString('latin1'))
      .join();
    for (const canary of [...secrets, 'element-canary-7f3a', 'T-canary']) expect(bytes).not.toContain(canary);
  });

  it('copies its log back before that grows long', async () => {
    const up = down();
    const delivery = await start();
    const long = 'x'.repeat(20_000);
    for (let i = 0; i < 40; i++) {
      await delivery.append(
        Array.from({ length: 40 }, (_, j) => outboxRecord('a', `${i}.${j} ${long}`)),
        [],
      );
    }
    up();
    // 32 MB of rows went through it: 8 MB, and what was written while that was being noticed.
    expect(statSync(join(dir, 'outbox.sqlite-wal')).size).toBeLessThan(12e6);
  });

  it('refuses a batch as a whole: a row of a route nobody knows takes the others with it', async () => {
    down();
    const delivery = await start();
    await expect(
      delivery.append([outboxRecord('a', 'good'), outboxRecord('unknown', 'bad')], []),
    ).rejects.toMatchObject({
      name: 'OutboxUnavailable',
    });
    await until(() => delivery.ready);
    await delivery.append([outboxRecord('a', 'later')], []);
    await stop(delivery);
    expect(queueInfos(dir, Date.now()).map(({ route, waiting }) => [route, waiting])).toEqual([['shop/a', 1]]);
  });
});

describe('a withdrawal', () => {
  const routes = [
    { name: 'a', permits: strictPermits() },
    // As ga4: full with analytics (2), otherwise a form without identifiers.
    {
      name: 'g',
      permits: Array.from({ length: 16 }, (_, granted) =>
        (granted & 2) === 2 ? permit('full', granted === 15 ? '7' : '3') : permit('limited', '1'),
      ),
    },
  ];

  it('takes away what is no longer allowed, before the answer, and leaves the rest', async () => {
    const ups = [down(), down('g.example.com')];
    const delivery = await start({ routes });
    await delivery.append(
      [
        outboxRecord('a', 'mine', { subjects: ['me', 'fbp'] }),
        outboxRecord('a', 'yours', { subjects: ['you'] }),
        outboxRecord('g', 'with ads', { subjects: ['me'] }),
        outboxRecord('g', 'analytics only', { subjects: ['me'], signals: 2, fields: '3' }),
        outboxRecord('g', 'limited', { signals: 0, fields: '1' }),
      ],
      [],
    );
    await sink.waitFor(4);
    await delivery.append([], [withdrawal('me', 2)]);
    expect(queueInfos(dir, Date.now()).map(({ route, waiting }) => [route, waiting])).toEqual([
      ['shop/a', 1],
      ['shop/g', 2],
    ]);
    for (const up of ups) up();
    sink.clear();
    await until(() => delivery.pending === 0, 40_000);
    expect(arrived()).toEqual(['yours']);
    expect(arrived('g.example.com').toSorted()).toEqual(['analytics only', 'limited']);
    expect(await outcomes(delivery)).toEqual({
      delivered: { 'delivered.accepted': 1 },
      withdrawn: { 'withdrawn.consent': 1 },
    });
  });

  it('takes a row that is stored by the very same transaction', async () => {
    const delivery = await start({ routes });
    await delivery.append([outboxRecord('a', 'before')], []);
    await until(() => arrived().includes('before'));
    // One turn of the event loop, one transaction.
    await Promise.all([
      delivery.append([outboxRecord('a', 'mine', { subjects: ['me'] }), outboxRecord('a', 'after')], []),
      delivery.append([], [withdrawal('me', 0)]),
    ]);
    await until(() => arrived().includes('after') && delivery.pending === 0);
    expect(arrived()).toEqual(['before', 'after']);
    expect(await outcomes(delivery)).toEqual({
      delivered: { 'delivered.accepted': 2 },
      withdrawn: { 'withdrawn.consent': 1 },
    });
  });

  it('takes dead letters too, and is remembered for rows that come late', async () => {
    sink.script('a.example.com', () => ({ status: 400 }));
    const delivery = await start();
    const acceptedAt = Date.now();
    await delivery.append([outboxRecord('a', 'refused', { subjects: ['me'], acceptedAt })], []);
    await until(() => deadInfos(dir).length === 1);
    await delivery.append([], [withdrawal('me', 0)]);
    expect(deadInfos(dir)).toEqual([]);
    await delivery.append([outboxRecord('a', 'late', { subjects: ['me'], acceptedAt })], []);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(arrived()).toEqual(['refused']);
    const { reopened, outcomes: ends } = (await delivery.report()).routes['shop/a'] ?? {};
    expect({ reopened, ends }).toEqual({
      reopened: 1,
      ends: { dead: { 'vendor.refused': 1 }, withdrawn: { 'withdrawn.consent': 2 } },
    });
    // Accepted after the withdrawal, under a new consent: not meant.
    await delivery.append([outboxRecord('a', 'new consent', { subjects: ['me'], acceptedAt: Date.now() + 1 })], []);
    await until(() => arrived().includes('new consent'));
  });

  it('reaches every outbox in the directory', async () => {
    const up = down();
    const one = await start({ name: 'outbox-1', shared: true });
    const two = await start({ name: 'outbox-2', shared: true });
    await two.append(
      [outboxRecord('a', 'mine', { subjects: ['me'] }), outboxRecord('a', 'yours', { subjects: ['you'] })],
      [],
    );
    await one.append([], [withdrawal('me', 0)]);
    await until(() =>
      queueInfos(dir, Date.now()).some(({ outbox, waiting }) => outbox === 'outbox-2.sqlite' && waiting === 1),
    );
    up();
    sink.clear();
    await until(() => two.pending === 0, 40_000);
    expect(arrived()).toEqual(['yours']);
  });

  it('finds its rows after a crash or a long queue as well', async () => {
    down();
    const delivery = await start();
    for (let i = 0; i < 25; i++) {
      await delivery.append(
        Array.from({ length: 1000 }, (_, j) => outboxRecord('a', 'x', { subjects: [`s${i * 1000 + j}`] })),
        [],
      );
    }
    await stop(delivery);
    const again = await start();
    await again.append([], [withdrawal('s0', 0), withdrawal('s24999', 0), withdrawal('s12345', 0)]);
    expect(queueInfos(dir, Date.now())[0]?.waiting).toBe(24_997);
  });

  it('finds rows that were stored after a long queue had been worked off and the gateway started again', async () => {
    down();
    await stop(await start());
    // So far had the index of subjects come with the queue, of which nothing is left.
    const db = new DatabaseSync(join(dir, 'outbox.sqlite'));
    db.exec(`INSERT INTO sites (n, name, indexed) VALUES (1, 'shop', ${SITE_SPAN + 50_000})`);
    db.close();
    const second = await start();
    await second.append([outboxRecord('a', 'x', { subjects: ['late'] })], []);
    await stop(second);
    const third = await start();
    await third.append([], [withdrawal('late', 0)]);
    expect(queueInfos(dir, Date.now()).filter(({ waiting }) => waiting > 0)).toEqual([]);
  });
});

describe('kill -9 (R50)', () => {
  it('loses nothing that was acknowledged', async () => {
    const acknowledged = new Set<number>();
    for (let round = 0; round < 4; round++) {
      const child = spawn(
        execPath,
        [new URL('./crash-child.ts', import.meta.url).pathname, dir, sink.url, String(round * 1_000_000)],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      let out = '';
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      const ended = new Promise((resolve) => child.on('close', resolve));
      await until(() => out.length > 400 * (round + 1), 30_000);
      child.kill('SIGKILL');
      await ended;
      // The last line may be cut.
      for (const line of out.split('\n').slice(0, -1)) acknowledged.add(Number(line));
    }
    const delivery = await start({ routes: [{ name: 'a', maxBatch: 50 }] });
    await until(() => delivery.pending === 0, 30_000);
    const delivered = new Set(arrived());
    expect(acknowledged.size).toBeGreaterThan(200);
    expect([...acknowledged].filter((n) => !delivered.has(`n${n}`))).toEqual([]);
    expect(logged.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

/** Files of an outbox with `count` rows waiting, as a killed process leaves them. */
async function leaveRows(count: number, inLog: boolean): Promise<void> {
  down();
  const delivery = await start();
  for (let i = 0; i < count; i += 10) {
    await delivery.append(
      Array.from({ length: 10 }, (_, j) =>
        outboxRecord('a', `n${i + j}-${'x'.repeat(i + j === 7 ? 9000 : 300)}`, { subjects: [`s${i + j}`] }),
      ),
      [],
    );
  }
  const files = new Map(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name))]));
  await stop(delivery);
  if (inLog) for (const [name, bytes] of files) writeFileSync(join(dir, name), bytes);
  sink.script('a.example.com', () => ({ status: 204 }));
  sink.clear();
}

const numbers = (): Set<string> => new Set(arrived().map((element) => element.slice(0, element.indexOf('-'))));

describe('damaged files (R51, R53)', () => {
  /** Damages a copy, starts on it, and says how many rows came through. */
  async function survivors(bytes: ReadonlyMap<string, Buffer>): Promise<number> {
    for (const name of readdirSync(dir)) rmSync(join(dir, name));
    for (const [name, content] of bytes) writeFileSync(join(dir, name), content);
    sink.clear();
    const delivery = await start();
    await until(() => delivery.ready);
    await until(async () => {
      const { queues } = await delivery.report();
      // While a store is set aside there are no queues to report; with another answer it has been told that it is not ready.
      await delivery.report();
      return delivery.ready && Object.keys(queues).length === 0;
    }, 30_000);
    const { queues } = await delivery.report();
    expect(queues).toEqual({});
    expect(await delivery.append([outboxRecord('a', 'new-')], [])).toEqual(['stored']);
    await stop(delivery);
    const found = numbers();
    found.delete('new');
    return found.size;
  }
  const contents = () =>
    new Map(
      readdirSync(dir)
        .filter((name) => !name.endsWith('-shm'))
        .map((name) => [name, readFileSync(join(dir, name))]),
    );

  for (const where of ['outbox.sqlite', 'outbox.sqlite-wal']) {
    it(`a flipped bit in ${where} loses at most the rows of one place, and never the start`, async () => {
      await leaveRows(200, where.endsWith('-wal'));
      const before = contents();
      const size = before.get(where)?.length ?? 0;
      expect(size).toBeGreaterThan(50_000);
      const lost: number[] = [];
      for (let i = 0; i < 16; i++) {
        const bytes = Buffer.from(before.get(where) ?? []);
        // Spread over the file, its head included.
        const at = i === 0 ? 20 : Math.floor((((i * 2_654_435_761) % 2 ** 32) / 2 ** 32) * size);
        bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (i % 8)), at);
        lost.push(200 - (await survivors(new Map([...before, [where, bytes]]))));
      }
      expect(Math.max(...lost)).toBeLessThanOrEqual(1);
    });
  }

  it('a log torn anywhere near its end loses at most what was torn', async () => {
    await leaveRows(200, true);
    const before = contents();
    const wal = before.get('outbox.sqlite-wal') ?? Buffer.alloc(0);
    for (let i = 1; i <= 8; i++) {
      const cut = wal.subarray(0, wal.length - i * 1_300);
      const left = await survivors(new Map([...before, ['outbox.sqlite-wal', cut]]));
      // The last commit wrote ten rows; only what it alone wrote can be gone.
      expect(left).toBeGreaterThanOrEqual(185);
    }
    // That is how a killed process leaves it: nothing that was committed is damaged.
    expect(logged.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('a file that is no database at all is set aside, and work goes on', async () => {
    writeFileSync(join(dir, 'outbox.sqlite'), Buffer.alloc(40_000, 'garbage'));
    const delivery = await start();
    await until(() => delivery.ready);
    await delivery.append([outboxRecord('a', 'one')], []);
    await sink.waitFor(1);
    expect(readdirSync(dir).some((name) => name.startsWith('outbox.sqlite.damaged-'))).toBe(true);
    expect((await delivery.report()).damaged).toBe(1);
    // What was set aside is kept as long as events are, not longer.
    forgetAside(dir, Date.now() - 60_000);
    expect(readdirSync(dir).filter((name) => name.includes('.damaged-'))).toHaveLength(1);
    forgetAside(dir, Date.now() + 1);
    expect(readdirSync(dir).filter((name) => name.includes('.damaged-'))).toEqual([]);
  });
});

describe('storage that does not take it (R55)', () => {
  it('answers unavailable when full, keeps what it has, and recovers when delivery has made room', async () => {
    const up = down();
    const delivery = await start({ routes: [{ name: 'a', maxBatch: 100 }], maxSize: 300_000 });
    let taken = 0;
    const big = 'x'.repeat(2_000);
    await expect(
      (async () => {
        for (; taken < 1_000; taken++) await delivery.append([outboxRecord('a', `${taken} ${big}`)], []);
      })(),
    ).rejects.toMatchObject({ name: 'OutboxUnavailable' });
    expect(taken).toBeGreaterThan(50);
    await until(() => !delivery.ready);
    await expect(delivery.append([outboxRecord('a', 'no')], [])).rejects.toMatchObject({ retryAfter: 5 });
    up();
    await until(() => delivery.ready && delivery.pending === 0, 40_000);
    expect(new Set(arrived().map((element) => Number(element.split(' ')[0]))).size).toBe(taken);
    expect(await delivery.append([outboxRecord('a', 'yes')], [])).toEqual(['stored']);
  });

  it('a directory that is not there: unavailable, and it recovers by itself when it is', async () => {
    const missing = join(dir, 'later');
    const delivery = await startDelivery({
      source: sourceOf({}),
      dir: missing,
      sink: sink.url,
      version: '0',
      log: () => {},
    });
    running.push(delivery);
    expect(delivery.ready).toBe(false);
    await expect(delivery.append([outboxRecord('a', 'x')], [])).rejects.toMatchObject({ name: 'OutboxUnavailable' });
    const { mkdirSync } = await import('node:fs');
    mkdirSync(missing);
    await until(() => delivery.ready);
    await delivery.append([outboxRecord('a', 'x')], []);
    await sink.waitFor(1);
  });
});

describe('reload', () => {
  it('looks at what is stored under the new policy, and refuses a configuration that cannot be used', async () => {
    // Refused credentials stop the route, so that nothing is in flight while the policy changes.
    const mended = sink.script('a.example.com', () => ({ status: 401 }));
    const delivery = await start();
    await delivery.append([outboxRecord('a', 'x')], []);
    await until(() => delivery.stopped['shop/a'] === 'vendor.credentials{status=401}');
    mended();
    await delivery.reload(
      sourceOf({
        routes: [{ name: 'a', permits: strictPermits().map(() => permit('blocked', '0')) }],
        policy: 'policy-2',
      }),
    );
    await until(() => delivery.pending === 0);
    expect(await outcomes(delivery)).toEqual({ blocked: { 'blocked.consent': 1 } });
    await expect(delivery.reload({ module: 'file:///nowhere.ts', input: {} })).rejects.toThrow(/nowhere/);
    expect(delivery.ready).toBe(true);
  });
});

describe('looking at an outbox', () => {
  it('lists, retries and purges dead letters beside a running gateway, and shows nothing personal', async () => {
    sink.script('a.example.com', ({ body }) => ({ status: body.startsWith('bad') ? 400 : 204 }));
    const delivery = await start();
    await delivery.append(
      [outboxRecord('a', 'bad canary-element', { subjects: ['canary-subject'] }), outboxRecord('a', 'bad two')],
      [],
    );
    await until(() => deadInfos(dir).length === 2);
    const shown = JSON.stringify([deadInfos(dir), queueInfos(dir, Date.now())]);
    expect(shown).not.toContain('canary');
    expect(deadInfos(dir)[0]).toMatchObject({
      route: 'shop/a',
      reason: 'vendor.refused{status=400}',
      words: 'the vendor refuses the event: HTTP 400',
      marked: false,
    });
    expect(bytesOnDisk(dir)).toBeGreaterThanOrEqual(statSync(join(dir, 'outbox.sqlite')).size);

    sink.script('a.example.com', () => ({ status: 204 }));
    const [first] = deadInfos(dir);
    expect(retryDead(dir, { id: first?.id ?? 0 })).toBe(1);
    await until(() => deadInfos(dir).length === 1);
    await until(async () => (await outcomes(delivery))['delivered']?.['delivered.accepted'] === 1);
    expect((await delivery.report()).routes['shop/a']?.reopened).toBe(1);
    expect(purgeDead(dir, { route: 'shop/a' })).toBe(1);
    await until(() => delivery.pending === 0);
    expect(deadInfos(dir)).toEqual([]);
  });
});
