import type { PlannedRequest, Probe, Reply, Verdict } from './destination.ts';
import { answered, wordsOf } from './reason.ts';
import { parseObject } from './reply.ts';

/**
 * Asks a vendor with a request that holds no event: it refuses that as invalid where the credentials are right. Only a
 * refusal in the vendor's own form, JSON, says so: a proxy in between may answer with the same status.
 * @param judge what the vendor's answer to one event means
 * @param accepted what to say where the credentials are right
 */
export function probeWithout(
  request: PlannedRequest,
  judge: (reply: Reply, count: number) => Verdict,
  accepted: string,
): Probe {
  return {
    request,
    read(reply) {
      const verdict = judge(reply, 1);
      if (verdict.kind === 'rejected' && parseObject(reply.body) === undefined)
        return { ok: false, message: wordsOf(answered('vendor.unreadable', reply.status)) };
      if (verdict.kind === 'delivered' || verdict.kind === 'rejected') return { ok: true, message: accepted };
      return { ok: false, message: 'reason' in verdict ? wordsOf(verdict.reason) : verdict.kind };
    },
  };
}
