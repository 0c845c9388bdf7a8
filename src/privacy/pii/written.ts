import { codeAt } from '../code-at.ts';
import { runs } from './digit-runs.ts';
import { isCalledArticle } from './words-before.ts';

/**
 * Numbers of persons that their groups and signs tell from other numbers, without a word before them: `(212) 555-0123`,
 * `06.12.34.56.78`, `078-05-1120`, `111.444.777-35`.
 */

/** Lengths of the groups, and the sign behind each but the last. */
interface Shape {
  readonly lengths: readonly number[];
  readonly signs: readonly string[];
  /** What stands before the first group; default: nothing that belongs to it. */
  readonly opening?: string;
  readonly kind: 'phone' | 'id';
  readonly fits: (digits: string) => boolean;
}

const any = (): boolean => true;

const SHAPES: readonly Shape[] = [
  // North America: https://www.nanpa.com/numbering; Brazil: Anatel, Resolução 749/2022.
  ...[') ', ')'].flatMap((closing): Shape[] => [
    { lengths: [3, 3, 4], signs: [closing, '-'], opening: '(', kind: 'phone', fits: (digits) => /^[2-9]/.test(digits) },
    { lengths: [2, 5, 4], signs: [closing, '-'], opening: '(', kind: 'phone', fits: any },
    { lengths: [2, 4, 4], signs: [closing, '-'], opening: '(', kind: 'phone', fits: any },
  ]),
  { lengths: [3, 3, 4], signs: ['-', '-'], opening: '1-', kind: 'phone', fits: (digits) => /^[2-9]/.test(digits) },
  // Mobile numbers of France and of the United Kingdom.
  ...[' ', '.'].map(
    (sign): Shape => ({
      lengths: [2, 2, 2, 2, 2],
      signs: [sign, sign, sign, sign],
      kind: 'phone',
      fits: isFrenchMobile,
    }),
  ),
  { lengths: [5, 6], signs: [' '], kind: 'phone', fits: isBritishMobile },
  { lengths: [5, 3, 3], signs: [' ', ' '], kind: 'phone', fits: isBritishMobile },
  // United States, Brazil.
  { lengths: [3, 2, 4], signs: ['-', '-'], kind: 'id', fits: isSocialSecurity },
  { lengths: [3, 3, 3, 2], signs: ['.', '.', '-'], kind: 'id', fits: isCpf },
];

/** By the length of the first group. */
const BY_HEAD: readonly (readonly Shape[])[] = Array.from({ length: 6 }, (_, head) =>
  SHAPES.filter(({ lengths }) => lengths[0] === head),
);

/** The last run of a number of such a shape that begins with this run, and its kind. */
export function writtenAt(first: number): readonly ['phone' | 'id', number] | undefined {
  for (const shape of BY_HEAD[runs.length(first)] ?? []) {
    const last = endOf(first, shape);
    if (last < 0 || !shape.fits(runs.digits(first, last))) continue;
    // `Art.nr. 219-09-9999`
    if (shape.kind === 'id' && isCalledArticle(runs.text, runs.starts[first] as number)) continue;
    return [shape.kind, last];
  }
  return undefined;
}

function endOf(first: number, { lengths, signs, opening }: Shape): number {
  const { text, starts, ends } = runs;
  const last = first + lengths.length - 1;
  for (let i = 1; i < lengths.length; i++) {
    const run = first + i;
    const sign = signs[i - 1] as string;
    const end = ends[run - 1] as number;
    if (runs.length(run) !== lengths[i] || starts[run] !== end + sign.length || !text.startsWith(sign, end)) return -1;
  }
  const start = starts[first] as number;
  const from = start - (opening?.length ?? 0);
  if (opening !== undefined && !text.startsWith(opening, from)) return -1;
  return isApart(codeAt(text, from - 1)) && isApart(codeAt(text, ends[last] as number)) ? last : -1;
}

/** Whether what stands beside a number is no part of it: no letter, digit or sign that joins. */
function isApart(code: number): boolean {
  const letter = code | 32;
  const word = (code >= 48 && code <= 57) || (letter >= 97 && letter <= 122) || code > 0xbf;
  return !word && !JOINS.includes(String.fromCharCode(code));
}

const JOINS = '-_/#+';

/** `06 07 08 09 10` is a list. */
function isFrenchMobile(digits: string): boolean {
  if (!/^0[67]/.test(digits)) return false;
  const pairs = (digits.match(/../g) ?? []).map(Number);
  const [first = 0, second = 0] = pairs;
  return pairs.some((pair, i) => pair !== first + i * (second - first));
}

function isBritishMobile(digits: string): boolean {
  return /^07[1-9]/.test(digits);
}

/** https://www.ssa.gov/employer/randomizationfaqs.html */
function isSocialSecurity(digits: string): boolean {
  return !/^(?:000|666|9)|^...00|0000$/.test(digits);
}

/** Two check digits, each the sum of those before it by weights from 2 on, times ten, modulo 11. */
function isCpf(digits: string): boolean {
  if (/^(.)\1*$/.test(digits)) return false;
  for (const place of [9, 10]) {
    let sum = 0;
    for (let i = 0; i < place; i++) sum += (digits.charCodeAt(i) - 48) * (place + 1 - i);
    if (((sum * 10) % 11) % 10 !== digits.charCodeAt(place) - 48) return false;
  }
  return true;
}
