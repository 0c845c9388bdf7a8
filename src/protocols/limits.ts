import { IDENTIFIERS } from '../../destinations/identifiers.ts';
import { reservedParams } from '../core/identifiers.ts';
import type { Problem } from './hit.ts';

/** Size and shape of what may come in (R72). */
export const LIMITS = {
  /** Bytes of one body. */
  body: 64 * 1024,
  /** Pieces a body may come in: networks make some of 500 bytes, and each piece costs the same work whatever is in it. */
  pieces: 2_048,
  /** Events in one hit. */
  events: 25,
  /** Keys of one event, its items not counted. */
  keys: 200,
  /** Items of one event. */
  items: 200,
  /** UTF-16 units of one string. */
  string: 4096,
  /** Characters of all events of a hit, with what the query says for each of them. */
  expanded: 128 * 1024,
  /** Levels of nesting in JSON. */
  depth: 8,
} as const;

/** A hit that cannot be read: nothing of it is used. `detail` names places and rules, never values. */
export function badRequest(detail: string): Problem {
  return { status: 400, title: 'The hit cannot be read', detail };
}

/** A hit that would become many times its size: each line has all of the query. */
export function tooLarge(lines: number): Problem {
  return {
    status: 413,
    title: 'The hit is too large',
    detail:
      `Each of its ${lines} lines takes over the whole query, which makes more than ${LIMITS.expanded} characters. ` +
      'Put what belongs to one event into its own line, or send the events in several requests.',
  };
}

/** A name that would reach an object's prototype where someone is careless with it (R73). */
export function isUnsafeName(name: string): boolean {
  return name === '__proto__';
}

/**
 * A finite number in decimal notation, else undefined: `599.00`, `-1`, `.5`, `1e3`. A decimal comma, a space between
 * thousands or a currency behind it could be read in more than one way, so it is none; nor is an empty text.
 */
export function finiteNumber(text: string): number | undefined {
  const first = text.charCodeAt(0);
  // Digits, `.`, `-`, `+`: what `Number` takes beyond that (blank = 0, Infinity) is not meant as a number.
  if (!((first >= 48 && first <= 57) || first === 45 || first === 46 || first === 43)) return undefined;
  // Nor is what it takes behind `0x`, `0b` and `0o`.
  if (first === 48 && text.charCodeAt(1) > 57 && (text.charCodeAt(1) | 32) !== 101) return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/** A text as long as it may be, never half of a surrogate pair at its end. */
export function cutText(text: string, longest: number = LIMITS.string): string {
  if (text.length <= longest) return text;
  const last = text.charCodeAt(longest - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? longest - 1 : longest);
}

/**
 * Parameters and user properties that repeat an identifier which has a field of its own. There it is capped, hashed or
 * withheld as the consent says; here it would slip by, so it is dropped.
 */
export const IDENTIFIER_PARAMS: ReadonlySet<string> = new Set([
  'client_id',
  'user_id',
  'user_pseudo_id',
  ...reservedParams(IDENTIFIERS),
]);
