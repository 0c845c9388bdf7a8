import { closeSync, openSync } from 'node:fs';

/** Ids of a route's rows: its number times this, plus a sequence. So its rows lie together, in order, without an index. */
export const ROUTE_SPAN = 2 ** 40;

/** Version 1 remembered the ids of events by route, and its rows named no mark. */
export const SCHEMA_VERSION = 2;

/** Bytes of a page: fixed, so that reading a damaged file does not depend on a number in it. */
export const PAGE_SIZE = 4_096;

const COLUMNS = `
  id INTEGER PRIMARY KEY, route TEXT NOT NULL, event TEXT NOT NULL, accepted INTEGER NOT NULL, expires INTEGER NOT NULL,
  policy TEXT NOT NULL, signals INTEGER NOT NULL, fields TEXT NOT NULL, subjects TEXT NOT NULL, envelope TEXT NOT NULL,
  element TEXT NOT NULL, sum INTEGER NOT NULL`;
/** The mark of the row's event (`marks.ts`), 0 = none. The last column, where an upgrade can add it. */
const MARK = 'mark INTEGER NOT NULL DEFAULT 0';
/** Routes by their numbers, comma-separated. */
const MARK_COLUMNS = 'id INTEGER PRIMARY KEY, key INTEGER NOT NULL, at INTEGER NOT NULL, routes TEXT NOT NULL';

/** Rows that were stored together for the same subjects, by their ids, comma-separated: `row_subjects` names the group. */
export const ROW_GROUPS = 'CREATE TABLE IF NOT EXISTS row_groups (id INTEGER PRIMARY KEY, rows TEXT NOT NULL);';

/** What makes version 2 of a file that is version 1: its rows stay as they are. */
const UPGRADE = `
  ALTER TABLE rows ADD COLUMN ${MARK};
  ALTER TABLE dead ADD COLUMN ${MARK};
  DROP TABLE dedupe;`;

/** Makes the tables of a file of this version, 0 for a new one. All of it happens or nothing. */
export const schemaFrom = (version: number): string => `
  BEGIN IMMEDIATE;${version === 1 ? UPGRADE : ''}
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS routes (n INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, indexed INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE IF NOT EXISTS rows (${COLUMNS}, ${MARK});
  CREATE TABLE IF NOT EXISTS dead (
    ${COLUMNS}, died INTEGER NOT NULL, reason TEXT NOT NULL, retry INTEGER NOT NULL DEFAULT 0, ${MARK});
  CREATE TABLE IF NOT EXISTS row_subjects (subject INTEGER, row INTEGER, PRIMARY KEY (subject, row)) WITHOUT ROWID;
  ${ROW_GROUPS}
  CREATE TABLE IF NOT EXISTS marks_lasting (${MARK_COLUMNS});
  CREATE TABLE IF NOT EXISTS marks_brief (${MARK_COLUMNS});
  PRAGMA user_version = ${SCHEMA_VERSION};
  COMMIT`;

/** The columns under the names of `StoredRow`. */
export const ROW = `id, route, event, accepted AS acceptedAt, expires AS expiresAt, policy, signals, fields, subjects,
  envelope, element, sum, mark`;

const NAMES = 'id, route, event, accepted, expires, policy, signals, fields, subjects, envelope, element, sum';

export const STATEMENTS = {
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  read: `SELECT ${ROW} FROM rows WHERE id > ? AND id < ? ORDER BY id LIMIT ?`,
  byId: `SELECT ${ROW} FROM rows WHERE id = ?`,
  deadById: `SELECT ${ROW} FROM dead WHERE id = ?`,
  insert: 'INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  insertDead: `INSERT INTO dead (${NAMES}, mark, died, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  deleteRow: 'DELETE FROM rows WHERE id = ?',
  deleteDead: 'DELETE FROM dead WHERE id = ?',
  copyToDead: `INSERT INTO dead (${NAMES}, mark, died, reason) SELECT ${NAMES}, mark, ?, ? FROM rows WHERE id = ?`,
  marked: `SELECT ${ROW} FROM dead WHERE retry = 1 LIMIT 1000`,
  oldDead: `SELECT ${ROW} FROM dead WHERE died < ? LIMIT 1000`,
  countDead: 'SELECT route, count(*) AS n FROM dead GROUP BY route',
  countRows: 'SELECT count(*) AS waiting FROM rows WHERE id > ? AND id < ?',
  lastId: `SELECT max(id) AS last FROM (
    SELECT max(id) AS id FROM rows WHERE id > ? AND id < ? UNION ALL SELECT max(id) FROM dead WHERE id > ? AND id < ?)`,
  oldest: 'SELECT accepted FROM rows WHERE id > ? AND id < ? ORDER BY id LIMIT 1',
  allRoutes: 'SELECT n, key, indexed FROM routes',
  newRoute: 'INSERT INTO routes (key) VALUES (?)',
  getApplied: "SELECT value FROM meta WHERE key = 'applied'",
  setApplied: "INSERT INTO meta VALUES ('applied', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
  logLength: 'PRAGMA wal_checkpoint(NOOP)',
  checkpoint: 'PRAGMA wal_checkpoint(PASSIVE)',
  truncate: 'PRAGMA wal_checkpoint(TRUNCATE)',
  withSubjects: `SELECT id, route FROM rows WHERE subjects <> '' UNION ALL SELECT id, route FROM dead WHERE subjects <> ''`,
  dataVersion: 'PRAGMA data_version',
  pageCount: 'PRAGMA page_count',
  freeCount: 'PRAGMA freelist_count',
} as const;

/** Makes a file that only its owner may read, if it is not there; SQLite gives its log the same rights. */
export function makePrivate(file: string): void {
  closeSync(openSync(file, 'a', 0o600));
}
