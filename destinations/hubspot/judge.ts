import { judgeStatus, retryVerdict, type Reply, type Verdict } from '../../src/core/destination.ts';
import { answered, type VendorReason } from '../../src/core/reason.ts';
import { parseObject } from '../../src/core/reply.ts';

const HOUR = 3_600_000;
/** The account is being moved (`destinations/hubspot.md` 6). */
const MOVING = 477;

/** What HubSpot's answer means (6). Texts repeat what was sent, so nothing is kept of them but code words. */
export function judge(reply: Reply, count: number): Verdict {
  const { status } = reply;
  const body = parseObject(reply.body);
  const means = (what: Parameters<typeof answered>[0]): VendorReason =>
    answered(what, status, wordIn(body?.['category']) ?? wordIn(body?.['errorType']));
  switch (status) {
    case 400:
    case 413:
      return count > 1
        ? { kind: 'bisect', reason: means('vendor.refused') }
        : { kind: 'rejected', reason: means('vendor.refused') };
    case 401:
    case 403:
      return { kind: 'stop', reason: means('vendor.credentials') };
    case 404:
      return { kind: 'stop', reason: means('vendor.settings') };
    case 429:
      return body?.['policyName'] === 'DAILY'
        ? { kind: 'retry', reason: means('vendor.busy'), afterMs: HOUR }
        : retryVerdict(reply, means('vendor.busy'));
    case MOVING:
      return retryVerdict(reply, means('vendor.unavailable'));
    default:
  }
  // A portal or proxy in between answers pages; HubSpot never does.
  if (status >= 200 && status < 300 && reply.body.trimStart().startsWith('<'))
    return { kind: 'retry', reason: answered('vendor.unreadable', status) };
  return judgeStatus(reply);
}

/** One of HubSpot's words; anything else in its place is not repeated. */
function wordIn(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Z][A-Z_]{2,60}$/.test(value) ? value : undefined;
}
