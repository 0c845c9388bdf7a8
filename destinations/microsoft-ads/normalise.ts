import { sha256Hex } from '../../src/core/hash.ts';
import { e164 } from '../../src/core/phone.ts';
import { emailAddress } from '../../src/core/user-data.ts';

/** An e-mail address Microsoft's way, hashed (`destinations/microsoft.md` A.3): for every domain, not only Gmail. */
export function emailHash(raw: string): string | undefined {
  const address = emailAddress(raw);
  if (address === undefined) return undefined;
  const local = (address.local.split('+', 1)[0] ?? '').replaceAll('.', '');
  return local === '' ? undefined : sha256Hex(`${local}@${address.domain}`);
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
  const variant = '89ab'.charAt(Number.parseInt(hex.charAt(16), 16) & 3);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/**
 * 32 hex digits that spread a text evenly (FNV-1a with four seeds). Not a cryptographic hash: for numbers that only
 * have to be the same for the same page, where a SHA-256 would cost more than the rest of the event.
 */
export function hexDigits(text: string): string {
  let a = 0x811c9dc5;
  let b = 0x01000193;
  let c = 0x9e3779b9;
  let d = 0x85ebca6b;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, PRIME);
    b = Math.imul(b ^ code, PRIME);
    c = Math.imul(c ^ code, PRIME);
    d = Math.imul(d ^ code, PRIME);
  }
  return hex8(a) + hex8(b) + hex8(c) + hex8(d);
}

const PRIME = 0x01000193;

/** Two digits each: a table, because `toString(16)` would take longer than the rest. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function hex8(mixed: number): string {
  const spread = mixed ^ (mixed >>> 15);
  return `${HEX[spread >>> 24]}${HEX[(spread >>> 16) & 255]}${HEX[(spread >>> 8) & 255]}${HEX[spread & 255]}`;
}
