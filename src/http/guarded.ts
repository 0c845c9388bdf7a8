import { FIELDS, FIELD_NAMES, type FieldName } from '../core/fields.ts';
import { GATE_MASK, type SignalMask } from '../core/signals.ts';
import type { EventTrace } from '../decide/trace.ts';
import type { Route } from '../policy/gateway.ts';

/** A set of guarded fields, a bit for each. */
export type GuardedFields = number;

/** What is said of a visitor, for better or worse: these are the fields whose removal is worth a proof. At most 31. */
const GUARDED: readonly FieldName[] = FIELD_NAMES.filter(
  (field) =>
    ['network', 'session', 'identifier', 'click_id', 'user_data'].includes(FIELDS[field].class) ||
    ['user_agent', 'client_hints', 'transaction_id'].includes(field),
);

/** Those of some fields that are guarded. */
function guardedOf(fields: readonly string[]): GuardedFields {
  let mask = 0;
  for (const field of fields) {
    const bit = GUARDED.indexOf(field as FieldName);
    if (bit >= 0) mask |= 1 << bit;
  }
  return mask;
}

/** The names in a set. */
export function namesOf(guarded: GuardedFields): FieldName[] {
  return GUARDED.filter((_, bit) => (guarded & (1 << bit)) !== 0);
}

/** Fields that need not be in the hit as it was read: made of cookies, headers and the page's address. */
const DERIVED = guardedOf(
  'ip country client_id session_id own_id fbp google_click_params gclid gbraid wbraid dclid fbc msclkid li_fat_id user_agent'.split(
    ' ',
  ),
);

/** Which of these fields came with an event, in whatever form. */
function presentOf({ raw, event }: EventTrace, wanted: GuardedFields): GuardedFields {
  let present = 0;
  for (let left = wanted; left !== 0; left &= left - 1) {
    const bit = 31 - Math.clz32(left & -left);
    const field = GUARDED[bit] as FieldName;
    if (raw[field] !== undefined || ((DERIVED & (1 << bit)) !== 0 && event?.[field] !== undefined)) present |= 1 << bit;
  }
  return present;
}

/** By route, and by the four gate signals: the guarded fields that it reads and this consent keeps shut. */
const shutBy = new WeakMap<Route, readonly GuardedFields[]>();

function shutFor(route: Route, signals: SignalMask): GuardedFields {
  let shut = shutBy.get(route);
  if (shut === undefined) {
    const reads = guardedOf(Object.keys(route.destination.reads));
    shut = route.permits.map(({ open }) => reads & ~guardedOf(open.map(({ field }) => field)));
    shutBy.set(route, shut);
  }
  return shut[signals & GATE_MASK] as GuardedFields;
}

/** What each vendor that gets an event could have been told of its visitor, was there, and does not pass. */
export function removedFrom(event: EventTrace): readonly GuardedFields[] {
  const shut = event.routes.map(({ route, signals, outcome }) => (outcome === 'planned' ? shutFor(route, signals) : 0));
  const wanted = shut.reduce((all, one) => all | one, 0);
  // With full consent nothing is shut.
  if (wanted === 0) return shut;
  const present = presentOf(event, wanted);
  return shut.map((one) => one & present);
}
