import type { FakeReply, FakeVendor, Recorded } from '../support/recorder.ts';

/*
 * A stand-in for the Conversions API v3, written from `destinations/reddit.md` alone: it uses nothing of the module it
 * tests. What it is sent wrongly lands in `violations`; what it answers can be chosen.
 */

const JSON_TYPE = { 'content-type': 'application/json' };

/** An error answer as section 9 shows it. The texts repeat user data on purpose: nothing may repeat them further. */
export function errorReply(
  status: number,
  fields: readonly string[] = [],
  headers: Record<string, string> = {},
): FakeReply {
  const message = 'invalid: kari@example.no';
  const error = { code: status, message, fields: fields.map((field) => ({ field, message })) };
  return { status, headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify({ error }) };
}

/** A 400 that names events by their index. */
export function indexReply(...indices: readonly number[]): FakeReply {
  return errorReply(
    400,
    indices.map((index) => `events[${index}].user.email`),
  );
}

/** Every row of the table of section 9, by a name of our own. */
export const replies = {
  invalid: errorReply(400),
  unprocessable: errorReply(422),
  firstInvalid: indexReply(0),
  unauthorized: errorReply(401),
  forbidden: errorReply(403),
  noPixel: errorReply(404),
  throttled: errorReply(429, [], { 'retry-after': '17' }),
  reset: errorReply(429, [], { 'x-ratelimit-reset': '23' }),
  server: errorReply(500),
  unavailable: errorReply(503),
  html: { status: 502, headers: { 'content-type': 'text/html' }, body: '<html>Bad gateway</html>' },
} as const satisfies Record<string, FakeReply>;

export interface FakeReddit extends FakeVendor {
  readonly answer: (request: Recorded) => FakeReply;
  readonly violations: string[];
  /** Events taken, by type and conversion id: a repeat counts once (6). */
  readonly taken: Map<string, unknown>;
  /** The next `times` requests get this answer. */
  readonly respondWith: (reply: keyof typeof replies | FakeReply, times?: number) => void;
  /** Conversion ids that make a request invalid; the 400 names them unless `nameless`. */
  readonly poison: Set<string>;
  nameless: boolean;
}

export interface FakeRedditOptions {
  /** Unix milliseconds; given, the age of events is checked. */
  readonly now?: () => number;
}

export function createReddit({ now }: FakeRedditOptions = {}): FakeReddit {
  const violations: string[] = [];
  const taken = new Map<string, unknown>();
  const poison = new Set<string>();
  const scripted: FakeReply[] = [];

  const vendor: FakeReddit = {
    hosts: ['ads-api.reddit.com'],
    violations,
    taken,
    poison,
    nameless: false,
    respondWith(reply, times = 1) {
      const chosen = typeof reply === 'string' ? replies[reply] : reply;
      for (let i = 0; i < times; i++) scripted.push(chosen);
    },
    answer(request: Recorded): FakeReply {
      const { violations: found, events } = inspect(request, now);
      // `check` sends no events at all.
      if (events.length > 0) violations.push(...found);
      const next = scripted.shift();
      if (next !== undefined) return next;
      if (!/^Bearer \S+$/.test(request.headers['authorization'] ?? '')) return replies.unauthorized;
      if (found.length > 0) return replies.invalid;
      const ids = events.map(({ metadata }) => String((metadata as Json | undefined)?.['conversion_id']));
      const bad = ids.flatMap((id, index) => (poison.has(id) ? [index] : []));
      if (bad.length > 0) return vendor.nameless ? replies.invalid : indexReply(...bad);
      for (const [i, event] of events.entries())
        taken.set(`${String((event['type'] as Json)['tracking_type'])} ${ids[i]}`, event);
      const message = `Successfully processed ${events.length} conversion events.`;
      return { status: 200, headers: JSON_TYPE, body: JSON.stringify({ data: { message } }) };
    },
  };
  return vendor;
}

type Json = Record<string, unknown>;
type Wrong = (bad: boolean, what: string) => void;

