import * as z from 'zod';
import type { FakeReply, FakeVendor, Recorded } from '../support/recorder.ts';

/**
 * Findings where Google would drop something without an error (`destinations/ga4.md` 2, 3; `consent-mode.md`); empty it
 * before a test.
 */
export const violations: string[] = [];

/** Names of the sheet's alphabet (2.4). */
const name = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,39}$/);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const consentWord = z.enum(['GRANTED', 'DENIED']);
const amount = z.number();
const short = z.string().min(1).max(100);

const item = z
  .object({ item_id: z.string().optional(), item_name: z.string().optional(), price: amount.optional() })
  .catchall(z.union([z.string(), z.number()]))
  .refine((it) => it.item_id !== undefined || it.item_name !== undefined, 'an item without item_id and item_name');

const params = z
  .object({
    session_id: z.union([z.string().min(1), z.number()]).optional(),
    engagement_time_msec: z.number().min(1).optional(),
    debug_mode: z.union([z.literal(true), z.literal(1)]).optional(),
    transaction_id: z.string().min(1).optional(),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/)
      .optional(),
    value: amount.optional(),
    items: z.array(item).min(1).max(200).optional(),
    page_location: z.string().max(1000).optional(),
    page_referrer: z.string().max(420).optional(),
    page_title: z.string().max(300).optional(),
  })
  .catchall(z.union([short, z.number(), z.boolean()]))
  .refine((p) => p.value === undefined || p.currency !== undefined, 'value without currency')
  .refine((p) => Object.keys(p).length <= 25, 'more than 25 parameters')
  .refine((p) => Object.keys(p).every((key) => name.safeParse(key).success), 'a parameter with an impossible name');

const measurement = z.strictObject({
  client_id: z.string().min(1),
  user_id: z.string().min(1).max(256).optional(),
  timestamp_micros: z.number().int().optional(),
  consent: z.strictObject({ ad_user_data: consentWord, ad_personalization: consentWord }),
  user_properties: z
    .record(z.string().max(24), z.strictObject({ value: z.union([z.string().max(36), z.number()]) }))
    .refine((p) => Object.keys(p).length <= 25, 'more than 25 user properties')
    .optional(),
  user_data: z
    .strictObject({
      sha256_email_address: z.array(hash).min(1).optional(),
      sha256_phone_number: z.array(hash).min(1).optional(),
      address: z
        .array(
          z.strictObject({
            sha256_first_name: hash.optional(),
            sha256_last_name: hash.optional(),
            sha256_street: hash.optional(),
            city: z.string().optional(),
            region: z.string().optional(),
            postal_code: z.string().optional(),
            country: z
              .string()
              .regex(/^[A-Z]{2}$/)
              .optional(),
          }),
        )
        .min(1)
        .optional(),
    })
    .optional(),
  user_location: z.strictObject({ country_id: z.string().regex(/^[A-Z]{2}$/) }).optional(),
  device: z
    .strictObject({
      category: z.enum(['desktop', 'mobile', 'tablet', 'smart TV']).optional(),
      language: z
        .string()
        .regex(/^[a-z]{2,3}$/)
        .optional(),
      screen_resolution: z
        .string()
        .regex(/^\d+x\d+$/)
        .optional(),
      operating_system: z.string().optional(),
      browser: z.string().optional(),
      browser_version: z.string().optional(),
    })
    .optional(),
  validation_behavior: z.enum(['RELAXED', 'ENFORCE_RECOMMENDATIONS']).optional(),
  events: z.array(z.strictObject({ name, params })).min(1).max(25),
});

const GCD = /^\d\d([A-Za-z])\d([A-Za-z])\d([A-Za-z])\d([A-Za-z])\d(?:[A-Za-z]\d)*$/;
const GRANTED = new Set(['n', 'r', 't', 'v']);

/** Every event of a web hit, with the query's pairs under the line's. */
export function webEvents(request: Pick<Recorded, 'query' | 'body'>): Readonly<Record<string, string>>[] {
  const shared = Object.fromEntries(new URLSearchParams(request.query));
  const lines = request.body.split(/\r?\n/).filter((line) => line !== '');
  return lines.length === 0
    ? [shared]
    : lines.map((line) => ({ ...shared, ...Object.fromEntries(new URLSearchParams(line)) }));
}

