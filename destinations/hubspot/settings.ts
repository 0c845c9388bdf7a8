import * as z from 'zod';
import { eventNameSetting } from '../../src/core/event-name-setting.ts';
import { idText } from '../../src/core/id-text.ts';
import { sourceSetting } from '../../src/core/param-setting.ts';
import { secret } from '../../src/core/secret-schema.ts';

/** What of an event a property can be, by the name it has in the settings. */
const SOURCES = [
  'transaction_id',
  'value',
  'currency',
  'search_term',
  'page_location',
  'page_title',
  'item_ids',
] as const;

const source = sourceSetting(SOURCES);

const occurrence = z.strictObject({
  name: idText(
    /^pe\d{1,20}_[a-z][a-z0-9_]{0,99}$/,
    'the internal name of a custom event, e.g. `pe1234567_purchase` (HubSpot: Data management > Event management)',
  ).describe('Internal name of the custom event.'),
  properties: z
    .record(z.string().regex(/^[a-z][a-z0-9_]{0,49}$/, 'expected the internal name of a property of the event'), source)
    .refine((map) => Object.keys(map).length <= 50, '50 properties at most')
    .default({})
    .describe('Internal name of a property of the event -> the field of the event whose value it gets.'),
});

/** What a marketer says about one HubSpot account (`destinations/hubspot.md`). */
export const settings = z.strictObject({
  custom_events: z
    .record(eventNameSetting(), occurrence)
    .refine((map) => Object.keys(map).length > 0, 'name at least one event')
    .describe(
      'Event -> custom event: {purchase: {name: pe1234567_purchase, properties: {order_id: transaction_id, amount: value}}}. ' +
        'Data management > Event management, the event, "Internal name". Make it in HubSpot first, with its properties. Events that are not listed are not sent.',
    ),
  access_token: secret().describe(
    'Service key or token of a private app with the scope `analytics.behavioral_events.send`: Settings > Integrations.',
  ),
  api_version: z
    .string({ error: 'a version in quotes, e.g. "2026-09"' })
    .regex(/^20\d{2}-(?:0[1-9]|1[0-2])$/, 'a version is a year and a month, e.g. "2026-09"')
    .default('2026-09')
    .describe('Version of the API, in quotes. If HubSpot answers 404 although the event exists, try "2026-03".'),
  email: z
    .boolean()
    .default(false)
    .describe(
      '`true`: the e-mail address is sent to HubSpot **in the clear**, which identifies contacts by it. It is sealed while it waits. Without it HubSpot identifies only visitors with its cookie.',
    ),
});

export type Settings = z.output<typeof settings>;
