import * as z from 'zod';
import { host } from '../../src/core/host-setting.ts';
import { nearest } from '../../src/core/nearest.ts';
import { secret } from '../../src/core/secret-schema.ts';
import { fieldsOfPath, filled, path, SECRETIVE } from './address.ts';
import { auth } from './auth.ts';
import { fieldOf, meantPath, meantPipes, PATHS, readSource, type Mapping, type MappedTo } from './mapping.ts';
import {
  ALWAYS_READ,
  BY_DEFAULT,
  IN_THE_CLEAR,
  NAMES_IN_THE_CLEAR,
  READS,
  type FieldOfRoute,
  type NameInTheClear,
} from './reads.ts';

/** What the gateway itself says, or what would change who is spoken to. */
const RESERVED =
  /^(?:webhook-.*|host|content-.*|connection|transfer-encoding|keep-alive|te|trailer|upgrade|expect|cookie|user-agent|accept.*|forwarded|x-forwarded-.*)$/;

const headerName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'expected the name of a header')
  .refine((name) => !RESERVED.test(name.toLowerCase()), { error: 'this header is not for a configuration to set' });

const headerValue = z
  .string()
  .max(2000)
  .regex(/^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/, 'expected a text without line breaks; secrets in it as `${NAME}`')
  .transform(filled);

const FIELDS: readonly string[] = Object.keys(READS).filter((name) => !isPlain(name));
const field = z
  .string()
  .superRefine((name, context) => {
    if (FIELDS.includes(name)) return;
    const message = Object.hasOwn(IN_THE_CLEAR, name)
      ? `this is sent in the clear or not at all: if the receiver is to have it, write \`user_data: { ${name}: plain }\``
      : `expected one of ${FIELDS.join(', ')}`;
    context.addIssue({ code: 'custom', message, params: { instead: meantField(name) } });
  })
  .transform((name) => name as FieldOfRoute)
  .meta({ enum: FIELDS });
const fields = z
  .array(field)
  .min(1)
  .prefault([...BY_DEFAULT]);

/** `user_data.email` and `user.id` as the field alone, else the nearest. */
function meantField(name: string): string | undefined {
  if (Object.hasOwn(IN_THE_CLEAR, name)) return undefined;
  const last = name.split('.').at(-1) ?? name;
  return FIELDS.find((one) => one === last) ?? (Object.hasOwn(PATHS, name) ? PATHS[name] : nearest(name, FIELDS));
}

function isPlain(name: string): boolean {
  return name.startsWith('plain_');
}

/** What goes in the clear, each by its name; nothing does by default. */
const userData = z
  .strictObject(
    Object.fromEntries(
      NAMES_IN_THE_CLEAR.map((name) => [name, z.literal('plain').optional().describe('`plain` = as it is.')]),
    ) as Record<NameInTheClear, z.ZodOptional<z.ZodLiteral<'plain'>>>,
  )
  .default({});

/** The fields that a route takes. */
export function fieldsOfRoute(at: Pick<Settings, 'fields' | 'user_data'>): readonly FieldOfRoute[] {
  const plain = NAMES_IN_THE_CLEAR.filter((name) => at.user_data[name] !== undefined);
  return [...ALWAYS_READ, ...at.fields, ...plain.map((name) => IN_THE_CLEAR[name])];
}

/** Levels of objects. */
const DEEPEST = 5;
type Written = string | { readonly [key: string]: Written };
const written: z.ZodType<Written> = z.lazy(() => z.union([z.string(), z.record(z.string(), written)]));

const map = z
  .record(z.string(), written)
  .optional()
  .transform((given, context): Mapping | undefined => {
    if (given === undefined) return undefined;
    const wrong: Wrong = (at, message, instead) => {
      context.addIssue({ code: 'custom', path: [...at], message, params: { instead } });
      return undefined;
    };
    return mappingOf(given, [], false, wrong);
  });

type Wrong = (at: readonly string[], message: string, instead?: string) => undefined;

function mappingOf(
  given: { readonly [key: string]: Written },
  at: readonly string[],
  inItem: boolean,
  wrong: Wrong,
): Mapping {
  if (at.length >= DEEPEST) {
    wrong(at, `objects are at most ${DEEPEST} levels deep`);
    return [];
  }
  return Object.entries(given).flatMap(([key, value]): Mapping => {
    const target = targetOf(value, [...at, key], inItem, wrong);
    return target === undefined ? [] : [[key, target]];
  });
}