/** What is wrong with one event of a web hit: required keys, keys that may never be relayed, consent keys that disagree. */
function checkWeb(hit: Readonly<Record<string, string>>): string[] {
  const found: string[] = [];
  const demand = (holds: boolean, what: string) => {
    if (!holds) found.push(what);
  };
  demand(hit['v'] === '2', 'v is not 2');
  demand(/^G-[A-Z0-9]+$/.test(hit['tid'] ?? ''), 'no tid');
  demand((hit['en'] ?? '') !== '', 'no en');
  demand((hit['cid'] ?? '') !== '', 'no cid');
  for (const key of ['ecid', 'ecsid', '_fid', '_fplc', 'auid', 'gcu', 'gcut', 'richsstsse']) {
    demand(!(key in hit), `${key} must not be relayed`);
  }
  const { gcs = '', gcd = '', npa, dma, dma_cps = '', pscdl } = hit;
  demand(/^G1[01][01]$/.test(gcs), 'gcs is not decided');
  const letters = GCD.exec(gcd)
    ?.slice(1)
    .map((letter) => GRANTED.has(letter));
  demand(letters !== undefined, 'gcd is malformed');
  demand(npa === '0' || npa === '1', 'npa is missing');
  demand(dma === '0' || dma === '1', 'dma is missing');
  if (letters !== undefined) {
    const [ads = false, analytics = false, userData = false, personalization = false] = letters;
    demand(gcs === `G1${ads ? 1 : 0}${analytics ? 1 : 0}`, 'gcs and gcd disagree');
    demand(npa === '1' || (ads && personalization), 'npa is looser than gcd');
    demand(dma_cps === '-' || userData, 'dma_cps is looser than gcd');
    demand(userData || !('em' in hit), 'em without ad_user_data');
    demand(ads || pscdl === 'denied', 'pscdl is looser than gcd');
    demand(ads || !/[?&](?:gclid|gbraid|wbraid|dclid)=/i.test(hit['dl'] ?? ''), 'a click id without ad_storage');
  }
  return found;
}

function answerMeasurement(request: Recorded): FakeReply {
  const query = new URLSearchParams(request.query);
  const wrong: string[] = [];
  if (request.method !== 'POST') wrong.push('the Measurement Protocol is POST only');
  if (request.headers['content-type'] !== 'application/json') wrong.push('content-type is not application/json');
  if (!/^G-[A-Z0-9]+$/.test(query.get('measurement_id') ?? '')) wrong.push('no measurement_id');
  if ((query.get('api_secret') ?? '') === '') wrong.push('no api_secret');
  if (Buffer.byteLength(request.body) >= 130_000) wrong.push('the body is too large');
  let body: unknown;
  try {
    body = JSON.parse(request.body);
  } catch {
    wrong.push('the body is not JSON');
  }
  const checked = measurement.safeParse(body);
  const issues = checked.success ? [] : checked.error.issues;
  for (const issue of issues) wrong.push(`${issue.path.join('.')}: ${issue.message}`);
  if (request.path !== '/debug/mp/collect') {
    violations.push(...wrong);
    // Anything that arrives is answered 2xx, however broken (2.2).
    return { status: 204 };
  }
  const validationMessages = issues.map((issue) => ({
    fieldPath: issue.path.join('.'),
    description: issue.message,
    validationCode: 'VALUE_INVALID',
  }));
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ validationMessages }) };
}

function answer(request: Recorded): FakeReply {
  if (request.path === '/mp/collect' || request.path === '/debug/mp/collect') return answerMeasurement(request);
  if (request.path !== '/g/collect') {
    violations.push(`no such path: ${request.path}`);
    return { status: 404 };
  }
  for (const hit of webEvents(request)) violations.push(...checkWeb(hit));
  for (const header of ['cookie', 'referer', 'x-forwarded-for', 'forwarded', 'authorization', 'origin']) {
    if (request.headers[header] !== undefined) violations.push(`header ${header}`);
  }
  return { status: 204 };
}

/** Google Analytics' collection hosts. */
export const ga4: FakeVendor = { hosts: ['www.google-analytics.com', 'region1.google-analytics.com'], answer };
