import type { z } from 'zod';
import { keysAt, schemaAt, type JsonSchema } from './editor-schema.ts';
import type { ConfigPath, Remark } from './finding.ts';
import { destinations } from '../../destinations/index.ts';
import { nearest, plain } from '../core/nearest.ts';

/**
 * What zod found, in words for the person who wrote the file. Values are never repeated: they may be secrets.
 * @param whole what the file should be; known keys and descriptions are taken from it.
 */
export function remarksOf(issues: readonly z.core.$ZodIssue[], value: unknown, whole: JsonSchema): Remark[] {
  const all = issues.flatMap((issue) => remarks(issue, issue.path as ConfigPath, value, whole));
  return all.filter((remark) => remark.code !== 'missing-key' || !all.some((other) => isMistyped(other, remark.path)));
}

/** A key that is missing because it is there under a mistyped name needs no finding of its own. */
function isMistyped({ code, path, instead }: Remark, missing: ConfigPath): boolean {
  return code === 'unknown-key' && [...path.slice(0, -1), instead].join('\n') === missing.join('\n');
}

function remarks(issue: z.core.$ZodIssue, path: ConfigPath, value: unknown, whole: JsonSchema): Remark[] {
  const schema = schemaAt(whole, path, value);
  const secret = schema?.secret === true;
  const error = { kind: 'error', path } as const;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(path, key, value, whole));
    case 'invalid_union': {
      const words = issue.errors.flatMap(([first]) =>
        first?.code === 'invalid_value' && first.path.length === 0 ? first.values : [],
      );
      if (words.length > 0 && typeof valueAt(path, value) === 'string')
        return [unknownWord(path, value, words.map(String), takesList(issue))];
      return remarks(closest(issue), [...path, ...(closest(issue).path as ConfigPath)], value, whole);
    }
    case 'invalid_key':
      return [{ ...error, code: 'value', message: issue.issues[0]?.message ?? issue.message, atKey: true }];
    case 'invalid_type':
      if (valueAt(path, value) === undefined) {
        const key = path.at(-1);
        const what = schema?.description === undefined ? '' : `: ${schema.description}`;
        return [
          {
            ...error,
            code: 'missing-key',
            message: `\`${key}\` is missing${what}`,
            ...(secret && { instead: `${key}: \${ENV_NAME}` }),
          },
        ];
      }
      if (valueAt(path, value) === null) {
        return [
          { ...error, code: 'type', message: `\`${path.at(-1)}\` is empty: give it a value, or take the line out` },
        ];
      }
      return [
        {
          ...error,
          code: 'type',
          message: quiet(issue.message),
          ...insteadOfType(issue, valueAt(path, value), schema),
        },
      ];
    case 'invalid_value': {
      const known = issue.values.map(String);
      return [path.at(-1) === 'type' ? unknownType(path, value, known) : unknownWord(path, value, known, false)];
    }
    default: {
      const params: unknown = issue.code === 'custom' ? issue.params : undefined;
      const instead = (params as { readonly instead?: string } | undefined)?.instead;
      return [
        {
          ...error,
          code: secret ? 'secret' : 'value',
          message: quiet(issue.message),
          ...(instead !== undefined && { instead }),
          ...(secret && { instead: `\${${envName(path)}}` }),
        },
      ];
    }
  }
}

/** A key nobody knows, with the nearest that somebody does. */
function unknownKey(path: ConfigPath, key: string, value: unknown, whole: JsonSchema): Remark {
  const known = keysAt(whole, path, value);
  const meant = nearest(key, known);
  return {
    kind: 'error',
    code: 'unknown-key',
    path: [...path, key],
    atKey: true,
    message: `unknown key \`${key.slice(0, 64)}\`; known here: ${known.join(', ') || 'none'}`,
    ...(meant !== undefined && { instead: meant }),
  };
}

/** A word that is not one of a closed list. */
function unknownWord(path: ConfigPath, value: unknown, known: readonly string[], orList: boolean): Remark {
  const written = valueAt(path, value);
  const meant =
    (typeof written === 'string' ? nearest(written, known) : undefined) ?? (orList ? 'a list: [a, b]' : undefined);
  const words = known.map((word) => `\`${word}\``).join(', ');
  return {
    kind: 'error',
    code: 'value',
    path,
    message: `expected one of ${words}${orList ? ', or a list' : ''}`,
    ...(meant !== undefined && { instead: meant }),
  };
}

function takesList({ errors }: z.core.$ZodIssueInvalidUnion): boolean {
  return errors.some(
    ([first]) => first?.code === 'invalid_type' && first.expected === 'array' && first.path.length === 0,
  );
}

/** A route whose type, written or taken from its name, is not a destination. */
function unknownType(path: ConfigPath, value: unknown, known: readonly string[]): Remark {
  const written = valueAt(path, value);
  const name = (typeof written === 'string' ? written : String(path.at(-2))).slice(0, 64);
  const called = Object.values(destinations).filter(({ aliases }) => aliases.includes(plain(name)));
  const [meant, other] = called.length > 0 ? called.map(({ name: type }) => type) : [nearest(name, known)];
  const fix =
    meant === undefined
      ? `type: ${known.join(' | ')}`
      : other !== undefined
        ? called.map(({ name: type, title }) => `${type} (${title})`).join(', or ')
        : written === undefined
          ? `${meant}, or a line \`type: ${meant}\``
          : meant;
  return {
    kind: 'error',
    code: 'value',
    path: written === undefined ? path.slice(0, -1) : path,
    atKey: written === undefined,
    message: `\`${name}\` is not a destination; known: ${known.join(', ')}`,
    instead: fix,
  };
}

/** Of the branches of a union, the one that was meant: whose complaint lies deepest, else the last. */
function closest(issue: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue {
  const firsts = issue.errors.flatMap((branch) => branch.slice(0, 1));
  const deepest = firsts.reduce<z.core.$ZodIssue | undefined>(
    (best, next) => (best === undefined || next.path.length >= best.path.length ? next : best),
    undefined,
  );
  return deepest ?? { code: 'custom', path: [], message: issue.message, input: undefined };
}

/** A number where a text was meant is written in quotes, or lacks its unit. */
function insteadOfType(
  issue: z.core.$ZodIssueInvalidType,
  written: unknown,
  schema: JsonSchema | undefined,
): { instead?: string } {
  const unit = schema?.['unit'];
  if (typeof unit === 'string' && typeof written === 'number') return { instead: `${written}${unit}` };
  if (issue.expected === 'string' && (typeof written === 'number' || typeof written === 'boolean')) {
    return { instead: 'the same in quotes' };
  }
  if (issue.expected === 'array' && typeof written === 'object' && written !== null) {
    return { instead: 'a list: `- ` before the first key of each entry' };
  }
  if (issue.expected === 'array' && typeof written === 'string') return { instead: 'a list: [a, b]' };
  return {};
}

/** zod's own wording without its preamble. */
function quiet(message: string): string {
  return message.replace(/^Invalid (input|option|string): /, '');
}

function valueAt(path: ConfigPath, value: unknown): unknown {
  let here = value;
  for (const segment of path) here = (here as Readonly<Record<string, unknown>> | null | undefined)?.[segment];
  return here;
}

/** A name for the variable, made of the route and the key: `META_ACCESS_TOKEN`. */
function envName(path: ConfigPath): string {
  const words = path.filter(
    (segment) => typeof segment === 'string' && segment !== 'sites' && segment !== 'destinations',
  );
  return words
    .join('_')
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, '_');
}
