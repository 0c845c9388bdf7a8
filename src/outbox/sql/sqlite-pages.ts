import { PAGE_SIZE } from './outbox-schema.ts';

/** A value of a record; blobs and floats do not occur in these tables. */
export type Value = string | number | null;

export interface TableRecord {
  readonly rowid: number;
  readonly values: readonly Value[];
}

/** A page by its number, from 1; undefined = it does not exist. */
export type PageOf = (page: number) => Buffer | undefined;

const LEAF_HEADER = 8;
/** Formulas of sqlite.org/fileformat2.html 1.6 for pages without reserved bytes. */
const MAX_LOCAL = PAGE_SIZE - 35;
const MIN_LOCAL = Math.floor(((PAGE_SIZE - 12) * 32) / 255) - 23;
const OVERFLOW = PAGE_SIZE - 4;

/**
 * The records of one leaf page of a table. Nothing is trusted, not even that the page is a leaf: cells that do not fit
 * are left out. The caller finds out from a record which table it belongs to and whether it is complete.
 */
export function* tableRecords(page: Buffer, pageOf: PageOf): Generator<TableRecord> {
  const cells = page.readUInt16BE(3);
  const contentStart = page.readUInt16BE(5);
  let lowest = PAGE_SIZE;
  for (let i = 0; LEAF_HEADER + i * 2 + 2 <= PAGE_SIZE; i++) {
    const cell = page.readUInt16BE(LEAF_HEADER + i * 2);
    // If no cell begins at the start of the content, the number of cells may be too small, and there are more.
    if (i >= cells && (lowest === contentStart || cell === 0 || cell >= PAGE_SIZE)) return;
    lowest = Math.min(lowest, cell);
    const record = readCell(page, cell, pageOf);
    if (record !== undefined) yield record;
  }
}

function readCell(page: Buffer, at: number, pageOf: PageOf): TableRecord | undefined {
  try {
    const [size, afterSize] = varint(page, at);
    const [rowid, start] = varint(page, afterSize);
    const payload = readPayload(page, start, size, pageOf);
    return payload === undefined ? undefined : { rowid, values: readRecord(payload) };
  } catch {
    // Out of bounds: this cell is damaged.
    return undefined;
  }
}

function readPayload(page: Buffer, start: number, size: number, pageOf: PageOf): Buffer | undefined {
  if (size <= MAX_LOCAL) return start + size <= PAGE_SIZE ? page.subarray(start, start + size) : undefined;
  if (size > 64 * 1024 * 1024) return undefined;
  const fitting = MIN_LOCAL + ((size - MIN_LOCAL) % OVERFLOW);
  const local = fitting <= MAX_LOCAL ? fitting : MIN_LOCAL;
  const parts = [page.subarray(start, start + local)];
  let left = size - local;
  let next = page.readUInt32BE(start + local);
  while (left > 0) {
    const overflow = pageOf(next);
    if (overflow === undefined) return undefined;
    parts.push(overflow.subarray(4, 4 + Math.min(left, OVERFLOW)));
    left -= OVERFLOW;
    next = overflow.readUInt32BE(0);
  }
  return Buffer.concat(parts);
}

function readRecord(payload: Buffer): Value[] {
  const [headerSize, first] = varint(payload, 0);
  const values: Value[] = [];
  let at = headerSize;
  for (let header = first; header < headerSize; ) {
    const [type, next] = varint(payload, header);
    header = next;
    const [value, size] = readValue(payload, at, type);
    values.push(value);
    at += size;
  }
  return values;
}

const INT_SIZES = [0, 1, 2, 3, 4, 6, 8];

function readValue(payload: Buffer, at: number, type: number): [Value, number] {
  if (type === 0) return [null, 0];
  if (type === 8 || type === 9) return [type - 8, 0];
  const intSize = INT_SIZES[type];
  if (intSize !== undefined) {
    const value = intSize === 8 ? Number(payload.readBigInt64BE(at)) : payload.readIntBE(at, intSize);
    return [value, intSize];
  }
  if (type >= 13 && type % 2 === 1) {
    const size = (type - 13) / 2;
    if (at + size > payload.length) throw new RangeError('a text beyond its record');
    return [payload.toString('utf8', at, at + size), size];
  }
  throw new RangeError('a type these tables do not have');
}

/** Big-endian base 128, at most nine bytes of which the last holds eight bits. */
function varint(bytes: Buffer, start: number): [value: number, next: number] {
  let value = 0;
  for (let i = 0; i < 8; i++) {
    const byte = bytes.readUInt8(start + i);
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return [value, start + i + 1];
  }
  return [value * 256 + bytes.readUInt8(start + 8), start + 9];
}
