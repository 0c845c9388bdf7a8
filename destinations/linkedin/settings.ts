import * as z from 'zod';
import { eventNameSetting } from '../../src/core/event-name-setting.ts';
import { idText } from '../../src/core/id-text.ts';
import { secret } from '../../src/core/secret-schema.ts';

/** What of a visitor's user data LinkedIn can match on, and this gateway can send. */
export const USER_DATA = ['email', 'first_name', 'last_name', 'country', 'user_id'] as const;

export const settings = z.strictObject({
  conversions: z
    .record(
      eventNameSetting(),
      idText(
        /^\d{1,20}$/,
        'the id of a conversion rule, digits in quotes, e.g. "104012" (Campaign Manager > Measurement > Conversions)',
      ),
    )
    .describe(
      'Event -> id of a conversion rule: {purchase: "104012"}. LinkedIn has no event names, one rule is one kind of event. ' +
        'The id is in Campaign Manager > Measurement > Conversions, in the address of the rule. Make the rule with the ' +
        'Conversions API as its source and add it to campaigns. Events without a rule are not sent.',
    ),
  access_token: secret().describe(
    'Access token: Campaign Manager > Data > Signals manager > Direct API. Belongs to one ad account and does not expire.',
  ),
  api_version: z
    .string({ error: 'the month of a version in quotes, e.g. "202609"' })
    .regex(/^20\d{2}(?:0[1-9]|1[0-2])$/, 'a version is a month, e.g. 202609')
    .default('202609')
    .describe('Month of the API version, in quotes. Each lives for a year; `lint` warns 60 days before its end.'),
  user_data: z
    .array(z.enum(USER_DATA))
    .default([...USER_DATA])
    .describe(
      'Which user data may be sent once the visitor has agreed and if the event carries it. All of it is hashed, except the ' +
        'country code. Names need both parts. [] sends none: matching then uses the click id (`li_fat_id`).',
    ),
});

export type Settings = z.output<typeof settings>;

const DAY = 86_400_000;

/** Months for which there was no version (`destinations/linkedin.md` 1, state of 2026-11-23). */
const NEVER_PUBLISHED = new Set(['202512']);

/** When a version ends: twelve months after its own, in the middle of the month (1). Unix milliseconds. */
export function sunset(version: string): number {
  return Date.UTC(Number(version.slice(0, 4)) + 1, Number(version.slice(4)) - 1, 15);
}

/** What an operator should know about these settings on that day (unix milliseconds). */
export function warnings({ api_version }: Settings, now: number): string[] {
  const found: string[] = [];
  const end = sunset(api_version);
  const day = new Date(end).toISOString().slice(0, 10);
  if (NEVER_PUBLISHED.has(api_version)) {
    found.push(
      `api_version: LinkedIn never published ${api_version}; it refuses every request. Use "202609" or a later month.`,
    );
  } else if (now >= end) {
    found.push(
      `api_version: ${api_version} has ended about ${day}; LinkedIn refuses every request. Set a later month.`,
    );
  } else if (now >= end - 60 * DAY) {
    found.push(`api_version: ${api_version} ends about ${day}. Set a later month before that day.`);
  } else if (now < Date.UTC(Number(api_version.slice(0, 4)), Number(api_version.slice(4)) - 1, 1)) {
    found.push(`api_version: ${api_version} is not published yet; LinkedIn refuses every request until it is.`);
  }
  return found;
}