function targetOf(value: Written, at: readonly string[], inItem: boolean, wrong: Wrong): MappedTo | undefined {
  if (typeof value !== 'string') {
    const { each, map: own } = value;
    if (each === undefined) return { keys: mappingOf(value, at, inItem, wrong) };
    if ((each !== 'items' && each !== 'event') || inItem || own === undefined || typeof own === 'string')
      return wrong(
        at,
        'expected `{ each: items, map: { <key>: <name of what an item has> } }`, or `{ each: event, map: ... }` for a list of one',
      );
    return each === 'items'
      ? { each: mappingOf(own, [...at, 'map'], true, wrong) }
      : { listOf: mappingOf(own, [...at, 'map'], false, wrong) };
  }
  const source = readSource(value);
  if (source === undefined)
    return wrong(
      at,
      'expected `const:<text>`, or a path with `| string`, `number`, `lower`, `unix`, `iso`, `json`, `first`, `default:<text>` behind it',
      meantPipes(value),
    );
  if ('path' in source && !(inItem ? /^[A-Za-z][A-Za-z0-9_]{0,39}$/.test(source.path) : fieldOf(source.path)))
    return wrong(
      at,
      `\`${source.path}\` is no path; paths are in destinations/http/README.md`,
      inItem ? undefined : meantPath(source.path),
    );
  return source;
}

/** 401, 403, 408, 410, 425 and 429 say what is to be done (`destinations/http.md` 3). */
const TAKEN = /^(?:2\d\d|4(?!01|03|08|10|25|29)\d\d)$/;
const taken = z
  .union([z.int(), z.string()])
  .transform((given) => String(given).split('-'))
  .refine(
    ([first = '', last = first, more]) =>
      more === undefined && TAKEN.test(first) && TAKEN.test(last) && first <= last && first[0] === last[0],
    'expected an answer such as 200, or a range such as 200-299: of 200 to 299 and 400 to 499',
  )
  .refine(([first = '', last]) => last === undefined || first.startsWith('2'), 'name answers of 400 to 499 one by one')
  .transform(([first = '', last = first]) => [Number(first), Number(last)] as const);
const success = z.array(taken).min(1).prefault(['200-299']);

const GATES = ['ad_storage', 'analytics_storage', 'ad_user_data', 'ad_personalization'] as const;

