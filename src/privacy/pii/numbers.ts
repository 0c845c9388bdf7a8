import { codeAt } from '../code-at.ts';
import type { Detection } from './findings.ts';
import { HETU_LENGTH, isCpr, isFodselsnummer, isHetu, isKennitala, isPersonnummer } from './national-ids.ts';
import { runs } from './digit-runs.ts';
import { cardLengths, ibanEnd, isAccount, isGtin } from './payment.ts';
import { internationalRange, isMobile, isNordicPhone } from './phones.ts';
import { writtenAt } from './written.ts';
import { CPR, isCalledArticle, KENNITALA, PERSONNUMMER, WordsBefore } from './words-before.ts';

/**
 * Whether an id that is only digits is a person's number: a phone number with the code of a northern country, or a
 * national id (for Norway the date alone decides).
 */
export function isPersonalNumber(id: string): boolean {
  if (!ONLY_DIGITS.test(id)) return false;
  const digits = id.replaceAll(/\D/g, '');
  if (digits.length === 11) return isCpr(digits) || isFodselsnummer(digits) || isNordicPhone(digits);
  if (digits.length === 12) return isPersonnummer(digits) || isNordicPhone(digits);
  if (digits.length !== 10) return false;
  return isPersonnummer(digits) || isKennitala(digits) || isNordicPhone(digits) || (digits !== id && isCpr(digits));
}

const ONLY_DIGITS = /^\d[\d .+-]{8,16}$/;

const FNR_SHAPES = byHead([[11], [6, 5], [2, 2, 2, 5], [6, 3, 2], [2, 2, 2, 3, 2]]);
const TEN_SHAPES = byHead([[10], [6, 4], [2, 2, 2, 4]]);
const TWELVE_SHAPES = byHead([[12], [8, 4], [4, 2, 2, 4]]);
/** How many digits the first group of any of these may have. */
const HEADS = Uint8Array.from({ length: 13 }, (_, length) =>
  [FNR_SHAPES, TEN_SHAPES, TWELVE_SHAPES].some((shapes) => (shapes[length] ?? []).length > 0) ? 1 : 0,
);

type Shapes = readonly (readonly number[])[];

/** Lengths of groups, by that of the first. */
function byHead(shapes: Shapes): readonly Shapes[] {
  return Array.from({ length: 13 }, (_, length) => shapes.filter(([head]) => head === length));
}

/** Texts before the date in an order number. This is a list, because a string would contain the empty text, too. */
const ORDER_SIGNS = ['-', '_', '#'];

const BLANK = 32;
const ZERO = 48;
const UNDERSCORE = 95;
const PLUS = 43;
const HYPHEN = 45;

/** With fewer digits close together there is no number of a person. */
const FEWEST_DIGITS = 7;
const MOST_PHONE_DIGITS = 15;

const words = new WordsBefore();

/**
 * Finds numbers that stand for a person: national ids, cards, accounts, phone numbers (R42). `runs` have been read;
 * `worded`: whether there are letters in the text at all.
 * A window of runs has 19 digits at most, and a text is made only of digits that have passed a check, so the work for each
 * run is bounded and small.
 */
export function findNumbers(findings: Detection[], worded: boolean): void {
  const { text, starts, ends, reach, count } = runs;
  words.read(text, worded);
  for (let first = 0; first < count; first++) {
    const start = starts[first] as number;
    const length = (ends[first] as number) - start;
    const near = (reach[first] as number) >= FEWEST_DIGITS;
    const six = length === 6;
    const lettered = worded && length > 1 && start > 1 && isLetter(codeAt(text, start - 1));
    // Most runs end here: too few digits around, and no letters in front as accounts have.
    if (!near && !lettered && !six) continue;
    // Only a phone number begins with a single digit.
    const signed = codeAt(text, start - 1) === PLUS;
    if (length === 1 && !signed && (isLetter(codeAt(text, start - 1)) || !words.phoneBefore(start))) continue;
    let end = lettered ? iban(first, findings) : -1;
    if (end < 0 && six) end = hetu(first, findings);
    if (end < 0 && near) end = number(first, findings);
    // The search goes on behind the finding.
    if (end >= 0) while (first + 1 < count && (starts[first + 1] as number) < end) first++;
  }
}

/** Each detector returns where its finding ends, or -1. */
function iban(first: number, findings: Detection[]): number {
  const { text, starts } = runs;
  const start = (starts[first] as number) - 2;
  if (isWord(text, start - 1)) return -1;
  const end = ibanEnd(text, start);
  if (end >= 0) findings.push({ kind: 'iban', start, end });
  return end;
}

