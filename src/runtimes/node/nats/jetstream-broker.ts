import type { JetStreamClient, JetStreamManager, JsMsg, OrderedConsumerOptions } from '@nats-io/jetstream';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import {
  NoAnswer,
  NoRoom,
  NotSent,
  WriteRefused,
  type Broker,
  type Following,
  type Message,
  type StoredMessage,
} from '../../../outbox/nats/broker.ts';
import { Replies, send, type Headers } from './replies.ts';

/** How long a write waits for its acknowledgement, milliseconds. After that, another part is tried. */
const WRITE_MS = 1_000;
/** How long a pull request of a follower is open, milliseconds. A lost consumer is noticed after twice this time. */
const PULL_MS = 2_000;
const AGAIN_MS = 250;

/** Error codes for an expectation that does not hold: wrong last sequence, in a single message and in a batch. */
const WRONG_SEQUENCE: ReadonlySet<number> = new Set([10_071, 10_164]);
/** Error codes for no room: maximum bytes, maximum messages, storage of a broker, storage of an account. */
const NO_ROOM: ReadonlySet<number> = new Set([10_047, 10_023, 10_002, 10_028]);

/** The functions used of the library, which is loaded when it is needed. */
export interface NatsLibrary {
  readonly createInbox: typeof import('@nats-io/transport-node').createInbox;
}

interface Acknowledged {
  readonly seq?: number;
  readonly error?: { readonly err_code?: number; readonly description?: string };
}

/** `Broker` over a connection to NATS. */
export class JetStreamBroker implements Broker {
  readonly #connection: NatsConnection;
  readonly #jetstream: JetStreamClient;
  readonly #manager: JetStreamManager;
  readonly #replies: Replies;
  #connected = true;
  readonly #batches = `${process.pid.toString(36)}${Date.now().toString(36)}`;
  #batch = 0;

  constructor(connection: NatsConnection, jetstream: JetStreamClient, manager: JetStreamManager, library: NatsLibrary) {
    this.#connection = connection;
    this.#jetstream = jetstream;
    this.#manager = manager;
    this.#replies = new Replies(connection, library);
    void this.#watch();
  }

