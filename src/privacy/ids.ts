import { Recent } from '../core/recent.ts';
import type { Finding } from './findings.ts';
import { isIdName } from './id-names.ts';
import { saysPersonal } from './keys.ts';

/**
 * What vendors' cookies and click ids look like wherever they stand (`destinations/ga4.md` 7, `google-ads.md` 5,
 * `meta.md` 6, `microsoft.md` B). Each begins with letters or digits of its own and goes on as far as it can, percent
 * signs of an encoded one included, so nothing is looked at twice.
 */
const FORMATS =
  /fb[._-]\d{1,3}[._-]\d{13}[._-][\w.%-]{1,600}|(?<![A-Za-z0-9])(?:fb[._-]\d{1,3}[._-]\d{10,16}[._-][\w.%-]{1,600}|GCL\.\d{8,13}\.[\w.~%-]{1,600}|GA1\.[\d-]{1,9}\.[\w.%-]{1,600}|GA1[_-]\d[_-]\d{4,20}[_-][\w.%-]{1,600}|GS[12]\.[\d-]{1,9}\.[\w.$%-]{1,600}|FPID\d?\.\d[\w.%+/=-]{8,600}|2\.1\.k[\w.~$%-]{4,600}|1\.\d\.\d{4,20}\.\d{10}(?:\.[\w.%-]{1,600})?|1\.\d{10}\.[\w-]{8,600}|amp-[\w-]{16,100}|1\*[0-9a-z]{5,8}\*[\w.*~%-]{4,600}|E\.C\.P\.[\w-]{8,600}|2-[0-9a-z]{20,30}(?![\w-])|oeu\d{13}r0\.\d{3,20}|MCMID(?:\||%7C)\d{38}|0AAAAA[\w-]{10,600}|\$device(?::|%3A)[0-9a-f-]{12,80}|_uet[0-9a-f-]{8,64})/gi;
/** Click ids as Google and Meta write them: capitals matter. */
const CLICKS =
  /(?<![A-Za-z0-9])(?:C[jwIKLMNOPQ][0-9A-Za-z]K[\w-]{8,600}|EAIaIQ[\w-]{8,600}|IwAR[\w-]{8,600}|Iw[YZ][\w-]{12,600}|PA[QYZ][0-9A-Za-z]{2}[\w-]{12,600}|AfmBO[\w-]{12,600}|dj0yJnU9[\w-]{8,600})/g;

/** Finds values that are somebody's id by their form, whatever they are called. */
export function findFormats(text: string, findings: Finding[]): void {
  find(FORMATS, text, findings);
  find(CLICKS, text, findings);
}

/** Names of click ids and visitors that are no words, so that they need no sign behind them. */
const PECULIAR =
  /gclid|[gw]braid|dclid|fbclid|msclkid|ttclid|twclid|yclid|li_?fat_?id|hubspotutk|uet[vs]id|distinct_?id/gi;
const SHORTEST_VALUE = 6;
/** Between the name and what it is the name of: `","value":"`, ` is `, ` => `. */
const WIDEST = 16;
/** How far into a word a digit is looked for. */
const DIGIT_WITHIN = 40;

/**
 * Finds the value behind the name of a click id whatever stands between them (`gclid|...`, `["gclid","..."]`): the first
 * word with a digit in it. A bounded number of characters is looked at for each name, and it goes on behind the value.
 */
export function findNamed(text: string, findings: Finding[]): void {
  PECULIAR.lastIndex = 0;
  for (let match = PECULIAR.exec(text); match !== null; match = PECULIAR.exec(text)) {
    const from = match.index + match[0].length;
    const start = valueNear(text, from);
    if (start < 0) continue;
    const end = past(text, start, isWordPart, Infinity);
    findings.push({ kind: 'id', start, end });
    PECULIAR.lastIndex = end;
  }
}

/** Where the first word begins that may be an id; -1 = there is none near. */
function valueNear(text: string, from: number): number {
  let start = from;
  let digit = false;
  for (let at = from; start - from <= WIDEST && at - start <= DIGIT_WITHIN; at++) {
    const code = text.charCodeAt(at);
    if (isWordPart(code)) {
      digit ||= code >= 48 && code <= 57;
      if (digit && at - start >= SHORTEST_VALUE - 1) return start;
    } else {
      if (at >= text.length) return -1;
      start = at + 1;
      digit = false;
    }
  }
  return -1;
}

/** What ids are made of, percent signs of an encoded one included. */
function isWordPart(code: number): boolean {
  const lower = code | 32;
  return (code >= 48 && code <= 57) || (lower >= 97 && lower <= 122 && code < 128) || WORD_SIGNS.has(code);
}

/** `-`, `.`, `_`, `%`. */
const WORD_SIGNS: ReadonlySet<number> = new Set([45, 46, 95, 37]);

function hasDigit(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit >= 0 && digit <= 9) return true;
  }
  return false;
}

/** Whether a value of such a form, or a JSON web token, is in it. */
export function hasFormat(text: string): boolean {
  if (text.length < SHORTEST_FORMAT) return false;
  FORMATS.lastIndex = 0;
  CLICKS.lastIndex = 0;
  return FORMATS.test(text) || CLICKS.test(text) || JWT.test(text);
}

