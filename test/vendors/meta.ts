import { SECRET } from './as-recorded.ts';
import type { FakeReply, FakeVendor, Recorded } from '../support/recorder.ts';

/** The only thing a query may hold; without a network a stand-in is in its place. */
const PROOF = new RegExp(`^(?:appsecret_proof=(?:[0-9a-f]{64}|${SECRET}))?$`);

/*
 * A stand-in for the Conversions API, written from `destinations/meta.md` alone: it uses nothing of the module it
 * tests. What it is sent wrongly lands in `violations`; what it answers can be chosen.
 */

const JSON_TYPE = { 'content-type': 'application/json' };

/** An error answer as section 9 shows it. The texts repeat user data on purpose: nothing may repeat them further. */
export function errorReply(
  status: number,
  code: number,
  more: { subcode?: number; transient?: boolean; headers?: Record<string, string> } = {},
): FakeReply {
  const error = {
    message: 'Invalid parameter kari@example.no',
    type: 'OAuthException',
    code,
    ...(more.subcode === undefined ? {} : { error_subcode: more.subcode }),
    is_transient: more.transient ?? false,
    error_user_title: 'kari@example.no',
    error_user_msg: '+47 400 00 000',
    fbtrace_id: 'Aexample',
  };
  return { status, headers: { ...JSON_TYPE, ...more.headers }, body: JSON.stringify({ error }) };
}

/** Every row of the error table of section 9, by a name of our own. */
export const replies = {
  unknown: errorReply(500, 1),
  temporary: errorReply(503, 2),
  appRateLimit: errorReply(400, 4),
  userRateLimit: errorReply(400, 17),
  pageRateLimit: errorReply(400, 32),
  customRateLimit: errorReply(400, 613),
  adAccountRateLimit: errorReply(400, 80004, {
    headers: {
      'x-business-use-case-usage':
        '{"1234567890":[{"type":"ads_management","call_count":100,"estimated_time_to_regain_access":19}]}',
    },
  }),
  applicationLimit: errorReply(400, 341),
  policyBlock: errorReply(400, 368),
  validationUnknown: errorReply(500, 5000),
  internal: errorReply(500, 21009),
  capability: errorReply(400, 3),
  permission: errorReply(403, 10),
  permissionRange: errorReply(403, 200),
  adsPermission: errorReply(403, 294),
  invalid: errorReply(400, 100),
  tooOld: errorReply(400, 100, { subcode: 2804003 }),
  malformed: errorReply(400, 100, { subcode: 2804019 }),
  transient: errorReply(400, 100, { transient: true }),
  objectMissing: errorReply(400, 100, { subcode: 33 }),
  tooManyParameters: errorReply(400, 105),
  session: errorReply(401, 102),
  token: errorReply(401, 190, { subcode: 463 }),
  deprecated: errorReply(400, 2635),
  html: {
    status: 502,
    headers: { 'content-type': 'text/html' },
    body: '<html><body>Sorry, something went wrong.</body></html>',
  },
} as const satisfies Record<string, FakeReply>;

export interface FakeMeta extends FakeVendor {
  readonly answer: (request: Recorded) => FakeReply;
  readonly violations: string[];
  /** Events taken, by name and event id: a repeat within 48 hours counts once (7). */
  readonly taken: Map<string, unknown>;
  /** The next `times` requests get this answer. */
  readonly respondWith: (reply: keyof typeof replies | FakeReply, times?: number) => void;
  /** Event ids that make a request invalid. */
  readonly poison: Set<string>;
}

export interface FakeMetaOptions {
  readonly pixelId?: string;
  /** Unix milliseconds; given, the age of events is checked. */
  readonly now?: () => number;
}

const ACTION_SOURCES =
  'website email app phone_call chat physical_store system_generated business_messaging other'.split(' ');
const HASHED = new Set('em ph fn ln db ge ct st zp country external_id'.split(' '));
const PLAIN = new Set('client_ip_address client_user_agent fbc fbp'.split(' '));
const EVENT_KEYS = new Set(
  (
    'event_name event_time event_id action_source event_source_url user_data custom_data opt_out referrer_url ' +
    'data_processing_options data_processing_options_country data_processing_options_state'
  ).split(' '),
);
const IDENTIFYING = ['em', 'ph', 'external_id', 'fbp', 'fbc'];

