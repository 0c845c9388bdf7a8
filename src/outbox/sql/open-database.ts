import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { StoreDamaged } from '../commit.ts';
import { upgrade } from './old-rows.ts';
import { AS_LISTS, makePrivate, PAGE_SIZE, SCHEMA_VERSION, STATEMENTS } from './outbox-schema.ts';

/** The statements of `STATEMENTS`, prepared. */
export type Statements = Readonly<Record<keyof typeof STATEMENTS, StatementSync>>;

/** How long to wait for another process that is writing, milliseconds. */
const BUSY_MS = 2_000;

/** An open file; `damaged` = rows of an earlier version that could not be taken over. */
export interface Opened {
  readonly db: DatabaseSync;
  readonly sql: Statements;
  readonly damaged: number;
}

/**
 * Opens the file of an outbox, or makes it. Afterwards it is checked for damage and has the form of this version.
 * @throws StoreDamaged, and the errors of node:sqlite when it cannot be opened, made or read
 */
export function openDatabase(file: string): Opened {
  makePrivate(file);
  const db = new DatabaseSync(file, { timeout: BUSY_MS });
  try {
    db.exec(`PRAGMA page_size = ${PAGE_SIZE}`);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON');
    db.exec('PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -16384');
    const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
    if (version < 0 || version > SCHEMA_VERSION) {
      throw new Error(`the outbox was written by another version (${version}, this one writes ${SCHEMA_VERSION})`);
    }
    const { quick_check: found } = db.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
    if (found !== 'ok') throw new StoreDamaged('the outbox is damaged');
    const damaged = version < SCHEMA_VERSION ? upgrade(db, version) : 0;
    // The quick check does not read indexes. The numbers of sites are read from one, and they decide where records are.
    for (const table of ['routes', 'sites']) {
      const { integrity_check: whole } = db.prepare(`PRAGMA integrity_check(${table})`).get() as {
        integrity_check: string;
      };
      if (whole !== 'ok') throw new StoreDamaged('the outbox is damaged');
    }
    const sql = Object.fromEntries(
      Object.entries(STATEMENTS).map(([name, text]) => [name, db.prepare(text)]),
    ) as Record<keyof typeof STATEMENTS, StatementSync>;
    for (const name of AS_LISTS) sql[name].setReturnArrays(true);
    return { db, sql, damaged };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** How many rows are read at once where all rows are read. */
const AT_ONCE = 512;

/**
 * All rows of a statement `... WHERE id > ? ORDER BY id LIMIT ?`, whose first column is the id. No statement is open
 * between two rows, so a file that is found damaged in the middle can be closed.
 */
export function* eachOf<T extends readonly [id: number, ...rest: unknown[]]>(statement: StatementSync): Generator<T> {
  for (let after = Number.MIN_SAFE_INTEGER; ; ) {
    const found = statement.all(after, AT_ONCE) as unknown as T[];
    yield* found;
    const last = found.at(-1);
    if (last === undefined || found.length < AT_ONCE) return;
    [after] = last;
  }
}

/** Runs a function and waits for another process that is writing for at most this time, milliseconds. */
export function waitingFor(db: DatabaseSync, ms: number, body: () => void): void {
  db.exec(`PRAGMA busy_timeout = ${ms}`);
  try {
    body();
  } finally {
    db.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
  }
}
