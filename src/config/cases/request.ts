import type { Hit } from '../../protocols/hit.ts';
import { hostOf } from '../../protocols/target.ts';

/** One HTTP request, as a person or a tool has written it. */
export interface WrittenRequest {
  readonly method: string;
  /** Whole, with scheme and host. */
  readonly url: string;
  /** Names in any case. A name may occur more than once. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  /** When it was made, unix milliseconds. */
  readonly at?: number;
}

/** The hit that a gateway would make of the request.\n@throws TypeError when the URL is invalid. */
export function hitOf(request: WrittenRequest, at: number, id: string): Hit {
  const url = new URL(request.url);
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of request.headers) {
    const key = name.toLowerCase();
    if (key.startsWith(':')) continue;
    const before = headers[key];
    headers[key] = before === undefined ? value : `${before}${key === 'cookie' ? '; ' : ', '}${value}`;
  }
  return {
    id,
    at: request.at ?? at,
    method: request.method,
    path: url.pathname,
    query: url.search.slice(1),
    host: hostOf(headers['host'] ?? url.host),
    headers,
    body: request.body,
    peer: '127.0.0.1',
  };
}
