import type { Log } from '../../../delivery/drain.ts';

/**
 * The share of the room in use at which the log says that room runs short, and the share at which it says that there is
 * room again.
 */
const SHORT = 0.8;
const ENOUGH = 0.7;

/** Writes to the log, once each time, when room runs short: soon events may be answered 503. */
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
        ? 'no room for events: they are answered 503 until delivering has made some (delivery.max_size, or the disk)'
        : 'room for events runs short: beyond delivery.max_size they are answered 503';
      this.#log('warn', msg, { bytes, percent: Math.round(used * 100) });
    } else if (this.#short && !full && used < ENOUGH) {
      this.#short = false;
      this.#log('info', 'there is room for events again', { percent: Math.round(used * 100) });
    }
  }
}
