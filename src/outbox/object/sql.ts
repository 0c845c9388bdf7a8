/**
 * SQLite as a Durable Object has it: in the same thread, every call answered at once. What is written in `transaction`
 * is there as a whole or not at all; the object's answer waits until it is durable.
 */
export interface Sql {
  /** Runs one statement and gives its rows. */
  readonly all: (text: string, ...values: readonly (string | number)[]) => readonly Readonly<Record<string, unknown>>[];
  /** All of `body`, or nothing of it. */
  readonly transaction: <T>(body: () => T) => T;
}

/**
 * Every row that is written is billed, those of an index, too: there is none, and what has to be found is found in
 * memory, which is filled when the object wakes.
 */
export const TABLES: readonly string[] = [
  // `head`: what `head.ts` writes; `body`: as `writeBody` made it.
  'CREATE TABLE IF NOT EXISTS records (id INTEGER PRIMARY KEY, head TEXT NOT NULL, body TEXT NOT NULL)',
  'CREATE TABLE IF NOT EXISTS dead_letters (id INTEGER PRIMARY KEY, head TEXT NOT NULL, body TEXT NOT NULL, died INTEGER NOT NULL, reason TEXT NOT NULL, retry INTEGER NOT NULL DEFAULT 0)',
  'CREATE TABLE IF NOT EXISTS marks (id INTEGER PRIMARY KEY, marks TEXT NOT NULL)',
  'CREATE TABLE IF NOT EXISTS withdrawn (subject INTEGER PRIMARY KEY, tombstone TEXT NOT NULL)',
];
