/** Percent-decodes once; undefined where an escape is broken. */
export function percentDecoded(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Base64 with or without padding, the padding perhaps percent-encoded, of UTF-8 text; undefined for anything else. */
export function base64Decoded(text: string): string | undefined {
  const plain = percentDecoded(text);
  if (plain === undefined) return undefined;
  let bytes: string;
  try {
    bytes = atob(plain);
  } catch {
    return undefined;
  }
  if (!hasHighBytes(bytes)) return bytes;
  try {
    return UTF8.decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
  } catch {
    return undefined;
  }
}

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