  async write(_stream: string, messages: readonly Message[], patienceMs = WRITE_MS): Promise<number> {
    // The library would keep the message and send it after the next connect, when it may be outdated.
    if (!this.#connected) throw new NotSent('not connected');
    const id = `${this.#batches}-${(this.#batch++).toString(36)}`;
    const last = messages.length - 1;
    for (let i = 0; i < last; i++) {
      const { subject, data } = messages[i] as Message;
      this.#send(subject, data, headersOf(messages, i, id));
    }
    const { subject, data } = messages[last] as Message;
    const message = await this.#replies.ask(subject, data, headersOf(messages, last, id), patienceMs);
    const answer = acknowledgement(message);
    const code = answer.error?.err_code ?? 0;
    if (WRONG_SEQUENCE.has(code)) throw new WriteRefused('the last message is another one');
    if (NO_ROOM.has(code)) throw new NoRoom('the stream is full');
    if (answer.error !== undefined || answer.seq === undefined) throw new NoAnswer(`refused with code ${code}`);
    return answer.seq;
  }

  async last(stream: string, subjects: readonly string[]): Promise<readonly StoredMessage[]> {
    const found: StoredMessage[] = [];
    try {
      for (let i = 0; i < subjects.length; i += MULTI) {
        const some = subjects.slice(i, i + MULTI);
        const messages = await this.#manager.direct.getLastMessagesFor(stream, { multi_last: [...some] });
        for await (const { subject, seq, data } of messages) found.push({ subject, seq, data });
      }
    } catch (error) {
      if (isNotFound(error)) return found;
      throw new NoAnswer((error as Error).name, { cause: error });
    }
    return found;
  }

  follow(
    stream: string,
    subjects: readonly string[],
    received: (message: StoredMessage) => void,
    complete: () => void,
  ): Following {
    const following = new Follower(this.#jetstream, stream, subjects, received, complete);
    void following.run();
    return following;
  }

  async keep(stream: string, subjects: string, most: number): Promise<void> {
    try {
      await this.#manager.streams.purge(stream, { filter: subjects, keep: most });
    } catch (error) {
      throw new NoAnswer((error as Error).name, { cause: error });
    }
  }

  async bytes(stream: string): Promise<number> {
    try {
      return (await this.#manager.streams.info(stream)).state.bytes;
    } catch (error) {
      throw new NoAnswer((error as Error).name, { cause: error });
    }
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.#connection.status()) {
      if (type === 'reconnect') this.#connected = true;
      if (type !== 'disconnect') continue;
      this.#connected = false;
      this.#replies.rejectAll('the connection was lost');
    }
  }

  #send(subject: string, data: Uint8Array, headers: Headers): void {
    try {
      send(this.#connection, subject, data, headers);
    } catch (error) {
      throw new NoAnswer((error as Error).name, { cause: error });
    }
  }
}

function headersOf(messages: readonly Message[], i: number, id: string): Headers {
  const { expected, ttlMs } = messages[i] as Message;
  const headers: [string, string][] = [];
  if (expected !== undefined) headers.push(['Nats-Expected-Last-Subject-Sequence', String(expected)]);
  if (ttlMs !== undefined) headers.push(['Nats-TTL', `${Math.max(1, Math.ceil(ttlMs / 1000))}s`]);
  if (messages.length === 1) return headers;
  headers.push(['Nats-Batch-Id', id], ['Nats-Batch-Sequence', String(i + 1)]);
  if (i === messages.length - 1) headers.push(['Nats-Batch-Commit', '1']);
  return headers;
}

/** @throws NoAnswer: it cannot be read */
function acknowledgement(message: Msg): Acknowledged {
  try {
    return message.json<Acknowledged>();
  } catch (error) {
    throw new NoAnswer((error as Error).name, { cause: error });
  }
}

/** Subjects that are asked for at once. */
const MULTI = 500;

function isNotFound(error: unknown): boolean {
  return /404|no results|not found/i.test((error as Error).message);
}

/** Reads a stream in order and without an end. After an interruption it goes on after the last message it has read. */
class Follower implements Following {
  readonly #jetstream: JetStreamClient;
  readonly #stream: string;
  readonly #subjects: readonly string[];
  readonly #received: (message: StoredMessage) => void;
  #complete: (() => void) | undefined;
  #stopped = false;
  #last = 0;
  #end: (() => void) | undefined;

  constructor(
    jetstream: JetStreamClient,
    stream: string,
    subjects: readonly string[],
    received: (message: StoredMessage) => void,
    complete: () => void,
  ) {
    this.#jetstream = jetstream;
    this.#stream = stream;
    this.#subjects = subjects;
    this.#received = received;
    this.#complete = complete;
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#read();
      } catch {
        // No leader or no connection: it is tried again.
      }
      if (!this.#stopped) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS).unref());
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#end?.();
  }

  async #read(): Promise<void> {
    const options: Partial<OrderedConsumerOptions> = {
      filter_subjects: [...this.#subjects],
      ...(this.#last > 0 && { opt_start_seq: this.#last + 1 }),
    };
    const consumer = await this.#jetstream.consumers.get(this.#stream, options);
    const { num_pending: pending } = await consumer.info();
    if (pending === 0) this.#allThere();
    // A callback, because the library's iterator creates two promises for each message.
    const callback = (message: JsMsg): void => this.#take(message);
    const messages = await consumer.consume({
      max_messages: 1_000,
      expires: PULL_MS,
      idle_heartbeat: PULL_MS / 2,
      callback,
    });
    this.#end = () => messages.stop();
    if (this.#stopped) messages.stop();
    await messages.closed();
  }

  #take({ subject, seq, data, info }: JsMsg): void {
    if (this.#stopped || seq <= this.#last) return;
    this.#last = seq;
    this.#received({ subject, seq, data });
    if (info.pending === 0) this.#allThere();
  }

  #allThere(): void {
    this.#complete?.();
    this.#complete = undefined;
  }
}
