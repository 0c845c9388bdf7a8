import type { Message } from './broker.ts';
import type { Names } from './names.ts';
import { readEnded, write } from './written.ts';

/** How long a record waits to be written again after the end on its first route, milliseconds. */
const LATE_MS = 1_000;
/** Records in the list at most. It is written as a whole each time. */
const MOST = 500;

/** Routes on which a record has ended, of a record that was not written again since. */
interface Ended {
  readonly since: number;
  readonly routes: readonly string[];
}

/**
 * The list of routes on which records of a part have ended, of records that still wait for another route. The routes of
 * an event usually end within a second. Without the list, its record would be written again for each of them, and then
 * removed. The list is one message for all records of the part, and has only keys of records and names of routes. After a
 * second a record that still waits is written again, with what its other routes may have, and leaves the list.
 *
 * The gateway that delivers the part replaces the list, as it replaces records. A gateway that takes over the part reads
 * it. It may name records that are gone, or that were written again since: a route of a record ends only once, so that
 * does no harm.
 */
export class EndedRoutes {
  readonly #byKey = new Map<string, Ended>();
  readonly #names: Names;
  readonly #part: number;
  /** Counts changes. */
  #changes = 0;
  #written = 0;
  #seq = 0;
  /** What was written last, or tried. */
  #sent = new Uint8Array(0);

  constructor(names: Names, part: number) {
    this.#names = names;
    this.#part = part;
  }

  /** It differs from its message. */
  get changed(): boolean {
    return this.#written !== this.#changes;
  }

  /** False = the list is full: the record has to be written again now. @param now unix milliseconds */
  add(key: string, route: string, now: number): boolean {
    const before = this.#byKey.get(key);
    if (before === undefined && this.#byKey.size >= MOST) return false;
    this.#byKey.set(key, { since: before?.since ?? now, routes: [...(before?.routes ?? []), route] });
    this.#changes++;
    return true;
  }

  /** The record was written again, or is gone. The message may still name it. */
  delete(key: string): void {
    this.#byKey.delete(key);
  }

  /** Names of the routes on which a record has ended. */
  of(key: string): readonly string[] {
    return this.#byKey.get(key)?.routes ?? [];
  }

  /** Keys of the records that have waited long enough to be written again. @param now unix milliseconds */
  *late(now: number): Iterable<string> {
    for (const [key, { since }] of this.#byKey) if (since + LATE_MS <= now) yield key;
  }

  /** The message of the list as it is now. Call `written` of the result with its sequence when the brokers have it. */
  message(): Message & { readonly written: (seq: number) => void } {
    const changes = this.#changes;
    const list = [...this.#byKey].map(([key, { routes }]): [string, ...string[]] => [key, ...routes]);
    this.#sent = encoder.encode(write(list));
    const message = { subject: this.#names.ended(this.#part), data: this.#sent, expected: this.#seq };
    const written = (seq: number): void => {
      this.#seq = Math.max(this.#seq, seq);
      this.#written = changes;
    };
    return { ...message, written };
  }

  /**
   * Takes the message from the brokers. It is usually the one that was written here.
   * @param loading nothing of the part is known yet, so the list is taken over
   * @param now unix milliseconds
   */
  receive(data: Uint8Array, seq: number, loading: boolean, now: number): void {
    if (seq <= this.#seq) return;
    this.#seq = seq;
    if (loading) {
      this.#byKey.clear();
      for (const [key, ...routes] of readEnded(decoder.decode(data))) this.#byKey.set(key, { since: now, routes });
    } else if (Buffer.compare(data, this.#sent) !== 0) {
      // The gateway that had the part before has replaced the list.
      this.#changes++;
    }
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
