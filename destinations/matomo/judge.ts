import { judgeStatus, type Reply, type Verdict } from '../../src/core/destination.ts';
import { answered, type VendorReason } from '../../src/core/reason.ts';
import { parseObject } from '../../src/core/reply.ts';

/** What Matomo's answer means for `count` requests of one body (`destinations/matomo.md` 6). */
export function judge(reply: Reply, count: number): Verdict {
  const { status } = reply;
  if (status === 204) return { kind: 'delivered' };
  if (status >= 200 && status < 300) return judgeTaken(reply, count);
  switch (status) {
    case 400:
    case 413:
      return refused(count, answered('vendor.refused', status));
    case 404:
      return { kind: 'stop', reason: answered('vendor.settings', status) };
    default:
      return judgeStatus(reply);
  }
}

/** A maintenance page answers 200, too: only JSON that says so is a success. */
function judgeTaken({ status, body }: Reply, count: number): Verdict {
  const answer = parseObject(body);
  if (answer === undefined) return { kind: 'retry', reason: answered('vendor.unreadable', status) };
  if (answer['status'] !== 'success') return refused(count, answered('vendor.refused', status));
  const invalid = answer['invalid'];
  const rejected = new Map<number, VendorReason>();
  for (const index of indicesOf(answer['invalid_indices'], count))
    rejected.set(index, answered('vendor.refused', status, 'invalid'));
  if (rejected.size > 0) return { kind: 'partly', rejected, rest: 'delivered' };
  return typeof invalid === 'number' && invalid > 0
    ? refused(count, answered('vendor.refused', status, 'invalid'))
    : { kind: 'delivered' };
}

function indicesOf(value: unknown, count: number): readonly number[] {
  if (!Array.isArray(value)) return [];
  return value.filter((index): index is number => Number.isInteger(index) && index >= 0 && index < count);
}

/** One of them is at fault and Matomo does not say which. */
function refused(count: number, reason: VendorReason): Verdict {
  return count > 1 ? { kind: 'bisect', reason } : { kind: 'rejected', reason };
}
