import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { writeShaped } from '../../delivery/event-body.ts';
import { SCHEMA, SCHEMA_VERSION, SITE_SPAN } from './outbox-schema.ts';
import { columnsOf } from './stored-record.ts';
import { partsOf, type StoredRecord } from '../record.ts';

/*
 * Versions 1 and 2 stored each (event, route) as a row of its own, in the vendor's form. A waiting row becomes a record
 * with that one route, and is sent in the stored form. Consent, age and withdrawals are checked as before. This file is
 * to be deleted with the version after this one.
 */

/** How many rows one transaction takes over. */
const AT_ONCE = 1_000;

/** The columns of a row; version 1 had no mark, the last one. */
const COLUMNS = 'id, route, event, accepted, expires, policy, signals, fields, subjects, envelope, element, sum';
const SUM = 11;
const MARK = 12;
export const OLD_ROW = { least: 12, most: 13 };
/** The columns of a dead letter: time and reason of death, and whether to try again, come between. */
export const OLD_DEAD = { least: 15, most: 16 };

type OldColumns = readonly unknown[];

/** A row of an earlier version as a record without an id; undefined where its checksum shows damage. */
export function recordOfRow(values: OldColumns, rowid: number): Omit<StoredRecord, 'id'> | undefined {
  const [, route, event, accepted, expires, policy, signals, fields, subjects, envelope, element] = values;
  const mark = Number(values[MARK] ?? 0);
  const texts = [route, event, policy, fields, subjects, envelope, element];
  if (!texts.every((text) => typeof text === 'string')) return undefined;
  const head = [rowid, route, event, accepted, expires, policy, signals, fields, subjects, envelope].join('\n');
  const sum = crc32(element as string, crc32(`${head}\n${mark === 0 ? '' : `${mark}\n`}`));
  // The sum covers every column, so a row with a correct sum has the types it was written with.
  if (sum !== values[SUM]) return undefined;
  const { site, name } = partsOf(route as string);
  const shaped = { envelope: envelope as string, element: element as string };
  const expiresAt = expires as number;
  const decided = { signals: signals as number, fields: fields as string, limited: undefined, params: undefined };
  return {
    site,
    acceptedAt: accepted as number,
    // The time was not stored then: nobody had withdrawn the event before it was accepted.
    decidedAt: accepted as number,
    consentDay: undefined,
    policy: policy as string,
    subjects: keysIn(subjects as string),
    routes: [{ name, type: '', expiresAt, mark, ...decided }],
    body: writeShaped(shaped),
  };
}

/** `<group>:<key>,<key>`, or the keys alone. */
function keysIn(subjects: string): readonly number[] {
  const keys = subjects.slice(subjects.indexOf(':') + 1);
  return keys === '' ? [] : keys.split(',').map(Number);
}

/**
 * Converts a file of an earlier version into one of this version. It can be interrupted: no row is taken over twice.
 * Returns how many rows were damaged.
 */
export function upgrade(db: DatabaseSync, version: number): number {
  db.exec(`BEGIN IMMEDIATE;${SCHEMA}`);
  if (version === 0) {
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
    return 0;
  }
  // Version 1 recognised repeats by their ids.
  db.exec('DROP TABLE IF EXISTS dedupe; COMMIT');
  const mover = new Mover(db);
  let damaged = 0;
  for (let moved = 1; moved > 0; ) {
    db.exec('BEGIN IMMEDIATE');
    moved = 0;
    for (const row of mover.some()) {
      moved++;
      if (!mover.move(row)) damaged++;
    }
    db.exec('COMMIT');
    // Without this the log would become as long as the file.
    db.exec('PRAGMA wal_checkpoint(PASSIVE)');
  }
  db.exec(`BEGIN IMMEDIATE;
    DROP TABLE rows; DROP TABLE dead; DROP TABLE row_subjects; DROP TABLE IF EXISTS row_groups;
    PRAGMA user_version = ${SCHEMA_VERSION};
    COMMIT`);
  return damaged;
}

/** How many events wait in a file of an earlier version, by route; `now` in unix milliseconds. It changes nothing. */
export function queuedRows(db: DatabaseSync, now: number): OldQueue[] {
  const found = db.prepare(`
    SELECT key AS route,
      (SELECT count(*) FROM rows WHERE route = key) AS waiting,
      (SELECT count(*) FROM dead WHERE route = key) AS dead,
      (SELECT coalesce(sum(length(element)), 0) FROM rows WHERE route = key) AS size,
      (SELECT min(accepted) FROM rows WHERE route = key) AS oldest
    FROM routes ORDER BY key`);
  return (found.all() as unknown as (Omit<OldQueue, 'oldestMs'> & { oldest: number | null })[]).map(
    ({ oldest, ...queue }) => ({ ...queue, oldestMs: oldest === null ? 0 : Math.max(0, now - oldest) }),
  );
}

