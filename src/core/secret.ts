/** A secret by name: what settings, plans and the outbox hold in place of a value (design 7.6). */
export type SecretRef = { readonly env: string } | { readonly file: string };

/**
 * A short-lived token made from credentials: a service account's key signs a JWT, the vendor's token endpoint
 * answers with the token (RFC 7523). Exchanged at the attempt, cached, refreshed before it ends.
 */
export interface ServiceAccountToken {
  readonly kind: 'google-service-account';
  readonly credentials: SecretRef;
  /** OAuth scope, e.g. `https://www.googleapis.com/auth/datamanager`. */
  readonly scope: string;
}

/** A token for a client id and a client secret (RFC 6749 4.4). */
export interface ClientToken {
  readonly kind: 'oauth2-client';
  /** Where it is asked for: the name of a host, and a path that begins with `/`. */
  readonly host: string;
  readonly path: string;
  readonly clientId: string;
  /** The client secret. */
  readonly credentials: SecretRef;
  /** How the endpoint wants to be told who asks, by its name in RFC 7591 2. */
  readonly method: 'client_secret_basic' | 'client_secret_post';
  /** Undefined = what the endpoint gives this client by default (RFC 6749 3.3). */
  readonly scope: string | undefined;
}

/** Every kind of token there is: what it is got with has the name `credentials`, and nothing in it is a value. */
export type AccessToken = ServiceAccountToken | ClientToken;

/** What has a value that is kept somewhere, or got with one that is. */
export type SecretSource = SecretRef | AccessToken;

/** Unix seconds of the attempt. */
export interface Timestamp {
  readonly kind: 'timestamp';
}

/** In what is signed: the body, byte for byte as it is sent. */
export interface SignedBody {
  readonly kind: 'body';
}

/**
 * HMAC-SHA256, made at the attempt over what is sent: never stored, since it may say when it was made
 * (`destinations/http.md` 2).
 */
export interface Signature {
  readonly kind: 'signature';
  readonly key: SecretRef;
  /** How the secret is written: as the text that is the key, or as `whsec_` and base64 of it. */
  readonly keyForm: 'text' | 'whsec';
  /** What is signed, one after the other. */
  readonly over: readonly (string | SecretRef | Timestamp | SignedBody)[];
  readonly form: 'hex' | 'base64';
}

/** What is put into a request at the attempt. */
export type SecretPart = SecretSource | Signature | Timestamp;

/** A text with secrets in it by name; `delivery/lane/fill.ts` is the only place that puts values in. */
export interface SecretText {
  readonly parts: readonly (string | SecretPart)[];
}

export type Text = string | SecretText;

/** A text made of literal parts and secrets: `` secretText`Bearer ${ref}` ``. */
export function secretText(literals: TemplateStringsArray, ...values: readonly (string | SecretPart)[]): SecretText {
  const parts: (string | SecretPart)[] = [];
  literals.forEach((literal, i) => {
    if (literal !== '') parts.push(literal);
    const value = values[i];
    if (value !== undefined) parts.push(value);
  });
  return { parts };
}

export function isAccessToken(part: SecretPart): part is AccessToken {
  return 'credentials' in part;
}

/** The value of an `Authorization` header with a bearer token. */
export function bearer(token: SecretPart): SecretText {
  return secretText`Bearer ${token}`;
}

const ENV = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/;
const FILE = /^file:(\/.+)$/;

/**
 * Reads `${ENV_NAME}` or `file:/absolute/path`. Anything else is a literal, which no configuration may hold:
 * the answer is undefined.
 */
export function parseSecretRef(text: string): SecretRef | undefined {
  const env = ENV.exec(text)?.[1];
  if (env !== undefined) return { env };
  const file = FILE.exec(text)?.[1];
  return file === undefined ? undefined : { file };
}

/** How a reference is written in the configuration; safe to show. */
export function showSecretRef(ref: SecretRef): string {
  return 'env' in ref ? `\${${ref.env}}` : `file:${ref.file}`;
}
