import * as z from 'zod';
import { parseSecretRef, type SecretRef } from './secret.ts';

/**
 * A setting that names a secret. Its result is the name, never a value. A pasted value is refused, and the error does
 * not repeat it (design 7.6). It is marked `secret: true` for the editor schema and the generated pages. Add the
 * description with `.describe()`.
 */
export function secret() {
  return z
    .string()
    .transform((text, context): SecretRef => {
      const ref = parseSecretRef(text);
      if (ref !== undefined) return ref;
      context.addIssue({
        code: 'custom',
        message: 'a secret is written as ${ENV_NAME} or file:/path/to/it, never as the value itself',
        input: undefined,
      });
      return z.NEVER;
    })
    .meta({ secret: true });
}
