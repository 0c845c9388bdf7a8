import * as z from 'zod';
import type { FakeReply, FakeVendor, Recorded } from '../support/recorder.ts';

/*
 * A stand-in for HubSpot's custom event occurrences, written from `destinations/hubspot.md` alone. What it is sent wrongly
 * lands in `violations`.
 */

/** What HubSpot would have found wrong; empty it before a test. */
export const violations: string[] = [];

const json = (status: number, body: unknown, headers: Record<string, string> = {}): FakeReply => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});
const error = (category: string) => ({
  status: 'error',
  message: 'not accepted: kari@example.no',
  correlationId: 'aeb5f871-7f07-4993-9211-075dc63e7cbf',
  category,
  errors: [{ message: 'kari@example.no' }],
});

/** Answers of section 6, by a name of our own. The texts repeat what was sent on purpose. */
export const replies = {
  invalid: json(400, error('VALIDATION_ERROR')),
  unauthorized: json(401, error('INVALID_AUTHENTICATION')),
  scopes: json(403, error('MISSING_SCOPES')),
  noEvent: json(404, error('OBJECT_NOT_FOUND')),
  burst: json(429, { errorType: 'RATE_LIMIT', policyName: 'TEN_SECONDLY_ROLLING' }, { 'retry-after': '1' }),
  daily: json(429, { errorType: 'RATE_LIMIT', policyName: 'DAILY' }),
  moving: json(477, {}, { 'retry-after': '2' }),
  broken: json(502, {}),
} as const satisfies Record<string, FakeReply>;

const input = z
  .strictObject({
    eventName: z.string().regex(/^pe\d+_[a-z0-9_]+$/),
    email: z.email().optional(),
    utk: z
      .string()
      .regex(/^[0-9a-f]{32}$/)
      .optional(),
    occurredAt: z.iso.datetime(),
    uuid: z.uuid({ version: 'v5' }),
    properties: z
      .record(z.string().regex(/^[a-z][a-z0-9_]{0,49}$/), z.string().min(1).max(200))
      .refine((all) => Object.keys(all).length <= 50, 'more than 50 properties')
      .refine(
        (all) =>
          Object.entries(all).every(
            ([name, { length }]) => length <= 50 || /^hs_(?:page_url|url|referrer)$/.test(name),
          ),
        'a value that is too long',
      ),
  })
  .refine(({ email, utk }) => (email ?? utk) !== undefined, 'an occurrence of nobody');
const body = z.strictObject({ inputs: z.array(input).min(1).max(500) });

function check(condition: boolean, what: string): void {
  if (!condition) violations.push(`hubspot: ${what}`);
}

function answer(request: Recorded): FakeReply {
  const isBatch = /^\/events\/20\d\d-\d\d\/send\/batch$/.test(request.path);
  check(request.method === 'POST' && isBatch && request.query === '', 'not the batch of occurrences');
  const authorized = /^Bearer \S+$/.test(request.headers['authorization'] ?? '');
  check(authorized, 'no bearer token');
  check(request.headers['content-type'] === 'application/json', 'not JSON');
  let value: unknown;
  try {
    value = JSON.parse(request.body);
  } catch {
    violations.push('hubspot: body is no JSON');
    return replies.invalid;
  }
  const { error: wrong } = body.safeParse(value);
  for (const { path, message } of wrong?.issues ?? []) violations.push(`hubspot: ${path.join('.')}: ${message}`);
  if (!authorized) return replies.unauthorized;
  return wrong === undefined ? { status: 204 } : replies.invalid;
}

export const hubspotVendor: FakeVendor = { hosts: ['api.hubapi.com'], answer };
