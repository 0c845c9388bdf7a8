import type { Detection } from './findings.ts';

const SHORTEST = 32;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Finds session tokens: JSON web tokens, and long runs of characters that look random (R42). */
export function findTokens(text: string, findings: Detection[]): void {
  findJwts(text, findings);
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : BLANK;
    if (code < 128 && KIND_OF[code] !== NONE) continue;
    if (i - start >= SHORTEST && looksRandom(text, start, i)) findings.push({ kind: 'token', start, end: i });
    start = i + 1;
  }
}

/** `eyJ...` with two more parts behind dots (RFC 7519). The scan goes on behind each candidate, so it stays linear. */
function findJwts(text: string, findings: Detection[]): void {
  for (let start = text.indexOf('eyJ'); start >= 0; ) {
    let end = start;
    let dots = 0;
    while (end < text.length && isTokenPart(text.charCodeAt(end))) {
      if (text.charCodeAt(end) === 46) dots++;
      end++;
    }
    if (dots >= 2) findings.push({ kind: 'token', start, end });
    start = text.indexOf('eyJ', end);
  }
}

/**
 * Whether a run changes between small letters, capitals and digits as often as random text does. Words, slugs and product
 * names do not. So long a run of hexadecimal digits with letters among them is random however rarely it changes. A UUID
 * is random, but it names things more often than sessions, so it is kept.
 */
function looksRandom(text: string, start: number, end: number): boolean {
  const length = end - start;
  let changes = 0;
  let separators = 0;
  let digits = 0;
  let hex = 0;
  let previous = 0;
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    const kind = KIND_OF[code] as number;
    if (kind === SEPARATOR) separators++;
    else if (kind === DIGIT) digits++;
    else if ((code | LETTER_CASE) <= LAST_HEX) hex++;
    // A capital before small letters begins a word, so it is no sign of random text.
    const counts = previous !== SEPARATOR && kind !== SEPARATOR && kind !== previous;
    if (counts && i > start && !(previous === UPPER && kind === LOWER)) changes++;
    previous = kind;
  }
  if (digits > 0 && hex > 0 && digits + hex === length) return true;
  if (changes * 6 < length) return false;
  // Slugs have many hyphens, and names in programs no digits; for these the limit is higher.
  if ((digits === 0 || separators * 8 > length) && changes * 4 < length) return false;
  return !(length === 36 && UUID.test(text.slice(start, end)));
}

const BLANK = 32;
/** The bit by which a small letter differs from its capital. */
const LETTER_CASE = 32;
/** `f` */
const LAST_HEX = 102;
const DOT = 46;
const SEPARATOR = 0;
const DIGIT = 1;
const UPPER = 2;
const LOWER = 3;
/** In neither alphabet of RFC 4648: letters, digits and `+ / - _` are. */
const NONE = 4;
const KIND_OF = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[a-z]/.test(character)) return LOWER;
  if (/[A-Z]/.test(character)) return UPPER;
  if (/[0-9]/.test(character)) return DIGIT;
  return /[-+/_]/.test(character) ? SEPARATOR : NONE;
});

function isTokenPart(code: number): boolean {
  return code === DOT || (code < 128 && KIND_OF[code] !== NONE);
}

/** Shorter texts are too often words with a number in them. */
export const SHORTEST_DRAWN = 12;

/** Whether small letters, capitals and digits take turns as in a secret that was drawn; names of articles have fewer turns. */
export function isDrawn(text: string): boolean {
  if (text.length < SHORTEST_DRAWN) return false;
  let turns = 0;
  let previous = NONE;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const kind = code < 128 ? (KIND_OF[code] as number) : NONE;
    const both = kind !== NONE && kind !== SEPARATOR && previous !== NONE && previous !== SEPARATOR;
    // A capital before small letters begins a word.
    if (both && kind !== previous && !(previous === UPPER && kind === LOWER)) turns++;
    previous = kind;
  }
  return turns * CHARACTERS_A_TURN >= text.length;
}

const CHARACTERS_A_TURN = 4;
