import type { FakeReply, FakeVendor, Recorded } from '../support/recorder.ts';
import { json, requestsIn } from './tracking.ts';

/*
 * A stand-in for Piwik PRO's tracking API, written from `destinations/piwik-pro.md` alone. What it is sent wrongly lands in
 * `violations`.
 */

/** What Piwik PRO would have found wrong; empty it before a test. */
export const violations: string[] = [];

export const PIWIK_PRO_HOST = 'example.piwik.pro';

/** Answers of section 5, by a name of our own. The texts repeat what was sent on purpose. */
export const replies = {
  malformed: json(400, { error: 'kari@example.no' }),
  forbidden: json(403, { error: 'kari@example.no' }),
  notThere: { status: 404, headers: { 'content-type': 'text/html' }, body: '<h1>Not found</h1>' },
  tooLarge: json(413, {}),
  throttled: json(429, {}, { 'retry-after': '17' }),
  server: json(500, {}),
  page: { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>kari@example.no' },
} as const satisfies Record<string, FakeReply>;

const KEYS = new Set(
  (
    'idsite rec r cdt url urlref action_name _id uid pv_id idgoal ec_id revenue ec_st ec_tx ec_sh ec_products e_t search ' +
    'link download e_c e_a e_n e_v cip country ua lang res rmip uia dda sh ts_n ts_v'
  ).split(' '),
);
const TYPES = ['order', 'cart-update', 'product-detail-view', 'add-to-cart', 'remove-from-cart'];
/** Section 2: none of them with `uia`. */
const OF_SOMEBODY = ['_id', 'uid', 'cip', 'ua', 'res', 'lang', 'urlref', 'pv_id', 'ec_id', 'country'];
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function check(condition: boolean, what: string): void {
  if (!condition) violations.push(`piwik_pro: ${what}`);
}

function inspect(pairs: URLSearchParams): void {
  const has = (key: string) => pairs.has(key);
  const get = (key: string) => pairs.get(key) ?? '';
  for (const key of pairs.keys()) check(KEYS.has(key) || /^dimension\d+$/.test(key), `key ${key}`);
  check(UUID.test(get('idsite')) && get('rec') === '1', 'idsite and rec');
  check(get('ts_n') === 'portvakt' && /^\d+\.\d+\.\d+$/.test(get('ts_v')), 'ts_n and ts_v');
  check(/^\d{10}$/.test(get('cdt')), 'cdt is not unix seconds');
  check(!has('_id') || /^[0-9a-f]{16}$/.test(get('_id')), '_id is not 16 hex digits');
  check(!has('pv_id') || /^[0-9a-f]{6}$/.test(get('pv_id')), 'pv_id is not six hex digits');
  check(!has('e_t') || TYPES.includes(get('e_t')), 'e_t');
  check(!has('e_v') || (Number(get('e_v')) >= 0 && Number(get('e_v')) <= 1e11), 'e_v');
  check(has('e_c') === has('e_a'), 'e_c without e_a');
  check(!has('ping'), 'an anonymous session is tied to a visitor');
  check(!has('dda') || has('uia'), 'dda without uia');
  if (has('uia')) {
    check(
      get('uia') === '1' && get('dda') === '1' && get('rmip') === '1' && get('sh') === '0',
      'not the anonymous form',
    );
    check(!OF_SOMEBODY.some(has), 'somebody in the anonymous form');
  }
  if (!has('ec_products')) return;
  const rows = JSON.parse(get('ec_products')) as unknown[][];
  const fine = rows.every(([sku, , , price, quantity]) => {
    return typeof sku === 'string' && typeof price === 'number' && typeof quantity === 'number';
  });
  check(fine && rows.length > 0 && rows.length <= 100, 'ec_products');
}

function answer(request: Recorded): FakeReply {
  check(request.method === 'POST' && request.path === '/ppms.php' && request.query === '', 'not the tracking API');
  check(request.headers['content-type'] === 'application/json', 'not JSON');
  const requests = requestsIn(request);
  check(requests !== undefined && requests.length > 0 && requests.length <= 50, 'no list of 1 to 50 requests');
  for (const one of requests ?? []) inspect(one);
  return requests === undefined ? replies.malformed : { status: 202 };
}

export const piwikProVendor: FakeVendor = { hosts: [PIWIK_PRO_HOST], answer };
