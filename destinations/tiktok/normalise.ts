import { countryCode as isoCountry } from '../../src/core/countries.ts';
import { e164 } from '../../src/core/phone.ts';
import { emailAddress, hashed } from '../../src/core/user-data.ts';

/*
 * User data as TikTok wants it (`destinations/tiktok.md` 4): what it takes hashed, as SHA-256 in lower-case hex. Undefined
 * where the value could match nobody, or the wrong person.
 */

const WHITESPACE = /\s+/g;
const NOT_PLAIN = /[^a-z0-9]+/g;

function wholeAddress(value: string): string | undefined {
  const address = emailAddress(value);
  return address === undefined ? undefined : `${address.local}@${address.domain}`;
}

export const hashEmail = hashed(wholeAddress);
/** With its `+`. */
export const hashPhone = hashed((value) => e164(value));
export const hashName = hashed((value) => value.normalize('NFC').toLowerCase().replace(WHITESPACE, ''));
export const hashPostalCode = hashName;
/** The site's own id, only trimmed: the pixel hashes it as it is. */
export const hashExternalId = hashed((id) => id);

/** A city or a region in the clear: a-z and 0-9 only; undefined where nothing or no letter of it is left. */
export function place(value: string): string | undefined {
  const name = value.toLowerCase().replace(NOT_PLAIN, '');
  return /[a-z]/.test(name) && name.length <= 100 ? name : undefined;
}

export function country(value: string): string | undefined {
  return isoCountry(value)?.toLowerCase();
}

/** Both are opaque (7): letters, digits and marks that a cookie and an address hold, untouched. */
const CLICK_ID = /^[\w.~-]{4,600}$/;
const BROWSER_ID = /^[\w-]{16,64}(?:\.[\w.-]{1,64})?$/;

export function clickId(value: string): string | undefined {
  return CLICK_ID.test(value) ? value : undefined;
}

export function browserId(value: string): string | undefined {
  return BROWSER_ID.test(value) ? value : undefined;
}