function hetu(first: number, findings: Detection[]): number {
  const { text, starts, ends } = runs;
  const start = starts[first] as number;
  const end = start + HETU_LENGTH;
  // The person's number and perhaps the check digit are the run after the century sign.
  const tail = first + 1 < runs.count ? (ends[first + 1] as number) : 0;
  if (starts[first + 1] !== start + 7 || tail < end - 1 || tail > end) return -1;
  if (isWord(text, end) || !isHetu(text, start)) return -1;
  findings.push({ kind: 'hetu', start, end });
  return end;
}

function number(first: number, findings: Detection[]): number {
  const { text, starts, ends } = runs;
  const start = starts[first] as number;
  let from = start;
  let kind: Detection['kind'] = 'phone';
  let last = -1;
  const digit = codeAt(text, start);
  if (digit !== ZERO && codeAt(text, start - 1) === PLUS && !isWord(text, start - 2)) {
    last = runs.longest(first, FEWEST_WITH_PLUS, MOST_PHONE_DIGITS);
    if (last >= 0) from = start - 1;
  }
  if (last < 0 && digit === ZERO) last = international(first);
  if (last < 0) last = mobile(first);
  if (last < 0) {
    const written = writtenAt(first);
    if (written !== undefined) [kind, last] = written;
    if (last >= 0 && text.charAt(start - 1) === '(') from = start - 1;
  }
  if (last < 0) {
    const id = nationalId(first);
    if (id !== undefined) [kind, last] = id;
  }
  if (last < 0) {
    last = accountEnd(first);
    if (last >= 0) kind = 'iban';
  }
  if (last < 0) {
    last = cardEnd(first);
    if (last >= 0) kind = 'card';
  }
  if (last < 0 && words.phoneBefore(start) && !isDay(first))
    last = runs.longest(first, FEWEST_DIGITS, MOST_PHONE_DIGITS);
  if (last < 0) return -1;
  const end = ends[last] as number;
  findings.push({ kind, start: from, end });
  return end;
}

const FEWEST_WITH_PLUS = 8;

/** Whether it is a day in a name of parts: `mobile-20261130`. */
function isDay(first: number): boolean {
  const { text, starts } = runs;
  const start = starts[first] as number;
  const sign = codeAt(text, start - 1);
  if (runs.length(first) !== 8 || (sign !== HYPHEN && sign !== UNDERSCORE)) return false;
  return /^20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$/.test(runs.digits(first, first));
}

/** National ids of the northern countries, and the last of their runs. */
function nationalId(first: number): readonly [Detection['kind'], number] | undefined {
  const { text, starts, reach } = runs;
  const start = starts[first] as number;
  const length = runs.length(first);
  if ((reach[first] as number) < 10 || HEADS[length] !== 1) return undefined;
  // `12-12-12-12` is no id: no id has a fourth pair.
  if (length === 2 && runs.length(first + 3) < 3) return undefined;
  const eleven = shaped(first, FNR_SHAPES);
  if (eleven >= 0) {
    const digits = runs.digits(first, eleven);
    if (isFodselsnummer(digits) || isWrittenFnr(first, eleven, digits)) return ['fnr', eleven];
  }
  const ten = shaped(first, TEN_SHAPES);
  if (ten >= 0) {
    const kind = tenDigits(first, runs.digits(first, ten));
    return kind === undefined ? undefined : [kind, ten];
  }
  const twelve = shaped(first, TWELVE_SHAPES);
  if (twelve < 0) return undefined;
  const digits = runs.digits(first, twelve);
  if (!isPersonnummer(digits)) return undefined;
  // `ORD-20261120-1234` is an order of that day, not a date of birth.
  const order = digits.startsWith('20') && ORDER_SIGNS.includes(text.charAt(start - 1));
  const written = (!order && isSeparated(first)) || (words.idsBefore(start) & PERSONNUMMER) !== 0;
  return written ? ['personnummer', twelve] : undefined;
}

/** The words before the digits are read last, because most digits are no date. */
function tenDigits(first: number, digits: string): Detection['kind'] | undefined {
  const cpr = isCpr(digits);
  const personnummer = isPersonnummer(digits);
  if (!cpr && !personnummer) return undefined;
  const called = words.idsBefore(runs.starts[first] as number);
  if (cpr && (called & KENNITALA) !== 0 && isKennitala(digits)) return 'kennitala';
  if (cpr && (called & CPR) !== 0) return 'cpr';
  if (personnummer && (called & PERSONNUMMER) !== 0) return 'personnummer';
  if (!isSeparated(first)) return undefined;
  return personnummer ? 'personnummer' : 'cpr';
}

