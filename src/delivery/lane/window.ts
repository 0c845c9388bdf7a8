import type { QueuedRow } from '../store.ts';
import { FreshRows } from './batch.ts';

/** Rows of one route held in memory, and their size in characters: what keeps memory flat while a vendor is down. */
const WINDOW_ROWS = 4_096;
const WINDOW_CHARS = 8_000_000;
/** Rows read at once. */
export const PAGE = 256;
/** Fresh rows beyond which those that have just been stored are left to be read when their turn comes. */
const FRESH_ROWS = 1_024;

/** The rows of one route that are in memory: read ahead from the store in order, up to a bound. */
export class Window {
  /** Those not yet tried. */
  readonly fresh = new FreshRows();
  readonly #read: (after: number, limit: number) => readonly QueuedRow[];
  /** Read up to here. */
  #cursor = 0;
  #more = true;
  #rows = 0;
  #chars = 0;

  /** @param read rows of the route with an id above `after`, by id */
  constructor(read: (after: number, limit: number) => readonly QueuedRow[]) {
    this.#read = read;
  }

  /** Rows in memory, those in flight included. */
  get size(): number {
    return this.#rows;
  }

  /** The store may have more rows. */
  rowsAdded(): void {
    this.#more = true;
  }

  /** Rows that have just been stored. A window that is up to date need not read back what is in memory anyway. */
  take(rows: readonly QueuedRow[]): void {
    if (this.#more || !this.#hasRoom() || this.fresh.size + rows.length > FRESH_ROWS) this.#more = true;
    else for (const row of rows) this.#hold(row);
  }

  /** Reads on until so many rows are fresh, or there is no more room, or nothing more to read. */
  refill(wanted: number): void {
    while (this.#more && this.#hasRoom() && this.fresh.size < wanted) {
      const rows = this.#read(this.#cursor, PAGE);
      this.#more = rows.length === PAGE;
      for (const row of rows) this.#hold(row);
    }
  }

  /** The row has ended. */
  remove(row: QueuedRow): void {
    this.#rows--;
    this.#chars -= row.element.length;
  }

  #hasRoom(): boolean {
    return this.#rows < WINDOW_ROWS && this.#chars < WINDOW_CHARS;
  }

  #hold(row: QueuedRow): void {
    this.#cursor = row.id;
    this.#rows++;
    this.#chars += row.element.length;
    this.fresh.push(row);
  }
}
