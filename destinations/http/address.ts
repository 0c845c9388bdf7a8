import { z } from 'zod';
import { parseSecretRef, type SecretRef } from '../../src/core/secret.ts';

/** A text with secrets by name in it. */
export type Filled = readonly (string | SecretRef)[];

const PLACE = /(\$\{[A-Za-z_][A-Za-z0-9_]*\})/;

export function filled(text: string): Filled {
  return text
    .split(PLACE)
    .filter((part) => part !== '')
    .map((part) => parseSecretRef(part) ?? part);
}

/** Everything of an address behind the host; nothing of an event is put into it. */
export const path = z
  .string({ error: 'expected a path that begins with `/`, e.g. `/hooks/orders` or `/${HOOK}`' })
  .max(2000)
  .refine((text) => /^\/(?:[\w~.!'()*+,;=:@%/?&-]|\$\{[A-Za-z_][A-Za-z0-9_]*\})*$/.test(text), {
    error: 'expected a path that begins with `/`, without blanks and `#`; secrets in it as `${NAME}`',
  })
  .refine((text) => !/(?:^|\/)\.\.?(?:\/|\?|$)/.test(text), { error: 'a path has no `.` or `..` in it' })
  .refine(isDecodable, { error: 'a `%` is followed by two hexadecimal digits, and stands for UTF-8' })
  .transform(filled);

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
