import type { EventTrace } from '../decide/trace.ts';
import type { FieldName } from '../core/fields.ts';
import { GATE_MASK } from '../core/signals.ts';
import { GUARDED, type GuardedField } from '../policy/guarded.ts';

/** A set of guarded fields, a bit for each, however many there are. */
export type GuardedFields = bigint;

export const NOTHING_REMOVED: GuardedFields = 0n;

/** The names in a set. */
export function namesOf(removed: GuardedFields, guarded: readonly GuardedField[] = GUARDED): FieldName[] {
  return guarded.filter(({ bit }) => (removed & bit) !== 0n).map(({ field }) => field);
}

/** For each vendor that gets an event: the fields about its visitor that were there and are not passed. */
export function removedFrom(event: EventTrace): readonly GuardedFields[] {
  return event.routes.map(({ route, signals, outcome }) => {
    if (outcome !== 'planned') return NOTHING_REMOVED;
    // With full consent nothing is shut.
    const shut = route.permits[signals & GATE_MASK]?.shut ?? [];
    return shut.length === 0 ? NOTHING_REMOVED : presentOf(event, shut);
  });
}

/** Which of these fields came with an event, in any form. */
export function presentOf(
  { raw, event }: Pick<EventTrace, 'raw' | 'event'>,
  wanted: readonly GuardedField[],
): GuardedFields {
  let present = NOTHING_REMOVED;
  for (const { field, bit, derived } of wanted) {
    if (raw[field] !== undefined || (derived && event?.[field] !== undefined)) present |= bit;
  }
  return present;
}
