import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makePrivate } from '../../../outbox/sql/outbox-schema.ts';
import { Unusable } from './unusable.ts';

/**
 * One gateway a data directory, because two would send everything twice. The lock is one of the operating system (an
 * open exclusive transaction on an empty SQLite file), which ends with the process in any case. The name of the holder
 * is beside it for people to read, and decides nothing.
 */
export interface DataLock {
  readonly release: () => void;
}

const LOCK = 'lock';
const HOLDER = 'lock.json';
const SQLITE_BUSY = 5;

/**
 * Takes the directory for this gateway. Processes of one gateway (`--processes`) are covered by their supervisor. Each
 * has a lock of its own too, so that none is left over from a supervisor that has died.
 * @throws Unusable where another gateway has it
 */
export function lockData(dir: string): DataLock {
  const lock = take(join(dir, LOCK));
  if (lock === undefined) {
    throw new Unusable(
      `another gateway runs on the data directory ${dir}${holderOf(dir)}; two would send every event twice. Stop it, or choose another directory with --data`,
    );
  }
  const left = readdirSync(dir).find((name) => /^lock-\d+$/.test(name) && !isFree(join(dir, name)));
  if (left !== undefined) {
    lock.close();
    throw new Unusable(
      `a process of the gateway that ran on the data directory ${dir} before is still delivering; it ends within seconds: try again`,
    );
  }
  writeFileSync(join(dir, HOLDER), JSON.stringify({ pid: process.pid, host: hostname() }), { mode: 0o600 });
  return { release: () => lock.close() };
}

/** The lock of one of several processes of a gateway.\n@throws Unusable where another process has it */
export function lockMember(dir: string, index: number): DataLock {
  const lock = take(join(dir, `${LOCK}-${index}`));
  if (lock === undefined) throw new Unusable(`another process ${index} runs on the data directory ${dir}`);
  return { release: () => lock.close() };
}

function take(file: string): DatabaseSync | undefined {
  makePrivate(file);
  const db = new DatabaseSync(file, { timeout: 0 });
  try {
    db.exec('BEGIN EXCLUSIVE');
    return db;
  } catch (error) {
    db.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
}

function isFree(file: string): boolean {
  const lock = take(file);
  lock?.close();
  return lock !== undefined;
}

/** The holder, as far as the name can be read. */
function holderOf(dir: string): string {
  try {
    const { pid, host } = JSON.parse(readFileSync(join(dir, HOLDER), 'utf8')) as { pid?: unknown; host?: unknown };
    return typeof pid === 'number' && typeof host === 'string' ? ` (process ${pid} on ${host})` : '';
  } catch {
    return '';
  }
}
