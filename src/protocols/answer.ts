import type { Problem } from './hit.ts';
import type { End, Reply } from './protocol.ts';

const NO_CONTENT: Reply = { status: 204 };

/** 204, or the problem: for clients that look at the status only. */
export function plainAnswer(end: End): Reply {
  return end.kind === 'refused' ? problemReply(end.problem) : NO_CONTENT;
}

/** An RFC 9457 reply. It holds the problem and nothing of the request. */
export function problemReply({ status, title, detail }: Problem): Reply {
  return {
    status,
    type: 'application/problem+json',
    body: JSON.stringify({ type: 'about:blank', title, status, detail }),
  };
}
