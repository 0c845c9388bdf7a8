import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import type { Sealing } from '../../../core/sealer.ts';

const CIPHER = 'aes-256-gcm';
/** Bytes of a nonce: the length that the mode is made for (NIST SP 800-38D 5.2.1.1). */
const NONCE = 12;
const TAG = 16;

/** AES-256-GCM with a random nonce for each text: nonce, text and tag, in base64url. */
export const aesSealing: Sealing = (bytes) => {
  // A key object: bytes would be made one for each text, which costs several times the cipher.
  const key = createSecretKey(bytes);
  return {
    seal(text, place) {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG });
      cipher.setAAD(Buffer.from(place));
      return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
        'base64url',
      );
    },
    open(text, place) {
      const sealed = Buffer.from(text, 'base64url');
      const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE), { authTagLength: TAG });
      decipher.setAAD(Buffer.from(place));
      decipher.setAuthTag(sealed.subarray(-TAG));
      return Buffer.concat([decipher.update(sealed.subarray(NONCE, -TAG)), decipher.final()]).toString('utf8');
    },
  };
};
