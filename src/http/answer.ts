import type { Site } from '../policy/gateway.ts';
import { problemReply } from '../protocols/answer.ts';
import type { Problem } from '../protocols/hit.ts';
import type { ProtocolReply } from '../protocols/protocol.ts';

/** What is answered to a hit, as a value: a runtime writes it in its own way. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** `Set-Cookie` values. */
  readonly cookies: readonly string[];
  /** Undefined = none. */
  readonly body: string | undefined;
}

/** Headers of every answer of the public listener. */
export const ALWAYS: Readonly<Record<string, string>> = {
  // No cache may keep an answer: its cookies hold ids (R33).
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
};

const NO_COOKIES: readonly string[] = [];
const WITHOUT_ORIGIN: Readonly<Record<string, string>> = { ...ALWAYS, vary: 'Origin' };
/** By site and listed origin: what a page may read of an answer never changes. */
const cors = new WeakMap<ReadonlySet<string>, Map<string, Readonly<Record<string, string>>>>();

/** The headers of an answer to this origin: CORS where the site lists it. */
export function headersFor(site: Site | undefined, origin: string | undefined): Readonly<Record<string, string>> {
  if (site === undefined) return ALWAYS;
  if (origin === undefined || !site.origins.has(origin)) return WITHOUT_ORIGIN;
  let ofSite = cors.get(site.origins);
  if (ofSite === undefined) cors.set(site.origins, (ofSite = new Map()));
  let headers = ofSite.get(origin);
  if (headers === undefined) {
    headers = {
      ...WITHOUT_ORIGIN,
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
    };
    ofSite.set(origin, headers);
  }
  return headers;
}

/** What a protocol says, with the headers of this site and origin and the visitor's cookies. */
export function replyAnswer(
  { status, type, body, headers: own }: ProtocolReply,
  headers: Readonly<Record<string, string>>,
  cookies: readonly string[] = NO_COOKIES,
): Answer {
  const typed = type === undefined ? headers : { ...headers, 'content-type': type };
  return { status, headers: own === undefined ? typed : { ...typed, ...own }, cookies, body };
}

/** An RFC 9457 answer. It holds the problem and nothing of the request. */
export function problemAnswer(problem: Problem, headers: Readonly<Record<string, string>> = ALWAYS): Answer {
  return replyAnswer(problemReply(problem), { ...ALWAYS, ...headers });
}

/** An answer as a web `Response`. */
export function toResponse({ status, headers, cookies, body }: Answer): Response {
  const response = new Response(body ?? null, { status, headers: { ...headers } });
  for (const cookie of cookies) response.headers.append('set-cookie', cookie);
  return response;
}
