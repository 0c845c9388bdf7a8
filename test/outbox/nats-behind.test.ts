import { describe, expect, it } from 'vitest';
import type { Broker } from '../../src/outbox/nats/broker.ts';
import { Names } from '../../src/outbox/nats/names.ts';
import type { NatsOutbox } from '../../src/outbox/nats/nats-outbox.ts';
import { PartWriter } from '../../src/outbox/nats/part-writer.ts';
import { Seal } from '../../src/outbox/nats/seal.ts';
import { skipNats } from '../support/nats.ts';
import { eventFor, POLICY, START, withdrawal } from './engine-world.ts';
import { oneBroker, openNats, SEAL } from './nats-world.ts';

// A broker that does not have the newest messages yet answers what is stored under a subject.

/** For `ms` after the first question, a broker answers that has nothing, and nothing is heard. */
function behind(broker: Broker, ms: number): Broker {
  let until: number | undefined;
  return Object.assign(Object.create(broker) as Broker, {
    write: broker.write.bind(broker),
    keep: broker.keep.bind(broker),
    bytes: broker.bytes.bind(broker),
    follow: (_stream: string, _subjects: readonly string[], _heard: unknown, complete: () => void) => {
      complete();
      return { stop: () => {} };
    },
    last: async (stream: string, subjects: readonly string[]) => {
      until ??= performance.now() + ms;
      const found = await broker.last(stream, subjects);
      return performance.now() < until ? [] : found;
    },
  });
}

describe.skipIf(skipNats)('a broker that is behind', { timeout: 60_000 }, () => {
  const { connected } = oneBroker();
  const opened = (names: Names, broker: Broker) =>
    openNats({ ...connected(), broker }, { policy: () => POLICY, now: () => START, names });

  it('does not make a second withdrawal of a visitor fail', async () => {
    const names = new Names(`w${Date.now().toString(36)}`, 1);
    const { engine, close } = await opened(names, connected().broker);
    const late = await opened(names, behind(connected().broker, 500));
    await (engine as unknown as NatsOutbox).withdraw([withdrawal('one', START)]);
    const again = (late.engine as unknown as NatsOutbox).withdraw([withdrawal('one', START + 1)]);
    await expect(again).resolves.toBeDefined();
    await close();
  });

  it('does not make the repeat of an event fail, which another gateway has stored', async () => {
    const names = new Names(`m${Date.now().toString(36)}`, 1);
    const { close } = await opened(names, connected().broker);
    const writer = (broker: Broker) => {
      const context = { broker, names, seal: new Seal(SEAL), policy: () => POLICY, now: () => START };
      return new PartWriter({ ...context, withdrawn: () => [] }, 0);
    };
    const order = [eventFor(['a'], 'order', { mark: 'order 1' })];
    const first = await writer(connected().broker).store(order, () => true);
    const second = await writer(behind(connected().broker, 120)).store(order, () => true);
    expect([first.seq > 0, second.seq]).toEqual([true, 0]);
    await close();
  });
});

// The gateway that delivers a part removes the mark of an event that did not reach its vendor. Another event with this
// mark is then accepted, on each gateway.

describe.skipIf(skipNats)('an event that another gateway has forgotten', { timeout: 60_000 }, () => {
  const { connected } = oneBroker();

  it('is stored again by the gateway that has stored it', async () => {
    const names = new Names(`f${Date.now().toString(36)}`, 1);
    const { broker, manager } = connected();
    const { close } = await openNats({ ...connected(), broker }, { policy: () => POLICY, now: () => START, names });
    let now = START;
    const context = { broker, names, seal: new Seal(SEAL), policy: () => POLICY, now: () => now, withdrawn: () => [] };
    const [accepting, delivering] = [new PartWriter(context, 0), new PartWriter(context, 0)];
    const store = async () => (await accepting.store([eventFor(['a'], 'order', { mark: 'order 1' })], () => true)).seq;
    expect(await store()).toBeGreaterThan(0);
    now += 2_000;
    expect(await store()).toBe(0);
    const { state } = await manager.streams.info(names.part(0), { subjects_filter: `${names.marks(0, false)}>` });
    const [subject = ''] = Object.keys(state.subjects ?? {});
    const mark = Number.parseInt(subject.slice(names.marks(0, false).length), 16);
    await delivering.forget([{ mark, route: 'shop/a', lasting: false }]);
    now += 2_000;
    expect(await store()).toBeGreaterThan(0);
    await close();
  });
});
