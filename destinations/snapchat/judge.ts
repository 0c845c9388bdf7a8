import { judgeStatus, retryVerdict, type Reply, type Verdict } from '../../src/core/destination.ts';
import { answered } from '../../src/core/reason.ts';

/** One of them may be at fault (`destinations/snapchat.md` 9). */
const REFUSED: readonly number[] = [400, 413, 422];

/**
 * What a reply means for `count` events sent in one request: the status says it, since the body differs by version.
 * Sending again is safe, an event id counts once within 48 hours (6).
 */
export function judge(reply: Reply, count: number): Verdict {
  const { status } = reply;
  // A page of some proxy is not Snap taking the events.
  if (status < 300 && reply.body.trimStart().startsWith('<'))
    return retryVerdict(reply, answered('vendor.unreadable', status));
  if (!REFUSED.includes(status)) return judgeStatus(reply);
  const reason = answered('vendor.refused', status);
  return count > 1 ? { kind: 'bisect', reason } : { kind: 'rejected', reason };
}
