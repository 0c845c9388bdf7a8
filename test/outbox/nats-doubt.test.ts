import { describe, expect, it } from 'vitest';
import { NoAnswer, NotSent, WriteRefused, type Broker } from '../../src/outbox/nats/broker.ts';
import type { NatsOutbox } from '../../src/outbox/nats/nats-outbox.ts';
import { until } from '../support/metrics.ts';
import { skipNats } from '../support/nats.ts';
import { eventFor, POLICY, START, type Opened } from './engine-world.ts';
import { oneBroker, openNats } from './nats-world.ts';

// A broker stops while an event is on its way to it, so it is unknown whether the event is stored. It is then stored in
// another part, too, and must be sent once.

/** A broker whose first write of an event has no answer; its part has no leader from then on until `back`. */
function stopping(broker: Broker, stored: boolean) {
  let silent: string | undefined;
  let done = false;
  const flaky = Object.assign(Object.create(broker) as Broker, {
    write: async (stream: string, messages: Parameters<Broker['write']>[1], ms?: number): Promise<number> => {
      if (stream === silent) throw new NotSent('no leader');
      if (done || !messages.some(({ subject }) => subject.includes('.r.'))) return broker.write(stream, messages, ms);
      done = true;
      silent = stream;
      if (stored) await broker.write(stream, messages, ms);
      throw new NoAnswer('it stopped');
    },
    last: broker.last.bind(broker),
    follow: broker.follow.bind(broker),
    keep: broker.keep.bind(broker),
    bytes: broker.bytes.bind(broker),
  });
  return { flaky, back: () => (silent = undefined) };
}

describe.skipIf(skipNats)('an event that may be stored', { timeout: 60_000 }, () => {
  const { connected } = oneBroker();

  it.each([
    ['was', true],
    ['was not', false],
  ])('and %s is sent once, when its part answers again', async (_, stored) => {
    const { flaky, back } = stopping(connected().broker, stored);
    const broker = flaky;
    const options = { policy: () => POLICY, now: () => START, parts: 2 };
    const { engine, reopen } = await openNats({ ...connected(), broker }, options);
    const outbox = engine as unknown as NatsOutbox;
    const records = [eventFor(['a'], 'one', { mark: 'order 1' })];
    const { results } = await engine.commit([{ records, withdrawals: [] }]);
    expect(results).toEqual([['stored']]);
    const ready = async () => (await engine.read('shop/a', 0, 10)).records.length;
    if (stored) await until('that of the first part is there', async () => (await ready()) === 1);
    await expect(outbox.resolveDoubts()).rejects.toThrow(NotSent);
    // Until it is certain, that of the other part is not.
    expect(await ready()).toBe(stored ? 1 : 0);
    back();
    await outbox.resolveDoubts();
    await outbox.flush();
    expect(await ready()).toBe(1);
    // A gateway that delivers it later finds one, too.
    const after = (await reopen?.()) as Opened;
    const next = after.engine as unknown as NatsOutbox;
    await next.resolveDoubts();
    expect(next.read('shop/a', 0, 10).records).toHaveLength(1);
    expect(next.damaged.size).toBe(0);
    await after.close();
  });

  it('is not stored there any more when it has been asked, whatever was on its way', async () => {
    const { flaky, back } = stopping(connected().broker, false);
    const broker = flaky;
    const late: Parameters<Broker['write']>[] = [];
    const write = flaky.write.bind(flaky);
    flaky.write = (...asked) => {
      if (asked[1].some(({ subject }) => subject.includes('.r.'))) late.push(asked);
      return write(...asked);
    };
    const options = { policy: () => POLICY, now: () => START, parts: 2 };
    const { engine, close } = await openNats({ ...connected(), broker }, options);
    await engine.commit([{ records: [eventFor(['a'], 'one', { mark: 'order 1' })], withdrawals: [] }]);
    back();
    await (engine as unknown as NatsOutbox).resolveDoubts();
    await expect(connected().broker.write(...(late[0] as Parameters<Broker['write']>))).rejects.toThrow(WriteRefused);
    expect((await engine.read('shop/a', 0, 10)).records).toHaveLength(1);
    await close();
  });
});
