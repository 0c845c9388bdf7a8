import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { PAGE_SIZE } from './outbox-schema.ts';
import { tableRecords, type PageOf, type TableRecord } from './sqlite-pages.ts';
import { readWal, type WalFrame } from './sqlite-wal.ts';
import { OLD_DEAD, OLD_ROW, recordOfRow } from './old-rows.ts';
import { recordFrom, type RecordColumns } from './stored-record.ts';
import type { StoredRecord } from '../record.ts';

/**
 * The records that could be read where SQLite would not read them. The checksum of each is correct. Records of an
 * earlier version have ids below 0, and no place here yet.
 */
export interface Rescued {
  readonly records: Map<number, StoredRecord>;
  readonly dead: Map<number, DeadRecord>;
}

export interface DeadRecord {
  readonly record: StoredRecord;
  readonly died: number;
  readonly reason: string;
}

/** How many columns a record and a dead letter have in their tables (`outbox-schema.ts`). */
const RECORD_COLUMNS = 4;
const DEAD_COLUMNS = 8;

/**
 * Records in the part of the write-ahead log that SQLite does not use, because of damage before it or because the last
 * commit was torn. To be read before the file is opened, because opening deletes that part.
 */
export function rescueFromWal(file: string): Rescued & { readonly damaged: boolean } {
  const wal = readWal(readIfThere(`${file}-wal`));
  const rest = wal.frames.slice(wal.taken);
  if (rest.length === 0) return { records: new Map(), dead: new Map(), damaged: wal.damaged };
  return withPages(file, wal.frames, (pageOf) => {
    const rescued: Rescued = { records: new Map(), dead: new Map() };
    for (const page of latest(rest)) collect(page, pageOf, rescued);
    return { ...rescued, damaged: wal.damaged };
  });
}

/**
 * Reads all that a damaged outbox still holds, page by page, without trusting any reference from one page to another.
 * Then it sets the files aside. A flipped bit costs the record it is in.
 */
export function salvage(file: string, now: number): Rescued & { readonly asideAs: string } {
  const rescued: Rescued = { records: new Map(), dead: new Map() };
  const { frames } = readWal(readIfThere(`${file}-wal`));
  const newer = new Set(frames.map(({ page }) => page));
  withPages(file, frames, (pageOf, inFile) => {
    for (let page = 2; page <= inFile; page++) {
      const data = newer.has(page) ? undefined : pageOf(page);
      if (data !== undefined) collect(data, pageOf, rescued);
    }
    for (const page of latest(frames)) collect(page, pageOf, rescued);
  });
  const asideAs = `${file}.damaged-${now}`;
  for (const suffix of ['', '-wal']) if (existsSync(file + suffix)) renameSync(file + suffix, asideAs + suffix);
  rmSync(`${file}-shm`, { force: true });
  return { ...rescued, asideAs };
}

/** Deletes files that were set aside before `before`, unix milliseconds: the time of all their records is over. */
export function forgetAside(dir: string, before: number): void {
  for (const name of readdirSync(dir)) {
    const at = /\.sqlite\.damaged-(\d+)(-wal)?$/.exec(name)?.[1];
    if (at !== undefined && Number(at) < before) rmSync(join(dir, name), { force: true });
  }
}

/** The last version of each page; where that version is damaged, also the one before. */
function latest(frames: readonly WalFrame[]): Buffer[] {
  const versions = new Map<number, Buffer[]>();
  for (const { page, data, good } of frames) {
    const before = versions.get(page)?.[0];
    versions.set(page, good || before === undefined ? [data] : [before, data]);
  }
  return [...versions.values()].flat();
}

function collect(page: Buffer, pageOf: PageOf, into: Rescued): void {
  for (const found of tableRecords(page, pageOf)) {
    const { length } = found.values;
    if (length === RECORD_COLUMNS || length === DEAD_COLUMNS) collectRecord(found, into);
    else collectOld(found, into);
  }
}

function collectRecord({ rowid, values }: TableRecord, { records, dead }: Rescued): void {
  const [, head, body, sum, , died, reason] = values;
  const record = recordFrom([rowid, head, body, sum] as unknown as RecordColumns);
  if (record === undefined) return;
  if (values.length === RECORD_COLUMNS) records.set(rowid, record);
  else dead.set(rowid, { record, died: Number(died), reason: String(reason) });
}

/** A row of an earlier version. */
function collectOld({ rowid, values }: TableRecord, { records, dead }: Rescued): void {
  const isRow = values.length >= OLD_ROW.least && values.length <= OLD_ROW.most;
  const isDead = values.length >= OLD_DEAD.least && values.length <= OLD_DEAD.most;
  if (!isRow && !isDead) return;
  // In a dead letter the columns of its death are between the sum and the mark, which an upgrade added at the end.
  const [died, reason] = values.slice(OLD_ROW.least);
  const mark = values.length === OLD_ROW.most || values.length === OLD_DEAD.most ? values.at(-1) : 0;
  const made = recordOfRow([...values.slice(0, OLD_ROW.least), mark], rowid);
  if (made === undefined) return;
  const record = { ...made, id: -rowid };
  if (isRow) records.set(-rowid, record);
  else dead.set(-rowid, { record, died: Number(died), reason: String(reason) });
}

function readIfThere(path: string): Buffer {
  return existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
}

/** Reads the current pages: from the log where it has them, else from the file. */
function withPages<T>(file: string, frames: readonly WalFrame[], use: (pageOf: PageOf, inFile: number) => T): T {
  const newer = new Map(frames.map(({ page, data }) => [page, data]));
  if (!existsSync(file)) return use((page) => newer.get(page), 0);
  const fd = openSync(file, 'r');
  try {
    const inFile = Math.ceil(fstatSync(fd).size / PAGE_SIZE);
    const fromFile = (page: number): Buffer | undefined => {
      if (page < 1 || page > inFile) return undefined;
      const data = Buffer.alloc(PAGE_SIZE);
      readSync(fd, data, 0, PAGE_SIZE, (page - 1) * PAGE_SIZE);
      return data;
    };
    return use((page) => newer.get(page) ?? fromFile(page), inFile);
  } finally {
    closeSync(fd);
  }
}
