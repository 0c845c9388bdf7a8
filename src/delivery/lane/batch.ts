import type { FinalAfter } from '../../core/destination.ts';
import { FORMLESS, type QueuedRow } from './row.ts';

/** Rows that go, or went, in one request. */
export interface Batch {
  readonly envelope: string;
  readonly rows: readonly QueuedRow[];
  /** Failed attempts; the waits grow with their number. */
  readonly failures: number;
  /** Failed attempts during which the vendor took other rows; after some of them the row counts as poison. */
  readonly strikes: number;
  /** Answers that are refusals once they have come often enough, and when the first came, monotonic milliseconds. */
  readonly refusals: number;
  readonly refusedAt: number | undefined;
  /** The lane's count of successes when it last failed. */
  readonly seen: number;
  /** Earliest time of the next attempt, monotonic milliseconds. */
  readonly due: number;
}

export function freshBatch(envelope: string, rows: readonly QueuedRow[]): Batch {
  return { envelope, rows, failures: 0, strikes: 0, refusals: 0, refusedAt: undefined, seen: 0, due: 0 };
}

/** The batch after one more answer of that kind. */
export function refusedOnceMore(batch: Batch, tick: number): Batch {
  return { ...batch, refusals: batch.refusals + 1, refusedAt: batch.refusedAt ?? tick };
}

/** Whether these answers are a refusal by now. */
export function isFinal({ refusals, refusedAt }: Batch, { attempts, ms }: FinalAfter, tick: number): boolean {
  return refusals >= attempts && tick - (refusedAt ?? tick) >= ms;
}

/** The two halves of a batch of two or more. */
export function halves(batch: Batch): [Batch, Batch] {
  const middle = batch.rows.length >> 1;
  return [
    { ...batch, rows: batch.rows.slice(0, middle) },
    { ...batch, rows: batch.rows.slice(middle) },
  ];
}

/** Rows not yet tried, by envelope, in the order they came. Envelopes take turns. */
export class FreshRows {
  readonly #groups = new Map<string, Group>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(row: QueuedRow): void {
    let group = this.#groups.get(row.envelope);
    if (group === undefined) this.#groups.set(row.envelope, (group = { rows: [], head: 0 }));
    group.rows.push(row);
    this.#size++;
  }

  /**
   * Up to `maxBatch` rows of the first envelope that `may` go; it then goes to the back of the line.
   * @param may gets the envelope, how many of its rows wait and how many make a full batch
   * @param acceptedBy rows accepted later are too young and do not count; rows without a form do not wait
   * @param atOnce envelopes that do not wait to be old enough
   */
  take(
    maxBatch: (envelope: string) => number,
    may: (envelope: string, waiting: number, full: number) => boolean,
    acceptedBy = Infinity,
    atOnce?: (envelope: string) => boolean,
  ): { envelope: string; rows: readonly QueuedRow[] } | undefined {
    for (const [envelope, group] of this.#groups) {
      const full = maxBatch(envelope);
      const anyAge = acceptedBy === Infinity || envelope === FORMLESS || atOnce?.(envelope) === true;
      const waiting = anyAge ? group.rows.length - group.head : oldEnough(group, full, acceptedBy);
      if (waiting === 0 || !may(envelope, waiting, full)) continue;
      const rows = group.rows.slice(group.head, group.head + Math.min(waiting, full));
      group.head += rows.length;
      this.#size -= rows.length;
      this.#groups.delete(envelope);
      if (group.head < group.rows.length) this.#groups.set(envelope, compact(group));
      return { envelope, rows };
    }
    return undefined;
  }

  /** The earliest time of acceptance among the rows at the head of an envelope that are younger than that. */
  firstAcceptedAfter(acceptedBy: number): number | undefined {
    let first: number | undefined;
    for (const { rows, head } of this.#groups.values()) {
      const at = rows[head]?.acceptedAt ?? -Infinity;
      if (at > acceptedBy && at < (first ?? Infinity)) first = at;
    }
    return first;
  }

  /** The first row of each envelope: the oldest of it. */
  *heads(): Generator<QueuedRow> {
    for (const { rows, head } of this.#groups.values()) yield rows[head] as QueuedRow;
  }

  /** Takes out the rows that `test` picks. */
  remove(test: (row: QueuedRow) => boolean): QueuedRow[] {
    const removed: QueuedRow[] = [];
    for (const [envelope, group] of this.#groups) {
      const kept: QueuedRow[] = [];
      for (let i = group.head; i < group.rows.length; i++) {
        const row = group.rows[i] as QueuedRow;
        (test(row) ? removed : kept).push(row);
      }
      if (kept.length === 0) this.#groups.delete(envelope);
      else this.#groups.set(envelope, { rows: kept, head: 0 });
    }
    this.#size -= removed.length;
    return removed;
  }
}

interface Group {
  readonly rows: QueuedRow[];
  head: number;
}

/** How many rows from the head on, `most` at most, were accepted by then. */
function oldEnough({ rows, head }: Group, most: number, acceptedBy: number): number {
  let count = 0;
  while (count < most && (rows[head + count]?.acceptedAt ?? Infinity) <= acceptedBy) count++;
  return count;
}

/** Drops what was taken once it is most of the array, so that taking is constant time and memory stays bounded. */
function compact(group: Group): Group {
  return group.head < 64 || group.head * 2 < group.rows.length
    ? group
    : { rows: group.rows.slice(group.head), head: 0 };
}
