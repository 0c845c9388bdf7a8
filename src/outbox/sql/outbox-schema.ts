import { closeSync, openSync } from 'node:fs';

/**
 * Ids of a site's records: the number of the site times this, plus a sequence. So the records of a site are together
 * and in order, without an index.
 */
export const SITE_SPAN = 2 ** 40;

/** Version 2 had a row for each route of an event, in the vendor's form (`old-rows.ts`). */
export const SCHEMA_VERSION = 3;

/** Bytes of a page. The size is fixed, so that reading a damaged file does not depend on a number in it. */
export const PAGE_SIZE = 4_096;

/** A record, and a checksum of all of it (`stored-record.ts`). */
const RECORD = 'id INTEGER PRIMARY KEY, head TEXT NOT NULL, body TEXT NOT NULL, sum INTEGER NOT NULL';
/** Routes by their numbers, comma-separated. */
const MARK_COLUMNS = 'id INTEGER PRIMARY KEY, key INTEGER NOT NULL, at INTEGER NOT NULL, routes TEXT NOT NULL';

/** Makes the tables of this version, if they do not exist. */
export const SCHEMA = `
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS routes (n INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, indexed INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE IF NOT EXISTS sites (n INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, indexed INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE IF NOT EXISTS records (${RECORD});
  CREATE TABLE IF NOT EXISTS dead_letters (${RECORD}, route TEXT NOT NULL, died INTEGER NOT NULL, reason TEXT NOT NULL,
    retry INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE IF NOT EXISTS record_subjects (
    subject INTEGER, record INTEGER, PRIMARY KEY (subject, record)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS marks_lasting (${MARK_COLUMNS});
  CREATE TABLE IF NOT EXISTS marks_brief (${MARK_COLUMNS});`;

/** The columns of a record, in their order. */
const COLUMNS = 'id, head, body, sum';
const DEAD_COLUMNS = `${COLUMNS}, route, died, reason`;

const MEANT = '(?1 IS NULL OR route = ?1) AND (?2 IS NULL OR id = ?2)';

export const STATEMENTS = {
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  read: `SELECT ${COLUMNS} FROM records WHERE id > ? AND id < ? ORDER BY id LIMIT ?`,
  byId: `SELECT ${COLUMNS} FROM records WHERE id = ?`,
  deadById: `SELECT ${DEAD_COLUMNS} FROM dead_letters WHERE id = ?`,
  insert: 'INSERT INTO records VALUES (?, ?, ?, ?)',
  update: 'UPDATE records SET head = ?, body = ?, sum = ? WHERE id = ?',
  insertDead: `INSERT INTO dead_letters (${DEAD_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  deleteRecord: 'DELETE FROM records WHERE id = ?',
  deleteDead: 'DELETE FROM dead_letters WHERE id = ?',
  marked: `SELECT ${DEAD_COLUMNS} FROM dead_letters WHERE retry = 1 LIMIT ?`,
  oldDead: `SELECT ${DEAD_COLUMNS} FROM dead_letters WHERE died < ? LIMIT ?`,
  // `?1`: of this route, `?2`: with this id; null = any.
  listDead: `SELECT ${DEAD_COLUMNS}, retry FROM dead_letters WHERE ${MEANT} ORDER BY died DESC, id LIMIT ?3`,
  chosenDead: `SELECT ${DEAD_COLUMNS} FROM dead_letters WHERE ${MEANT} LIMIT ?3`,
  askDead: `UPDATE dead_letters SET retry = 1 WHERE ${MEANT}`,
  countDead: 'SELECT route, count(*) AS n FROM dead_letters GROUP BY route',
  idsOf: `SELECT id FROM records WHERE id > ? AND id < ? UNION ALL SELECT id FROM dead_letters WHERE id > ? AND id < ?`,
  lastId: `SELECT max(id) AS last FROM (
    SELECT max(id) AS id FROM records WHERE id > ? AND id < ?
    UNION ALL SELECT max(id) FROM dead_letters WHERE id > ? AND id < ?)`,
  all: `SELECT ${COLUMNS} FROM records WHERE id > ? ORDER BY id LIMIT ?`,
  allDead: `SELECT ${DEAD_COLUMNS} FROM dead_letters WHERE id > ? ORDER BY id LIMIT ?`,
  allRoutes: 'SELECT n, key FROM routes',
  newRoute: 'INSERT INTO routes (key) VALUES (?)',
  allSites: 'SELECT n, name, indexed FROM sites',
  newSite: 'INSERT INTO sites (name) VALUES (?)',
  getApplied: "SELECT value FROM meta WHERE key = 'applied'",
  setApplied: "INSERT INTO meta VALUES ('applied', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
  logLength: 'PRAGMA wal_checkpoint(NOOP)',
  checkpoint: 'PRAGMA wal_checkpoint(PASSIVE)',
  truncate: 'PRAGMA wal_checkpoint(TRUNCATE)',
  dataVersion: 'PRAGMA data_version',
  pageCount: 'PRAGMA page_count',
  freeCount: 'PRAGMA freelist_count',
} as const;

/** Statements that return lists of values, which is faster than objects. */
export const AS_LISTS = [
  'read',
  'byId',
  'deadById',
  'marked',
  'oldDead',
  'listDead',
  'chosenDead',
  'all',
  'allDead',
] as const;

/** Makes a file that only its owner may read, if it does not exist. SQLite gives its log the same rights. */
export function makePrivate(file: string): void {
  closeSync(openSync(file, 'a', 0o600));
}