export function createMeta(options: FakeMetaOptions = {}): FakeMeta {
  const violations: string[] = [];
  const taken = new Map<string, unknown>();
  const poison = new Set<string>();
  const scripted: FakeReply[] = [];

  function answer(request: Recorded): FakeReply {
    const found = inspect(request, options);
    violations.push(...found.violations);
    const next = scripted.shift();
    if (next !== undefined) return next;
    if (!/^Bearer \S+$/.test(request.headers['authorization'] ?? '')) return errorReply(401, 190);
    if (found.tooOld) return errorReply(400, 100, { subcode: 2804003 });
    if (found.violations.length > 0 || found.events.length === 0) return errorReply(400, 100);
    if (found.events.some(({ event_id }) => poison.has(String(event_id))))
      return errorReply(400, 100, { subcode: 2804019 });
    for (const event of found.events) taken.set(`${String(event['event_name'])} ${String(event['event_id'])}`, event);
    const body = { events_received: found.events.length, messages: [], fbtrace_id: 'Aexample' };
    return { status: 200, headers: JSON_TYPE, body: JSON.stringify(body) };
  }

  return {
    hosts: ['graph.facebook.com'],
    answer,
    violations,
    taken,
    poison,
    respondWith(reply, times = 1) {
      const chosen = typeof reply === 'string' ? replies[reply] : reply;
      for (let i = 0; i < times; i++) scripted.push(chosen);
    },
  };
}

type Json = Record<string, unknown>;

function inspect(
  request: Recorded,
  { pixelId, now }: FakeMetaOptions,
): { violations: string[]; events: Json[]; tooOld: boolean } {
  const violations: string[] = [];
  const wrong = (bad: boolean, what: string) => bad && violations.push(`meta: ${what}`);
  wrong(request.method !== 'POST', `method ${request.method}`);
  wrong(!/^\/v\d+\.\d\/\d+\/events$/.test(request.path), `path ${request.path}`);
  wrong(pixelId !== undefined && !request.path.endsWith(`/${pixelId}/events`), 'another pixel');
  wrong(!PROOF.test(request.query), 'a query (tokens do not belong into URLs)');
  wrong(request.headers['content-type']?.startsWith('application/json') !== true, 'content type');
  wrong(!/^Bearer \S+$/.test(request.headers['authorization'] ?? ''), 'no bearer token');
  let body: Json = {};
  try {
    body = JSON.parse(request.body) as Json;
  } catch {
    wrong(true, 'body is not JSON');
  }
  for (const key of Object.keys(body))
    wrong(!['data', 'partner_agent', 'test_event_code'].includes(key), `envelope key ${key}`);
  wrong(typeof body['partner_agent'] === 'string' && body['partner_agent'].length > 23, 'partner_agent is too long');
  const events = Array.isArray(body['data']) ? (body['data'] as Json[]) : [];
  wrong(!Array.isArray(body['data']), 'no data');
  wrong(events.length > 1000, `${events.length} events`);
  let tooOld = false;
  for (const event of events) {
    for (const key of Object.keys(event)) wrong(!EVENT_KEYS.has(key), `event key ${key}`);
    const name = event['event_name'];
    wrong(typeof name !== 'string' || name === '' || name.length > 50, 'event_name');
    const time = event['event_time'];
    wrong(!Number.isInteger(time) || (time as number) > 1e11, 'event_time is not unix seconds');
    if (now !== undefined) {
      const age = now() / 1000 - (time as number);
      tooOld ||= age > 7 * 86_400;
      wrong(age < -60, 'event_time lies in the future');
    }
    wrong(!ACTION_SOURCES.includes(String(event['action_source'])), 'action_source');
    const url = event['event_source_url'];
    wrong(url !== undefined && !(typeof url === 'string' && /^https?:\/\//.test(url)), 'event_source_url');
    inspectUser((event['user_data'] ?? {}) as Json, wrong);
    const custom = event['custom_data'] as Json | undefined;
    const priced = typeof custom?.['value'] === 'number' && /^[A-Z]{3}$/.test(String(custom['currency']));
    wrong(name === 'Purchase' && !priced, 'Purchase without value and currency');
    wrong(custom?.['value'] !== undefined && !priced, 'value without currency');
    for (const item of (custom?.['contents'] ?? []) as Json[])
      wrong(typeof item['id'] !== 'string', 'contents without id');
  }
  return { violations, events, tooOld };
}

function inspectUser(user: Json, wrong: (bad: boolean, what: string) => void): void {
  wrong(!IDENTIFYING.some((key) => key in user), 'user_data identifies nobody');
  for (const [key, value] of Object.entries(user)) {
    if (HASHED.has(key)) {
      for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
        wrong(!/^[0-9a-f]{64}$/.test(String(one)), `${key} is not a lower-case SHA-256`);
      }
    } else if (key === 'fbp' || key === 'fbc') {
      const parts = String(value).split('.');
      const shaped =
        (parts.length === 4 || parts.length === 5) &&
        parts[0] === 'fb' &&
        /^\d+$/.test(parts[1] ?? '') &&
        /^\d+$/.test(parts[2] ?? '') &&
        parts[3] !== '';
      wrong(!shaped, `${key} is malformed`);
    } else wrong(!PLAIN.has(key), `user_data key ${key}`);
  }
}

/** One shared instance, for tests that play all vendors. */
export const meta = createMeta();
export const { violations, respondWith } = meta;
