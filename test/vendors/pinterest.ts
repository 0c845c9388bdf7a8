import type { FakeReply, FakeVendor, Recorded } from '../support/recorder.ts';

/*
 * A stand-in for the Conversions API, written from `destinations/pinterest.md` alone: it uses nothing of the module it
 * tests. What it is sent wrongly lands in `violations`; what it answers can be chosen.
 */

const JSON_TYPE = { 'content-type': 'application/json' };

/** An error answer as section 9 shows it. The text repeats user data on purpose: nothing may repeat it further. */
export function errorReply(
  status: number,
  code: number,
  more: { details?: unknown; events?: unknown; headers?: Record<string, string> } = {},
): FakeReply {
  const { headers, ...body } = more;
  return {
    status,
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify({ code, message: 'Invalid em: kari@example.no', ...body }),
  };
}

/** A row of `events`: taken, or refused with a text that repeats user data. */
export function verdict(failed: boolean): object {
  return failed
    ? { status: 'failed', error_message: 'bad em kari@example.no', warning_message: null }
    : { status: 'processed', error_message: null, warning_message: null };
}

/** What 200 and, in `details`, 422 say of rows in the order of the request. */
export function rows(failed: readonly boolean[]): object {
  return {
    num_events_received: failed.length,
    num_events_processed: failed.filter((one) => !one).length,
    events: failed.map(verdict),
  };
}

/** Every row of the error table of section 9, by a name of our own. */
export const replies = {
  malformed: errorReply(400, 4196),
  unauthorized: errorReply(401, 2),
  forbidden: errorReply(403, 29),
  noAccount: errorReply(404, 50),
  partlyUnnamed: errorReply(422, 4197, { details: {} }),
  throttled: errorReply(429, 8, { headers: { 'retry-after': '17' } }),
  rampedDown: errorReply(503, 4197),
  server: errorReply(500, 0),
  html: { status: 502, headers: { 'content-type': 'text/html' }, body: '<html>Bad gateway</html>' },
} as const satisfies Record<string, FakeReply>;

export interface FakePinterest extends FakeVendor {
  readonly answer: (request: Recorded) => FakeReply;
  readonly violations: string[];
  /** Events taken, by name and event id: a repeat counts once (6). None of a request with `?test=true` (1). */
  readonly taken: Map<string, unknown>;
  /** The next `times` requests get this answer. */
  readonly respondWith: (reply: keyof typeof replies | FakeReply, times?: number) => void;
  /** Event ids that are refused: in a 200, or in a 422 that names the rows in its `details`. */
  readonly poison: Set<string>;
  refusesWith: 200 | 422;
}

export function createPinterest(): FakePinterest {
  const violations: string[] = [];
  const taken = new Map<string, unknown>();
  const poison = new Set<string>();
  const scripted: FakeReply[] = [];

  const vendor: FakePinterest = {
    hosts: ['api.pinterest.com'],
    violations,
    taken,
    poison,
    refusesWith: 200,
    respondWith(reply, times = 1) {
      const chosen = typeof reply === 'string' ? replies[reply] : reply;
      for (let i = 0; i < times; i++) scripted.push(chosen);
    },
    answer(request: Recorded): FakeReply {
      const test = request.query === 'test=true';
      const found = inspect(request);
      // `check` sends no events at all, in the mode that records nothing.
      const probing = test && found.events.length === 0;
      if (!probing) violations.push(...found.violations);
      const next = scripted.shift();
      if (next !== undefined) return next;
      if (!/^Bearer \S+$/.test(request.headers['authorization'] ?? '')) return replies.unauthorized;
      if (found.violations.length > 0) return replies.malformed;
      const failed = found.events.map(({ event_id }) => poison.has(String(event_id)));
      for (const [i, event] of found.events.entries()) {
        if (!test && failed[i] !== true)
          taken.set(`${String(event['event_name'])} ${String(event['event_id'])}`, event);
      }
      if (failed.includes(true) && vendor.refusesWith === 422) return errorReply(422, 4197, { details: rows(failed) });
      return { status: 200, headers: JSON_TYPE, body: JSON.stringify(rows(failed)) };
    },
  };
  return vendor;
}

type Json = Record<string, unknown>;
type Wrong = (bad: boolean, what: string) => void;

/** Sections 3 to 5. */
const NAMES = new Set(
  (
    'add_payment_info add_to_cart add_to_wishlist app_install checkout custom initiate_checkout lead page_visit search ' +
    'signup subscribe view_category view_content watch_video app_open contact customize_product find_location schedule ' +
    'start_trial submit_application'
  ).split(' '),
);
const EVENT_KEYS =
  'event_name action_source event_time event_id event_source_url user_data custom_data opt_out language';
