import * as z from 'zod';
import { eventNameSetting } from '../../src/core/event-name-setting.ts';
import { host } from '../../src/core/host-setting.ts';
import { idText } from '../../src/core/id-text.ts';
import { currencyCode } from '../../src/core/money.ts';
import { paramSetting } from '../../src/core/param-setting.ts';
import { secret } from '../../src/core/secret-schema.ts';

/** What an operator says about one site in Matomo (`destinations/matomo.md`). */
export const settings = z.strictObject({
  host: host().describe('The host of your Matomo, without `https://`.'),
  path: z
    .string()
    .regex(/^\/(?:[\w~-][\w.~-]*\/)*(?:matomo|piwik)\.php$/, 'expected a path that ends in `/matomo.php`')
    .default('/matomo.php')
    .describe('The path of `matomo.php` on that host. If Matomo is in a folder: `/matomo/matomo.php`.'),
  site_id: idText(
    /^[1-9]\d{0,9}$/,
    'the number of a site in quotes, e.g. "3" (Matomo: Administration > Websites > Manage, "ID")',
  ).describe('The site for which the events are counted: Administration > Websites > Manage, "ID".'),
  token: secret()
    .optional()
    .describe(
      'Token of a user with *write* permission for this site, made for the gateway: Administration > Personal > Security > ' +
        'Auth tokens. Without it Matomo ignores address and country, so that all visitors seem to be at the place of the gateway, and refuses events older than a day.',
    ),
  currency: z
    .string()
    .refine((text) => currencyCode(text) === text, 'expected a currency of ISO 4217, e.g. `NOK`')
    .describe(
      'The currency of the site in Matomo, which has one for each site: Administration > Websites > Manage. An event in another currency is sent without its amounts.',
    ),
  value_includes: z
    .array(z.enum(['tax', 'shipping']))
    .default(['tax', 'shipping'])
    .describe('The amounts that the `value` of your orders includes in addition to the price of the products.'),
  goals: z
    .record(
      eventNameSetting(),
      idText(/^[1-9]\d{0,9}$/, 'the number of a goal in quotes, e.g. "5" (Matomo: Goals > Manage goals, "ID")'),
    )
    .default({})
    .describe('Event -> number of the goal that it fulfils: {generate_lead: "5"}. Goals > Manage goals, "ID".'),
  dimensions: z
    .record(z.string().regex(/^[1-9]\d{0,2}$/, 'expected the ID of a custom dimension, e.g. "1"'), paramSetting())
    .default({})
    .describe(
      'ID of a custom dimension -> the parameter of your events that it shows: {"1": page_type}. Administration > Websites > Custom Dimensions, "ID" of an action dimension, which is not its "Index".',
    ),
  category: z
    .string()
    .regex(/^[^\p{Cc}]{1,100}$/u, 'expected a name of at most 100 characters')
    .default('GA4')
    .describe('The category under which events without a report of their own are shown (Behaviour > Events).'),
  user_id: z
    .boolean()
    .default(false)
    .describe(
      '`true`: your own id of a visitor who has logged in is sent to Matomo as User ID, if `ad_storage` and `ad_user_data` are granted.',
    ),
  at_most_once: z
    .boolean()
    .default(false)
    .describe(
      '`true`: an event is not sent again where Matomo may have it and did not say so (no answer, or HTTP 500, 502, 504): it becomes a dead letter. `false`: it is sent again, and may count twice. Orders are sent again in both cases, because Matomo recognises their number.',
    ),
});

export type Settings = z.output<typeof settings>;
