import { z } from 'zod';
import type { Scalars } from '../../core/fields.ts';
import { ITEM_NUMBERS, ITEM_TEXTS } from '../../core/ga4-web.ts';
import type { LeftOutKind } from '../../core/left-out.ts';
import type { Item } from '../../core/values.ts';
import { cutText, finiteNumber, IDENTIFIER_PARAMS, LIMITS } from '../limits.ts';
import { UNREADABLE } from '../settle.ts';

/**
 * The body of `/v1/events` (`contract/event.json`). Messages say what is expected, never what came. What can be
 * understood all the same is: numbers written as text, texts that are too long, nested parameters (left out).
 */

const MAX_COOKIE_HEADER = 32 * 1024;

const FINITE = 'expected a finite number';
const finite = z.number({ error: FINITE });

/** Lone surrogates become U+FFFD: no vendor's request could carry them. */
const wellFormed = (value: string): string => cutText(value).toWellFormed();

/** Texts, but many systems keep ids, phone numbers and postal codes as numbers. */
const text = () => z.union([z.string(), finite.transform(String)], { error: 'expected a text' }).transform(wellFormed);

/** An address: no number is one. */
const address = () => z.string({ error: 'expected a text' }).transform(wellFormed);

/** The header as a text, or the list of `name=value` that some servers take it apart into. */
const cookieHeader = z
  .union([z.string(), z.array(z.string()).transform((pairs) => pairs.join('; '))], {
    error: 'expected the Cookie header as a text, or a list of `name=value`',
  })
  .transform((value) => unwrapped(value.toWellFormed()))
  .refine((value) => value.length <= MAX_COOKIE_HEADER, { error: `expected at most ${MAX_COOKIE_HEADER} characters` })
  .refine((value) => value.includes('=') || value.trim() === '', {
    error: 'expected cookies, `name=value; name=value`',
  });

/** Without the header's own name, and without the encoding of the whole that a query or a form has put around it. */
function unwrapped(header: string): string {
  const bare = header.replace(/^\s{0,8}cookie:/i, '');
  if (bare.includes('=') || !/%3d/i.test(bare) || bare.length > 3 * MAX_COOKIE_HEADER) return bare;
  try {
    return decodeURIComponent(bare)
      .replace(/^\s{0,8}cookie:/i, '')
      .toWellFormed();
  } catch {
    return bare;
  }
}

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

/** What a list of parameters is read into, with what had to stay out of it. */
class Reader {
  readonly leftOut: LeftOutKind[] = [];
  private readonly context: z.RefinementCtx;
  private readonly path: readonly (string | number)[];

  constructor(context: z.RefinementCtx, path: readonly (string | number)[] = [], leftOut: LeftOutKind[] = []) {
    this.context = context;
    this.path = path;
    this.leftOut = leftOut;
  }

  /** The same list, further in. */
  at(...path: readonly (string | number)[]): Reader {
    return new Reader(this.context, [...this.path, ...path], this.leftOut);
  }

  /** A mistake: whoever wrote the event hears of it. */
  wrong(name: string | number, message: string): undefined {
    this.context.addIssue({ code: 'custom', path: [...this.path, name], message, input: undefined });
    return undefined;
  }

  text(name: string, value: unknown): string | undefined {
    if (value === undefined || value === null || this.isNested(value)) return undefined;
    if (typeof value === 'number' && Number.isFinite(value)) return String(value);
    return typeof value === 'string' ? this.cut(value) : this.wrong(name, 'expected a text');
  }

  /** A number, or a text that is one. A text that is none is left out, and counted where its meaning is known. */
  number(name: string, value: unknown): number | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'number') return Number.isFinite(value) ? value : this.wrong(name, FINITE);
    if (this.isNested(value)) return UNREADABLE;
    if (typeof value !== 'string') return this.wrong(name, FINITE);
    const trimmed = value.trim();
    return trimmed === '' ? undefined : (finiteNumber(trimmed) ?? UNREADABLE);
  }

  /** The same where nothing hangs on it. */
  plainNumber(name: string, value: unknown): number | undefined {
    const number = this.number(name, value);
    if (number === undefined || !Number.isNaN(number)) return number;
    this.leftOut.push('number');
    return undefined;
  }

  scalar(name: string, value: unknown): string | number | boolean | undefined {
    if (value === undefined || value === null || this.isNested(value)) return undefined;
    if (typeof value === 'string') return this.cut(value);
    if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value;
    return this.wrong(name, 'expected a text, a finite number, true or false');
  }

  /** Nested values have no place in any vendor's format; the event goes on without them. */
  private isNested(value: unknown): boolean {
    if (typeof value !== 'object' || value === null) return false;
    this.leftOut.push('nested');
    return true;
  }

  private cut(value: string): string {
    if (value.length > LIMITS.string) this.leftOut.push('cut');
    return wellFormed(value);
  }
}

/** An item: names GA4 knows have their types, the others go to `custom`. Null is as good as absent. */
function readItem(fields: Readonly<Record<string, unknown>>, reader: Reader): Item {
  const known: Record<string, string | number> = {};
  const custom: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (ITEM_NUMBER_NAMES.has(name)) {
      const number = reader.plainNumber(name, value);
      if (number !== undefined) known[name] = number;
      continue;
    }
    const scalar = reader.scalar(name, value);
    if (scalar === undefined) continue;
    if (ITEM_TEXT_NAMES.has(name)) known[name] = String(scalar);
    else custom[name] = typeof scalar === 'boolean' ? String(scalar) : scalar;
  }
  return Object.keys(custom).length === 0 ? known : { ...known, custom };
}

