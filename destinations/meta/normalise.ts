import { countryCode as isoCountry } from '../../src/core/countries.ts';
import { e164 } from '../../src/core/phone.ts';
import { bareAddress, hashed } from '../../src/core/user-data.ts';
import { REGION_CODES } from './regions.ts';

/*
 * User data as Meta wants it before hashing (`destinations/meta.md` 4.1). Every function takes what the site has and
 * gives SHA-256 in lower-case hex, or undefined where the value could match nobody, or the wrong person.
 */

const WHITESPACE = /\s+/g;
const ASCII_PUNCTUATION = /[!-/:-@[-`{-~\s]+/g;
const NOT_ALPHANUMERIC = /[^a-zA-Z0-9]+/g;

const LOCAL_PART = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+$/;
const DOMAIN_LABEL = /^[a-z0-9-]+$/;

/** A dotted ASCII name at the right of one `@`; dots and plus parts stay, as Meta does not strip them. */
function emailAddress(value: string): string | undefined {
  const address = bareAddress(value);
  const at = address.indexOf('@');
  if (at < 1 || address.length > 254) return undefined;
  const labels = address.slice(at + 1).split('.');
  const valid =
    address
      .slice(0, at)
      .split('.')
      .every((atom) => LOCAL_PART.test(atom)) &&
    labels.length > 1 &&
    labels.every((label) => DOMAIN_LABEL.test(label) && !label.startsWith('-') && !label.endsWith('-'));
  return valid ? address : undefined;
}

/** Digits with the country code, without the `+`. */
function phoneNumber(value: string): string | undefined {
  return e164(value)?.slice(1);
}

function personName(value: string): string {
  return value.normalize('NFC').toLowerCase().replace(ASCII_PUNCTUATION, '');
}

/** Meta's own builder strips every letter outside a-z here, so that is what it compares with (12). */
function cityName(value: string): string | undefined {
  const name = value.replace(NOT_ALPHANUMERIC, '').toLowerCase();
  return /^[a-z]/.test(name) ? name : undefined;
}

/** Two letters for the states and provinces of the US and Canada, the plain name elsewhere. */
function regionName(value: string): string {
  const name = value.toLowerCase().replace(ASCII_PUNCTUATION, '');
  return REGION_CODES.get(name) ?? name;
}

function postalCode(value: string): string | undefined {
  const code = (value.toLowerCase().split('-', 1)[0] ?? '').replace(WHITESPACE, '');
  return code.length < 2 ? undefined : code;
}

function countryCode(value: string): string | undefined {
  return isoCountry(value)?.toLowerCase();
}

export const hashEmail = hashed(emailAddress);
export const hashPhone = hashed(phoneNumber);
export const hashName = hashed(personName);
export const hashCity = hashed(cityName);
export const hashRegion = hashed(regionName);
export const hashPostalCode = hashed(postalCode);
export const hashCountry = hashed(countryCode);
/** As Meta's builder does it, so that the pixel's `external_id` of the same id is the same hash. */
export const hashExternalId = hashed((id) => id.toLowerCase().replace(WHITESPACE, ''));

/*
 * `fb.<digits>.<digits>.<payload>` and, perhaps, the appendix of Meta's parameter builder (6.2): a language token of
 * two characters, or six bytes in base64url of which the first is 1 and the second a language from 1 to 6 - which
 * makes the first three characters `AQ` and one of E to b. The first digits count the labels of a host: more than three are
 * none, although the builder takes them.
 */
const COOKIE = /^fb\.\d{1,3}\.\d{1,16}\.[\w-]{1,500}(?:\.(?:A[Qgw]|B[AQg]|AQ[E-Zab][\w-]{5}))?$/;

/** A `_fbp` or `_fbc` value, untouched, appendix and all; undefined where Meta's own builder would ignore it. */
export function browserCookie(value: string): string | undefined {
  return COOKIE.test(value) ? value : undefined;
}
