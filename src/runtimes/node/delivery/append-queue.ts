import { OutboxUnavailable, type Stored } from '../../../delivery/outbox.ts';
import type { Append } from '../../../outbox/commit.ts';

/** The answer to an append: a result for each route of each record, or why none of it is stored. */
export type AppendResult = readonly Stored[] | OutboxUnavailable;

/** An append that is not stored yet. */
export interface Pending {
  readonly append: Append;
  readonly number: number;
  readonly done: (result: AppendResult) => void;
}

/**
 * How many records one transaction writes. More records wait for the next transaction, so that no caller waits long.
 */
export const RECORDS_PER_COMMIT = 2_048;

/** Appends in the order in which they came. */
export class AppendQueue {
  #waiting: Pending[] = [];

  get size(): number {
    return this.#waiting.length;
  }

  push(waiting: Pending): void {
    this.#waiting.push(waiting);
  }

  /** Takes as many as one transaction writes. */
  take(): Pending[] {
    let records = 0;
    let count = 0;
    while (count < this.#waiting.length && records < RECORDS_PER_COMMIT)
      records += this.#waiting[count++]?.append.records.length ?? 0;
    return this.#waiting.splice(0, count);
  }

  /** These were not written after all, and are first again. */
  putBack(taken: readonly Pending[]): void {
    this.#waiting.unshift(...taken);
  }
}

/**
 * The parts of these appends that are to be written, and why the other records are not. A withdrawal only takes away,
 * so it is carried out in any case.
 * @param givenUp appends with smaller numbers have been answered already, as refused
 */
export function withoutRefused(
  taken: readonly Pending[],
  full: boolean,
  givenUp: number,
): { readonly appends: readonly Append[]; readonly refused: readonly (string | undefined)[] } {
  const refused = taken.map(({ append, number }) => {
    if (number < givenUp) return 'waited too long';
    return full && append.records.length > 0 ? 'the outbox is full' : undefined;
  });
  return {
    refused,
    appends: taken.map(({ append }, i) => (refused[i] === undefined ? append : { ...append, records: [] })),
  };
}
