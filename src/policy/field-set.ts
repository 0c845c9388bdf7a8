import type { Passage } from '../core/view.ts';

/*
 * A set of fields as text: what a stored row remembers of its permit. A field that has a place is a bit of a number, in
 * hexadecimal; every other is named behind it (`1f.ttclid.ttp`).
 */

/**
 * The numbers of fields in rows on disk. They are never given to another field, and there are no new ones: what
 * is not in here is stored by its name.
 */
const PLACES =
  'event_name event_id event_time currency value tax shipping coupon transaction_id search_term items params ' +
  'user_properties engagement_time_msec debug_mode repeat ga4_transport page_location page_referrer page_title campaign ' +
  'user_agent user_agent_family device language screen_resolution client_hints ip country session_id session_number ' +
  'page_load_id client_id user_id own_id fbp google_click_params gclid gbraid wbraid dclid fbc msclkid li_fat_id email ' +
  'phone first_name last_name street city region postal_code user_country google_user_data consent_mode email_sha256 ' +
  'phone_sha256';

const FIELDS: readonly string[] = PLACES.split(' ');
const PLACE_OF: ReadonlyMap<string, number> = new Map(FIELDS.map((field, place) => [field, place]));

/** A field as a record on disk names it: its place, or its name where it has none. */
export type FieldCode = number | string;

export function fieldCode(field: string): FieldCode {
  return PLACE_OF.get(field) ?? field;
}

/** Undefined for a place that no field has. */
export function codedField(code: FieldCode): string | undefined {
  return typeof code === 'number' ? FIELDS[code] : code;
}

/** The set of the fields that pass. */
export function fieldSet(open: readonly Pick<Passage, 'field'>[]): string {
  let bits = 0n;
  const named: string[] = [];
  for (const { field } of open) {
    const place = PLACE_OF.get(field);
    if (place === undefined) named.push(field);
    else bits |= 1n << BigInt(place);
  }
  return [bits.toString(16), ...named.sort()].join('.');
}

const WRITTEN = /^[0-9a-f]{1,64}(?:\.[\w-]{1,64})*$/;

/** Whether every field of one set is in the other. A set that cannot be read counts as every field. */
export function isWithin(some: string, all: string): boolean {
  if (!WRITTEN.test(some) || !WRITTEN.test(all)) return false;
  const [bits = '', ...named] = some.split('.');
  const [allBits = '', ...allNamed] = all.split('.');
  return (BigInt(`0x${bits}`) & ~BigInt(`0x${allBits}`)) === 0n && named.every((field) => allNamed.includes(field));
}

/** Sets that were read before: there are few, one for each permit of each version of the configuration. */
const KNOWN = new Map<string, ReadonlySet<string>>();
const MOST_KNOWN = 1_000;
const NO_FIELDS: ReadonlySet<string> = new Set();

/** The names in a set; none where it cannot be read. */
export function fieldsIn(set: string): ReadonlySet<string> {
  const known = KNOWN.get(set);
  if (known !== undefined) return known;
  if (!WRITTEN.test(set)) return NO_FIELDS;
  const [hex = '', ...named] = set.split('.');
  const bits = BigInt(`0x${hex}`);
  const placed = [...PLACE_OF].filter(([, place]) => (bits >> BigInt(place)) & 1n).map(([field]) => field);
  const names = new Set([...placed, ...named]);
  if (KNOWN.size >= MOST_KNOWN) KNOWN.clear();
  KNOWN.set(set, names);
  return names;
}
