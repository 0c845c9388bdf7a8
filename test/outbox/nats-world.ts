import { connect, createInbox } from '@nats-io/transport-node';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import type { QueuedRecord } from '../../src/delivery/store.ts';
import { bump, type Append, type Committed } from '../../src/outbox/commit.ts';
import type { Broker } from '../../src/outbox/nats/broker.ts';
import { Names } from '../../src/outbox/nats/names.ts';
import { NatsOutbox } from '../../src/outbox/nats/nats-outbox.ts';
import type { Happened } from '../../src/outbox/nats/owned-part.ts';
import { MARK_BOUNDS, type MarkBounds } from '../../src/outbox/nats/part-marks.ts';
import { Seal } from '../../src/outbox/nats/seal.ts';
import type { StorePolicy } from '../../src/outbox/store-policy.ts';
import { JetStreamBroker } from '../../src/runtimes/node/nats/jetstream-broker.ts';
import { demandStreams } from '../../src/runtimes/node/nats/streams.ts';
import { DAY } from '../support/delivery.ts';
import { natsServer, startBrokers, type RunningBroker } from '../support/nats.ts';
import type { Opened } from './engine-world.ts';

/** A connection to brokers, as the gateway makes one. */
export async function brokerAt(url: string) {
  const connection = await connect({ servers: url, timeout: 10_000, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  const manager = await jetstreamManager(connection, { timeout: 10_000 });
  const broker = new JetStreamBroker(connection, jetstream(connection), manager, { createInbox });
  return { connection, manager, broker };
}

export type Connected = Awaited<ReturnType<typeof brokerAt>>;

/** One broker for all tests of a group, and a connection to it: both are there while its tests run. */
export function oneBroker(): { readonly connected: () => Connected; readonly broker: () => RunningBroker } {
  let broker: RunningBroker | undefined;
  let connected: Connected | undefined;
  beforeAll(async () => {
    if (natsServer === undefined) throw new Error('there is no nats-server; .ci/run installs it');
    [broker] = await startBrokers(1);
    connected = await brokerAt(broker?.url ?? '');
  }, 120_000);
  afterAll(async () => {
    await connected?.connection.close();
    await broker?.kill();
  });
  return { connected: () => connected as Connected, broker: () => broker as RunningBroker };
}

/** A broker whose messages come in their order, each `ms` later. */
export function lateBroker(broker: Broker, ms: number): Broker {
  return {
    write: (stream, messages, patienceMs) => broker.write(stream, messages, patienceMs),
    keep: (stream, subjects, most) => broker.keep(stream, subjects, most),
    last: (stream, subjects) => broker.last(stream, subjects),
    bytes: (stream) => broker.bytes(stream),
    follow: (stream, subjects, heard, complete) =>
      broker.follow(
        stream,
        subjects,
        (message) => void setTimeout(() => heard(message), ms),
        () => void setTimeout(complete, ms),
      ),
  };
}

/** The key with which engines seal, if the test names no other one. */
export const SEAL = new Uint8Array(32).fill(5);

export interface NatsWorldOptions {
  readonly policy: () => StorePolicy;
  readonly now: () => number;
  readonly parts?: number;
  readonly names?: Names;
  /** 32 bytes. */
  readonly seal?: Uint8Array;
  readonly marks?: MarkBounds;
  readonly proofMs?: number;
}

/** An engine of one gateway, under a name of its own: what one call does is waited for. */
export async function openNats(
  connected: Omit<Connected, 'broker'> & { readonly broker: Broker },
  options: NatsWorldOptions,
): Promise<Opened> {
  const { policy, now, parts = 1 } = options;
  const { manager, broker } = connected;
  const names = options.names ?? new Names(`t${randomBytes(6).toString('hex')}`, parts);
  await demandStreams(manager, { names, replicas: 1, maxSize: 1e8 });
  let happened: Happened[] = [];
  const engine = new NatsOutbox({
    broker,
    names,
    seal: new Seal(options.seal ?? SEAL),
    policy,
    node: randomBytes(4).toString('hex'),
    now,
    tick: () => performance.now(),
    maxAge: () => DAY,
    proofMs: options.proofMs ?? 0,
    skewMs: 0,
    marks: options.marks ?? MARK_BOUNDS,
    log: () => {},
    happened: (what) => happened.push(what),
    lost: () => {},
  });
  await engine.control.start();
  for (let part = 0; part < names.parts; part++) await engine.take(part);
  happened = [];

  const commit = async (appends: readonly Append[], wanted?: () => boolean): Promise<Committed> => {
    const withdrawals = appends.flatMap((append) => append.withdrawals);
    if (withdrawals.length > 0) await engine.withdraw(withdrawals);
    if (wanted === undefined) await engine.flush(false);
    const results = await Promise.all(appends.map(({ records }) => engine.store({ records, withdrawals: [] }, wanted)));
    await engine.flush();
    await engine.caughtUp();
    // What was withdrawn as it came is out of the brokers, too.
    await engine.flush();
    const all = [...happened, engine.takeHappened()];
    happened = [];
    return { results, ...summed(all) };
  };
  const close = async (): Promise<void> => {
    engine.stop();
    await manager.streams.delete(names.control);
    for (let part = 0; part < names.parts; part++) await manager.streams.delete(names.part(part));
  };
  /** It is not closed: only what the brokers have is left. */
  const reopen = async (): Promise<Opened> => {
    engine.stop();
    return openNats(connected, { ...options, names });
  };
  return { engine: asked(engine, commit), close, reopen };
}

/** What happened in several turns; what was taken at once is not among what was added. */
function summed(all: readonly Happened[]): Happened {
  const purged = all.flatMap((one) => one.purged);
  const gone = new Set(purged.map(({ route, id }) => `${route} ${id}`));
  const added = new Map<string, QueuedRecord[]>();
  const purgedDead = new Map<string, number>();
  const reopened = new Map<string, number>();
  for (const one of all) {
    for (const [route, records] of one.added) {
      const kept = records.filter(({ id }) => !gone.has(`${route} ${id}`));
      if (kept.length > 0) added.set(route, [...(added.get(route) ?? []), ...kept]);
    }
    for (const [route, n] of one.purgedDead) bump(purgedDead, route, n);
    for (const [route, n] of one.reopened) bump(reopened, route, n);
  }
  return { added, purged, purgedDead, reopened };
}

/** The port as the suite asks it. */
function asked(engine: NatsOutbox, commit: (appends: readonly Append[], wanted?: () => boolean) => unknown) {
  return new Proxy(engine, {
    get: (target, key) => {
      if (key === 'commit') return commit;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
    },
  }) as unknown as Opened['engine'];
}
