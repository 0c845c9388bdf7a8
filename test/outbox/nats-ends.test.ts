import { describe, expect, it } from 'vitest';
import type { NatsOutbox } from '../../src/outbox/nats/nats-outbox.ts';
import { Names } from '../../src/outbox/nats/names.ts';
import { EndedRoutes } from '../../src/outbox/nats/ended-routes.ts';
import { Seal } from '../../src/outbox/nats/seal.ts';
import { WaitingEntry, WaitingRecords } from '../../src/outbox/nats/waiting.ts';
import { readRecord } from '../../src/outbox/nats/written.ts';
import { skipNats } from '../support/nats.ts';
import { eventFor, POLICY, START, type Opened } from './engine-world.ts';
import { oneBroker, openNats, SEAL } from './nats-world.ts';

// A record that still waits for a route is not written again for each route on which it has ended: a list says so.

describe.skipIf(skipNats)('a record that has ended on one of its routes', { timeout: 60_000 }, () => {
  const { connected } = oneBroker();

  async function opened() {
    const clock = { now: START };
    const names = new Names(`t${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`, 1);
    const world = await openNats(connected(), { policy: () => POLICY, now: () => clock.now, names });
    const outbox = world.engine as unknown as NatsOutbox;
    await world.engine.commit([{ records: [eventFor(['a', 'b'], 'one', { mark: 'order 1' })], withdrawals: [] }]);
    const [queued] = (await world.engine.read('shop/a', 0, 10)).records;
    const { broker, manager } = connected();
    /** The record as the brokers have it; `seq` is another one when it was written again. */
    const kept = async () => {
      const { state } = await manager.streams.info(names.part(0), { subjects_filter: names.record(0, '>') });
      const [message] = await broker.last(names.part(0), Object.keys(state.subjects ?? {}));
      if (message === undefined) throw new Error('it was never written');
      const { seq, data, subject } = message;
      return { seq, record: data.length === 0 ? undefined : readRecord(new Seal(SEAL).open(data, subject)) };
    };
    /** Replaces the list by an empty one. */
    const unlist = () => broker.write(names.part(0), [{ subject: names.ended(0), data: new Uint8Array(0) }]);
    const end = async (route: string): Promise<void> => {
      outbox.settle(route, queued?.id ?? 0, 'delivered');
      await outbox.flush();
    };
    return { ...world, outbox, clock, kept, unlist, end };
  }

  it('is not written again, and who takes over the part does not send it there again', async () => {
    const { end, kept, reopen } = await opened();
    const { seq } = await kept();
    await end('shop/a');
    expect((await kept()).seq).toBe(seq);
    const after = (await reopen?.()) as Opened;
    expect((await after.engine.read('shop/a', 0, 10)).records).toEqual([]);
    expect((await after.engine.read('shop/b', 0, 10)).records).toHaveLength(1);
    await after.close();
  });

  it('is written again after a second, without what that route may have, and needs no list any more', async () => {
    const { end, kept, unlist, outbox, clock, reopen } = await opened();
    const { seq } = await kept();
    await end('shop/a');
    clock.now += 1_000;
    await outbox.flush();
    const { seq: later, record } = await kept();
    expect(later).toBeGreaterThan(seq);
    expect(record?.routes.map(({ name }) => name)).toEqual(['b']);
    expect([record?.body.includes('only for a'), record?.body.includes('only for b')]).toEqual([false, true]);
    await unlist();
    const after = (await reopen?.()) as Opened;
    expect((await after.engine.read('shop/a', 0, 10)).records).toEqual([]);
    expect((await after.engine.read('shop/b', 0, 10)).records).toHaveLength(1);
    await after.close();
  });

  it('is gone when it has ended on the others, too', async () => {
    const { end, kept, unlist, reopen } = await opened();
    await end('shop/a');
    await end('shop/b');
    expect((await kept()).record).toBeUndefined();
    await unlist();
    const after = (await reopen?.()) as Opened;
    expect((after.engine as unknown as NatsOutbox).size).toBe(0);
    await after.close();
  });
});

describe('the list of ended routes', () => {
  const names = new Names('T', 1);
  const list = () => new EndedRoutes(names, 0);

  it('is written when it has changed, over the message before', () => {
    const ended = list();
    expect(ended.changed).toBe(false);
    ended.add('k', 'a', 0);
    const first = ended.message();
    expect(first).toMatchObject({ subject: 'T.0.e.ended', expected: 0 });
    ended.add('k', 'b', 0);
    first.written(7);
    // What came during the write is not in it.
    expect(ended.changed).toBe(true);
    const second = ended.message();
    expect(second.expected).toBe(7);
    second.written(8);
    expect(ended.changed).toBe(false);
  });

  it('does not write again what it hears of itself, but what another gateway has replaced', () => {
    const ended = list();
    ended.add('k', 'a', 0);
    const { data, written } = ended.message();
    ended.receive(data, 7, false, 0);
    written(7);
    expect(ended.changed).toBe(false);
    ended.receive(new Uint8Array([1]), 9, false, 0);
    expect(ended.changed).toBe(true);
    expect(ended.message().expected).toBe(9);
  });

  it('takes no more than it can write often', () => {
    const ended = list();
    for (let i = 0; i < 500; i++) expect(ended.add(`k${i}`, 'a', 0)).toBe(true);
    expect([ended.add('another', 'a', 0), ended.add('k1', 'b', 0)]).toEqual([false, true]);
  });
});

describe('a waiting record', () => {
  const route = (name: string, fields: string) => ({ name, type: 'purchase', fields, mark: 0 }) as never;

  it('shows only what its other routes may have, after one has ended', () => {
    const body = JSON.stringify([0, 'hit', 'web', 'NO', 0, 'f', 1]);
    const record = { id: 1, site: 's', subjects: [], routes: [route('a', ''), route('b', '')], body } as never;
    const entry = new WaitingEntry({ key: 'k', lasting: false, place: 1, seq: 1 }, record);
    const records = new WaitingRecords();
    records.add(entry);
    const before = records.bytes;
    records.take(entry, [entry.routes[0] as never]);
    // Neither of them may have a field.
    expect(JSON.parse(entry.record.body)).toEqual([0, 'hit', 'web', 'NO', 0]);
    expect(records.after('s/b', 0, 1)[0]?.record.body).toBe(entry.record.body);
    records.recount(entry);
    expect(records.bytes).toBeLessThan(before);
    records.take(entry, entry.routes);
    expect([records.bytes, records.size, [...records.alone]]).toEqual([0, 0, []]);
  });
});
