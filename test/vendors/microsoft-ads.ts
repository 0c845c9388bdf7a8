import * as z from 'zod';
import type { FakeReply, FakeVendor, Recorded } from '../support/recorder.ts';

/** What Microsoft would have found wrong (`destinations/microsoft.md` A, B); empty it before a test. */
export const violations: string[] = [];

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
const userData = z
  .strictObject({
    clientUserAgent: z.string().optional(),
    msclkid: z
      .string()
      .regex(/^[0-9a-f]{32}$/i)
      .optional(),
    em: hash.optional(),
    ph: hash.optional(),
  })
  .refine((user) => (user.msclkid ?? user.em ?? user.ph) !== undefined, 'no identifier');
const customData = z.strictObject({
  value: z.number().optional(),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .optional(),
  transactionId: z.string().optional(),
  searchTerm: z.string().optional(),
  pageType: z.enum(['cart', 'category', 'home', 'other', 'product', 'purchase', 'searchresults']).optional(),
  items: z
    .array(
      z.strictObject({
        id: z.string().optional(),
        quantity: z.number().optional(),
        price: z.number().optional(),
        name: z.string().optional(),
      }),
    )
    .min(1)
    .optional(),
});
const shared = {
  eventId: z.string().optional(),
  eventTime: z.int().min(1_000_000_000).max(9_999_999_999),
  pageLoadId: uuid.optional(),
  adStorageConsent: z.enum(['G', 'D']),
  userData,
};
const body = z.strictObject({
  continueOnValidationError: z.literal(true),
  dataProvider: z.string(),
  data: z
    .array(
      z.discriminatedUnion('eventType', [
        z.strictObject({ ...shared, eventType: z.literal('pageLoad'), eventSourceUrl: z.url() }),
        z.strictObject({
          ...shared,
          eventType: z.literal('custom'),
          eventName: z.string().min(1),
          eventSourceUrl: z.url().optional(),
          customData: customData.optional(),
        }),
      ]),
    )
    .min(1)
    .max(1000),
});

const PIXEL_KEYS = ['ti', 'Ver', 'mid', 'evt', 'rn', 'msclkid', 'asc', 'p', 'ea', 'gv', 'gc'];

const json = (status: number, value: unknown, headers: Record<string, string> = {}): FakeReply => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(value),
});

/** A refused event, with the value echoed as Microsoft does (A.5). */
export const refusal = (index: number, isWarning = false) => ({
  index,
  propertyName: `data[${index}].userData.em`,
  errorMessage: "'kari@example.no' is not a hash",
  attemptedValue: 'kari@example.no',
  errorCode: 'RegularExpressionValidator',
  isWarning,
});

const validation = (details: readonly unknown[]) => ({ code: 'ValidationError', message: 'kari@example.no', details });

/** Every answer of the sheet, by name. */
export const replies = {
  oneRefused: json(200, { eventsReceived: 2, error: validation([refusal(1)]) }),
  warning: json(200, { eventsReceived: 3, error: validation([refusal(1, true)]) }),
  validationError: json(400, { error: validation([refusal(1)]) }),
  validationUnnamed: json(400, { error: { code: 'ValidationError', message: 'kari@example.no' } }),
  unauthorized: json(401, { error: { code: 'Unauthorized', message: 'x' }, traceId: 't' }),
  forbidden: json(403, {}),
  unknownTag: json(404, {}),
  throttled: json(429, {}, { 'retry-after': '30' }),
  broken: json(500, {}),
  unavailable: { status: 503, headers: { 'content-type': 'text/html' }, body: '<html>busy</html>' },
} as const satisfies Record<string, FakeReply>;

let scripted: keyof typeof replies | undefined;

/** Answers the Conversions API with that reply until it is called again; without a name, as if all were well. */
export function respondWith(name?: keyof typeof replies): void {
  scripted = name;
}

function check(condition: boolean, what: string): void {
  if (!condition) violations.push(what);
}

function answerApi(request: Recorded): FakeReply {
  check(
    request.method === 'POST' && /^\/v1\/\d+\/events$/.test(request.path) && request.query === '',
    'not the events API',
  );
  check(/^Bearer \S+$/.test(request.headers['authorization'] ?? ''), 'no bearer token');
  check(request.headers['content-type'] === 'application/json', 'not JSON');
  let value: unknown;
  try {
    value = JSON.parse(request.body);
  } catch {
    violations.push('body is no JSON');
    return replies.validationUnnamed;
  }
  if (request.body === '{"data":[]}') return replies.validationUnnamed;
  const { data, error } = body.safeParse(value);
  for (const issue of error?.issues ?? []) violations.push(`${issue.path.join('.')}: ${issue.message}`);
  if (scripted !== undefined) return replies[scripted];
  return data === undefined ? replies.validationUnnamed : json(200, { eventsReceived: data.data.length });
}

function answerPixel(request: Recorded): FakeReply {
  check(request.method === 'GET' && request.path === '/action/0', 'not the pixel');
  const query = new URLSearchParams(request.query);
  for (const key of query.keys()) check(PIXEL_KEYS.includes(key), `the limited pixel has no ${key}`);
  check(/^\d+$/.test(query.get('ti') ?? '') && query.get('Ver') === '2.3', 'ti and Ver');
  check(query.get('msclkid') === 'N' && query.get('asc') === 'D', 'not the denied form');
  check(uuid.safeParse(query.get('mid')).success && /^\d{6}$/.test(query.get('rn') ?? ''), 'mid and rn');
  check(query.get('evt') === 'pageLoad' || (query.get('evt') === 'custom' && query.get('ea') !== null), 'evt and ea');
  check(!/[?#]/.test(query.get('p') ?? ''), 'p has a query');
  return { status: 204 };
}

/** The UET Conversions API and the UET pixel. */
export const microsoftAdsVendor: FakeVendor = {
  hosts: ['capi.uet.microsoft.com', 'bat.bing.com'],
  answer: (request) => (request.host === 'bat.bing.com' ? answerPixel(request) : answerApi(request)),
};
