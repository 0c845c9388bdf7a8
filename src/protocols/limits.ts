import { IDENTIFIERS } from '../../destinations/identifiers.ts';
import { reservedParams } from '../core/identifiers.ts';
import type { Problem } from './hit.ts';

/** Size and shape of what may come in (R72). */
export const LIMITS = {
  /** Bytes of one body. */
  body: 64 * 1024,
  /** Pieces a body may come in: a network's pieces have some 500 bytes, and each costs the same work whatever its size. */
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

/** A hit that would become many times its size, because the whole query is copied into each line. */
export function tooLarge(lines: number): Problem {
  return {
    status: 413,
    title: 'The hit is too large',
    detail:
      `The whole query is copied into each of its ${lines} lines, which makes more than ${LIMITS.expanded} characters. ` +
      'Put what belongs to one event into its own line, or send the events in several requests.',
  };
}

/** A name that could reach an object's prototype in careless code (R73). */
export function isUnsafeName(name: string): boolean {
  return name === '__proto__';
}

/**
 * A finite number in decimal notation, else undefined: `599.00`, `-1`, `.5`, `1e3`. A text with a decimal comma, a space
 * between thousands or a currency could be read in more than one way, so it is no number; nor is an empty text.
 */
export function finiteNumber(text: string): number | undefined {
  const first = text.charCodeAt(0);
  // `Number` also takes blanks (as 0) and `Infinity`, which are not meant as numbers.
  if (!((first >= 48 && first <= 57) || first === 45 || first === 46 || first === 43)) return undefined;
  // `Number` also takes numbers behind `0x`, `0b` and `0o`.
  if (first === 48 && text.charCodeAt(1) > 57 && (text.charCodeAt(1) | 32) !== 101) return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/** A text cut to its longest length, without half a surrogate pair at its end. */
export function cutText(text: string, longest: number = LIMITS.string): string {
  if (text.length <= longest) return text;
  const last = text.charCodeAt(longest - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? longest - 1 : longest);
}

/**
 * Names of parameters and user properties that repeat an identifier with a field of its own. In that field the identifier
 * is capped, hashed or withheld as the consent says; as a parameter it would not be, so it is dropped.
 */
export const IDENTIFIER_PARAMS: ReadonlySet<string> = new Set([
  'client_id',
  'user_id',
  'user_pseudo_id',
  ...reservedParams(IDENTIFIERS),
]);
