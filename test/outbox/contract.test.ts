import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MemoryOutbox } from '../../src/outbox/memory.ts';
import { ObjectOutbox } from '../../src/outbox/object/object-outbox.ts';
import { SqliteOutbox } from '../../src/outbox/sql/outbox-sqlite.ts';
import { WithdrawalLog } from '../../src/outbox/sql/withdrawal-log.ts';
import type { StorePolicy } from '../../src/outbox/store-policy.ts';
import { temporary } from '../support/serve.ts';
import { describeEngine } from './contract.ts';
import { objectSql } from '../support/object-sql.ts';
import { contentOf, EngineWorld, eventFor, POLICY, START, withdrawal, type Opened } from './engine-world.ts';

// Every engine there is, through the one suite.

describeEngine('in memory', (policy, now) => {
  const engine = new MemoryOutbox(policy, now);
  return { engine, close: () => engine.close() };
});

const openSqlite = (policy: () => StorePolicy, now: () => number) => openIn(temporary(), policy, now);
describeEngine('in SQLite', openSqlite);

// The same engine that runs in a Durable Object, on SQLite of this process.
describeEngine('of a Durable Object', (policy, now) => openObject(objectSql(), policy, now));

function openObject(sql: ReturnType<typeof objectSql>, policy: () => StorePolicy, now: () => number): Opened {
  const engine = new ObjectOutbox(sql, policy, now);
  // What the object had in memory goes with it; what it had written is there.
  const reopen = (): Opened => openObject(sql, policy, now);
  return { engine, close: () => sql.close(), reopen };
}

function openIn(dir: string, policy: () => StorePolicy, now: () => number): Opened {
  const log = new WithdrawalLog(join(dir, 'withdrawals.sqlite'));
  const engine = new SqliteOutbox(join(dir, 'outbox.sqlite'), log, policy, now);
  const close = (): void => {
    engine.close();
    log.close();
    rmSync(dir, { recursive: true });
  };
  /** Only the files are left, because nothing closes them. */
  const reopen = (): Opened => {
    const next = temporary();
    cpSync(dir, next, { recursive: true });
    close();
    return openIn(next, policy, now);
  };
  return { engine, close, reopen };
}

it('SQLite hands out again what had not ended, under its id, and a new event has one beyond it', async () => {
  const world = await new EngineWorld(openSqlite).start();
  try {
    await world.commit([eventFor(['a', 'b'], 'ended on a'), eventFor(['a'], 'waits'), eventFor(['a'], 'told')]);
    const ids = (await world.read('a')).map(({ id }) => id);
    await world.engine.settle('shop/a', ids[0] as number, 'delivered');
    await world.commit([]);
    await world.engine.settle('shop/a', ids[2] as number, 'delivered');
    world.opened = await (world.opened.reopen as NonNullable<Opened['reopen']>)();
    expect(await world.names('a')).toEqual(['waits', 'told']);
    expect(await world.names('b')).toEqual(['ended on a']);
    expect((await world.read('a')).map(({ id }) => id)).toEqual(ids.slice(1));
    await world.commit([eventFor(['a'], 'new')]);
    expect(await world.idOf('a', 'new')).toBeGreaterThan(ids[2] as number);
  } finally {
    await world.opened.close();
  }
});

it('SQLite gives no id twice when another connection of the process takes over', () => {
  const dir = temporary();
  const log = new WithdrawalLog(join(dir, 'withdrawals.sqlite'));
  const open = () =>
    new SqliteOutbox(
      join(dir, 'outbox.sqlite'),
      log,
      () => POLICY,
      () => START,
    );
  const commit = (outbox: SqliteOutbox, name: string) =>
    outbox.commit([{ records: [eventFor(['a'], name)], withdrawals: [] }]).added.get('shop/a')?.[0]?.id ?? 0;
  const first = open();
  const id = commit(first, 'ends');
  first.settle('shop/a', id, 'delivered');
  first.commit([]);
  const second = open();
  second.inherit(first);
  first.abandon();
  try {
    expect(commit(second, 'new')).toBeGreaterThan(id);
    // What has read up to the first reads on from there.
    expect(second.read('shop/a', id, 10).records.map((record) => contentOf(record).name)).toEqual(['new']);
  } finally {
    second.close();
    log.close();
    rmSync(dir, { recursive: true });
  }
});

it('SQLite knows after a reopening what was withdrawn before, and which events were stored', async () => {
  const world = await new EngineWorld(openSqlite).start();
  try {
    await world.commit([eventFor(['a'], 'order', { mark: 'order 1', lasting: true })]);
    await world.commit([eventFor(['a'], 'mine', { subjects: ['me'] })], [withdrawal('me', world.now)]);
    world.opened = await (world.opened.reopen as NonNullable<Opened['reopen']>)();
    const again = eventFor(['a'], 'again', { mark: 'order 1', lasting: true });
    const late = eventFor(['a'], 'late', { subjects: ['me'] });
    expect((await world.commit([again, late])).results).toEqual([['duplicate', 'stored']]);
    expect(await world.names('a')).toEqual(['order']);
  } finally {
    await world.opened.close();
  }
});
