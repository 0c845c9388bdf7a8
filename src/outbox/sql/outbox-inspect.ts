import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { readReason, wordsOf } from '../../core/reason.ts';
import { signalsOf } from '../../core/signals.ts';
import { ROUTE_SPAN, ROW_GROUPS, SCHEMA_VERSION } from './outbox-schema.ts';
import { forgetting } from './subject-index.ts';

/**
 * What `portvakt outbox` does. Every function opens the files of a data directory for a moment, beside a running
 * gateway or without one, and nothing it answers tells anything of a visitor: no element, no event id, no subject.
 */

/** One route's part of one outbox. */
export interface QueueInfo {
  /** File name. */
  readonly outbox: string;
  readonly route: string;
  readonly waiting: number;
  readonly dead: number;
  /** Characters that the waiting rows take. */
  readonly size: number;
  /** Age of the oldest waiting row, milliseconds; 0 = none waits. */
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

/** Which dead letters are meant; empty = all. */
export interface Which {
  readonly route?: string;
  readonly id?: number;
}

/** Sizes and ages, per outbox and route. */
export function queueInfos(dir: string, now: number): QueueInfo[] {
  return eachOutbox(dir, (db, outbox) => {
    const rows = db.prepare(`
      SELECT key AS route,
        (SELECT count(*) FROM rows WHERE id / ${ROUTE_SPAN} = n) AS waiting,
        (SELECT count(*) FROM dead WHERE id / ${ROUTE_SPAN} = n) AS dead,
        (SELECT coalesce(sum(length(element)), 0) FROM rows WHERE id / ${ROUTE_SPAN} = n) AS size,
        (SELECT min(accepted) FROM rows WHERE id / ${ROUTE_SPAN} = n) AS oldest
      FROM routes ORDER BY key`);
    return (rows.all() as unknown as (Omit<QueueInfo, 'oldestMs' | 'outbox'> & { oldest: number | null })[]).map(
      ({ oldest, ...info }) => ({ outbox, ...info, oldestMs: oldest === null ? 0 : Math.max(0, now - oldest) }),
    );
  });
}

/** Bytes of the files of all outboxes and of the record of withdrawals. */
export function bytesOnDisk(dir: string): number {
  if (!existsSync(dir)) return 0;
  const ours = readdirSync(dir).filter((name) => /^(outbox[^/]*|withdrawals)\.sqlite(-wal|-shm)?$/.test(name));
  return ours.reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
}

/** Dead letters, newest first. */
export function deadInfos(dir: string, which: Which = {}, limit = 100): DeadInfo[] {
  return eachOutbox(dir, (db, outbox) => {
    const { where, values } = conditionOf(which);
    const rows = db.prepare(`
      SELECT id, route, accepted AS acceptedAt, died AS diedAt, expires AS expiresAt, reason, signals, policy,
        length(element) AS size, retry FROM dead ${where} ORDER BY died DESC, id LIMIT ?`);
    const found = rows.all(...values, limit) as unknown as (Omit<DeadInfo, 'signals' | 'marked' | 'words'> & {
      signals: number;
      retry: number;
    })[];
    return found.map(({ signals, retry, ...info }) => ({
      ...info,
      outbox,
      words: wordsFor(info.reason),
      signals: signalsOf(signals),
      marked: retry === 1,
    }));
  });
}

function wordsFor(stored: string): string {
  const reason = readReason(stored);
  return reason === undefined ? stored : wordsOf(reason);
}

/**
 * Asks for another attempt: the gateway, running or started later, puts the rows back in their queue, where age and
 * consent are looked at again. Answers with how many.
 */
export function retryDead(dir: string, which: Which = {}): number {
  return total(dir, (db) => {
    const { where, values } = conditionOf(which);
    return Number(db.prepare(`UPDATE dead SET retry = 1 ${where}`).run(...values).changes);
  });
}

/** Deletes dead letters for good. Answers with how many. */
export function purgeDead(dir: string, which: Which = {}): number {
  return total(dir, (db) => {
    const { where, values } = conditionOf(which);
    const rows = db.prepare(`SELECT id, subjects FROM dead ${where}`).all(...values) as {
      id: number;
      subjects: string;
    }[];
    // Version 1 has no groups.
    db.exec(ROW_GROUPS);
    const forget = forgetting(db);
    const remove = db.prepare('DELETE FROM dead WHERE id = ?');
    for (const { id, subjects } of rows) {
      forget(id, subjects);
      remove.run(id);
    }
    return rows.length;
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

function eachOutbox<T>(dir: string, look: (db: DatabaseSync, outbox: string) => T[]): T[] {
  if (!existsSync(dir)) return [];
  const files = readdirSync(dir)
    .filter((name) => /^outbox[^/]*\.sqlite$/.test(name))
    .sort();
  return files.flatMap((name) => {
    const db = new DatabaseSync(join(dir, name), { timeout: 5_000 });
    try {
      const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
      // What is looked at here is the same in every version so far.
      if (version < 1 || version > SCHEMA_VERSION) return [];
      db.exec('PRAGMA secure_delete = ON; PRAGMA synchronous = FULL');
      return look(db, name);
    } finally {
      db.close();
    }
  });
}

function total(dir: string, change: (db: DatabaseSync) => number): number {
  const counts = eachOutbox(dir, (db) => {
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
