import { parseArgs, type ParseArgsConfig } from 'node:util';
import { nearest } from '../core/nearest.ts';

/** Exit codes (design 7.2). */
export const FINE = 0;
export const FINDINGS = 1;
export const UNUSABLE = 2;

/** The arguments cannot be used; the message says what to write. Ends with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: O; allowPositionals: true; strict: true }>
>;

/**
 * Options and positional arguments of a command.
 * @param positionals their names, for the message; one ending in `...` may repeat, one in `?` may be left out
 * @throws UsageError
 */
export function readArgs<const O extends Options>(
  args: readonly string[],
  options: O,
  positionals: readonly string[] = [],
): Parsed<O> {
  const unknown = args
    .map((arg) => /^--([^=]+)/.exec(arg)?.[1])
    .find((name) => name !== undefined && !(name in options));
  if (unknown !== undefined) {
    const meant = nearest(unknown, Object.keys(options));
    throw new UsageError(`unknown option --${unknown}${meant === undefined ? '' : `; did you mean --${meant}?`}`);
  }
  const parsed = parse(args, options);
  const required = positionals.filter((name) => !/(\?|\.\.\.)$/.test(name)).length;
  const open = positionals.some((name) => name.endsWith('...'));
  if (parsed.positionals.length < required)
    throw new UsageError(`missing argument: ${positionals[parsed.positionals.length]}`);
  if (!open && parsed.positionals.length > positionals.length) {
    throw new UsageError(`unexpected argument: ${parsed.positionals[positionals.length]}`);
  }
  return parsed;
}

function parse<const O extends Options>(args: readonly string[], options: O): Parsed<O> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'unusable arguments');
  }
}
