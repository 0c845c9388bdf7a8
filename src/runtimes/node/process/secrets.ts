import { readFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { SecretProblem, type Secrets, type Send } from '../../../delivery/lane/ports.ts';
import { reason } from '../../../core/reason.ts';
import { showSecretRef, type AccessToken, type SecretRef } from '../../../core/secret.ts';
import { tokensOfEveryKind } from '../../web/access-tokens.ts';
import { placeholderCredentials } from '../vendors/placeholder-account.ts';

/** Stands in for a missing secret while everything goes to a sink. */
const PLACEHOLDER = 'sink';
/** Stand in for missing credentials: with these, a token can be asked for. */
const CREDENTIALS: Readonly<Record<AccessToken['kind'], () => string>> = {
  'google-service-account': placeholderCredentials,
  'oauth2-client': () => PLACEHOLDER,
};
/** A longer file is no secret. */
const MAX_LENGTH = 64 * 1024;

export interface SecretsOptions {
  /** Everything goes to a sink: missing secrets get a placeholder. */
  readonly sink: boolean;
  readonly send: Send;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly now?: () => number;
}

export interface NodeSecrets extends Secrets {
  /** Forgets every value that was read, and every token. */
  reload(): void;
}

/**
 * Values of `${ENV}` and `file:` references, and tokens made with them. A value is read when it is needed, and then
 * kept.
 */
export function nodeSecrets({ sink, send, env = process.env, now = Date.now }: SecretsOptions): NodeSecrets {
  const values = new Map<string, Promise<string>>();

  const read = async (ref: SecretRef): Promise<string | undefined> => {
    const text = 'env' in ref ? env[ref.env] : await readFile(ref.file, 'utf8').catch(() => undefined);
    return clean(text);
  };

  const valueOf = (ref: SecretRef, placeholder: () => string | Promise<string>): Promise<string> => {
    const name = showSecretRef(ref);
    let value = values.get(name);
    if (value === undefined) {
      value = read(ref).then((found) => {
        if (found !== undefined) return found;
        if (sink) return placeholder();
        throw new SecretProblem(reason('vendor.secret_missing', { name }));
      });
      values.set(name, value);
      // A missing secret may exist next time.
      value.catch(() => values.delete(name));
    }
    return value;
  };

  const credentials = (of: AccessToken) => valueOf(of.credentials, CREDENTIALS[of.kind]);
  const tokens = tokensOfEveryKind({ sink, send, now, credentials });
  return {
    value: (source, standIn = PLACEHOLDER) =>
      'kind' in source ? tokens.value(source) : valueOf(source, () => standIn),
    forget: (token) => tokens.forget(token),
    reload: () => {
      values.clear();
      tokens.clear();
    },
  };
}

/** The references without a value, as the configuration writes them: for the message at the start. */
export function missingSecrets(
  refs: Iterable<SecretRef>,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string[] {
  const missing = new Set<string>();
  for (const ref of refs) if (readNow(ref, env) === undefined) missing.add(showSecretRef(ref));
  return [...missing];
}

function readNow(ref: SecretRef, env: Readonly<Record<string, string | undefined>>): string | undefined {
  if ('env' in ref) return clean(env[ref.env]);
  try {
    return clean(readFileSync(ref.file, 'utf8'));
  } catch {
    return undefined;
  }
}

function clean(text: string | undefined): string | undefined {
  const value = text?.trim();
  return value === '' || (value?.length ?? 0) > MAX_LENGTH ? undefined : value;
}
