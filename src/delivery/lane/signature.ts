import { hexOf, keyedHash } from '../../core/hash.ts';
import type { Signature } from '../../core/secret.ts';

const PREFIX = 'whsec_';
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** A key for a sink where no key is set: 24 zero bytes. */
export const SINK_KEY = `${PREFIX}${'A'.repeat(32)}`;

/**
 * The bytes a secret stands for as a key; undefined if its text is none. `whsec`: 24 to 64 bytes in base64 behind
 * `whsec_` (`destinations/http.md` 2). `text`: the bytes of the text.
 */
export function signingKey(text: string, form: Signature['keyForm']): Uint8Array | undefined {
  if (form === 'text') return text === '' ? undefined : new TextEncoder().encode(text);
  const base64 = text.slice(PREFIX.length);
  if (!text.startsWith(PREFIX) || !BASE64.test(base64)) return undefined;
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  return bytes.length >= 24 && bytes.length <= 64 ? bytes : undefined;
}

/** HMAC-SHA256 of the UTF-8 text, written as the vendor wants it. */
export function signed(key: Uint8Array, text: string, form: Signature['form']): string {
  const bytes = keyedHash(key)(text);
  return form === 'hex' ? hexOf(bytes) : btoa(String.fromCharCode(...bytes));
}
