import * as z from 'zod';
import type { FakeReply, FakeVendor, Recorded } from '../support/recorder.ts';

/*
 * A stand-in for the Conversions API, written from `destinations/snapchat.md` alone. What it is sent wrongly lands in
 * `violations`.
 */

/** An answer of section 9. The text repeats user data on purpose: nothing may repeat it further. */
export function statusReply(status: number, headers: Record<string, string> = {}): FakeReply {
  const body = JSON.stringify({ status: 'INVALID', reason: 'kari@example.no is wrong', param: 'em' });
  return { status, headers: { 'content-type': 'application/json', ...headers }, body };
}

/** Every row of the table of section 9, by a name of our own. */
export const replies = {
  invalid: statusReply(400),
  tooLarge: statusReply(413),
  unauthorized: statusReply(401),
  forbidden: statusReply(403),
  throttled: statusReply(429),
  server: statusReply(500),
  unavailable: statusReply(503, { 'retry-after': '5' }),
  html: { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Sorry</html>' },
} as const satisfies Record<string, FakeReply>;

const NAMES =
  'PAGE_VIEW VIEW_CONTENT ADD_CART ADD_TO_WISHLIST START_CHECKOUT ADD_BILLING PURCHASE SIGN_UP SEARCH SUBSCRIBE START_TRIAL LIST_VIEW LOGIN SHARE SAVE RESERVE INVITE RATE COMPLETE_TUTORIAL LEVEL_COMPLETE ACHIEVEMENT_UNLOCKED SPENT_CREDITS AD_CLICK AD_VIEW CUSTOM_EVENT_1 CUSTOM_EVENT_2 CUSTOM_EVENT_3 CUSTOM_EVENT_4 CUSTOM_EVENT_5';
const hash = z.string().regex(/^[0-9a-f]{64}$/);

const event = z
  .strictObject({
    event_name: z.enum(NAMES.split(' ')),
    event_time: z.int().min(1_000_000_000).max(9_999_999_999),
    event_id: z.string().optional(),
    action_source: z.literal('WEB'),
    event_source_url: z.string().regex(/^https?:\/\/[^/]/),
    user_data: z
      .strictObject({
        em: z.array(hash).length(1).optional(),
        ph: z.array(hash).length(1).optional(),
        fn: hash.optional(),
        ln: hash.optional(),
        ct: hash.optional(),
        st: hash.optional(),
        zp: hash.optional(),
        country: hash.optional(),
        external_id: hash.optional(),
        client_ip_address: z.string().optional(),
        client_user_agent: z.string().optional(),
        sc_click_id: z.string().min(4).optional(),
        sc_cookie1: z
          .string()
          .regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i)
          .optional(),
      })
      .refine(
        ({ em, ph, client_ip_address, client_user_agent }) =>
          (em ?? ph) !== undefined || (client_ip_address !== undefined && client_user_agent !== undefined),
        'Insufficient PII',
      ),
    custom_data: z
      .strictObject({
        currency: z
          .string()
          .regex(/^[A-Z]{3}$/)
          .optional(),
        value: z.number().optional(),
        order_id: z.string().optional(),
        search_string: z.string().optional(),
        contents: z
          .array(
            z.strictObject({
              id: z.string().min(1),
              quantity: z.number().optional(),
              item_price: z.number().optional(),
            }),
          )
          .min(1)
          .optional(),
      })
      .optional(),
    data_processing_options: z.tuple([z.literal('LDU')]).optional(),
    data_processing_options_country: z.union([z.literal(0), z.literal(1)]).optional(),
    data_processing_options_state: z.int().optional(),
  })
  .refine(
    ({ event_name, custom_data }) =>
      event_name !== 'PURCHASE' || (custom_data?.value !== undefined && custom_data.currency !== undefined),
    'PURCHASE without price and currency',
  );

const envelope = z.strictObject({ data: z.array(event).min(1).max(2000) });

export interface FakeSnapchat extends FakeVendor {
  readonly answer: (request: Recorded) => FakeReply;
  readonly violations: string[];
  /** Events taken, by name and event id: a repeat counts once (6). */
  readonly taken: Map<string, unknown>;
  /** Event ids that make a request invalid. */
  readonly poison: Set<string>;
}

const PATH = /^\/v3\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\/events(\/validate)?$/;

export function createSnapchat(): FakeSnapchat {
  const violations: string[] = [];
  const taken = new Map<string, unknown>();
  const poison = new Set<string>();
  return {
    hosts: ['tr.snapchat.com'],
    violations,
    taken,
    poison,
    answer(request) {
      const wrong = (what: string): void => void violations.push(`snapchat: ${what}`);
      const path = PATH.exec(request.path);
      if (request.method !== 'POST' || path === null) wrong(`${request.method} ${request.path}`);
      if (request.headers['content-type'] !== 'application/json') wrong('content type');
      const inQuery = /^access_token=[^&]+$/.test(request.query);
      const inHeader = /^Bearer \S+$/.test(request.headers['authorization'] ?? '');
      if (inQuery === inHeader) wrong('the token is in the query or in the header');
      if (!inQuery && !inHeader) return replies.unauthorized;
      if (path?.[1] !== undefined) return replies.invalid;
      let body: unknown;
      try {
        body = JSON.parse(request.body);
      } catch {
        wrong('the body is not JSON');
      }
      const { data, error } = envelope.safeParse(body);
      for (const issue of error?.issues ?? []) wrong(`${issue.path.join('.')}: ${issue.message}`);
      if (data === undefined) return replies.invalid;
      if (data.data.some(({ event_id }) => event_id !== undefined && poison.has(event_id))) return replies.invalid;
      for (const one of data.data) taken.set(`${one.event_name} ${one.event_id ?? ''}`, one);
      return { status: 200, headers: { 'content-type': 'application/json' }, body: '{"status":"VALID"}' };
    },
  };
}

/** One shared instance, for tests that play all vendors. */
export const snapchat = createSnapchat();
export const { violations } = snapchat;
