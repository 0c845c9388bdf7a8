import { z } from 'zod';
import type { Scalars } from '../core/fields.ts';
import { ITEM_NUMBERS, ITEM_TEXTS } from '../core/ga4-web.ts';
import type { Item } from '../core/values.ts';
import { IDENTIFIER_PARAMS, LIMITS } from './limits.ts';

/** The body of `/v1/events` (`contract/event.json`). Messages say what is expected, never what came. */

const MAX_COOKIE_HEADER = 32 * 1024;

/** Lone surrogates become U+FFFD: no vendor's request could carry them. */
const text = (longest: number = LIMITS.string) =>
  z
    .string({ error: 'expected a text' })
    .max(longest, { error: `expected at most ${longest} characters` })
    .transform((value) => value.toWellFormed());

const FINITE = 'expected a finite number';
const finite = z.number({ error: FINITE });

/** Ids are texts, but many systems keep them as numbers. */
const id = (longest = 256) =>
  z.union([text(longest), finite.transform(String)], { error: `expected a text of at most ${longest} characters` });

const scalar = z.union([text(), finite, z.boolean()], {
  error: `expected a text of at most ${LIMITS.string} characters, a finite number, true or false; nested values are not taken`,
});

/** Prefixes Google keeps for itself (`destinations/ga4.md` 2.4); `_` and `gtag.` fail the alphabet already. */
const RESERVED_PREFIX = /^(?:firebase_|ga_|google_)/;

/** Events that the tag or the app SDK makes itself (`destinations/ga4.md` 2.4). */
const RESERVED_EVENTS: ReadonlySet<string> = new Set([
  'ad_activeview',
  'ad_click',
  'ad_exposure',
  'ad_impression',
  'ad_query',
  'adunit_exposure',
  'app_clear_data',
  'app_exception',
  'app_install',
  'app_remove',
  'app_update',
  'error',
  'first_open',
  'first_visit',
  'in_app_purchase',
  'os_update',
  'screen_view',
  'session_start',
  'session_start_with_rollout',
  'user_engagement',
]);

const eventName = z
  .string({ error: 'expected the name of the event' })
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,39}$/, {
    error: 'expected a name that starts with a letter and has at most 40 letters, digits and `_`',
  })
  .refine((name) => !RESERVED_EVENTS.has(name) && !name.startsWith('notification_') && !RESERVED_PREFIX.test(name), {
    error: 'this name is reserved by Google Analytics',
  });

const RESERVED = 'names that start with `firebase_`, `ga_` or `google_` are reserved by Google';

const IDENTIFIER = 'identifiers belong in `user`, `client_id` or the page address, where consent is asked for them';

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)$/;

/** Unix milliseconds. A number that would be a day in the early seventies is a time in seconds. */
const time = z.union(
  [
    z
      .string()
      .regex(ISO_TIME)
      .transform((value) => Date.parse(value))
      .pipe(z.number()),
    z
      .number()
      .min(0)
      .refine((value) => value < 1e8 || value >= 1e11)
      .transform(Math.floor),
  ],
  { error: 'expected an ISO 8601 time with its zone, or unix milliseconds (not seconds)' },
);

const ITEM_TEXT_NAMES: ReadonlySet<string> = new Set(ITEM_TEXTS.values());
const ITEM_NUMBER_NAMES: ReadonlySet<string> = new Set(ITEM_NUMBERS.values());

/** An item: names GA4 knows have its types, the others go to `custom`. Null is as good as absent. */
const item = z
  .record(z.string(), scalar.nullable(), { error: 'expected an item: an object of texts and numbers' })
  .transform((fields, context): Item => {
    const known: Record<string, string | number> = {};
    const custom: Record<string, string | number> = {};
    for (const [name, value] of Object.entries(fields)) {
      if (value === null) continue;
      if (ITEM_TEXT_NAMES.has(name)) {
        known[name] = String(value);
      } else if (!ITEM_NUMBER_NAMES.has(name)) {
        custom[name] = typeof value === 'boolean' ? String(value) : value;
      } else if (typeof value === 'number') {
        known[name] = value;
      } else {
        context.addIssue({ code: 'custom', path: [name], message: FINITE, input: undefined });
      }
    }
    return Object.keys(custom).length === 0 ? known : { ...known, custom };
  });

