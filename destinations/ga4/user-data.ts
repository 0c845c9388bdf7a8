import { countryCode } from '../../src/core/countries.ts';
import { sha256Hex } from '../../src/core/hash.ts';
import { e164 } from '../../src/core/phone.ts';
import { emailAddress, sha256Of } from '../../src/core/user-data.ts';

/**
 * User-provided data, normalised Google's way and hashed where Google wants a hash (`destinations/ga4.md` 2.6).
 * Undefined = nothing usable is left.
 */
export function hashEmail(email: string): string | undefined {
  const address = emailAddress(email);
  if (address === undefined) return undefined;
  const { local, domain } = address;
  // Google's own mail ignores dots, so an address has many spellings.
  const canonical = domain === 'gmail.com' || domain === 'googlemail.com' ? local.replaceAll('.', '') : local;
  return canonical === '' ? undefined : sha256Hex(`${canonical}@${domain}`);
}

/** A phone number as E.164, hashed. */
export function hashPhone(phone: string): string | undefined {
  const number = e164(phone);
  return number === undefined ? undefined : sha256Hex(number);
}

/** The site's own SHA-256 of an E.164 number, which is what Google hashes, too. */
export const hashedPhone = sha256Of;

/** A given or a family name: without digits and symbols. */
export function hashName(name: string): string | undefined {
  const text = plainPlace(name);
  return text === undefined ? undefined : sha256Hex(text);
}

/** A street address: without symbols, the house number stays. */
export function hashStreet(street: string): string | undefined {
  const text = street
    .replace(/[\p{P}\p{S}]/gu, '')
    .toLowerCase()
    .trim();
  return text === '' ? undefined : sha256Hex(text);
}

/** City or region, which Google takes in the clear: without digits and symbols. */
export function plainPlace(place: string): string | undefined {
  const text = place
    .replace(/[\p{N}\p{P}\p{S}]/gu, '')
    .toLowerCase()
    .trim();
  return text === '' ? undefined : text;
}

/** Postal code, in the clear: without `~` and `.`, which the formats use themselves. */
export function plainPostalCode(code: string): string | undefined {
  const text = code.replace(/[~.]/g, '').trim();
  return text === '' ? undefined : text;
}

/** ISO 3166-1 alpha-2. */
export const plainCountry = countryCode;

/** SHA-256 as base64url without padding or as hex. */
const HASH = /^(?:[A-Za-z0-9_-]{43}|[0-9A-Fa-f]{64})$/;
const HASHED = /^(?:em|pn|(?:fn|ln|sa)\d?)$/;
const CLEAR = /^(?:ct|rg|pc|co)\d?$/;

/**
 * GA4's `em` (`destinations/ga4.md` 3.8), reduced to what it is meant to be: parts that must be hashes are left out
 * when they are not, so that no site can send an address in the clear by mistake. Undefined = nothing left.
 */
export function cleanUserData(em: string): string | undefined {
  const [version, ...parts] = em.split('~');
  if (version !== 'tv.1') return undefined;
  const kept = parts.filter((part) => {
    const dot = part.indexOf('.');
    const key = part.slice(0, dot);
    const value = part.slice(dot + 1);
    return HASHED.test(key)
      ? HASH.test(value)
      : CLEAR.test(key) && value !== '' && value.length <= 64 && !value.includes('@');
  });
  return kept.length === 0 ? undefined : `tv.1~${kept.join('~')}`;
}
