import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { tableRecords } from '../../src/outbox/sql/sqlite-pages.ts';
import { temporary } from '../support/serve.ts';

const PAGE = 4_096;
const HEADER = 8;
const ROWS = 9;
const text = (n: number): string => `${n}:${'x'.repeat(380)}`;

/** A leaf page with nine rows, of which the first of ten has been deleted. */
function leaf(): Buffer {
  const dir = temporary();
  const file = join(dir, 'some.sqlite');
  const db = new DatabaseSync(file);
  db.exec('PRAGMA page_size = 4096; PRAGMA secure_delete = ON; CREATE TABLE t (n INTEGER PRIMARY KEY, x TEXT)');
  for (let n = 0; n <= ROWS; n++) db.prepare('INSERT INTO t VALUES (?, ?)').run(n, text(n));
  db.exec('DELETE FROM t WHERE n = 0');
  db.close();
  const bytes = readFileSync(file);
  rmSync(dir, { recursive: true });
  const page = bytes.subarray(PAGE, 2 * PAGE);
  expect(page.readUInt16BE(3)).toBe(ROWS);
  return page;
}

/** Rows that are read as they were written. */
function found(page: Buffer): number {
  const rows = new Set<number>();
  for (const { rowid, values } of tableRecords(page, () => undefined))
    if (values.length === 2 && values[1] === text(rowid)) rows.add(rowid);
  return rows.size;
}

it('reads every row of a page', () => {
  expect(found(leaf())).toBe(ROWS);
});

it('loses at most one row by any flipped bit, and none by one in the head of the page', () => {
  const page = leaf();
  const tooMany: string[] = [];
  for (let bit = 0; bit < PAGE * 8; bit++) {
    const byte = bit >> 3;
    const spoilt = Buffer.from(page);
    spoilt.writeUInt8(page.readUInt8(byte) ^ (1 << (bit & 7)), byte);
    const least = byte < HEADER ? ROWS : ROWS - 1;
    if (found(spoilt) < least) tooMany.push(`bit ${bit & 7} of byte ${byte}: ${found(spoilt)} of ${ROWS} rows`);
  }
  expect(tooMany).toEqual([]);
});
