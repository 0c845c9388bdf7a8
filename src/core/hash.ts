import { hmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

const utf8 = new TextEncoder();

/** SHA-256 of the UTF-8 text, lower-case hex: the form every vendor of the sheets takes. */
export function sha256Hex(text: string): string {
  return bytesToHex(sha256(utf8.encode(text)));
}

/** Bytes as lower-case hex. */
export function hexOf(bytes: Uint8Array): string {
  return bytesToHex(bytes);
}

/** A keyed hash with its key schedule done once. */
export interface KeyedHash {
  /** HMAC-SHA-256 of the UTF-8 text: 32 bytes. */
  (text: string): Uint8Array;
}

/** HMAC-SHA-256 under `key`, prepared so that a call costs two compressions instead of four. */
export function keyedHash(key: Uint8Array): KeyedHash {
  const prepared = hmac.create(sha256, key);
  // One copy for all calls, because making a copy costs as much as a compression.
  const copy = prepared.clone();
  return (text) => prepared._cloneInto(copy).update(utf8.encode(text)).digest();
}

/** Derives an independent 32-byte key for one use from a root key. */
export function deriveKey(root: Uint8Array, use: string): Uint8Array {
  return hmac(sha256, root, utf8.encode(use));
}

/** The namespace for addresses and other names with a prefix that tells their kind (RFC 9562 6.6), as bytes. */
const NAMESPACE_URL = Uint8Array.of(
  0x6b,
  0xa7,
  0xb8,
  0x11,
  0x9d,
  0xad,
  0x11,
  0xd1,
  0x80,
  0xb4,
  0,
  0xc0,
  0x4f,
  0xd4,
  0x30,
  0xc8,
);

/** The version 5 UUID of a name in the namespace URL (RFC 9562 5.5). The same name has the same UUID everywhere. */
export function uuidOfUrl(name: string): string {
  const text = utf8.encode(name);
  const whole = new Uint8Array(NAMESPACE_URL.length + text.length);
  whole.set(NAMESPACE_URL);
  whole.set(text, NAMESPACE_URL.length);
  const bytes = sha1(whole).subarray(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytesToHex(bytes);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
