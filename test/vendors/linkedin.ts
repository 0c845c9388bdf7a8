import type { FakeReply, FakeVendor, Recorded } from '../support/recorder.ts';

/*
 * A stand-in for the Conversions API, written from `destinations/linkedin.md` alone: it uses nothing of the module
 * it tests. What it is sent wrongly lands in `violations`; what it answers can be chosen.
 */

const JSON_TYPE = { 'content-type': 'application/json' };

/** A generic error answer of section 7. The text repeats user data on purpose: nothing may repeat it further. */
export function errorReply(
  status: number,
  more: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): FakeReply {
  return {
    status,
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify({ status, message: 'not accepted: kari@example.no', ...more }),
  };
}

/** A 422 that names elements by index, in the older layout. */
export function indexReply(...indices: readonly number[]): FakeReply {
  const message = indices
    .map((index) => `Index: ${index}, ERROR :: /user/userIds/0/idType :: "kari@example.no" is not an enum symbol\n`)
    .join('');
  return errorReply(422, { message });
}

/** Every row of the error table of section 7, by a name of our own. */
export const replies = {
  malformed: errorReply(400, { code: 'ILLEGAL_ARGUMENT' }),
  unauthorized: errorReply(401, { code: 'INVALID_ACCESS_TOKEN', serviceErrorCode: 65600 }),
  revoked: errorReply(401, { code: 'REVOKED_ACCESS_TOKEN', serviceErrorCode: 65601 }),
  forbidden: errorReply(403, { code: 'ACCESS_DENIED', serviceErrorCode: 100 }),
  ruleMissing: errorReply(404, { code: 'NOT_FOUND' }),
  invalid: errorReply(422, { code: 'INPUT_VALIDATION_FAILED' }),
  firstInvalid: indexReply(0),
  batchIndex: errorReply(422, { errorDetails: { inputErrors: [{ batchIndex: 0, description: 'kari@example.no' }] } }),
  sunset: errorReply(426, { code: 'NONEXISTENT_VERSION' }),
  throttled: errorReply(429, {}, { 'retry-after': '17' }),
  server: errorReply(500),
  unavailable: errorReply(503, {}, { 'retry-after': '5' }),
  html: { status: 502, headers: { 'content-type': 'text/html' }, body: '<html>Bad gateway</html>' },
} as const satisfies Record<string, FakeReply>;

export interface FakeLinkedIn extends FakeVendor {
  readonly answer: (request: Recorded) => FakeReply;
  readonly violations: string[];
  /** Conversions taken, by rule and event id: a repeat counts once (5). */
  readonly taken: Map<string, unknown>;
  /** The next `times` requests get this answer. */
  readonly respondWith: (reply: keyof typeof replies | FakeReply, times?: number) => void;
  /** Event ids that are refused; the 422 names them unless `nameless`. */
  readonly poison: Set<string>;
  nameless: boolean;
}

export interface FakeLinkedInOptions {
  /** Unix milliseconds; given, the age of events is checked. */
  readonly now?: () => number;
}

export function createLinkedIn({ now }: FakeLinkedInOptions = {}): FakeLinkedIn {
  const violations: string[] = [];
  const taken = new Map<string, unknown>();
  const poison = new Set<string>();
  const scripted: FakeReply[] = [];

  const vendor: FakeLinkedIn = {
    hosts: ['api.linkedin.com'],
    violations,
    taken,
    poison,
    nameless: false,
    respondWith(reply, times = 1) {
      const chosen = typeof reply === 'string' ? replies[reply] : reply;
      for (let i = 0; i < times; i++) scripted.push(chosen);
    },
    answer(request: Recorded): FakeReply {
      const found = inspect(request, now);
      violations.push(...found.violations);
      const next = scripted.shift();
      if (next !== undefined) return next;
      if (!/^Bearer \S+$/.test(request.headers['authorization'] ?? '')) return replies.unauthorized;
      if (!/^\d{6}$/.test(request.headers['linkedin-version'] ?? '')) return replies.sunset;
      if (found.violations.length > 0) return replies.invalid;
      const bad = found.elements.flatMap((element, index) => (poison.has(String(element['eventId'])) ? [index] : []));
      if (bad.length > 0) return vendor.nameless ? replies.invalid : indexReply(...bad);
      for (const element of found.elements)
        taken.set(`${String(element['conversion'])} ${String(element['eventId'])}`, element);
      return {
        status: 200,
        headers: JSON_TYPE,
        body: JSON.stringify({ elements: found.elements.map(() => ({ status: 201 })) }),
      };
    },
  };
  return vendor;
}

