import { StoreDamaged } from '../commit.ts';

const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** Another connection is writing. */
export function isBusy(error: unknown): boolean {
  return primaryCode(error) === SQLITE_BUSY;
}

/** The content of the file cannot be what was written. */
export function isDamage(error: unknown): boolean {
  if (error instanceof StoreDamaged) return true;
  // A number that node:sqlite cannot return. No such large number was written.
  if (error instanceof RangeError && 'code' in error && error.code === 'ERR_OUT_OF_RANGE') return true;
  const primary = primaryCode(error);
  return primary === SQLITE_CORRUPT || primary === SQLITE_NOTADB;
}

/** The system's own code of an error, for the log. The message is left out, because it may hold a path. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'errcode' in error ? `sqlite ${String(error.errcode)}` : 'failed';
}

/** SQLite's code of an error, without the part beyond its kind. */
function primaryCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}
