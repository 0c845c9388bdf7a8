import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { NatsConfig } from '../../../config/outbox-schema.ts';
import type { Log } from '../../../delivery/drain.ts';
import { Names } from '../../../outbox/nats/names.ts';
import { Unusable } from '../process/unusable.ts';
import { askBrokers, unsafe } from './brokers.ts';
import { JetStreamBroker } from './jetstream-broker.ts';
import { spreadLeaders } from './leaders.ts';
import { demandStreams, UnsafeStream } from './streams.ts';

/** What a gateway needs to work with the brokers. */
export interface NatsStart {
  readonly config: NatsConfig;
  /** What is in the `.creds` file; undefined = the brokers ask for none. */
  readonly credentials: string | undefined;
  /** What seals contents: the same for every gateway. */
  readonly key: Uint8Array;
  /** Everything goes to a sink: one replica is enough. */
  readonly sink: boolean;
}

export interface OpenedNats {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly broker: JetStreamBroker;
  readonly names: Names;
}

/** What all that gateways share is called by. */
export const WORD = 'PORTVAKT';
const CONNECT_MS = 1_000;
const RECONNECT_MS = 50;
const MANAGE_MS = 5_000;

/** Nobody answers yet, or not enough: to be tried again. */
export class NotThere extends Error {
  override readonly name = 'NotThere';
}

/**
 * Connects, looks whether events would be safe, and makes what is not there.
 * @throws Unusable: they would not be. NotThere: nobody can say yet
 */
export async function openNats(start: NatsStart, maxSize: number): Promise<OpenedNats> {
  const { config, sink } = start;
  if (config.replicas === 1 && !sink)
    throw new Unusable(
      'delivery.outbox.replicas: 1 keeps an event on one disk: it is for trying things with --sink; write 3, and three brokers',
    );
  await demandSafe(config);
  const opened = await connectBrokers(start);
  const { connection, manager, names } = opened;
  try {
    const infos = await demandStreams(manager, { names, replicas: config.replicas, maxSize });
    const asked = new Set((await askBrokers(config)).map(({ name }) => name));
    for (const { cluster } of infos) {
      const holders = [cluster?.leader, ...(cluster?.replicas ?? []).map(({ name }) => name)];
      const missing = holders.filter((name) => name !== undefined && name !== '' && !asked.has(name));
      // One that is down has no answer; one that nobody named would never be asked.
      if (missing.length > config.monitor.length - asked.size)
        throw new Unusable(
          `delivery.outbox.monitor does not name broker ${missing.join(', ')}, which keeps events: whether it writes them to the disk cannot be seen; add its monitor port`,
        );
    }
    await spreadLeaders({ connection, manager, names });
    return opened;
  } catch (error) {
    await connection.close();
    if (error instanceof UnsafeStream) throw new Unusable(error.message, { cause: error });
    if (error instanceof Unusable) throw error;
    throw new NotThere((error as Error).message, { cause: error });
  }
}

/** @throws Unusable: they take no credentials of these. NotThere */
export async function connectBrokers(start: NatsStart): Promise<OpenedNats> {
  const { transport, stream } = await library();
  const connection = await connectTo(start, transport);
  try {
    const manager = await stream.jetstreamManager(connection, { timeout: MANAGE_MS });
    const broker = new JetStreamBroker(connection, stream.jetstream(connection), manager, transport);
    return { connection, manager, broker, names: new Names(WORD, start.config.parts) };
  } catch (error) {
    await connection.close();
    throw new NotThere((error as Error).message, { cause: error });
  }
}

/** Those that answer are safe, and are most of those that keep an event. @throws Unusable, NotThere */
async function demandSafe(config: NatsConfig): Promise<void> {
  const brokers = await askBrokers(config);
  const problems = brokers.flatMap((broker) => unsafe(broker) ?? []);
  if (problems.length > 0) throw new Unusable(problems.join('\n'));
  if (brokers.length > Math.floor(config.replicas / 2)) return;
  const silent = config.monitor.find((address) => brokers.every(({ monitor }) => monitor !== address));
  throw new NotThere(`${brokers.length} of ${config.monitor.length} monitor ports answer; silent is ${silent}`);
}

/** What of the brokers is not safe any more, in words. */
export async function watchBrokers(config: NatsConfig): Promise<readonly string[]> {
  return (await askBrokers(config)).flatMap((broker) => unsafe(broker) ?? []);
}

type Transport = typeof import('@nats-io/transport-node');

/** Loaded only where it is needed. @throws Unusable */
async function library(): Promise<{
  readonly transport: Transport;
  readonly stream: typeof import('@nats-io/jetstream');
}> {
  try {
    const [transport, stream] = await Promise.all([import('@nats-io/transport-node'), import('@nats-io/jetstream')]);
    return { transport, stream };
  } catch (error) {
    throw new Unusable(
      'delivery.outbox: nats needs the optional packages @nats-io/transport-node and @nats-io/jetstream: install without --omit=optional',
      { cause: error },
    );
  }
}

async function connectTo({ config, credentials }: NatsStart, transport: Transport): Promise<NatsConnection> {
  try {
    return await transport.connect({
      servers: config.servers,
      name: 'portvakt',
      timeout: CONNECT_MS,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_MS,
      pingInterval: 3_000,
      maxPingOut: 2,
      // Only those that the configuration names.
      ignoreClusterUpdates: true,
      ...(config.servers.some((server) => server.startsWith('tls:')) && { tls: {} }),
      ...(credentials !== undefined && {
        // The library reads a last line only where a line break ends it, and the value of a secret has none.
        authenticator: transport.credsAuthenticator(new TextEncoder().encode(`${credentials}\n`)),
      }),
    });
  } catch (error) {
    const { message } = error as Error;
    if (/authoriz|authentic|user.*expired|permission/i.test(message))
      throw new Unusable('the brokers do not take delivery.outbox.credentials', { cause: error });
    throw new NotThere(message, { cause: error });
  }
}

/** Says what is unsafe once each time it becomes so. */
export class BrokerWatch {
  readonly #config: NatsConfig;
  readonly #log: Log;
  #unsafe: readonly string[] = [];

  constructor(config: NatsConfig, log: Log) {
    this.#config = config;
    this.#log = log;
  }

  /** Brokers that are not what they were at the start. */
  get unsafe(): number {
    return this.#unsafe.length;
  }

  async look(): Promise<void> {
    const found = await watchBrokers(this.#config);
    for (const problem of found)
      if (!this.#unsafe.includes(problem)) this.#log('warn', `an event could be lost: ${problem}`, {});
    if (found.length === 0 && this.#unsafe.length > 0) this.#log('info', 'all brokers are safe again', {});
    this.#unsafe = found;
  }
}
