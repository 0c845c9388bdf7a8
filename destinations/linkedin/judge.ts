import { judgeStatus, retryCode, retryVerdict, type Reply, type Verdict } from '../../src/core/destination.ts';
import { answered, type VendorReason } from '../../src/core/reason.ts';
import { asObject, parseObject } from '../../src/core/reply.ts';

/*
 * What LinkedIn's answers mean (`destinations/linkedin.md` 1, 7). One bad element refuses the whole batch; the texts
 * repeat what was sent, so nothing of them is kept but numbers and code words.
 */

/** What a reply means for `count` conversions sent in one request. */
export function judge(reply: Reply, count: number): Verdict {
  const body = parseObject(reply.body);
  // A 2xx that carries an error body, or a page of some proxy, is not LinkedIn taking the batch.
  const claimed = reply.status < 300 ? errorStatus(body) : undefined;
  const status = claimed ?? reply.status;
  const means = (what: Parameters<typeof answered>[0]): VendorReason => answered(what, status, ...codesOf(body));
  if (status >= 200 && status < 300) {
    if (reply.body.trimStart().startsWith('<')) return retryVerdict(reply, means('vendor.unreadable'));
    return judgeElements(body?.['elements'], count, reply);
  }
  switch (status) {
    case 400:
    case 422:
      return namedIndices(reply.body, count, means('vendor.refused')) ?? refused(count, means('vendor.refused'));
    case 401:
      return { kind: 'stop', reason: means('vendor.credentials') };
    case 403:
      return { kind: 'stop', reason: means('vendor.credentials') };
    case 404:
    case 413:
      return refused(count, means('vendor.refused'));
    case 426:
      return { kind: 'stop', reason: means('vendor.version_ended') };
    default: {
      const verdict = judgeStatus({ ...reply, status });
      return verdict.kind === 'retry' ? retryVerdict(reply, means(retryCode(status))) : verdict;
    }
  }
}

/** A taken batch lists a status for each element, in order. Other shapes say no more than the 2xx itself. */
function judgeElements(elements: unknown, count: number, reply: Reply): Verdict {
  if (!Array.isArray(elements)) return { kind: 'delivered' };
  const rejected = new Map<number, VendorReason>();
  for (const [index, element] of (elements as unknown[]).slice(0, count).entries()) {
    const status = errorStatus(asObject(element));
    if (status === undefined) continue;
    // Sent again, the elements already taken are recognised by their event id.
    if (status === 429 || status >= 500) return retryVerdict(reply, answered(retryCode(status), status));
    if (status === 401 || status === 403) return { kind: 'stop', reason: answered('vendor.credentials', status) };
    rejected.set(index, answered('vendor.refused', status));
  }
  return rejected.size === 0 ? { kind: 'delivered' } : { kind: 'partly', rejected, rest: 'delivered' };
}

/** The `status` a body carries, where it is an HTTP error. */
function errorStatus(body: Readonly<Record<string, unknown>> | undefined): number | undefined {
  const status = body?.['status'];
  return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599 ? status : undefined;
}

const INDEX = /(?:Index:\s{0,4}|batchIndex[\\"\s:=]{1,8})(\d{1,6})/g;

/** The elements a 422 names. An index out of range means that the text was misread: undefined. */
function namedIndices(body: string, count: number, reason: VendorReason): Verdict | undefined {
  const rejected = new Map<number, VendorReason>();
  for (const [, digits] of body.matchAll(INDEX)) {
    const index = Number(digits);
    if (index >= count) return undefined;
    rejected.set(index, reason);
  }
  return rejected.size === 0 ? undefined : { kind: 'partly', rejected, rest: 'resend' };
}

/** One of them is at fault and LinkedIn does not say which. */
function refused(count: number, reason: VendorReason): Verdict {
  return count > 1 ? { kind: 'bisect', reason } : { kind: 'rejected', reason };
}

/** LinkedIn's own codes: never free text. */
function codesOf(body: Readonly<Record<string, unknown>> | undefined): (string | number | undefined)[] {
  const word = body?.['code'];
  const number = body?.['serviceErrorCode'];
  return [
    typeof word === 'string' ? word : undefined,
    typeof number === 'number' && Number.isSafeInteger(number) && number > 0 ? number : undefined,
  ];
}
