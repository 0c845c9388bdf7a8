import type { OutboxRecord, Withdrawal } from '../../../delivery/outbox.ts';
import { flatten, type Flat } from '../../../outbox/append-codec.ts';

/**
 * Appends within this many milliseconds of a hand-over wait for the next one. Each hand-over costs a message, a commit
 * with its flush, an answering message and a turn of sending, for one hit as for many ("Gathering" in `bench/README.md`
 * has the figures).
 */
const GATHER_MS = 3;
/**
 * With this many appends the cost of a hand-over is shared well enough. Under load, waiting for more would only make
 * all of them wait.
 */
const ENOUGH = 16;

/** Appends on their way to the delivery thread: those that come in quick succession go in one message. */
export class Gathering {
  readonly #handOver: (first: number, flat: Flat) => void;
  #flat: Flat = [];
  /** Number of the first append in `#flat`; the others follow it. */
  #first = 0;
  #handedOverAt = -Infinity;
  /** The next hand-over is at the end of this turn of the event loop. */
  #soon = false;
  #later: NodeJS.Timeout | undefined;

  constructor(handOver: (first: number, flat: Flat) => void) {
    this.#handOver = handOver;
  }

  add(number: number, records: readonly OutboxRecord[], withdrawals: readonly Withdrawal[]): void {
    if (this.#flat.length === 0) this.#first = number;
    flatten(this.#flat, records, withdrawals);
    if (this.#soon) return;
    const left = this.#handedOverAt + GATHER_MS - performance.now();
    // A withdrawal does not wait, because events that it forbids may still be sent until the thread has it. Events that
    // were accepted before it are handed over first.
    if (left > 0 && withdrawals.length === 0 && number - this.#first < ENOUGH - 1) {
      this.#later ??= setTimeout(() => this.flush(), left);
      return;
    }
    this.#soon = true;
    setImmediate(() => this.flush());
  }

  /** Hands over at once. */
  flush(): void {
    clearTimeout(this.#later);
    this.#later = undefined;
    this.#soon = false;
    if (this.#flat.length === 0) return;
    const flat = this.#flat;
    this.#flat = [];
    this.#handedOverAt = performance.now();
    this.#handOver(this.#first, flat);
  }
}
