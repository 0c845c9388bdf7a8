import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { ROUTE_SPAN } from './outbox-schema.ts';

/** Rows whose subjects are in memory only; beyond that the oldest move to the table, so many at a commit. */
const YOUNG = 20_000;
const MOVED = 1_000;

/**
 * What the `subjects` column of a row holds: `<group>:<key>,<key>`. Rows that were stored together for the same subjects
 * are a group; a row of its own has the keys alone, as in version 1.
 */
export function subjectsText(keys: readonly number[], group: number | undefined): string {
  if (keys.length === 0) return '';
  return group === undefined ? keys.join(',') : `${group}:${keys.join(',')}`;
}

/** Keys of a row's subjects; none where damage has made something else of the column. */
export function parseKeys(subjects: unknown): readonly number[] {
  if (typeof subjects !== 'string' || subjects === '') return NONE;
  return subjects
    .slice(subjects.indexOf(':') + 1)
    .split(',')
    .map(Number);
}

function parseGroup(subjects: unknown): number | undefined {
  const at = typeof subjects === 'string' ? subjects.indexOf(':') : -1;
  return at === -1 ? undefined : Number((subjects as string).slice(0, at));
}

const NONE: readonly number[] = [];

/** Makes what takes a row out of the tables, in a transaction of whoever has `db`. */
export function forgetting(db: DatabaseSync): (id: number, subjects: string) => void {
  const rowsOf = db.prepare('SELECT rows FROM row_groups WHERE id = ?');
  const shorten = db.prepare('UPDATE row_groups SET rows = ? WHERE id = ?');
  const end = db.prepare('DELETE FROM row_groups WHERE id = ?');
  const forget = db.prepare('DELETE FROM row_subjects WHERE subject = ? AND row = ?');
  return (id, subjects) => {
    const group = parseGroup(subjects);
    const found = group === undefined ? undefined : (rowsOf.get(group) as { rows: string } | undefined);
    const rows = found === undefined ? NONE : parseRows(found.rows);
    const rest = rows.filter((row) => row !== id);
    // A group that was not moved to the tables as one has its rows there each by itself.
    if (group === undefined || rest.length === rows.length) {
      for (const key of parseKeys(subjects)) forget.run(key, id);
    } else if (rest.length > 0) shorten.run(rest.join(','), group);
    else {
      for (const key of parseKeys(subjects)) forget.run(key, group);
      end.run(group);
    }
  };
}

function parseRows(rows: string | number): readonly number[] {
  // Damage may have made a number of it.
  return String(rows).split(',').map(Number);
}

/**
 * Which rows belong to a subject. A row that is delivered at once is never looked for, so the subjects of the youngest
 * rows are kept in memory and reach the table only when a queue builds up: a group as one entry for each subject, and
 * one that names its rows. After a restart the youngest are read again from the rows themselves: `routes.indexed` says up
 * to which id the table is complete.
 */
export class SubjectIndex {
  readonly #most: number;
  readonly #atOnce: number;
  readonly #young = new Map<number, Young | Set<Young>>();
  /** By the number of its group, or the id of its only row, which is larger. */
  readonly #events = new Map<number, Young>();
  /** Rows of all of them. */
  #rows = 0;
  readonly #insert: StatementSync;
  readonly #insertGroup: StatementSync;
  readonly #find: StatementSync;
  readonly #forgetStored: (id: number, subjects: string) => void;
  readonly #complete: StatementSync;
  #lastGroup: number;
  /** What the transaction under way adds: it may yet fail. */
  #added: Added[] = [];
  /** Young rows that it ends or moves to the table. */
  #gone: { readonly id: number; readonly event: Young }[] = [];

  /** `most` rows are kept in memory; of more, `moved` at a time go to the tables. */
  constructor(db: DatabaseSync, most: number = YOUNG, moved: number = MOVED) {
    this.#most = most;
    this.#atOnce = moved;
    this.#insert = db.prepare('INSERT OR IGNORE INTO row_subjects VALUES (?, ?)');
    this.#insertGroup = db.prepare('INSERT INTO row_groups VALUES (?, ?)');
    this.#find = db.prepare('SELECT row, rows FROM row_subjects LEFT JOIN row_groups ON id = row WHERE subject = ?');
    this.#forgetStored = forgetting(db);
    const { last } = db.prepare('SELECT max(id) AS last FROM row_groups').get() as { last: number | null };
    this.#lastGroup = last ?? 0;
    this.#complete = db.prepare('UPDATE routes SET indexed = ? WHERE n = ?');
    const missing = db.prepare(`
      SELECT rows.id, subjects FROM rows JOIN routes ON n = rows.id / ${ROUTE_SPAN} WHERE rows.id > indexed AND subjects <> ''
      UNION ALL
      SELECT dead.id, subjects FROM dead JOIN routes ON n = dead.id / ${ROUTE_SPAN} WHERE dead.id > indexed AND subjects <> ''
      ORDER BY 1`);
    for (const { id, subjects } of missing.iterate() as Iterable<{ id: number; subjects: string }>) {
      this.#remember({ id, keys: parseKeys(subjects), group: undefined }, undefined);
    }
  }

