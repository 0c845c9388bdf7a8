import { CLOCK_SKEW } from '../privacy/identifiers.ts';
import { base64url, sign, verify } from './signing.ts';
import type { SigningKey } from './types.ts';

/** The gateway's own visitor id: 128 bits, signed with its issue time, never extended (R25-R27). */
export const OWN_ID = 'pv_id';

/** The id in a `pv_id` cookie, whatever its age; undefined unless the gateway signed it. */
export function ownIdIn(cookie: string, site: string, keys: readonly SigningKey[]): string | undefined {
  return verify(OWN_ID, cookie, site, keys)?.value;
}

/** The own id of a hit, and what has to be set for it: a new cookie, the same under a newer key, or nothing. */
export interface OwnId {
  readonly id: string;
  readonly set: { readonly value: string; readonly maxAge: number } | undefined;
}

/**
 * Keeps the id of a genuine cookie until `cap` milliseconds after its issue, and issues a new one otherwise.
 * Undefined when there is no key to sign with.
 */
export function ownId(
  cookie: string | undefined,
  hit: { readonly id: string; readonly at: number },
  site: string,
  keys: readonly SigningKey[],
  cap: number,
): OwnId | undefined {
  const signed = cookie === undefined ? undefined : verify(OWN_ID, cookie, site, keys);
  if (signed !== undefined && signed.issued <= hit.at + CLOCK_SKEW && hit.at - signed.issued < cap) {
    const renewed = signed.stale ? sign(OWN_ID, signed.value, signed.issued, site, keys) : undefined;
    const left = Math.min(cap, signed.issued + cap - hit.at);
    return { id: signed.value, set: renewed === undefined ? undefined : { value: renewed, maxAge: left } };
  }
  const [key] = keys;
  if (key === undefined) return undefined;
  // Chance comes from the hit's id; hashed, because that id goes to vendors as part of event ids.
  const id = base64url(key.mac(`new|${hit.id}`), 16);
  const value = sign(OWN_ID, id, hit.at, site, keys);
  return value === undefined ? undefined : { id, set: { value, maxAge: cap } };
}
