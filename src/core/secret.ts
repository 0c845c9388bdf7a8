/** The name of a secret. Settings, plans and the outbox hold it in place of the value (design 7.6). */
export type SecretRef = { readonly env: string } | { readonly file: string };

/**
 * A short-lived token made from credentials: the key of a service account signs a JWT, and the vendor's token endpoint
 * answers with the token (RFC 7523). It is fetched at the attempt, cached, and refreshed before it ends.
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
  /** The token endpoint: the name of a host, and a path that begins with `/`. */
  readonly host: string;
  readonly path: string;
  readonly clientId: string;
  /** The client secret. */
  readonly credentials: SecretRef;
  /** How the client authenticates at the endpoint, by the name in RFC 7591 2. */
  readonly method: 'client_secret_basic' | 'client_secret_post';
  /** Undefined = the endpoint's default for this client (RFC 6749 3.3). */
  readonly scope: string | undefined;
}

/**
 * Every kind of token. The credentials it is made from are under the name `credentials`, and no part of it is a value.
 */
export type AccessToken = ServiceAccountToken | ClientToken;

/** A secret that has a stored value, or a token that is made with one. */
export type SecretSource = SecretRef | AccessToken;

/** Unix seconds of the attempt. */
export interface Timestamp {
  readonly kind: 'timestamp';
}

/** In a signature: the body, byte for byte as it is sent. */
export interface SignedBody {
  readonly kind: 'body';
}

/**
 * HMAC-SHA256, made at the attempt over the request as it is sent. It is never stored, since it may say when it was
 * made (`destinations/http.md` 2).
 */
export interface Signature {
  readonly kind: 'signature';
  readonly key: SecretRef;
  /** How the secret is written: as the text that is the key, or as `whsec_` and base64 of the key. */
  readonly keyForm: 'text' | 'whsec';
  /** The signed parts, in their order. */
  readonly over: readonly (string | SecretRef | Timestamp | SignedBody)[];
  readonly form: 'hex' | 'base64';
}

/** Values that are put into a request at the attempt. */
export type SecretPart = SecretSource | Signature | Timestamp;

/** A text that names secrets. Only `delivery/lane/fill.ts` puts their values in. */
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
 * Reads `${ENV_NAME}` or `file:/absolute/path`. Any other text is a value, and a configuration may hold no values: the
 * answer is undefined.
 */
export function parseSecretRef(text: string): SecretRef | undefined {
  const env = ENV.exec(text)?.[1];
  if (env !== undefined) return { env };
  const file = FILE.exec(text)?.[1];
  return file === undefined ? undefined : { file };
}

/** How the configuration writes a reference. It is safe to show. */
export function showSecretRef(ref: SecretRef): string {
  return 'env' in ref ? `\${${ref.env}}` : `file:${ref.file}`;
}
