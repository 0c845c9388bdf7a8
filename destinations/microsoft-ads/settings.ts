import * as z from 'zod';
import { eventNameSetting } from '../../src/core/event-name-setting.ts';
import { idText } from '../../src/core/id-text.ts';
import { secret } from '../../src/core/secret-schema.ts';

/** What a marketer and an operator say about one UET tag. */
export const settings = z.strictObject({
  tag_id: idText(
    /^\d{1,20}$/,
    'the id of a UET tag, digits in quotes, e.g. "97000001" (Microsoft Advertising > Conversions > UET tag)',
  ).describe('Id of the UET tag: Microsoft Advertising > Conversions > UET tag. In quotes.'),
  access_token: secret().describe(
    'Token of that tag: Microsoft Advertising > UET tag > Use Conversions API. Not the token of the Advertising API.',
  ),
  event_names: z
    .record(eventNameSetting(), z.string().min(1).max(100))
    .optional()
    .describe(
      'GA4 event name to the event action your conversion goals look for, where the two differ, e.g. `{generate_lead: submit_form}`. All other events keep their GA4 name; a page view is always a page load.',
    ),
});

export type Settings = z.output<typeof settings>;
