import { rmSync } from 'node:fs';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Append } from '../../src/outbox/commit.ts';
import { Runner } from '../../src/runtimes/node/delivery/delivery-runner.ts';
import { noSecrets, outboxRecord, testGateway } from '../support/delivery.ts';
import { temporary } from '../support/serve.ts';

// Which transactions wait for the disk itself: those that a promise depends on, and not those that end delivered
// events.

/** SQLite's `synchronous`: in a write-ahead log NORMAL leaves a commit to the next flush, FULL is one. */
const NORMAL = 1;
const FULL = 2;

let dir: string;
let runner: Runner;
/** `synchronous` as it was in force at each commit of the outbox. */
let commits: number[];
/** Turns of the event loop that a vendor takes to answer. */
let turns: number;

/** A method that is about to be replaced, to be called on what the replacement is called on. */
function methodOf<T extends object, K extends keyof T>(prototype: T, name: K): T[K] {
  return prototype[name];
}

beforeEach(() => {
  dir = temporary();
  commits = [];
  turns = 0;
  const owners = new WeakMap<StatementSync, DatabaseSync>();
  const prepare = methodOf(DatabaseSync.prototype, 'prepare');
  vi.spyOn(DatabaseSync.prototype, 'prepare').mockImplementation(function (this: DatabaseSync, ...args) {
    const statement = prepare.apply(this, args);
    owners.set(statement, this);
    return statement;
  });
  const run = methodOf(StatementSync.prototype, 'run');
  vi.spyOn(StatementSync.prototype, 'run').mockImplementation(function (this: StatementSync, ...args) {
    const owner = owners.get(this);
    if (this.sourceSQL === 'COMMIT' && owner !== undefined) {
      const { synchronous } = prepare.call(owner, 'PRAGMA synchronous').get() as { synchronous: number };
      commits.push(synchronous);
    }
    return run.apply(this, args as never);
  });
  runner = new Runner(testGateway([{ name: 'a' }]), {
    dir,
    name: 'outbox',
    send: async () => {
      for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
      return { status: 204, headers: {}, body: '', at: Date.now() };
    },
    secrets: noSecrets,
    log: () => {},
    changed: () => {},
  });
  commits.length = 0;
});
afterEach(async () => {
  await runner.stop(0);
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true });
});

const append = (what: Partial<Append>) =>
  new Promise((resolve) => runner.append({ records: [], withdrawals: [], ...what }, resolve));
const withdrawals = [{ site: 'shop', subject: 'visitor', signals: 0, closedRoutes: [], at: Date.now() }];

it('an event is flushed before it is answered, its end is not', async () => {
  expect(await append({ records: [outboxRecord('a', 'one')] })).toEqual(['stored']);
  expect(commits).toEqual([FULL]);
  await vi.waitFor(() => expect(runner.pending).toBe(0));
  expect(commits).toEqual([FULL, NORMAL]);
});

it('what comes after an end is flushed again, the end with it', async () => {
  await append({ records: [outboxRecord('a', 'one')] });
  await vi.waitFor(() => expect(runner.pending).toBe(0));
  await append({ records: [outboxRecord('a', 'two')] });
  expect(commits).toEqual([FULL, NORMAL, FULL]);
});

it('a withdrawal is flushed, also where it comes without an event', async () => {
  await append({ records: [outboxRecord('a', 'one')] });
  await vi.waitFor(() => expect(runner.pending).toBe(0));
  commits.length = 0;
  await append({ withdrawals });
  expect(commits).toEqual([FULL]);
});

it('ends have no transaction of their own while events come in quick succession', async () => {
  // So that the time after which an end waits for no event is never over.
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  turns = 2;
  const visitor = async (name: string): Promise<void> => {
    for (let n = 0; n < 20; n++) {
      for (let i = 0; i < n % 4; i++) await new Promise((resolve) => setImmediate(resolve));
      await append({ records: [outboxRecord('a', `${name}-${n}`)] });
    }
  };
  try {
    await Promise.all(['one', 'two', 'three'].map(visitor));
    expect(commits.filter((synchronous) => synchronous === NORMAL)).toEqual([]);
  } finally {
    vi.useRealTimers();
  }
});
