/** How many records leave or move in one transaction where room is short. */
const WHERE_SHORT = 128;
/** After a transaction that did not fit, the next ones are half as large, and have at most half of this. */
const LARGEST_HALVED = 1_024;
/** How long this lasts after a transaction that did not fit, milliseconds. */
const SMALL_FOR = 60_000;

/**
 * How many records may leave the outbox or move inside it in one transaction. A transaction overwrites what it deletes,
 * so the log needs room for all bytes of the deleted records. If more records have ended than the log has room for, one
 * transaction would fail again and again, and a full disk would never become emptier.
 */
export class Pieces {
  #most = Infinity;
  #failedAt = -Infinity;

  /** @param now monotonic, milliseconds */
  most(cramped: boolean, now: number): number {
    return Math.min(cramped ? WHERE_SHORT : Infinity, this.small(now) ? this.#most : Infinity);
  }

  /** A transaction did not fit lately. */
  small(now: number): boolean {
    return now - this.#failedAt < SMALL_FOR;
  }

  /** A transaction could not be written. A cancelled transaction does not count. */
  failed(now: number): void {
    const before = this.small(now) ? this.#most : LARGEST_HALVED;
    this.#most = Math.max(1, before >> 1);
    this.#failedAt = now;
  }
}
