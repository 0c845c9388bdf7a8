import { problemReply } from '../answer.ts';
import type { End, ProtocolReply } from '../protocol.ts';

/** What Segment answers; its browsers look at the status only, other libraries read it (`protocols/segment.md` 6). */
const SUCCESS: ProtocolReply = { status: 200, type: 'application/json', body: JSON.stringify({ success: true }) };

/** Statuses in the place of ours: what Segment's clients do depends on them. */
const ELSEWHERE: ReadonlyMap<number, number> = new Map([
  // Of a 503 they do not read `Retry-After`; of a 429 they do, and wait as long.
  [503, 429],
  // The limits of size are Segment's own, and this is how it says so.
  [413, 400],
]);

/** `{"success":true}`, or the problem under the status that has a client send again or give up. */
export function answerCall(end: End): ProtocolReply {
  if (end.kind !== 'refused') return SUCCESS;
  const { problem } = end;
  return problemReply({ ...problem, status: ELSEWHERE.get(problem.status) ?? problem.status });
}
