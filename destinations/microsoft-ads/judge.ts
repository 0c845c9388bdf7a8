import * as z from 'zod';
import { judgeStatus, type Probe, type Reply, type Verdict } from '../../src/core/destination.ts';
import { answered, type VendorReason } from '../../src/core/reason.ts';
import { judgePixel, parseJson, parseObject } from '../../src/core/reply.ts';
import { bearer } from '../../src/core/secret.ts';
import { CAPI_HOST } from './capi.ts';
import { PIXEL } from './pixel.ts';
import type { Settings } from './settings.ts';

/** Microsoft's codes are single words; anything else in their place is not repeated. */
const code = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/)
  .catch('');
/** `errorMessage` and `attemptedValue` repeat user data and are never looked at (`destinations/microsoft.md` A.5). */
const detail = z.object({
  index: z.int().nonnegative().optional().catch(undefined),
  errorCode: code,
  isWarning: z.boolean().catch(false),
});
type Detail = z.output<typeof detail>;
const NO_DETAIL: Detail = { errorCode: '', isWarning: false };
const errorObject = z.object({ code, details: z.array(detail.catch(NO_DETAIL)).catch([]) });
const replyBody = z.object({
  eventsReceived: z.int().nonnegative().optional().catch(undefined),
  error: errorObject.optional().catch(undefined),
});
type Body = z.output<typeof replyBody>;

/** What Microsoft's answer means (`destinations/microsoft.md` A.5). */
export function judge(reply: Reply, count: number, envelope: string): Verdict {
  if (envelope === PIXEL) return judgePixel(reply);
  const body = read(reply.body);
  if (reply.status >= 200 && reply.status < 300) return judgeTaken(reply, body, count);
  const means = (what: Parameters<typeof answered>[0]): VendorReason => answered(what, reply.status, body?.error?.code);
  switch (reply.status) {
    case 400: {
      const rejected = refused(body, count, reply.status);
      if (rejected.size > 0) return { kind: 'partly', rejected, rest: 'resend' };
      return unnamed(count, means('vendor.refused'));
    }
    case 401:
    case 403:
      return { kind: 'stop', reason: means('vendor.credentials') };
    case 404:
      return { kind: 'stop', reason: means('vendor.settings') };
    case 413:
      return unnamed(count, means('vendor.refused'));
    default: {
      const verdict = judgeStatus(reply);
      return verdict.kind === 'rejected' ? { kind: 'rejected', reason: means('vendor.refused') } : verdict;
    }
  }
}

/** With `continueOnValidationError` a success may hide refusals; warnings are none. */
function judgeTaken(reply: Reply, body: Body | undefined, count: number): Verdict {
  // A portal or proxy in between answers pages; Microsoft never does.
  if (reply.body.trimStart().startsWith('<'))
    return { kind: 'retry', reason: answered('vendor.unreadable', reply.status) };
  // Cut off (R74): many refusals make a long answer. Fewer events make a shorter one.
  if (body === undefined) {
    const reason = answered('vendor.unreadable', reply.status);
    return count > 1 ? { kind: 'bisect', reason } : { kind: 'retry', reason };
  }
  const { eventsReceived: received, error } = body;
  const rejected = refused(body, count, reply.status);
  // Fewer than were sent, and not said which: sending again is safe, the event ids are the same.
  const short = received !== undefined && received + rejected.size < count;
  if (rejected.size > 0) return { kind: 'partly', rejected, rest: short ? 'resend' : 'delivered' };
  if (short) return unnamed(count, answered('vendor.refused', reply.status, 'not_received'));
  return received === undefined && error !== undefined
    ? { kind: 'retry', reason: answered('vendor.unavailable', reply.status, error.code) }
    : { kind: 'delivered' };
}

function refused(body: Body | undefined, count: number, status: number): ReadonlyMap<number, VendorReason> {
  const rejected = new Map<number, VendorReason>();
  for (const { index, errorCode, isWarning } of body?.error?.details ?? []) {
    if (isWarning || index === undefined || index >= count) continue;
    rejected.set(index, answered('vendor.refused', status, errorCode));
  }
  return rejected;
}

function unnamed(count: number, reason: VendorReason): Verdict {
  return count > 1 ? { kind: 'bisect', reason } : { kind: 'rejected', reason };
}

/** Undefined: it begins like an answer and does not end like one. A body that is no answer at all says nothing. */
function read(body: string): Body | undefined {
  if (!body.trimStart().startsWith('{')) return {};
  const answer = parseJson(body);
  return answer === undefined ? undefined : (replyBody.safeParse(answer).data ?? {});
}

/** No events at all: refused as invalid if the token is right, as unauthorised if not (A.5). */
export function probe(settings: Settings): Probe {
  return {
    request: {
      method: 'POST',
      url: `https://${CAPI_HOST}/v1/${settings.tag_id}/events`,
      headers: { authorization: bearer(settings.access_token), 'content-type': 'application/json' },
      body: '{"data":[]}',
    },
    read: ({ status, body }) => {
      // A proxy in between may answer so, too, and not in Microsoft's form.
      if (parseObject(body) !== undefined && (status === 400 || (status >= 200 && status < 300)))
        return { ok: true, message: 'Microsoft accepts the tag and its token' };
      if (status === 401) return { ok: false, message: 'Microsoft answers 401: the token does not belong to this tag' };
      return { ok: false, message: `Microsoft answers ${status}` };
    },
  };
}
