import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { ROUTE_SPAN } from './outbox-schema.ts';

/** Rows whose subjects are in memory only; beyond that the oldest move to the table, so many at a commit. */
const YOUNG = 20_000;
const MOVED = 1_000;

/** Keys of a row's subjects, as its `subjects` column holds them; none where damage has made something else of it. */
export function parseKeys(subjects: unknown): readonly number[] {
  return typeof subjects !== 'string' || subjects === '' ? NONE : subjects.split(',').map(Number);
}
const NONE: readonly number[] = [];

/**
 * Which rows belong to a subject. A row that is delivered at once is never looked for, so the subjects of the youngest
 * rows are kept in memory and reach the table only when a queue builds up. After a restart they are read again from the
 * rows themselves: `routes.indexed` says up to which id the table is complete.
 */
export class SubjectIndex {
  readonly #young = new Map<number, number | Set<number>>();
  readonly #keysOf = new Map<number, readonly number[]>();
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #find: StatementSync;
  readonly #complete: StatementSync;
  /** What the transaction under way adds: it may yet fail. */
  #added: { readonly id: number; readonly keys: readonly number[] }[] = [];
  /** Young rows that it ends or moves to the table. */
  #gone: number[] = [];

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare('INSERT OR IGNORE INTO row_subjects VALUES (?, ?)');
    this.#delete = db.prepare('DELETE FROM row_subjects WHERE subject = ? AND row = ?');
    this.#find = db.prepare('SELECT row FROM row_subjects WHERE subject = ?');
    this.#complete = db.prepare('UPDATE routes SET indexed = ? WHERE n = ?');
    const missing = db.prepare(`
      SELECT rows.id, subjects FROM rows JOIN routes ON n = rows.id / ${ROUTE_SPAN} WHERE rows.id > indexed AND subjects <> ''
      UNION ALL
      SELECT dead.id, subjects FROM dead JOIN routes ON n = dead.id / ${ROUTE_SPAN} WHERE dead.id > indexed AND subjects <> ''
      ORDER BY 1`);
    for (const { id, subjects } of missing.iterate() as Iterable<{ id: number; subjects: string }>) {
      this.#remember(id, parseKeys(subjects));
    }
  }

  /** Rows of a subject, those of the transaction under way included. */
  find(subject: number): number[] {
    const found = (this.#find.all(subject) as { row: number }[]).map(({ row }) => row);
    const young = this.#young.get(subject);
    if (typeof young === 'number') found.push(young);
    else if (young !== undefined) found.push(...young);
    for (const { id, keys } of this.#added) if (keys.includes(subject)) found.push(id);
    return found;
  }

  add(id: number, keys: readonly number[]): void {
    if (keys.length > 0) this.#added.push({ id, keys });
  }

  /** A row has ended. */
  remove(id: number, subjects: string): void {
    if (subjects === '') return;
    if (this.#keysOf.has(id)) this.#gone.push(id);
    else {
      for (const key of parseKeys(subjects)) this.#delete.run(key, id);
      if (this.#added.length > 0) this.#added = this.#added.filter((row) => row.id !== id);
    }
  }

  /** Moves the oldest of too many young rows to the table; the last thing a transaction does. */
  spill(): void {
    if (this.#keysOf.size + this.#added.length - this.#gone.length <= YOUNG) return;
    const gone = new Set(this.#gone);
    const complete = new Map<number, number>();
    let moved = 0;
    for (const [id, keys] of this.#keysOf) {
      if (moved === MOVED) break;
      if (gone.has(id)) continue;
      for (const key of keys) this.#insert.run(key, id);
      complete.set(Math.floor(id / ROUTE_SPAN), id);
      this.#gone.push(id);
      moved++;
    }
    for (const [route, id] of complete) this.#complete.run(id, route);
  }

  /** The transaction is on disk. */
  committed(): void {
    for (const id of this.#gone) this.#forget(id);
    for (const { id, keys } of this.#added) this.#remember(id, keys);
    this.#gone = [];
    this.#added = [];
  }

  /** The transaction did not happen. */
  rolledBack(): void {
    this.#gone = [];
    this.#added = [];
  }

  #remember(id: number, keys: readonly number[]): void {
    this.#keysOf.set(id, keys);
    for (const key of keys) {
      const there = this.#young.get(key);
      if (there === undefined) this.#young.set(key, id);
      else if (typeof there === 'number') this.#young.set(key, new Set([there, id]));
      else there.add(id);
    }
  }

  #forget(id: number): void {
    const keys = this.#keysOf.get(id);
    if (keys === undefined) return;
    this.#keysOf.delete(id);
    for (const key of keys) {
      const there = this.#young.get(key);
      if (typeof there === 'number' ? there === id : there?.delete(id) === true && there.size === 0)
        this.#young.delete(key);
    }
  }
}
