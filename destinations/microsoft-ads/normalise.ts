import { sha256Hex } from '../../src/core/hash.ts';
import { e164 } from '../../src/core/user-data.ts';

/** An e-mail address Microsoft's way, hashed (`destinations/microsoft.md` A.3): for every domain, not only Gmail. */
export function emailHash(raw: string): string | undefined {
  const text = raw.trim().toLowerCase();
  const at = text.indexOf('@');
  const domain = text.slice(at + 1);
  if (at < 1 || text.length > 320 || domain.includes('@') || !domain.includes('.') || /\s/.test(text)) return undefined;
  const plus = text.indexOf('+');
  const local = text.slice(0, plus === -1 || plus > at ? at : plus).replaceAll('.', '');
  return local === '' ? undefined : sha256Hex(`${local}@${domain}`);
}

/** A phone number as E.164 with `+`, hashed (A.3). */
export function phoneHash(raw: string): string | undefined {
  const number = e164(raw);
  return number === undefined ? undefined : sha256Hex(number);
}

/** A click id is 32 hex digits (B, Cookies); anything else is left out, so nothing can be hidden in it. */
export function clickId(raw: string): string | undefined {
  return /^[\dA-Fa-f]{32}$/.test(raw) ? raw : undefined;
}

/** 32 hex digits or more as a version 4 UUID (RFC 9562 5.4): version and variant take six bits, the rest stays. */
export function uuid(hex: string): string {
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/**
 * 32 hex digits that spread a text evenly (FNV-1a with four seeds). Not a cryptographic hash: for numbers that only
 * have to be the same for the same page, where a SHA-256 would cost more than the rest of the event.
 */
export function digits(text: string): string {
  let hex = '';
  for (const seed of [0x811c9dc5, 0x01000193, 0x9e3779b9, 0x85ebca6b]) {
    let mixed = seed;
    for (let i = 0; i < text.length; i++) mixed = Math.imul(mixed ^ text.charCodeAt(i), 0x01000193);
    hex += ((mixed ^ (mixed >>> 15)) >>> 0).toString(16).padStart(8, '0');
  }
  return hex;
}
