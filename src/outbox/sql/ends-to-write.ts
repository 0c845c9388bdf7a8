import type { UnwrittenEnd } from '../commit.ts';

/** Ends that one transaction writes where room is short. */
const ENDS_AT_ONCE = 128;

/** The ends that wait for a transaction, and how many of them the next one writes. */
export class EndsToWrite {
  #ends: UnwrittenEnd[] = [];
  #atOnce = Infinity;

  get size(): number {
    return this.#ends.length;
  }

  /** A transaction did not fit, and they are written in smaller pieces until none is left. */
  get inPieces(): boolean {
    return this.#atOnce < Infinity;
  }

  add(...ends: readonly UnwrittenEnd[]): void {
    this.#ends.push(...ends);
  }

  /**
   * Those of the next transaction; they stay here until they are `written`. A deletion takes as much of the log as the
   * record has bytes: where room is short (`cramped`), so many at a time as the log has room for.
   */
  next(cramped: boolean): readonly UnwrittenEnd[] {
    return this.#ends.slice(0, Math.min(cramped ? ENDS_AT_ONCE : Infinity, this.#atOnce));
  }

  /** The transaction that wrote so many of them is done. */
  written(count: number): void {
    this.#ends = this.#ends.slice(count);
    if (this.#ends.length === 0) this.#atOnce = Infinity;
  }

  /** It was not: more may wait than fits into the room that is kept for it, so that half as many are tried next. */
  failed(count: number): void {
    this.#atOnce = Math.max(1, count >> 1);
  }

  /** Hands over all of them. */
  takeAll(): readonly UnwrittenEnd[] {
    return this.#ends.splice(0);
  }
}
