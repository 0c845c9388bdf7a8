import type * as z from 'zod';
import { schemaAt, type JsonSchema } from '../pages/editor-schema.ts';
import type { ConfigPath, Remark } from './finding.ts';
import { asYaml, meantBy } from './meant.ts';
import { ONCE } from '../compile/routes.ts';

/**
 * Findings with a correction, where the schema takes a value near the written one.
 * @param value the file as written.
 */
export function tryMeant(
  all: readonly Remark[],
  value: unknown,
  whole: JsonSchema,
  schema: z.ZodType,
): readonly Remark[] {
  const told = all.map((remark, i) => (i < MAX_GUESSED ? withMeant(remark, value, whole, schema) : remark));
  return paired(told, value, schema);
}

/** With more findings nothing is tried, because each try reads the whole file. */
const MAX_GUESSED = 30;

/** A finding with a correction, where the schema takes a value near the written one. */
function withMeant(remark: Remark, value: unknown, whole: JsonSchema, schema: z.ZodType): Remark {
  const { path, code, instead, atKey } = remark;
  if (instead !== undefined || atKey === true || (code !== 'type' && code !== 'value')) return remark;
  const written = valueAt(path, value);
  if (written === undefined || schemaAt(whole, path, value)?.secret === true) return remark;
  for (const meant of meantBy(written)) {
    if (accepts(schema, path, meant, value)) return { ...remark, instead: inWords(meant, written) };
  }
  return remark;
}

function inWords(meant: unknown, written: unknown): string {
  if (Array.isArray(meant) && !Array.isArray(written)) return `a list: ${asYaml(meant)}`;
  return typeof meant === 'string' && typeof written === 'number' ? `${asYaml(meant)}, in quotes` : asYaml(meant);
}

/** Whether the schema takes this value at this place. */
function accepts(schema: z.ZodType, path: ConfigPath, meant: unknown, value: unknown): boolean {
  const { error } = schema.safeParse(replaced(value, path, meant), ONCE);
  // Where a value may have one of several forms, the issue is about the whole value, wherever the mistake is.
  const isThere = ({ code, path: at }: z.core.$ZodIssue): boolean =>
    path.every((segment, i) => at[i] === segment || (code === 'invalid_union' && i >= at.length));
  return error?.issues.some(isThere) !== true;
}

function replaced(value: unknown, [key, ...rest]: ConfigPath, by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value)) return value.with(Number(key), replaced(value[Number(key)], rest, by));
  const section = value as Readonly<Record<string, unknown>>;
  return { ...section, [key]: replaced(section[key], rest, by) };
}

/** An unknown key is probably a missing one under another name, if the missing one takes its value. */
function paired(all: readonly Remark[], value: unknown, schema: z.ZodType): readonly Remark[] {
  return all.map((remark) => {
    if (remark.code !== 'unknown-key') return remark;
    const above = remark.path.slice(0, -1).join('\n');
    const fits = all.filter(
      ({ code, path }) =>
        code === 'missing-key' &&
        path.slice(0, -1).join('\n') === above &&
        accepts(schema, path, valueAt(remark.path, value), value),
    );
    const [only, ...more] = fits;
    if (only === undefined || more.length > 0 || fits.some(({ path }) => path.at(-1) === remark.instead)) return remark;
    return { ...remark, instead: String(only.path.at(-1)) };
  });
}

/** The value at a path of the file. */
export function valueAt(path: ConfigPath, value: unknown): unknown {
  let here = value;
  for (const segment of path) here = (here as Readonly<Record<string, unknown>> | null | undefined)?.[segment];
  return here;
}