type Json = Record<string, unknown>;

const VALUE_OF: Readonly<Record<string, RegExp>> = {
  SHA256_EMAIL: /^[0-9a-f]{64}$/,
  LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID: /^[0-9A-Za-z-]{8,}$/,
};
const ELEMENT_KEYS = new Set(['conversion', 'conversionHappenedAt', 'conversionValue', 'eventId', 'user']);
const USER_KEYS = new Set(['userIds', 'userInfo', 'externalIds']);
const HASH = /^[0-9a-f]{64}$/;

function inspect(request: Recorded, now?: () => number): { violations: string[]; elements: Json[] } {
  const violations: string[] = [];
  const wrong = (bad: boolean, what: string) => bad && violations.push(`linkedin: ${what}`);
  const { headers } = request;
  wrong(request.method !== 'POST', `method ${request.method}`);
  wrong(request.path !== '/rest/conversionEvents' || request.query !== '', `address ${request.path}`);
  wrong(headers['content-type']?.startsWith('application/json') !== true, 'content type');
  wrong(!/^Bearer \S+$/.test(headers['authorization'] ?? ''), 'no bearer token');
  wrong(!/^20\d{2}(0[1-9]|1[0-2])$/.test(headers['linkedin-version'] ?? ''), 'LinkedIn-Version');
  wrong(headers['x-restli-protocol-version'] !== '2.0.0', 'X-Restli-Protocol-Version');
  wrong(headers['x-restli-method'] !== 'BATCH_CREATE', 'X-RestLi-Method');
  let body: Json = {};
  try {
    body = JSON.parse(request.body) as Json;
  } catch {
    wrong(true, 'body is not JSON');
  }
  const elements = Array.isArray(body['elements']) ? (body['elements'] as Json[]) : [];
  wrong(
    Object.keys(body).join() !== 'elements' || elements.length === 0 || elements.length > 5000,
    `${elements.length} elements`,
  );
  for (const element of elements) {
    for (const key of Object.keys(element)) wrong(!ELEMENT_KEYS.has(key), `key ${key}`);
    wrong(!/^urn:lla:llaPartnerConversion:\d+$/.test(String(element['conversion'])), 'conversion');
    const time = element['conversionHappenedAt'];
    wrong(!Number.isInteger(time) || (time as number) < 1e12, 'conversionHappenedAt is not unix milliseconds');
    wrong(
      now !== undefined && now() - (time as number) > 90 * 86_400_000,
      'conversionHappenedAt is older than 90 days',
    );
    const money = element['conversionValue'] as Json | undefined;
    wrong(money !== undefined && !/^[A-Z]{3}$/.test(String(money['currencyCode'])), 'currencyCode');
    wrong(
      money !== undefined && (typeof money['amount'] !== 'string' || !/^-?\d+(\.\d+)?$/.test(money['amount'])),
      'amount',
    );
    const user = (element['user'] ?? {}) as Json;
    for (const key of Object.keys(user)) wrong(!USER_KEYS.has(key), `user key ${key}`);
    const ids = user['userIds'];
    wrong(!Array.isArray(ids), 'userIds is required, even empty');
    for (const { idType, idValue } of (Array.isArray(ids) ? ids : []) as Json[]) {
      wrong(!(VALUE_OF[String(idType)] ?? /^$/).test(String(idValue)), `idType ${String(idType)}`);
    }
    const info = user['userInfo'] as Json | undefined;
    wrong(
      info !== undefined && !(HASH.test(String(info['hashedFirstName'])) && HASH.test(String(info['hashedLastName']))),
      'userInfo',
    );
    wrong(info !== undefined && (headers['linkedin-version'] ?? '') < '202609', 'hashed names before 202609');
    const external = user['externalIds'] as unknown[] | undefined;
    wrong(external !== undefined && external.length !== 1, 'externalIds');
    wrong(
      (ids as unknown[] | undefined)?.length === 0 && info === undefined && external === undefined,
      'nobody to match',
    );
  }
  return { violations, elements };
}

/** One shared instance, for tests that play all vendors. */
export const linkedin = createLinkedIn();
export const { violations, respondWith } = linkedin;