/** Whether it is written like a person's id, and no word calls it an order or an article. */
function isSeparated(first: number): boolean {
  return hasSign(first) && standsAlone(first) && !isCalledArticle(runs.text, runs.starts[first] as number);
}

/** `010170 12345`, `010170_12345`: a date and five digits, as only this number is written, whatever its check digits. */
function isWrittenFnr(first: number, last: number, digits: string): boolean {
  const { text, starts, ends } = runs;
  const end = ends[first] as number;
  const start = starts[first] as number;
  const sign = codeAt(text, end);
  if (last !== first + 1 || end - start !== 6 || starts[last] !== end + 1) return false;
  if ((sign !== BLANK && sign !== UNDERSCORE) || !isCpr(digits)) return false;
  return !isWord(text, start - 1) && !ORDER_SIGNS.includes(text.charAt(start - 1)) && !isCalledArticle(text, start);
}

/** `00` and a country's code, with as many digits as a number there has: its last run. */
function international(first: number): number {
  const { text, starts } = runs;
  const start = starts[first] as number;
  if (codeAt(text, start) !== ZERO || codeAt(text, start + 1) !== ZERO || isWord(text, start - 1)) return -1;
  // No country's code begins with 0.
  if (codeAt(text, start + 2) === ZERO) return -1;
  // Behind a hyphen it is the end of a longer number.
  if (codeAt(text, start - 1) === HYPHEN && isWord(text, start - 2)) return -1;
  const head = runs.longest(first, 3, MOST_WITH_ZEROS);
  if (head < 0) return -1;
  const range = internationalRange(runs.digits(first, head).slice(2, 6));
  return range === undefined ? -1 : runs.longest(first, range[0] + 2, range[1] + 2);
}

/** `00`, the longest country code and the digits after it. */
const MOST_WITH_ZEROS = 19;

/** A mobile number in the groups of its country, with blanks between and nothing else of its kind around: its last run. */
function mobile(first: number): number {
  const { text, starts, ends, reach } = runs;
  const digits = reach[first] as number;
  const start = starts[first] as number;
  if ((digits !== 8 && digits !== 10) || (ends[first] as number) - start !== 3) return -1;
  if (isWord(text, start - 1) || MOBILE_PARTS.has(codeAt(text, start - 1))) return -1;
  let last = first;
  const groups = [text.slice(start, ends[first])];
  for (; runs.joined[last] === 1; last++) {
    const end = ends[last] as number;
    const next = starts[last + 1] as number;
    const between = codeAt(text, end);
    const blank = between === BLANK || between === NO_BREAK;
    if (next - end !== 1 || !(blank || (between === HYPHEN && last === first))) return -1;
    groups.push(text.slice(next, ends[last + 1]));
  }
  return isMobile(groups) && !isWord(text, ends[last] as number) ? last : -1;
}

const NO_BREAK = 0xa0;

/** Signs before digits that make them part of a longer number. */
const MOBILE_PARTS: ReadonlySet<number> = new Set(Array.from('-._,/#:+', (character) => character.charCodeAt(0)));

/** `DDMMYY-NNNN`, `YYMMDD+NNNN` and the like: the last four digits behind one sign. */
function hasSign(first: number): boolean {
  const end = runs.ends[first] as number;
  const sign = codeAt(runs.text, end);
  const head = runs.length(first);
  return (head === 6 || head === 8) && (sign === HYPHEN || sign === PLUS) && runs.starts[first + 1] === end + 1;
}

/** Whether the two runs are not a part of something longer: a UUID, a serial number. */
function standsAlone(first: number): boolean {
  const { text } = runs;
  const end = runs.ends[first + 1] as number;
  const start = runs.starts[first] as number;
  const more =
    (codeAt(text, end) === HYPHEN && isWord(text, end + 1)) ||
    (ORDER_SIGNS.includes(text.charAt(start - 1)) && isWord(text, start - 2));
  return !isWord(text, start - 1) && !isWord(text, end) && !more;
}

