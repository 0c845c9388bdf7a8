import * as z from 'zod';
import type { FakeReply, FakeVendor, Recorded } from '../support/recorder.ts';

/*
 * A stand-in for the Events API, written from `destinations/tiktok.md` alone: it uses nothing of the module it tests.
 * What it is sent wrongly lands in `violations`; what it answers can be chosen.
 */

/** An answer of section 9. The text repeats user data on purpose: nothing may repeat it further. */
export function codeReply(code: number, message = 'kari@example.no is wrong', status = 200): FakeReply {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code, message, request_id: '2026112010150501', data: {} }),
  };
}

/** A 40002 that names an element. */
export const invalidAt = (index: number): FakeReply =>
  codeReply(40002, `Invalid value for data[${index}].event_time: kari@example.no`);

/** Every row of the table of section 9, by a name of our own. */
export const replies = {
  partly: codeReply(20001),
  invalid: codeReply(40002),
  firstInvalid: invalidAt(0),
  permission: codeReply(40001),
  noToken: codeReply(40104),
  badToken: codeReply(40105),
  unauthorized: codeReply(40102, 'kari@example.no', 401),
  throttled: codeReply(40100),
  throttledAs401: codeReply(40100, 'kari@example.no', 401),
  throttledByStatus: codeReply(40002, 'kari@example.no', 429),
  system: codeReply(50000),
  server: codeReply(40002, 'kari@example.no', 503),
  unknown: codeReply(40999),
  html: { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Sorry</html>' },
} as const satisfies Record<string, FakeReply>;

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const plain = z.string().regex(/^[a-z0-9]+$/);
const address = z.string().regex(/^https?:\/\/[^/]/);

const event = z.strictObject({
  event: z.string().min(1),
  event_time: z.int().min(1_000_000_000).max(9_999_999_999),
  event_id: z.string().optional(),
  user: z
    .strictObject({
      email: hash.optional(),
      phone: hash.optional(),
      external_id: hash.optional(),
      first_name: hash.optional(),
      last_name: hash.optional(),
      zip_code: hash.optional(),
      city: plain.optional(),
      state: plain.optional(),
      country: plain.length(2).optional(),
      ttclid: z.string().min(4).optional(),
      ttp: z.string().min(16).optional(),
      ip: z.string().optional(),
      user_agent: z.string().optional(),
    })
    .refine(
      ({ email, phone, external_id, ttclid, ttp, ip, user_agent }) =>
        (email ?? phone ?? external_id ?? ttclid ?? ttp) !== undefined ||
        (ip !== undefined && user_agent !== undefined),
      'nothing to match on',
    ),
  page: z.strictObject({ url: address.optional(), referrer: address.optional() }).optional(),
  properties: z
    .strictObject({
      currency: z
        .string()
        .regex(/^[A-Z]{3}$/)
        .optional(),
      value: z.number().optional(),
      order_id: z.string().min(1).optional(),
      search_string: z.string().optional(),
      content_type: z.enum(['product', 'product_group']).optional(),
      contents: z
        .array(
          z.strictObject({
            content_id: z.string().min(1),
            content_name: z.string().optional(),
            price: z.number().optional(),
            quantity: z.int().optional(),
          }),
        )
        .min(1)
        .optional(),
    })
    .refine(({ value, currency }) => value === undefined || currency !== undefined, 'value without currency')
    .optional(),
  limited_data_use: z.boolean().optional(),
});

const envelope = z.strictObject({
  event_source: z.literal('web'),
  event_source_id: z.string().regex(/^[A-Z0-9]{20}$/),
  data: z.array(event).min(1).max(1000),
  test_event_code: z.string().optional(),
});

export interface FakeTikTok extends FakeVendor {
  readonly answer: (request: Recorded) => FakeReply;
  readonly violations: string[];
  /** Events taken, by name and event id: a repeat counts once (6). */
  readonly taken: Map<string, unknown>;
  /** The next `times` requests get this answer. */
  readonly respondWith: (reply: keyof typeof replies | FakeReply, times?: number) => void;
  /** Event ids that are refused; the answer names them unless `nameless`. */
  readonly poison: Set<string>;
  nameless: boolean;
}

export interface FakeTikTokOptions {
  /** Unix milliseconds; given, the age of events is checked. */
  readonly now?: () => number;
}

export function createTikTok({ now }: FakeTikTokOptions = {}): FakeTikTok {
  const violations: string[] = [];
  const taken = new Map<string, unknown>();
  const poison = new Set<string>();
  const scripted: FakeReply[] = [];

  const vendor: FakeTikTok = {
    hosts: ['business-api.tiktok.com'],
    violations,
    taken,
    poison,
    nameless: false,
    respondWith(reply, times = 1) {
      const chosen = typeof reply === 'string' ? replies[reply] : reply;
      for (let i = 0; i < times; i++) scripted.push(chosen);
    },
    answer(request) {
      const token = request.headers['access-token'] ?? '';
      // The probe of section 10: no events at all.
      if (/"data":\[\]/.test(request.body))
        return scripted.shift() ?? (token === '' ? replies.noToken : replies.invalid);
      const { wrong, events } = inspect(request, now);
      violations.push(...wrong.map((what) => `tiktok: ${what}`));
      const next = scripted.shift();
      if (next !== undefined) return next;
      if (!/^\S+$/.test(token)) return replies.noToken;
      if (wrong.length > 0) return replies.invalid;
      const bad = events.findIndex(({ event_id }) => event_id !== undefined && poison.has(event_id));
      if (bad !== -1) return vendor.nameless ? replies.invalid : invalidAt(bad);
      for (const one of events) taken.set(`${one.event} ${one.event_id ?? ''}`, one);
      return codeReply(0, 'OK');
    },
  };
  return vendor;
}

function inspect(
  request: Recorded,
  now?: () => number,
): { readonly wrong: readonly string[]; readonly events: readonly z.output<typeof event>[] } {
  const wrong: string[] = [];
  const demand = (holds: boolean, what: string) => {
    if (!holds) wrong.push(what);
  };
  demand(request.method === 'POST' && request.query === '', 'not a plain POST');
  demand(request.path === '/open_api/v1.3/event/track/', `path ${request.path}`);
  demand(request.headers['content-type'] === 'application/json', 'content type');
  demand(/^\S+$/.test(request.headers['access-token'] ?? ''), 'no token');
  demand(request.headers['authorization'] === undefined, 'a token for somebody else');
  let body: unknown;
  try {
    body = JSON.parse(request.body);
  } catch {
    wrong.push('the body is not JSON');
  }
  const { data, error } = envelope.safeParse(body);
  for (const issue of error?.issues ?? []) wrong.push(`${issue.path.join('.')}: ${issue.message}`);
  const events = data?.data ?? [];
  for (const { event_time } of events)
    demand(now === undefined || now() / 1000 - event_time <= 7 * 86_400, 'older than seven days');
  return { wrong, events };
}

/** One shared instance, for tests that play all vendors. */
export const tiktok = createTikTok();
export const { violations, respondWith } = tiktok;
