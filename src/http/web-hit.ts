import type { Hit, Problem, Unread } from '../protocols/hit.ts';
import { LIMITS } from '../protocols/limits.ts';
import { hostOf, splitTarget } from '../protocols/target.ts';
import type { MostBytes } from './body-limit.ts';
import { ABORTED, bodyTooLarge, ENCODED, LONG_HEADERS } from './problem.ts';

/** How a runtime hands over headers, where it does otherwise than most. */
export interface HeaderOptions {
  /** How it makes text of the bytes of headers: a character of each byte, or of UTF-8. */
  readonly bytes?: 'latin1' | 'utf-8';
  /** It puts several Cookie lines together with a comma, which is part of a cookie everywhere else. */
  readonly joinsCookies?: boolean;
}

/** The data that a runtime has about a request in addition to the `Request`. */
export interface Seen {
  /** Address of who sent it. */
  readonly peer?: string | undefined;
  /** Country of who sent it, two capital letters. */
  readonly country?: string | undefined;
}

/** The parts of a request before its body. */
export interface RequestHead extends Pick<Hit, 'method' | 'path' | 'query' | 'host' | 'headers'> {
  /** Bytes of all headers. */
  readonly size: number;
}

/** Bytes of all headers together; more are refused (R72). */
const MAX_HEADERS = 32 * 1024;
/** Bytes of a too long body that are read before it is refused: a sender that is cut off while sending gets no answer. */
const MAX_DISCARDED = 1024 * 1024;

/** Reads what comes before the body once: each look at a `Request` or its headers is a call into the runtime. */
export function requestHead(request: Request, { bytes, joinsCookies }: HeaderOptions = {}): RequestHead {
  const { authority, path, query } = splitTarget(request.url);
  const headers: Record<string, string> = {};
  let size = 0;
  request.headers.forEach((value, name) => {
    const text = bytes === 'utf-8' ? byteText(value) : value;
    size += name.length + text.length + SEPARATORS;
    headers[name] = name === 'cookie' && joinsCookies === true ? text.replaceAll(BETWEEN_LINES, '; ') : text;
  });
  return { method: request.method, path, query, host: hostOf(headers['host'] ?? authority ?? ''), headers, size };
}

/** Freezes a web `Request` as a hit, reading the body within its limits: for runtimes that have nothing else. */
export function webHit(
  request: Request,
  { size, ...head }: RequestHead = requestHead(request),
  { peer, country }: Seen = {},
  mostBytes: MostBytes = () => LIMITS.body,
): Hit | Problem | Unread | Promise<Hit | Problem | Unread> {
  if (size > MAX_HEADERS) return LONG_HEADERS;
  const hit: Hit = { id: randomId(), at: Date.now(), ...head, body: '', peer, country };
  if (hit.method === 'GET') return hit;
  if (hit.headers['content-encoding'] !== undefined) return { ...ENCODED, hit };
  const length = hit.headers['content-length'];
  if (length === '0' || request.body === null) return hit;
  return readBody(
    request.body,
    Number(length ?? 0),
    mostBytes(() => hit),
  ).then(
    (body) => (typeof body === 'string' ? { ...hit, body } : { ...body, hit }),
    () => ({ ...ABORTED, hit }),
  );
}

/** `: ` and the end of the line. */
const SEPARATORS = 4;
/** A comma before a cookie's name. A value with such a comma is split here, which gives nobody an advantage. */
const BETWEEN_LINES = /, (?=[!#$%&'*+.^_`|~0-9A-Za-z-]+=)/g;
const NO_ASCII = /[^\0-\x7f]/;

/** Turns text that was decoded as UTF-8 back into one character for each byte. */
function byteText(text: string): string {
  if (!NO_ASCII.test(text)) return text;
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
}

/** A byte order mark is part of the body here, as on every other way in. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Rejects when the sender disconnects before the end. @param said the length that the request states, bytes */
async function readBody(stream: ReadableStream<Uint8Array>, said: number, most: number): Promise<string | Problem> {
  const reader = stream.getReader();
  const parts: Uint8Array[] = [];
  let bytes = 0;
  let tooLarge = said > most;
  for (let pieces = 1; said <= MAX_DISCARDED; pieces++) {
    const { done, value } = await reader.read();
    if (done) return tooLarge ? bodyTooLarge(most) : decoder.decode(joined(parts, bytes));
    bytes += value.length;
    tooLarge ||= bytes > most || pieces > LIMITS.pieces;
    if (!tooLarge) parts.push(value);
    else if (bytes > MAX_DISCARDED || pieces > LIMITS.pieces) break;
  }
  // Not waited for: a body that is too long may never end.
  void reader.cancel().catch(() => {});
  return bodyTooLarge(most);
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Two digits for each byte. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** 128 random bits. */
function randomId(): string {
  let id = '';
  for (const byte of crypto.getRandomValues(new Uint8Array(16))) id += HEX[byte];
  return id;
}
