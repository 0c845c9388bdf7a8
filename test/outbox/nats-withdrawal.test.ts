import { describe, expect, it } from 'vitest';
import { NoAnswer, type Broker } from '../../src/outbox/nats/broker.ts';
import type { NatsOutbox } from '../../src/outbox/nats/nats-outbox.ts';
import { skipNats } from '../support/nats.ts';
import { eventFor, POLICY, START, withdrawal } from './engine-world.ts';
import { oneBroker, openNats } from './nats-world.ts';

// A withdrawal that no leader answers is tried again for a while, as an event is, because a new leader may be elected.

/** A broker whose first `times` writes of a withdrawal have no answer. */
function silent(broker: Broker, times: number, stored: boolean): Broker & { readonly tried: () => number } {
  let tried = 0;
  return Object.assign(Object.create(broker) as Broker, {
    write: async (stream: string, messages: Parameters<Broker['write']>[1], ms?: number): Promise<number> => {
      if (!messages.some(({ subject }) => subject.includes('.c.w.')) || tried++ >= times)
        return broker.write(stream, messages, ms);
      if (stored) await broker.write(stream, messages, ms);
      throw new NoAnswer('no leader');
    },
    last: broker.last.bind(broker),
    follow: broker.follow.bind(broker),
    keep: broker.keep.bind(broker),
    bytes: broker.bytes.bind(broker),
    tried: () => tried,
  });
}

describe.skipIf(skipNats)('a withdrawal that has no answer', { timeout: 60_000 }, () => {
  const { connected } = oneBroker();
  const gone = withdrawal('one', START + 1);
  const opened = async (broker: Broker) => {
    const { engine, close } = await openNats({ ...connected(), broker }, { policy: () => POLICY, now: () => START });
    const outbox = engine as unknown as NatsOutbox;
    expect(await outbox.control.prove()).toBe(true);
    await engine.commit([{ records: [eventFor(['a'], 'event', { subjects: ['one'] })], withdrawals: [] }]);
    return { outbox, close };
  };

  it.each([
    ['and was', true],
    ['and was not', false],
  ])('%s stored is carried out', async (_, stored) => {
    const { outbox, close } = await opened(silent(connected().broker, 1, stored));
    await outbox.withdraw([gone]);
    expect(outbox.read('shop/a', 0, 10).records).toEqual([]);
    await close();
  });

  it('is given up after three seconds', async () => {
    const broker = silent(connected().broker, Number.POSITIVE_INFINITY, false);
    const { outbox, close } = await opened(broker);
    const began = performance.now();
    await expect(outbox.withdraw([gone])).rejects.toThrow('do not answer');
    const took = performance.now() - began;
    expect([took > 2_500, took < 5_000, broker.tried() > 5]).toEqual([true, true, true]);
    await close();
  });
});
