import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Names } from '../../src/outbox/nats/names.ts';
import { skipNats } from '../support/nats.ts';
import { eventFor, POLICY, START } from './engine-world.ts';
import { oneBroker, openNats } from './nats-world.ts';

// The marks of repeats have a bound of their own, oldest first, and take no room from events (docs/duplicates.md).

describe.skipIf(skipNats)('marks on NATS JetStream', { timeout: 120_000 }, () => {
  const { connected } = oneBroker();

  const BOUND = 20_000;
  const open = async (bound: number) => {
    const names = new Names(`t${randomBytes(6).toString('hex')}`, 1);
    const marks = { lasting: bound, brief: bound };
    const opened = await openNats(connected(), { policy: () => POLICY, now: () => START, names, marks });
    let { engine } = opened;
    // Another gateway has only what is on the brokers.
    const another = async (): Promise<void> => {
      engine = (await opened.reopen?.())?.engine ?? engine;
    };
    const store = async (which: string, numbers: readonly number[], lasting: boolean) => {
      const records = numbers.map((n) => eventFor(['a'], `${which} ${n}`, { mark: `${which} ${n}`, lasting }));
      const { results } = await engine.commit([{ records, withdrawals: [] }]);
      return results[0]?.flat();
    };
    const kept = async (lasting: boolean) =>
      (await connected().broker.last(names.part(0), [`${names.marks(0, lasting)}>`])).length;
    const endAll = async (): Promise<void> => {
      for (const { id } of (await engine.read('shop/a', 0, 1_000)).records)
        await engine.settle('shop/a', id, 'delivered');
    };
    return {
      prune: () => engine.prune(),
      close: opened.close,
      another,
      store,
      kept,
      endAll,
      bytes: () => connected().broker.bytes(names.part(0)),
    };
  };
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

  it.each([true, false])('are forgotten beyond their bytes, the oldest first (conversions: %s)', async (lasting) => {
    const { prune, close, another, store, kept, endAll, bytes } = await open(BOUND);
    await store('other', upTo(10), !lasting);
    for (let i = 0; i < 10; i++)
      await store(
        'event',
        upTo(30).map((n) => i * 30 + n),
        lasting,
      );
    await endAll();
    expect(await kept(lasting)).toBe(300);
    await prune();
    const left = await kept(lasting);
    expect(left).toBeGreaterThan(BOUND / 500);
    expect(left).toBeLessThan(BOUND / 100);
    // Those of the other kind have a bound of their own.
    expect(await kept(!lasting)).toBe(10);
    await another();
    expect(await store('event', [299, 299 - left + 1], lasting)).toEqual(['duplicate', 'duplicate']);
    expect(await store('event', [0, 1], lasting)).toEqual(['stored', 'stored']);
    await endAll();
    await prune();
    // The brokers take no more for them than is meant: what has ended is gone after some seconds, and is not counted here.
    await expect.poll(bytes, { timeout: 30_000, interval: 500 }).toBeLessThan(BOUND * 1.3 + 10 * 400);
    await close();
  });

  it('stay where there is room', async () => {
    const { prune, close, another, store, kept } = await open(1e6);
    await store('event', upTo(30), true);
    await prune();
    expect(await kept(true)).toBe(30);
    await another();
    expect(await store('event', [0, 29], true)).toEqual(['duplicate', 'duplicate']);
    await close();
  });
});
