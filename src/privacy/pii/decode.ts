import { INVISIBLE } from '../../core/invisible.ts';
import { decodePart } from '../../protocols/percent.ts';
import { codeAt } from '../code-at.ts';

/** Named entities that can stand for a character an identifier is made of. */
const ENTITIES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    amp: '&',
    lt: '<',
    gt: '>',
    quot: '"',
    apos: "'",
    nbsp: ' ',
    commat: '@',
    period: '.',
    plus: '+',
    num: '#',
    percnt: '%',
    semi: ';',
    hyphen: '-',
    dash: '-',
    ndash: '-',
    lowbar: '_',
  }),
);
/** Most characters of a name behind `&`, of digits behind `&#`, and of hexadecimal digits behind `&#x`. */
const LONGEST_NAME = 6;
const MOST_DECIMAL = 7;
const MOST_HEX = 6;

/** How many layers of encoding are decoded. */
const ROUNDS = 3;
/** What host names may have for a dot (UTS 46). */
const DOTS = /[\u3002\uff61]/g;
/** Arabic, Persian, those of India, and Thai digits, each ten in a row. */
const OTHER_DIGIT =
  /[\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u09e6-\u09ef\u0a66-\u0a6f\u0ae6-\u0aef\u0b66-\u0b6f\u0be6-\u0bef\u0c66-\u0c6f\u0ce6-\u0cef\u0d66-\u0d6f\u0e50-\u0e59]/;
const OTHER_DIGITS = new RegExp(OTHER_DIGIT, 'g');
const ZEROS = [0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50];
const DASHES = /[\u2010-\u2015\u2212]/g;

/** The layers of the last decoded text, and whether there are no more. The search for ids asks for the same text again. */
let layers: string[] = [''];
let complete = true;

/**
 * The text after so many rounds of decoding, three at most, or fewer if there is nothing more to decode. Kept until
 * another text is decoded.
 */
export function decoded(text: string, rounds: number = ROUNDS): string {
  if (layers[0] !== text) {
    layers = [text];
    complete = false;
  }
  while (!complete && layers.length <= rounds) {
    const last = layers[layers.length - 1] as string;
    const next = decodeOnce(last);
    if (next === last) complete = true;
    else if (layers.push(next) > ROUNDS) complete = true;
  }
  return layers[Math.min(rounds, layers.length - 1)] as string;
}

/**
 * One round of decoding (R41): percent sequences however often they were encoded, `%uXXXX`, escapes of JSON and scripts
 * (`\u0040`, `\x40`), HTML entities, compatibility forms such as full-width letters, and invisible characters. A plus
 * stays: in a form it is a blank, elsewhere a sign, and detectors take it as either. Invalid sequences stay. Returns the
 * same text when there is nothing to decode. Each of these is one pass without a callback for each match, because a text
 * of escapes only would make thousands of calls.
 */
export function decodeOnce(text: string): string {
  let out = text.includes('%') ? percentDecodedOnce(withoutAgain(text)) : text;
  const escaped = out.includes('\\');
  if (escaped || out.includes('%')) out = unescaped(out);
  // In JSON a backslash before a quote or a slash is no part of the value.
  if (escaped) out = out.replaceAll('\\', '');
  if (out.includes(QUOTED_AT)) out = out.replaceAll(QUOTED_AT, '@');
  if (out.includes('&')) out = withoutEntities(out);
  if (isAscii(out)) return out;
  const plain = out.normalize('NFKC').replace(INVISIBLE, '').replace(DASHES, '-').replace(DOTS, '.');
  return OTHER_DIGIT.test(plain) ? plain.replace(OTHER_DIGITS, digitOf) : plain;
}

/** Percent sequences decoded once; a plus stays a plus. */
export function percentDecodedOnce(text: string): string {
  const escaped = text.includes('+') ? text.replaceAll('+', '%2B') : text;
  return decodePart(escaped, 0, escaped.length);
}

/** An `@` in a letter's own encoding, which is left in links of newsletters (RFC 2045 6.7). */
export const QUOTED_AT = '=40';

const HASH = 35;
const PERCENT = 37;
const SEMICOLON = 59;
const BACKSLASH = 92;
const U = 117;
const X = 120;

