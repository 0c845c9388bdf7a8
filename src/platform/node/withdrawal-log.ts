import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { makePrivate } from './outbox-schema.ts';
import { lastOf, merge, type Tombstone } from './tombstone.ts';

const SCHEMA = `
  PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
  CREATE TABLE IF NOT EXISTS withdrawn (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, subject INTEGER NOT NULL UNIQUE,
    gone0 INTEGER NOT NULL, gone1 INTEGER NOT NULL, gone2 INTEGER NOT NULL, gone3 INTEGER NOT NULL,
    closed TEXT NOT NULL, at INTEGER NOT NULL)`;
/** Entries of the version before, one for each withdrawal: signals that were left, and when. */
const OLD = 'SELECT subject, signals, at FROM tombstones ORDER BY seq';
const COLUMNS = 'seq, subject, gone0, gone1, gone2, gone3, closed';

interface Entry {
  readonly seq: number;
  readonly subject: number;
  readonly gone0: number;
  readonly gone1: number;
  readonly gone2: number;
  readonly gone3: number;
  readonly closed: string;
}

/** Entries looked at once for some that can go. */
const LOOKED_AT = 512;

/**
 * What visitors have withdrawn, one entry a subject, for every process that shares a data directory: whoever holds an
 * outbox writes its own and carries out those of the others. Written before the outbox is, so a crash in between repeats
 * a withdrawal rather than forgetting it. A changed entry gets a new number, so that others see it.
 */
export class WithdrawalLog {
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #after: StatementSync;
  readonly #of: StatementSync;
  readonly #version: StatementSync;
  readonly #newest: StatementSync;
  readonly #prune: StatementSync;
  readonly #oldest: StatementSync;
  readonly #forget: StatementSync;
  readonly #pages: StatementSync;
  readonly #free: StatementSync;
  #seenVersion = -1;
  #latest = 0;
  #latestAt = 0;
  #bytes = 0;

