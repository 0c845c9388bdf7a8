import type { GateSignal } from '../../src/core/signals.ts';
import type { Reads, View } from '../../src/core/destination.ts';
import {
  cleanUserData,
  hashEmail,
  hashName,
  hashPhone,
  hashedPhone,
  hashStreet,
  plainCountry,
  plainPlace,
  plainPostalCode,
} from './user-data.ts';

const ADS = ['ad_storage'] as const satisfies readonly GateSignal[];
const USER_DATA = ['ad_storage', 'ad_user_data'] as const satisfies readonly GateSignal[];
const EVERYTHING = [
  'ad_storage',
  'analytics_storage',
  'ad_user_data',
  'ad_personalization',
] as const satisfies readonly GateSignal[];

/** What GA4 may have of an event, and what unlocks it beyond analytics_storage (design 3, `destinations/ga4.md` 4). */
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
  user_properties: {},
  engagement_time_msec: {},
  debug_mode: {},
  ga4_transport: {},
  page_location: {},
  page_referrer: {},
  page_title: {},
  campaign: {},
  user_agent: { needs: EVERYTHING },
  user_agent_family: {},
  device: {},
  language: {},
  screen_resolution: {},
  client_hints: { needs: EVERYTHING },
  ip: {},
  country: {},
  session_id: {},
  session_number: {},
  page_load_id: {},
  client_id: {},
  user_id: { needs: USER_DATA },
  google_click_params: { needs: ADS },
  email: { needs: USER_DATA, as: hashEmail },
  phone: { needs: USER_DATA, as: hashPhone },
  phone_sha256: { needs: USER_DATA, as: hashedPhone },
  first_name: { needs: USER_DATA, as: hashName },
  last_name: { needs: USER_DATA, as: hashName },
  street: { needs: USER_DATA, as: hashStreet },
  city: { needs: USER_DATA, as: plainPlace },
  region: { needs: USER_DATA, as: plainPlace },
  postal_code: { needs: USER_DATA, as: plainPostalCode },
  user_country: { needs: USER_DATA, as: plainCountry },
  google_user_data: { needs: USER_DATA, as: cleanUserData },
  consent_mode: {},
} as const satisfies Reads;

/** What the identifier-free form may have (`destinations/ga4.md` 5). */
export const LIMITED_READS = {
  event_name: {},
  currency: {},
  value: {},
  page_location: {},
  page_title: {},
  language: {},
  consent_mode: {},
} as const satisfies Reads;

export type FullView = View<typeof READS>;
export type LimitedView = View<typeof LIMITED_READS>;
