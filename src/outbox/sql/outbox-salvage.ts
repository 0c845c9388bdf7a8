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
import { checksum, type StoredRow } from './stored-row.ts';

/** What could be read where SQLite would not. Every row is one whose own checksum holds. */
export interface Rescued {
  readonly rows: Map<number, StoredRow>;
  readonly dead: Map<number, DeadRow>;
}

export interface DeadRow {
  readonly row: StoredRow;
  readonly died: number;
  readonly reason: string;
}

/** Columns of `rows`, and of `dead`, as `outbox-schema.ts` has them; before an upgrade they had no mark, the last one. */
const ROW_COLUMNS = 12;
const DEAD_COLUMNS = 15;

/**
 * Rows in the part of the write-ahead log that SQLite leaves out because something before it is damaged, or because the
 * last commit was torn. To be read before the file is opened, which throws that part away.
 */
export function rescueFromWal(file: string): Rescued & { readonly damaged: boolean } {
  const wal = readWal(readIfThere(`${file}-wal`));
  const rest = wal.frames.slice(wal.taken);
  if (rest.length === 0) return { rows: new Map(), dead: new Map(), damaged: wal.damaged };
  return withPages(file, wal.frames, (pageOf) => {
    const rescued: Rescued = { rows: new Map(), dead: new Map() };
    for (const page of latest(rest)) collect(page, pageOf, rescued);
    return { ...rescued, damaged: wal.damaged };
  });
}

/**
 * Reads everything a damaged outbox still holds, page by page, without trusting anything that leads from one page to
 * another, then sets the files aside. A flipped bit loses the row it is in.
 */
export function salvage(file: string, now: number): Rescued & { readonly asideAs: string } {
  const rescued: Rescued = { rows: new Map(), dead: new Map() };
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

/** Deletes what was set aside before `before`, unix milliseconds: what is in it has had its time. */
export function forgetAside(dir: string, before: number): void {
  for (const name of readdirSync(dir)) {
    const at = /\.sqlite\.damaged-(\d+)(-wal)?$/.exec(name)?.[1];
    if (at !== undefined && Number(at) < before) rmSync(join(dir, name), { force: true });
  }
}

/** The last version of each page; where that one is damaged, the one before as well. */
function latest(frames: readonly WalFrame[]): Buffer[] {
  const versions = new Map<number, Buffer[]>();
  for (const { page, data, good } of frames) {
    const before = versions.get(page)?.[0];
    versions.set(page, good || before === undefined ? [data] : [before, data]);
  }
  return [...versions.values()].flat();
}

function collect(page: Buffer, pageOf: PageOf, into: Rescued): void {
  for (const record of tableRecords(page, pageOf)) {
    const row = asRow(record);
    if (row === undefined) continue;
    const [died, reason] = record.values.slice(ROW_COLUMNS);
    if (record.values.length <= ROW_COLUMNS + 1) into.rows.set(row.id, row);
    else into.dead.set(row.id, { row, died: Number(died), reason: String(reason) });
  }
}

/** A record as a row, if it is one and its checksum says that it is whole. */
function asRow({ rowid, values }: TableRecord): StoredRow | undefined {
  const mark = values.length === ROW_COLUMNS || values.length === DEAD_COLUMNS ? 0 : values.at(-1);
  if (![ROW_COLUMNS, ROW_COLUMNS + 1, DEAD_COLUMNS, DEAD_COLUMNS + 1].includes(values.length)) return undefined;
  const [, route, event, acceptedAt, expiresAt, policy, signals, fields, subjects, envelope, element, sum] = values;
  const row = {
    id: rowid,
    route,
    event,
    acceptedAt,
    expiresAt,
    policy,
    signals,
    fields,
    subjects,
    envelope,
    element,
    mark,
  };
  const texts = [route, event, policy, fields, subjects, envelope, element];
  if (!texts.every((text) => typeof text === 'string')) return undefined;
  // The sum covers every column, so what matches it has the types it was written with.
  return checksum(rowid, row as StoredRow) === sum ? (row as StoredRow) : undefined;
}

function readIfThere(path: string): Buffer {
  return existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
}

/** Gives access to pages as they are now: from the log where it has them, else from the file. */
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
