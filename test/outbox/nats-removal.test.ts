import { describe, expect, it } from 'vitest';
import { reason } from '../../src/core/reason.ts';
import { NoAnswer, type Broker, type StoredMessage } from '../../src/outbox/nats/broker.ts';
import { Names } from '../../src/outbox/nats/names.ts';
import type { NatsOutbox } from '../../src/outbox/nats/nats-outbox.ts';
import { until } from '../support/metrics.ts';
import { skipNats } from '../support/nats.ts';

import { eventFor, POLICY, START } from './engine-world.ts';
import { oneBroker, openNats } from './nats-world.ts';

// The brokers keep the message of a removal for five seconds. If its write was not answered, and nothing was heard of the
// brokers for that time, this gateway does not know that the removal was stored.

/** While `cut` is on, what is written is stored without an answer, and what is stored is not heard. */
function cutOff(broker: Broker) {
  const state = { cut: false };
  const cut = Object.assign(Object.create(broker) as Broker, {
    write: async (stream: string, messages: Parameters<Broker['write']>[1], ms?: number): Promise<number> => {
      const seq = await broker.write(stream, messages, ms);
      if (state.cut) throw new NoAnswer('it hangs');
      return seq;
    },
    last: broker.last.bind(broker),
    keep: broker.keep.bind(broker),
    bytes: broker.bytes.bind(broker),
    follow: (stream: string, subjects: readonly string[], heard: (message: StoredMessage) => void, done: () => void) =>
      broker.follow(stream, subjects, (message) => state.cut || heard(message), done),
  });
  return { cut, state };
}

describe.skipIf(skipNats)(
  'a removal that was stored without an answer, and is not there any more',
  { timeout: 60_000 },
  () => {
    const { connected } = oneBroker();

    async function opened() {
      const { cut, state } = cutOff(connected().broker);
      const names = new Names(`t${Date.now().toString(36)}`, 1);
      const world = await openNats({ ...connected(), broker: cut }, { policy: () => POLICY, now: () => START, names });
      const outbox = world.engine as unknown as NatsOutbox;
      const store = (name: string) => world.engine.commit([{ records: [eventFor(['a'], name)], withdrawals: [] }]);
      const waiting = () => outbox.read('shop/a', 0, 10).records;
      /** Nothing is answered or heard until the brokers have deleted the message of the removal. */
      const unheard = async (remove: () => unknown = () => outbox.flush()): Promise<void> => {
        state.cut = true;
        await expect(remove()).rejects.toThrow(NoAnswer);
        const kinds = [names.record(0, '>'), names.dead(0, '>')];
        const left = async (): Promise<number> => {
          const infos = kinds.map((kind) => connected().manager.streams.info(names.part(0), { subjects_filter: kind }));
          return (await Promise.all(infos)).flatMap(({ state: { subjects } }) => Object.keys(subjects ?? {})).length;
        };
        await until('the removal is gone', async () => (await left()) === 0, 20_000);
        state.cut = false;
      };
      return { ...world, outbox, store, waiting, unheard };
    }

    it('does not keep the ends of other events from being written', async () => {
      const { outbox, store, waiting, unheard, close } = await opened();
      await store('one');
      outbox.settle('shop/a', waiting()[0]?.id ?? 0, 'delivered');
      await unheard();
      await store('another');
      outbox.settle('shop/a', waiting()[0]?.id ?? 0, 'delivered');
      await outbox.flush();
      expect(outbox.unwritten).toBe(0);
      await close();
    });

    it('does so for a dead letter, too', async () => {
      const { outbox, store, waiting, unheard, close } = await opened();
      await store('one');
      outbox.bury('shop/a', waiting()[0]?.id ?? 0, reason('vendor.refused'));
      await outbox.flush();
      await until('it is dead', () => outbox.queues()['shop/a']?.dead === 1);
      await unheard(() => outbox.dead.purge());
      await outbox.flush();
      expect(outbox.unwritten).toBe(0);
      await close();
    });
  },
);
