import * as z from 'zod';
import { knownPlatforms } from '../consent/platforms/index.ts';
import { COUNTRIES } from '../core/countries.ts';
import { secret } from '../core/secret-schema.ts';
import { insteadOfCountry } from './countries.ts';
import { outboxSchema } from './outbox-schema.ts';
import { readRoutes } from './compile/routes.ts';
import { signalList } from './compile/signal-list.ts';
import { customBanner } from './custom-schema.ts';
import { DAY, duration, size } from './units.ts';
import { PROTOCOLS } from '../protocols/index.ts';

/** A value of a closed form; `expected` completes "expected ...". */
function text(pattern: RegExp, expected: string) {
  return z.string({ error: `expected ${expected}` }).regex(pattern, `expected ${expected}`);
}

const host = text(
  /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*|\[[0-9a-f:.]+\])$/,
  'a host name in lower case, without scheme, port or path, e.g. `metrics.example.no`; each host by itself, `*` is none',
);

const origin = z
  .string({ error: 'expected an origin, e.g. `https://shop.example.no`' })
  .superRefine((value, context) => {
    const url = URL.parse(value);
    if (url !== null && url.origin === value && /^https?:/.test(value) && !value.includes('*')) return;
    const instead = url !== null && /^https?:$/.test(url.protocol) && !value.includes('*') ? url.origin : undefined;
    context.addIssue({
      code: 'custom',
      message:
        'expected an origin: scheme, host and port if it is not the usual one, without a path or a slash at the end; each by itself, `*` is none',
      params: { instead },
    });
  });

const country = z.string({ error: 'expected a country, e.g. `NO`' }).superRefine((value, context) => {
  if (COUNTRIES.includes(value)) return;
  context.addIssue({
    code: 'custom',
    message: `\`${value.slice(0, 12)}\` is not a country of ISO 3166-1`,
    params: { instead: insteadOfCountry(value) },
  });
});

const pathPrefix = z
  .string({ error: 'expected a path such as `/sgtm`' })
  .regex(/^(\/[A-Za-z0-9._~-]{1,64}){1,8}$/, 'expected a path such as `/sgtm`: a slash first, none at the end')
  .refine((path) => !/\/\.{1,2}(\/|$)/.test(path), 'expected a path such as `/sgtm`, without `.` and `..`');

const FIRST_PATH = PROTOCOLS[0].doors[0].paths[0];
const BACK_END_PATHS = PROTOCOLS.filter(({ backends }) => backends === 'ingest_keys')
  .map(({ doors: [{ paths }] }) => paths[0])
  .join(' and ');

const server = z.strictObject({
  path_prefix: pathPrefix
    .optional()
    .describe(
      `The beginning of all paths, if the gateway is mounted below another site: with \`/sgtm\`, \`${FIRST_PATH}\` becomes \`/sgtm${FIRST_PATH}\`. For proxies that pass on the path unchanged.`,
    ),
  trusted_proxies: z
    .array(text(/^[0-9a-fA-F:.]+(\/\d{1,3})?$/, 'an address or a CIDR range, e.g. `10.0.0.0/8`'))
    .default([])
    .describe('CIDR ranges of proxies whose X-Forwarded-For is used, read from the right. None by default.'),
  country_header: text(/^[A-Za-z0-9-]{1,64}$/, 'the name of a header, e.g. `CF-IPCountry`')
    .transform((name) => name.toLowerCase())
    .optional()
    .describe("Header with the visitor's country, used from trusted proxies only, e.g. CF-IPCountry."),
  address_header: z
    .enum(['x-forwarded-for', 'forwarded'])
    .default('x-forwarded-for')
    .describe(
      "The header in which trusted proxies write the client's address: `x-forwarded-for`, or `forwarded` (RFC 7239). The other one is never read.",
    ),
  root_key: secret()
    .optional()
    .describe(
      "The gateway's own key, 64 hex digits (`openssl rand -hex 32`). Ids, signatures and subjects are derived from it. Left out: it is made once and kept in --data. Gateways that share an outbox need the same key.",
    ),
});

const platformMapping = z.strictObject({
  cookie: text(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, 'the name of a cookie')
    .optional()
    .describe('Name of the cookie, if the site has renamed it.'),
  purposes: z
    .record(z.string(), signalList())
    .optional()
    .describe("The site's own purposes, services, groups or vendors, and the signals each of them grants."),
  revision: z.int().nonnegative().optional().describe("Lowest revision of the site's text that still counts."),
  opt_in: z
    .boolean()
    .optional()
    .describe('The platform is set up as opt-in. For platforms whose cookie does not show this.'),
});

const takesPreferences = z.enum(['cookies', 'asserted', 'trust']);

