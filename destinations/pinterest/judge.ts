import {
  judgeStatus,
  retryCode,
  retryVerdict,
  type Probe,
  type Reply,
  type Verdict,
} from '../../src/core/destination.ts';
import { probeWithout } from '../../src/core/probe.ts';
import { answered, type VendorReason } from '../../src/core/reason.ts';
import { asObject, parseObject } from '../../src/core/reply.ts';
import { request } from './request.ts';
import type { Settings } from './settings.ts';

/*
 * What Pinterest's answers mean (`destinations/pinterest.md` 9). Its texts may repeat what was sent, so nothing of them is
 * kept but the number of the error.
 */

type Body = Readonly<Record<string, unknown>>;

/** What a reply means for `count` events sent in one request. */
export function judge(reply: Reply, count: number): Verdict {
  const body = parseObject(reply.body);
  const code = body?.['code'];
  const means = (what: Parameters<typeof answered>[0]): VendorReason =>
    answered(what, reply.status, typeof code === 'number' ? code : undefined);
  switch (reply.status) {
    case 200:
      return judgeTaken(reply, body, count);
    case 422:
      return settled(asObject(body?.['details'])?.['events'] ?? body?.['events'], count, means('vendor.refused'));
    case 400:
    case 413:
      return unnamed(count, means('vendor.refused'));
    case 401:
    case 403:
      return { kind: 'stop', reason: means('vendor.credentials') };
    case 404:
      return { kind: 'stop', reason: means('vendor.settings') };
    default: {
      const verdict = judgeStatus(reply);
      return verdict.kind === 'retry' ? retryVerdict(reply, means(retryCode(reply.status))) : verdict;
    }
  }
}

/** An answer that was cut off still begins with how many were taken; a page of some proxy does not. */
const CUT =
  /^\s{0,9}\{\s{0,9}"num_events_received"\s{0,9}:\s{0,9}\d{1,6}\s{0,9},\s{0,9}"num_events_processed"\s{0,9}:\s{0,9}(\d{1,6})\s{0,9},/;

function judgeTaken(reply: Reply, body: Body | undefined, count: number): Verdict {
  if (reply.body.trim() === '') return { kind: 'delivered' };
  if (body === undefined) {
    const processed = CUT.exec(reply.body)?.[1];
    if (processed === undefined) return retryVerdict(reply, answered('vendor.unreadable', 200));
    return Number(processed) === count ? { kind: 'delivered' } : unnamed(count, answered('vendor.refused', 200));
  }
  const processed = body['num_events_processed'];
  if (body['events'] === undefined && (processed === undefined || processed === count)) return { kind: 'delivered' };
  return settled(body['events'], count, answered('vendor.refused', 200));
}

/** Rows in the order of the request. What has no verdict is sent again: its event id is the same. */
function settled(rows: unknown, count: number, reason: VendorReason): Verdict {
  if (!Array.isArray(rows) || rows.length > count) return unnamed(count, reason);
  const rejected = new Map<number, VendorReason>();
  let processed = 0;
  for (const [index, row] of (rows as unknown[]).entries()) {
    const status = asObject(row)?.['status'];
    if (status === 'failed') rejected.set(index, reason);
    if (status === 'processed') processed++;
  }
  if (processed === count) return { kind: 'delivered' };
  if (rejected.size === 0) return unnamed(count, reason);
  return { kind: 'partly', rejected, rest: rejected.size + processed === count ? 'delivered' : 'resend' };
}

/** One of them is at fault and Pinterest does not say which. */
function unnamed(count: number, reason: VendorReason): Verdict {
  return count > 1 ? { kind: 'bisect', reason } : { kind: 'rejected', reason };
}

/** No events at all, in the mode that records nothing (1): refused as malformed when the token works. */
export function probe(at: Settings): Probe {
  return probeWithout(request('', [], { ...at, test: true }), judge, 'Pinterest accepts the ad account and its token');
}
