import * as z from 'zod';
import { cutText } from './limits.ts';
import { NAME } from './names.ts';

/**
 * Parts of JSON bodies that several protocols share, and the messages about mistakes in them. A message says what is
 * expected and never repeats a value.
 */

export const FINITE = 'expected a finite number';
export const numberSchema = z.number({ error: FINITE });

/** Lone surrogates become U+FFFD: no vendor's request could carry them. */
export const wellFormed = (value: string): string => cutText(value).toWellFormed();

/** Texts, but many systems keep ids, phone numbers and postal codes as numbers. */
export const text = () =>
  z.union([z.string(), numberSchema.transform(String)], { error: 'expected a text' }).transform(wellFormed);

/** An address; a number is not accepted. */
export const address = () => z.string({ error: 'expected a text' }).transform(wellFormed);

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)$/;

/** Unix milliseconds. A number of seconds is refused: as milliseconds it would be a day in January 1970. */
export const time = z.union(
  [
    z
      .string()
      .regex(ISO_TIME)
      .transform((value) => Date.parse(value))
      .pipe(z.number()),
    z
      .number()
      .min(0)
      .refine((value) => value < 1e8 || value >= 1e11)
      .transform(Math.floor),
  ],
  { error: 'expected an ISO 8601 time with its zone, or unix milliseconds (not seconds)' },
);

/** A mistake of the body and where it is. Holds no value of it. */
export interface Mistake {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Everything that is wrong with one part of the body; `at`: where that part is. */
export function mistakesOf(error: z.ZodError, at: readonly PropertyKey[] = []): readonly Mistake[] {
  return error.issues.flatMap((issue): Mistake[] => {
    const path = [...at, ...issue.path];
    if (issue.code === 'unrecognized_keys')
      return issue.keys.filter((key) => NAME.test(key)).map((key) => ({ path, message: `unknown key \`${key}\`` }));
    const message = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined;
    return [{ path, message: message ?? issue.message }];
  });
}

/** `events[0].params.value: expected a finite number`. */
export function said({ path, message }: Mistake): string {
  const where = placeOf(path);
  return where === '' ? message : `${where}: ${message}`;
}

/** `events[0].params.value`; a key without the form of a name is left out, because it could hold anything. */
export function placeOf(path: readonly PropertyKey[]): string {
  let where = '';
  for (const part of path) {
    if (typeof part === 'number') where += `[${part}]`;
    else if (typeof part === 'string' && NAME.test(part)) where += `${where === '' ? '' : '.'}${part}`;
  }
  return where;
}