const SHORTEST_FORMAT = 12;
const JWT = /eyJ[\w-]{8,4000}\.[\w-]/;

function find(pattern: RegExp, text: string, findings: Finding[]): void {
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    findings.push({ kind: 'id', start: match.index, end: match.index + match[0].length });
  }
}

/** Longer names are nobody's parameter. */
const LONGEST_NAME = 64;
/** Quotes, their escapes and blanks between a name, its sign and its value. */
const MOST_BETWEEN = 8;
/** Without quotes around the name, a colon is one of prose unless what follows is long and has digits in it. */
const SHORTEST_AFTER_COLON = 8;

const EQUALS = 61;
const COLON = 58;
const AMPERSAND = 38;
const SEMICOLON = 59;

/**
 * Finds parameters by their names: `gclid=...` in any list, `"gclid":"..."` in JSON. A pair of a list is cut out of it;
 * in JSON the value goes. Goes on behind what it has found, so it stays linear.
 */
export function findPairs(text: string, findings: Finding[]): void {
  for (let i = 1; i < text.length; i++) {
    const sign = text.charCodeAt(i);
    if (sign !== EQUALS && sign !== COLON) continue;
    let nameEnd = i;
    while (nameEnd > 0 && i - nameEnd < MOST_BETWEEN && isBetween(text.charCodeAt(nameEnd - 1))) nameEnd--;
    let start = nameEnd;
    while (start > 0 && nameEnd - start < LONGEST_NAME && isNamePart(text.charCodeAt(start - 1))) start--;
    const names = nameEnd - start < 2 ? NOBODY : whatNames(text.slice(start, nameEnd));
    if (names === NOBODY) continue;
    const listed = sign === EQUALS && nameEnd === i;
    const quoted = /["'\\]/.test(text.slice(nameEnd, i));
    // `tlf: 40000000`: in prose what follows is looked at for what it is.
    if (names === PERSON && !listed && !quoted) continue;
    const valueStart = past(text, i + 1, isBetween, MOST_BETWEEN);
    // What is said of a person may have blanks in it, up to the quote or the separator behind it.
    const end =
      names === PERSON && (sign === EQUALS || isQuoted(text, i + 1, valueStart))
        ? past(text, valueStart, isWrittenPart, Infinity)
        : past(text, valueStart, isValuePart, Infinity);
    if (end === valueStart || text.startsWith('[id]', valueStart)) continue;
    if (!listed && !quoted && !looksLikeId(text, valueStart, end)) continue;
    findings.push(listed ? pair(text, start, end) : { kind: 'id', start: valueStart, end });
    i = end - 1;
  }
}

/** With the separator behind it, or the one before it: a list stays a list. */
function pair(text: string, start: number, end: number): Finding {
  const after = text.charCodeAt(end);
  if (after === AMPERSAND || after === SEMICOLON) return { kind: 'id', start, end: end + 1, cut: true };
  const before = text.charCodeAt(start - 1);
  const from = before === AMPERSAND || before === SEMICOLON ? start - 1 : start;
  return { kind: 'id', start: from, end, cut: true };
}

function looksLikeId(text: string, start: number, end: number): boolean {
  if (end - start < SHORTEST_AFTER_COLON) return false;
  return hasDigit(text, start, end);
}

function past(text: string, from: number, is: (code: number) => boolean, most: number): number {
  let at = from;
  while (at < text.length && at - from < most && is(text.charCodeAt(at))) at++;
  return at;
}

/** Names that say nothing of anybody: they come again in every text. */
const harmless = new Recent<true>(1_000, 1 << 20);

const NOBODY = 0;
const ID = 1;
const PERSON = 2;

function whatNames(name: string): typeof NOBODY | typeof ID | typeof PERSON {
  if (harmless.get(name) === true) return NOBODY;
  if (isIdName(name)) return ID;
  if (saysPersonal(name)) return PERSON;
  harmless.set(name, true);
  return NOBODY;
}

function isQuoted(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (text.charCodeAt(i) === 34 || text.charCodeAt(i) === 39) return true;
  return false;
}

/** Quotes, backslashes, blanks. */
function isBetween(code: number): boolean {
  return code === 34 || code === 39 || code === 92 || code === 32 || code === 9;
}

function isNamePart(code: number): boolean {
  const lower = code | 32;
  return (
    (code >= 48 && code <= 57) ||
    (lower >= 97 && lower <= 122 && code < 128) ||
    code === 95 ||
    code === 45 ||
    code === 46
  );
}

/** Up to what ends a value in a list, in JSON or in a text. */
function isValuePart(code: number): boolean {
  return code > 32 && ENDS[code] !== 1;
}

/** The same, blanks and commas included. */
function isWrittenPart(code: number): boolean {
  return code === 32 || code === 44 || isValuePart(code);
}

const ENDS = Uint8Array.from({ length: 128 }, (_, code) =>
  '&;#"\'<>,|}])`\\'.includes(String.fromCharCode(code)) ? 1 : 0,
);
