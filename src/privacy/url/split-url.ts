import { unescaped } from '../pii/decode.ts';

/** An http or https URL in parts, as the WHATWG parser reads them. */
export interface UrlParts {
  /** Scheme, host and port, without userinfo. */
  readonly origin: string;
  readonly host: string;
  readonly path: string;
  /** With `?`, or empty. */
  readonly search: string;
  /** With `#`, or empty. */
  readonly hash: string;
}

/** Characters; no page has a longer address. */
const LONGEST_URL = 8192;

/** No character anywhere that the WHATWG parser would encode, remove or read in another way. */
const PLAIN = /^https?:\/\/[a-z0-9.-]+(?:[/?#][A-Za-z0-9\-._~!$&()*+,;=:@%/?#]*)?$/;
/** No port, no Punycode (`--`), no empty label, no number at the end, which would make it an IPv4 address. */
const PLAIN_HOST = /^(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)*[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const DOT_SEGMENT = /\/(?:\.|%2e)/i;

/** Takes a URL apart. Not http or https, unreadable, or longer than 8 KiB: undefined. */
export function splitUrl(raw: string): UrlParts | undefined {
  if (raw.length > LONGEST_URL) return undefined;
  return splitPlain(raw) ?? splitOdd(raw);
}

/** Reads the usual addresses in half of the parser's time; undefined = the parser has to read it. */
export function splitPlain(raw: string): UrlParts | undefined {
  if (!PLAIN.test(raw)) return undefined;
  const hostStart = raw.charAt(4) === 's' ? 8 : 7;
  const hashStart = orEnd(raw.indexOf('#'), raw.length);
  const searchStart = orEnd(raw.indexOf('?'), hashStart);
  const pathStart = orEnd(raw.indexOf('/', hostStart), searchStart);
  const host = raw.slice(hostStart, pathStart);
  const path = raw.slice(pathStart, searchStart);
  if (!PLAIN_HOST.test(host) || DOT_SEGMENT.test(path)) return undefined;
  return {
    origin: raw.slice(0, pathStart),
    host,
    path: path === '' ? '/' : path,
    // A lone `?` or `#` is an empty part to the parser.
    search: hashStart - searchStart > 1 ? raw.slice(searchStart, hashStart) : '',
    hash: raw.length - hashStart > 1 ? raw.slice(hashStart) : '',
  };
}

/** A place in a text, or where the text before it ends. */
function orEnd(at: number, end: number): number {
  return at < 0 || at > end ? end : at;
}

function splitOdd(raw: string): UrlParts | undefined {
  // The parser takes a backslash as a slash, and `kari\\u0040example.no` as two segments.
  const url = URL.parse(raw.includes('\\') ? unescaped(raw).replace(/\\(?=["'])/g, '') : raw);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined;
  return { origin: url.origin, host: url.hostname, path: url.pathname, search: url.search, hash: url.hash };
}
