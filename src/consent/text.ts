/** Percent-decodes once; undefined where an escape is broken. */
export function percentDecoded(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return inOtherCharset(text);
  }
}

/** A `%` that starts no escape. Those of `escape` (ECMA-262 B.2.1.1) have four digits, for what one byte cannot hold. */
const BROKEN = /%(?![0-9A-Fa-f]{2}|u(?!00)[0-9A-Fa-f]{4})/;

/**
 * Decodes valid escapes that are not UTF-8: a page's address in Latin-1, or a text that `escape` wrote. The separators of
 * a record are ASCII, so they are decoded correctly.
 */
function inOtherCharset(text: string): string | undefined {
  if (BROKEN.test(text)) return undefined;
  return text.replace(/%(?:u([0-9A-Fa-f]{4})|([0-9A-Fa-f]{2}))/g, (_, wide: string | undefined, byte: string) =>
    String.fromCharCode(Number.parseInt(wide ?? byte, 16)),
  );
}

/** How often records are percent-encoded at most: a server or a framework adds a layer to what the platform wrote. */
const MOST_LAYERS = 3;

/**
 * Reads a value; if it cannot be read, takes one layer of percent-encoding off and reads again. A value that can be read
 * is never decoded further: an escape inside it must not become structure (`consent.md` 0, rule 2).
 * @param layers how many layers `read` takes off itself
 */
export function readLayers<T>(
  value: string,
  layers: 0 | 1,
  read: (text: string) => T,
  isRead: (result: T) => boolean,
): T {
  const first = read(value);
  if (isRead(first)) return first;
  let text = value;
  for (let taken = layers; taken < MOST_LAYERS && text.includes('%'); taken++) {
    const next = percentDecoded(text);
    if (next === undefined || next === text) break;
    text = unquoted(next);
    const result = read(text);
    if (isRead(result)) return result;
  }
  return first;
}

/** Without the quotes of a JSON text around it, which some libraries put on whatever they store. */
function unquoted(text: string): string {
  return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

const QUOTED_WORD = /^%22([\w.:,-]{0,64})%22$/;

/** A word without the quotes a library put around it. A record of any other kind is read in layers, and loses them there. */
export function unquotedWord(value: string): string {
  return value.startsWith('%22') ? (QUOTED_WORD.exec(value)?.[1] ?? value) : value;
}

const VERSION = /^\d{1,4}(?:\.\d{1,4}){0,6}$/;

/** Whether a text has the form of a version number. Any other text could identify the visitor. */
export function isVersion(text: string | undefined): text is string {
  return text !== undefined && VERSION.test(text);
}

/**
 * Base64 in either alphabet (RFC 4648 4 and 5), with or without padding, the padding perhaps percent-encoded, of UTF-8
 * or Latin-1 text; undefined for anything else. A space is a `+` that went through a form decoder.
 */
export function base64Decoded(text: string): string | undefined {
  const plain = percentDecoded(text);
  if (plain === undefined) return undefined;
  let bytes: string;
  try {
    bytes = atob(OTHER_ALPHABET.test(plain) ? plain.replace(/[- ]/g, '+').replaceAll('_', '/') : plain);
  } catch {
    return undefined;
  }
  if (!hasHighBytes(bytes)) return bytes;
  try {
    return UTF8.decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
  } catch {
    // Latin-1, which `btoa` takes as it is.
    return bytes;
  }
}

const OTHER_ALPHABET = /[-_ ]/;
const UTF8 = new TextDecoder('utf-8', { fatal: true });

function hasHighBytes(bytes: string): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes.charCodeAt(i) > 127) return true;
  return false;
}

const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})$/;

/** An ISO 8601 instant as unix milliseconds. Stricter than `Date.parse`, which reads a date into almost anything. */
export function isoTime(text: string | undefined): number | undefined {
  if (text === undefined || text.length > 40 || !ISO.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

const DIGITS = /^\d{1,15}$/;

/** Unix time in plain digits, times `unit` milliseconds. */
export function digitsTime(text: string | undefined, unit: number): number | undefined {
  return text !== undefined && DIGITS.test(text) ? unixTime(Number(text), unit) : undefined;
}

/** A unix time in units of `unit` milliseconds; undefined where it cannot be one. */
export function unixTime(value: number | undefined, unit: number): number | undefined {
  return value !== undefined && Number.isSafeInteger(value) && value > 0 ? value * unit : undefined;
}

const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** A date as HTTP and cookies have it (RFC 9110 5.6.7), as unix milliseconds. */
export function httpTime(text: string | undefined): number | undefined {
  if (text === undefined || !HTTP_DATE.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

/** The end of a choice that holds for some days; undefined where one of the two is unknown. */
export function daysAfter(at: number | undefined, days: number | undefined): number | undefined {
  return at === undefined || days === undefined || !(days > 0) ? undefined : at + days * DAY;
}

const DAY = 86_400_000;

/** What scripts write where there is nothing to write. */
export function isNothing(value: string): boolean {
  return value === '' || value === 'null' || value === 'undefined';
}

/** Values of a cookie that was emptied or never filled; PHP deletes a cookie by writing `deleted`. */
const EMPTIED: ReadonlySet<string> = new Set([
  '',
  'null',
  'undefined',
  'NaN',
  '[object Object]',
  'deleted',
  '{}',
  '%7B%7D',
  '%7b%7d',
  'e30',
  'e30=',
  'e30%3D',
]);

/** Whether a cookie holds nothing any more. */
export function isEmptied(value: string): boolean {
  return EMPTIED.has(value);
}
