import { existsSync, renameSync } from 'node:fs';
import type { StoredRow } from './outbox-sqlite.ts';

/** Placeholder until the page reader below exists. */
export function walDamaged(_file: string): boolean {
  return false;
}
export function salvage(file: string): { rows: Map<number, StoredRow>; asideAs: string } {
  const asideAs = `${file}.damaged-${Date.now()}`;
  for (const suffix of ['', '-wal', '-shm']) if (existsSync(file + suffix)) renameSync(file + suffix, asideAs + suffix);
  return { rows: new Map(), asideAs };
}
