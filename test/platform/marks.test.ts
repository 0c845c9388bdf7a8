import { cpSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reason } from '../../src/core/reason.ts';
import type { OutboxRecord } from '../../src/delivery/outbox.ts';
import type { QueuedRecord, RowOutcome } from '../../src/delivery/store.ts';
import { CommitUnwanted } from '../../src/outbox/commit.ts';
import { startDelivery } from '../../src/runtimes/node/delivery/delivery.ts';
import { BRIEF_MS, LASTING_MS } from '../../src/outbox/engine.ts';
import { Marks } from '../../src/outbox/sql/marks.ts';
import { SCHEMA } from '../../src/outbox/sql/outbox-schema.ts';
import { SqliteOutbox } from '../../src/outbox/sql/outbox-sqlite.ts';
import type { StorePolicy } from '../../src/outbox/store-policy.ts';
import { subjectKeys } from '../../src/outbox/subject-keys.ts';
import { WithdrawalLog } from '../../src/outbox/sql/withdrawal-log.ts';
import { outboxRecord, testGateway } from '../support/delivery.ts';
import { until } from '../support/metrics.ts';
import { startRecorder } from '../support/recorder.ts';
import { temporary } from '../support/serve.ts';

// What the outbox remembers of events it has stored (docs/duplicates.md).

let dir: string;
beforeEach(() => {
  dir = temporary();
});
afterEach(() => rmSync(dir, { recursive: true }));

const ROUTES = ['a', 'b', 'c'];
const MINUTE = 60_000;
const START = 1_700_000_000_000;

/** An event's place in the model: what is stored of it, and where. */
interface Row {
  readonly route: string;
  readonly mark: string;
  readonly subject: string;
  readonly lasting: boolean;
  readonly queued: QueuedRecord;
}

/** The outbox beside the simplest thing that remembers the same. */
class World {
  clock = START;
  dir: string;
  log!: WithdrawalLog;
  outbox!: SqliteOutbox;
  rows: Row[] = [];
  /** Ends told to the outbox and not on disk yet. */
  ends: { row: Row; forgets: boolean }[] = [];
  readonly marks = new Map<string, { at: number; routes: Set<string> }>();
  readonly sums = new Map<string, { asked: number; stored: number; duplicates: number }>();
  #n = 0;

  constructor(at: string) {
    this.dir = at;
    this.open();
  }

  open(): void {
    const gateway = testGateway(ROUTES.map((name) => ({ name })));
    const policy: StorePolicy = {
      subjectKey: subjectKeys(gateway),
      siteOf: () => 'shop',
      remembers: () => true,
      shared: false,
      everybodyOf: () => undefined,
      mayStay: (_route, _row, signals) => signals === 127,
      maxSize: 1e9,
      deadLetters: 1e12,
    };
    this.log = new WithdrawalLog(join(this.dir, 'withdrawals.sqlite'));
    this.outbox = new SqliteOutbox(
      join(this.dir, 'outbox.sqlite'),
      this.log,
      () => policy,
      () => this.clock,
    );
  }

  /** A kill -9: what is in the files is what is left. */
  kill(): void {
    const next = `${this.dir}-killed`;
    cpSync(this.dir, next, { recursive: true });
    this.close();
    this.dir = next;
    this.ends = [];
    this.open();
  }

  close(): void {
    this.outbox.close();
    this.log.close();
  }

