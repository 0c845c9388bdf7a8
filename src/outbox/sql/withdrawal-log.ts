import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { makePrivate } from './outbox-schema.ts';
import { lastOf, merge, noLaterThan, saysMore, type Tombstone } from '../tombstone.ts';

const SCHEMA = `
  PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
  CREATE TABLE IF NOT EXISTS withdrawn (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, subject INTEGER NOT NULL UNIQUE,
    gone0 INTEGER NOT NULL, gone1 INTEGER NOT NULL, gone2 INTEGER NOT NULL, gone3 INTEGER NOT NULL,
    closed TEXT NOT NULL, at INTEGER NOT NULL)`;
/** Entries of the previous version, one for each withdrawal: the remaining signals, and when. */
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

/** How many entries are searched at once for some that can be deleted. */
const LOOKED_AT = 512;
/** How long an entry that only changes a time may wait to be written, milliseconds, and how many may wait. */
const LATE_MS = 1_000;
const MOST_LATE = 5_000;
/**
 * A time that far ahead of the clock was not written by this clock, milliseconds: the clock has been set back since.
 */
const AHEAD = 2_000;

/**
 * What visitors have withdrawn, one entry a subject, for every process that shares a data directory. A process writes
 * its own withdrawals and carries out those of the others. The log is written before the outbox, so a crash in between
 * repeats a withdrawal and does not forget it. A changed entry gets a new number, so that the others see it.
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
  readonly #ahead: StatementSync;
  readonly #retime: StatementSync;
  readonly #free: StatementSync;
  /**
   * Entries that would only change a time in the log, by subject. They are in force at once, and are written with the
   * next other entry or when they have waited long enough. So a visitor who refuses again and again costs no flush for
   * each hit.
   */
  readonly #late = new Map<number, Tombstone>();
  #lateSince = 0;
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
      this.#ahead = this.#db.prepare(`SELECT ${COLUMNS} FROM withdrawn WHERE at > ?`);
      this.#retime = this.#db.prepare(
        'UPDATE withdrawn SET gone0 = ?, gone1 = ?, gone2 = ?, gone3 = ?, closed = ?, at = ? WHERE seq = ?',
      );
      this.#free = this.#db.prepare('PRAGMA freelist_count');
      this.#takeOver();
      this.#look();
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** The number of the newest entry at the last look; entries that were added here are included. */
  get known(): number {
    return this.#latest;
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

  /**
   * Adds durably to the log. Returns the numbers of those changed entries that hold only what was added here and what
   * has a number up to `applied`: another process may have changed an entry in between.
   */
  add(tombstones: readonly Tombstone[], applied = Infinity): ReadonlySet<number> {
    const own = new Set<number>();
    const late = [...this.#late.values()];
    if (tombstones.length === 0 && late.length === 0) return own;
    this.#transaction(() => {
      for (const tombstone of [...late, ...tombstones]) {
        const { seq, before } = this.#put(tombstone);
        if (before <= applied || own.has(before)) own.add(seq);
      }
    });
    this.#late.clear();
    this.#look();
    return own;
  }

  /** Adds like `add`. An entry that would only change times is in force at once and written within some seconds. */
  addLate(tombstones: readonly Tombstone[], applied: number): ReadonlySet<number> {
    const more = tombstones.filter((tombstone) => saysMore(tombstone, this.of(tombstone.subject)));
    if (more.length > 0 || this.lateIsDue) return this.add(tombstones, applied);
    for (const tombstone of tombstones) {
      if (this.#late.size === 0) this.#lateSince = performance.now();
      const before = this.#late.get(tombstone.subject);
      this.#late.set(tombstone.subject, before === undefined ? tombstone : merge(before, tombstone));
      this.#latestAt = Math.max(this.#latestAt, lastOf(tombstone));
    }
    return NONE_CHANGED;
  }

  /** Whether an entry has waited long enough to be written. */
  get lateIsDue(): boolean {
    const { size } = this.#late;
    return size > 0 && (size >= MOST_LATE || performance.now() - this.#lateSince >= LATE_MS);
  }

  /**
   * After a clock was set back: every withdrawal is set to the present at the latest. Otherwise an old refusal would
   * hold for visitors who consent again, until the clock reaches its time.
   */
  setBack(now: number): void {
    if (this.#latestAt <= now + AHEAD) return;
    this.#transaction(() => {
      for (const entry of this.#ahead.all(now) as unknown as Entry[]) {
        const { gone, closed } = noLaterThan(readEntry(entry), now);
        this.#retime.run(...gone, JSON.stringify(closed), now, entry.seq);
      }
    });
    for (const [subject, tombstone] of this.#late) this.#late.set(subject, noLaterThan(tombstone, now));
    this.#latestAt = now;
  }

  /** Entries with a higher number, in order. */
  after(seq: number): readonly (Tombstone & { readonly seq: number })[] {
    return (this.#after.all(seq) as unknown as Entry[]).map((entry) => ({ ...readEntry(entry), seq: entry.seq }));
  }

  /** What a subject has withdrawn. */
  of(subject: number): Tombstone | undefined {
    const entry = this.#of.get(subject) as unknown as Entry | undefined;
    const late = this.#late.get(subject);
    if (entry === undefined) return late;
    return late === undefined ? readEntry(entry) : merge(readEntry(entry), late);
  }

  /** Deletes entries whose last withdrawal was before `before`, unix milliseconds. */
  prune(before: number): void {
    this.#prune.run(before);
    this.#measure();
  }

  /** Deletes the oldest entries without a record until at most `bytes` are in use. False where all have a record. */
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

  /** Writes the entries that have waited, and closes. */
  close(): void {
    try {
      this.add([]);
    } finally {
      this.#db.close();
    }
  }

  /** The new number of the changed entry, and the number it had before; 0 = there was none. */
  #put(tombstone: Tombstone): { readonly seq: number; readonly before: number } {
    const entry = this.#of.get(tombstone.subject) as unknown as Entry | undefined;
    const { subject, gone, closed } = entry === undefined ? tombstone : merge(readEntry(entry), tombstone);
    const at = lastOf({ subject, gone, closed });
    const { lastInsertRowid } = this.#insert.run(subject, ...gone, JSON.stringify(closed), at);
    return { seq: Number(lastInsertRowid), before: entry?.seq ?? 0 };
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

  /** Entries that the previous version has left. */
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

const NONE_CHANGED: ReadonlySet<number> = new Set();

/** Looks entries up in another thread, beside the process's own log. */
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
