/** Records that leave or move in one transaction where room is short. */
const WHERE_SHORT = 128;
/** Where one transaction has not fitted, the next ones are half as large, at most half of this. */
const LARGEST_HALVED = 1_024;
/** For so long after one that did not fit, milliseconds. */
const SMALL_FOR = 60_000;

/**
 * How many records may leave the outbox or move inside it in one transaction. What a transaction deletes is overwritten,
 * and so it takes as much of the log as the records have bytes. More may have ended than there is room for in the log:
 * then the same transaction would fail again and again, and nothing would ever leave a full disk.
 */
export class Pieces {
  #most = Infinity;
  #failedAt = -Infinity;

  /** @param now monotonic, milliseconds */
  most(cramped: boolean, now: number): number {
    return Math.min(cramped ? WHERE_SHORT : Infinity, this.small(now) ? this.#most : Infinity);
  }

  /** A transaction has not fitted lately. */
  small(now: number): boolean {
    return now - this.#failedAt < SMALL_FOR;
  }

  /** A transaction could not be written; not one that was given up. */
  failed(now: number): void {
    const before = this.small(now) ? this.#most : LARGEST_HALVED;
    this.#most = Math.max(1, before >> 1);
    this.#failedAt = now;
  }
}
