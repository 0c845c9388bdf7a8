import { judgeStatus, type Reply, type Verdict } from '../../src/core/destination.ts';
import { answered, type VendorReason } from '../../src/core/reason.ts';

/** What Piwik PRO's answer means (`destinations/piwik-pro.md` 5). A taken request has not been looked at yet. */
export function judge(reply: Reply, count: number): Verdict {
  const { status } = reply;
  switch (status) {
    case 400:
    case 413:
      return refused(count, answered('vendor.refused', status));
    case 403:
    case 404:
      return { kind: 'stop', reason: answered('vendor.settings', status) };
    default:
  }
  // A portal or proxy in between answers pages; Piwik PRO never does.
  if (status >= 200 && status < 300 && reply.body.trimStart().startsWith('<'))
    return { kind: 'retry', reason: answered('vendor.unreadable', status) };
  return judgeStatus(reply);
}

/** One of them is at fault and Piwik PRO does not say which. */
function refused(count: number, reason: VendorReason): Verdict {
  return count > 1 ? { kind: 'bisect', reason } : { kind: 'rejected', reason };
}
