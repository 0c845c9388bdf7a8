import { emailAddress, hashed } from '../../src/core/user-data.ts';

/*
 * User data as LinkedIn wants it before hashing (`destinations/linkedin.md` 3). LinkedIn takes any text as an
 * identifier without a look, so what cannot be one is left out here.
 */

const WHITESPACE = /\s+/g;
const ASCII_PUNCTUATION = /[!-/:-@[-`{-~\s]+/g;

/** Lower case, all whitespace removed, dots and plus parts kept. */
function wholeAddress(value: string): string | undefined {
  const address = emailAddress(value.replace(WHITESPACE, ''));
  return address === undefined ? undefined : `${address.local}@${address.domain}`;
}

export const hashEmail = hashed(wholeAddress);
export const hashName = hashed((name) => name.normalize('NFC').toLowerCase().replace(ASCII_PUNCTUATION, ''));
/** The site's own id: LinkedIn matches it as it is, so only its hash is shown. */
export const hashExternalId = hashed((id) => id);

/** Groups of letters and digits with hyphens between: what LinkedIn appends to landing pages. */
const CLICK_ID = /^[0-9A-Za-z]+(?:-[0-9A-Za-z]+)+$/;

export function clickId(value: string): string | undefined {
  return value.length <= 64 && CLICK_ID.test(value) ? value : undefined;
}

/**
 * A decimal text of at most six places and at least two, free of binary remainders and exponents: 59.9 -> `59.90`,
 * 0.1 + 0.2 -> `0.30`. Undefined for what no price looks like.
 */
export function decimal(value: number): string | undefined {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e15) return undefined;
  if (Number.isInteger(value)) return value === 0 ? '0.00' : `${value}.00`;
  const text = value.toFixed(6);
  let end = text.length;
  while (end > text.length - 4 && text[end - 1] === '0') end--;
  const short = text.slice(0, end);
  return Number(short) === 0 ? '0.00' : short;
}
