import type { Site } from '../policy/gateway.ts';
import { problemReply } from '../protocols/answer.ts';
import { ALWAYS, WITHOUT_ORIGIN } from '../protocols/headers.ts';
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

const NO_COOKIES: readonly string[] = [];

/** The headers of an answer to this origin: CORS where the site lists it. */
export function headersFor(site: Site | undefined, origin: string | undefined): Readonly<Record<string, string>> {
  if (site === undefined) return ALWAYS;
  return (origin === undefined ? undefined : site.headers.get(origin)) ?? WITHOUT_ORIGIN;
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
