import type { Reply } from '../../core/destination.ts';
import { reason } from '../../core/reason.ts';
import { showSecretRef, type AccessToken, type SecretRef } from '../../core/secret.ts';
import { SecretProblem, type Send } from '../../delivery/lane/ports.ts';

const HOST = 'oauth2.googleapis.com';
const ENDPOINT = `https://${HOST}/token`;
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** How long an assertion is valid, seconds: the longest Google takes. */
const LIFETIME_S = 3_600;
/** A token is renewed so long before it ends, milliseconds. */
const MARGIN_MS = 5 * 60_000;
/** The token when a sink answers without one, so that a plain recorder is enough. */
const SINK_TOKEN = 'sink';

interface Options {
  readonly sink: boolean;
  readonly send: Send;
  readonly now: () => number;
  /** The service account's JSON. */
  readonly credentials: (ref: SecretRef) => Promise<string>;
}

/** Access tokens of service accounts (RFC 7523): one exchange at a time for each, kept until shortly before the end. */
export interface Tokens {
  /** Rejects with `SecretProblem` when the account is refused or its JSON unusable, with another error for the network. */
  value(token: AccessToken): Promise<string>;
  forget(token: AccessToken): void;
  clear(): void;
}

interface Kept {
  readonly value: string;
  /** Unix milliseconds. */
  readonly renewAt: number;
}

export function googleTokens({ sink, send, now, credentials }: Options): Tokens {
  const kept = new Map<string, Promise<Kept>>();

  const exchange = async (token: AccessToken): Promise<Kept> => {
    const name = showSecretRef(token.credentials);
    const account = await readAccount(await credentials(token.credentials), name);
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
    return readToken(reply, name, at, sink);
  };

  const start = (token: AccessToken, key: string): Promise<Kept> => {
    const started = exchange(token);
    kept.set(key, started);
    started.catch(() => {
      if (kept.get(key) === started) kept.delete(key);
    });
    return started;
  };

  return {
    async value(token) {
      const key = keyOf(token);
      const current = kept.get(key) ?? start(token, key);
      const { value, renewAt } = await current;
      if (now() < renewAt) return value;
      // Whoever comes first renews; the others find the new exchange under way.
      const newer = kept.get(key);
      return (await (newer === undefined || newer === current ? start(token, key) : newer)).value;
    },
    forget: (token) => void kept.delete(keyOf(token)),
    clear: () => kept.clear(),
  };
}

function keyOf({ credentials, scope }: AccessToken): string {
  return `${showSecretRef(credentials)} ${scope}`;
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
    // The parser's message would quote the key.
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

function readToken({ status, body }: Reply, name: string, at: number, sink: boolean): Kept {
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
    throw new SecretProblem(reason('vendor.secret_unusable', { name, status: `${status}` }));
  }
  const answer = status >= 200 && status < 300 ? parse(body) : undefined;
  const token = answer?.['access_token'];
  if (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)) {
    const seconds = Number(answer?.['expires_in']);
    const lifetime = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : LIFETIME_S * 1000;
    return { value: token, renewAt: at + Math.max(lifetime - MARGIN_MS, lifetime / 2) };
  }
  if (sink && status >= 200 && status < 300) return { value: SINK_TOKEN, renewAt: at + LIFETIME_S * 1000 };
  throw Object.assign(new Error('no token came'), { code: 'ENOTOKEN' });
}

function parse(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
