import { crc32 } from 'node:zlib';
import type { StoredRecord, StoredRoute } from '../record.ts';

/** A record in its table. */
export type RecordColumns = readonly [id: number, head: string, body: string, sum: number];

type HeadRoute = readonly [
  name: string,
  type: string,
  signals: number,
  fields: string,
  limited: 0 | 1 | null,
  expiresAt: number,
  mark: number,
  params: readonly string[] | null,
  /** Only if the vendor has taken the event, or if a rule follows. */
  awaiting?: readonly [ticket: string, at: number, again: 0 | 1] | null,
  rule?: string,
];
type Head = readonly [
  site: string,
  acceptedAt: number,
  decidedAt: number,
  policy: string,
  subjects: readonly number[],
  routes: readonly HeadRoute[],
  consentDay?: number | null,
];

/** The columns of a record. */
export function columnsOf(record: StoredRecord): RecordColumns {
  const { id, site, acceptedAt, decidedAt, consentDay, policy, subjects, body } = record;
  const routes = record.routes.map((route): HeadRoute => {
    const { name, type, signals, fields, limited, expiresAt, mark, params, awaiting, rule } = route;
    const form = limited === undefined ? null : limited ? 1 : 0;
    const own = [name, type, signals, fields, form, expiresAt, mark, params ?? null] as const;
    if (awaiting === undefined && rule === undefined) return own;
    const taken = awaiting === undefined ? null : ([awaiting.ticket, awaiting.at, awaiting.again ? 1 : 0] as const);
    return rule === undefined ? [...own, taken] : [...own, taken, rule];
  });
  const head: Head = [site, acceptedAt, decidedAt, policy, subjects, routes, consentDay ?? null];
  const text = JSON.stringify(head);
  return [id, text, body, checksum(id, text, body)];
}

/** A record from its columns; undefined where its checksum shows damage. */
export function recordFrom([id, head, body, sum]: RecordColumns): StoredRecord | undefined {
  // Damage may have changed the type of a text.
  if (typeof head !== 'string' || typeof body !== 'string' || checksum(id, head, body) !== sum) return undefined;
  const [site, acceptedAt, decidedAt, policy, subjects, written, day] = JSON.parse(head) as Head;
  const routes = written.map((route): StoredRoute => {
    const [name, type, signals, fields, limited, expiresAt, mark, params, taken, rule] = route;
    const form = limited === null ? undefined : limited === 1;
    const awaiting = taken ? { ticket: taken[0], at: taken[1], again: taken[2] === 1 } : undefined;
    return { name, type, signals, fields, limited: form, expiresAt, mark, params: params ?? undefined, awaiting, rule };
  });
  return { id, site, acceptedAt, decidedAt, consentDay: day ?? undefined, policy, subjects, routes, body };
}

/** CRC-32 of all columns of a record, its id included. */
export function checksum(id: number, head: string, body: string): number {
  return crc32(body, crc32(`${id}\n${head}\n`));
}
