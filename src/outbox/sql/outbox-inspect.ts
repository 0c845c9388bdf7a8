import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { queuedRows } from './old-rows.ts';
import { eachOf } from './open-database.ts';
import { SCHEMA_VERSION, STATEMENTS } from './outbox-schema.ts';
import type { DeadLetter, DeadLetters, Which } from '../dead-letters.ts';
import { lettersOf } from './dead-letters.ts';
import type { DeadColumns } from './records.ts';
import { keyOf } from '../record.ts';
import { recordFrom, type RecordColumns } from './stored-record.ts';

/**
 * The functions behind `portvakt outbox`. Each opens the files of a data directory for a moment, beside a running
 * gateway or without one. No answer says anything about a visitor: no field of an event, no subject. In a file of an
 * earlier version, which that version may still use, only the waiting events are counted.
 */

/** One route's part of one outbox. */
export interface QueueInfo {
  /** File name; on Workers, the site. */
  readonly outbox: string;
  readonly route: string;
  readonly waiting: number;
  /**
   * Events that the vendor has taken and that stay until its verdict; they are not among the waiting ones. Undefined
   * where the engine does not count them, as with `size`.
   */
  readonly awaiting?: number;
  readonly dead: number;
  /** Characters of the waiting events. An event that waits for several routes counts for each. */
  readonly size?: number;
  /** Age of the oldest waiting event, milliseconds; 0 = none waits. */
  readonly oldestMs: number;
}

/** A dead letter, and the file it is in. */
export interface DeadInfo extends DeadLetter {
  readonly outbox: string;
}

/** Dead letters of a file of an earlier version: a gateway of this version has to take them over first. */
export class EarlierVersion extends Error {
  override readonly name = 'EarlierVersion';
  constructor(outbox: string) {
    super(
      `${outbox} was written by an earlier version; start the gateway once, which takes over the events that wait in it`,
    );
  }
}

/** Sizes and ages, per outbox and route. */
export function queueInfos(dir: string, now: number): QueueInfo[] {
  return eachOutbox(dir, (db, outbox, version) => {
    if (version < SCHEMA_VERSION) return queuedRows(db, now).map((info) => ({ outbox, awaiting: 0, ...info }));
    const routes = new Map<string, Required<Mutable<QueueInfo>>>();
    const of = (route: string): Required<Mutable<QueueInfo>> => {
      const info = routes.get(route) ?? { outbox, route, waiting: 0, awaiting: 0, dead: 0, size: 0, oldestMs: 0 };
      routes.set(route, info);
      return info;
    };
    for (const { key } of db.prepare('SELECT key FROM routes').all() as { key: string }[]) of(key);
    const dead = db.prepare('SELECT route, count(*) AS n FROM dead_letters GROUP BY route').all();
    for (const { route, n } of dead as { route: string; n: number }[]) of(route).dead = n;
    const records = db.prepare('SELECT id, head, body, sum FROM records WHERE id > ? ORDER BY id LIMIT ?');
    records.setReturnArrays(true);
    for (const columns of eachOf<RecordColumns>(records)) {
      const record = recordFrom(columns);
      for (const route of record?.routes ?? []) {
        if (record === undefined) continue;
        const info = of(keyOf(record, route));
        if (route.awaiting === undefined) info.waiting++;
        else info.awaiting++;
        info.size += record.body.length;
        info.oldestMs = Math.max(info.oldestMs, now - record.acceptedAt);
      }
    }
    return [...routes.values()].sort((a, b) => (a.route < b.route ? -1 : 1));
  });
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Bytes of the files of all outboxes and of the record of withdrawals. */
export function bytesOnDisk(dir: string): number {
  if (!existsSync(dir)) return 0;
  const ours = readdirSync(dir).filter((name) => /^(outbox[^/]*|withdrawals)\.sqlite(-wal|-shm)?$/.test(name));
  return ours.reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
}

/** The outboxes that `portvakt outbox` works with: those of a data directory, or of another engine. */
export interface Inspected {
  readonly queues: (now: number) => readonly QueueInfo[] | Promise<readonly QueueInfo[]>;
  /** Bytes on the disk. */
  readonly bytes: () => number | Promise<number>;
  readonly dead: DeadLetters;
}

/** The outboxes of a data directory. */
export function outboxesIn(dir: string): Inspected {
  return {
    queues: (now) => queueInfos(dir, now),
    bytes: () => bytesOnDisk(dir),
    dead: {
      list: (which, limit) => deadInfos(dir, which, limit),
      retry: (which) => retryDead(dir, which),
      purge: (which) => purgeDead(dir, which),
    },
  };
}

/** Dead letters; of each outbox the newest first. */
export function deadInfos(dir: string, which: Which = {}, limit = 100): DeadInfo[] {
  return eachOutbox(dir, (db, outbox, version) => {
    if (version < SCHEMA_VERSION) throw new EarlierVersion(outbox);
    const statement = db.prepare(STATEMENTS.listDead);
    statement.setReturnArrays(true);
    return lettersOf(statement, which, limit).map((letter) => ({ outbox, ...letter }));
  });
}

/** Asks for another attempt (`DeadLetters`). The gateway, running or started later, makes it. */
export function retryDead(dir: string, which: Which = {}): number {
  return total(dir, (db) => Number(db.prepare(STATEMENTS.askDead).run(which.route ?? null, which.id ?? null).changes));
}

/** How many dead letters one transaction deletes, because on a full disk the log has no room for all of them. */
const DELETED_AT_ONCE = 128;

/** Deletes dead letters for good. Returns how many. */
export function purgeDead(dir: string, which: Which = {}): number {
  let purged = 0;
  for (let last = DELETED_AT_ONCE; last > 0; purged += last) last = total(dir, (db) => purgeSome(db, which));
  return purged;
}

function purgeSome(db: DatabaseSync, { route, id }: Which): number {
  const letters = db.prepare(STATEMENTS.chosenDead);
  letters.setReturnArrays(true);
  const found = letters.all(route ?? null, id ?? null, DELETED_AT_ONCE) as unknown as DeadColumns[];
  const forget = db.prepare('DELETE FROM record_subjects WHERE subject = ? AND record = ?');
  const remove = db.prepare(STATEMENTS.deleteDead);
  for (const [letter, head, body, sum] of found) {
    for (const key of recordFrom([letter, head, body, sum])?.subjects ?? []) forget.run(key, letter);
    remove.run(letter);
  }
  return found.length;
}

function eachOutbox<T>(dir: string, look: (db: DatabaseSync, outbox: string, version: number) => T[]): T[] {
  if (!existsSync(dir)) return [];
  const files = readdirSync(dir)
    .filter((name) => /^outbox[^/]*\.sqlite$/.test(name))
    .sort();
  return files.flatMap((name) => {
    const db = new DatabaseSync(join(dir, name), { timeout: 5_000 });
    try {
      const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
      if (version < 1 || version > SCHEMA_VERSION) return [];
      db.exec('PRAGMA secure_delete = ON; PRAGMA synchronous = FULL');
      return look(db, name, version);
    } finally {
      db.close();
    }
  });
}

function total(dir: string, change: (db: DatabaseSync) => number): number {
  const counts = eachOutbox(dir, (db, outbox, version) => {
    if (version < SCHEMA_VERSION) throw new EarlierVersion(outbox);
    db.exec('BEGIN IMMEDIATE');
    try {
      const changed = change(db);
      db.exec('COMMIT');
      return [changed];
    } catch (error) {
      db.exec('ROLLBACK');
      throw error;
    }
  });
  return counts.reduce((sum, n) => sum + n, 0);
}
