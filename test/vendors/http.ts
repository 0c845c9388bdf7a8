import { createHmac } from 'node:crypto';
import * as z from 'zod';
import type { FakeReply, FakeVendor, Recorded } from '../support/recorder.ts';

/*
 * A stand-in for a receiver of signed requests, written from `destinations/http.md` 2 alone. What it is sent wrongly
 * lands in `violations`.
 */

/** What the receiver would have found wrong; empty it before a test. */
export const violations: string[] = [];

/** What stands for a key where a gateway sends to a sink and has none: `whsec_` and 24 zero bytes. */
const KEY = Buffer.alloc(24);

const item = z
  .object({ item_id: z.string().min(1), item_name: z.string().optional() })
  .catchall(z.union([z.string(), z.number()]));
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const event = z.strictObject({
  type: z.string().regex(/^[a-zA-Z0-9_.]+$/),
  timestamp: z.iso.datetime(),
  data: z.strictObject({
    event_id: z.string().min(1),
    name: z.string().min(1),
    params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    items: z.array(item).min(1).optional(),
    page: z
      .strictObject({ url: z.url().optional(), referrer: z.url().optional(), title: z.string().optional() })
      .optional(),
    user: z
      .strictObject({ id: z.string().optional(), email_sha256: sha256.optional(), phone_sha256: sha256.optional() })
      .optional(),
  }),
});
const batch = z.strictObject({
  type: z.literal('batch'),
  timestamp: z.iso.datetime(),
  data: z.array(event).min(2).max(500),
});

function check(condition: boolean, what: string): void {
  if (!condition) violations.push(`http: ${what}`);
}

function answer({ method, query, headers, body, at }: Recorded): FakeReply {
  check(method === 'POST' && query === '', 'not a hook');
  check(headers['content-type'] === 'application/json', 'not JSON');
  const { 'webhook-id': id = '', 'webhook-timestamp': time = '', 'webhook-signature': written = '' } = headers;
  // The mark may hold no dot, or two texts could be signed alike.
  check(/^msg_[^.]+$/.test(id), 'no mark');
  check(Math.abs(Number(time) * 1000 - at) < 60_000, 'signed at another time');
  const signature = createHmac('sha256', KEY).update(`${id}.${time}.${body}`).digest('base64');
  check(written.split(' ').includes(`v1,${signature}`), 'a wrong signature');
  const whole = z.union([event, batch]).safeParse(read(body));
  for (const { path, message } of whole.error?.issues ?? []) violations.push(`http: ${path.join('.')}: ${message}`);
  return { status: whole.success ? 200 : 422, headers: { 'content-type': 'application/json' }, body: '{}' };
}

function read(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

export const httpReceiver: FakeVendor = { hosts: ['hooks.example.com'], answer };
