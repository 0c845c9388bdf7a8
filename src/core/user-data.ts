import { sha256Hex } from './hash.ts';

const HEX64 = /^[0-9a-f]{64}$/i;

/**
 * Hashes what `normalise` makes of a trimmed value, to lower-case hex; a value that is a SHA-256 already is only
 * lower-cased. Undefined or empty = unusable.
 */
export function hashed(normalise: (value: string) => string | undefined): (value: string) => string | undefined {
  return (value) => {
    const trimmed = value.trim();
    if (HEX64.test(trimmed)) return trimmed.toLowerCase();
    const normal = normalise(trimmed);
    return normal === undefined || normal === '' ? undefined : sha256Hex(normal);
  };
}

/**
 * A phone number as E.164 with `+`. A number without a country code (`+47` or `0047`) is unusable: which country it
 * belongs to is not known here, and a guess would be somebody else's number.
 */
export function e164(raw: string): string | undefined {
  if (raw.length > 40 || !/^[\s+\d().\-/]+$/.test(raw)) return undefined;
  // `+49 (0)30 ...`: the trunk zero is not dialled from abroad.
  const text = raw.trim().replace('(0)', '');
  let digits = text.replaceAll(/\D/g, '');
  if (text.lastIndexOf('+') > 0) return undefined;
  if (!text.startsWith('+')) {
    if (!digits.startsWith('00')) return undefined;
    digits = digits.slice(2);
  }
  return /^[1-9]\d{6,14}$/.test(digits) ? `+${digits}` : undefined;
}
