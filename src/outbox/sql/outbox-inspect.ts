import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { readReason, wordsOf } from '../../core/reason.ts';
import { signalsOf } from '../../core/signals.ts';
import { queuedRows } from './old-rows.ts';
import { eachOf } from './open-database.ts';
import { SCHEMA_VERSION } from './outbox-schema.ts';
import { keyOf } from '../record.ts';
import { recordOf, type RecordColumns } from './stored-record.ts';

/**
 * What `portvakt outbox` does. Every function opens the files of a data directory for a moment, beside a running
 * gateway or without one, and nothing it answers tells anything of a visitor: no field of an event, no subject. Of a file of an
 * earlier version, which may still be in use by it, only what waits is counted.
 */

/** One route's part of one outbox. */
export interface QueueInfo {
  /** File name. */
  readonly outbox: string;
  readonly route: string;
  readonly waiting: number;
  /** Events that the vendor has taken, and that stay until it has said what it made of them; not among those waiting. */
  readonly awaiting: number;
  readonly dead: number;
  /** Characters that the waiting events take; one that waits for several routes counts for each. */
  readonly size: number;
  /** Age of the oldest waiting event, milliseconds; 0 = none waits. */
  readonly oldestMs: number;
}

/** A dead letter, without what is in it. */
export interface DeadInfo {
  readonly outbox: string;
  readonly id: number;
  readonly route: string;
  /** Unix milliseconds. */
  readonly acceptedAt: number;
  readonly diedAt: number;
  readonly expiresAt: number;
  /** Why, as `showReason` wrote it; words only where an earlier version buried it. */
  readonly reason: string;
  /** What the reason says. */
  readonly words: string;
  readonly signals: readonly string[];
  readonly policy: string;
  /** Characters. */
  readonly size: number;
  /** A retry has been asked for and the gateway has not come to it yet. */
  readonly marked: boolean;
}

/** Dead letters of a file that an earlier version has written: a gateway of this version takes them over first. */
export class EarlierVersion extends Error {
  override readonly name = 'EarlierVersion';
  constructor(outbox: string) {
    super(`${outbox} was written by an earlier version; start the gateway once, which takes over what waits in it`);
  }
}

/** Which dead letters are meant; empty = all. */
export interface Which {
  readonly route?: string;
  readonly id?: number;
}

/** Sizes and ages, per outbox and route. */
export function queueInfos(dir: string, now: number): QueueInfo[] {
  return eachOutbox(dir, (db, outbox, version) => {
    if (version < SCHEMA_VERSION) return queuedRows(db, now).map((info) => ({ outbox, awaiting: 0, ...info }));
    const routes = new Map<string, Mutable<QueueInfo>>();
    const of = (route: string): Mutable<QueueInfo> => {
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
      const record = recordOf(columns);
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

/** Dead letters, newest first. */
export function deadInfos(dir: string, which: Which = {}, limit = 100): DeadInfo[] {
  return eachOutbox(dir, (db, outbox, version) => {
    if (version < SCHEMA_VERSION) throw new EarlierVersion(outbox);
    const { where, values } = conditionOf(which);
    const letters = db.prepare(
      `SELECT id, head, body, sum, route, died, reason, retry FROM dead_letters ${where} ORDER BY died DESC, id LIMIT ?`,
    );
    letters.setReturnArrays(true);
    return (letters.all(...values, limit) as unknown as DeadColumns[]).flatMap((columns) => {
      const [id, head, body, sum, route, diedAt, reason, retry] = columns;
      const letter = recordOf([id, head, body, sum]);
      const [decided] = letter?.routes ?? [];
      // A damaged one is deleted when the gateway comes to it.
      if (letter === undefined || decided === undefined) return [];
      const { acceptedAt, policy } = letter;
      const { expiresAt, signals } = decided;
      const said = { reason, words: wordsFor(reason), signals: signalsOf(signals), policy };
      return [{ outbox, id, route, acceptedAt, diedAt, expiresAt, ...said, size: body.length, marked: retry === 1 }];
    });
  });
}

type DeadColumns = readonly [...RecordColumns, route: string, died: number, reason: string, retry: number];

function wordsFor(stored: string): string {
  const reason = readReason(stored);
  return reason === undefined ? stored : wordsOf(reason);
}

/**
 * Asks for another attempt: the gateway, running or started later, puts the events back in their queue, where age and
 * consent are looked at again. Answers with how many.
 */
export function retryDead(dir: string, which: Which = {}): number {
  return total(dir, (db) => {
    const { where, values } = conditionOf(which);
    return Number(db.prepare(`UPDATE dead_letters SET retry = 1 ${where}`).run(...values).changes);
  });
}

/** Deletes dead letters for good. Answers with how many. */
export function purgeDead(dir: string, which: Which = {}): number {
  return total(dir, (db) => {
    const { where, values } = conditionOf(which);
    const letters = db.prepare(`SELECT id, head, body, sum FROM dead_letters ${where}`);
    letters.setReturnArrays(true);
    const found = letters.all(...values) as unknown as RecordColumns[];
    const forget = db.prepare('DELETE FROM record_subjects WHERE subject = ? AND record = ?');
    const remove = db.prepare('DELETE FROM dead_letters WHERE id = ?');
    for (const columns of found) {
      for (const key of recordOf(columns)?.subjects ?? []) forget.run(key, columns[0]);
      remove.run(columns[0]);
    }
    return found.length;
  });
}

function conditionOf({ route, id }: Which): { where: string; values: (string | number)[] } {
  const parts: string[] = [];
  const values: (string | number)[] = [];
  if (route !== undefined) {
    parts.push('route = ?');
    values.push(route);
  }
  if (id !== undefined) {
    parts.push('id = ?');
    values.push(id);
  }
  return { where: parts.length === 0 ? '' : `WHERE ${parts.join(' AND ')}`, values };
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
