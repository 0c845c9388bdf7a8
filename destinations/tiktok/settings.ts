import * as z from 'zod';
import { eventNameSetting, vendorEventSetting } from '../../src/core/event-name-setting.ts';
import { idText } from '../../src/core/id-text.ts';
import { secret } from '../../src/core/secret-schema.ts';

/** GA4 event names and the TikTok events they stand for (`destinations/tiktok.md` 5). A page view has no settled name. */
export const STANDARD_EVENTS: ReadonlyMap<string, string> = new Map([
  ['view_item', 'ViewContent'],
  ['search', 'Search'],
  ['view_search_results', 'Search'],
  ['add_to_wishlist', 'AddToWishlist'],
  ['add_to_cart', 'AddToCart'],
  ['begin_checkout', 'InitiateCheckout'],
  ['add_payment_info', 'AddPaymentInfo'],
  ['purchase', 'Purchase'],
  ['sign_up', 'CompleteRegistration'],
  ['generate_lead', 'Lead'],
  ['file_download', 'Download'],
  ['start_trial', 'StartTrial'],
  ['subscribe', 'Subscribe'],
  ['schedule', 'Schedule'],
  ['contact', 'Contact'],
]);

/** Every event that TikTok has a use for, with the older names that keep working (`destinations/tiktok.md` 5). */
const NAMES: readonly string[] = (
  'AddPaymentInfo AddToCart AddToWishlist ApplicationApproval CompleteRegistration Contact CustomizeProduct Download ' +
  'FindLocation InitiateCheckout Purchase Schedule Search Lead StartTrial SubmitApplication Subscribe ViewContent ' +
  'CompletePayment PlaceAnOrder SubmitForm Pageview PageView'
).split(' ');

/** What of a visitor's user data TikTok can match on, and this gateway can send. */
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

export const settings = z.strictObject({
  pixel_id: idText(
    /^[A-Z0-9]{20}$/,
    'the id of the pixel, 20 capital letters and digits, e.g. D6AP4E3C77U3L7SP8O7G (TikTok Ads Manager > Tools > Events Manager)',
  ).describe('Id of the pixel: TikTok Ads Manager > Tools > Events > Web events, under the name of the pixel.'),
  access_token: secret().describe(
    'Access token of the pixel: Events Manager > the pixel > Settings > Events API > Generate access token.',
  ),
  event_names: z
    .record(eventNameSetting(), vendorEventSetting(NAMES))
    .default({})
    .describe(
      'Which TikTok event an event becomes: {my_event: SubmitApplication}. GA4 names have their standard event already ' +
        `(${[...STANDARD_EVENTS].map(([ga4, tiktok]) => `${ga4} = ${tiktok}`).join(', ')}); null switches one off. ` +
        'Campaigns that optimise for the older name need {purchase: CompletePayment}. Page views have none: TikTok has ' +
        'two spellings, so write the one that Events Manager shows. Events with no name here or there are not sent.',
    ),
  user_data: z
    .array(z.enum(USER_DATA))
    .default(['email', 'phone', 'city', 'region', 'postal_code', 'country', 'user_id'])
    .describe(
      'Which user data may be sent once the visitor has agreed and if the event carries it. All of it is hashed, except city, ' +
        'region and country, which TikTok demands in the clear. first_name and last_name are sent only if they are listed, because ' +
        'the form that TikTok expects is not certain. [] sends none: matching then uses `ttclid` and `_ttp`.',
    ),
  limited_data_use: z
    .literal(true, { error: 'true, or leave it out' })
    .optional()
    .describe(
      "Sends every event of this route under TikTok's Limited Data Use, for sites under US state law. Without it the " +
        'field is left out, which means unlimited use: the visitor has agreed to that.',
    ),
  test_event_code: z
    .string()
    .regex(/^[A-Za-z0-9]{1,40}$/, 'a test code looks like TEST12345')
    .optional()
    .describe('Shows events in Events Manager > Test events. Remove it in production.'),
});

export type Settings = z.output<typeof settings>;

/** What an operator should know about these settings. */
export function warnings(at: Settings): string[] {
  return at.test_event_code === undefined ? [] : ['test_event_code: these are test events. Remove it in production.'];
}
