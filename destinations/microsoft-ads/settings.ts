import { z } from 'zod';
import { secret } from '../../src/core/secret-schema.ts';

/** What a marketer and an operator say about one UET tag. */
export const settings = z.strictObject({
  tag_id: z
    .string()
    .regex(/^\d{1,20}$/, 'a UET tag id is a number, in quotes, e.g. "97000001"')
    .describe('Id of the UET tag: Microsoft Advertising > Conversions > UET tag. In quotes.'),
  access_token: secret().describe(
    'Token of that tag: Microsoft Advertising > UET tag > Use Conversions API. Not the token of the Advertising API.',
  ),
  event_names: z
    .record(z.string().min(1).max(40), z.string().min(1).max(100))
    .optional()
    .describe(
      'GA4 event name to the event action your conversion goals look for, where the two differ, e.g. `{generate_lead: submit_form}`. All other events keep their GA4 name; a page view is always a page load.',
    ),
});

export type Settings = z.output<typeof settings>;
