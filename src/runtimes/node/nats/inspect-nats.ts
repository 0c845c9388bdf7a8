import { showSecretRef } from '../../../core/secret.ts';
import { keyOf, type StoredRoute } from '../../../outbox/record.ts';
import { isMeant, letterOf, newest, type DeadLetter, type Which } from '../../../outbox/dead-letters.ts';
import { WriteRefused, type Message, type StoredMessage } from '../../../outbox/nats/broker.ts';
import { Seal } from '../../../outbox/nats/seal.ts';
import { readEnded, readLetter, readRecord, write, type KeptLetter } from '../../../outbox/nats/written.ts';
import { letterId } from '../../../outbox/nats/owned-letters.ts';
import type { Inspected, QueueInfo } from '../../../outbox/sql/outbox-inspect.ts';
import { secretValue } from '../process/gateway-source.ts';
import { readGateway } from '../process/read-gateway.ts';
import { Unusable } from '../process/unusable.ts';
import { natsOf } from './nats-of.ts';
import { openNats, type NatsStart, type OpenedNats } from './open-nats.ts';

/** A dead letter, with its message. */
interface Found {
  readonly part: number;
  readonly message: StoredMessage;
  readonly letter: KeptLetter;
  readonly id: number;
}

/** How long a command waits for the brokers, milliseconds. */
const READ_MS = 60_000;
const GONE_MS = 5_000;

/**
 * `portvakt outbox` for the brokers that several gateways share. It reads the streams. For a retry or a purge it changes
 * the messages, and the gateway that delivers the part acts on them. Its answers contain nothing about visitors.
 */
class InspectNats implements Inspected {
  readonly #opened: OpenedNats;
  readonly #seal: Seal;

  /** @throws Unusable, NotThere */
  static async open(start: NatsStart, maxSize: number): Promise<InspectNats> {
    return new InspectNats(await openNats(start, maxSize), new Seal(start.key));
  }

  private constructor(opened: OpenedNats, seal: Seal) {
    this.#opened = opened;
    this.#seal = seal;
  }

  readonly queues = async (now: number): Promise<readonly QueueInfo[]> => {
    const routes = new Map<string, { -readonly [K in keyof Required<QueueInfo>]: QueueInfo[K] & {} }>();
    const of = (route: string) => {
      const info = routes.get(route) ?? {
        outbox: 'nats',
        route,
        waiting: 0,
        awaiting: 0,
        dead: 0,
        size: 0,
        oldestMs: 0,
      };
      routes.set(route, info);
      return info;
    };
    for (let part = 0; part < this.#opened.names.parts; part++) {
      const ended = await this.#ended(part);
      for (const { subject, data } of await this.#read(part, 'record')) {
        const record = readRecord(this.#seal.open(data, subject));
        if (record === undefined) continue;
        const { key } = this.#opened.names.read(subject);
        for (const route of record.routes) {
          if (ended.get(key)?.includes(route.name) === true) continue;
          const info = of(keyOf(record, route));
          if (route.awaiting === undefined) info.waiting++;
          else info.awaiting++;
          info.size += record.body.length;
          info.oldestMs = Math.max(info.oldestMs, now - record.acceptedAt);
        }
      }
    }
    for (const { letter } of await this.#letters({}))
      for (const route of letter.record.routes) of(keyOf(letter.record, route)).dead++;
    return [...routes.values()].sort((a, b) => (a.route < b.route ? -1 : 1));
  };

  readonly bytes = async (): Promise<number> => {
    const { broker, names } = this.#opened;
    const parts = Array.from({ length: names.parts }, (_, part) => broker.bytes(names.part(part)));
    return (await Promise.all(parts)).reduce((sum, bytes) => sum + bytes, 0);
  };

  readonly dead: Inspected['dead'] = {
    list: async (which = {}, limit = 100): Promise<readonly DeadLetter[]> => {
      const letters = (await this.#letters(which)).map(({ id, letter }) => {
        const { record } = letter;
        return letterOf({ ...record, id }, record.routes as readonly [StoredRoute], record.body.length, letter);
      });
      return newest(letters, limit);
    },
    retry: (which = {}) =>
      this.#change(which, ({ message: { subject }, letter }) => ({
        subject,
        data: this.#seal.seal(write({ ...letter, retry: true }), subject, Date.now()),
      })),
    purge: (which = {}) =>
      this.#change(which, ({ message: { subject } }) => ({ subject, data: new Uint8Array(0), ttlMs: GONE_MS })),
  };

  async close(): Promise<void> {
    await this.#opened.connection.close();
  }

  /** Writes each message again. One that was changed meanwhile stays as it is. */
  async #change(which: Which, to: (found: Found) => Message): Promise<number> {
    const { broker, names } = this.#opened;
    let changed = 0;
    for (const found of await this.#letters(which)) {
      try {
        await broker.write(names.part(found.part), [{ ...to(found), expected: found.message.seq }]);
        changed++;
      } catch (error) {
        if (!(error instanceof WriteRefused)) throw error;
      }
    }
    return changed;
  }

  async #letters(which: Which): Promise<readonly Found[]> {
    const all: Found[] = [];
    for (let part = 0; part < this.#opened.names.parts; part++) {
      for (const message of await this.#read(part, 'dead')) {
        const letter = readLetter(this.#seal.open(message.data, message.subject));
        if (letter === undefined) continue;
        const id = letterId(part, message.seq);
        if (letter.record.routes.some((route) => isMeant(which, id, keyOf(letter.record, route))))
          all.push({ part, message, letter, id });
      }
    }
    return all;
  }

  /** By record: the routes on which it has ended since it was written. */
  async #ended(part: number): Promise<ReadonlyMap<string, readonly string[]>> {
    const messages = await this.#read(part, 'ended');
    const lists = messages.flatMap(({ data }) => readEnded(new TextDecoder().decode(data)));
    return new Map(lists.map(([key, ...routes]) => [key, routes]));
  }

  /** All messages of one kind in a part. */
  #read(part: number, kind: 'record' | 'dead' | 'ended'): Promise<readonly StoredMessage[]> {
    const { broker, names } = this.#opened;
    const found = new Map<string, StoredMessage>();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the brokers do not answer')), READ_MS);
      const received = (message: StoredMessage): void => void found.set(message.subject, message);
      const subject = kind === 'ended' ? names.ended(part) : names[kind](part, '>');
      const following = broker.follow(names.part(part), [subject], received, () => {
        clearTimeout(timer);
        following.stop();
        resolve([...found.values()].filter(({ data }) => data.length > 0));
      });
    });
  }
}

/** What waits in the brokers of a configuration. @throws Unusable, NotThere */
export async function inspectBrokers(text: string, file: string): Promise<InspectNats> {
  // Nothing is sent or accepted here. So no secret of a vendor is needed, and one replica is enough.
  const { input, gateway } = readGateway({ text, file, sink: true, rootKey: () => new Uint8Array(32) });
  const { root_key: key } = input.config.server;
  if (key !== undefined && secretValue(key) === undefined)
    throw new Unusable(`${file}: no value for ${showSecretRef(key)}: without it nothing can be read`);
  const start = natsOf(input, true);
  if (start === undefined) throw new Unusable(`${file}: delivery.outbox is a file; name its folder with --data`);
  return InspectNats.open(start, gateway.delivery.maxSize);
}
