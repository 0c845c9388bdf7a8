import type * as z from 'zod';
import { keysAt, schemaAt, type JsonSchema } from '../pages/editor-schema.ts';
import type { ConfigPath, Remark } from './finding.ts';
import { destinations } from '../../../destinations/index.ts';
import { nearest, plain } from '../../core/nearest.ts';
import { addressIn, foreignKey, hasNoDestination, keyCalled, platformCalled, signalCalled } from './known-names.ts';
import { variableIn } from './meant.ts';
import { tryMeant, valueAt } from './try-meant.ts';
import { CONDITIONS, NOTHING_ASKED } from '../compile/rule-schema.ts';
import { readDuration, readSize } from '../units.ts';

/**
 * Zod's findings in words for the person who wrote the file. Values are never repeated, because they may be secrets.
 * @param whole what the file should be; known keys and descriptions are taken from it.
 * @param schema the same as a zod schema: possible corrections of a value are tried with it; left out = nothing is
 * tried.
 */
export function remarksOf(
  issues: readonly z.core.$ZodIssue[],
  value: unknown,
  whole: JsonSchema,
  schema?: z.ZodType,
): Remark[] {
  const all = issues
    .flatMap((issue) => remarks(issue, issue.path as ConfigPath, value, whole))
    .map((remark) => withoutVariable(remark, value));
  const pairs = schema === undefined ? all : tryMeant(all, value, whole, schema);
  return pairs.filter(
    (remark) =>
      (remark.code !== 'missing-key' || !pairs.some((other) => isMistyped(other, remark.path))) &&
      !pairs.some((other) => isConsequence(remark, other)),
  );
}

const VARIABLE = /^\$\{\w+\}$/;

/** A variable where the value itself is expected. */
function withoutVariable(remark: Remark, value: unknown): Remark {
  const { path, code, message, atKey } = remark;
  // A list of secrets lacks only its brackets, and a section its place.
  if (atKey === true || /^expected a (?:list|section)/.test(message) || (code !== 'value' && code !== 'type'))
    return remark;
  const written = valueAt(path, value);
  if (typeof written !== 'string' || !VARIABLE.test(written)) return remark;
  return { ...remark, message: `a variable (\`\${NAME}\`) is read only where a secret belongs; ${message}` };
}

/** If nothing of a condition or a list of fields can be read, the mistakes in it are reported. */
function isConsequence({ path, message }: Remark, other: Remark): boolean {
  if (message.startsWith('`fields` does not list')) return other.path.includes('fields');
  return message.startsWith(NOTHING_ASKED) && other.message !== message && other.path.join('\n') === path.join('\n');
}

/** A missing key needs no finding if it is there under a mistyped name, or if another finding says what to write. */
function isMistyped({ code, path, instead = '' }: Remark, missing: ConfigPath): boolean {
  if (code !== 'unknown-key' || path.slice(0, -1).join('\n') !== missing.slice(0, -1).join('\n')) return false;
  return instead === missing.at(-1) || instead.includes(`\`${missing.at(-1)}:`);
}

function remarks(issue: z.core.$ZodIssue, path: ConfigPath, value: unknown, whole: JsonSchema): Remark[] {
  const schema = schemaAt(whole, path, value);
  const secret = schema?.secret === true;
  const error = { kind: 'error', path } as const;
  if (isEmpty(issue, path, value)) return [{ ...error, code: 'type', message: emptyKey(path) }];
  switch (issue.code) {
    case 'unrecognized_keys':
      if (path.at(-2) === 'when') return [noCondition(path, issue.keys)];
      return issue.keys.map((key) => unknownKey(path, key, value, whole));
    case 'invalid_union': {
      const words = issue.errors.flatMap(([first]) =>
        first?.code === 'invalid_value' && first.path.length === 0 ? first.values : [],
      );
      if (words.length > 0 && typeof valueAt(path, value) === 'string')
        return [unknownWord(path, value, words.map(String), otherThan(issue))];
      return closest(issue).flatMap((one) => remarks(one, [...path, ...(one.path as ConfigPath)], value, whole));
    }
    case 'invalid_key':
      return [badKey(path, issue.issues[0]?.message ?? issue.message, value, whole)];
    case 'invalid_type':
      return [wrongType(issue, path, valueAt(path, value), schema)];
    case 'invalid_value': {
      const known = issue.values.map(String);
      return [path.at(-1) === 'type' ? unknownType(path, value, known) : unknownWord(path, value, known, [])];
    }
    default: {
      if (issue.code === 'too_small' && valueAt(path, value) === '') {
        return [{ ...error, code: 'value', message: emptyKey(path) }];
      }
      const params: unknown = issue.code === 'custom' ? issue.params : undefined;
      const instead = (params as { readonly instead?: string } | undefined)?.instead;
      return [
        {
          ...error,
          code: secret ? 'secret' : 'value',
          message: secret && isPath(valueAt(path, value)) ? WHOLE_PATH : quiet(issue.message),
          // A number in quotes is a text; without quotes it is a number.
          ...(instead !== undefined && { instead: /^\d+$/.test(instead) ? `"${instead}"` : instead }),
          ...(secret && { instead: `\${${variableIn(valueAt(path, value)) ?? envName(path)}}` }),
        },
      ];
    }
  }
}

