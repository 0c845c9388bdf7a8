import * as z from 'zod';
import { eventNameSetting } from '../../src/core/event-name-setting.ts';
import { host } from '../../src/core/host-setting.ts';
import { idText } from '../../src/core/id-text.ts';
import { currencyCode } from '../../src/core/money.ts';
import { paramSetting } from '../../src/core/param-setting.ts';

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

/** What an operator says about one app in Piwik PRO (`destinations/piwik-pro.md`). */
export const settings = z.strictObject({
  host: host().describe(
    'The host of your Piwik PRO, without `https://`: `<account>.piwik.pro`, or your own tracking domain (Menu > Administration > Account > Tracking domains).',
  ),
  app_id: idText(
    new RegExp(`^${UUID}$`),
    'the id of an app, 36 characters (Piwik PRO: Menu > Administration > Sites & apps, "App ID" below its name)',
  ).describe('The app for which the events are counted: Menu > Administration > Sites & apps, below its name.'),
  currency: z
    .string()
    .refine((text) => currencyCode(text) === text, 'expected a currency of ISO 4217, e.g. `NOK`')
    .describe(
      'The currency of the app: Menu > Administration > Sites & apps > Settings. An event in another currency is sent without its amounts.',
    ),
  value_includes: z
    .array(z.enum(['tax', 'shipping']))
    .default(['tax', 'shipping'])
    .describe('The amounts that the `value` of your orders includes in addition to the price of the products.'),
  goals: z
    .record(
      eventNameSetting(),
      idText(new RegExp(`^(?:${UUID}|[1-9]\\d{0,9})$`), 'the id of a goal (Piwik PRO: Analytics > Goals)'),
    )
    .default({})
    .describe('Event -> id of the goal that it fulfils. Analytics > Goals.'),
  dimensions: z
    .record(z.string().regex(/^[1-9]\d{0,2}$/, 'expected the number of a custom dimension, e.g. "1"'), paramSetting())
    .default({})
    .describe(
      'Number of a custom dimension of events -> the parameter of your events that it shows: {"1": page_type}. Analytics > Settings > Custom dimensions.',
    ),
  category: z
    .string()
    .regex(/^[^\p{Cc}]{1,100}$/u, 'expected a name of at most 100 characters')
    .default('GA4')
    .describe('The category under which custom events are shown.'),
  user_id: z
    .boolean()
    .default(false)
    .describe(
      '`true`: your own id of a visitor who has logged in is sent to Piwik PRO as user ID, if `ad_storage` and `ad_user_data` are granted.',
    ),
  at_most_once: z
    .boolean()
    .default(false)
    .describe(
      '`true`: an event is not sent again where Piwik PRO may have it and did not say so (no answer, or HTTP 500, 502, 504): it becomes a dead letter. `false`: it is sent again, and may count twice. Orders are sent again in both cases, because Piwik PRO recognises their number.',
    ),
});

export type Settings = z.output<typeof settings>;