function readItems(value: unknown, reader: Reader): readonly Item[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) return reader.wrong('items', 'expected a list of items');
  const list = value as readonly unknown[];
  for (let i = LIMITS.items; i < list.length; i++) reader.leftOut.push('items');
  return list.slice(0, LIMITS.items).flatMap((item, i): Item[] => {
    if (item === null) return [];
    if (typeof item !== 'object' || Array.isArray(item)) {
      reader.at('items').wrong(i, 'expected an item: an object of texts and numbers');
      return [];
    }
    return [readItem(item as Readonly<Record<string, unknown>>, reader.at('items', i))];
  });
}

/** On and off as tags and back ends write it; undefined = neither. */
const SWITCH: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  [true, true],
  [1, true],
  ['1', true],
  ['true', true],
  [false, false],
  [0, false],
  ['0', false],
  ['false', false],
  ['', false],
]);

/** A custom name: reserved prefixes and identifiers are refused. */
function isCustom(name: string, reader: Reader): boolean {
  if (RESERVED_PREFIX.test(name)) reader.wrong(name, RESERVED);
  else if (IDENTIFIER_PARAMS.has(name)) reader.wrong(name, IDENTIFIER);
  else return true;
  return false;
}

/** Parameters with fields of their own (`src/core/fields.ts`), and custom ones. */
const params = z
  .record(z.string(), z.unknown(), { error: 'expected an object of parameters' })
  .transform((fields, context) => {
    const reader = new Reader(context);
    const { currency, value, tax, shipping, coupon, transaction_id, search_term, ...others } = fields;
    const { engagement_time_msec, debug_mode, items, ...rest } = others;
    const custom: Record<string, string | number | boolean> = {};
    for (const [name, given] of Object.entries(rest)) {
      if (!isCustom(name, reader)) continue;
      const scalar = reader.scalar(name, given);
      if (scalar !== undefined) custom[name] = scalar;
    }
    const debug = debug_mode === undefined || debug_mode === null ? false : SWITCH.get(debug_mode);
    if (debug === undefined) reader.wrong('debug_mode', 'expected true or 1');
    return {
      currency: reader.text('currency', currency),
      value: reader.number('value', value),
      tax: reader.number('tax', tax),
      shipping: reader.number('shipping', shipping),
      coupon: reader.text('coupon', coupon),
      transaction_id: reader.text('transaction_id', transaction_id),
      search_term: reader.text('search_term', search_term),
      engagement_time_msec: reader.plainNumber('engagement_time_msec', engagement_time_msec),
      debug_mode: debug,
      items: readItems(items, reader),
      custom: Object.keys(custom).length === 0 ? undefined : custom,
      leftOut: reader.leftOut,
    };
  });

const scalar = z.union([z.string().transform(wellFormed), finite, z.boolean()], {
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

/** What a back end knows of the visitor (design 3a); `cookies` is the visitor's Cookie header as it was received. */
const visitor = z.strictObject({
  cookies: cookieHeader.nullish(),
  client_id: text().nullish(),
  session_id: text().nullish(),
  ip: text().nullish(),
  user_agent: text().nullish(),
  gpc: z
    .union([z.boolean(), z.literal([0, 1]), z.string().regex(/^[01, ]{0,16}$/)], {
      error: "expected true or false, or the header's own value",
    })
    .nullish(),
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

/** The body around the events, each of which is read by itself. */
export const eventsBody = z.strictObject(
  {
    events: z
      .array(z.unknown(), { error: 'expected a list of events' })
      .min(1, { error: 'expected at least one event' }),
  },
  { error: 'expected an object with `events`' },
);

export type JsonEvent = z.output<typeof event>;

/** A mistake of the body and where it is. Holds no value of it. */
export interface Mistake {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Everything that is wrong with one part of the body; `at`: where that part is. */
export function mistakesOf(error: z.ZodError, at: readonly PropertyKey[] = []): readonly Mistake[] {
  return error.issues.flatMap((issue): Mistake[] => {
    const path = [...at, ...issue.path];
    if (issue.code === 'unrecognized_keys')
      return issue.keys.filter(isName).map((key) => ({ path, message: `unknown key \`${key}\`` }));
    const message = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined;
    return [{ path, message: message ?? issue.message }];
  });
}

/** Whether a key is safe to repeat. What else stands there is told by `parseJson`, without saying it. */
function isName(key: PropertyKey): boolean {
  return typeof key === 'string' && /^[A-Za-z][A-Za-z0-9_]{0,39}$/.test(key);
}

/** `events[0].params.value: expected a finite number`. */
export function said({ path, message }: Mistake): string {
  let where = '';
  for (const part of path) {
    if (typeof part === 'number') where += `[${part}]`;
    else if (isName(part)) where += `${where === '' ? '' : '.'}${String(part)}`;
  }
  return where === '' ? message : `${where}: ${message}`;
}