const HASHED = new Set('em ph ge db fn ln ct st zp country external_id hashed_maids'.split(' '));
const PLAIN = new Set('client_ip_address client_user_agent click_id'.split(' '));
const CUSTOM_KEYS =
  'currency value content_ids contents content_name content_category content_brand num_items order_id search_string opt_out_type';
const CONTENT_KEYS = 'id item_price quantity item_name item_category item_brand';
const AMOUNT = /^-?\d+(\.\d+)?$/;

function strange(object: Json, keys: string): string[] {
  return Object.keys(object).filter((key) => !keys.split(' ').includes(key));
}

function inspect(request: Recorded): { violations: string[]; events: Json[] } {
  const violations: string[] = [];
  const wrong: Wrong = (bad, what) => bad && violations.push(`pinterest: ${what}`);
  wrong(request.method !== 'POST', `method ${request.method}`);
  wrong(!/^\/v5\/ad_accounts\/\d+\/events$/.test(request.path), `path ${request.path}`);
  wrong(!['', 'test=true'].includes(request.query), 'a query');
  wrong(request.headers['content-type']?.startsWith('application/json') !== true, 'content type');
  wrong(!/^Bearer \S+$/.test(request.headers['authorization'] ?? ''), 'no bearer token');
  let body: Json = {};
  try {
    body = JSON.parse(request.body) as Json;
  } catch {
    wrong(true, 'body is not JSON');
  }
  const events = Array.isArray(body['data']) ? (body['data'] as Json[]) : [];
  wrong(Object.keys(body).join() !== 'data', 'envelope');
  wrong(events.length === 0 || events.length > 1000, `${events.length} events`);
  for (const event of events) {
    wrong(strange(event, EVENT_KEYS).length > 0, `event keys ${strange(event, EVENT_KEYS).join()}`);
    wrong(!NAMES.has(String(event['event_name'])), 'event_name');
    wrong(event['action_source'] !== 'web', 'action_source');
    const time = event['event_time'];
    wrong(!Number.isInteger(time) || (time as number) > 1e11, 'event_time is not unix seconds');
    const id = event['event_id'];
    wrong(typeof id !== 'string' || id === '' || id.length > 256, 'event_id');
    const url = event['event_source_url'];
    wrong(url !== undefined && !(typeof url === 'string' && /^https?:\/\//.test(url)), 'event_source_url');
    inspectUser((event['user_data'] ?? {}) as Json, wrong);
    inspectCustom((event['custom_data'] ?? {}) as Json, wrong);
  }
  return { violations, events };
}

function inspectUser(user: Json, wrong: Wrong): void {
  const pair = 'client_ip_address' in user && 'client_user_agent' in user;
  wrong(
    !('em' in user) && !('hashed_maids' in user) && !pair,
    'user_data: none of em, hashed_maids, address and agent',
  );
  for (const [key, value] of Object.entries(user)) {
    if (HASHED.has(key)) {
      const list = Array.isArray(value) ? (value as unknown[]) : [];
      wrong(list.length === 0, `${key} is no list`);
      for (const one of list) wrong(!/^[0-9a-f]{64}$/.test(String(one)), `${key} is not a lower-case SHA-256`);
    } else {
      wrong(!PLAIN.has(key), `user_data key ${key}`);
      wrong(typeof value !== 'string' || value === '', `${key} is no text`);
    }
  }
}

function inspectCustom(custom: Json, wrong: Wrong): void {
  wrong(strange(custom, CUSTOM_KEYS).length > 0, `custom_data keys ${strange(custom, CUSTOM_KEYS).join()}`);
  const amount = (value: unknown) => value === undefined || (typeof value === 'string' && AMOUNT.test(value));
  wrong(!amount(custom['value']), 'value is no number as a text');
  const { currency } = custom;
  wrong(currency !== undefined && !(typeof currency === 'string' && /^[A-Z]{3}$/.test(currency)), 'currency');
  wrong(custom['num_items'] !== undefined && !Number.isInteger(custom['num_items']), 'num_items is no integer');
  for (const item of (custom['contents'] ?? []) as Json[]) {
    wrong(strange(item, CONTENT_KEYS).length > 0, `contents keys ${strange(item, CONTENT_KEYS).join()}`);
    wrong(!amount(item['item_price']), 'item_price is no number as a text');
    wrong(!Number.isInteger(item['quantity']), 'quantity is no integer');
  }
}

/** One shared instance, for tests that play all vendors. */
export const pinterest = createPinterest();
export const { violations, respondWith } = pinterest;