/** The last of the runs from `first` on that have one of these shapes; -1 = none. */
function shaped(first: number, shapes: readonly Shapes[]): number {
  for (const shape of shapes[runs.length(first)] as Shapes) {
    const size = shape.length;
    let at = 1;
    while (at < size && runs.length(first + at) === shape[at] && runs.joined[first + at - 1] === 1) at++;
    if (at === size) return first + size - 1;
  }
  return -1;
}

/** A Norwegian account as people write it, `8601.11.17947` (its last digit by weights modulo 11): its last run. */
function accountEnd(first: number): number {
  const { text, starts, ends } = runs;
  if (runs.length(first) !== 4 || runs.length(first + 1) !== 2 || runs.length(first + 2) !== 5) return -1;
  const sign = text.charCodeAt(ends[first] as number);
  if (sign !== DOT && sign !== BLANK && sign !== NO_BREAK) return -1;
  const last = first + 2;
  for (let run = first; run < last; run++) {
    const end = ends[run] as number;
    if (text.charCodeAt(end) !== sign || starts[run + 1] !== end + 1) return -1;
  }
  const start = starts[first] as number;
  if (isWord(text, start - 1) || isWord(text, ends[last] as number)) return -1;
  return isAccount(runs.digits(first, last)) && !isCalledArticle(text, start) ? last : -1;
}

const DOT = 46;

/** A card's number in one piece or in groups of two and more digits behind equal separators: its last run. */
function cardEnd(first: number): number {
  const { text, starts, ends, reach } = runs;
  const near = reach[first] as number;
  if (near < SHORTEST_CARD) return -1;
  const start = starts[first] as number;
  const head = codeAt(text, start);
  // Cards begin with 2 to 6: most numbers do not.
  if (head < ZERO + 2 || head > ZERO + 6) return -1;
  const alone = (ends[first] as number) - start;
  if (alone < 2) return -1;
  const lengths = cardLengths(firstFour(first));
  for (let digits = Math.min(LONGEST_CARD, near); digits >= SHORTEST_CARD; digits--) {
    if (((lengths >> digits) & 1) === 0 || digits < alone || !runs.passLuhn(first, digits)) continue;
    const last = alone === digits ? first : groupsEnd(first, digits);
    if (last < 0 || (digits <= LONGEST_ARTICLE && isGtin(text, start, ends[last] as number))) continue;
    // In groups it stands alone; a UUID has as many digits.
    if (last === first || !(isWord(text, start - 1) || isWord(text, ends[last] as number))) return last;
  }
  return -1;
}

/** The run with which so many digits end, if they are in groups of two and more behind equal separators; else -1. */
function groupsEnd(first: number, digits: number): number {
  const { text, starts, ends, before, count } = runs;
  const to = (before[first] as number) + digits;
  const separator = codeAt(text, ends[first] as number);
  const usual = separator === BLANK || separator === HYPHEN || separator === PLUS;
  // Many numbers have other signs in them, but none of these has four groups of four.
  if (!usual && !(CARD_SIGNS.includes(separator) && isFourOfFour(first))) return -1;
  for (let last = first + 1; last < count; last++) {
    const end = ends[last - 1] as number;
    const start = starts[last] as number;
    if (start - end !== 1 || codeAt(text, end) !== separator || (ends[last] as number) - start < 2) return -1;
    const reached = before[last + 1] as number;
    if (reached >= to) return reached === to ? last : -1;
  }
  return -1;
}

function isFourOfFour(first: number): boolean {
  for (let run = first; run < first + 4; run++) if (runs.length(run) !== 4) return false;
  return true;
}

/** `.`, `/`, `_`. */
const CARD_SIGNS = [46, 47, UNDERSCORE];
const SHORTEST_CARD = 13;
const LONGEST_CARD = 19;
/** Up to this length digits that pass the checks of both are an article number: shops write more of these than of cards. */
const LONGEST_ARTICLE = 14;

/** The first four digits as a number; there are as many. */
function firstFour(first: number): number {
  const { text, starts } = runs;
  let four = 0;
  for (let at = starts[first] as number, found = 0; found < 4; at++) {
    const digit = codeAt(text, at) - ZERO;
    if (digit < 0 || digit > 9) continue;
    four = four * 10 + digit;
    found++;
  }
  return four;
}

function isWord(text: string, at: number): boolean {
  const code = codeAt(text, at);
  return (code >= 48 && code <= 57) || isLetter(code) || code > 127;
}

function isLetter(code: number): boolean {
  const letter = code | 32;
  return letter >= 97 && letter <= 122 && code < 128;
}
