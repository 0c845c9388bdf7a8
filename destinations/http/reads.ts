import type { GateSignal } from '../../src/core/signals.ts';
import type { Reads, View } from '../../src/core/destination.ts';
import { e164 } from '../../src/core/phone.ts';
import { emailAddress, hashed } from '../../src/core/user-data.ts';

const ANALYTICS = ['analytics_storage'] as const satisfies readonly GateSignal[];
const USER_DATA = ['ad_storage', 'ad_user_data'] as const satisfies readonly GateSignal[];

/** `destinations/http.md` 1: trimmed and in small letters, then SHA-256. */
const hashEmail = hashed((value) => {
  const address = emailAddress(value);
  return address === undefined ? undefined : `${address.local}@${address.domain}`;
});
/** E.164 with `+`, then SHA-256. */
const hashPhone = hashed((value) => e164(value));

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

/** User data that only makes sense in the clear. */
export const IN_THE_CLEAR: ReadonlySet<string> = new Set([
  'first_name',
  'last_name',
  'street',
  'city',
  'region',
  'postal_code',
  'user_country',
]);