/** Sections 3 to 5. */
const TYPES = 'PAGE_VISIT VIEW_CONTENT SEARCH ADD_TO_CART ADD_TO_WISHLIST PURCHASE LEAD SIGN_UP CUSTOM'.split(' ');
const EVENT_KEYS = 'event_at action_source type event_source_url click_id user metadata';
const HASHED = ['email', 'phone_number', 'external_id', 'ip_address'];
const USER_KEYS = [...HASHED, 'user_agent', 'uuid', 'data_processing_options'].join(' ');
const METADATA_KEYS = 'conversion_id value currency item_count products';
const PRODUCT_KEYS = 'id name category quantity item_price';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function strange(object: Json, keys: string): string {
  return Object.keys(object)
    .filter((key) => !keys.split(' ').includes(key))
    .join();
}

function inspect(request: Recorded, now?: () => number): { violations: string[]; events: Json[] } {
  const violations: string[] = [];
  const wrong: Wrong = (bad, what) => bad && violations.push(`reddit: ${what}`);
  wrong(request.method !== 'POST', `method ${request.method}`);
  wrong(!/^\/api\/v3\/pixels\/[at]2_\w+\/conversion_events$/.test(request.path), `path ${request.path}`);
  wrong(request.query !== '', 'a query');
  wrong(request.headers['content-type']?.startsWith('application/json') !== true, 'content type');
  wrong(!/^Bearer \S+$/.test(request.headers['authorization'] ?? ''), 'no bearer token');
  let data: Json = {};
  try {
    const body = JSON.parse(request.body) as Json;
    wrong(Object.keys(body).join() !== 'data', 'envelope');
    data = (body['data'] ?? {}) as Json;
  } catch {
    wrong(true, 'body is not JSON');
  }
  wrong(strange(data, 'events test_id partner') !== '', 'keys of data');
  const events = Array.isArray(data['events']) ? (data['events'] as Json[]) : [];
  wrong(events.length === 0 || events.length > 1000, `${events.length} events`);
  for (const event of events) {
    wrong(strange(event, EVENT_KEYS) !== '', `event keys ${strange(event, EVENT_KEYS)}`);
    const time = event['event_at'];
    wrong(!Number.isInteger(time) || (time as number) < 1e12, 'event_at is not unix milliseconds');
    wrong(now !== undefined && now() - (time as number) > 7 * 86_400_000, 'event_at is older than 7 days');
    wrong(event['action_source'] !== 'WEBSITE', 'action_source');
    const { tracking_type: type, custom_event_name: own } = (event['type'] ?? {}) as Json;
    wrong(!TYPES.includes(String(type)), 'tracking_type');
    wrong((type === 'CUSTOM') !== (typeof own === 'string' && own !== ''), 'custom_event_name');
    inspectUser(event, wrong);
    inspectMetadata((event['metadata'] ?? {}) as Json, wrong);
  }
  return { violations, events };
}

function inspectUser(event: Json, wrong: Wrong): void {
  const user = (event['user'] ?? {}) as Json;
  wrong(Object.keys(user).length === 0, 'no match key');
  wrong(strange(user, USER_KEYS) !== '', `user keys ${strange(user, USER_KEYS)}`);
  for (const key of HASHED)
    wrong(key in user && !/^[0-9a-f]{64}$/.test(String(user[key])), `${key} is not a lower-case SHA-256`);
  wrong('uuid' in user && !UUID.test(String(user['uuid'])), 'uuid');
}

function inspectMetadata(metadata: Json, wrong: Wrong): void {
  wrong(strange(metadata, METADATA_KEYS) !== '', `metadata keys ${strange(metadata, METADATA_KEYS)}`);
  const { conversion_id: id, value, currency, item_count: pieces } = metadata;
  wrong(typeof id !== 'string' || id === '', 'conversion_id');
  wrong((value === undefined) !== (currency === undefined), 'value and currency only together');
  wrong(value !== undefined && typeof value !== 'number', 'value');
  wrong(currency !== undefined && !(typeof currency === 'string' && /^[A-Z]{3}$/.test(currency)), 'currency');
  wrong(pieces !== undefined && !Number.isInteger(pieces), 'item_count');
  for (const item of (metadata['products'] ?? []) as Json[]) {
    wrong(strange(item, PRODUCT_KEYS) !== '', `product keys ${strange(item, PRODUCT_KEYS)}`);
    wrong(!Number.isInteger(item['quantity']), 'quantity');
  }
}

/** One shared instance, for tests that play all vendors. */
export const reddit = createReddit();
export const { violations, respondWith } = reddit;
