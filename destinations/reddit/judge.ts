import {
  judgeStatus,
  retryAfter,
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
 * What Reddit's answers mean (`destinations/reddit.md` 9). Its texts may repeat what was sent, so nothing of them is kept
 * but the index of an event.
 */

const SECOND = 1000;
/** What is longer than an hour counts something else than seconds. */
const LONGEST_RESET = 3600;

/** What a reply means for `count` events sent in one request. */
export function judge(reply: Reply, count: number): Verdict {
  const { status } = reply;
  const means = (what: Parameters<typeof answered>[0]): VendorReason => answered(what, status);
  // A page of some proxy is not Reddit taking the request.
  if (status >= 200 && status < 300 && reply.body.trimStart().startsWith('<'))
    return retryVerdict(reply, means('vendor.unreadable'));
  switch (status) {
    case 400:
    case 422:
      return namedEvents(reply.body, count, means('vendor.refused')) ?? unnamed(count, means('vendor.refused'));
    case 413:
      return unnamed(count, means('vendor.refused'));
    case 401:
    case 403:
      return { kind: 'stop', reason: means('vendor.credentials') };
    case 404:
      return { kind: 'stop', reason: means('vendor.settings') };
    default: {
      const verdict = judgeStatus(reply);
      return verdict.kind === 'retry' ? later(reply, means(retryCode(status))) : verdict;
    }
  }
}

const INDEX = /(?:^|\.)events\[(\d{1,6})\]/;

/** The events that a refusal names. An index out of range means that it was misread: undefined. */
function namedEvents(body: string, count: number, reason: VendorReason): Verdict | undefined {
  const fields = asObject(parseObject(body)?.['error'])?.['fields'];
  const rejected = new Map<number, VendorReason>();
  for (const one of Array.isArray(fields) ? (fields as unknown[]) : []) {
    const field = asObject(one)?.['field'];
    const index = typeof field === 'string' ? INDEX.exec(field)?.[1] : undefined;
    if (index === undefined) continue;
    if (Number(index) >= count) return undefined;
    rejected.set(Number(index), reason);
  }
  return rejected.size === 0 ? undefined : { kind: 'partly', rejected, rest: 'resend' };
}

/** One of them is at fault and Reddit does not say which. */
function unnamed(count: number, reason: VendorReason): Verdict {
  return count > 1 ? { kind: 'bisect', reason } : { kind: 'rejected', reason };
}

/** Not before the vendor asked for, by either header. */
function later(reply: Reply, reason: VendorReason): Verdict {
  const reset = reply.headers['x-ratelimit-reset']?.trim() ?? '';
  const seconds = /^\d{1,9}(?:\.\d{1,9})?$/.test(reset) ? Math.ceil(Number(reset)) : 0;
  if (retryAfter(reply) !== undefined || seconds === 0 || seconds > LONGEST_RESET) return retryVerdict(reply, reason);
  return { kind: 'retry', reason, afterMs: seconds * SECOND };
}

/** No events at all: refused as invalid when pixel and token are right (9). */
export function probe(at: Settings): Probe {
  return probeWithout(request('', [], at), judge, 'Reddit accepts the pixel and its token');
}