export const settings = z
  .strictObject({
    host: host().describe(
      'The host of the address that the receiver shows (Make: Webhooks, the address of the hook; Zapier: Webhooks by Zapier, Catch Hook; n8n: the Webhook node, Production URL), without `https://`.',
    ),
    path: path.describe(
      'The rest of that address, from the first `/`. Write a secret in it as `${NAME}`: as a whole part between two `/`, or as the value of a parameter. A whole part can be `{event.id}` or `{params.transaction_id}`, if the receiver stores records under your own key.',
    ),
    method: z
      .enum(['POST', 'PUT', 'PATCH'])
      .default('POST')
      .describe('The HTTP method. `PATCH` and `PUT` are for receivers that store one record under a key in the path.'),
    needs: z
      .array(z.enum(GATES))
      .min(1, { error: 'name at least one signal: events are sent to a receiver only with a consent that covers it' })
      .describe(
        'Signals that must all be granted before anything is sent there. There is no default, because it depends on the purpose of the receiver.',
      ),
    recipient: z
      .strictObject({
        name: z.string().min(1).max(100).describe('Its name.'),
        country: z
          .string()
          .regex(/^[A-Z]{2}$/, 'expected a country, ISO 3166-1, e.g. `NO`')
          .describe('Its country.'),
        purpose: z.string().min(1).max(200).describe('The purpose for which it uses the events.'),
      })
      .describe('Who the receiver is, for the pages about this site.'),
    fields: fields.describe(
      'The only fields of an event that it gets. By default the event itself, without custom parameters (`params`), page and ids. `email` and `phone` are sent as SHA-256.',
    ),
    user_data: userData.describe(
      'User data that it gets in the clear, each by name, e.g. `{ email: plain, first_name: plain, last_name: plain }` for leads in a CRM. It is sealed while it waits, and sent only if `ad_storage` and `ad_user_data` are granted in addition to `needs`. By default nothing is sent in the clear.',
    ),
    sign: z
      .strictObject({
        secret: secret().describe('`whsec_` and base64 of 24 to 64 random bytes.'),
        previous: secret().optional().describe('The previous secret, until the receiver uses the new one.'),
      })
      .optional()
      .describe('Signs each request like Standard Webhooks, so that the receiver can check who sent it.'),
    headers: z
      .record(headerName, headerValue)
      .superRefine((headers, context) => {
        for (const [name, parts] of Object.entries(headers)) {
          if (!SECRETIVE.test(name) || parts.some((part) => typeof part !== 'string')) continue;
          const message = 'a secret in a header is written as `${NAME}`, e.g. `Bearer ${CRM_TOKEN}`';
          context.addIssue({ code: 'custom', path: [name], message });
        }
      })
      .default({})
      .describe('Headers of your own, e.g. `Authorization: Bearer ${CRM_TOKEN}`.'),
    auth: auth.describe(
      'For receivers that take no fixed secret: OAuth 2 with a client id and a client secret (client credentials). The gateway gets a token, keeps it until shortly before it ends, and sends it as `Authorization: Bearer`.',
    ),
    body: z
      .enum(['standard', 'json', 'form', 'ndjson'])
      .default('standard')
      .describe(
        '`standard`: the body of Standard Webhooks. `json`: an object made by `map`, or a list of them if `batch` is more than 1. `form`: the same as the fields of a form (`application/x-www-form-urlencoded`), for one event. `ndjson`: one object a line, for warehouses.',
      ),
    map: map.describe(
      'For `json`, `form` and `ndjson`: keys of the receiver, each with the path of its value in the event.',
    ),
    batch: z.int().min(1).max(500).default(1).describe('The highest number of events in one request.'),
    success: success.describe(
      'Status codes that mean accepted, as numbers or ranges, e.g. `[200-299, 409]` if 409 means that the receiver has it already.',
    ),
    timeout: z
      .string()
      .regex(/^(?:[1-9]|[12]\d|30)s$/, 'expected `1s` to `30s`')
      .default('15s')
      .transform((text) => Number.parseInt(text, 10) * 1000)
      .describe('How long to wait for an answer.'),
    fail_if: z
      .array(
        z.strictObject({
          at: z
            .string()
            .regex(/^\$(?:\.[A-Za-z_][\w-]*){1,5}$/, 'expected a place in the answer, e.g. `$.error`')
            .describe('A place in the answer.'),
          is: z
            .union([z.string(), z.number(), z.boolean()])
            .optional()
            .describe('The value at this place that means refused. Left out: any value.'),
        }),
      )
      .default([])
      .describe('For receivers that report errors in an answer with status 200: the answers that are refusals.'),
  })
  .superRefine(({ body, map, fields, user_data, auth: own, headers, path, batch }, context) => {
    if (own !== undefined && Object.keys(headers).some((name) => name.toLowerCase() === 'authorization')) {
      const message = 'with `auth` the gateway writes `Authorization` itself: remove it from `headers`';
      context.addIssue({ code: 'custom', path: ['headers'], message });
    }
    if ((body === 'standard') === (map !== undefined)) {
      const message =
        body === 'standard' ? '`map` is for `body: json`, `form` and `ndjson`' : `\`body: ${body}\` needs a \`map\``;
      context.addIssue({ code: 'custom', path: [body === 'standard' ? 'map' : 'body'], message });
    }
    if (body === 'form') {
      if (batch > 1) context.addIssue({ code: 'custom', path: ['batch'], message: 'a form holds one event' });
      for (const [key, target] of map ?? []) {
        const message = !/^[\w.[\]:-]{1,100}$/.test(key)
          ? 'expected a name of letters, digits and `_.-:[]`'
          : 'keys' in target || 'each' in target || 'listOf' in target
            ? 'a field of a form holds one value: take `| json`, or a key for each'
            : undefined;
        if (message !== undefined) context.addIssue({ code: 'custom', path: ['map', key], message });
      }
    }
    const listed = new Set<string>(fieldsOfRoute({ fields, user_data }));
    // A path that is wrong is a text still.
    const inPath = Array.isArray(path) ? fieldsOfPath(path) : [];
    if (inPath.length > 0 && batch > 1)
      context.addIssue({
        code: 'custom',
        path: ['batch'],
        message: 'a path with something of an event is for one event',
      });
    for (const field of inPath)
      if (!listed.has(field))
        context.addIssue({ code: 'custom', path: ['path'], message: `\`fields\` does not list \`${field}\`` });
    for (const [at, field] of fieldsOf(map ?? [])) {
      if (listed.has(field)) continue;
      context.addIssue({
        code: 'custom',
        path: ['map', ...at],
        message: isPlain(field)
          ? `\`user_data\` does not name it: write \`user_data: { ${nameOfPlain(field)}: plain }\`, or take its hash`
          : `\`fields\` does not list \`${field}\`, so nothing can stand here`,
      });
    }
  });

function nameOfPlain(field: string): string {
  return NAMES_IN_THE_CLEAR.find((name) => IN_THE_CLEAR[name] === field) ?? field;
}

export type Settings = z.output<typeof settings>;

/** Every field a mapping needs, with its place. */
function fieldsOf(mapping: Mapping, at: readonly string[] = []): (readonly [readonly string[], string])[] {
  return mapping.flatMap(([key, target]) => {
    const here = [...at, key];
    if ('constant' in target) return [];
    if ('keys' in target) return fieldsOf(target.keys, here);
    if ('listOf' in target) return fieldsOf(target.listOf, [...here, 'map']);
    if ('each' in target) return [[here, 'items'] as const];
    const field = fieldOf(target.path);
    return field === undefined || field === 'none' ? [] : [[here, field] as const];
  });
}
