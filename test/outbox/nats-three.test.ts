import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WriteRefused, type Message } from '../../src/outbox/nats/broker.ts';
import { Names } from '../../src/outbox/nats/names.ts';
import { spreadLeaders } from '../../src/runtimes/node/nats/leaders.ts';
import { demandStreams } from '../../src/runtimes/node/nats/streams.ts';
import { clusterConfig, ROOT_KEY } from '../support/cluster.ts';
import { until } from '../support/metrics.ts';
import { natsServer, skipNats, startBrokers, type RunningBroker } from '../support/nats.ts';
import { serve } from '../support/serve.ts';
import { brokerAt, type Connected } from './nats-world.ts';

// What is required of three brokers of the pinned version: leaders that can be moved, and atomic batches.

describe.skipIf(skipNats)('three brokers', { timeout: 120_000 }, () => {
  const names = new Names(`t${randomBytes(6).toString('hex')}`, 3);
  let brokers: readonly RunningBroker[] = [];
  let connected: Connected;
  beforeAll(async () => {
    if (natsServer === undefined) throw new Error('there is no nats-server; .ci/run installs it');
    brokers = await startBrokers(3);
    const { url } = brokers[0] as RunningBroker;
    const there = async (): Promise<boolean> => {
      connected ??= await brokerAt(url);
      await demandStreams(connected.manager, { names, replicas: 3, maxSize: 1e8 });
      return true;
    };
    await until('they have elected somebody', () => there().catch(() => false), 90_000);
  }, 120_000);
  afterAll(async () => {
    await connected?.connection.close();
    for (const broker of brokers) await broker.kill();
  });

  const leaders = async (): Promise<(string | undefined)[]> => {
    const infos = await Promise.all([0, 1, 2].map((part) => connected.manager.streams.info(names.part(part))));
    return infos.map(({ cluster }) => cluster?.leader);
  };

  it('lead one part each again, when one had come to lead all', async () => {
    const all = JSON.stringify({ placement: { preferred: 'n1' } });
    const step = (part: number) =>
      connected.connection.request(`$JS.API.STREAM.LEADER.STEPDOWN.${names.part(part)}`, all, { timeout: 5_000 });
    await until(
      'one leads all',
      async () => {
        // An election may be under way.
        const now = await leaders().catch(() => [undefined]);
        for (const [part, leader] of now.entries()) if (leader !== 'n1') await step(part).catch(() => undefined);
        return now.every((leader) => leader === 'n1');
      },
      60_000,
    );
    await spreadLeaders({ ...connected, names });
    await until('each leads one', async () => new Set(await leaders().catch(() => [])).size === 3, 30_000);
    const spread = await leaders();
    // What is as it should be is left alone.
    await spreadLeaders({ ...connected, names });
    expect(await leaders()).toEqual(spread);
  });

  it('are refused with a stream that has fewer replicas than are wanted', async () => {
    const few = new Names(`t${randomBytes(6).toString('hex')}`, 1);
    await demandStreams(connected.manager, { names: few, replicas: 1, maxSize: 1e6 });
    const wanted = demandStreams(connected.manager, { names: few, replicas: 3, maxSize: 1e6 });
    await expect(wanted).rejects.toThrow('has 1 replicas, fewer than the 3 of delivery.outbox.replicas');
  });

  it.each([
    ['fewer are named than keep an event', '', 'names 2 of the brokers'],
    // The second name of the first one.
    ['one is named twice, and one is not', ', http://localhost:$1', 'does not name broker n2'],
  ])('are refused where %s, so that nobody asks how it writes', async (_, instead, why) => {
    const [first] = brokers as [RunningBroker];
    const port = new URL(first.monitor).port;
    const config = clusterConfig(brokers, ['meta']).replace(/, http:[^,\]]*\]/, `${instead.replace('$1', port)}]`);
    const env = { META_ACCESS_TOKEN: 'token', PORTVAKT_ROOT_KEY: ROOT_KEY };
    const started = serve({ config, env, sink: 'http://127.0.0.1:9' });
    await expect(started).rejects.toThrow(new RegExp(`serve ended with 2:[^]*${why}`));
  });

  it('store a batch of hundreds of expectations, and nothing of it where one does not hold', async () => {
    const batch = (word: string): Message[] =>
      Array.from({ length: 900 }, (_, i) => ({
        subject: names.record(0, `${word}${i}`),
        data: Buffer.from(`${i}`),
        expected: 0,
        ttlMs: 60_000,
      }));
    const { broker } = connected;
    await broker.write(names.part(0), batch('a'), 10_000);
    const wrong = [...batch('b').slice(0, 899), batch('a')[7] as Message];
    await expect(broker.write(names.part(0), wrong, 10_000)).rejects.toThrow(WriteRefused);
    const stored = async (word: string) =>
      (
        await broker.last(
          names.part(0),
          batch(word).map(({ subject }) => subject),
        )
      ).length;
    await until('all of the first is there', async () => (await stored('a')) === 900);
    expect(await stored('b')).toBe(0);
  });
});
