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

/** Characters; longer ones are nobody's page. */
const LONGEST_URL = 8192;

/**
 * URLs that the WHATWG parser would give back as they stand: lower-case host without port, Punycode or number at its
 * end, and no character anywhere that it would encode, remove or read in another way. No two neighbouring parts can
 * match the same character, so there is one way through.
 */
const PLAIN =
  /^(https?:\/\/((?:[a-z0-9](?:-?[a-z0-9])*\.)*[a-z](?:-?[a-z0-9])*))(\/[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*)?(\?[!$-&(-;=?-~]*)?(#[!$-;=?-_a-~]*)?$/;
const DOT_SEGMENT = /\/(?:\.|%2e)/i;

/** Takes a URL apart. Not http or https, unreadable, or longer than 8 KiB: undefined. */
export function splitUrl(raw: string): UrlParts | undefined {
  if (raw.length > LONGEST_URL) return undefined;
  return splitPlain(raw) ?? splitOdd(raw);
}

/** What most pages send, at a fraction of the parser's price; undefined = ask the parser. */
export function splitPlain(raw: string): UrlParts | undefined {
  const match = PLAIN.exec(raw);
  if (match === null) return undefined;
  const [, origin = '', host = '', path = '/', search = '', hash = ''] = match;
  if (DOT_SEGMENT.test(path)) return undefined;
  // A lone `?` or `#` is an empty part to the parser.
  return { origin, host, path, search: search === '?' ? '' : search, hash: hash === '#' ? '' : hash };
}

function splitOdd(raw: string): UrlParts | undefined {
  const url = URL.parse(raw);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined;
  return { origin: url.origin, host: url.hostname, path: url.pathname, search: url.search, hash: url.hash };
}
