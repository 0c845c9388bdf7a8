import type { QueuedRow } from './row.ts';
import type { Batch } from './batch.ts';

/** Batches that have been tried: some wait for a time, and some go before everything else. */
export class Retries {
  /** By `due`. */
  readonly #waiting: Batch[] = [];
  readonly #urgent: Batch[] = [];

  /** When the first waiting batch may go, monotonic milliseconds; undefined = none waits. */
  get firstDue(): number | undefined {
    return this.#waiting[0]?.due;
  }

  get hasUrgent(): boolean {
    return this.#urgent.length > 0;
  }

  /** To go before anything else. */
  addUrgent(batch: Batch): void {
    this.#urgent.push(batch);
  }

  /** To go when it is due. */
  add(batch: Batch): void {
    let at = this.#waiting.length;
    while (at > 0 && (this.#waiting[at - 1]?.due ?? 0) > batch.due) at--;
    this.#waiting.splice(at, 0, batch);
  }

  /** Everything that is to go again. */
  *rows(): Generator<QueuedRow> {
    for (const { rows } of [...this.#waiting, ...this.#urgent]) yield* rows;
  }

  takeUrgent(): Batch | undefined {
    return this.#urgent.pop();
  }

  /** The first waiting batch, due or not. */
  takeFirst(): Batch | undefined {
    return this.#waiting.shift();
  }

  /** The wait was for the vendor, and that is over. */
  makeDue(tick: number): void {
    this.#waiting.forEach((batch, i) => (this.#waiting[i] = { ...batch, due: tick }));
  }

  /** Keeps of each batch the rows that `keep` leaves in it. */
  filter(keep: (row: QueuedRow) => boolean): void {
    for (const list of [this.#waiting, this.#urgent]) {
      const kept = list
        .map((batch) => ({ ...batch, rows: batch.rows.filter(keep) }))
        .filter((batch) => batch.rows.length > 0);
      list.splice(0, list.length, ...kept);
    }
  }
}
