import type { Finding } from './findings.ts';
import { HETU_LENGTH, isCpr, isFodselsnummer, isHetu, isKennitala, isPersonnummer } from './national-ids.ts';
import { ibanEnd, isCard } from './payment.ts';

/** The runs of digits of a text: run i is `text.slice(starts[i], ends[i])`. */
interface Runs {
  readonly text: string;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** A run and those that follow it, taken together: runs `first` to `last` and their digits. */
interface Window {
  readonly last: number;
  readonly digits: string;
}

const FNR_SHAPES = [[11], [6, 5], [2, 2, 2, 5], [6, 3, 2], [2, 2, 2, 3, 2]];
const TEN_SHAPES = [[10], [6, 4], [2, 2, 2, 4]];
const TWELVE_SHAPES = [[12], [8, 4], [4, 2, 2, 4]];

/** What an order number has before its date. A list: the empty text before a text is in every string, but not in it. */
const ORDER_SIGNS = ['-', '_', '#'];

const BLANK = 32;
const PLUS = 43;
const HYPHEN = 45;

/** How far before a number its keyword may begin. */
const KEYWORD_REACH = 24;
const PHONE_WORD =
  /(?:^|[^\p{L}[])(?:tlf|tel|phone|telephone|telefon|telefonnummer|telefonnr|mobil|mobile|mobilnummer|mobilnr|mobiltelefon|mob|gsm|sms|whatsapp|handy|puhelin|puhelinnumero|puh|sími|simi|símanúmer)(?:$|[^\p{L}\]])/iu;
const CPR_WORD = /(?:^|[^\p{L}[])(?:cpr|person-?nr|person-?nummer|pnr|ssn)/iu;
const PERSONNUMMER_WORD = /(?:^|[^\p{L}[])(?:person-?nr|person-?nummer|samordningsn|pnr|ssn|p-?nummer)/iu;
const KENNITALA_WORD = /(?:^|[^\p{L}[])(?:kennit|kt(?:$|[^\p{L}]))/iu;

/**
 * Finds numbers that stand for a person: national ids, cards, accounts, phone numbers (R42).
 * Windows of runs are at most 19 digits long, so the work for each run is bounded.
 */
export function findNumbers(text: string, findings: Finding[]): void {
  const runs = digitRuns(text);
  for (let first = 0; first < runs.starts.length; first++) {
    const last = iban(runs, first, findings) ?? hetu(runs, first, findings) ?? number(runs, first, findings);
    // What has been found is not looked at again.
    if (last !== undefined) while ((runs.starts[first + 1] ?? Infinity) < last) first++;
  }
}

function digitRuns(text: string): Runs {
  const starts: number[] = [];
  const ends: number[] = [];
  let inside = false;
  for (let i = 0; i <= text.length; i++) {
    const code = text.charCodeAt(i);
    const isDigit = code >= 48 && code <= 57;
    if (isDigit && !inside) starts.push(i);
    if (!isDigit && inside) ends.push(i);
    inside = isDigit;
  }
  return { text, starts, ends };
}

/** Each detector answers where its finding ends, or undefined. */
function iban({ text, starts, ends }: Runs, first: number, findings: Finding[]): number | undefined {
  const start = (starts[first] ?? 0) - 2;
  if (start < 0 || (ends[first] ?? 0) - start < 4 || isWord(text, start - 1)) return undefined;
  const end = ibanEnd(text, start);
  if (end < 0) return undefined;
  findings.push({ kind: 'iban', start, end });
  return end;
}

function hetu({ text, starts, ends }: Runs, first: number, findings: Finding[]): number | undefined {
  const start = starts[first] ?? 0;
  const end = start + HETU_LENGTH;
  // The person's number and perhaps the check digit are the run after the century sign.
  const tail = ends[first + 1] ?? 0;
  if (ends[first] !== start + 6 || starts[first + 1] !== start + 7 || tail < end - 1 || tail > end) return undefined;
  if (isWord(text, end) || !isHetu(text.slice(start, end))) return undefined;
  findings.push({ kind: 'hetu', start, end });
  return end;
}

function number(runs: Runs, first: number, findings: Finding[]): number | undefined {
  const { text, starts, ends } = runs;
  const start = starts[first] ?? 0;
  const found = (kind: Finding['kind'], window: Window, from = start): number => {
    const end = ends[window.last] ?? 0;
    findings.push({ kind, start: from, end });
    return end;
  };

  if (text.charCodeAt(start - 1) === PLUS && text.charAt(start) !== '0' && !isWord(text, start - 2)) {
    const window = longest(runs, first, 8, 15);
    if (window !== undefined) return found('phone', window, start - 1);
  }
  const eleven = shaped(runs, first, FNR_SHAPES);
  if (eleven !== undefined && isFodselsnummer(eleven.digits)) return found('fnr', eleven);

  const card = cardWindow(runs, first);
  if (card !== undefined) return found('card', card);

  const ten = shaped(runs, first, TEN_SHAPES);
  const twelve = shaped(runs, first, TWELVE_SHAPES);
  if (ten !== undefined || twelve !== undefined) {
    const before = keywords(text, start);
    const separated = hasSign(runs, first);
    if (ten !== undefined) {
      if (KENNITALA_WORD.test(before) && isKennitala(ten.digits)) return found('kennitala', ten);
      if (CPR_WORD.test(before) && isCpr(ten.digits)) return found('cpr', ten);
      if ((separated || PERSONNUMMER_WORD.test(before)) && isPersonnummer(ten.digits))
        return found('personnummer', ten);
      if (separated && isCpr(ten.digits)) return found('cpr', ten);
    }
    // `ORD-20261120-1234` is an order of that day, not a child born on it.
    const order = twelve?.digits.startsWith('20') === true && ORDER_SIGNS.includes(text.charAt(start - 1));
    const written = (separated && !order) || PERSONNUMMER_WORD.test(before);
    if (twelve !== undefined && written && isPersonnummer(twelve.digits)) {
      return found('personnummer', twelve);
    }
  }
  const phone = longest(runs, first, 7, 15);
  return phone !== undefined && PHONE_WORD.test(keywords(text, start)) ? found('phone', phone) : undefined;
}

function keywords(text: string, start: number): string {
  return text.slice(Math.max(0, start - KEYWORD_REACH), start);
}

/** `DDMMYY-NNNN`, `YYMMDD+NNNN` and the like: the last four digits behind one sign. */
function hasSign({ text, starts, ends }: Runs, first: number): boolean {
  const end = ends[first] ?? 0;
  const sign = text.charCodeAt(end);
  const head = end - (starts[first] ?? 0);
  return (head === 6 || head === 8) && (sign === HYPHEN || sign === PLUS) && starts[first + 1] === end + 1;
}

/** The runs from `first` on that have one of these shapes, i.e. lengths of groups. */
function shaped(runs: Runs, first: number, shapes: readonly (readonly number[])[]): Window | undefined {
  for (const shape of shapes) {
    let at = first;
    let digits = '';
    for (const length of shape) {
      const start = runs.starts[at] ?? 0;
      const end = runs.ends[at] ?? 0;
      if (end - start !== length || (at > first && !joins(runs, at - 1))) break;
      digits += runs.text.slice(start, end);
      at++;
    }
    if (at - first === shape.length) return { last: at - 1, digits };
  }
  return undefined;
}

/** The longest window from `first` on with a number of digits in this range. */
function longest(runs: Runs, first: number, least: number, most: number): Window | undefined {
  let digits = '';
  let best: Window | undefined;
  for (let last = first; last < runs.starts.length; last++) {
    const start = runs.starts[last] ?? 0;
    const end = runs.ends[last] ?? 0;
    if (digits.length + end - start > most || (last > first && !joins(runs, last - 1))) break;
    digits += runs.text.slice(start, end);
    if (digits.length >= least) best = { last, digits };
  }
  return best;
}

/** A card's number in one piece or in groups of two and more digits behind equal separators. */
function cardWindow(runs: Runs, first: number): Window | undefined {
  const { text, starts, ends } = runs;
  const separator = text.charCodeAt(ends[first] ?? 0);
  let digits = '';
  let best: Window | undefined;
  for (let last = first; last < starts.length; last++) {
    const start = starts[last] ?? 0;
    const end = ends[last] ?? 0;
    if (digits.length + end - start > 19) break;
    if (end - start < 2) break;
    if (last > first && (start - (ends[last - 1] ?? 0) !== 1 || text.charCodeAt(start - 1) !== separator)) break;
    digits += text.slice(start, end);
    if (digits.length >= 13 && isCard(digits)) best = { last, digits };
    if (separator !== BLANK && separator !== HYPHEN && separator !== PLUS) break;
  }
  return best;
}

/** Whether only separators, three at most, stand between run i and the next one. */
function joins({ text, starts, ends }: Runs, i: number): boolean {
  const to = starts[i + 1] ?? Infinity;
  const from = ends[i] ?? 0;
  if (to - from > 3) return false;
  for (let at = from; at < to; at++) if (!SEPARATORS.includes(text.charAt(at))) return false;
  return true;
}

const SEPARATORS = ' -./()+\u00a0\u2009\u202f\u2010\u2011\u2012\u2013\u2014\u2212';

function isWord(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  const letter = code | 32;
  return (code >= 48 && code <= 57) || (letter >= 97 && letter <= 122) || code > 127;
}
