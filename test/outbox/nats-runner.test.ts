import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Names } from '../../src/outbox/nats/names.ts';
import { NatsOutbox } from '../../src/outbox/nats/nats-outbox.ts';
import { MARK_BOUNDS } from '../../src/outbox/nats/part-marks.ts';
import { Seal } from '../../src/outbox/nats/seal.ts';
import { storePolicyOf } from '../../src/outbox/store-policy.ts';
import { NatsRunner } from '../../src/runtimes/node/delivery/nats-runner.ts';
import { WORD, type NatsStart } from '../../src/runtimes/node/nats/open-nats.ts';
import { demandStreams } from '../../src/runtimes/node/nats/streams.ts';
import { DAY, noSecrets, outboxRecord, testGateway } from '../support/delivery.ts';
import { until } from '../support/metrics.ts';
import { natsServer, skipNats, startBrokers, type RunningBroker } from '../support/nats.ts';
import { temporary } from '../support/serve.ts';
import { brokerAt, type Connected } from './nats-world.ts';

// The delivering side of gateways in this process, on three brokers.

const KEY = new Uint8Array(32).fill(7);
const PARTS = 3;
const GATEWAY = testGateway([{ name: 'a' }]);
const records = Array.from({ length: 12 }, (_, n) =>
  outboxRecord('a', `event-${n}`, { mark: `visitor-${n}|order`, subjects: [`visitor-${n}`] }),
);

describe.skipIf(skipNats)('the gateways on three brokers', { timeout: 180_000 }, () => {
  const names = new Names(WORD, PARTS);
  let brokers: readonly RunningBroker[] = [];
  const runners: NatsRunner[] = [];
  const sent: string[] = [];

  beforeAll(async () => {
    if (natsServer === undefined) throw new Error('there is no nats-server; .ci/run installs it');
    brokers = await startBrokers(3);
  }, 120_000);
  afterEach(async () => {
    vi.restoreAllMocks();
    await Promise.all(runners.splice(0).map((runner) => runner.stop(0)));
  });
  afterAll(async () => {
    for (const broker of brokers) await broker.kill();
  });

  const open = async (): Promise<NatsRunner> => {
    const start: NatsStart = {
      config: {
        engine: 'nats',
        servers: brokers.map(({ url }) => url),
        monitor: brokers.map(({ monitor }) => monitor),
        replicas: 3,
        parts: PARTS,
      },
      credentials: undefined,
      key: KEY,
      sink: false,
    };
    const runner = await NatsRunner.open(
      GATEWAY,
      {
        dir: temporary(),
        name: 'outbox',
        send: async ({ body = '' }) => {
          sent.push(...body.split('\n'));
          return { status: 204, at: Date.now(), headers: {}, body: '' };
        },
        secrets: noSecrets,
        log: () => {},
        changed: () => {},
      },
      start,
    );
    runners.push(runner);
    return runner;
  };

  /** Streams, as soon as a leader is elected. */
  const connect = async () => {
    let connected: Connected | undefined;
    const there = async (): Promise<boolean> => {
      connected ??= await brokerAt(brokers[0]?.url ?? '');
      await demandStreams(connected.manager, { names, replicas: 3, maxSize: 1e9 });
      return true;
    };
    await until('the streams are there', () => there().catch(() => false), 90_000);
    return connected as unknown as Connected;
  };

  it('deliver once what was stored before anybody delivered its part, all brokers restarted since', async () => {
    const { broker, connection } = await connect();
    const outbox = new NatsOutbox({
      broker,
      names,
      seal: new Seal(KEY),
      policy: () => storePolicyOf(GATEWAY, true),
      node: 'only accepts',
      now: Date.now,
      tick: () => performance.now(),
      maxAge: () => DAY,
      proofMs: 0,
      skewMs: 0,
      marks: MARK_BOUNDS,
      log: () => {},
      happened: () => {},
      lost: () => {},
    });
    await outbox.control.start();
    const stored = await outbox.store({ records, withdrawals: [] });
    expect(stored).toEqual(records.map(() => 'stored'));
    const filled = await Promise.all([0, 1, 2].map((part) => broker.bytes(names.part(part))));
    expect(filled.every((bytes) => bytes > 0)).toBe(true);
    outbox.stop();
    await connection.close();
    for (const { kill } of brokers) await kill('SIGKILL');
    await Promise.all(brokers.map(({ restart }) => restart()));

    const [first] = [await open(), await open()];
    await until('all of it is sent', () => sent.length >= records.length, 60_000);
    // A repeat is one, and what is sent once more would be sent by now.
    await until('what is repeated is taken', async () => {
      const answer = await new Promise<unknown>((resolve) => {
        first.append({ records, withdrawals: [] }, resolve);
      });
      if (answer instanceof Error) return false;
      expect(answer).toEqual(records.map(() => 'duplicate'));
      return true;
    });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(sent.toSorted()).toEqual(records.map((_, n) => `event-${n}`).toSorted());
  });

  it('see to it once a minute that the leaders are on different brokers', async () => {
    const minute: (() => void)[] = [];
    const timer = globalThis.setInterval;
    vi.spyOn(globalThis, 'setInterval').mockImplementation((call: () => void, ms?: number) => {
      if (ms === 60_000) minute.push(call);
      return timer(call, ms);
    });
    const runner = await open();
    vi.restoreAllMocks();
    expect(minute.length).toBeGreaterThan(0);
    await until('it delivers the parts', () => runner.ready, 30_000);
    const { manager, connection } = await connect();
    const leaders = async (): Promise<(string | undefined)[]> => {
      const infos = await Promise.all(
        [0, 1, 2].map((part) => manager.streams.info(names.part(part)).catch(() => undefined)),
      );
      return infos.map((info) => info?.cluster?.leader);
    };
    const all = JSON.stringify({ placement: { preferred: 'n1' } });
    const gather = async (): Promise<boolean> => {
      for (const [part, leader] of (await leaders()).entries())
        if (leader !== 'n1')
          await connection
            .request(`$JS.API.STREAM.LEADER.STEPDOWN.${names.part(part)}`, all, { timeout: 5_000 })
            .catch(() => undefined);
      return (await leaders()).every((leader) => leader === 'n1');
    };
    await until('one leads all', gather, 60_000);
    // If there is no leader in one minute, it happens in the next one.
    // While a part has no leader, its answer has no name.
    const spread = async (): Promise<boolean> => {
      const found = new Set(await leaders());
      return ['n0', 'n1', 'n2'].every((name) => found.has(name));
    };
    let done = await spread();
    for (let n = 0; n < 6 && !done; n++) {
      for (const call of minute) call();
      done = await until('each leads one', spread, 8_000).then(
        () => true,
        () => false,
      );
    }
    expect(done).toBe(true);
    await connection.close();
  });
});
