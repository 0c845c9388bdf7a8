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
  readonly #young = new Map<number, Young | Set<Young>>();
  readonly #eventOf = new Map<number, Young>();
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
      this.#remember(id, parseKeys(subjects), undefined);
    }
  }

  /** Rows of a subject, those of the transaction under way included. */
  find(subject: number): number[] {
    const found = (this.#find.all(subject) as { row: number }[]).map(({ row }) => row);
    const young = this.#young.get(subject);
    if (young instanceof Set) for (const { rows } of young) found.push(...rows);
    else if (young !== undefined) found.push(...young.rows);
    for (const { id, keys } of this.#added) if (keys.includes(subject)) found.push(id);
    return found;
  }

  add(id: number, keys: readonly number[]): void {
    if (keys.length > 0) this.#added.push({ id, keys });
  }

  /** A row has ended. */
  remove(id: number, subjects: string): void {
    if (subjects === '') return;
    if (this.#eventOf.has(id)) this.#gone.push(id);
    else {
      for (const key of parseKeys(subjects)) this.#delete.run(key, id);
      if (this.#added.length > 0) this.#added = this.#added.filter((row) => row.id !== id);
    }
  }

  /** Moves the oldest of too many young rows to the table; the last thing a transaction does. */
  spill(): void {
    if (this.#eventOf.size + this.#added.length - this.#gone.length <= YOUNG) return;
    const gone = new Set(this.#gone);
    const complete = new Map<number, number>();
    let moved = 0;
    for (const [id, { keys }] of this.#eventOf) {
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
    let event: Young | undefined;
    for (const { id, keys } of this.#added) event = this.#remember(id, keys, event);
    this.#gone = [];
    this.#added = [];
  }

  /** The transaction did not happen. */
  rolledBack(): void {
    this.#gone = [];
    this.#added = [];
  }

  /** `before` is the event of the row before: rows of one event have one list of keys between them. */
  #remember(id: number, keys: readonly number[], before: Young | undefined): Young {
    if (before !== undefined && before.keys === keys) {
      before.rows.push(id);
      this.#eventOf.set(id, before);
      return before;
    }
    const event: Young = { keys, rows: [id] };
    this.#eventOf.set(id, event);
    for (const key of keys) {
      const there = this.#young.get(key);
      if (there === undefined) this.#young.set(key, event);
      else if (there instanceof Set) there.add(event);
      else this.#young.set(key, new Set([there, event]));
    }
    return event;
  }

  #forget(id: number): void {
    const event = this.#eventOf.get(id);
    if (event === undefined) return;
    this.#eventOf.delete(id);
    event.rows.splice(event.rows.indexOf(id), 1);
    if (event.rows.length > 0) return;
    for (const key of event.keys) {
      const there = this.#young.get(key);
      if (there instanceof Set ? there.delete(event) && there.size === 0 : there === event) this.#young.delete(key);
    }
  }
}

/** An event with rows in memory: looked for by each key once, however many routes it goes to. */
interface Young {
  readonly keys: readonly number[];
  readonly rows: number[];
}
