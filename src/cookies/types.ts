import type { KeyedHash } from '../core/hash.ts';

/** The cookies section of one site, compiled. */
export interface SiteCookies {
  /** `Domain` of the site's vendor cookies; undefined = host-only. */
  readonly domain: string | undefined;
  /** Longest life of an analytics identifier, milliseconds from first issue, never extended. */
  readonly analytics: number;
  /** The same for click and ad identifiers. */
  readonly ads: number;
  /** Whether the gateway issues its own visitor id, `pv_id`. */
  readonly ownId: boolean;
  /** Signing keys, newest first; the first signs, all verify. */
  readonly signing: readonly SigningKey[];
}

export interface SigningKey {
  /** Short public name of the key, inside the cookie. */
  readonly id: string;
  readonly mac: KeyedHash;
}
