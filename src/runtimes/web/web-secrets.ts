import { reason } from '../../core/reason.ts';
import { showSecretRef, type SecretRef } from '../../core/secret.ts';
import { SecretProblem, type Secrets, type Send } from '../../delivery/lane/ports.ts';
import { tokensOfEveryKind } from './access-tokens.ts';

/** A secret's value; undefined where there is none. */
export type SecretValue = (ref: SecretRef) => string | undefined;

/** Values of secrets as a runtime without files has them, and tokens made from them. */
export function webSecrets(valueOf: SecretValue, send: Send, now: () => number = Date.now): Secrets {
  const read = (ref: SecretRef): Promise<string> => {
    const value = valueOf(ref)?.trim();
    if (value !== undefined && value !== '') return Promise.resolve(value);
    return Promise.reject(new SecretProblem(reason('vendor.secret_missing', { name: showSecretRef(ref) })));
  };
  const tokens = tokensOfEveryKind({ sink: false, send, now, credentials: (token) => read(token.credentials) });
  return {
    value: (source) => ('kind' in source ? tokens.value(source) : read(source)),
    forget: (token) => tokens.forget(token),
  };
}
