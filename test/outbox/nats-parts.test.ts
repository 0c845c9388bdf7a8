import { describe, expect, it } from 'vitest';
import { NoAnswer, type Broker } from '../../src/outbox/nats/broker.ts';
import type { NatsOutbox } from '../../src/outbox/nats/nats-outbox.ts';
import { Parts } from '../../src/runtimes/node/nats/parts.ts';
import { until } from '../support/metrics.ts';
import { skipNats } from '../support/nats.ts';
import { POLICY, START } from './engine-world.ts';
import { oneBroker, openNats } from './nats-world.ts';

// Brokers hang while a gateway takes a part or releases it. Afterwards some gateway has to deliver it.

/** A broker that answers no write of an owner while `lose` is on; `stored`: it is stored nevertheless. */
function losing(broker: Broker) {
  const state = { lose: false, stored: false };
  const flaky = Object.assign(Object.create(broker) as Broker, {
    write: async (stream: string, messages: Parameters<Broker['write']>[1], ms?: number): Promise<number> => {
      const lost = state.lose && messages.some(({ subject }) => subject.includes('.c.p.'));
      if (!lost || state.stored) {
        const seq = await broker.write(stream, messages, ms);
        if (!lost) return seq;
      }
      throw new NoAnswer('it hangs');
    },
    last: broker.last.bind(broker),
    follow: broker.follow.bind(broker),
    keep: broker.keep.bind(broker),
    bytes: broker.bytes.bind(broker),
  });
  return { flaky, state };
}

describe.skipIf(skipNats)('a part', { timeout: 60_000 }, () => {
  const { connected } = oneBroker();

  it.each([
    ['whose claim was stored without an answer', true],
    ['whose release was not stored', false],
  ])('%s is delivered when the brokers answer again', async (_, claim) => {
    const { flaky, state } = losing(connected().broker);
    const options = { policy: () => POLICY, now: () => START, proofMs: 300 };
    const { engine, close } = await openNats({ ...connected(), broker: flaky }, options);
    const outbox = engine as unknown as NatsOutbox;
    const parts = new Parts(outbox, 1, (body) => body());
    const look = async (): Promise<void> => {
      await outbox.control.prove();
      await parts.look();
    };
    if (claim) await outbox.leave(0);
    Object.assign(state, { lose: true, stored: claim });
    await expect(claim ? look() : outbox.leave(0)).rejects.toThrow(NoAnswer);
    await until('the claim has come', () => outbox.control.owns(0));
    expect(outbox.ownedParts).toEqual([]);
    state.lose = false;
    await look();
    expect(outbox.ownedParts).toEqual([0]);
    await close();
  });
});