  store(event: number, routes: readonly string[], lasting: boolean, wanted = true): void {
    const mark = `event ${event}`;
    const subject = `visitor ${event % 3}`;
    const element = `${this.#n++}`;
    const records: OutboxRecord[] = routes.map((route) =>
      outboxRecord(route, element, { mark, lasting, subjects: [subject], acceptedAt: this.clock }),
    );
    if (!wanted) {
      expect(() => this.outbox.commit([{ records, withdrawals: [] }], () => false)).toThrow(CommitUnwanted);
      return;
    }
    const { results, added } = this.outbox.commit([{ records, withdrawals: [] }]);
    this.ended();
    const key = `${mark} ${lasting}`;
    const life = lasting ? LASTING_MS : BRIEF_MS;
    const expected = routes.map((route) => {
      const known = this.marks.get(key);
      const sum = this.sums.get(route) ?? { asked: 0, stored: 0, duplicates: 0 };
      this.sums.set(route, sum);
      sum.asked++;
      if (known !== undefined && known.at + life > this.clock && known.routes.has(route)) {
        sum.duplicates++;
        return 'duplicate';
      }
      if (known === undefined || known.at + life <= this.clock || known.routes.size === 0) {
        this.marks.set(key, { at: this.clock, routes: new Set([route]) });
      } else known.routes.add(route);
      sum.stored++;
      const queued = added.get(`shop/${route}`)?.at(-1) as QueuedRecord;
      this.rows.push({ route, mark, subject, lasting, queued });
      return 'stored';
    });
    expect(results).toEqual([expected]);
  }

  end(pick: number, outcome: RowOutcome): void {
    const waiting = this.rows.filter((row) => !this.ends.some((end) => end.row === row));
    const row = waiting[pick % Math.max(1, waiting.length)];
    if (row === undefined) return;
    if (outcome === 'dead') this.outbox.bury(`shop/${row.route}`, row.queued.id, reason('vendor.refused'));
    else this.outbox.settle(`shop/${row.route}`, row.queued.id, outcome);
    this.ends.push({ row, forgets: !['delivered', 'expired', 'dead'].includes(outcome) });
  }

  withdraw(visitor: number): void {
    const subject = `visitor ${visitor}`;
    this.outbox.commit([
      { records: [], withdrawals: [{ site: 'shop', subject, signals: 0, closedRoutes: [], at: this.clock }] },
    ]);
    this.ended();
    for (const row of this.rows.filter((one) => one.subject === subject)) this.forget(row);
    this.rows = this.rows.filter((row) => row.subject !== subject);
    // A visitor who comes after it has agreed again.
    this.clock += 1;
  }

  /** The ends that the last commit has written. */
  ended(): void {
    for (const { row, forgets } of this.ends) if (forgets) this.forget(row);
    this.rows = this.rows.filter((row) => !this.ends.some((end) => end.row === row));
    this.ends = [];
  }

  forget({ mark, route }: Row): void {
    for (const lasting of [true, false]) this.marks.get(`${mark} ${lasting}`)?.routes.delete(route);
  }
}

const event = fc.nat(5);
const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(
        fc.constant('store' as const),
        event,
        fc.shuffledSubarray(ROUTES, { minLength: 1 }),
        fc.boolean(),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(
        fc.constant('unwanted' as const),
        event,
        fc.shuffledSubarray(ROUTES, { minLength: 1 }),
        fc.boolean(),
      ),
    },
    {
      weight: 4,
      arbitrary: fc.tuple(
        fc.constant('end' as const),
        fc.nat(20),
        fc.constantFrom<RowOutcome>('delivered', 'skipped', 'blocked', 'failed', 'rejected', 'expired'),
      ),
    },
    { weight: 1, arbitrary: fc.tuple(fc.constant('withdraw' as const), fc.nat(2)) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('wait' as const), fc.constantFrom(1, 20, 29, 31, 60 * 47)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('prune' as const)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('kill' as const)) },
  ),
  { minLength: 1, maxLength: 40 },
);

it('what is stored, forgotten and a duplicate is what a model says, whatever ends, expires, is withdrawn or killed', () => {
  let run = 0;
  fc.assert(
    fc.property(steps, (all) => {
      const home = join(dir, `run-${run++}`);
      mkdirSync(home);
      const world = new World(home);
      try {
        for (const step of all) {
          if (step[0] === 'store') world.store(step[1], step[2], step[3]);
          else if (step[0] === 'unwanted') world.store(step[1], step[2], step[3], false);
          else if (step[0] === 'end') world.end(step[1], step[2]);
          else if (step[0] === 'withdraw') world.withdraw(step[1]);
          else if (step[0] === 'wait') world.clock += step[1] * MINUTE;
          else if (step[0] === 'prune') world.outbox.prune();
          else world.kill();
        }
        for (const { asked, stored, duplicates } of world.sums.values()) expect(stored + duplicates).toBe(asked);
      } finally {
        world.close();
      }
    }),
    { numRuns: 40 },
  );
}, 60_000);

