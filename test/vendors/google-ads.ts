import * as z from 'zod';
import type { FakeReply, FakeVendor, Recorded } from '../support/recorder.ts';
import { cartData, userData } from './data-manager.ts';
import { floodlightIngest, isFloodlight } from './floodlight.ts';

/** What Google would have found wrong (`destinations/google-ads.md` 2, 4); empty it before a test. */
export const violations: string[] = [];

const account = z.strictObject({ accountType: z.literal('GOOGLE_ADS'), accountId: z.string().regex(/^\d{10}$/) });
const consentWord = z.enum(['CONSENT_GRANTED', 'CONSENT_DENIED']);
const event = z
  .strictObject({
    destinationReferences: z.array(z.string()).min(1),
    transactionId: z.string().min(1).max(64).optional(),
    eventTimestamp: z.iso.datetime({ offset: true }),
    eventSource: z.literal('WEB'),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/)
      .optional(),
    conversionValue: z.number().optional(),
    consent: z.strictObject({ adUserData: consentWord, adPersonalization: consentWord }),
    adIdentifiers: z
      .strictObject({ gclid: z.string().optional(), gbraid: z.string().optional(), wbraid: z.string().optional() })
      .optional(),
    userData: userData.optional(),
    cartData: cartData.optional(),
  })
  .refine((e) => e.userData !== undefined || Object.keys(e.adIdentifiers ?? {}).length > 0, 'NO_IDENTIFIERS_PROVIDED')
  .refine((e) => Object.keys(e.adIdentifiers ?? {}).length <= 1, 'more than one click id')
  .refine(
    (e) => e.cartData === undefined || (e.adIdentifiers?.gbraid ?? e.adIdentifiers?.wbraid) === undefined,
    'cart data with a braid',
  );
const ingest = z
  .strictObject({
    destinations: z
      .array(
        z.strictObject({
          reference: z.string(),
          operatingAccount: account,
          loginAccount: account.optional(),
          productDestinationId: z.string().regex(/^\d+$/),
        }),
      )
      .min(1)
      .max(10),
    encoding: z.literal('HEX').optional(),
    validateOnly: z.boolean().optional(),
    events: z.array(event).min(1).max(2000),
  })
  .refine(
    (r) => r.encoding !== undefined || r.events.every((e) => e.userData === undefined),
    'user data without an encoding',
  )
  .refine(
    (r) => new Set(r.destinations.map((d) => d.reference)).size === r.destinations.length,
    'DUPLICATE_DESTINATION_REFERENCE',
  )
  .refine(
    (r) =>
      r.events.every((e) => e.destinationReferences.every((name) => r.destinations.some((d) => d.reference === name))),
    'an event names no destination of the request',
  );
/** The validating request of `portvakt check` has no references: it is for all destinations. */
const probing = z.looseObject({ validateOnly: z.literal(true) });

const PING_KEYS = ['label', 'value', 'currency_code', 'url', 'gcs', 'gcd', 'npa', 'dma', 'dma_cps', 'pscdl', 'random'];

const json = (status: number, body: unknown, headers: Record<string, string> = {}): FakeReply => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

/** Google's standard error object (2.7). */
export function googleError(
  code: number,
  status: string,
  fieldViolations: readonly { field: string; reason: string }[] = [],
  info?: { reason: string; metadata?: Record<string, string> },
): FakeReply {
  const details: unknown[] = [];
  if (info !== undefined) {
    details.push({
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      domain: 'datamanager.googleapis.com',
      ...info,
    });
  }
  if (fieldViolations.length > 0) {
    const described = fieldViolations.map((violation) => ({ ...violation, description: 'kari@example.no is wrong' }));
    details.push({ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: described });
  }
  return json(code, { error: { code, message: 'Something about kari@example.no', status, details } });
}

