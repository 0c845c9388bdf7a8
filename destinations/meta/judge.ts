import {
  judgeStatus,
  retryAfter,
  retryCode,
  retryVerdict,
  type Reply,
  type Verdict,
} from '../../src/core/destination.ts';
import { answered, type VendorReason } from '../../src/core/reason.ts';
import { asObject, parseObject } from '../../src/core/reply.ts';

/*
 * What Meta's answers mean (`destinations/meta.md` 9). A request is taken whole or not at all, and a repeated event
 * id is discarded within 48 hours, so sending again is always safe.
 */

const MINUTE = 60_000;

const TEMPORARY = new Set([1, 2, 5000, 21009]);
const RATE_LIMITED = new Set([4, 17, 32, 613]);
const BLOCKED_FOR_A_WHILE = new Set([341, 368]);
const CREDENTIALS = new Set([102, 190]);
const PERMISSION = new Set([3, 10]);
const INVALID = new Set([100, 105]);
const DEPRECATED = 2635;
const OBJECT_MISSING = 33;

const CUT_SUCCESS = /^\{\s{0,9}"events_received"\s{0,9}:\s{0,9}(\d{1,6})\s{0,9},/;

/** What a reply means for `count` events sent in one request. */
export function judge(reply: Reply, count: number): Verdict {
  if (reply.status === 413) return refused(count, answered('vendor.refused', 413));
  const text = reply.body.trim();
  if (text === '') return reply.status === 400 ? refused(count, answered('vendor.refused', 400)) : judgeStatus(reply);
  const body = parseObject(text);
  if (body === undefined) {
    // A long list of warnings, cut at the end, still begins with the count; a page of some proxy does not.
    const received = reply.status < 300 ? CUT_SUCCESS.exec(text)?.[1] : undefined;
    if (received !== undefined && Number(received) >= count) return { kind: 'delivered' };
    return retryVerdict(reply, answered('vendor.unreadable', reply.status));
  }
  const error = asObject(body['error']);
  if (error !== undefined) return judgeError(reply, error, count);
  const received = body['events_received'];
  if (reply.status < 300 && typeof received === 'number' && received < count) {
    return retryVerdict(reply, answered('vendor.unavailable', reply.status, 'received_fewer'));
  }
  return reply.status === 400 ? refused(count, answered('vendor.refused', 400)) : judgeStatus(reply);
}

/** A reason with the codes of the error at hand. */
type Meaning = (what: Parameters<typeof answered>[0]) => VendorReason;

function judgeError(reply: Reply, error: Readonly<Record<string, unknown>>, count: number): Verdict {
  const code = integer(error['code']);
  const subcode = integer(error['error_subcode']);
  const means: Meaning = (what) => answered(what, reply.status, code, subcode);
  if (code !== undefined && (RATE_LIMITED.has(code) || (code >= 80_000 && code <= 80_014))) {
    return {
      kind: 'retry',
      reason: means('vendor.busy'),
      afterMs: regainAccess(reply) ?? retryAfter(reply) ?? MINUTE,
    };
  }
  if (code !== undefined && BLOCKED_FOR_A_WHILE.has(code)) {
    return { kind: 'retry', reason: means('vendor.busy'), afterMs: retryAfter(reply) ?? 15 * MINUTE };
  }
  if (error['is_transient'] === true) return retryVerdict(reply, means('vendor.unavailable'));
  if (code === undefined) return byStatus(reply, means, count);
  if (TEMPORARY.has(code)) return retryVerdict(reply, means('vendor.unavailable'));
  if (CREDENTIALS.has(code)) return { kind: 'stop', reason: means('vendor.credentials') };
  if (PERMISSION.has(code) || (code >= 200 && code <= 299)) {
    return { kind: 'stop', reason: means('vendor.credentials') };
  }
  if (code === DEPRECATED) return { kind: 'stop', reason: means('vendor.version_ended') };
  if (code === 100 && subcode === OBJECT_MISSING) {
    return { kind: 'stop', reason: means('vendor.settings') };
  }
  if (INVALID.has(code)) return refused(count, means('vendor.refused'));
  return byStatus(reply, means, count);
}

/** A code the sheet does not list: the status decides, and one event must not take the others down. */
function byStatus(reply: Reply, means: Meaning, count: number): Verdict {
  if (reply.status < 400) return retryVerdict(reply, means('vendor.unavailable'));
  const verdict = judgeStatus(reply);
  if (verdict.kind === 'rejected') return refused(count, means('vendor.refused'));
  return verdict.kind === 'retry' ? retryVerdict(reply, means(retryCode(reply.status))) : verdict;
}

/** One of them is at fault and Meta rarely says which. */
function refused(count: number, reason: VendorReason): Verdict {
  return count > 1 ? { kind: 'bisect', reason } : { kind: 'rejected', reason };
}

/** Milliseconds until the account may send again, by `X-Business-Use-Case-Usage` (minutes there); an hour at most. */
function regainAccess(reply: Reply): number | undefined {
  const usage = parseObject(reply.headers['x-business-use-case-usage'] ?? '');
  if (usage === undefined) return undefined;
  let minutes = 0;
  for (const uses of Object.values(usage)) {
    for (const use of Array.isArray(uses) ? (uses as unknown[]) : []) {
      const wait = asObject(use)?.['estimated_time_to_regain_access'];
      if (typeof wait === 'number' && wait > minutes) minutes = wait;
    }
  }
  return minutes > 0 ? Math.min(minutes, 60) * MINUTE : undefined;
}

function integer(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}
