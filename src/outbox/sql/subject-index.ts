import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { SITE_SPAN } from './outbox-schema.ts';

/**
 * At least so many records have their subjects in memory only. With `MOVED` more, the oldest move to the table, all of
 * these at one commit: keys are random, so each of a few would rewrite a page of its own.
 */
const YOUNG = 20_000;
const MOVED = 8_000;

/**
 * Which records belong to a subject. Nobody searches for a record that is delivered at once. So the subjects of the
 * youngest records are kept in memory, and are written to the table only when a queue builds up. After a restart the
 * youngest are read again from the records: `sites.indexed` has the id up to which the table is complete.
 */
export class SubjectIndex {
  readonly #kept: number;
  readonly #atOnce: number;
  /** Subject -> records in memory. */
  readonly #young = new Map<number, number | Set<number>>();
  /** Record in memory -> its subjects; the oldest first. */
  readonly #keys = new Map<number, readonly number[]>();
  readonly #insert: StatementSync;
  readonly #find: StatementSync;
  readonly #forget: StatementSync;
  readonly #complete: StatementSync;
  /** What the transaction under way adds to memory and removes from it. The transaction may still fail. */
  readonly #added = new Map<number, readonly number[]>();
  #gone: number[] = [];

  /** `kept` records stay in memory; when there are `moved` more, so many are moved to the table. */
  constructor(db: DatabaseSync, kept: number = YOUNG, moved: number = MOVED) {
    this.#kept = kept;
    this.#atOnce = moved;
    this.#insert = db.prepare('INSERT OR IGNORE INTO record_subjects VALUES (?, ?)');
    this.#find = db.prepare('SELECT record FROM record_subjects WHERE subject = ?');
    this.#forget = db.prepare('DELETE FROM record_subjects WHERE subject = ? AND record = ?');
    this.#complete = db.prepare('UPDATE sites SET indexed = max(indexed, ?) WHERE n = ?');
  }

  /** Records of a subject, those of the transaction under way included. */
  find(subject: number): number[] {
    const found = (this.#find.all(subject) as { record: number }[]).map(({ record }) => record);
    const young = this.#young.get(subject);
    if (young !== undefined) found.push(...(typeof young === 'number' ? [young] : young));
    for (const [id, keys] of this.#added) if (keys.includes(subject)) found.push(id);
    return found;
  }

  /** A record that was in the file when it was opened, and is not in the table. */
  read(id: number, keys: readonly number[]): void {
    if (keys.length > 0) this.#remember(id, keys);
  }

  /** In a transaction: a record of these subjects is stored. */
  add(id: number, keys: readonly number[]): void {
    if (keys.length > 0) this.#added.set(id, keys);
  }

  /** In a transaction: a rescued record is stored, whose id may be one for which the table counts as complete. */
  addToTable(id: number, keys: readonly number[]): void {
    for (const key of keys) this.#insert.run(key, id);
  }

  /** In a transaction: a record is deleted. */
  remove(id: number, keys: readonly number[]): void {
    if (keys.length === 0 || this.#added.delete(id)) return;
    if (this.#keys.has(id)) this.#gone.push(id);
    else for (const key of keys) this.#forget.run(key, id);
  }

  /**
   * Moves the oldest of too many young records to the table, at most `most`; the last step of a transaction. Returns how
   * many.
   */
  spill(most = Infinity): number {
    if (this.#keys.size + this.#added.size - this.#gone.length < this.#kept + this.#atOnce) return 0;
    const gone = new Set(this.#gone);
    const complete = new Map<number, number>();
    const rows: (readonly [key: number, id: number])[] = [];
    let moved = 0;
    for (const [id, keys] of this.#keys) {
      if (moved >= this.#atOnce || moved >= most) break;
      if (gone.has(id)) continue;
      for (const key of keys) rows.push([key, id]);
      complete.set(Math.floor(id / SITE_SPAN), id);
      this.#gone.push(id);
      moved++;
    }
    // In the order of the table: neighbours are written into the same page.
    for (const [key, id] of rows.sort((a, b) => a[0] - b[0] || a[1] - b[1])) this.#insert.run(key, id);
    for (const [site, id] of complete) this.#complete.run(id, site);
    return moved;
  }

  /** The transaction is on disk. */
  committed(): void {
    for (const id of this.#gone) this.#drop(id);
    for (const [id, keys] of this.#added) this.#remember(id, keys);
    this.#gone = [];
    this.#added.clear();
  }

  /** The transaction did not happen. */
  rolledBack(): void {
    this.#gone = [];
    this.#added.clear();
  }

  #remember(id: number, keys: readonly number[]): void {
    this.#keys.set(id, keys);
    for (const key of keys) {
      const there = this.#young.get(key);
      if (there === undefined) this.#young.set(key, id);
      else if (typeof there === 'number') this.#young.set(key, new Set([there, id]));
      else there.add(id);
    }
  }

  #drop(id: number): void {
    const keys = this.#keys.get(id);
    if (keys === undefined) return;
    this.#keys.delete(id);
    for (const key of keys) {
      const there = this.#young.get(key);
      if (there instanceof Set ? there.delete(id) && there.size === 0 : there === id) this.#young.delete(key);
    }
  }
}
