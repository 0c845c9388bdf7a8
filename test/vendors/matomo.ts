import type { FakeReply, FakeVendor, Recorded } from '../support/recorder.ts';
import { json, requestsIn } from './tracking.ts';

/*
 * A stand-in for Matomo's tracking API, written from `destinations/matomo.md` alone. What it is sent wrongly lands in
 * `violations`.
 */

/** What Matomo would have found wrong; empty it before a test. */
export const violations: string[] = [];

export const MATOMO_HOST = 'stats.example.no';

/** Answers of section 6, by a name of our own. The texts repeat what was sent on purpose. */
export const replies = {
  invalid:
    (...indices: readonly number[]) =>
    (count: number): FakeReply =>
      json(200, {
        status: 'success',
        tracked: count - indices.length,
        invalid: indices.length,
        invalid_indices: indices,
        message: 'kari@example.no',
      }),
  unnamed: json(200, { status: 'success', tracked: 0, invalid: 1 }),
  malformed: json(400, { status: 'error', message: 'kari@example.no' }),
  unauthorized: json(401, { status: 'error', message: 'token' }),
  forbidden: json(403, {}),
  wrongPath: { status: 404, headers: { 'content-type': 'text/html' }, body: '<h1>Not found</h1>' },
  tooLarge: json(413, {}),
  throttled: json(429, {}, { 'retry-after': '17' }),
  server: json(500, {}),
  maintenance: { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Maintenance: kari@example.no' },
  maintenance503: { status: 503, headers: { 'content-type': 'text/html' }, body: '<html>Maintenance' },
} as const;

const KEYS = new Set(
  (
    'idsite rec apiv send_image rand cdt url urlref action_name _id uid pv_id idgoal ec_id revenue ec_st ec_tx ec_sh ec_items ' +
    'search link download ping e_c e_a e_n e_v ca _pks _pkn _pkc _pkp cip country ua lang res'
  ).split(' '),
);
const OF_TOKEN = ['cip', 'country'];
const NUMBERS = ['revenue', 'ec_st', 'ec_tx', 'ec_sh', 'e_v', '_pkp'];

function check(condition: boolean, what: string): void {
  if (!condition) violations.push(`matomo: ${what}`);
}

function inspect(pairs: URLSearchParams, trusted: boolean): void {
  const has = (key: string) => pairs.has(key);
  for (const key of pairs.keys()) check(KEYS.has(key) || /^dimension\d+$/.test(key), `key ${key}`);
  check(/^\d+$/.test(pairs.get('idsite') ?? '') && pairs.get('rec') === '1', 'idsite and rec');
  check(pairs.get('send_image') === '0', 'send_image');
  check(!has('_id') || /^[0-9a-f]{16}$/.test(pairs.get('_id') ?? ''), '_id is not 16 hex digits');
  check(!has('pv_id') || /^[0-9A-Za-z]{6}$/.test(pairs.get('pv_id') ?? ''), 'pv_id');
  check(/^\d{10}$/.test(pairs.get('cdt') ?? ''), 'cdt is not unix seconds');
  for (const key of NUMBERS) check(!has(key) || Number.isFinite(Number(pairs.get(key))), `${key} is no number`);
  check(trusted || !OF_TOKEN.some(has), 'address or country without a token');
  check(has('e_c') === has('e_a'), 'e_c without e_a');
  check(!(has('ping') && has('ca')), 'ping with ca');
  check(!has('ec_id') || pairs.get('idgoal') === '0', 'ec_id is for orders');
  if (!has('ec_items')) return;
  const items = JSON.parse(pairs.get('ec_items') ?? '') as unknown[][];
  const fine = items.every(([sku, , , price, quantity]) => {
    return typeof sku === 'string' && typeof price === 'number' && typeof quantity === 'number';
  });
  check(fine && items.length > 0, 'ec_items');
}

function answer(request: Recorded): FakeReply {
  check(request.method === 'POST' && /\/(?:matomo|piwik)\.php$/.test(request.path), 'not the tracking API');
  check(request.query === '', 'a token or an event in the address');
  check(request.headers['content-type'] === 'application/json', 'not JSON');
  const requests = requestsIn(request);
  check(requests !== undefined && requests.length > 0 && requests.length <= 50, 'no list of 1 to 50 requests');
  const trusted = request.body.includes('"token_auth":"');
  for (const one of requests ?? []) inspect(one, trusted);
  if (requests === undefined) return replies.malformed;
  return json(200, { status: 'success', tracked: requests.length, invalid: 0, invalid_indices: [] });
}

export const matomoVendor: FakeVendor = { hosts: [MATOMO_HOST], answer };
