import * as z from 'zod';
import { eventNameSetting, vendorEventSetting } from '../../src/core/event-name-setting.ts';
import { idText } from '../../src/core/id-text.ts';
import { secret } from '../../src/core/secret-schema.ts';

/** GA4 event names and the Meta standard events they stand for (`destinations/meta.md` 3). */
export const STANDARD_EVENTS: ReadonlyMap<string, string> = new Map([
  ['page_view', 'PageView'],
  ['view_item', 'ViewContent'],
  ['search', 'Search'],
  ['view_search_results', 'Search'],
  ['add_to_wishlist', 'AddToWishlist'],
  ['add_to_cart', 'AddToCart'],
  ['begin_checkout', 'InitiateCheckout'],
  ['add_payment_info', 'AddPaymentInfo'],
  ['purchase', 'Purchase'],
  ['generate_lead', 'Lead'],
  ['sign_up', 'CompleteRegistration'],
]);

/** Every standard event of Meta (`destinations/meta.md` 3). */
const NAMES: readonly string[] = (
  'Purchase Lead CompleteRegistration AddToCart AddToWishlist InitiateCheckout AddPaymentInfo ViewContent Search Contact ' +
  'CustomizeProduct Donate FindLocation Schedule StartTrial SubmitApplication Subscribe PageView'
).split(' ');

/** What of a visitor's user data Meta can match on, and this gateway can send. */
export const USER_DATA = [
  'email',
  'phone',
  'first_name',
  'last_name',
  'city',
  'region',
  'postal_code',
  'country',
  'user_id',
] as const;

const limitedDataUse = z.strictObject({
  country: z
    .union([z.literal(0), z.literal(1)])
    .default(1)
    .describe(
      '1 = United States. 0 = Meta finds out from the address, which it gets only with `privacy.ip: truncate`.',
    ),
  state: z
    .int()
    .min(0)
    .max(9999)
    .describe("Meta's number of the state, e.g. 1000 = California. 0 = Meta finds out from the address."),
});

export const settings = z.strictObject({
  pixel_id: idText(
    /^\d{5,20}$/,
    'the id of the dataset (pixel), digits in quotes, e.g. "123456789012345" (Events Manager > Data sources)',
  ).describe('Id of the dataset (pixel): Events Manager > Data sources > Settings. In quotes.'),
  access_token: secret().describe(
    'Access token of the dataset: Events Manager > Settings > Conversions API > Generate access token.',
  ),
  app_secret: secret()
    .optional()
    .describe(
      'App secret of the app that the access token belongs to. Requests then carry `appsecret_proof`, for apps that demand it. Leave it out for a token that Events Manager made.',
    ),
  api_version: z
    .string()
    .regex(/^v\d{1,3}\.\d$/, 'a Graph API version looks like v26.0')
    .default('v26.0')
    .describe('Version of the Graph API. Each lives for about two years; `lint` warns 60 days before its end.'),
  event_names: z
    .record(eventNameSetting(), vendorEventSetting(NAMES))
    .default({})
    .describe(
      'Which Meta event an event becomes: {my_event: Contact}. GA4 names have their standard event already ' +
        `(${[...STANDARD_EVENTS].map(([ga4, meta]) => `${ga4} = ${meta}`).join(', ')}); null switches one off. ` +
        'Events with no name here or there are not sent.',
    ),
  user_data: z
    .array(z.enum(USER_DATA))
    .default([...USER_DATA])
    .describe(
      'Which user data may be sent, hashed, once the visitor has agreed and if the event carries it. ' +
        '[] sends none: matching then uses the `_fbp` and `_fbc` cookies.',
    ),
  limited_data_use: limitedDataUse
    .optional()
    .describe(
      "Sends every event of this route under Meta's Limited Data Use, for sites under US state law. " +
        'Without it each event says that its use is not limited: the visitor has agreed to that.',
    ),
  test_event_code: z
    .string()
    .regex(/^[A-Za-z0-9]{1,40}$/, 'a test code looks like TEST12345')
    .optional()
    .describe('Shows events in Events Manager > Test events. They still count: remove it in production.'),
});

export type Settings = z.output<typeof settings>;

const DAY = 86_400_000;

/** The last day of each Graph API version (`destinations/meta.md` 1, state of 2026-11-23). */
const LAST_DAY: ReadonlyMap<string, string> = new Map([
  ['v20.0', '2026-09-24'],
  ['v21.0', '2027-01-21'],
  ['v22.0', '2027-05-20'],
  ['v23.0', '2027-10-08'],
  ['v24.0', '2028-02-18'],
  ['v25.0', '2028-07-29'],
]);
const OLDEST_LISTED = 20;

/** What an operator should know about these settings on that day (unix milliseconds). */
export function warnings(at: Settings, now: number): string[] {
  const found: string[] = [];
  const version = at.api_version;
  const end = LAST_DAY.get(version);
  if (Number.parseInt(version.slice(1), 10) < OLDEST_LISTED || (end !== undefined && now >= Date.parse(end))) {
    found.push(`api_version: ${version} has ended; Meta answers with another version without saying so. Use v26.0.`);
  } else if (end !== undefined && now >= Date.parse(end) - 60 * DAY) {
    found.push(`api_version: ${version} ends on ${end}. Change to v26.0 or later before that day.`);
  }
  if (at.test_event_code !== undefined) {
    found.push('test_event_code: test events count as real ones. Remove it in production.');
  }
  if (at.limited_data_use !== undefined && (at.limited_data_use.country === 0 || at.limited_data_use.state === 0)) {
    found.push(
      'limited_data_use: 0 asks Meta to look the address up, which needs `privacy.ip: truncate`. Name the state.',
    );
  }
  return found;
}