function emptyKey(path: ConfigPath): string {
  return `\`${path.at(-1)}\` is empty: give it a value, or remove the line`;
}

/** Nothing stands behind the key. What is wrong inside a section is said there. */
function isEmpty({ code, path: inside }: z.core.$ZodIssue, path: ConfigPath, value: unknown): boolean {
  const isValue = code === 'invalid_value' || (code === 'invalid_union' && inside.length > 0);
  return isValue && typeof path.at(-1) === 'string' && valueAt(path, value) === null;
}

/** Keys that no condition of a rule has. */
function noCondition(path: ConfigPath, keys: readonly string[]): Remark {
  const asked = keys.map((key) => `\`${key.slice(0, 64)}\``).join(', ');
  const begins = keys.length === 1 && /^(?:starts?|begins?)[_ -]?with$/i.test(keys[0] ?? '');
  const message = `${asked}: no such condition; ${CONDITIONS}`;
  return { kind: 'error', code: 'value', path, message, ...(begins && { instead: 'prefix' }) };
}

const WHOLE_PATH = 'the file of a secret is named by its whole path: `file:/run/secrets/name`';

function isPath(written: unknown): boolean {
  return typeof written === 'string' && /^file:[^/]/.test(written);
}

/** A value of the wrong type, or a missing value. */
function wrongType(
  issue: z.core.$ZodIssueInvalidType,
  path: ConfigPath,
  written: unknown,
  schema: JsonSchema | undefined,
): Remark {
  const error = { kind: 'error', path } as const;
  const key = path.at(-1);
  const secret = schema?.secret === true;
  if (written === undefined) {
    const what = schema?.description === undefined ? '' : `: ${schema.description}`;
    return {
      ...error,
      code: 'missing-key',
      message: `\`${key}\` is missing${what}`,
      ...(secret && { instead: `${key}: \${ENV_NAME}` }),
    };
  }
  if (written === null) {
    return { ...error, code: 'type', message: emptyKey(path) };
  }
  if (secret) {
    const message = 'a secret is written as ${ENV_NAME} or file:/path/to/it, never as the value itself';
    return { ...error, code: 'secret', message, instead: `\${${variableIn(written) ?? envName(path)}}` };
  }
  return { ...error, code: 'type', message: quiet(issue.message), ...insteadOfType(issue, written, schema) };
}

/** A name that a person chose and that is not allowed. */
function badKey(path: ConfigPath, message: string, value: unknown, whole: JsonSchema): Remark {
  const name = String(path.at(-1)).slice(0, 64);
  const meant = nearest(name, keysAt(whole, path.slice(0, -1), value), 0) ?? destinationsCalled(name)[0];
  return { kind: 'error', code: 'value', path, atKey: true, message, ...(meant !== undefined && { instead: meant }) };
}

/** The destinations with this common name. */
function destinationsCalled(name: string): string[] {
  return Object.values(destinations).flatMap(({ name: type, aliases }) => (aliases.includes(plain(name)) ? type : []));
}

/** The section beside a key where the key belongs. */
function sectionOf(
  key: string,
  path: ConfigPath,
  value: unknown,
  whole: JsonSchema,
  known: readonly string[],
): string | undefined {
  const section = known.find((each) => keysAt(whole, [...path, each], value).includes(key));
  return section === undefined || section === 'destinations' ? undefined : `the same below \`${section}:\``;
}

/** An unknown key, with the nearest known one. */
function unknownKey(path: ConfigPath, key: string, value: unknown, whole: JsonSchema): Remark {
  const known = keysAt(whole, path, value);
  const meant =
    nearest(key, known) ??
    keyCalled(key, known) ??
    addressIn(key, valueAt([...path, key], value), known) ??
    sectionOf(key, path, value, whole, known);
  const foreign = meant === undefined ? foreignKey(key) : undefined;
  if (foreign !== undefined) {
    const message = `unknown key \`${key}\`: ${foreign}`;
    return { kind: 'error', code: 'unknown-key', path: [...path, key], atKey: true, message };
  }
  if (key === '<<') {
    const message =
      'merge keys (`<<`) are not read: write the keys out, or give the whole section a name with `&` and repeat it with `*`';
    return { kind: 'error', code: 'unknown-key', path: [...path, key], atKey: true, message };
  }
  return {
    kind: 'error',
    code: 'unknown-key',
    path: [...path, key],
    atKey: true,
    message: `unknown key \`${key.slice(0, 64)}\`; known here: ${known.join(', ') || 'none'}`,
    ...(meant !== undefined && { instead: meant }),
  };
}

