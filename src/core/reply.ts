import { judgeStatus, type Reply, type Verdict } from './destination.ts';
import { answered } from './reason.ts';

/** A vendor's answer as JSON; undefined where it is cut or is no JSON. */
export function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** The object of a vendor's answer; undefined if the answer is anything else. */
export function parseObject(body: string): Readonly<Record<string, unknown>> | undefined {
  return asObject(parseJson(body));
}

/** The value, if it is an object and not a list. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/**
 * Pixels and pings answer with an image or a redirect to an image. They have no credentials that a person could
 * correct.
 */
export function judgePixel(reply: Reply): Verdict {
  if (reply.status >= 200 && reply.status < 400) return { kind: 'delivered' };
  const verdict = judgeStatus(reply);
  return verdict.kind === 'stop' ? { kind: 'rejected', reason: answered('vendor.refused', reply.status) } : verdict;
}
