import type { Problem } from '../sources/hit.ts';

/** Headers of every answer of the public listener. */
export const ALWAYS: Readonly<Record<string, string>> = {
  // Nothing of an answer may be kept or reused: ids ride in its cookies (R33).
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
};

/** An RFC 9457 answer. It holds the problem and nothing of the request. */
export function problemResponse(problem: Problem, headers: Readonly<Record<string, string>> = {}): Response {
  const { status, title, detail } = problem;
  return new Response(JSON.stringify({ type: 'about:blank', title, status, detail }), {
    status,
    headers: { ...ALWAYS, ...headers, 'content-type': 'application/problem+json' },
  });
}

export const NOT_FOUND: Problem = {
  status: 404,
  title: 'Nothing here',
  detail: 'Web hits go to /g/collect, JSON events to POST /v1/events.',
};

export const TOO_LARGE: Problem = {
  status: 413,
  title: 'Body too large',
  detail: 'A body may have 64 KiB. Send fewer events in one request.',
};

export const ENCODED: Problem = {
  status: 415,
  title: 'Encoded body',
  detail: 'Send the body as it is, without Content-Encoding.',
};

/** 405 with what is allowed there. */
export function notAllowed(allow: string): Response {
  return problemResponse({ status: 405, title: 'Method not allowed', detail: `Use ${allow}.` }, { allow });
}
