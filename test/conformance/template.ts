import { createHash } from 'node:crypto';

/** What the placeholders of one case stand for. */
export interface Moment {
  /** Names the case in this run: two letters and four digits. */
  readonly n: string;
  /** When the request is sent, unix milliseconds. */
  readonly at: number;
  /** Words of the case's own, `{{word}}`. */
  readonly words: Readonly<Record<string, string>>;
}

const SECOND = 1000;
const UNITS: Readonly<Record<string, number>> = { s: SECOND, m: 60 * SECOND, h: 3600 * SECOND, d: 86_400 * SECOND };

/** How far the receipt of a request may lie from its sending, milliseconds. */
const RECEIPT = 10 * SECOND;

const HASHES: Readonly<Record<string, (text: string) => string>> = {
  sha256: (text) => createHash('sha256').update(text).digest('hex'),
  'sha256-base64url': (text) => createHash('sha256').update(text).digest('base64url'),
};

/** The value of a placeholder that stands for one text; undefined where it stands for many. */
function literal(inner: string, { n, at, words }: Moment, receipt: boolean): string | undefined {
  if (inner === 'n') return n;
  if (inner === 'n:digits') return digits(n);
  if (Object.hasOwn(words, inner)) return words[inner];
  const time = /^now(?:([-+])(\d+)([smhd]))?(?::(s|ms|us|iso))?$/.exec(inner);
  if (time !== null) {
    const [, sign, count, unit = '', form = 's'] = time;
    if (sign === undefined && receipt) return undefined;
    const offset = sign === undefined ? 0 : Number(`${sign}1`) * Number(count) * (UNITS[unit] ?? 0);
    return written(at + offset, form);
  }
  const colon = inner.indexOf(':');
  return colon === -1 ? undefined : HASHES[inner.slice(0, colon)]?.(inner.slice(colon + 1));
}

function written(ms: number, form: string): string {
  if (form === 'iso') return new Date(ms).toISOString();
  if (form === 'us') return String(ms * 1000);
  return form === 'ms' ? String(ms) : String(Math.floor(ms / SECOND));
}

/** The same name as a number of nine digits, for ids that are numbers. */
function digits(n: string): string {
  const letter = (i: number) => String(n.charCodeAt(i) - 87);
  return `4${letter(0)}${letter(1)}${n.slice(2)}`;
}

const INNERMOST = /\{\{([^{}]+)\}\}/g;

/** Replaces what stands for one text, from the inside out: `{{sha256:crm-{{n}}}}`. */
function settle(template: string, moment: Moment, receipt: boolean): string {
  let text = template;
  for (let round = 0; round < 4; round++) {
    const next = text.replace(INNERMOST, (whole, inner: string) => literal(inner, moment, receipt) ?? whole);
    if (next === text) return next;
    text = next;
  }
  return text;
}

/** A text to be sent. @throws where a placeholder stands for no single text. */
export function expand(template: string, moment: Moment): string {
  const text = settle(template, moment, false);
  const left = INNERMOST.exec(text);
  INNERMOST.lastIndex = 0;
  if (left !== null) throw new Error(`${left[0]} means nothing in a request`);
  return text;
}

const PATTERNS: Readonly<Record<string, string>> = {
  any: '[^]+',
  number: '-?\\d+(?:\\.\\d+)?',
  uuid4: '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}',
};

/** Whether a text that came is what the template stands for. */
function fits(actual: string, template: string, moment: Moment): boolean {
  const text = settle(template, moment, true);
  const times: string[] = [];
  let pattern = '';
  let from = 0;
  for (const match of text.matchAll(INNERMOST)) {
    pattern += escape(text.slice(from, match.index));
    from = match.index + match[0].length;
    const inner = match[1] as string;
    const time = /^now(?::(s|ms|us|iso))?$/.exec(inner);
    if (time !== null) {
      times.push(time[1] ?? 's');
      pattern += '([0-9TZ:.+-]+)';
    } else if (inner.startsWith('like ')) {
      pattern += `(?:${inner.slice('like '.length)})`;
    } else {
      const known = PATTERNS[inner];
      if (known === undefined) throw new Error(`{{${inner}}} means nothing`);
      pattern += `(?:${known})`;
    }
  }
  const found = new RegExp(`^${pattern}${escape(text.slice(from))}$`).exec(actual);
  return (
    found !== null && times.every((form, i) => Math.abs(millis(found[i + 1] as string, form) - moment.at) <= RECEIPT)
  );
}

function millis(text: string, form: string): number {
  if (form === 'iso') return Date.parse(text);
  return form === 's' ? Number(text) * SECOND : form === 'us' ? Number(text) / 1000 : Number(text);
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}

/** Where a value that came differs from what was expected; texts in the expectation are templates. */
export function differences(actual: unknown, expected: unknown, moment: Moment, path = ''): string[] {
  const at = path === '' ? 'it' : path;
  if (typeof expected === 'string') {
    const text = typeof actual === 'number' || typeof actual === 'string' ? String(actual) : undefined;
    if (text !== undefined && (typeof actual === 'string' || expected.includes('{{')) && fits(text, expected, moment)) {
      return [];
    }
    return [`${at}: expected ${settle(expected, moment, true)}, got ${JSON.stringify(actual)}`];
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return [`${at}: expected a list, got ${JSON.stringify(actual)}`];
    if (actual.length !== expected.length) return [`${at}: expected ${expected.length} items, got ${actual.length}`];
    return expected.flatMap((item, i) => differences(actual[i], item, moment, `${path}[${i}]`));
  }
  if (typeof expected === 'object' && expected !== null) {
    if (typeof actual !== 'object' || actual === null || Array.isArray(actual)) {
      return [`${at}: expected an object, got ${JSON.stringify(actual)}`];
    }
    const found: string[] = [];
    const had = actual as Readonly<Record<string, unknown>>;
    const known = new Set<string>();
    for (const [name, value] of Object.entries(expected)) {
      // `key?` may be missing.
      const key = name.endsWith('?') ? name.slice(0, -1) : name;
      known.add(key);
      if (Object.hasOwn(had, key)) found.push(...differences(had[key], value, moment, `${path}.${key}`));
      else if (key === name) found.push(`${path}.${key}: missing`);
    }
    for (const key of Object.keys(had)) {
      if (!known.has(key)) found.push(`${path}.${key}: must not be there (${JSON.stringify(had[key])})`);
    }
    return found;
  }
  return actual === expected ? [] : [`${at}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`];
}