const consent = z.strictObject({
  cmp: z
    .union([z.literal('auto'), z.array(z.enum(knownPlatforms.map(({ name }) => name)))])
    .default('auto')
    .describe(
      'Consent platforms and standards whose cookies are read; `auto` reads all known ones. It is safer to name the one in use. `[]`: only the banners of `custom`.',
    ),
  honour: z
    .array(z.enum(['gpc', 'consent-mode']))
    .default(['gpc', 'consent-mode'])
    .describe('Sec-GPC header; gcs and gcd in the hit. They can only remove consent.'),
  mapping: z
    .record(z.string(), z.union([signalList(), platformMapping]))
    .default({})
    .describe(
      'Purpose or service -> signals, for platforms whose purposes the site defines; `preferences`, `statistics` and `marketing` may get other signals, too. ' +
        'The name of a platform begins a section for it: cookie, purposes, revision, opt_in.',
    ),
  custom: z
    .record(text(/^[a-z][a-z0-9-]{0,39}$/, 'a name for the banner: small letters, digits and `-`'), customBanner)
    .default({})
    .describe('Banners that the gateway does not support: the form of their cookies (docs/custom-banners.md).'),
  services: z
    .record(
      text(/^[^\x00-\x1f\x7f]{1,128}$/, 'the name or number of a service, as the banner writes it'),
      z.array(z.string()),
    )
    .default({})
    .describe(
      'Service or vendor of the banner -> names of the routes it stands for, if its name is not one of the usual ones ' +
        '(docs/consent-platforms.md). A refused service closes its routes. `[]` = it stands for no route.',
    ),
  max_age: duration().optional().describe('An older choice counts as no choice.'),
  segment: z
    .union([
      takesPreferences,
      z.strictObject({
        take: takesPreferences.default('cookies').describe('Same values as `categoryPreferences` as a single word.'),
        categories: z
          .record(text(/^[^\x00-\x1f\x7f]{1,64}$/, 'the id of a category, as the SDK writes it'), signalList())
          .default({})
          .describe(
            "The site's own categories -> signals, in addition to the usual ones or in place of them; case is ignored.",
          ),
      }),
    ])
    .default('cookies')
    .describe(
      "Whether `context.consent.categoryPreferences` of Segment's calls can grant consent (docs/segment.md). It can always refuse. `cookies`: it grants nothing. " +
        '`asserted`: if no cookie of a banner is read, the calls of a back end grant. `trust`: the calls of a page grant, too; the gateway cannot check them.',
    ),
  without_choice: z
    .enum(['denied', 'granted'])
    .default('denied')
    .describe('The consent of visitors who have not chosen. `denied` is the only value if consent is opt-in.'),
});

const purpose = z
  .strictObject({
    basis: z
      .enum(['consent', 'legitimate_interest'])
      .default('consent')
      .describe(
        '`legitimate_interest`: allowed until the visitor objects. The linter says what the law of the country says about it.',
      ),
    on_objection: z
      .enum(['nothing', 'limited'])
      .optional()
      .describe(
        'What is sent after an objection if `without_consent: limited` is set: nothing, or the form without identifiers. ' +
          'Default: nothing if the site relies on legitimate interest for any purpose, else limited.',
      ),
  })
  .prefault({});

const replacedIds = z.strictObject({
  visitors: z
    .int()
    .min(100)
    .max(10_000_000)
    .default(100_000)
    .describe(
      'The number of visitors in a window, about. The id is made so short that one visitor in a hundred shares it with another.',
    ),
  window: duration()
    .prefault('24h')
    .describe(
      'How long an id stands for a visitor: 1h to 24h. Then its key is destroyed, so that the id cannot be traced back.',
    ),
  rare_below: z
    .int()
    .min(2)
    .max(500)
    .default(50)
    .describe(
      'If fewer visitors of the window have a browser, language or country, it is replaced by a generic one or left out.',
    ),
});

