import { hmac } from '@noble/hashes/hmac.js';
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
  // One copy, used again for each call: it costs as much to make as a compression.
  const copy = prepared.clone();
  return (text) => prepared._cloneInto(copy).update(utf8.encode(text)).digest();
}

/** Derives an independent 32-byte key for one use from a root key. */
export function deriveKey(root: Uint8Array, use: string): Uint8Array {
  return hmac(sha256, root, utf8.encode(use));
}
