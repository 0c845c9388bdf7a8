import * as z from 'zod';
import { merchantSetting } from '../../src/core/data-manager/cart.ts';
import { eventNameSetting } from '../../src/core/event-name-setting.ts';
import { idText } from '../../src/core/id-text.ts';
import { secret } from '../../src/core/secret-schema.ts';

const customerId = idText(
  /^\d{3}-?\d{3}-?\d{4}$/,
  'a customer id: ten digits in quotes, e.g. "1234567890", at the top right of Google Ads',
).transform((id) => id.replaceAll('-', ''));

/** What a marketer and an operator say about one Google Ads account. */
export const settings = z
  .strictObject({
    customer_id: customerId.describe(
      'The account that owns the conversion actions: ten digits, at the top right of Google Ads. If a manager account tracks conversions across accounts, write that one.',
    ),
    login_customer_id: customerId
      .optional()
      .describe('The manager account through which the service account has access, if it has no direct access.'),
    conversions: z
      .record(
        eventNameSetting(),
        idText(
          /^\d{1,20}$/,
          'a conversion action id: the number behind `ctId=` in the address of the conversion action, in quotes',
        ),
      )
      .refine((map) => Object.keys(map).length > 0, 'name at least one event')
      // Destinations of one request (`destinations/google-ads.md` 2.6).
      .refine(
        (map) => new Set(Object.values(map)).size <= 10,
        'ten conversion actions at most; use a second route for more',
      )
      .describe(
        'Which event counts as which conversion: GA4 event name to conversion action id (the `ctId` in the address of the conversion action in Google Ads). Events that are not listed are not sent.',
      ),
    credentials: secret().describe(
      'Service account key (JSON) with the Data Manager API enabled in its Cloud project and access to the account.',
    ),
    conversion_id: idText(/^(AW-)?\d{1,20}$/, 'the number of the Google Ads tag, e.g. "AW-123456789"')
      .transform((id) => id.replace('AW-', ''))
      .optional()
      .describe('Number of the Google tag (`AW-...`). Only used by `without_consent: limited`.'),
    labels: z
      .record(
        eventNameSetting(),
        z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'a conversion label, as the event snippet has it'),
      )
      .optional()
      .describe(
        'GA4 event name to conversion label (behind the `/` of `send_to` in the event snippet). Only used by `without_consent: limited`.',
      ),
    wait_hours: z
      .int()
      .min(0)
      .max(72)
      .optional()
      .describe(
        'How many hours a conversion waits before it is sent. Google asks for six after the click. Without a wait, conversions that come too soon are sent once more after that time, if they have an order number or event id.',
      ),
    merchant: merchantSetting(),
  })
  .refine((s) => (s.conversion_id === undefined) === (s.labels === undefined), {
    message: 'conversion_id and labels are used together or not at all',
    path: ['labels'],
  });

export type Settings = z.output<typeof settings>;