const privacy = z.strictObject({
  ip: z
    .enum(['none', 'country', 'truncate'])
    .default('none')
    .describe(
      '`none`: nothing of the address is stored or passed on. `country`: only the country is kept. `truncate`: /24 and /32, which is pseudonymous, not anonymous.',
    ),
  user_agent: z
    .enum(['drop', 'family', 'full'])
    .default('family')
    .describe(
      '`family`: a fixed template for each engine, with the major version. `full`: as it is, only if every signal that needs it is granted.',
    ),
  url_query: z
    .array(text(/^[^\s&=#]{1,128}$/, 'the name of a query key'))
    .default([])
    .describe('Query keys that are kept in page addresses and referrers; all others are removed.'),
  referrer: z
    .enum(['none', 'own', 'origin', 'path'])
    .default('origin')
    .describe(
      'How much of the referrer is kept. `own`: the path if it is a page of the site (`origins`), else nothing.',
    ),
  never_forward: z
    .array(text(/^\/[^\s?#]{0,255}$/, 'a path that starts with `/`, e.g. `/helse/**`'))
    .default([])
    .describe(
      'Events from these paths are not sent to any vendor. `*` matches within a segment, `**` any number of segments. For an event that names no page, the page of its request counts (Referer), if the browser sends it.',
    ),
  replaced_ids: replacedIds
    .optional()
    .describe(
      'The demands of the CNIL on a proxy: the client id is replaced by a number that several visitors share and that changes with every window; ' +
        'times of sessions are cut to the hour; order numbers, coupons, user ids, user data, click ids, campaign overrides, screen sizes, ' +
        'and custom parameters that a route does not list in `params` are not passed on.',
    ),
});

const cookies = z.strictObject({
  domain: host.optional().describe("Domain of the site's vendor cookies (_ga, _fbp, ...)."),
  analytics: duration()
    .prefault('7d')
    .describe(
      'Longest life of an analytics identifier. It is counted from the first issue and never extended. At most 400d.',
    ),
  ads: duration().prefault('30d').describe('The same for click and advertising identifiers. At most 90d.'),
  own_id: z
    .boolean()
    .default(false)
    .describe(
      'The gateway sets its own visitor id (pv_id, HttpOnly) if analytics is granted, and the visit (pv_session) for pages that send JSON events.',
    ),
  keys: z
    .array(secret())
    .default([])
    .describe('Signing keys, newest first. By default one is made once and kept in --data.'),
});

const mp = z.strictObject({
  consent: z
    .enum(['cookies', 'asserted'])
    .default('cookies')
    .describe(
      "How a sender of the Measurement Protocol states its visitor's choice. `cookies`: it passes on the cookies with the choice. `asserted`: its own record grants, too (`portvakt.consent`, docs/measurement-protocol.md); the gateway cannot check it. A refusal counts in any case.",
    ),
});

const site = z.strictObject({
  hosts: z.array(host).min(1).describe('Host headers of requests for this site.'),
  origins: z.array(origin).default([]).describe('Pages that may send events from a browser.'),
  ingest_keys: z
    .array(secret())
    .default([])
    .describe(
      `Bearer keys of the site's own back end, for ${BACK_END_PATHS} without a browser. Make them with \`openssl rand -hex 32\`.`,
    ),
  mp_secrets: z
    .array(secret())
    .default([])
    .describe(
      "Secrets that senders of the GA4 Measurement Protocol send as `api_secret`, at least 16 characters. One for each sender, and never Google's own secret, which belongs to the route. Make them with `openssl rand -hex 32`.",
    ),
  mp: mp.prefault({}),
  country: country.describe(
    'The country of the audience, ISO 3166-1. It decides the legal notes of the linter and the default regime.',
  ),
  consent: consent.prefault({}),
  purposes: z
    .strictObject({ analytics: purpose, ads: purpose })
    .prefault({})
    .describe('The legal basis of each purpose: consent (default) or legitimate_interest.'),
  privacy: privacy.prefault({}),
  cookies: cookies.prefault({}),
  destinations: z
    .record(
      text(/^[a-z][a-z0-9_-]{0,62}$/, 'a route name: small letters, digits, `_` and `-`'),
      z.record(z.string(), z.unknown()),
    )
    .transform(readRoutes)
    .prefault({})
    .describe('The routes of the events. The key is the name of the route; `type` defaults to it.'),
});

const delivery = z.strictObject({
  outbox: outboxSchema
    .default('sqlite')
    .describe(
      'Where accepted events wait. `sqlite`: a file in --data, for one machine. `engine: nats`: brokers that several machines share (docs/cluster.md).',
    ),
  max_age: duration('h')
    .prefault('72h')
    .describe("An event older than this, or than the vendor's own limit, ends as expired."),
  max_size: size()
    .prefault('2GB')
    .describe('Largest size of the outbox. When it is full, hits are answered with 503; no event is dropped silently.'),
  dead_letters: duration('h')
    .prefault('72h')
    .describe('How long refused events are kept for a person to decide; `0h` = not at all.'),
  decisions: z
    .union([z.literal('off'), duration()])
    .prefault('90d')
    .describe(
      'How long the decision log is kept. It counts decisions and their grounds by the hour, without data about persons. `off` = no log.',
    ),
});

const limits = z.strictObject({
  per_client: z
    .union([z.literal('off'), z.int().min(1).max(1_000_000)])
    .default('off')
    .describe(
      'Requests per minute and client (an IPv4 address, or the /64 of an IPv6 one; keyed hash, in memory), or `off`. 600 is a good value: it stops floods, and leaves room for offices and mobile networks behind one address.',
    ),
});

/** The whole configuration (`contract/gateway.yaml`). Reading, linting, the editor schema and the pages come from it. */
export const configSchema = z.strictObject({
  server: server.prefault({}),
  sites: z.array(site).min(1).describe('One entry for each site.'),
  delivery: delivery.prefault({}),
  limits: limits.prefault({}),
});

/** A configuration as read: plain values, durations in milliseconds, sizes in bytes, secrets by name. */
export type Config = z.output<typeof configSchema>;
export type SiteConfig = Config['sites'][number];

/** Longest life of an analytics identifier: as long as browsers keep a cookie (RFC 6265bis). */
export const ANALYTICS_CAP = 400 * DAY;
/** Longest life of a click or advertising identifier (R25). */
export const ADS_CAP = 90 * DAY;
/** Recommended longest life of an analytics identifier (R25). */
export const ANALYTICS_ADVISED = 7 * DAY;
