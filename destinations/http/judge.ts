import { judgeStatus, type Reply, type Verdict } from '../../src/core/destination.ts';
import { answered } from '../../src/core/reason.ts';
import { asObject, parseJson } from '../../src/core/reply.ts';
import type { Settings } from './settings.ts';

const MINUTE = 60_000;
/** A receiver that is being replaced answers so, too. */
const MAY_PASS: readonly number[] = [400, 404, 405, 413, 415, 422];
const LATER = { attempts: 3, ms: 10 * MINUTE };

/** `destinations/http.md` 3. */
export function judge(reply: Reply, _count: number, _envelope: string, at: Settings): Verdict {
  const { status } = reply;
  return at.success.some(([first, last]) => first <= status && status <= last) ? taken(reply, at) : refused(reply);
}

function refused(reply: Reply): Verdict {
  const { status } = reply;
  if (status === 410) return { kind: 'stop', reason: answered('vendor.gone', status), afterMs: Infinity };
  if (status === 401 || status === 403)
    return { kind: 'stop', reason: answered('vendor.credentials', status), afterMs: 60 * MINUTE };
  // Of 2xx what the route does not take for a success.
  if (MAY_PASS.includes(status) || (status >= 200 && status < 300))
    return { kind: 'retry', reason: answered('vendor.refused', status), finalAfter: LATER };
  return judgeStatus(reply);
}

/** `destinations/http.md` 7. */
function taken({ status, body }: Reply, { fail_if }: Settings): Verdict {
  if (fail_if.length === 0) return { kind: 'delivered' };
  const answer = asObject(parseJson(body));
  // Without an answer that can be read nobody knows whether it was taken.
  if (answer === undefined) return { kind: 'retry', reason: answered('vendor.unreadable', status), finalAfter: LATER };
  return fail_if.some((one) => fails(answer, one))
    ? { kind: 'retry', reason: answered('vendor.refused', status), finalAfter: LATER }
    : { kind: 'delivered' };
}

function fails(answer: Readonly<Record<string, unknown>>, { at, is }: Settings['fail_if'][number]): boolean {
  let value: unknown = answer;
  for (const key of at.split('.').slice(1)) {
    const object = asObject(value);
    value = object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
  }
  if (is !== undefined) return value === is;
  if (Array.isArray(value)) return value.length > 0;
  const inner = asObject(value);
  return inner === undefined ? Boolean(value) : Object.keys(inner).length > 0;
}
