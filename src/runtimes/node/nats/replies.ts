import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { NoAnswer, NotSent } from '../../../outbox/nats/broker.ts';
import type { NatsLibrary } from './jetstream-broker.ts';

/** A request that waits for its answer. */
interface Asked {
  readonly resolve: (answer: Msg) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** The status of an answer that says that the subject has no listener. */
const NOBODY = 503;

/**
 * Requests and their answers, which all come under one subject. The library's own `request` makes an error with its stack
 * for each request, in case it fails. That took as long as all the rest of sending it.
 */
export class Replies {
  readonly #connection: NatsConnection;
  readonly #inbox: string;
  readonly #asked = new Map<string, Asked>();
  #count = 0;

  constructor(connection: NatsConnection, { createInbox }: NatsLibrary) {
    this.#connection = connection;
    this.#inbox = `${createInbox()}.`;
    connection.subscribe(`${this.#inbox}*`, {
      callback: (error, message) => {
        if (error === null) this.#receive(message);
        else this.rejectAll(error.name);
      },
    });
  }

  /**
   * @param patienceMs how long to wait for an answer, milliseconds
   * @throws NotSent: the subject has no listener. NoAnswer: no answer came in time, or the connection was lost before
   */
  ask(subject: string, data: Uint8Array, headers: Headers, patienceMs: number): Promise<Msg> {
    const token = (this.#count++).toString(36);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#take(token)?.reject(new NoAnswer('no answer in time')), patienceMs);
      this.#asked.set(token, { resolve, reject, timer });
      try {
        send(this.#connection, subject, data, headers, `${this.#inbox}${token}`);
      } catch (error) {
        this.#take(token)?.reject(new NoAnswer((error as Error).name, { cause: error }));
      }
    });
  }

  /** Rejects all requests that wait for an answer. */
  rejectAll(why: string): void {
    for (const token of this.#asked.keys()) this.#take(token)?.reject(new NoAnswer(why));
  }

  #receive(message: Msg): void {
    const asked = this.#take(message.subject.slice(this.#inbox.length));
    if (message.headers?.code === NOBODY && message.data.length === 0) asked?.reject(new NotSent('no listener'));
    else asked?.resolve(message);
  }

  #take(token: string): Asked | undefined {
    const asked = this.#asked.get(token);
    this.#asked.delete(token);
    clearTimeout(asked?.timer);
    return asked;
  }
}

/** Names and values without line ends. */
export type Headers = readonly (readonly [name: string, value: string])[];

const encoder = new TextEncoder();

/** Sends a message. The headers are encoded here, because the library's own class checks each name several times. */
export function send(
  connection: NatsConnection,
  subject: string,
  data: Uint8Array,
  headers: Headers,
  reply?: string,
): void {
  let text = 'NATS/1.0';
  for (const [name, value] of headers) text += `\r\n${name}: ${value}`;
  const encoded = { encode: () => encoder.encode(`${text}\r\n\r\n`) } as unknown as NonNullable<Msg['headers']>;
  connection.publish(subject, data, {
    ...(headers.length > 0 && { headers: encoded }),
    ...(reply !== undefined && { reply }),
  });
}
