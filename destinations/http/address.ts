import * as z from 'zod';
import { parseSecretRef, type SecretRef } from '../../src/core/secret.ts';
import { PATHS } from './mapping.ts';
import type { FieldOfRoute } from './reads.ts';

/** A text with secrets by name in it. */
export type Filled = readonly (string | SecretRef)[];

/** A path, where a whole part of it may be what an event says: the receiver's own key of a record (`destinations/http.md` 9). */
export type PathParts = readonly (string | SecretRef | { readonly field: FieldOfRoute })[];

const PLACE = /(\$\{[A-Za-z_][A-Za-z0-9_]*\})/;

export function filled(text: string): Filled {
  return text
    .split(PLACE)
    .filter((part) => part !== '')
    .map((part) => parseSecretRef(part) ?? part);
}

const FIELD = /^\{(.*)\}$/;

function pathParts(text: string): PathParts {
  return filled(text).flatMap((part): PathParts => {
    if (typeof part !== 'string') return [part];
    return part
      .split(/(\{[^{}]*\})/)
      .filter((piece) => piece !== '')
      .map((piece) => {
        const field = fieldIn(FIELD.exec(piece)?.[1]);
        return field === undefined ? piece : { field };
      });
  });
}

/** Ids of what happened, and nothing of who or where: an address stands in the logs of whoever is asked. */
const IN_PATH: readonly string[] = ['event.id', 'params.transaction_id'];

function fieldIn(source: string | undefined): FieldOfRoute | undefined {
  return source !== undefined && IN_PATH.includes(source) ? PATHS[source] : undefined;
}

/** The fields of an event that stand in a path. */
export function fieldsOfPath(path: PathParts): readonly FieldOfRoute[] {
  return path.flatMap((part) => (typeof part !== 'string' && 'field' in part ? [part.field] : []));
}

/** Everything of an address behind the host. */
export const path = z
  .string({ error: 'expected a path that begins with `/`, e.g. `/hooks/orders` or `/${HOOK}`' })
  .max(2000)
  .refine((text) => /^\/(?:[\w~.!'()*+,;=:@%/?&-]|\$\{[A-Za-z_][A-Za-z0-9_]*\}|\{[a-z._]*\})*$/.test(text), {
    error: 'expected a path that begins with `/`, without blanks and `#`; secrets in it as `${NAME}`',
  })
  .refine((text) => partsWithFields(text).every((part) => fieldIn(FIELD.exec(part)?.[1]) !== undefined), {
    error: `of an event a path takes ${IN_PATH.map((one) => `\`{${one}}\``).join(' and ')}, each a whole part between two \`/\``,
  })
  .refine((text) => !/(?:^|\/)\.\.?(?:\/|\?|$)/.test(text), { error: 'a path has no `.` or `..` in it' })
  .refine((text) => secretPairs(text).every((value) => PLACE.test(value)), {
    error: 'a secret in the address is written as `${NAME}`, so that nobody is shown it',
  })
  .refine(isDecodable, { error: 'a `%` is followed by two hexadecimal digits, and stands for UTF-8' })
  .transform(pathParts);

/** Names of parameters and headers whose value nobody should be shown. */
export const SECRETIVE = /secret|token|passw|signature|api[_-]?key|authorization|^(?:key|sig|code)$/i;

/** What of a path looks like the key of a hook, and stands there for everybody to read. */
export function openKeys(path: PathParts): boolean {
  const text = path.map((part) => (typeof part === 'string' ? part : '')).join('');
  return text.split(/[/?&=]/).some((piece) => /^(?=.*\d)(?=.*[A-Za-z])[\w-]{16,}$/.test(piece));
}

/** The values of those parameters. */
function secretPairs(text: string): readonly string[] {
  const [, ...query] = text.split('?');
  return query
    .join('?')
    .split('&')
    .map((pair) => [pair.split('=', 1)[0] ?? '', pair.slice(pair.indexOf('=') + 1)] as const)
    .filter(([name, value]) => SECRETIVE.test(name) && value !== '')
    .map(([, value]) => value);
}

/** The parts of a path, and the query as one, in which something of an event is to stand. */
function partsWithFields(text: string): readonly string[] {
  const [path = '', ...query] = text.split('?');
  return [...path.split('/'), query.join('?')].filter((part) => /(?<!\$)\{/.test(part));
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