interface OldQueue {
  readonly route: string;
  readonly waiting: number;
  readonly dead: number;
  /** Characters that the waiting rows take. */
  readonly size: number;
  readonly oldestMs: number;
}

interface OldRow {
  readonly table: 'rows' | 'dead';
  readonly values: OldColumns;
  readonly death: readonly [died: number, reason: string, retry: number] | undefined;
}

/** Moves rows and dead letters out of the old tables, in a transaction of the caller. */
class Mover {
  readonly #db: DatabaseSync;
  readonly #rows: StatementSync;
  readonly #dead: StatementSync;
  readonly #delete: Readonly<Record<OldRow['table'], StatementSync>>;
  readonly #insert: StatementSync;
  readonly #insertDead: StatementSync;
  readonly #index: StatementSync;
  readonly #complete: StatementSync;
  readonly #numbers = new Map<string, number>();
  readonly #lastId = new Map<string, number>();

  constructor(db: DatabaseSync) {
    this.#db = db;
    const columns = db.prepare('PRAGMA table_info(rows)').all() as { name: string }[];
    const read = columns.some(({ name }) => name === 'mark') ? `${COLUMNS}, mark` : `${COLUMNS}, 0`;
    this.#rows = db.prepare(`SELECT ${read} FROM rows ORDER BY id LIMIT ${AT_ONCE}`);
    this.#rows.setReturnArrays(true);
    this.#dead = db.prepare(`SELECT ${read}, died, reason, retry FROM dead ORDER BY id LIMIT ${AT_ONCE}`);
    this.#dead.setReturnArrays(true);
    this.#delete = {
      rows: db.prepare('DELETE FROM rows WHERE id = ?'),
      dead: db.prepare('DELETE FROM dead WHERE id = ?'),
    };
    this.#insert = db.prepare('INSERT INTO records VALUES (?, ?, ?, ?)');
    this.#insertDead = db.prepare('INSERT INTO dead_letters VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    this.#index = db.prepare('INSERT OR IGNORE INTO record_subjects VALUES (?, ?)');
    this.#complete = db.prepare('UPDATE sites SET indexed = ? WHERE name = ?');
    for (const { n, name } of db.prepare('SELECT n, name FROM sites').all() as { n: number; name: string }[])
      this.#numbers.set(name, n);
  }

  /** The next rows; none = all are moved. */
  some(): OldRow[] {
    const found = this.#rows.all() as unknown as OldColumns[];
    if (found.length > 0) return found.map((values) => ({ table: 'rows', values, death: undefined }));
    return (this.#dead.all() as unknown as OldColumns[]).map((values) => {
      const death = values.slice(MARK + 1) as unknown as NonNullable<OldRow['death']>;
      return { table: 'dead', values: values.slice(0, MARK + 1), death };
    });
  }

  /** False where the row is damaged: then it is deleted. */
  move({ table, values, death }: OldRow): boolean {
    const rowid = values[0] as number;
    this.#delete[table].run(rowid);
    const made = recordOfRow(values, rowid);
    if (made === undefined) return false;
    const record: StoredRecord = { ...made, id: this.#nextId(made.site) };
    const columns = columnsOf(record);
    if (death === undefined) this.#insert.run(...columns);
    else {
      const route = values[1] as string;
      this.#insertDead.run(...columns, route, ...death);
    }
    for (const key of record.subjects) this.#index.run(key, record.id);
    this.#complete.run(record.id, record.site);
    return true;
  }

  #nextId(site: string): number {
    let number = this.#numbers.get(site);
    if (number === undefined) {
      number = Number(this.#db.prepare('INSERT INTO sites (name) VALUES (?)').run(site).lastInsertRowid);
      this.#numbers.set(site, number);
    }
    let last = this.#lastId.get(site);
    if (last === undefined) {
      const found = this.#db.prepare('SELECT indexed FROM sites WHERE name = ?').get(site) as { indexed: number };
      last = Math.max(found.indexed, number * SITE_SPAN);
    }
    this.#lastId.set(site, last + 1);
    return last + 1;
  }
}
