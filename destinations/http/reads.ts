import type { GateSignal } from '../../src/core/signals.ts';
import type { Reads, View } from '../../src/core/destination.ts';
import type { Event } from '../../src/core/fields.ts';
import { INVISIBLE } from '../../src/core/invisible.ts';
import { e164 } from '../../src/core/phone.ts';
import { emailAddress, hashed, sha256Of } from '../../src/core/user-data.ts';

const ANALYTICS = ['analytics_storage'] as const satisfies readonly GateSignal[];
const USER_DATA = ['ad_storage', 'ad_user_data'] as const satisfies readonly GateSignal[];

/** `destinations/http.md` 1: trimmed and in small letters, then SHA-256. */
const hashEmail = hashed((value) => plainEmail(value));
/** E.164 with `+`, then SHA-256. */
const hashPhone = hashed((value) => e164(value));

/** The longest name or line of an address that is taken for one. */
const LONGEST = 200;

/** A name or a line of an address as people write it, on one line; what is a hash already is none. */
function plainText(value: string): string | undefined {
  const text = value.replace(INVISIBLE, '').replaceAll(/\s+/g, ' ').trim();
  return text === '' || text.length > LONGEST || sha256Of(text) !== undefined ? undefined : text;
}

function plainEmail(value: string): string | undefined {
  const address = emailAddress(value);
  return address === undefined ? undefined : `${address.local}@${address.domain}`;
}

/** A field in the clear: it waits sealed (`destinations/http.md` 1). */
const plain = <F extends keyof Event & string>(from: F, as: (value: string) => string | undefined) =>
  ({ needs: USER_DATA, from, as, sealed: true }) as const;

/** What a receiver may have at most; a route takes what its `fields` list of it (`destinations/http.md` 1). */
export const READS = {
  event_name: {},
  event_id: {},
  event_time: {},
  currency: {},
  value: {},
  tax: {},
  shipping: {},
  coupon: {},
  transaction_id: {},
  search_term: {},
  items: {},
  params: {},
  page_location: {},
  page_referrer: {},
  page_title: {},
  language: {},
  country: {},
  own_id: { needs: ANALYTICS },
  user_id: { needs: USER_DATA },
  email: { needs: USER_DATA, as: hashEmail },
  phone: { needs: USER_DATA, as: hashPhone },
  plain_email: plain('email', plainEmail),
  plain_phone: plain('phone', (value) => e164(value)),
  plain_first_name: plain('first_name', plainText),
  plain_last_name: plain('last_name', plainText),
  plain_street: plain('street', plainText),
  plain_city: plain('city', plainText),
  plain_region: plain('region', plainText),
  plain_postal_code: plain('postal_code', plainText),
  plain_country: plain('user_country', plainText),
} as const satisfies Reads;

export type FieldOfRoute = keyof typeof READS;
export type HttpView = View<typeof READS>;

/** What every route takes: without it there is no event. */
export const ALWAYS_READ: readonly FieldOfRoute[] = ['event_name', 'event_id', 'event_time'];

/** What a route takes that lists nothing: the event, and nothing of who it is about or where it happened. */
export const BY_DEFAULT: readonly FieldOfRoute[] = [
  ...ALWAYS_READ,
  'currency',
  'value',
  'tax',
  'shipping',
  'coupon',
  'transaction_id',
  'search_term',
  'items',
];

/** User data that a route may take in the clear, by its name in the settings. */
export const IN_THE_CLEAR = {
  email: 'plain_email',
  phone: 'plain_phone',
  first_name: 'plain_first_name',
  last_name: 'plain_last_name',
  street: 'plain_street',
  city: 'plain_city',
  region: 'plain_region',
  postal_code: 'plain_postal_code',
  country: 'plain_country',
} as const satisfies Readonly<Record<string, FieldOfRoute>>;

export type NameInTheClear = keyof typeof IN_THE_CLEAR;
export const NAMES_IN_THE_CLEAR = Object.keys(IN_THE_CLEAR) as readonly NameInTheClear[];
