import { expect, it } from 'vitest';
import type { FieldName } from '../../src/core/fields.ts';
import { fieldSet, isWithin } from '../../src/policy/field-set.ts';

// Outboxes on disk remember fields by their place in the table, so a place is never given to another field.
const PLACES = [
  'event_name',
  'event_id',
  'event_time',
  'currency',
  'value',
  'tax',
  'shipping',
  'coupon',
  'transaction_id',
  'search_term',
  'items',
  'params',
  'user_properties',
  'engagement_time_msec',
  'debug_mode',
  'repeat',
  'ga4_transport',
  'page_location',
  'page_referrer',
  'page_title',
  'campaign',
  'user_agent',
  'user_agent_family',
  'device',
  'language',
  'screen_resolution',
  'client_hints',
  'ip',
  'country',
  'session_id',
  'session_number',
  'page_load_id',
  'client_id',
  'user_id',
  'own_id',
  'fbp',
  'google_click_params',
  'gclid',
  'gbraid',
  'wbraid',
  'dclid',
  'fbc',
  'msclkid',
  'li_fat_id',
  'email',
  'phone',
  'first_name',
  'last_name',
  'street',
  'city',
  'region',
  'postal_code',
  'user_country',
  'google_user_data',
  'consent_mode',
  'email_sha256',
  'phone_sha256',
] as const;

const set = (...fields: string[]): string => fieldSet(fields.map((field) => ({ field: field as FieldName })));

it('writes fields by the places that rows on disk know them by', () => {
  for (const [place, field] of PLACES.entries()) expect(set(field)).toBe((1n << BigInt(place)).toString(16));
  expect(set(...PLACES)).toBe(((1n << BigInt(PLACES.length)) - 1n).toString(16));
});

it('writes every other field by its name', () => {
  expect(set('event_id', 'ttp', 'event_name', 'ttclid')).toBe('3.ttclid.ttp');
  expect(set('ttclid')).toBe('0.ttclid');
});

it.each([
  [['event_name', 'ttclid'], ['event_name', 'event_id', 'ttclid', 'ttp'], true],
  [['ttclid'], ['event_name'], false],
  [['event_id'], ['event_name', 'ttclid'], false],
  [[], ['event_name'], true],
  [PLACES, PLACES, true],
] as const)('%j within %j: %j', (some, all, within) => {
  expect(isWithin(set(...some), set(...all))).toBe(within);
});

it.each(['', 'zz', '3 ', '3..', '.ttclid', '-1'])('takes %j for every field', (text) => {
  expect(isWithin(text, set(...PLACES))).toBe(false);
});
