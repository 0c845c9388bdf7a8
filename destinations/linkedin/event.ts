import { countryCode } from '../../src/core/countries.ts';
import type { Element, PlanContext, View, Wants } from '../../src/core/destination.ts';
import { currencyCode } from '../../src/core/money.ts';
import { sha256Of } from '../../src/core/user-data.ts';
import { clickId, decimal, hashEmail, hashExternalId, hashName } from './normalise.ts';
import type { Settings } from './settings.ts';

/** All that LinkedIn is ever shown, and how: user data only as a hash. */
export const reads = {
  event_name: {},
  event_id: {},
  event_time: {},
  currency: {},
  value: {},
  // One wrong code would refuse the whole batch.
  country: { as: countryCode },
  li_fat_id: { as: clickId },
  user_id: { as: hashExternalId },
  email: { as: hashEmail },
  email_sha256: { as: sha256Of },
  first_name: { as: hashName },
  last_name: { as: hashName },
  user_country: { as: countryCode },
} as const;

type LinkedInView = View<typeof reads>;
type Json = Readonly<Record<string, unknown>>;

/** The first version that takes names as hashes; before it they would have to be sent in clear text (3). */
const HASHED_NAMES = '202609';

/** Events with a conversion rule, with the id of each. */
export function wants({ conversions }: Settings): Wants {
  return { names: new Map(Object.entries(conversions)), conversions: true };
}

/** Which of these the settings allow (`destinations/linkedin.md` 3). Names only as a pair, and only as hashes. */
export function matchesOn({ user_data, api_version }: Settings): readonly (readonly (keyof LinkedInView)[])[] {
  const named = user_data.includes('first_name') && user_data.includes('last_name') && api_version >= HASHED_NAMES;
  return [
    ['li_fat_id'],
    ...(user_data.includes('email') ? ([['email'], ['email_sha256']] as const) : []),
    ...(user_data.includes('user_id') ? ([['user_id']] as const) : []),
    ...(named ? ([['first_name', 'last_name']] as const) : []),
  ];
}

/** One conversion as LinkedIn wants it (3). */
export function plan(view: LinkedInView, settings: Settings, context: PlanContext, rule: string): Element {
  const element = {
    conversion: `urn:lla:llaPartnerConversion:${rule}`,
    conversionHappenedAt: Math.floor(view.event_time ?? context.at),
    conversionValue: money(view),
    eventId: view.event_id,
    user: identity(view, settings),
  };
  return { envelope: '', element: JSON.stringify(element) };
}

/** `user` of section 3. `userIds` is always there, even empty. */
function identity(view: LinkedInView, { user_data, api_version }: Settings): Json {
  const allowed = <T>(field: Settings['user_data'][number], value: T | undefined): T | undefined =>
    user_data.includes(field) ? value : undefined;
  const userIds: { idType: string; idValue: string }[] = [];
  const email = allowed('email', view.email ?? view.email_sha256);
  if (email !== undefined) userIds.push({ idType: 'SHA256_EMAIL', idValue: email });
  if (view.li_fat_id !== undefined) {
    userIds.push({ idType: 'LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID', idValue: view.li_fat_id });
  }
  const first = allowed('first_name', view.first_name);
  const last = allowed('last_name', view.last_name);
  const named = first !== undefined && last !== undefined && api_version >= HASHED_NAMES;
  const id = allowed('user_id', view.user_id);
  return {
    userIds,
    userInfo: named
      ? {
          hashedFirstName: first,
          hashedLastName: last,
          countryCode: allowed('country', view.user_country ?? view.country),
        }
      : undefined,
    externalIds: id === undefined ? undefined : [id],
  };
}

function money({ value, currency }: LinkedInView): Json | undefined {
  const code = currency === undefined ? undefined : currencyCode(currency);
  const amount = value === undefined ? undefined : decimal(value);
  return code === undefined || amount === undefined ? undefined : { currencyCode: code, amount };
}
