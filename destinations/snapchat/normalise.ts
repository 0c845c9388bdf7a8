import { countryCode } from '../../src/core/countries.ts';
import { e164 } from '../../src/core/phone.ts';
import { emailAddress, hashed } from '../../src/core/user-data.ts';

/*
 * User data as Snap wants it before hashing (`destinations/snapchat.md` 4). Every function gives SHA-256 in lower-case
 * hex, or undefined where the value could match nobody, or the wrong person.
 */

const WHITESPACE = /\s+/g;
const PUNCTUATION = /[\s\p{P}\p{S}]+/gu;

function wholeAddress(value: string): string | undefined {
  const address = emailAddress(value);
  return address === undefined ? undefined : `${address.local}@${address.domain}`;
}

export const hashEmail = hashed(wholeAddress);
/** Digits with the country code, without `+` and without the zero that is dialled at home only. */
export const hashPhone = hashed((value) => e164(value)?.slice(1));
export const hashName = hashed((value) => value.normalize('NFC').toLowerCase().replace(WHITESPACE, ''));
export const hashCity = hashed((value) => value.normalize('NFC').toLowerCase().replace(PUNCTUATION, ''));
/** Two letters; how a region of another form is written is not said. */
export const hashRegion = hashed((value) => (/^[a-z]{2}$/i.test(value) ? value.toLowerCase() : undefined));
/** Five digits; how a postcode of another form is written is not said. */
export const hashPostalCode = hashed((value) => /^(\d{5})(?:-\d{4})?$/.exec(value)?.[1]);
export const hashCountry = hashed((value) => countryCode(value)?.toLowerCase());
export const hashExternalId = hashed((id) => id.toLowerCase());

/** Opaque (8): letters, digits and marks that a cookie and an address hold, untouched. */
export function clickId(value: string): string | undefined {
  return /^[\w.~-]{4,500}$/.test(value) ? value : undefined;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function browserId(value: string): string | undefined {
  return UUID.test(value) ? value : undefined;
}
