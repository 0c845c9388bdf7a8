import { problemAnswer, toResponse } from './answer.ts';
import type { Problem } from '../protocols/hit.ts';

/** A problem as a web `Response`. */
export function problemResponse(problem: Problem, headers: Readonly<Record<string, string>> = {}): Response {
  return toResponse(problemAnswer(problem, headers));
}

/** A fault of the gateway's own. */
export const FAILED: Problem = {
  status: 503,
  title: 'Not available',
  detail: 'Try again in a moment.',
  code: 'refused.fault',
};

/** A body of more than `most` bytes. */
export function bodyTooLarge(most: number): Problem {
  return {
    status: 413,
    title: 'Body too large',
    detail: `A body may have ${Math.floor(most / 1024)} KiB, in 2,048 pieces at most. Send fewer events in one request.`,
  };
}

/** The bodies of all requests that are being read take all the memory they may. */
export const NO_ROOM: Problem = {
  status: 503,
  title: 'The gateway is overloaded',
  detail:
    'There is no memory for more request bodies. Nothing of this request was kept; send it again after Retry-After seconds.',
  code: 'refused.overloaded',
};

export const LONG_HEADERS: Problem = {
  status: 431,
  title: 'Request Header Fields Too Large',
  detail: 'The headers may have 32 KiB together.',
};

export const ENCODED: Problem = {
  status: 415,
  title: 'Encoded body',
  detail: 'Send the body uncompressed, without Content-Encoding.',
};

export const ABORTED: Problem = {
  status: 400,
  title: 'Incomplete body',
  detail: 'The connection ended before the body did.',
};
