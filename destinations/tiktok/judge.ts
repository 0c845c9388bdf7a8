import { judgeStatus, retryVerdict, type Reply, type Verdict } from '../../src/core/destination.ts';
import { answered, type VendorReason } from '../../src/core/reason.ts';
import { parseObject } from '../../src/core/reply.ts';

/*
 * What TikTok's answers mean (`destinations/tiktok.md` 9). The code in the body decides, whatever the status is; a
 * repeated event id is dropped within 48 hours (6), so sending again is always safe.
 */

const HOUR = 3_600_000;

const TAKEN: ReadonlySet<number> = new Set([0, 20001]);
const CREDENTIALS: ReadonlySet<number> = new Set([40001, 40104, 40105]);
const THROTTLED = 40100;
const INVALID = 40002;
/** Codes that are not in the sheet: some may pass, some never will. */
const UNKNOWN = { attempts: 5, ms: HOUR };

/** What a reply means for `count` events sent in one request. */
export function judge(reply: Reply, count: number): Verdict {
  const body = parseObject(reply.body);
  const code = body?.['code'];
  if (typeof code !== 'number' || !Number.isSafeInteger(code)) return withoutCode(reply, count);
  const means = (what: Parameters<typeof answered>[0]): VendorReason => answered(what, reply.status, code);
  // A success that comes with an error's status is none of TikTok's.
  if (TAKEN.has(code) && reply.status < 300) return { kind: 'delivered' };
  if (code === THROTTLED || reply.status === 429) return retryVerdict(reply, means('vendor.busy'));
  if (CREDENTIALS.has(code) || reply.status === 401 || reply.status === 403)
    return { kind: 'stop', reason: means('vendor.credentials') };
  if (code >= 50_000 || reply.status >= 500) return retryVerdict(reply, means('vendor.unavailable'));
  if (code === INVALID) return named(body?.['message'], count, means('vendor.refused'));
  return { kind: 'retry', reason: means('vendor.unavailable'), finalAfter: UNKNOWN };
}

/** A page of some proxy, or nothing: without its code a 2xx is no success. */
function withoutCode(reply: Reply, count: number): Verdict {
  if (reply.status < 300) return retryVerdict(reply, answered('vendor.unreadable', reply.status));
  const verdict = judgeStatus(reply);
  const oneOfThem = reply.status === 400 || reply.status === 413 || reply.status === 422;
  return oneOfThem && verdict.kind === 'rejected' ? refused(count, verdict.reason) : verdict;
}

const INDEX = /\bdata\[(\d{1,6})\]/g;

/** The elements that a message names. An index out of range means that the text was misread. */
function named(message: unknown, count: number, reason: VendorReason): Verdict {
  const rejected = new Map<number, VendorReason>();
  for (const [, digits] of typeof message === 'string' ? message.matchAll(INDEX) : []) {
    const index = Number(digits);
    if (index >= count) return refused(count, reason);
    rejected.set(index, reason);
  }
  return rejected.size === 0 ? refused(count, reason) : { kind: 'partly', rejected, rest: 'resend' };
}

/** One of them is at fault and TikTok does not say which. */
function refused(count: number, reason: VendorReason): Verdict {
  return count > 1 ? { kind: 'bisect', reason } : { kind: 'rejected', reason };
}
