import type { Page, QueuedRecord } from '../store.ts';
import { FreshRows } from './batch.ts';
import type { QueuedRow } from './row.ts';

/** Most events of one route in memory, and their size in characters: this limits memory while a vendor is down. */
const WINDOW_ROWS = 4_096;
const WINDOW_CHARS = 8_000_000;
/** Events read at once. */
export const PAGE = 256;
/** From this many fresh rows on, events that have just been stored are not kept in memory but read in their turn. */
const FRESH_ROWS = 1_024;

/** The part of a route's queue that is in memory: read ahead from the store in order, up to a bound. */
export class Window {
  /** Those not yet tried. */
  readonly fresh = new FreshRows();
  readonly #read: (after: number, limit: number) => Page;
  readonly #rowOf: (record: QueuedRecord) => QueuedRow;
  readonly #waitsElsewhere: (record: QueuedRecord) => boolean;
  /** Read up to here. */
  #cursor = 0;
  #more = true;
  #rows = 0;
  #chars = 0;

  /**
   * @param read events of the route with an id above `after`, by id
   * @param rowOf makes the vendor's form
   * @param waitsElsewhere takes what the vendor has already, and says so
   */
  constructor(
    read: (after: number, limit: number) => Page,
    rowOf: (record: QueuedRecord) => QueuedRow,
    waitsElsewhere: (record: QueuedRecord) => boolean,
  ) {
    this.#read = read;
    this.#rowOf = rowOf;
    this.#waitsElsewhere = waitsElsewhere;
  }

  /** Rows in memory, those in flight included. */
  get size(): number {
    return this.#rows;
  }

  /** There is room, and more to read for it. */
  get behind(): boolean {
    return this.#more && this.#hasRoom();
  }

  /** The store may have more rows. */
  rowsAdded(): void {
    this.#more = true;
  }

  /** Events that have just been stored. A window that is up to date takes them from memory and does not read them back. */
  take(records: readonly QueuedRecord[]): void {
    if (this.#more || !this.#hasRoom() || this.fresh.size + records.length > FRESH_ROWS) this.#more = true;
    else for (const record of records) this.#hold(record);
  }

  /** Reads until so many rows are fresh, or there is no more room, or nothing more to read now. */
  refill(wanted: number): void {
    while (this.behind && this.fresh.size < wanted) {
      const { records, upTo, more } = this.#read(this.#cursor, PAGE);
      this.#more = more;
      const before = this.fresh.size;
      for (const record of records) this.#hold(record);
      this.#cursor = Math.max(this.#cursor, upTo);
      // The page had nothing to be sent. The next page is read in the next turn, so that no turn takes long.
      if (this.fresh.size === before) return;
    }
  }

  /** The row has ended. */
  remove(row: QueuedRow): void {
    this.#rows--;
    this.#chars -= row.size;
  }

  #hasRoom(): boolean {
    return this.#rows < WINDOW_ROWS && this.#chars < WINDOW_CHARS;
  }

  /** Takes an event that was read before, and is to be sent once more; false = there is no room. */
  readmit(record: QueuedRecord): boolean {
    const room = this.#hasRoom();
    if (room) this.#keep(record);
    return room;
  }

  #hold(record: QueuedRecord): void {
    this.#cursor = record.id;
    if (record.awaiting === undefined || !this.#waitsElsewhere(record)) this.#keep(record);
  }

  #keep(record: QueuedRecord): void {
    this.#rows++;
    this.#chars += record.size;
    this.fresh.push(this.#rowOf(record));
  }
}
