import type { SigningKey } from './types.ts';

/**
 * Signed cookie values (R27): `<issued, unix s in base 36>.<value>.<key id>.<mac>`. The mac is HMAC-SHA-256 over
 * name, issue time, value and site, cut to 128 bits, in base64url: 22 characters. Values are `[A-Za-z0-9_-]`.
 */
export interface Signed {
  readonly value: string;
  /** Unix milliseconds, whole seconds. */
  readonly issued: number;
  /** Signed with a key that is no longer the newest. */
  readonly stale: boolean;
}

/** Signs with the newest key; undefined when there is none. `issued` is unix milliseconds. */
export function sign(
  name: string,
  value: string,
  issued: number,
  site: string,
  keys: readonly SigningKey[],
): string | undefined {
  const [key] = keys;
  if (key === undefined) return undefined;
  const time = Math.floor(issued / 1000).toString(36);
  return `${time}.${value}.${key.id}.${macOf(key, name, time, value, site)}`;
}

/** What a signed cookie says; undefined unless one of the keys has signed exactly this, under this name, for this site. */
export function verify(name: string, cookie: string, site: string, keys: readonly SigningKey[]): Signed | undefined {
  const parts = cookie.length > MAX_LENGTH ? [] : cookie.split('.');
  if (parts.length !== 4) return undefined;
  const [time, value, id, mac] = parts as [string, string, string, string];
  for (const key of keys) {
    if (key.id === id && sameText(mac, macOf(key, name, time, value, site))) {
      return { value, issued: Number.parseInt(time, 36) * 1000, stale: key !== keys[0] };
    }
  }
  return undefined;
}

const MAX_LENGTH = 4096;

/** Name, time and site hold no `|`, so different inputs never give the same text. */
function macOf(key: SigningKey, name: string, time: string, value: string, site: string): string {
  return base64url(key.mac(`${name}|${time}|${value}|${site}`), 16);
}

/** Compared as text, so that the unused bits of the last character are checked, too; time depends on length only. */
function sameText(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The first `count` bytes in base64url without padding. */
export function base64url(bytes: Uint8Array, count: number): string {
  let text = '';
  let pending = 0;
  let bits = 0;
  for (let i = 0; i < count; i++) {
    pending = ((pending << 8) | (bytes[i] as number)) & 0xffff;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += ALPHABET[(pending >> bits) & 63];
    }
  }
  return bits === 0 ? text : text + ALPHABET[(pending << (6 - bits)) & 63];
}
