import type { Log } from '../../../delivery/drain.ts';

/**
 * The used share of the room at which the log says that the outbox is nearly full, and the share at which it says that
 * there is room again.
 */
const SHORT = 0.8;
const ENOUGH = 0.7;

/** Writes to the log, once each time, when the outbox is nearly full or full, and when there is room again. */
export class RoomLog {
  readonly #log: Log;
  #short = false;

  constructor(log: Log) {
    this.#log = log;
  }

  look({ full, used, bytes }: { readonly full: boolean; readonly used: number; readonly bytes: number }): void {
    if (!this.#short && (full || used >= SHORT)) {
      this.#short = true;
      const msg = full
        ? 'the outbox is full: hits are answered with 503 until events have been delivered (delivery.max_size, or the disk)'
        : 'the outbox is nearly full: when it is full (delivery.max_size), hits are answered with 503';
      this.#log('warn', msg, { bytes, percent: Math.round(used * 100) });
    } else if (this.#short && !full && used < ENOUGH) {
      this.#short = false;
      this.#log('info', 'there is room for events again', { percent: Math.round(used * 100) });
    }
  }
}
