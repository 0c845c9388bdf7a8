import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Withdrawal } from '../../src/delivery/outbox.ts';
import { SqliteOutbox } from '../../src/outbox/sql/outbox-sqlite.ts';
import type { StorePolicy } from '../../src/outbox/store-policy.ts';
import { WithdrawalLog } from '../../src/outbox/sql/withdrawal-log.ts';
import { fieldSet } from '../../src/policy/field-set.ts';
import { elementsOf, outboxRecord, sharedRecord } from '../support/delivery.ts';
import { temporary } from '../support/serve.ts';

// The effects of a withdrawal on the rows of one outbox, with clocks that are set back and other processes at work.

const ME = 7;
const START = 1_000_000_000;

let dir = '';
let now = START;
let logs: WithdrawalLog[] = [];
let outboxes: SqliteOutbox[] = [];
beforeEach(() => {
  dir = temporary();
  now = START;
  logs = [];
  outboxes = [];
});
afterEach(() => {
  for (const one of [...outboxes, ...logs]) one.close();
  rmSync(dir, { recursive: true });
});

/** The outbox of a process, and the record it shares. */
function open(name: string, shared: boolean): SqliteOutbox {
  const policy: StorePolicy = {
    subjectKey: (_site, subject) => (subject === 'me' ? ME : 9),
    remembers: () => true,
    shared,
    everybodyOf: () => undefined,
    siteOf: () => 'shop',
    mayStay: (_route, _row, signals) => (signals & 15) === 15,
    maxSize: 1e9,
    deadLetters: 1e9,
  };
  const log = new WithdrawalLog(join(dir, 'withdrawals.sqlite'));
  logs.push(log);
  const outbox = new SqliteOutbox(
    join(dir, `${name}.sqlite`),
    log,
    () => policy,
    () => now,
  );
  outboxes.push(outbox);
  return outbox;
}

const mine = (element: string) => outboxRecord('a', element, { acceptedAt: now, subjects: ['me'] });
const all = (): Withdrawal => ({ site: 'shop', subject: 'me', signals: 0, closedRoutes: [], at: now });
const closing = (...closedRoutes: string[]): Withdrawal => ({ ...all(), signals: 127, closedRoutes });
const waiting = (outbox: SqliteOutbox) => elementsOf(outbox.read('shop/a', 0, 10));
const commit = (outbox: SqliteOutbox, records: ReturnType<typeof mine>[], withdrawals: Withdrawal[] = []) =>
  outbox.commit([{ records, withdrawals }]);

it('reaches what was accepted before the clock was set back, and not what comes after a new consent', () => {
  const outbox = open('outbox', false);
  commit(outbox, [mine('before')]);
  now -= 86_400_000;
  commit(outbox, [], [all()]);
  expect(waiting(outbox)).toEqual([]);
  now += 1;
  commit(outbox, [mine('consents again')]);
  expect(waiting(outbox)).toEqual(['consents again']);
});

it('does not suppress a new consent when the clock is set back after a withdrawal', () => {
  const outbox = open('outbox', false);
  commit(outbox, [], [all()]);
  now -= 86_400_000;
  logs[0]?.setBack(now);
  now += 1;
  commit(outbox, [mine('consents again')]);
  expect(waiting(outbox)).toEqual(['consents again']);
});

it('is carried out here though this process withdraws something else for the same visitor before it has looked', () => {
  const [one, two] = [open('outbox-0', true), open('outbox-1', true)];
  commit(one, [mine('mine')]);
  now += 1_000;
  commit(two, [], [all()]);
  now += 1_000;
  commit(one, [mine('after a new consent')], [closing('shop/b')]);
  expect(waiting(one)).toEqual(['after a new consent']);
});

it('that cannot be kept within the bound does not make stored events look as if they were not', () => {
  const outbox = open('outbox', true);
  vi.spyOn(WithdrawalLog.prototype, 'bytes', 'get').mockReturnValue(Infinity);
  vi.spyOn(WithdrawalLog.prototype, 'trim').mockImplementation(() => {
    throw new Error('database is locked');
  });
  try {
    expect(commit(outbox, [mine('mine')]).results).toEqual([['stored']]);
    expect(waiting(outbox)).toEqual(['mine']);
  } finally {
    vi.restoreAllMocks();
  }
});

it('leaves in no file what only the route had that is closed, and keeps what the other one has', () => {
  const outbox = open('outbox', false);
  const fields = fieldSet([{ field: 'event_name' }, { field: 'page_title' }, { field: 'email' }]);
  const of = { 'for-a': { email: 'canary-of-a' }, 'for-b': { email: 'canary-of-b' } };
  const { routes, ...record } = sharedRecord(['a', 'b'], '', { acceptedAt: now, subjects: ['me'], fields });
  const shared = {
    ...record,
    routes: routes.map((route, i) => ({ ...route, type: i === 0 ? 'for-a' : 'for-b' })),
    body: JSON.stringify([0, 'hit', 'json', 'NO', of, 'event_name', 'purchase', 'page_title', 'canary-of-both']),
  };
  commit(outbox, [shared]);
  const text = (): string =>
    readdirSync(dir)
      .map((name) => readFileSync(join(dir, name)).toString('latin1'))
      .join('');
  expect(text()).toContain('canary-of-a');
  commit(outbox, [], [closing('shop/a')]);
  expect([outbox.read('shop/a', 0, 10).records.length, outbox.read('shop/b', 0, 10).records.length]).toEqual([0, 1]);
  // Withdrawn is in no file after five seconds (docs/durability.md).
  outbox.erase(performance.now() + 5_000);
  expect(text()).not.toContain('canary-of-a');
  expect(text()).toContain('canary-of-b');
  expect(text()).toContain('canary-of-both');
});
