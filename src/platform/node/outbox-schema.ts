import { closeSync, openSync } from 'node:fs';

/** Ids of a route's rows: its number times this, plus a sequence. So its rows lie together, in order, without an index. */
export const ROUTE_SPAN = 2 ** 40;

/** The same event id within this time is a duplicate (design 3a), milliseconds. */
export const DEDUPE_MS = 48 * 3_600_000;

export const SCHEMA_VERSION = 1;

/** Bytes of a page: fixed, because what reads damaged files must not have to believe them. */
export const PAGE_SIZE = 4_096;

const COLUMNS = `
  id INTEGER PRIMARY KEY, route TEXT NOT NULL, event TEXT NOT NULL, accepted INTEGER NOT NULL, expires INTEGER NOT NULL,
  policy TEXT NOT NULL, signals INTEGER NOT NULL, fields TEXT NOT NULL, subjects TEXT NOT NULL, envelope TEXT NOT NULL,
  element TEXT NOT NULL, sum INTEGER NOT NULL`;

export const SCHEMA = `
  BEGIN;
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS routes (n INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, indexed INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE IF NOT EXISTS rows (${COLUMNS});
  CREATE TABLE IF NOT EXISTS dead (${COLUMNS}, died INTEGER NOT NULL, reason TEXT NOT NULL, retry INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE IF NOT EXISTS row_subjects (subject INTEGER, row INTEGER, PRIMARY KEY (subject, row)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS dedupe (key INTEGER PRIMARY KEY, at INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS dedupe_at ON dedupe (at);
  PRAGMA user_version = ${SCHEMA_VERSION};
  COMMIT`;

/** The columns under the names of `StoredRow`. */
export const ROW = `id, route, event, accepted AS acceptedAt, expires AS expiresAt, policy, signals, fields, subjects,
  envelope, element, sum`;

export const STATEMENTS = {
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  read: `SELECT ${ROW} FROM rows WHERE id > ? AND id < ? ORDER BY id LIMIT ?`,
  byId: `SELECT ${ROW} FROM rows WHERE id = ?`,
  deadById: `SELECT ${ROW} FROM dead WHERE id = ?`,
  insert: 'INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  insertDead: 'INSERT INTO dead VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)',
  deleteRow: 'DELETE FROM rows WHERE id = ?',
  deleteDead: 'DELETE FROM dead WHERE id = ?',
  copyToDead: 'INSERT INTO dead SELECT rows.*, ?, ?, 0 FROM rows WHERE id = ?',
  marked: `SELECT ${ROW} FROM dead WHERE retry = 1 LIMIT 1000`,
  oldDead: `SELECT ${ROW} FROM dead WHERE died < ? LIMIT 1000`,
  countDead: 'SELECT route, count(*) AS n FROM dead GROUP BY route',
  countRows: 'SELECT count(*) AS waiting FROM rows WHERE id > ? AND id < ?',
  lastId: `SELECT max(id) AS last FROM (
    SELECT max(id) AS id FROM rows WHERE id > ? AND id < ? UNION ALL SELECT max(id) FROM dead WHERE id > ? AND id < ?)`,
  oldest: 'SELECT accepted FROM rows WHERE id > ? AND id < ? ORDER BY id LIMIT 1',
  allRoutes: 'SELECT n, key FROM routes',
  newRoute: 'INSERT INTO routes (key) VALUES (?)',
  dedupe: `INSERT INTO dedupe VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET at = excluded.at WHERE at <= ?3`,
  pruneDedupe: 'DELETE FROM dedupe WHERE at <= ?',
  getApplied: "SELECT value FROM meta WHERE key = 'applied'",
  setApplied: "INSERT INTO meta VALUES ('applied', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
  logLength: 'PRAGMA wal_checkpoint(NOOP)',
  checkpoint: 'PRAGMA wal_checkpoint(PASSIVE)',
  dataVersion: 'PRAGMA data_version',
  pageCount: 'PRAGMA page_count',
  freeCount: 'PRAGMA freelist_count',
} as const;

/** Makes a file that only its owner may read, if it is not there; SQLite gives its log the same rights. */
export function makePrivate(file: string): void {
  closeSync(openSync(file, 'a', 0o600));
}
