import { byCategory, NO_RECORD, perCookie, type Context, type Platform } from '../platform.ts';
import { ANOTHER_BANNER, choice, noChoice, notRequired, unreadable } from '../reading.ts';
import { demandsOptIn } from '../regions.ts';
import { digitsTime, percentDecoded } from '../text.ts';
import type { Reading } from '../types.ts';

/** Cookiebot (`consent.md` 1): a JavaScript-like object, keys bare, strings in single quotes. */
export const cookiebot: Platform = {
  name: 'cookiebot',
  title: 'Cookiebot',
  cookies: ['CookieConsent'],
  read: perCookie(readCookiebot),
};

/**
 * An explicit choice, exactly as the platform writes it: the fast way. Any other spelling is parsed below, with the same
 * result.
 */
const USUAL =
  /^\{stamp:%27([A-Za-z0-9+/]{16,128}={0,2})%27%2Cnecessary:true%2Cpreferences:(true|false)%2Cstatistics:(true|false)%2Cmarketing:(true|false)%2Cmethod:%27explicit%27%2Cver:(\d{1,15})%2Cutc:(\d{1,15})%2Cregion:%27[a-z-]{1,16}%27\}$/;

const NAMES = { preferences: 'preferences', statistics: 'statistics', marketing: 'marketing' };

const STAMP = /^[A-Za-z0-9+/]{16,128}={0,2}$/;

function readCookiebot(value: string, context: Context): Reading | typeof NO_RECORD {
  const usual = USUAL.exec(value);
  return usual === null ? readAny(value, context) : readUsual(usual, context);
}

function readUsual(parts: RegExpExecArray, context: Context): Reading {
  const states: Readonly<Record<string, string | undefined>> = {
    preferences: parts[2],
    statistics: parts[3],
    marketing: parts[4],
  };
  const { on, off } = byCategory(context, NAMES, (category) => states[category] === 'true');
  return choice(context.source, on, off, { at: digitsTime(parts[6], 1), id: parts[1], version: parts[5] });
}

const GROUPS = /^[a-z][a-z0-9_-]{1,40}(?:,[a-z][a-z0-9_-]{1,40}){1,20}$/;

/** Exported for the test that holds the two ways against each other. */
export function readAny(value: string, context: Context): Reading | typeof NO_RECORD {
  const { source, all } = context;
  // What react-cookie-consent writes under the same name.
  if (value === 'true' || value === 'false') return NO_RECORD;
  if (value === '-1') return notRequired(source, all, 0);
  if (value === '0') return choice(source, 0, all);
  const text = percentDecoded(value);
  const fields = text === undefined ? undefined : fieldsOf(text);
  if (fields === undefined || fields.get('necessary') !== 'true') {
    const foreign = unreadable(source);
    // A list of groups is what Cookieman writes: it grants nothing, and does not outvote a record that can be read.
    return GROUPS.test(value) ? { ...foreign, empty: true, note: ANOTHER_BANNER } : foreign;
  }

  const stamp = quoted(fields.get('stamp'));
  const method = quoted(fields.get('method'));
  const region = quoted(fields.get('region'));
  const facts = {
    at: digitsTime(fields.get('utc'), 1),
    // `-1` and `0` stand in its place where no stamp was issued.
    id: stamp !== undefined && STAMP.test(stamp) ? stamp : undefined,
    version: fields.get('ver'),
  };
  if (method !== undefined && method !== 'explicit' && method !== 'implied') return unreadable(source, facts);
  const { on, off } = byCategory(context, NAMES, (category) => state(fields, category));
  if (on !== 0 && (method === 'implied' || stamp === '-1')) {
    const note = method === 'implied' ? 'implied: nobody clicked' : 'the platform requires no consent here';
    return demandsOptIn(region) ? noChoice(source, facts, note, all) : notRequired(source, on, off, facts, note);
  }
  return choice(source, on, off, facts);
}

function state(fields: ReadonlyMap<string, string>, category: string): boolean | undefined {
  return fields.has(category) ? fields.get(category) === 'true' : undefined;
}

/** Keys that are read. Others depend on the platform's products and settings, and may have any form. */
const KNOWN: ReadonlySet<string> = new Set([
  'necessary',
  'preferences',
  'statistics',
  'marketing',
  'stamp',
  'method',
  'ver',
  'utc',
  'region',
]);

/**
 * The known top-level pairs, values as written; everything else is stepped over. A repeated key keeps its value only if
 * both agree. Undefined where the text is cut off or has another shape.
 */
function fieldsOf(text: string): ReadonlyMap<string, string> | undefined {
  const last = text.length - 1;
  if (last < 1 || text.charCodeAt(0) !== 123 || text.charCodeAt(last) !== 125) return undefined;
  const fields = new Map<string, string>();
  let i = 1;
  while (i < last) {
    const end = endOfPair(text, i, last);
    if (end === -1) return undefined;
    const colon = text.indexOf(':', i);
    if (colon === -1 || colon > end) return undefined;
    const key = bare(text.slice(i, colon));
    if (KNOWN.has(key)) {
      const value = bare(text.slice(colon + 1, end));
      fields.set(key, fields.has(key) && fields.get(key) !== value ? '' : value);
    }
    i = end + 1;
  }
  return fields;
}

/** Where the pair that starts at `from` ends: at a comma outside quotes and brackets, or at `last`; -1 = never. */
function endOfPair(text: string, from: number, last: number): number {
  let depth = 0;
  for (let i = from; i < last; i++) {
    const code = text.charCodeAt(i);
    if (code === 39 || code === 34) {
      i = text.indexOf(text.charAt(i), i + 1);
      if (i === -1 || i >= last) return -1;
    } else if (code === 123 || code === 91) depth++;
    else if (code === 125 || code === 93) {
      if (depth-- === 0) return -1;
    } else if (code === 44 && depth === 0) return i;
  }
  return depth === 0 ? last : -1;
}

/** Without the spaces around it, `+` where a form was encoded. */
function bare(text: string): string {
  return text.replace(/^[ +]{1,16}/, '').trimEnd();
}

/** The text inside quotes of either kind; a text without quotes is unchanged, and an empty one counts as absent. */
function quoted(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const isQuoted = value.length > 1 && /^(?:'.*'|".*")$/s.test(value);
  return (isQuoted ? value.slice(1, -1) : value) || undefined;
}
