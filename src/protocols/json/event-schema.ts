import * as z from 'zod';
import type { Scalars } from '../../core/fields.ts';
import { address, numberSchema, text, time, wellFormed } from '../json-parts.ts';
import { eventName } from '../names.ts';
import { isCustom, params, Reader } from '../params.ts';
import { visitor } from '../stated-visitor.ts';

/**
 * The body of `/v1/events` (`contract/event.json`). A message says what is expected and never repeats a value. Small
 * mistakes are tolerated: numbers written as text, texts that are too long (cut), nested parameters (left out).
 */

const scalar = z.union([z.string().transform(wellFormed), numberSchema, z.boolean()], {
  error: 'expected a text, a finite number, true or false; nested values are not taken',
});

const userProperties = z
  .record(z.string().max(24, { error: 'the name of a user property has at most 24 characters' }), scalar.nullable(), {
    error: 'expected an object of user properties',
  })
  .transform((fields, context): Scalars | undefined => {
    const reader = new Reader(context);
    let custom: Record<string, string | number | boolean> | undefined;
    for (const [name, value] of Object.entries(fields)) {
      if (isCustom(name, reader) && value !== null) (custom ??= {})[name] = value;
    }
    return custom;
  });

/** SHA-256 in hex, as the site made it. */
const sha256 = () =>
  z
    .string({ error: SHA256 })
    .transform((value) => value.trim().toLowerCase())
    .pipe(z.string().regex(/^[0-9a-f]{64}$/, { error: SHA256 }));
const SHA256 = 'expected a SHA-256 in hex, 64 digits';

/** Who the event is about, as the site knows it; classes `identifier` and `user_data`. */
const user = z.strictObject({
  id: text().nullish(),
  email: text().nullish(),
  phone: text().nullish(),
  email_sha256: sha256().or(z.literal('')).nullish(),
  phone_sha256: sha256().or(z.literal('')).nullish(),
  first_name: text().nullish(),
  last_name: text().nullish(),
  street: text().nullish(),
  city: text().nullish(),
  region: text().nullish(),
  postal_code: text().nullish(),
  country: text().nullish(),
});

/** One event of the body. */
export const event = z.strictObject(
  {
    name: eventName,
    id: text().nullish(),
    time: time.nullish(),
    page: z
      .strictObject({ url: address().nullish(), referrer: address().nullish(), title: text().nullish() })
      .nullish(),
    params: params.nullish(),
    user: user.nullish(),
    user_properties: userProperties.nullish(),
    visitor: visitor.nullish(),
    client_id: text().nullish(),
    session_id: text().nullish(),
    language: text().nullish(),
    screen: text().nullish(),
  },
  { error: 'expected an event: an object with a name' },
);

/** The body around the events; each event is read separately. */
export const eventsBody = z.strictObject(
  {
    events: z
      .array(z.unknown(), { error: 'expected a list of events' })
      .min(1, { error: 'expected at least one event' }),
  },
  { error: 'expected an object with `events`' },
);

export type JsonEvent = z.output<typeof event>;