/** Every answer of the sheet, by name. */
export const replies = {
  accepted: json(200, { requestId: 'req-1' }),
  acceptedWithWarnings: json(200, {
    requestId: 'req-2',
    fieldWarnings: [
      {
        field: 'events[0].cart_data',
        reason: 'WARNING_REASON_CART_DATA_NOT_SUPPORTED_WITH_GBRAID_OR_WBRAID',
        description: 'x',
      },
    ],
  }),
  invalidEvent: googleError(400, 'INVALID_ARGUMENT', [
    { field: 'events[1].event_timestamp', reason: 'EVENT_TIME_INVALID' },
  ]),
  invalidUnnamed: googleError(400, 'INVALID_ARGUMENT'),
  tooManyEvents: googleError(400, 'INVALID_ARGUMENT', [{ field: 'events', reason: 'TOO_MANY_EVENTS' }]),
  termsNotSigned: googleError(400, 'INVALID_ARGUMENT', [], { reason: 'TERMS_AND_CONDITIONS_NOT_SIGNED' }),
  wrongAction: googleError(400, 'INVALID_ARGUMENT', [
    { field: 'destinations[0].product_destination_id', reason: 'INVALID_CONVERSION_ACTION_ID' },
  ]),
  unauthenticated: googleError(401, 'UNAUTHENTICATED'),
  permissionDenied: googleError(403, 'PERMISSION_DENIED'),
  notFound: googleError(404, 'NOT_FOUND'),
  quotaPerMinute: googleError(429, 'RESOURCE_EXHAUSTED', [], {
    reason: 'RATE_LIMIT_EXCEEDED',
    metadata: { quota_limit: 'IngestionServiceWritesPerMinutePerProject' },
  }),
  quotaPerDay: googleError(429, 'RESOURCE_EXHAUSTED', [], {
    reason: 'RATE_LIMIT_EXCEEDED',
    metadata: { quota_limit: 'IngestionServiceWritesPerDayPerProject' },
  }),
  internal: googleError(500, 'INTERNAL'),
  unavailable: googleError(503, 'UNAVAILABLE'),
  deadlineExceeded: googleError(504, 'DEADLINE_EXCEEDED'),
} as const satisfies Record<string, FakeReply>;

let scripted: keyof typeof replies | undefined;

/** Answers `events:ingest` with that reply until it is called again; without a name, as if all were well. */
export function respondWith(name?: keyof typeof replies): void {
  scripted = name;
}

function check(condition: boolean, what: string): void {
  if (!condition) violations.push(what);
}

function problems(schema: z.ZodType, value: unknown): void {
  const { error } = schema.safeParse(value);
  for (const issue of error?.issues ?? []) violations.push(`${issue.path.join('.')}: ${issue.message}`);
}

function answerApi(request: Recorded): FakeReply {
  check(/^Bearer \S+$/.test(request.headers['authorization'] ?? ''), 'no bearer token');
  if (request.method === 'GET') {
    check(
      request.path === '/v1/requestStatus:retrieve' && /^requestId=[^&]+$/.test(request.query),
      'not a status request',
    );
    return json(200, {
      requestStatusPerDestination: [{ requestStatus: 'SUCCESS', eventsIngestionStatus: { recordCount: '1' } }],
    });
  }
  check(request.method === 'POST' && request.path === '/v1/events:ingest' && request.query === '', 'not events:ingest');
  check(request.headers['content-type'] === 'application/json', 'not JSON');
  let body: unknown;
  try {
    body = JSON.parse(request.body);
  } catch {
    violations.push('body is no JSON');
    return replies.invalidUnnamed;
  }
  if (!probing.safeParse(body).success) problems(isFloodlight(request.body) ? floodlightIngest : ingest, body);
  return replies[scripted ?? 'accepted'];
}

function answerPing(request: Recorded): FakeReply {
  check(request.method === 'GET' && /^\/pagead\/conversion\/\d+\/$/.test(request.path), 'not a conversion ping');
  const query = new URLSearchParams(request.query);
  for (const key of query.keys()) check(PING_KEYS.includes(key), `a ping has no ${key}`);
  for (const [key, value] of [
    ['npa', '1'],
    ['dma_cps', '-'],
    ['pscdl', 'denied'],
  ] as const) {
    check(query.get(key) === value, `${key} is not ${value}`);
  }
  check(/^G1[01][01]$/.test(query.get('gcs') ?? ''), 'gcs');
  check(/^13[rpq]3[rpq]3[rpq][23][rpq]5l1$/.test(query.get('gcd') ?? ''), 'gcd');
  check(query.get('label') !== null && /^\d+$/.test(query.get('random') ?? ''), 'label and random');
  check(!/[?#]/.test(query.get('url') ?? ''), 'url has a query');
  return { status: 200, headers: { 'content-type': 'image/gif' }, body: 'GIF89a' };
}

function answerToken(request: Recorded): FakeReply {
  const form = new URLSearchParams(request.body);
  check(request.method === 'POST' && request.path === '/token', 'not the token endpoint');
  check(form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:jwt-bearer', 'grant type');
  check(/^[\w-]+\.[\w-]+\.[\w-]+$/.test(form.get('assertion') ?? ''), 'assertion is no JWT');
  return json(200, { access_token: 'ya29.fake', token_type: 'Bearer', expires_in: 3599 });
}

/** Data Manager, for Google Ads and Floodlight, Google's token endpoint and the ping host. */
export const googleAdsVendor: FakeVendor = {
  hosts: ['datamanager.googleapis.com', 'oauth2.googleapis.com', 'pagead2.googlesyndication.com'],
  answer(request) {
    if (request.host === 'datamanager.googleapis.com') return answerApi(request);
    return request.host === 'oauth2.googleapis.com' ? answerToken(request) : answerPing(request);
  },
};
