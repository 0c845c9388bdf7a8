import { IDENTIFIERS } from '../../destinations/identifiers.ts';
import type { Destination } from '../core/destination.ts';
import type { FieldName } from '../core/fields.ts';
import { ownFields } from '../core/identifiers.ts';
import type { Passage } from '../core/view.ts';
import { FIELDS, FIELD_NAMES } from './fields.ts';

/** A field whose removal is recorded as a proof. */
export interface GuardedField {
  readonly field: FieldName;
  /** Its own bit in a set of guarded fields. */
  readonly bit: bigint;
  /** It may be missing in the raw hit, because it is made of cookies, headers and the page's address. */
  readonly derived: boolean;
}

const CLASSES: ReadonlySet<string> = new Set(['network', 'session', 'identifier', 'click_id', 'user_data']);
const OTHERS: ReadonlySet<string> = new Set(['user_agent', 'client_hints', 'transaction_id']);
const DERIVED: ReadonlySet<string> = new Set([
  'ip',
  'country',
  'client_id',
  'session_id',
  'own_id',
  'google_click_params',
  'user_agent',
  ...ownFields(IDENTIFIERS).keys(),
]);

/** These fields, each with a bit of its own, however many there are. */
export function guardedAmong(fields: readonly FieldName[]): readonly GuardedField[] {
  return fields.map((field, place) => ({ field, bit: 1n << BigInt(place), derived: DERIVED.has(field) }));
}

/** All fields about a visitor. */
export const GUARDED: readonly GuardedField[] = guardedAmong(
  FIELD_NAMES.filter((field) => CLASSES.has(FIELDS[field].class) || OTHERS.has(field)),
);

/** The fields about a visitor that a destination reads and a permit with these passages does not pass. */
export function shutFields({ reads }: Pick<Destination, 'reads'>, open: readonly Passage[]): readonly GuardedField[] {
  const passing = new Set(open.flatMap(({ field, from }) => [field, from]));
  return GUARDED.filter(({ field }) => Object.hasOwn(reads, field) && !passing.has(field));
}
