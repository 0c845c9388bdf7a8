import * as z from 'zod';
import { merchantSetting } from '../../src/core/data-manager/cart.ts';
import { MAX_DATA_MANAGER_DESTINATIONS } from '../../src/core/data-manager/ingest.ts';
import { eventNameSetting } from '../../src/core/event-name-setting.ts';
import { idText } from '../../src/core/id-text.ts';
import { sourceSetting } from '../../src/core/param-setting.ts';
import { secret } from '../../src/core/secret-schema.ts';

/** How an activity counts: every order with its value, or every event. */
export const COUNTS = ['transactions', 'standard'] as const;

const activityId = idText(
  /^\d{1,20}$/,
  'the id of a Floodlight activity: a number in quotes, not its tag string (`cat`)',
).describe('Id of the Floodlight activity: the number, not the activity tag string (`cat=`).');

const listed = z.strictObject({
  id: activityId,
  count: z
    .enum(COUNTS)
    .describe(
      'How the activity counts. transactions: a sale with value and currency, identified by its order number. ' +
        'standard: a counter without them, identified by the id of the event.',
    ),
});

/** An id alone, as a rule has it: it counts as it is listed elsewhere, else as a counter. */
const activity = z.union([listed, activityId.transform((id) => ({ id, count: undefined }))]);

/** What a marketer and an operator say about one Floodlight configuration. */
export const settings = z.strictObject({
  floodlight_config_id: idText(
    /^\d{1,20}$/,
    'the id of the Floodlight configuration: a number in quotes, `src=` in the tag',
  ).describe('Id of the Floodlight configuration in Campaign Manager 360: the number behind `src=` in its tags.'),
  activities: z
    .record(eventNameSetting(), activity)
    .refine((map) => Object.keys(map).length > 0, 'name at least one event')
    .refine(
      (map) => new Set(Object.values(map).map(({ id }) => id)).size <= MAX_DATA_MANAGER_DESTINATIONS,
      'ten activities at most; use a second route for more',
    )
    .refine((map) => {
      const counted = Object.values(map).filter(({ count }) => count !== undefined);
      return (
        new Set(counted.map(({ id }) => id)).size === new Set(counted.map(({ id, count }) => `${id} ${count}`)).size
      );
    }, 'one activity counts in one way: the same id has two values of `count`')
    .describe(
      'Which event counts as which Floodlight activity: GA4 event name to id and way of counting, e.g. {purchase: {id: "14567890", count: transactions}}; an id alone is a counter. Events that are not listed are not sent.',
    ),
  credentials: secret().describe(
    'Service account key (JSON) with the Data Manager API enabled in its Cloud project and access to the Floodlight configuration.',
  ),
  variables: z
    .record(
      z.string().regex(/^U[1-9]\d{0,2}$/, 'a custom Floodlight variable is written U1, U2, ...'),
      sourceSetting(['coupon']),
    )
    .default({})
    .describe(
      'Custom Floodlight variables: {U1: params.colour, U2: coupon}. Left out, none is sent. Variables must be switched on in the Floodlight configuration.',
    ),
  user_data: z
    .boolean()
    .default(false)
    .describe(
      '`true`: sends hashes of the e-mail address, the phone number, and the name and address of the event, in addition to the click id. Without a click id they match nothing.',
    ),
  merchant: merchantSetting(),
  wait_hours: z
    .int()
    .min(0)
    .max(72)
    .optional()
    .describe(
      'How many hours a conversion waits before it is sent. Google asks for six after the click. Without a wait, conversions that come too soon are sent once more after that time.',
    ),
});

export type Settings = z.output<typeof settings>;
