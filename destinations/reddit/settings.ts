import * as z from 'zod';
import { eventNameSetting } from '../../src/core/event-name-setting.ts';
import { idText } from '../../src/core/id-text.ts';
import { secret } from '../../src/core/secret-schema.ts';

/** GA4 event names and the Reddit types they stand for (`destinations/reddit.md` 5). */
export const STANDARD_EVENTS: ReadonlyMap<string, string> = new Map([
  ['page_view', 'PAGE_VISIT'],
  ['view_item', 'VIEW_CONTENT'],
  ['search', 'SEARCH'],
  ['view_search_results', 'SEARCH'],
  ['add_to_cart', 'ADD_TO_CART'],
  ['add_to_wishlist', 'ADD_TO_WISHLIST'],
  ['purchase', 'PURCHASE'],
  ['generate_lead', 'LEAD'],
  ['sign_up', 'SIGN_UP'],
]);

export const CUSTOM = 'CUSTOM';

const TYPES = [
  'PAGE_VISIT',
  'VIEW_CONTENT',
  'SEARCH',
  'ADD_TO_CART',
  'ADD_TO_WISHLIST',
  'PURCHASE',
  'LEAD',
  'SIGN_UP',
  CUSTOM,
] as const;

/** What of a visitor's user data Reddit can match on, and this gateway can send. */
export const USER_DATA = ['email', 'phone', 'user_id'] as const;

export const settings = z.strictObject({
  pixel_id: idText(
    /^[at]2_[a-z0-9]{2,40}$/,
    'the id of the pixel, in quotes, e.g. "a2_exampleabc" (Reddit Ads > Events Manager)',
  ).describe('Id of the pixel: Reddit Ads > Events Manager. It begins with `a2_` or `t2_`.'),
  access_token: secret().describe(
    'Conversion access token: Reddit Ads > Events Manager > Conversions API. It does not expire, and is shown once.',
  ),
  event_names: z
    .record(eventNameSetting(), z.union([z.enum(TYPES), z.null()], { error: `one of ${TYPES.join(', ')}, or null` }))
    .default({})
    .describe(
      'Which Reddit event an event becomes: {quote_requested: LEAD}. CUSTOM keeps the own name of the event. GA4 names have ' +
        `theirs already (${[...STANDARD_EVENTS].map(([ga4, type]) => `${ga4} = ${type}`).join(', ')}); null switches one off. ` +
        'Events with no name here or there are not sent.',
    ),
  user_data: z
    .array(z.enum(USER_DATA))
    .default([...USER_DATA])
    .describe(
      'Which user data may be sent, hashed, once the visitor has agreed and if the event carries it. ' +
        '[] sends none: matching then uses the click id and `_rdt_uuid`.',
    ),
  test_id: z
    .string()
    .regex(/^t2_[A-Za-z0-9]{2,40}$/, 'a test id looks like t2_exampleabc (Events Manager > Test events)')
    .optional()
    .describe('Shows events in the test tool of Events Manager. Remove it in production.'),
});

export type Settings = z.output<typeof settings>;

/** What an operator should know about these settings. */
export function warnings({ test_id }: Settings): string[] {
  return test_id === undefined
    ? []
    : ['test_id: events go to the test tool of Events Manager. Remove it in production.'];
}
