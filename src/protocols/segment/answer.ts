import { problemReply } from '../answer.ts';
import type { End, ProtocolReply } from '../protocol.ts';

/** Segment's own answer: its browser SDK reads only the status, other libraries read the body (`protocols/segment.md` 6). */
const SUCCESS: ProtocolReply = { status: 200, type: 'application/json', body: JSON.stringify({ success: true }) };

/** Statuses that replace the gateway's own, because Segment's clients act on them. */
const ELSEWHERE: ReadonlyMap<number, number> = new Map([
  // They ignore `Retry-After` of a 503; that of a 429 they obey.
  [503, 429],
  // Segment answers 400 to a request over its own limits of size.
  [413, 400],
]);

/** `{"success":true}`, or the problem with the status that makes a client send again or give up. */
export function answerCall(end: End): ProtocolReply {
  if (end.kind !== 'refused') return SUCCESS;
  const { problem } = end;
  return problemReply({ ...problem, status: ELSEWHERE.get(problem.status) ?? problem.status });
}
