import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { array, assert, constant, integer, property, record, subarray } from 'fast-check';
import { EVERYBODY, HeldWithdrawals } from '../../src/delivery/held-withdrawals.ts';
import { concerns, leftBy, merge, tombstoneOf, type Tombstone } from '../../src/outbox/tombstone.ts';
import { WithdrawalLog, WithdrawalReader } from '../../src/outbox/sql/withdrawal-log.ts';
import { temporary } from '../support/serve.ts';

let dir = '';
let log: WithdrawalLog;
beforeEach(() => {
  dir = temporary();
  log = new WithdrawalLog(join(dir, 'withdrawals.sqlite'));
});
afterEach(() => {
  log.close();
  rmSync(dir, { recursive: true });
});

const gone = (subject: number, at: number): Tombstone => ({ subject, gone: [at, at, at, at], closed: {} });

describe('the record of withdrawals', () => {
  it('has one entry a subject, however often it withdraws', () => {
    for (let at = 1; at <= 1_000; at++) log.add([gone(7, at)]);
    expect(log.after(0)).toEqual([{ ...gone(7, 1_000), seq: 1_000 }]);
    expect(log.latestAt).toBe(1_000);
  });

  it('stays within its bound: the oldest entry without a record goes first', () => {
    for (let n = 0; n < 40; n++) log.add(Array.from({ length: 500 }, (_, i) => gone(n * 500 + i, 1_000 + n)));
    const bound = log.bytes / 4;
    expect(log.trim(bound, (subject) => subject === 3)).toBe(true);
    expect(log.bytes).toBeLessThanOrEqual(bound);
    expect(log.of(3)).toEqual(gone(3, 1_000));
    expect(log.of(4)).toBeUndefined();
    expect(log.of(19_999)).toEqual(gone(19_999, 1_039));
  });

  it('says so where every entry has a record', () => {
    log.add(Array.from({ length: 5_000 }, (_, i) => gone(i, 1_000)));
    expect(log.trim(0, () => true)).toBe(false);
    expect(log.of(0)).toEqual(gone(0, 1_000));
  });

  it('is written again at once for what it does not say yet, and later for what only moves a time', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const onDisk = () => new WithdrawalReader(join(dir, 'withdrawals.sqlite')).of(7);
    log.addLate([gone(7, 1_000)], 0);
    expect(onDisk()).toEqual(gone(7, 1_000));
    log.addLate([gone(7, 2_000)], 1);
    expect([onDisk(), log.of(7)]).toEqual([gone(7, 1_000), gone(7, 2_000)]);
    expect([log.latestAt, log.lateIsDue]).toEqual([2_000, false]);
    vi.advanceTimersByTime(1_000);
    expect(log.lateIsDue).toBe(true);
    log.add([]);
    expect([onDisk(), log.lateIsDue]).toEqual([gone(7, 2_000), false]);
    log.addLate([gone(7, 3_000)], 2);
    log.addLate([{ ...gone(7, 4_000), closed: { 'shop/meta': 4_000 } }], 2);
    expect(onDisk()).toEqual({ ...gone(7, 4_000), closed: { 'shop/meta': 4_000 } });
    log.addLate([gone(7, 5_000)], 2);
    log.close();
    expect(onDisk()?.gone).toEqual(gone(7, 5_000).gone);
    log = new WithdrawalLog(join(dir, 'withdrawals.sqlite'));
    vi.useRealTimers();
  });

  it('forgets no time that waits to be written when the bound makes room', () => {
    log.addLate([gone(7, 1_000)], 0);
    log.addLate([gone(7, 2_000)], 1);
    expect(log.trim(0, () => false)).toBe(false);
    expect(log.of(7)).toEqual(gone(7, 2_000));
  });

  it('holds nobody to a refusal of the future when the clock was set back', () => {
    const day = 86_400_000;
    log.add([gone(7, 10 * day), { ...gone(8, 0), closed: { 'shop/meta': 10 * day } }, gone(9, day)]);
    log.addLate([gone(7, 11 * day)], 3);
    log.setBack(12 * day);
    expect(log.latestAt).toBe(11 * day);
    log.setBack(5 * day);
    expect([log.of(7), log.of(9), log.latestAt]).toEqual([gone(7, 5 * day), gone(9, day), 5 * day]);
    expect(log.of(8)?.closed).toEqual({ 'shop/meta': 5 * day });
  });

  it('tells what another process has withdrawn from what was withdrawn here, in one entry too', () => {
    const other = new WithdrawalLog(join(dir, 'withdrawals.sqlite'));
    const [first] = log.add([gone(7, 1_000)], 0);
    expect(first).toBe(1);
    other.add([gone(7, 2_000)], 1);
    // The entry of the other process is not carried out here yet, and this one takes its place.
    expect([...log.add([gone(7, 3_000), gone(8, 3_000), gone(8, 3_001)], 1)]).toEqual([4, 5]);
    other.close();
  });

  it('takes over what the version before has left', () => {
    log.close();
    const file = join(dir, 'withdrawals.sqlite');
    const db = new DatabaseSync(file);
    db.exec(`CREATE TABLE tombstones (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, subject INTEGER NOT NULL, signals INTEGER NOT NULL, at INTEGER NOT NULL);
      INSERT INTO tombstones (subject, signals, at) VALUES (7, 0, 1000), (7, 2, 2000)`);
    db.close();
    log = new WithdrawalLog(file);
    expect(log.of(7)).toEqual({ subject: 7, gone: [2_000, 1_000, 2_000, 2_000], closed: {} });
  });
});

const WITHDRAWAL = record({
  site: constant('shop'),
  subject: constant('ga:1.2'),
  signals: integer({ min: 0, max: 15 }),
  closedRoutes: subarray(['shop/meta', 'shop/ga4']),
  at: integer({ min: 1, max: 20 }),
});

describe('a tombstone', () => {
  it('says of what was decided at any time what all its withdrawals say of it, in whatever order they came', () => {
    assert(
      property(array(WITHDRAWAL, { minLength: 1, maxLength: 6 }), integer({ min: 1, max: 20 }), (all, at) => {
        const later = all.filter((one) => one.at >= at);
        const left = later.reduce((signals, one) => signals & one.signals, 15);
        const one = all.map((withdrawal) => tombstoneOf(7, withdrawal)).reduce(merge);
        expect(leftBy(one, at) & 15).toBe(left);
        const closed = later.some(({ closedRoutes }) => closedRoutes.includes('shop/meta'));
        expect(concerns(one, 'shop/meta', at)).toBe(left !== 15 || closed);
      }),
    );
  });
});

describe('withdrawals held in memory', () => {
  const held = (subject: string, site = 'shop', at = 1) => ({ site, subject, signals: 0, closedRoutes: [], at });

  it('keep the later of two that are alike', () => {
    const some = new HeldWithdrawals();
    some.add([held('a', 'shop', 2), held('a', 'shop', 3), held('a', 'shop', 1)]);
    expect(some.list()).toEqual([held('a', 'shop', 3)]);
  });

  it('become one of everybody where there are too many, and those of another site stay', () => {
    const some = new HeldWithdrawals(3);
    expect(some.add([held('a'), held('b'), held('c', 'other')])).toEqual([]);
    some.add([held('d', 'shop', 9)]);
    expect(some.size).toBe(2);
    expect(some.list()).toEqual([held(EVERYBODY, 'shop', 9), held('c', 'other')]);
    some.add([held('e', 'shop', 12)]);
    expect(some.list()).toContainEqual(held(EVERYBODY, 'shop', 12));
  });
});
