import { IDENTIFIERS } from '../../destinations/identifiers.ts';
import type { FieldName } from '../core/fields.ts';
import { FIELDS, FIELD_NAMES } from '../policy/fields.ts';
import { ownFields } from '../core/identifiers.ts';
import { GATE_MASK, type SignalMask } from '../core/signals.ts';
import type { EventTrace } from '../decide/trace.ts';
import type { Route } from '../policy/gateway.ts';

/** A set of guarded fields, a bit for each, however many there are. */
export type GuardedFields = bigint;

export const NOTHING_REMOVED: GuardedFields = 0n;

/** A field whose removal is recorded as a proof. */
interface Guarded {
  readonly field: FieldName;
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

/** All fields about a visitor. */
const GUARDED: readonly Guarded[] = guardedAmong(
  FIELD_NAMES.filter((field) => CLASSES.has(FIELDS[field].class) || OTHERS.has(field)),
);

/** These fields, each with a bit of its own. */
export function guardedAmong(fields: readonly FieldName[]): readonly Guarded[] {
  return fields.map((field, place) => ({ field, bit: 1n << BigInt(place), derived: DERIVED.has(field) }));
}

/** The names in a set. */
export function namesOf(removed: GuardedFields, guarded: readonly Guarded[] = GUARDED): FieldName[] {
  return guarded.filter(({ bit }) => (removed & bit) !== 0n).map(({ field }) => field);
}

/** By route, and by the four gate signals: the guarded fields that it reads and this consent keeps shut. */
const shutBy = new WeakMap<Route, readonly (readonly Guarded[])[]>();

function shutFor(route: Route, signals: SignalMask): readonly Guarded[] {
  let shut = shutBy.get(route);
  if (shut === undefined) {
    const reads = GUARDED.filter(({ field }) => Object.hasOwn(route.destination.reads, field));
    shut = route.permits.map(({ open }) => {
      const passing = new Set(open.flatMap(({ field, from }) => [field, from]));
      return reads.filter(({ field }) => !passing.has(field));
    });
    shutBy.set(route, shut);
  }
  return shut[signals & GATE_MASK] as readonly Guarded[];
}

/** For each vendor that gets an event: the fields about its visitor that were there and are not passed. */
export function removedFrom(event: EventTrace): readonly GuardedFields[] {
  return event.routes.map(({ route, signals, outcome }) => {
    if (outcome !== 'planned') return NOTHING_REMOVED;
    // With full consent nothing is shut.
    const shut = shutFor(route, signals);
    return shut.length === 0 ? NOTHING_REMOVED : presentOf(event, shut);
  });
}

/** Which of these fields came with an event, in any form. */
export function presentOf(
  { raw, event }: Pick<EventTrace, 'raw' | 'event'>,
  wanted: readonly Guarded[],
): GuardedFields {
  let present = NOTHING_REMOVED;
  for (const { field, bit, derived } of wanted) {
    if (raw[field] !== undefined || (derived && event?.[field] !== undefined)) present |= bit;
  }
  return present;
}
