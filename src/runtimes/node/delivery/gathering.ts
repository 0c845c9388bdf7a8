import type { OutboxRecord, Withdrawal } from '../../../delivery/outbox.ts';
import { flatten, type Flat } from './append-codec.ts';

/**
 * What comes within so many milliseconds of a hand-over waits for the next one. Each hand-over costs a message, a commit
 * with its flush, an answering message and a turn of sending, however few hits it is for ("Gathering" in
 * `bench/README.md` has the figures).
 */
const GATHER_MS = 3;
/** So many share the cost of a hand-over well enough: under load, waiting for more would only make everybody wait. */
const ENOUGH = 16;

/** Appends on their way to the delivery thread: those that come in quick succession go in one message. */
export class Gathering {
  readonly #handOver: (first: number, flat: Flat) => void;
  #flat: Flat = [];
  /** Number of the first append in `#flat`; the others follow it. */
  #first = 0;
  #handedOverAt = -Infinity;
  /** The next hand-over is when this turn of the event loop ends. */
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
    // A withdrawal does not wait: until the thread has it, what it forbids may still be sent. What was accepted before it goes first.
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