/** Custom names among `fields`: null is as good as absent, reserved prefixes are refused. */
function customScalars(
  fields: Readonly<Record<string, string | number | boolean | null>>,
  context: z.RefinementCtx,
): Scalars | undefined {
  let custom: Record<string, string | number | boolean> | undefined;
  for (const [name, value] of Object.entries(fields)) {
    if (RESERVED_PREFIX.test(name)) {
      context.addIssue({ code: 'custom', path: [name], message: RESERVED, input: undefined });
    } else if (IDENTIFIER_PARAMS.has(name)) {
      context.addIssue({ code: 'custom', path: [name], message: IDENTIFIER, input: undefined });
    } else if (value !== null) {
      (custom ??= {})[name] = value;
    }
  }
  return custom;
}

/** Parameters with fields of their own (`src/core/fields.ts`), and custom ones. */
const params = z
  .object(
    {
      currency: text(3).nullish(),
      value: finite.nullish(),
      tax: finite.nullish(),
      shipping: finite.nullish(),
      coupon: text().nullish(),
      transaction_id: id().nullish(),
      search_term: text().nullish(),
      engagement_time_msec: finite.nullish(),
      debug_mode: z.union([z.boolean(), z.literal(1)], { error: 'expected true or 1' }).nullish(),
      items: z
        .array(item, { error: 'expected a list of items' })
        .max(LIMITS.items, { error: `expected at most ${LIMITS.items} items` })
        .nullish(),
    },
    { error: 'expected an object of parameters' },
  )
  .catchall(scalar.nullable())
  .transform((fields, context) => {
    const {
      currency,
      value,
      tax,
      shipping,
      coupon,
      transaction_id,
      search_term,
      engagement_time_msec,
      debug_mode,
      items,
      ...rest
    } = fields;
    return {
      currency,
      value,
      tax,
      shipping,
      coupon,
      transaction_id,
      search_term,
      engagement_time_msec,
      debug_mode,
      items,
      custom: customScalars(rest, context),
    };
  });

const userProperties = z
  .record(z.string().max(24, { error: 'the name of a user property has at most 24 characters' }), scalar.nullable(), {
    error: 'expected an object of user properties',
  })
  .transform(customScalars);

/** Who the event is about, as the site knows it; classes `identifier` and `user_data`. */
const user = z.strictObject({
  id: id().nullish(),
  email: text().nullish(),
  phone: text().nullish(),
  first_name: text().nullish(),
  last_name: text().nullish(),
  street: text().nullish(),
  city: text().nullish(),
  region: text().nullish(),
  postal_code: text().nullish(),
  country: text().nullish(),
});

/** What a back end knows of the visitor (design 3a); `cookies` is the visitor's Cookie header as it was received. */
const visitor = z.strictObject({
  cookies: text(MAX_COOKIE_HEADER).nullish(),
  client_id: id().nullish(),
  session_id: id().nullish(),
  ip: text(64).nullish(),
  user_agent: text().nullish(),
  gpc: z.boolean({ error: 'expected true or false' }).nullish(),
});

const event = z.strictObject(
  {
    name: eventName,
    id: id().nullish(),
    time: time.nullish(),
    page: z.strictObject({ url: text().nullish(), referrer: text().nullish(), title: text().nullish() }).nullish(),
    params: params.nullish(),
    user: user.nullish(),
    user_properties: userProperties.nullish(),
    visitor: visitor.nullish(),
    client_id: id().nullish(),
    session_id: id().nullish(),
    language: text(35).nullish(),
    screen: text(16).nullish(),
  },
  { error: 'expected an event: an object with a name' },
);

export const eventsBody = z.strictObject(
  {
    events: z
      .array(event, { error: 'expected a list of events' })
      .min(1, { error: 'expected at least one event' })
      .max(LIMITS.events, { error: `expected at most ${LIMITS.events} events` }),
  },
  { error: 'expected an object with `events`' },
);

export type JsonEvent = z.output<typeof event>;

/** The first thing that is wrong, with its path: `events[0].params.value: expected a finite number`. */
export function explain(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return 'The body is not as expected.';
  let path = '';
  for (const part of issue.path)
    path += typeof part === 'number' ? `[${part}]` : `${path === '' ? '' : '.'}${String(part)}`;
  // The names are safe to repeat: `parseJson` lets nothing through but letters, digits and `_`.
  const what = messageOf(issue);
  return path === '' ? what : `${path}: ${what}`;
}

function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `unknown key \`${issue.keys[0] ?? ''}\``;
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message;
  return issue.message;
}
