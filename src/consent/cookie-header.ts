/**
 * The Cookie header, read by the rules of `consent.md` 0: split on `;`, then on the first `=`; duplicates are
 * kept; names are case-sensitive; one pair of outer double quotes is stripped; nothing is decoded.
 */
export interface Cookies {
  readonly names: readonly string[];
  readonly values: readonly string[];
  /** There was a header, but it could not be read. It may hold a refusal, so it never counts as "no choice". */
  readonly unreadable?: true;
  /**
   * That header. Nothing in it grants anything, but governed cookies are still found in it: the limits restrict what may
   * be allowed, never what is withdrawn.
   */
  readonly header?: string;
}

const MAX_HEADER = 32 * 1024;
const MAX_VALUE = 8 * 1024;
const MAX_COOKIES = 400;

export const NO_COOKIES: Cookies = { names: [], values: [] };

/** Past a limit, or with a control character in it, nothing of the header is read (rule 1). */
export function parseCookies(header: string): Cookies {
  const { length } = header;
  if (length === 0) return NO_COOKIES;
  if (length > MAX_HEADER) return unreadable(header);
  if (CONTROL.test(header)) return unreadable(header);
  const names: string[] = [];
  const values: string[] = [];
  let equals = -1;
  for (let start = 0, end: number; start < length; start = end + 1) {
    end = orEnd(header.indexOf(';', start), length);
    // Each search starts at the last match, so the whole header is searched once, whatever is in it.
    if (equals < start) equals = orEnd(header.indexOf('=', start), length);
    if (equals < end && !take(header, start, equals, end, names, values)) return unreadable(header);
  }
  return { names, values };
}

function unreadable(header: string): Cookies {
  return { names: [], values: [], unreadable: true, header };
}

/**
 * Calls back for every pair of a header that could not be read, by the same rules but without their limits, in one pass.
 * Values that are longer than any identifier are left out.
 */
export function eachPair(header: string, see: (name: string, value: string) => void): void {
  const { length } = header;
  let equals = -1;
  for (let start = 0, end: number; start < length; start = end + 1) {
    end = orEnd(header.indexOf(';', start), length);
    if (equals < start) equals = orEnd(header.indexOf('=', start), length);
    if (equals >= end || end - equals > MAX_VALUE) continue;
    const value = trimSpace(header, equals + 1, end);
    const last = value.length - 1;
    const quoted = last > 0 && value.charCodeAt(0) === QUOTE && value.charCodeAt(last) === QUOTE;
    see(trimSpace(header, start, equals), quoted ? value.slice(1, -1) : value);
  }
}

/** The index, or the end of the text for -1. */
function orEnd(at: number, length: number): number {
  return at === -1 ? length : at;
}

/** All but the tab. */
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/;
const TAB = 9;
const QUOTE = 34;

/** Adds the pair between `start` and `end`; false where it breaks a limit. */
function take(header: string, start: number, equals: number, end: number, names: string[], values: string[]): boolean {
  let value = trimSpace(header, equals + 1, end);
  const last = value.length - 1;
  if (last > 0 && value.charCodeAt(0) === QUOTE && value.charCodeAt(last) === QUOTE) value = value.slice(1, -1);
  if (value.length > MAX_VALUE || names.length === MAX_COOKIES) return false;
  names.push(trimSpace(header, start, equals));
  values.push(value);
  return true;
}

/** All values of one name, in order. */
export function cookieValues(cookies: Cookies, name: string): readonly string[] {
  const { names, values } = cookies;
  let found: string[] | undefined;
  for (let i = 0; i < names.length; i++) {
    if (names[i] === name) (found ??= []).push(values[i] as string);
  }
  return found ?? NONE;
}

const NONE: readonly string[] = [];

/** Space and tab only: trimming Unicode space is how cookie prefixes are bypassed (R29). */
function trimSpace(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 32 || code === TAB;
}
