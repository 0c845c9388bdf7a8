import { describe, expect, it } from 'vitest';
import { reason } from '../../src/core/reason.ts';
import type { Broker, Message } from '../../src/outbox/nats/broker.ts';
import type { NatsOutbox } from '../../src/outbox/nats/nats-outbox.ts';
import { skipNats } from '../support/nats.ts';
import { eventFor, POLICY, START } from './engine-world.ts';
import { oneBroker, openNats } from './nats-world.ts';

// The end on one route waits a little for those on the others of its event, so that the record is not written once for each
// of them; what has to be durable at once does not wait.

/** Of each write, what becomes of records: stored, written again, or gone. */
function writing(broker: Broker) {
  const seen: string[] = [];
  const kindOf = ({ data, expected }: Message): string =>
    data.length === 0 ? 'gone' : expected === 0 ? 'new' : 'again';
  const recording = Object.assign(Object.create(broker) as Broker, {
    write: (stream: string, messages: readonly Message[], ms?: number) => {
      const kinds = messages.filter(({ subject }) => subject.includes('.r.')).map(kindOf);
      if (kinds.length > 0) seen.push(kinds.join(' '));
      return broker.write(stream, messages, ms);
    },
    last: broker.last.bind(broker),
    follow: broker.follow.bind(broker),
    keep: broker.keep.bind(broker),
    bytes: broker.bytes.bind(broker),
  });
  return { recording, take: () => seen.splice(0) };
}

describe.skipIf(skipNats)('an end on one route of two', { timeout: 60_000 }, () => {
  const { connected } = oneBroker();
  const a = 'shop/a';
  const b = 'shop/b';

  async function stored() {
    const { recording, take } = writing(connected().broker);
    const { engine, close } = await openNats(
      { ...connected(), broker: recording },
      { policy: () => POLICY, now: () => START },
    );
    const outbox = engine as unknown as NatsOutbox;
    await engine.commit([{ records: [eventFor(['a', 'b'], 'one', { mark: 'order 1' })], withdrawals: [] }]);
    expect(take()).toEqual(['new']);
    const { id } = outbox.read(a, 0, 1).records[0] as { id: number };
    /** As the gateway does every 50 ms. */
    const soon = async (): Promise<string[]> => {
      await outbox.flush(true, false);
      return take();
    };
    return { outbox, id, soon, take, close };
  }

  it('goes with the other one, as a whole', async () => {
    const { outbox, id, soon, close } = await stored();
    outbox.settle(a, id, 'delivered');
    expect(await soon()).toEqual([]);
    expect(outbox.unwritten).toBe(1);
    outbox.settle(b, id, 'delivered');
    expect([await soon(), outbox.unwritten, outbox.size]).toEqual([['gone'], 0, 0]);
    await close();
  });

  it('is written alone after four of these, and the other one with the next', async () => {
    const { outbox, id, soon, close } = await stored();
    outbox.settle(a, id, 'delivered');
    const turns = [await soon(), await soon(), await soon(), await soon(), await soon()];
    expect(turns).toEqual([[], [], [], ['again'], []]);
    outbox.settle(b, id, 'delivered');
    expect(await soon()).toEqual(['gone']);
    await close();
  });

  it.each<[string, (outbox: NatsOutbox, id: number) => void]>([
    [
      'of which its vendor gives a verdict later',
      (outbox, id) => outbox.hold(a, id, { ticket: 't1', at: START, again: false }),
    ],
    ['that is a dead letter', (outbox, id) => outbox.bury(a, id, reason('vendor.refused'))],
    ['whose vendor has not had the event: a repeat may be the first', (outbox, id) => outbox.settle(a, id, 'skipped')],
  ])('is written at once: one %s', async (_, end) => {
    const { outbox, id, soon, close } = await stored();
    end(outbox, id);
    expect(await soon()).toEqual(['again']);
    await close();
  });

  it('is written at once where the part is left to another gateway', async () => {
    const { outbox, id, take, close } = await stored();
    outbox.settle(a, id, 'delivered');
    await outbox.leave(0);
    expect(take()).toEqual(['again']);
    await close();
  });
});
