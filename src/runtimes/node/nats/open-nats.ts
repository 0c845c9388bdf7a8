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

/** The values that a gateway needs to use the brokers. */
export interface NatsStart {
  readonly config: NatsConfig;
  /** The content of the `.creds` file; undefined = the brokers demand no credentials. */
  readonly credentials: string | undefined;
  /** The key that seals contents, the same for every gateway. */
  readonly key: Uint8Array;
  /** Everything is sent to a sink, so one replica is enough. */
  readonly sink: boolean;
}

export interface OpenedNats {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly broker: JetStreamBroker;
  readonly names: Names;
}

/** The first word of all names that gateways share. */
export const WORD = 'PORTVAKT';
const CONNECT_MS = 1_000;
const RECONNECT_MS = 50;
const MANAGE_MS = 5_000;

/** Too few brokers answer: it has to be tried again. */
export class NotThere extends Error {
  override readonly name = 'NotThere';
}

/**
 * Connects, checks whether events would be safe, and makes the streams that are missing.
 * @throws Unusable: events would not be safe. NotThere: it cannot be checked yet
 */
export async function openNats(start: NatsStart, maxSize: number): Promise<OpenedNats> {
  const { config, sink } = start;
  if (config.replicas === 1 && !sink)
    throw new Unusable(
      'delivery.outbox.replicas: 1 keeps each event on one disk only, which is for tests with --sink; write 3, and use three brokers',
    );
  const named = new Set(config.monitor).size;
  if (named < config.replicas)
    throw new Unusable(
      `delivery.outbox.monitor names ${named} of the brokers, and delivery.outbox.replicas: ${config.replicas} are to keep each event: whether the others write to the disk cannot be seen; add their monitor ports`,
    );
  await demandSafe(config);
  const opened = await connectBrokers(start);
  const { connection, manager, names } = opened;
  try {
    const infos = await demandStreams(manager, { names, replicas: config.replicas, maxSize });
    const answers = await askBrokers(config);
    const asked = new Set(answers.map(({ name }) => name));
    for (const { cluster } of infos) {
      const holders = [cluster?.leader, ...(cluster?.replicas ?? []).map(({ name }) => name)];
      const missing = holders.filter((name) => name !== undefined && name !== '' && !asked.has(name));
      // A broker that is down may be one of the named ones. More missing brokers than that are not named at all.
      if (missing.length > config.monitor.length - answers.length)
        throw new Unusable(
          `delivery.outbox.monitor does not name broker ${missing.join(', ')}, which stores events, so its settings cannot be checked; add its monitor port`,
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

/** @throws Unusable: the brokers refuse the credentials. NotThere */
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

/** Demands that most of the brokers answer, and that all of these are safe. @throws Unusable, NotThere */
async function demandSafe(config: NatsConfig): Promise<void> {
  const brokers = await askBrokers(config);
  const problems = brokers.flatMap((broker) => unsafe(broker, config.replicas) ?? []);
  if (problems.length > 0) throw new Unusable(problems.join('\n'));
  if (brokers.length > Math.floor(config.replicas / 2)) return;
  const silent = config.monitor.find((address) => brokers.every(({ monitor }) => monitor !== address));
  throw new NotThere(`${brokers.length} of ${config.monitor.length} monitor ports answer; no answer from ${silent}`);
}

/** Texts for a person about each broker that is not safe. */
async function watchBrokers(config: NatsConfig): Promise<readonly string[]> {
  return (await askBrokers(config)).flatMap((broker) => unsafe(broker, config.replicas) ?? []);
}

type Transport = typeof import('@nats-io/transport-node');

/** Loads the library, only when it is needed. @throws Unusable */
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
      // Connects only to the brokers that the configuration names.
      ignoreClusterUpdates: true,
      ...(config.servers.some((server) => server.startsWith('tls:')) && { tls: {} }),
      ...(credentials !== undefined && {
        // The library reads the last line only if a line break ends it, and the value of a secret has none.
        authenticator: transport.credsAuthenticator(new TextEncoder().encode(`${credentials}\n`)),
      }),
    });
  } catch (error) {
    const { message } = error as Error;
    if (/authoriz|authentic|user.*expired|permission/i.test(message))
      throw new Unusable('the brokers refuse delivery.outbox.credentials', { cause: error });
    throw new NotThere(message, { cause: error });
  }
}

/** Logs each unsafe broker once, when it becomes unsafe. */
export class BrokerWatch {
  readonly #config: NatsConfig;
  readonly #log: Log;
  #unsafe: readonly string[] = [];

  constructor(config: NatsConfig, log: Log) {
    this.#config = config;
    this.#log = log;
  }

  /** The number of unsafe brokers. */
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
