import { sha256Hex } from '../../src/core/hash.ts';
import { e164 } from '../../src/core/phone.ts';
import { emailAddress, hashed } from '../../src/core/user-data.ts';

/*
 * User data as Reddit wants it before hashing (`destinations/reddit.md` 4). Every function gives SHA-256 in lower-case hex,
 * or undefined where the value could match nobody, or the wrong person.
 */

const NOT_ALPHANUMERIC = /[^a-z0-9]+/g;
/** Whether Reddit counts other letters as letters is not said. */
const ASCII = /^[!-~]+$/;

/**
 * For every domain the local part loses what follows a `+`, and then all that is no letter and no digit. No hash is taken
 * for one: a site's own is made another way.
 */
export function hashEmail(raw: string): string | undefined {
  const address = emailAddress(raw);
  if (address === undefined || !ASCII.test(address.local)) return undefined;
  const local = (address.local.split('+', 1)[0] ?? '').replace(NOT_ALPHANUMERIC, '');
  return local === '' ? undefined : sha256Hex(`${local}@${address.domain}`);
}

/** E.164 with `+`. */
export const hashPhone = hashed(e164);
/** The site's own id, trimmed. */
export const hashExternalId = hashed((id) => id);

/** What a click id may be written in (8); anything else is left out, so nothing can be hidden in it. */
export function clickId(value: string): string | undefined {
  return /^[\w.~-]{4,512}$/.test(value) ? value : undefined;
}

/** A UUID as the pixel made it. */
export function browserId(value: string): string | undefined {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value) ? value : undefined;
}