  /** Rows of a subject, those of the transaction under way included. */
  find(subject: number): number[] {
    const stored = this.#find.all(subject) as { row: number; rows: string | null }[];
    const found = stored.flatMap(({ row, rows }) => (rows === null ? [row] : parseRows(rows)));
    const young = this.#young.get(subject);
    if (young instanceof Set) for (const { rows } of young) found.push(...rows);
    else if (young !== undefined) found.push(...young.rows);
    for (const { id, keys } of this.#added) if (keys.includes(subject)) found.push(id);
    return found;
  }

  /** A number for rows that are stored together. It is never that of a row: those begin at `ROUTE_SPAN`. */
  newGroup(): number {
    return ++this.#lastGroup;
  }

  /** Rows of one group come one after the other, with one list of keys between them. */
  add(id: number, keys: readonly number[], group?: number): void {
    if (keys.length > 0) this.#added.push({ id, keys, group });
  }

  /** A row has ended. */
  remove(id: number, subjects: string): void {
    if (subjects === '') return;
    const event = this.#eventOf(id, subjects);
    if (event !== undefined) this.#gone.push({ id, event });
    else {
      this.#forgetStored(id, subjects);
      if (this.#added.length > 0) this.#added = this.#added.filter((row) => row.id !== id);
    }
  }

  /** Moves the oldest of too many young rows to the table; the last thing a transaction does. Gives how many. */
  spill(): number {
    if (this.#rows + this.#added.length - this.#gone.length <= this.#most) return 0;
    const gone = new Set(this.#gone.map(({ id }) => id));
    const complete = new Map<number, number>();
    let moved = 0;
    for (const event of this.#events.values()) {
      if (moved >= this.#atOnce) break;
      const rows = event.rows.filter((id) => !gone.has(id));
      this.#move(event, rows);
      for (const id of rows) {
        complete.set(Math.floor(id / ROUTE_SPAN), id);
        this.#gone.push({ id, event });
      }
      moved += rows.length;
    }
    for (const [route, id] of complete) this.#complete.run(id, route);
    return moved;
  }

  #move({ keys, group }: Young, rows: readonly number[]): void {
    const together = group !== undefined && rows.length > 1;
    if (together) this.#insertGroup.run(group, rows.join(','));
    for (const row of together ? [group] : rows) for (const key of keys) this.#insert.run(key, row);
  }

  /** The transaction is on disk. */
  committed(): void {
    for (const { id, event } of this.#gone) this.#forget(id, event);
    let before: Young | undefined;
    for (const row of this.#added) before = this.#remember(row, before);
    this.#gone = [];
    this.#added = [];
  }

  /** The transaction did not happen. */
  rolledBack(): void {
    this.#gone = [];
    this.#added = [];
  }

  /** The event in memory that a row belongs to. After a restart each row is by itself. */
  #eventOf(id: number, subjects: string): Young | undefined {
    const group = parseGroup(subjects);
    const event = group === undefined ? undefined : this.#events.get(group);
    return event?.rows.includes(id) === true ? event : this.#events.get(id);
  }

  /** `before` is the event of the row before. */
  #remember({ id, keys, group }: Added, before: Young | undefined): Young {
    this.#rows++;
    if (before !== undefined && group !== undefined && before.group === group) {
      before.rows.push(id);
      return before;
    }
    const event: Young = { keys, group, rows: [id] };
    this.#events.set(group ?? id, event);
    for (const key of keys) {
      const there = this.#young.get(key);
      if (there === undefined) this.#young.set(key, event);
      else if (there instanceof Set) there.add(event);
      else this.#young.set(key, new Set([there, event]));
    }
    return event;
  }

  #forget(id: number, event: Young): void {
    const at = event.rows.indexOf(id);
    if (at === -1) return;
    this.#rows--;
    event.rows.splice(at, 1);
    if (event.rows.length > 0) return;
    this.#events.delete(event.group ?? id);
    for (const key of event.keys) {
      const there = this.#young.get(key);
      if (there instanceof Set ? there.delete(event) && there.size === 0 : there === event) this.#young.delete(key);
    }
  }
}

interface Added {
  readonly id: number;
  readonly keys: readonly number[];
  readonly group: number | undefined;
}

/** An event with rows in memory: looked for by each key once, however many routes it goes to. */
interface Young {
  readonly keys: readonly number[];
  readonly group: number | undefined;
  readonly rows: number[];
}
