import { plainAnswer } from '../answer.ts';
import type { HitRemark } from '../hit.ts';
import type { Door, End, ProtocolReply, Validated } from '../protocol.ts';

/**
 * 204 or the problem. At the path that only validates, Google's list of messages (`protocols/measurement-protocol.md` 5),
 * also for bodies that the other path refuses as unreadable.
 */
export function answerMeasurement(end: End, { does }: Door): ProtocolReply {
  if (does !== 'validate' || end.kind === 'accepted') return plainAnswer(end);
  if (end.kind === 'validated')
    return messages(end.mistakes.concat(end.unknownStream ? UNKNOWN_STREAM : []), end.routes);
  const { problem } = end;
  if (problem.status !== 400) return plainAnswer(end);
  return messages(problem.remarks ?? [{ at: '', code: 'VALUE_INVALID', says: problem.detail }], []);
}

const UNKNOWN_STREAM: HitRemark = {
  at: 'measurement_id',
  code: 'VALUE_INVALID',
  says: 'no route of the site has this measurement id: its events go nowhere',
};

/** Google's form has no place for consent, so it is in a header. */
function messages(mistakes: readonly HitRemark[], routes: Validated['routes']): ProtocolReply {
  const told = mistakes.map(({ at, code, says }) => ({ fieldPath: at, description: says, validationCode: code }));
  const verdicts = routes.map(({ route, verdict, reason }) => {
    return `${route}=${verdict}${reason === undefined ? '' : `;reason=${reason}`}`;
  });
  return {
    status: 200,
    type: 'application/json',
    body: JSON.stringify({ validationMessages: told }),
    ...(verdicts.length > 0 && { headers: { 'portvakt-verdict': verdicts.join(', ') } }),
  };
}
