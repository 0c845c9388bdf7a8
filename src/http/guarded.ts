import { FIELDS, FIELD_NAMES, type FieldName } from '../core/fields.ts';
import type { EventTrace } from '../pipeline.ts';

/** A set of guarded fields, a bit for each. */
export type GuardedFields = number;

/** What is said of a visitor, for better or worse: these are the fields whose removal is worth a proof. At most 31. */
const GUARDED: readonly FieldName[] = FIELD_NAMES.filter(
  (field) =>
    ['network', 'session', 'identifier', 'click_id', 'user_data'].includes(FIELDS[field].class) ||
    ['user_agent', 'client_hints', 'transaction_id'].includes(field),
);

/** Those of some fields that are guarded. */
export function guardedOf(fields: readonly string[]): GuardedFields {
  let mask = 0;
  for (const field of fields) {
    const bit = GUARDED.indexOf(field as FieldName);
    if (bit >= 0) mask |= 1 << bit;
  }
  return mask;
}

export function namesOf(guarded: GuardedFields): FieldName[] {
  return GUARDED.filter((_, bit) => (guarded & (1 << bit)) !== 0);
}

/** Fields that need not be in the hit as it was read: made of cookies, headers and the page's address. */
const DERIVED = guardedOf(
  'ip country client_id session_id own_id fbp google_click_params gclid gbraid wbraid dclid fbc msclkid li_fat_id user_agent'.split(
    ' ',
  ),
);

/** Which guarded fields came with an event, in whatever form. */
export function guardedIn({ raw, event }: EventTrace): GuardedFields {
  let present = 0;
  for (let bit = 0; bit < GUARDED.length; bit++) {
    const field = GUARDED[bit] as FieldName;
    if (raw[field] !== undefined || ((DERIVED & (1 << bit)) !== 0 && event?.[field] !== undefined)) present |= 1 << bit;
  }
  return present;
}
