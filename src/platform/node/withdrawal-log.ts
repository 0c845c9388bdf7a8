import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { makePrivate } from './outbox-schema.ts';
import type { SignalMask } from '../../core/signals.ts';

/** A visitor's withdrawal, as it is kept: a keyed hash, the signals since then, and when. */
export interface Tombstone {
  readonly subject: number;
  readonly signals: SignalMask;
  /** Unix milliseconds; rows accepted later are not meant. */
  readonly at: number;
}

/**
 * The withdrawals of every process that shares a data directory, in one small file: whoever holds an outbox appends its
 * own and carries out those of the others. Written before the outbox is, so a crash in between repeats a withdrawal
 * rather than forgetting it.
 */
export class WithdrawalLog {
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #after: StatementSync;
  readonly #of: StatementSync;
  readonly #version: StatementSync;
  readonly #newest: StatementSync;
  readonly #prune: StatementSync;
  #seenVersion = -1;
  #latest = 0;
  #latestAt = 0;

  constructor(file: string) {
    makePrivate(file);
    this.#db = new DatabaseSync(file, { timeout: 2_000 });
    try {
      this.#db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
        CREATE TABLE IF NOT EXISTS tombstones (
          seq INTEGER PRIMARY KEY AUTOINCREMENT, subject INTEGER NOT NULL, signals INTEGER NOT NULL, at INTEGER NOT NULL);
        CREATE INDEX IF NOT EXISTS tombstones_subject ON tombstones (subject)`);
      this.#insert = this.#db.prepare('INSERT INTO tombstones (subject, signals, at) VALUES (?, ?, ?)');
      this.#after = this.#db.prepare('SELECT seq, subject, signals, at FROM tombstones WHERE seq > ? ORDER BY seq');
      this.#of = this.#db.prepare('SELECT subject, signals, at FROM tombstones WHERE subject = ? AND at >= ?');
      this.#version = this.#db.prepare('PRAGMA data_version');
      this.#newest = this.#db.prepare('SELECT seq, at FROM tombstones ORDER BY seq DESC LIMIT 1');
      this.#prune = this.#db.prepare(
        'DELETE FROM tombstones WHERE seq IN (SELECT seq FROM (SELECT seq, at FROM tombstones ORDER BY seq LIMIT 5000) WHERE at < ?)',
      );
      this.#look();
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** Number of the newest entry; 0 = none. */
  get latest(): number {
    const { data_version: version } = this.#version.get() as { data_version: number };
    if (version !== this.#seenVersion) this.#look();
    return this.#latest;
  }

  /** When the newest entry was made, unix milliseconds. */
  get latestAt(): number {
    return this.#latestAt;
  }

  /** Appends durably; gives the numbers of the new entries. */
  add(tombstones: readonly Tombstone[]): ReadonlySet<number> {
    const numbers = new Set<number>();
    if (tombstones.length === 0) return numbers;
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      for (const { subject, signals, at } of tombstones)
        numbers.add(Number(this.#insert.run(subject, signals, at).lastInsertRowid));
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
    this.#look();
    return numbers;
  }

  /** Entries beyond a number, in order. */
  after(seq: number): readonly (Tombstone & { readonly seq: number })[] {
    return this.#after.all(seq) as unknown as (Tombstone & { seq: number })[];
  }

  /** Entries of one subject that cover what was accepted at `at`. */
  of(subject: number, at: number): readonly Tombstone[] {
    return this.#of.all(subject, at) as unknown as Tombstone[];
  }

  /** Forgets entries made before `before`, unix milliseconds. */
  prune(before: number): void {
    this.#prune.run(before);
  }

  close(): void {
    this.#db.close();
  }

  #look(): void {
    this.#seenVersion = (this.#version.get() as { data_version: number }).data_version;
    const newest = this.#newest.get() as { seq: number; at: number } | undefined;
    this.#latest = newest?.seq ?? this.#latest;
    this.#latestAt = newest?.at ?? this.#latestAt;
  }
}
