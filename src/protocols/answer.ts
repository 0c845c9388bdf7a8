import type { Problem } from './hit.ts';
import type { End, ProtocolReply } from './protocol.ts';

const NO_CONTENT: ProtocolReply = { status: 204 };

/** 204, or the problem: for clients that read only the status. */
export function plainAnswer(end: End): ProtocolReply {
  return end.kind === 'refused' ? problemReply(end.problem) : NO_CONTENT;
}

/** An RFC 9457 reply. It holds the problem and nothing of the request. */
export function problemReply({ status, title, detail }: Problem): ProtocolReply {
  return {
    status,
    type: 'application/problem+json',
    body: JSON.stringify({ type: 'about:blank', title, status, detail }),
  };
}
