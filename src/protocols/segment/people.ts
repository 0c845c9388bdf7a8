import type { RawEvent } from '../../core/fields.ts';
import { isPlaceholder } from '../../core/placeholders.ts';
import { asObject } from '../../core/reply.ts';
import { wellFormed } from '../json-parts.ts';

type Fields = Readonly<Record<string, unknown>>;
type UserField =
  | 'email'
  | 'phone'
  | 'first_name'
  | 'last_name'
  | 'street'
  | 'city'
  | 'region'
  | 'postal_code'
  | 'user_country';

/** Segment's reserved names of traits (`protocols/segment.md` 3), and the fields for them. */
const TRAITS: readonly (readonly [UserField, ...string[]])[] = [
  ['email', 'email'],
  ['phone', 'phone'],
  ['first_name', 'firstName', 'first_name'],
  ['last_name', 'lastName', 'last_name'],
];
const ADDRESS: readonly (readonly [UserField, ...string[]])[] = [
  ['street', 'street'],
  ['city', 'city'],
  ['region', 'state'],
  ['postal_code', 'postalCode', 'postal_code'],
  ['user_country', 'country'],
];

/** Fills the fields of an event that are still empty from the person's traits. */
export function putTraits(draft: RawEvent, value: unknown): void {
  const traits = asObject(value);
  if (traits === undefined) return;
  put(draft, TRAITS, traits);
  const address = asObject(traits['address']);
  if (address !== undefined) put(draft, ADDRESS, address);
}

function put(draft: RawEvent, rows: typeof TRAITS, fields: Fields): void {
  for (const [field, ...names] of rows) {
    if (draft[field] !== undefined) continue;
    for (const name of names) {
      const text = textOf(fields[name]);
      if (text !== undefined) draft[field] ??= text;
    }
  }
}

/** A text that is not empty; many systems keep numbers of telephones and streets as numbers. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined;
  return typeof value === 'string' && value !== '' ? wellFormed(value) : undefined;
}

/** An id. `undefined` and the like are none: under one of them many people would be one (`PostHog/posthog#12008`). */
export function idOf(value: unknown): string | undefined {
  const text = textOf(value);
  return text === undefined || isPlaceholder(text) ? undefined : text;
}
