import type { Hit, Problem, Unread } from '../protocols/hit.ts';
import { LIMITS } from '../protocols/limits.ts';
import { hostOf, splitTarget } from '../protocols/target.ts';
import type { MostBytes } from './body-limit.ts';
import { ABORTED, bodyTooLarge, ENCODED } from './problem.ts';

/**
 * Freezes a web `Request` as a hit, reading the body within its limits: for runtimes that have nothing else. `peer` is
 * the address of the other end where the runtime knows it.
 */
export function webHit(
  request: Request,
  peer?: string,
  mostBytes: MostBytes = () => LIMITS.body,
): Hit | Unread | Promise<Hit | Unread> {
  const hit = withoutBody(request, peer);
  if (request.method === 'GET') return hit;
  if (hit.headers['content-encoding'] !== undefined) return { ...ENCODED, hit };
  if (request.body === null) return hit;
  const most = mostBytes(() => hit);
  if (Number(hit.headers['content-length'] ?? 0) > most) return { ...bodyTooLarge(most), hit };
  return readBody(request.body, most).then(
    (body) => (typeof body === 'string' ? { ...hit, body } : { ...body, hit }),
    () => ({ ...ABORTED, hit }),
  );
}

function withoutBody(request: Request, peer: string | undefined): Hit {
  const { authority, path, query } = splitTarget(request.url);
  const headers: Record<string, string> = {};
  request.headers.forEach((value, name) => (headers[name] = value));
  return {
    id: randomId(),
    at: Date.now(),
    method: request.method,
    path,
    query,
    host: hostOf(headers['host'] ?? authority ?? ''),
    headers,
    body: '',
    peer,
  };
}

/** Rejects when the other end goes away before the end. */
async function readBody(stream: ReadableStream<Uint8Array>, most: number): Promise<string | Problem> {
  const reader = stream.getReader();
  // A byte order mark is part of the body here, as on every other way in.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let text = '';
  let bytes = 0;
  for (let pieces = 1; ; pieces++) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.length;
    if (bytes > most || pieces > LIMITS.pieces) {
      // Not waited for: a body that is too long may never end.
      void reader.cancel().catch(() => {});
      return bodyTooLarge(most);
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** 128 random bits. */
function randomId(): string {
  let id = '';
  for (const byte of crypto.getRandomValues(new Uint8Array(16))) id += byte.toString(16).padStart(2, '0');
  return id;
}
