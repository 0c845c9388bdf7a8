import * as z from 'zod';
import { eventNameSetting } from '../../src/core/event-name-setting.ts';
import { idText } from '../../src/core/id-text.ts';
import { secret } from '../../src/core/secret-schema.ts';

/** GA4 event names and the Pinterest events they stand for (`destinations/pinterest.md` 5). */
export const STANDARD_EVENTS: ReadonlyMap<string, string> = new Map([
  ['page_view', 'page_visit'],
  ['view_item', 'view_content'],
  ['view_item_list', 'view_category'],
  ['search', 'search'],
  ['view_search_results', 'search'],
  ['add_to_cart', 'add_to_cart'],
  ['add_to_wishlist', 'add_to_wishlist'],
  ['begin_checkout', 'initiate_checkout'],
  ['add_payment_info', 'add_payment_info'],
  ['purchase', 'checkout'],
  ['generate_lead', 'lead'],
  ['sign_up', 'signup'],
  ['subscribe', 'subscribe'],
  ['video_start', 'watch_video'],
  ['video_complete', 'watch_video'],
]);

/** Every name an event of a website can have; Pinterest refuses others (5). */
const NAMES = [
  'add_payment_info',
  'add_to_cart',
  'add_to_wishlist',
  'checkout',
  'contact',
  'custom',
  'customize_product',
  'find_location',
  'initiate_checkout',
  'lead',
  'page_visit',
  'schedule',
  'search',
  'signup',
  'start_trial',
  'submit_application',
  'subscribe',
  'view_category',
  'view_content',
  'watch_video',
] as const;

/** What of a visitor's user data Pinterest can match on, and this gateway can send. */
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
  ad_account_id: idText(
    /^\d{5,20}$/,
    'the id of the ad account, digits in quotes, e.g. "549757463328" (Ads Manager > Conversions > Set up API)',
  ).describe('Id of the ad account: Ads Manager > Conversions > Set up API. In quotes. Not the id of the tag.'),
  access_token: secret().describe(
    'Conversion access token: Ads Manager > Conversions > Set up API > Generate new token.',
  ),
  event_names: z
    .record(eventNameSetting(), z.union([z.enum(NAMES), z.null()], { error: `one of ${NAMES.join(', ')}, or null` }))
    .default({})
    .describe(
      'Which Pinterest event an event becomes: {my_event: custom}. GA4 names have theirs already ' +
        `(${[...STANDARD_EVENTS].map(([ga4, pinterest]) => `${ga4} = ${pinterest}`).join(', ')}); null switches one off. ` +
        'Events with no name here or there are not sent.',
    ),
  user_data: z
    .array(z.enum(USER_DATA))
    .default([...USER_DATA])
    .describe(
      'Which user data may be sent, hashed, once the visitor has agreed and if the event carries it. Without `email` only ' +
        'events with an address and a User-Agent are sent, which needs `privacy.ip: truncate`.',
    ),
  test: z
    .boolean()
    .default(false)
    .describe('Pinterest checks events and records none (`?test=true`). Remove it in production.'),
});

export type Settings = z.output<typeof settings>;

/** What an operator should know about these settings. */
export function warnings({ test, user_data }: Settings): string[] {
  const found: string[] = [];
  if (test) found.push('test: Pinterest records nothing of what this route sends. Remove it in production.');
  if (!user_data.includes('email')) {
    found.push(
      'user_data: without `email` Pinterest takes an event by address and User-Agent only, which needs `privacy.ip: truncate`.',
    );
  }
  return found;
}
