import { judgeStatus, retryVerdict, type Reply, type Verdict } from '../../src/core/destination.ts';
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
  const reason = `HTTP ${status}${codeWord(body)}`;
  if (status >= 200 && status < 300) {
    if (reply.body.trimStart().startsWith('<')) return retryVerdict(reply, `${reason} without JSON`);
    return judgeElements(body?.['elements'], count, reply);
  }
  switch (status) {
    case 400:
    case 422:
      return namedIndices(reply.body, count, reason) ?? refused(count, reason);
    case 401:
      return { kind: 'stop', reason: `${reason}: the access token is not valid` };
    case 403:
      return { kind: 'stop', reason: `${reason}: the access token lacks a role or the product` };
    case 404:
      return refused(count, `${reason}: no such conversion rule`);
    case 413:
      return refused(count, reason);
    case 426:
      return { kind: 'stop', reason: `${reason}: api_version has ended - set a later month` };
    default: {
      const verdict = judgeStatus({ ...reply, status });
      return verdict.kind === 'retry' ? retryVerdict(reply, reason) : verdict;
    }
  }
}

/** A taken batch lists a status for each element, in order. Other shapes say no more than the 2xx itself. */
function judgeElements(elements: unknown, count: number, reply: Reply): Verdict {
  if (!Array.isArray(elements)) return { kind: 'delivered' };
  const rejected = new Map<number, string>();
  for (const [index, element] of (elements as unknown[]).slice(0, count).entries()) {
    const status = errorStatus(asObject(element));
    if (status === undefined) continue;
    // Sent again, the elements already taken are recognised by their event id.
    if (status === 429 || status >= 500) return retryVerdict(reply, `element status ${status}`);
    if (status === 401 || status === 403)
      return { kind: 'stop', reason: `element status ${status}: the token or its role` };
    rejected.set(index, `element status ${status}`);
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
function namedIndices(body: string, count: number, reason: string): Verdict | undefined {
  const rejected = new Map<number, string>();
  for (const [, digits] of body.matchAll(INDEX)) {
    const index = Number(digits);
    if (index >= count) return undefined;
    rejected.set(index, reason);
  }
  return rejected.size === 0 ? undefined : { kind: 'partly', rejected, rest: 'resend' };
}

/** One of them is at fault and LinkedIn does not say which. */
function refused(count: number, reason: string): Verdict {
  return count > 1 ? { kind: 'bisect', reason } : { kind: 'rejected', reason };
}

/** LinkedIn's own code, where it looks like one: never free text. */
function codeWord(body: Readonly<Record<string, unknown>> | undefined): string {
  const number = body?.['serviceErrorCode'];
  const word = body?.['code'];
  return (
    (typeof word === 'string' && /^[A-Z][A-Z_]{1,48}$/.test(word) ? ` ${word}` : '') +
    (typeof number === 'number' && Number.isSafeInteger(number) && number > 0 ? ` serviceErrorCode ${number}` : '')
  );
}
