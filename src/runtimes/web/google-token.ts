import { reason } from '../../core/reason.ts';
import { showSecretRef, type ServiceAccountToken } from '../../core/secret.ts';
import { SecretProblem } from '../../delivery/lane/ports.ts';
import { keepTokens, type KeptToken, type TokenOptions, type Tokens } from './kept-tokens.ts';
import { tokenFrom } from './token-answer.ts';

const HOST = 'oauth2.googleapis.com';
const ENDPOINT = `https://${HOST}/token`;
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** How long an assertion is valid, seconds: the longest Google takes. */
const LIFETIME_S = 3_600;

/** Access tokens of service accounts (RFC 7523). */
export function googleTokens({ sink, send, now, credentials }: TokenOptions): Tokens<ServiceAccountToken> {
  const exchange = async (token: ServiceAccountToken): Promise<KeptToken> => {
    const name = showSecretRef(token.credentials);
    const account = await readAccount(await credentials(token), name);
    const at = now();
    const reply = await send(
      {
        method: 'POST',
        url: ENDPOINT,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({
          grant_type: GRANT,
          assertion: await assertion(account, token.scope, at),
        }).toString(),
      },
      [HOST],
    );
    return tokenFrom(reply, { name, at, sink });
  };

  return keepTokens(exchange, now);
}

interface Account {
  readonly email: string;
  readonly keyId: string | undefined;
  readonly key: CryptoKey;
}

const RS256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };

async function readAccount(json: string, name: string): Promise<Account> {
  try {
    const {
      client_email: email,
      private_key: pem,
      private_key_id: keyId,
    } = JSON.parse(json) as Record<string, unknown>;
    if (typeof email !== 'string' || typeof pem !== 'string') throw new TypeError('incomplete');
    const key = await crypto.subtle.importKey('pkcs8', derOf(pem), RS256, false, ['sign']);
    return { email, keyId: typeof keyId === 'string' ? keyId : undefined, key };
  } catch {
    // The parser's message would quote the key, so it is not passed on.
    throw new SecretProblem(reason('vendor.secret_unusable', { name }));
  }
}

/** The bytes between the lines of a PEM text. */
function derOf(pem: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(pem.replaceAll(/-----[^-]+-----|\s/g, '')), (char) => char.charCodeAt(0));
}

async function assertion({ email, keyId, key }: Account, scope: string, nowMs: number): Promise<string> {
  const at = Math.floor(nowMs / 1000);
  const header = { alg: 'RS256', typ: 'JWT', ...(keyId === undefined ? {} : { kid: keyId }) };
  const claims = { iss: email, scope, aud: ENDPOINT, iat: at, exp: at + LIFETIME_S };
  const utf8 = new TextEncoder();
  const signed = [header, claims].map((part) => base64url(utf8.encode(JSON.stringify(part)))).join('.');
  const signature = await crypto.subtle.sign(RS256.name, key, utf8.encode(signed));
  return `${signed}.${base64url(new Uint8Array(signature))}`;
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
