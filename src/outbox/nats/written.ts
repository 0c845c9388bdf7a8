import type { Doubt } from './doubts.ts';
import type { StoredRecord, StoredRoute } from '../record.ts';
import type { Tombstone } from '../tombstone.ts';

/** A record as the brokers store it. The gateway that reads it gives it an id. */
export interface KeptRecord extends Omit<StoredRecord, 'id'> {
  /** Its mark is kept for 48 h (`OutboxRecord.lasting`). */
  readonly lasting: boolean;
  /** For a record that was written again: the sequence of its first message, which is its place in the order. */
  readonly place?: number | undefined;
  /** Other places where it may be stored. It is sent only when it is certain that none of them has it. */
  readonly doubts?: readonly Doubt[] | undefined;
}

/** A dead letter, with one route. */
export interface KeptLetter {
  readonly record: KeptRecord;
  /** Unix milliseconds. */
  readonly died: number;
  /** As `showReason` wrote it. */
  readonly reason: string;
  /** A person has asked for another attempt. */
  readonly retry: boolean;
}

/** A mark: an event was stored, and for which routes. */
export interface KeptMark {
  /** Unix milliseconds. */
  readonly at: number;
  readonly routes: readonly string[];
}

/** By record: its key, and the names of routes on which it has ended. */
export type KeptEnds = readonly (readonly [key: string, ...routes: string[]])[];

/** Version of the form of all of these: a later version writes another number. */
const VERSION = 1;

export function write(what: KeptRecord | KeptLetter | KeptMark | KeptEnds | Omit<Tombstone, 'subject'>): string {
  return JSON.stringify([VERSION, what]);
}

export function readRecord(text: string | undefined): KeptRecord | undefined {
  const record = read(text) as KeptRecord | undefined;
  return record === undefined || !Array.isArray(record.routes) ? undefined : whole(record);
}

export function readLetter(text: string | undefined): KeptLetter | undefined {
  const letter = read(text) as KeptLetter | undefined;
  return Array.isArray(letter?.record?.routes) ? { ...letter, record: whole(letter.record) } : undefined;
}

export function readMark(text: string): KeptMark | undefined {
  const mark = read(text) as KeptMark | undefined;
  return Array.isArray(mark?.routes) ? mark : undefined;
}

export function readEnded(text: string): KeptEnds {
  const ends = read(text);
  return Array.isArray(ends) ? ends : [];
}

export function readTombstone(subject: number, text: string): Tombstone | undefined {
  const tombstone = read(text) as Tombstone | undefined;
  return Array.isArray(tombstone?.gone) ? { ...tombstone, subject } : undefined;
}

function read(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    const [version, what] = JSON.parse(text) as [number, unknown];
    return version === VERSION && typeof what === 'object' && what !== null ? what : undefined;
  } catch {
    return undefined;
  }
}

/** JSON leaves out undefined values; the type has them as keys. */
function whole(record: KeptRecord): KeptRecord {
  const routes = record.routes.map(
    (route): StoredRoute => ({ ...route, limited: route.limited, params: route.params }),
  );
  return { ...record, consentDay: record.consentDay, routes };
}

export function withoutId<R extends { readonly id: number }>({ id: _id, ...rest }: R): Omit<R, 'id'> {
  return rest;
}
