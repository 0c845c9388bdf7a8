import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { deriveKey } from '../../core/hash.ts';
import type { Sealing } from '../../core/sealer.ts';

/** RFC 8439 2.8 */
const NONCE_BYTES = 12;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * ChaCha20-Poly1305 with a random nonce for each text: nonce, text and tag, in base64url. Its key is derived once more,
 * because a gateway on Node uses the one that is given with another cipher.
 */
export const webSealing: Sealing = (given) => {
  const key = deriveKey(given, 'ChaCha20-Poly1305');
  return {
    seal(text, place) {
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const sealed = chacha20poly1305(key, nonce, encoder.encode(place)).encrypt(encoder.encode(text));
      return toText(nonce) + toText(sealed);
    },
    open(sealed, place) {
      const bytes = toBytes(sealed);
      const [nonce, rest] = [bytes.slice(0, NONCE_BYTES), bytes.slice(NONCE_BYTES)];
      return decoder.decode(chacha20poly1305(key, nonce, encoder.encode(place)).decrypt(rest));
    },
  };
};

/** The nonce is a multiple of three bytes long, so that two texts put together are the text of all bytes. */
function toText(bytes: Uint8Array): string {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function toBytes(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
}