describe('the bound of what is remembered', () => {
  const tables = (file: string): DatabaseSync => {
    const db = new DatabaseSync(file);
    db.exec('PRAGMA page_size = 4096; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF');
    db.exec(SCHEMA);
    return db;
  };
  /** Adds `count` marks, a hundred a transaction. */
  function flood(db: DatabaseSync, marks: Marks, first: number, count: number, lasting: boolean, now = START): void {
    for (let i = first; i < first + count; i += 100) {
      db.exec('BEGIN');
      for (let key = i; key < i + 100; key++)
        for (const route of [1, 2, 3, 4, 5]) marks.claim(2 ** 51 + key, route, lasting, now);
      marks.write(now);
      db.exec('COMMIT');
      marks.committed();
    }
  }

  it('holds for the file, and is counted as large as it is', () => {
    const file = join(dir, 'marks.sqlite');
    const db = tables(file);
    const empty = statSync(file).size;
    const marks = new Marks(db, 1 << 20, 1 << 20);
    flood(db, marks, 0, 10_000, false);
    const grown = statSync(file).size - empty;
    expect(grown).toBeGreaterThan(marks.bytes * 0.9);
    expect(grown).toBeLessThan(marks.bytes * 1.15);
    flood(db, marks, 10_000, 90_000, false);
    flood(db, marks, 0, 100_000, true);
    expect(marks.bytes).toBeLessThanOrEqual(2 << 20);
    expect(statSync(file).size - empty).toBeLessThan(2.5 * (1 << 20));
    db.close();
  });

  it('takes the oldest first, and other events take no conversion with them', () => {
    const db = tables(join(dir, 'marks.sqlite'));
    const marks = new Marks(db, 1 << 20, 1 << 20);
    flood(db, marks, 0, 100, true);
    flood(db, marks, 0, 50_000, false);
    const known = (key: number, lasting: boolean) => !marks.claim(2 ** 51 + key, 1, lasting, START);
    expect([known(0, true), known(99, true)]).toEqual([true, true]);
    expect([known(0, false), known(49_999, false)]).toEqual([false, true]);
    marks.rolledBack();
    db.close();
  });

  it('a mark that has had its time goes with those that come, without being asked for', () => {
    const file = join(dir, 'marks.sqlite');
    const db = tables(file);
    const marks = new Marks(db);
    flood(db, marks, 0, 5_000, false);
    flood(db, marks, 5_000, 5_000, false, START + BRIEF_MS);
    expect((db.prepare('SELECT count(*) AS n FROM marks_brief').get() as { n: number }).n).toBe(5_000);
    db.close();
  });
});

describe('a flood of events that are delivered', () => {
  it('leaves the outbox ready, whatever is remembered of them', async () => {
    const sink = await startRecorder();
    const delivery = await startDelivery({
      source: {
        module: new URL('./fixtures-gateway.ts', import.meta.url).href,
        input: { routes: [{ name: 'a', maxBatch: 2000 }], maxSize: 1_000_000 },
      },
      dir,
      sink: sink.url,
      version: '0',
      log: () => {},
    });
    try {
      for (let i = 0; i < 40_000; i += 2_000) {
        await until('there is room', () => delivery.ready && delivery.pending < 2_000);
        await delivery.append(
          Array.from({ length: 2_000 }, (_, n) => outboxRecord('a', 'x', { mark: `order ${i + n}`, lasting: true })),
          [],
        );
      }
      await until('all is delivered', () => delivery.pending === 0);
      expect(delivery.ready).toBe(true);
      expect(await delivery.append([outboxRecord('a', 'x', { mark: 'order 1', lasting: true })], [])).toEqual([
        'duplicate',
      ]);
      const { bytes } = await delivery.report();
      expect(bytes).toBeLessThan(500_000);
    } finally {
      await delivery.stop();
      await sink.close();
    }
  }, 60_000);
});
