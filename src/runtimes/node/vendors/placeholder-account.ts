import { generateKeyPairSync } from 'node:crypto';

/** A service account that does not exist: it is used with a sink when there is no real one. */
export function placeholderCredentials(): string {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return JSON.stringify({ client_email: 'sink@sink.invalid', private_key: privateKey });
}
