/**
 * SQLite in a Durable Object: it runs in the same thread, and every call is synchronous. Writes in `transaction` take
 * effect together or not at all. The object's answer waits until they are durable.
 */
export interface Sql {
  /** Runs one statement and returns its rows. */
  readonly all: (text: string, ...values: readonly (string | number)[]) => readonly Readonly<Record<string, unknown>>[];
  /** All of `body`, or nothing of it. */
  readonly transaction: <T>(body: () => T) => T;
}

/**
 * Every written row is billed, rows of an index too. So there is no index: everything is found in memory, which is
 * filled when the object wakes.
 */
const TABLES: readonly string[] = [
  'CREATE TABLE IF NOT EXISTS form (version INTEGER PRIMARY KEY)',
  // `head`: what `head.ts` writes; `body`: as `writeBody` made it.
  'CREATE TABLE IF NOT EXISTS records (id INTEGER PRIMARY KEY, head TEXT NOT NULL, body TEXT NOT NULL)',
  'CREATE TABLE IF NOT EXISTS dead_letters (id INTEGER PRIMARY KEY, head TEXT NOT NULL, body TEXT NOT NULL, died INTEGER NOT NULL, reason TEXT NOT NULL, retry INTEGER NOT NULL DEFAULT 0)',
  'CREATE TABLE IF NOT EXISTS marks (id INTEGER PRIMARY KEY, marks TEXT NOT NULL)',
  'CREATE TABLE IF NOT EXISTS withdrawn (subject INTEGER PRIMARY KEY, tombstone TEXT NOT NULL)',
];

/** The version of these tables and their contents. It grows when an earlier version would misread them. */
export const FORM = 1;

/**
 * A later version has written this database. An earlier version could not read whose events these are, and so not which
 * of them a withdrawal concerns.
 */
export class LaterForm extends Error {
  override readonly name = 'LaterForm';
}

/** Makes the tables, if they do not exist.\n@throws LaterForm, with nothing changed */
export function openTables(sql: Sql): void {
  const [form, ...others] = TABLES as readonly [string, ...string[]];
  sql.all(form);
  const version = sql.all('SELECT max(version) AS version FROM form')[0]?.['version'];
  if (typeof version === 'number' && version > FORM)
    throw new LaterForm(`the outbox has form ${version}, and this version reads ${FORM}`);
  for (const table of others) sql.all(table);
  if (version !== FORM) sql.all('INSERT INTO form (version) VALUES (?)', FORM);
}