  constructor(file: string) {
    makePrivate(file);
    this.#db = new DatabaseSync(file, { timeout: 2_000 });
    try {
      this.#db.exec(SCHEMA);
      this.#insert = this.#db.prepare(
        'INSERT OR REPLACE INTO withdrawn (subject, gone0, gone1, gone2, gone3, closed, at) VALUES (?, ?, ?, ?, ?, ?, ?)',
      );
      this.#after = this.#db.prepare(`SELECT ${COLUMNS} FROM withdrawn WHERE seq > ? ORDER BY seq`);
      this.#of = this.#db.prepare(`SELECT ${COLUMNS} FROM withdrawn WHERE subject = ?`);
      this.#version = this.#db.prepare('PRAGMA data_version');
      this.#newest = this.#db.prepare('SELECT max(seq) AS seq, max(at) AS at FROM withdrawn WHERE seq > ?');
      this.#prune = this.#db.prepare(
        'DELETE FROM withdrawn WHERE seq IN (SELECT seq FROM (SELECT seq, at FROM withdrawn ORDER BY seq LIMIT 5000) WHERE at < ?)',
      );
      this.#oldest = this.#db.prepare(
        `SELECT seq, subject FROM withdrawn WHERE seq > ? ORDER BY seq LIMIT ${LOOKED_AT}`,
      );
      this.#forget = this.#db.prepare('DELETE FROM withdrawn WHERE seq = ?');
      this.#pages = this.#db.prepare('PRAGMA page_count');
      this.#free = this.#db.prepare('PRAGMA freelist_count');
      this.#takeOver();
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

  /** The last time anything was withdrawn, unix milliseconds. */
  get latestAt(): number {
    return this.#latestAt;
  }

  /** Bytes in use. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds durably to what is known; gives the numbers of the changed entries. */
  add(tombstones: readonly Tombstone[]): ReadonlySet<number> {
    const numbers = new Set<number>();
    if (tombstones.length === 0) return numbers;
    this.#transaction(() => {
      for (const tombstone of tombstones) numbers.add(this.#put(tombstone));
    });
    this.#look();
    return numbers;
  }

  /** Entries beyond a number, in order. */
  after(seq: number): readonly (Tombstone & { readonly seq: number })[] {
    return (this.#after.all(seq) as unknown as Entry[]).map((entry) => ({ ...readEntry(entry), seq: entry.seq }));
  }

  /** What a subject has withdrawn. */
  of(subject: number): Tombstone | undefined {
    const entry = this.#of.get(subject) as unknown as Entry | undefined;
    return entry === undefined ? undefined : readEntry(entry);
  }

  /** Forgets what was last withdrawn before `before`, unix milliseconds. */
  prune(before: number): void {
    this.#prune.run(before);
    this.#measure();
  }

  /** Forgets the oldest entries without a record until no more than `bytes` are in use. False where all have one. */
  trim(bytes: number, hasRecord: (subject: number) => boolean): boolean {
    for (let after = 0; this.#bytes > bytes; ) {
      const oldest = this.#oldest.all(after) as { seq: number; subject: number }[];
      const last = oldest.at(-1);
      if (last === undefined) return false;
      this.#transaction(() => {
        for (const { seq, subject } of oldest) if (!hasRecord(subject)) this.#forget.run(seq);
      });
      after = last.seq;
      this.#measure();
    }
    return true;
  }

  close(): void {
    this.#db.close();
  }

  #put(tombstone: Tombstone): number {
    const before = this.of(tombstone.subject);
    const { subject, gone, closed } = before === undefined ? tombstone : merge(before, tombstone);
    const at = lastOf({ subject, gone, closed });
    return Number(this.#insert.run(subject, ...gone, JSON.stringify(closed), at).lastInsertRowid);
  }

  #transaction(body: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      body();
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  /** Entries that the version before has left. */
  #takeOver(): void {
    const there = this.#db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'tombstones'").get();
    if (there === undefined) return;
    this.#transaction(() => {
      for (const old of this.#db.prepare(OLD).all() as { subject: number; signals: number; at: number }[]) {
        const gone = [0, 1, 2, 3].map((bit) => ((old.signals >> bit) & 1 ? 0 : old.at)) as unknown as Tombstone['gone'];
        this.#put({ subject: old.subject, gone, closed: {} });
      }
      this.#db.exec('DROP TABLE tombstones');
    });
  }

  #look(): void {
    this.#seenVersion = (this.#version.get() as { data_version: number }).data_version;
    const newest = this.#newest.get(this.#latest) as { seq: number | null; at: number | null };
    this.#latest = newest.seq ?? this.#latest;
    this.#latestAt = Math.max(this.#latestAt, newest.at ?? 0);
    this.#measure();
  }

  #measure(): void {
    const { page_count: pages } = this.#pages.get() as { page_count: number };
    const { freelist_count: free } = this.#free.get() as { freelist_count: number };
    this.#bytes = (pages - free) * PAGE;
  }
}

/** Looks entries up beside the process's own log, in another thread. */
export class WithdrawalReader {
  readonly #db: DatabaseSync;
  readonly #of: StatementSync;

  /** @throws the errors of node:sqlite when the file cannot be read */
  constructor(file: string) {
    this.#db = new DatabaseSync(file, { timeout: 50 });
    try {
      this.#of = this.#db.prepare(`SELECT ${COLUMNS} FROM withdrawn WHERE subject = ?`);
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** What a subject has withdrawn. */
  of(subject: number): Tombstone | undefined {
    const entry = this.#of.get(subject) as unknown as Entry | undefined;
    return entry === undefined ? undefined : readEntry(entry);
  }

  close(): void {
    this.#db.close();
  }
}

/** SQLite's default page, bytes. */
const PAGE = 4_096;

function readEntry({ subject, gone0, gone1, gone2, gone3, closed }: Entry): Tombstone {
  return { subject, gone: [gone0, gone1, gone2, gone3], closed: JSON.parse(closed) as Tombstone['closed'] };
}