/** A percent sign that was encoded several times counts as one sign of the sequence. */
function withoutAgain(text: string): string {
  let out = '';
  let from = 0;
  for (let at = text.indexOf('%25'); at >= 0; at = text.indexOf('%25', at)) {
    let end = at + 3;
    while (codeAt(text, end) === 50 && codeAt(text, end + 1) === 53) end += 2;
    const next = codeAt(text, end);
    // `%2525x`: the last `25` is what the rest makes a sequence.
    if (hexDigit(next) < 0 && next !== U) end -= 2;
    if (end > at + 1) {
      out += text.slice(from, at + 1);
      from = end;
    }
    at = Math.max(end, at + 1);
  }
  return from === 0 ? text : out + text.slice(from);
}

/** `%u0040`, and behind a backslash `u0040`, `u{40}`, `x40`, `100`, `U00000040` or `000040` as what they stand for. */
export function unescaped(text: string): string {
  let out = '';
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const sign = text.charCodeAt(at);
    if (sign !== PERCENT && sign !== BACKSLASH) continue;
    const wide = sign === PERCENT ? wideAt(text, at) : backslashedAt(text, at);
    if (wide < 0) continue;
    out += text.slice(from, at) + String.fromCodePoint(wide);
    from = sign === PERCENT ? at + WIDE_LENGTH : ESCAPE.lastIndex;
    at = from - 1;
  }
  return from === 0 ? text : out + text.slice(from);
}

const WIDE_LENGTH = 6;

/** The character that `%u0040` at this place stands for; -1 = there is no such escape. */
function wideAt(text: string, at: number): number {
  return (codeAt(text, at + 1) | 32) === U ? numberAt(text, at + 2, WIDE_LENGTH - 2) : -1;
}

/** Escapes of JSON and scripts, of other languages (`U00000040`), of style sheets (six digits), and octal ones. */
const ESCAPE =
  /\\(?:U(00(?:0[\da-f]|10)[\da-f]{4})|u([\da-f]{4})|x([\da-f]{2})|u\{0{0,8}([\da-f]{1,5})\}|(0[\da-f]{5}) ?|([0-3][0-7]{2}))/iy;

/** The character that an escape behind a backslash stands for; its end is where the next search would begin. */
function backslashedAt(text: string, at: number): number {
  ESCAPE.lastIndex = at;
  const match = ESCAPE.exec(text);
  if (match === null) return -1;
  const octal = match[6];
  return octal === undefined ? Number.parseInt(match.slice(1).join(''), 16) : Number.parseInt(octal, 8);
}

/** So many hexadecimal digits as a number; -1 = there are fewer. */
function numberAt(text: string, start: number, digits: number): number {
  let value = 0;
  for (let at = start; at < start + digits; at++) {
    const digit = hexDigit(codeAt(text, at));
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

function withoutEntities(text: string): string {
  let out = '';
  let from = 0;
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', at + 1)) {
    const numeric = codeAt(text, at + 1) === HASH;
    const end = numeric ? numberEnd(text, at + 2) : nameEnd(text, at + 1);
    if (end < 0) continue;
    const stands = numeric ? numbered(text, at + 2, end) : ENTITIES.get(text.slice(at + 1, end));
    if (stands === undefined) continue;
    out += text.slice(from, at) + stands;
    from = codeAt(text, end) === SEMICOLON ? end + 1 : end;
  }
  return from === 0 ? text : out + text.slice(from);
}

/** Where the digits end that begin here, hexadecimal ones behind an `x`; -1 = there are none. */
function numberEnd(text: string, start: number): number {
  const hex = (codeAt(text, start) | 32) === X;
  const first = hex ? start + 1 : start;
  const last = first + (hex ? MOST_HEX : MOST_DECIMAL);
  let end = first;
  for (; end < last; end++) {
    const digit = hexDigit(codeAt(text, end));
    if (digit < 0 || (!hex && digit > 9)) break;
  }
  return end === first ? -1 : end;
}

function numbered(text: string, start: number, end: number): string {
  const hex = (codeAt(text, start) | 32) === X;
  let code = 0;
  for (let at = hex ? start + 1 : start; at < end; at++) {
    code = code * (hex ? 16 : 10) + hexDigit(text.charCodeAt(at));
  }
  return code <= 0x10ffff ? String.fromCodePoint(code) : '';
}

/** Where the small letters end that begin here; -1 = they are fewer than two. */
function nameEnd(text: string, start: number): number {
  let end = start;
  while (end < start + LONGEST_NAME && codeAt(text, end) >= 97 && codeAt(text, end) <= 122) end++;
  return end - start < 2 ? -1 : end;
}

function digitOf(other: string): string {
  const code = other.charCodeAt(0);
  const zero = ZEROS.find((first) => code >= first && code < first + 10) ?? code;
  return String(code - zero);
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}
