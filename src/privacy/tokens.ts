import type { Finding } from './findings.ts';

const SHORTEST = 32;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Finds session tokens: JSON web tokens, and long runs of characters that look drawn by lot (R42). */
export function findTokens(text: string, findings: Finding[]): void {
  findJwts(text, findings);
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    if (i < text.length && isBase64(text.charCodeAt(i))) continue;
    if (i - start >= SHORTEST && looksRandom(text, start, i)) findings.push({ kind: 'token', start, end: i });
    start = i + 1;
  }
}

/** `eyJ...` with two more parts behind dots (RFC 7519). The scan goes on behind each candidate, so it stays linear. */
function findJwts(text: string, findings: Finding[]): void {
  for (let start = text.indexOf('eyJ'); start >= 0; ) {
    let end = start;
    let dots = 0;
    while (end < text.length && (isBase64(text.charCodeAt(end)) || text.charCodeAt(end) === 46)) {
      if (text.charCodeAt(end) === 46) dots++;
      end++;
    }
    if (dots >= 2) findings.push({ kind: 'token', start, end });
    start = text.indexOf('eyJ', end);
  }
}

/**
 * Whether a run changes between small letters, capitals and digits as often as chance does. Words, slugs and product
 * names do not; a UUID does, but names things more often than sessions, and is left.
 */
function looksRandom(text: string, start: number, end: number): boolean {
  const length = end - start;
  let changes = 0;
  let separators = 0;
  let digits = 0;
  let previous = 0;
  for (let i = start; i < end; i++) {
    const kind = kindOf(text.charCodeAt(i));
    if (kind === SEPARATOR) separators++;
    else if (kind === DIGIT) digits++;
    // A capital before small letters begins a word: no sign of chance.
    const counts = previous !== SEPARATOR && kind !== SEPARATOR && kind !== previous;
    if (counts && i > start && !(previous === UPPER && kind === LOWER)) changes++;
    previous = kind;
  }
  if (changes * 6 < length) return false;
  // Slugs have many hyphens, and names in programs no digits; there it takes more to look random.
  if ((digits === 0 || separators * 8 > length) && changes * 4 < length) return false;
  return !(length === 36 && UUID.test(text.slice(start, end)));
}

const SEPARATOR = 0;
const DIGIT = 1;
const UPPER = 2;
const LOWER = 3;

function kindOf(code: number): number {
  if (code >= 97) return LOWER;
  if (code >= 65 && code <= 90) return UPPER;
  return code >= 48 && code <= 57 ? DIGIT : SEPARATOR;
}

/** Letters, digits and `+ / - _`: both alphabets of RFC 4648. */
function isBase64(code: number): boolean {
  const lower = code | 32;
  if (lower >= 97 && lower <= 122) return code < 128;
  return (code >= 48 && code <= 57) || code === 43 || code === 45 || code === 47 || code === 95;
}
