/** Stands for a node that cannot be read. It is no address, so the client behind it stays unknown. */
const UNKNOWN = 'unknown';

/**
 * The `for` nodes of a `Forwarded` header (RFC 7239 4), in order, in the form of `X-Forwarded-For`, so that
 * `clientAddress` walks both the same way. Use it instead of `X-Forwarded-For`, never beside it (R38).
 * An element without `for` counts as an unknown node; a header that breaks the grammar is one unknown node.
 */
export function forwardedFor(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const nodes: string[] = [];
  let node: string | undefined;
  let pairs = 0;
  let at = 0;
  for (;;) {
    at = skipBlank(header, at);
    const nameEnd = skipToken(header, at);
    if (nameEnd > at) {
      const name = header.slice(at, nameEnd).toLowerCase();
      if (header[nameEnd] !== '=') return UNKNOWN;
      const quoted = header[nameEnd + 1] === '"';
      const end = quoted ? skipQuoted(header, nameEnd + 1) : skipToken(header, nameEnd + 1);
      if (end < 0 || end === nameEnd + 1) return UNKNOWN;
      const value = quoted ? unquote(header.slice(nameEnd + 2, end - 1)) : header.slice(nameEnd + 1, end);
      if (name === 'for') {
        // Each parameter once in an element (RFC 7239 4).
        if (node !== undefined) return UNKNOWN;
        node = value.includes(',') || value.trim() === '' ? UNKNOWN : value;
      }
      pairs++;
      at = skipBlank(header, end);
    }
    const separator = header[at];
    if (separator !== ';') {
      // Empty list elements count for nothing (RFC 9110 5.6.1.2).
      if (pairs > 0) nodes.push(node ?? UNKNOWN);
      node = undefined;
      pairs = 0;
      if (separator === undefined) return nodes.length === 0 ? undefined : nodes.join(', ');
      if (separator !== ',') return UNKNOWN;
    }
    at++;
  }
}

function skipBlank(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at++;
  return at;
}

/** Past the token characters of RFC 9110 5.6.2. */
function skipToken(text: string, from: number): number {
  let at = from;
  while (at < text.length && isTokenChar(text.charCodeAt(at))) at++;
  return at;
}

function isTokenChar(code: number): boolean {
  if (code >= 48 && code <= 57) return true;
  const letter = code | 32;
  return (letter >= 97 && letter <= 122) || "!#$%&'*+-.^_`|~".includes(String.fromCharCode(code));
}

/** Past the closing quote of the quoted string at `from`; -1 if there is none. */
function skipQuoted(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
  }
  return -1;
}

/** Quoted pairs as the characters they stand for. */
function unquote(text: string): string {
  return text.replaceAll(/\\(.)/g, '$1');
}