/** A word that is not in a closed list. */
function unknownWord(path: ConfigPath, value: unknown, known: readonly string[], others: readonly string[]): Remark {
  const written = valueAt(path, value);
  const near = (word: string): string | undefined =>
    (path.includes('cmp') ? platformCalled(word, path.at(-1) !== 'cmp') : undefined) ??
    (path.includes('needs') ? signalCalled(word) : undefined) ??
    nearest(word, known);
  // `on` is near `off`, and does not mean it.
  const meant = typeof written === 'string' && plain(written) !== 'on' ? near(written) : undefined;
  const words = known.map((word) => `\`${word}\``).join(', ');
  return {
    kind: 'error',
    code: 'value',
    path,
    message: `expected ${[`${known.length > 1 ? 'one of ' : ''}${words}`, ...others].join(', or ')}`,
    ...(meant !== undefined && { instead: meant }),
  };
}

/** What is allowed in place of a word: a list, a number, a duration. */
function otherThan({ errors }: z.core.$ZodIssueInvalidUnion): string[] {
  return errors.flatMap(([first]) => {
    if (first === undefined || first.path.length > 0 || first.code === 'invalid_value') return [];
    if (first.code === 'invalid_type') return [TYPES[first.expected] ?? first.expected];
    return [first.message.replace(/^expected /, '')];
  });
}

/** A route whose type, written or taken from its name, is not a destination. */
function unknownType(path: ConfigPath, value: unknown, known: readonly string[]): Remark {
  const written = valueAt(path, value);
  const name = (typeof written === 'string' ? written : String(path.at(-2))).slice(0, 64);
  const called = Object.values(destinations).filter(({ aliases }) => aliases.includes(plain(name)));
  const none = called.length === 0 && hasNoDestination(name);
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
    message: none
      ? `there is no destination for \`${name}\`; known: ${known.join(', ')}`
      : `\`${name}\` is not a destination; known: ${known.join(', ')}`,
    ...(!none && { instead: fix }),
  };
}

/**
 * Of the branches of a union, the issues of the branch that was meant: the one with the deepest issue, else the last.
 */
function closest(issue: z.core.$ZodIssueInvalidUnion): readonly z.core.$ZodIssue[] {
  const best = issue.errors.reduce<readonly z.core.$ZodIssue[]>(
    (deepest, next) => (depth(next) >= depth(deepest) ? next : deepest),
    [],
  );
  return best.length > 0 ? best : [{ code: 'custom', path: [], message: issue.message, input: undefined }];
}

function depth([first]: readonly z.core.$ZodIssue[]): number {
  return first === undefined ? -1 : first.path.length;
}

/** A number where a text was meant: it needs quotes, or its unit is missing. */
function insteadOfType(
  issue: z.core.$ZodIssueInvalidType,
  written: unknown,
  schema: JsonSchema | undefined,
): { instead?: string } {
  const unit = schema?.['unit'];
  if (typeof unit === 'string' && typeof written === 'number') {
    const instead = unit === 'd' || unit === 'h' ? readDuration(String(written), unit) : readSize(String(written));
    return instead === undefined ? {} : { instead };
  }
  if (issue.expected === 'string' && typeof written === 'number' && !Number.isSafeInteger(written))
    return { instead: 'the same in quotes' };
  if (issue.expected === 'array' && typeof written === 'object' && written !== null) {
    return { instead: 'a list: `- ` before the first key of each entry' };
  }
  return {};
}

/** Zod's own words without their beginning, as a person who writes YAML would say them. */
function quiet(message: string): string {
  const own = message.replace(/^Invalid (input|option|string): /, '');
  const [, expected, received] = /^expected (\w+), received (\w+)$/.exec(own) ?? [];
  if (expected !== undefined && received !== undefined)
    return `expected ${TYPES[expected] ?? expected}, found ${TYPES[received] ?? received}`;
  const [, sign, bound] = /^Too (?:small|big): expected number to be ([<>])=?(\S+)$/.exec(own) ?? [];
  if (bound !== undefined) return `expected ${sign === '>' ? 'at least' : 'at most'} ${bound}`;
  return own.replace(/^Too small: expected array to have >=1 items$/, 'the list is empty: name at least one');
}

const TYPES: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'a section: lines of `key: value`',
  record: 'a section: lines of `key: value`',
  string: 'a text',
  boolean: '`true` or `false`',
  int: 'a whole number',
  number: 'a number',
  null: 'nothing',
};

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
