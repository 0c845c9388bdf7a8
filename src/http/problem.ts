import { problemAnswer, toResponse } from './answer.ts';
import type { Problem } from '../sources/hit.ts';

/** A problem as a web `Response`. */
export function problemResponse(problem: Problem, headers: Readonly<Record<string, string>> = {}): Response {
  return toResponse(problemAnswer(problem, headers));
}

/** A fault of the gateway's own. */
export const FAILED: Problem = { status: 503, title: 'Not available', detail: 'Try again in a moment.' };

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
