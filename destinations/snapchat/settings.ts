import * as z from 'zod';
import { eventNameSetting } from '../../src/core/event-name-setting.ts';
import { idText } from '../../src/core/id-text.ts';
import { secret } from '../../src/core/secret-schema.ts';

/** Every name that Snap takes (`destinations/snapchat.md` 5). */
export const EVENTS = [
  'PAGE_VIEW',
  'VIEW_CONTENT',
  'ADD_CART',
  'ADD_TO_WISHLIST',
  'START_CHECKOUT',
  'ADD_BILLING',
  'PURCHASE',
  'SIGN_UP',
  'SEARCH',
  'SUBSCRIBE',
  'START_TRIAL',
  'LIST_VIEW',
  'LOGIN',
  'SHARE',
  'SAVE',
  'RESERVE',
  'INVITE',
  'RATE',
  'COMPLETE_TUTORIAL',
  'LEVEL_COMPLETE',
  'ACHIEVEMENT_UNLOCKED',
  'SPENT_CREDITS',
  'AD_CLICK',
  'AD_VIEW',
  'CUSTOM_EVENT_1',
  'CUSTOM_EVENT_2',
  'CUSTOM_EVENT_3',
  'CUSTOM_EVENT_4',
  'CUSTOM_EVENT_5',
] as const;

/** GA4 event names and the Snap events they stand for (5). */
export const STANDARD_EVENTS: ReadonlyMap<string, (typeof EVENTS)[number]> = new Map([
  ['page_view', 'PAGE_VIEW'],
  ['view_item', 'VIEW_CONTENT'],
  ['view_item_list', 'LIST_VIEW'],
  ['add_to_cart', 'ADD_CART'],
  ['add_to_wishlist', 'ADD_TO_WISHLIST'],
  ['begin_checkout', 'START_CHECKOUT'],
  ['add_payment_info', 'ADD_BILLING'],
  ['purchase', 'PURCHASE'],
  ['sign_up', 'SIGN_UP'],
  ['generate_lead', 'SIGN_UP'],
  ['search', 'SEARCH'],
  ['subscribe', 'SUBSCRIBE'],
  ['start_trial', 'START_TRIAL'],
  ['login', 'LOGIN'],
  ['share', 'SHARE'],
]);

/** What of a visitor's user data Snap can match on, and this gateway can send. */
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
      '1 = United States. 0 = Snap finds out from the address, which it gets only with `privacy.ip: truncate`.',
    ),
  state: z
    .int()
    .min(0)
    .max(9999)
    .describe("Snap's number of the state, e.g. 1000 = California. 0 = Snap finds out from the address."),
});

export const settings = z.strictObject({
  pixel_id: idText(
    /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
    'the id of the Snap Pixel, e.g. 1ec32188-754e-4be2-8e55-c949a984a39f (Snapchat Ads Manager > Events Manager)',
  ).describe('Id of the Snap Pixel: Snapchat Ads Manager > Events Manager, under the name of the pixel.'),
  access_token: secret().describe(
    'Long-lived token: Snapchat Ads Manager > Business Details > Conversions API Tokens > Generate Token.',
  ),
  authentication: z
    .enum(['query', 'header'])
    .default('query')
    .describe(
      "Where the token goes: `query` as in all of Snap's own examples, or `header` (`Authorization: Bearer`), which another " +
        'sender reports to work.',
    ),
  event_names: z
    .record(eventNameSetting(), z.union([z.enum(EVENTS), z.null()]))
    .default({})
    .describe(
      'Which Snap event an event becomes: {my_event: CUSTOM_EVENT_1}. GA4 names have their standard event already ' +
        `(${[...STANDARD_EVENTS].map(([ga4, snap]) => `${ga4} = ${snap}`).join(', ')}); null switches one off. ` +
        'Events with no name here or there are not sent: Snap takes no names of your own.',
    ),
  user_data: z
    .array(z.enum(USER_DATA))
    .default([...USER_DATA])
    .describe(
      'Which user data may be sent, hashed, once the visitor has agreed and if the event carries it. Without email and ' +
        'phone an event is sent only with `privacy.ip: truncate`.',
    ),
  limited_data_use: limitedDataUse
    .optional()
    .describe(
      "Sends every event of this route under Snap's Limited Data Use, for sites under US state law. Without it the field " +
        'is left out, which means no restriction: the visitor has agreed to that.',
    ),
});

export type Settings = z.output<typeof settings>;

/** What an operator should know about these settings. */
export function warnings({ limited_data_use }: Settings): string[] {
  return limited_data_use !== undefined && (limited_data_use.country === 0 || limited_data_use.state === 0)
    ? ['limited_data_use: 0 asks Snap to look the address up, which needs `privacy.ip: truncate`. Name the state.']
    : [];
}
