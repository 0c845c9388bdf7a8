import { crc32 } from 'node:zlib';
import type { QueuedRow } from '../../delivery/store.ts';

/** A row with what the store itself needs to end it. */
export interface StoredRow extends QueuedRow {
  readonly route: string;
  /** Empty; version 1 kept the id of the event here. */
  readonly event: string;
  /** Its group and the keys of its subjects (`subject-index.ts`). */
  readonly subjects: string;
  /** Key of its event's mark (`marks.ts`), 0 = none. */
  readonly mark: number;
}

/** The columns of `rows` in their order. */
export function valuesOf(row: StoredRow): (string | number)[] {
  const { id, route, event, acceptedAt, expiresAt, policy, signals, fields, subjects, envelope, element, mark } = row;
  const sum = checksum(id, row);
  return [id, route, event, acceptedAt, expiresAt, policy, signals, fields, subjects, envelope, element, sum, mark];
}

/** The columns of `ROW` as they are read. */
export type ReadColumns = readonly [
  id: number,
  route: string,
  event: string,
  acceptedAt: number,
  expiresAt: number,
  policy: string,
  signals: number,
  fields: string,
  subjects: string,
  envelope: string,
  element: string,
  sum: number,
  mark: number,
];
/** Which of them is the checksum. */
export const SUM = 11;
const MARK = 12;

/** A row out of its columns: an object of one shape, which what comes after reads much faster than SQLite's own. */
export function rowOf(columns: ReadColumns): StoredRow {
  const [id, route, event, acceptedAt, expiresAt, policy, signals, fields, subjects, envelope, element] = columns;
  const mark = columns[MARK];
  return { id, route, event, acceptedAt, expiresAt, policy, signals, fields, subjects, envelope, element, mark };
}

/** A row as it was read: damage may have made a number of a text. */
type ReadRow = Omit<StoredRow, 'id' | 'element'> & { readonly element: string | number };

/** CRC-32 over everything a row says, its place included. A row without a mark has the sum that version 1 gave it. */
export function checksum(id: number, row: ReadRow): number {
  const { route, event, acceptedAt, expiresAt, policy, signals, fields, subjects, envelope, element, mark } = row;
  const head = `${id}\n${route}\n${event}\n${acceptedAt}\n${expiresAt}\n${policy}\n${signals}\n${fields}\n${subjects}\n${envelope}\n${mark === 0 ? '' : `${mark}\n`}`;
  return crc32(String(element), crc32(head));
}
