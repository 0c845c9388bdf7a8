import type { Problem } from './hit.ts';

/** Size and shape of what may come in (R72). The size of the body is the listener's business. */
export const LIMITS = {
  /** Events in one hit. */
  events: 25,
  /** Keys of one event, its items not counted. */
  keys: 200,
  /** Items of one event. */
  items: 200,
  /** UTF-16 units of one string. */
  string: 4096,
  /** Levels of nesting in JSON. */
  depth: 8,
} as const;

/** A hit that cannot be read: nothing of it is used. `detail` names places and rules, never values. */
export function badRequest(detail: string): Problem {
  return { status: 400, title: 'The hit cannot be read', detail };
}

/** A name that would reach an object's prototype where someone is careless with it (R73). */
export function isUnsafeName(name: string): boolean {
  return name === '__proto__';
}

/** A finite number in decimal notation, else undefined. White space and an empty text are no numbers. */
export function finiteNumber(text: string): number | undefined {
  const first = text.charCodeAt(0);
  // Digits, `.`, `-`, `+`: what `Number` takes beyond that (blank = 0, Infinity) is not meant as a number.
  if (!((first >= 48 && first <= 57) || first === 45 || first === 46 || first === 43)) return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/**
 * Parameters and user properties that repeat an identifier which has a field of its own. There it is capped, hashed or
 * withheld as the consent says; here it would slip by, so it is dropped.
 */
export const IDENTIFIER_PARAMS: ReadonlySet<string> = new Set([
  'client_id',
  'user_id',
  'user_pseudo_id',
  'gclid',
  'gbraid',
  'wbraid',
  'dclid',
  'fbclid',
  'fbc',
  'fbp',
  '_fbc',
  '_fbp',
  'msclkid',
  'li_fat_id',
]);
