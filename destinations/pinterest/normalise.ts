import { countryCode } from '../../src/core/countries.ts';
import { e164 } from '../../src/core/phone.ts';
import { emailAddress, hashed } from '../../src/core/user-data.ts';

/*
 * User data as Pinterest wants it before hashing (`destinations/pinterest.md` 4). Every function takes what the site has
 * and gives SHA-256 in lower-case hex, or undefined where the value could match nobody, or the wrong person.
 */

const ASCII_PUNCTUATION = /[!-/:-@[-`{-~\s]+/g;
const SEPARATORS = /[\s-]+/g;

/** Lower case; dots and plus parts stay. */
function wholeAddress(value: string): string | undefined {
  const address = emailAddress(value);
  return address === undefined ? undefined : `${address.local}@${address.domain}`;
}

/** A code that is not all digits would become somebody else's without its letters. */
function postalCode(value: string): string | undefined {
  const code = value.replace(SEPARATORS, '');
  return /^\d{2,12}$/.test(code) ? code : undefined;
}

export const hashEmail = hashed(wholeAddress);
/** Digits with the country code, without the `+`. */
export const hashPhone = hashed((number) => e164(number)?.slice(1));
export const hashName = hashed((name) => name.normalize('NFC').toLowerCase());
export const hashCity = hashed((city) => city.normalize('NFC').toLowerCase().replace(ASCII_PUNCTUATION, ''));
/** A code of two letters; a name is none. */
export const hashRegion = hashed((region) => (/^[A-Za-z]{2}$/.test(region) ? region.toLowerCase() : undefined));
export const hashPostalCode = hashed(postalCode);
export const hashCountry = hashed((country) => countryCode(country)?.toLowerCase());
/** The site's own id: Pinterest takes it as a hash only. */
export const hashExternalId = hashed((id) => id);

/** What a click id is written in (8); anything else is left out, so nothing can be hidden in it. */
export function clickId(value: string): string | undefined {
  return /^[\w-]{4,512}$/.test(value) ? value : undefined;
}

/** An amount as a text (3), free of binary remainders and exponents; undefined for what no price looks like. */
export function amountText(value: number): string | undefined {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e15) return undefined;
  const rounded = Math.round(value * 1e6) / 1e6;
  return String(rounded === 0 ? 0 : rounded);
}
