import { countryCode } from '../countries.ts';
import { sha256Hex } from '../hash.ts';
import { e164 } from '../phone.ts';
import type { Reads, View } from '../destination.ts';
import { emailAddress, sha256Of } from '../user-data.ts';

/*
 * Persons as Google's Data Manager API is told of them (`destinations/google-ads.md` 2.4): what is read of an event, how it is
 * normalised and hashed, and the identifiers that are made of it.
 */

/** Most identifiers of one event (2.6). */
const MAX_IDENTIFIERS = 10;

/** One thing Google may match a person on; every text but region and postal code is a SHA-256, lower-case hex. */
export type UserIdentifier =
  | { readonly emailAddress: string }
  | { readonly phoneNumber: string }
  | { readonly address: PostalAddress };

export interface PostalAddress {
  readonly givenName: string;
  readonly familyName: string;
  readonly regionCode: string;
  readonly postalCode: string;
}

/** An e-mail address Google's way, hashed (`destinations/google-ads.md` 2.4); undefined if it is none. */
export function googleEmailHash(raw: string): string | undefined {
  const address = emailAddress(raw);
  if (address === undefined) return undefined;
  const { domain } = address;
  let { local } = address;
  if (domain === 'gmail.com' || domain === 'googlemail.com') {
    const plus = local.indexOf('+');
    local = (plus === -1 ? local : local.slice(0, plus)).replaceAll('.', '');
    if (local === '') return undefined;
  }
  return sha256Hex(`${local}@${domain}`);
}

/** A phone number as E.164, hashed (2.4). */
export function googlePhoneHash(raw: string): string | undefined {
  const number = e164(raw);
  return number === undefined ? undefined : sha256Hex(number);
}

/** A given or family name, hashed (2.4). */
export function nameHash(raw: string): string | undefined {
  const text = raw.toLowerCase().replaceAll(/\p{P}/gu, '').trim();
  return text === '' ? undefined : sha256Hex(text);
}

/**
 * GA4's `em` (`destinations/ga4.md` 3.8), which is normalised and hashed Google's way already: the same hashes as
 * user identifiers. Parts that cannot be read, error markers (`em.e2`) among them, are left out.
 */
export function readUserParts(text: string): readonly UserIdentifier[] | undefined {
  const [version, ...parts] = text.split('~', 64);
  if (version !== 'tv.1') return undefined;
  const identifiers: UserIdentifier[] = [];
  const addresses = new Map<string, Partial<Record<string, string>>>();
  for (const part of parts) {
    const dot = part.indexOf('.');
    const key = part.slice(0, dot);
    const value = part.slice(dot + 1);
    if (key === 'em' || key === 'pn') {
      const hash = hexOf(value);
      if (hash !== undefined) identifiers.push(key === 'em' ? { emailAddress: hash } : { phoneNumber: hash });
    } else if (/^(?:fn|ln|co|pc)\d$/.test(key)) {
      const index = key.slice(2);
      addresses.set(index, { ...addresses.get(index), [key.slice(0, 2)]: value });
    }
  }
  for (const { fn = '', ln = '', co = '', pc = '' } of addresses.values()) {
    const address = addressOf(hexOf(fn), hexOf(ln), countryCode(co), postalCode(pc));
    if (address !== undefined) identifiers.push({ address });
  }
  return identifiers.length === 0 ? undefined : identifiers;
}

/** A postal code goes in the clear (2.4): letters, digits, spaces and hyphens, so that nothing else can. */
export function postalCode(raw: string): string | undefined {
  const code = raw.trim();
  return /^[\p{L}\d][\p{L}\d -]{0,15}$/u.test(code) ? code : undefined;
}

/** All four parts, each normalised, or no address (2.4). */
export function addressOf(
  givenName: string | undefined,
  familyName: string | undefined,
  regionCode: string | undefined,
  code: string | undefined,
): PostalAddress | undefined {
  if (givenName === undefined || familyName === undefined || regionCode === undefined || code === undefined)
    return undefined;
  return { givenName, familyName, regionCode, postalCode: code };
}

/** A SHA-256 as hex: from hex, or from base64url without padding, which is what gtag sends. */
function hexOf(hash: string): string | undefined {
  if (/^[\dA-Fa-f]{64}$/.test(hash)) return hash.toLowerCase();
  if (!/^[\w-]{43}$/.test(hash)) return undefined;
  const bytes = atob(hash.replaceAll('-', '+').replaceAll('_', '/'));
  let hex = '';
  for (let i = 0; i < bytes.length; i++) hex += bytes.charCodeAt(i).toString(16).padStart(2, '0');
  return hex;
}

/** What of an event says who it is about, prepared as Google wants it. */
export const userReads = {
  email: { as: googleEmailHash },
  phone: { as: googlePhoneHash },
  phone_sha256: { as: sha256Of },
  first_name: { as: nameHash },
  last_name: { as: nameHash },
  postal_code: { as: postalCode },
  user_country: { as: countryCode },
  google_user_data: { as: readUserParts },
} as const satisfies Reads;

/** What Google may match the person on, each once; undefined where there is nothing. */
export function userDataOf(
  view: View<typeof userReads>,
): { readonly userIdentifiers: readonly UserIdentifier[] } | undefined {
  const found: UserIdentifier[] = [];
  if (view.email !== undefined) found.push({ emailAddress: view.email });
  const phone = view.phone ?? view.phone_sha256;
  if (phone !== undefined) found.push({ phoneNumber: phone });
  const address = addressOf(view.first_name, view.last_name, view.user_country, view.postal_code);
  if (address !== undefined) found.push({ address });
  const known = new Set(found.map((identifier) => JSON.stringify(identifier)));
  for (const identifier of view.google_user_data ?? []) {
    const text = JSON.stringify(identifier);
    if (!known.has(text)) found.push(identifier);
    known.add(text);
  }
  return found.length === 0 ? undefined : { userIdentifiers: found.slice(0, MAX_IDENTIFIERS) };
}
