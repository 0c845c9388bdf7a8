import type { Finding } from './findings.ts';
import { HETU_LENGTH, isCpr, isFodselsnummer, isHetu, isKennitala, isPersonnummer } from './national-ids.ts';
import { ibanEnd, isCard, startsLikeCard } from './payment.ts';
import { isInternational, isMobile, isNordicPhone, LONGEST_INTERNATIONAL } from './phones.ts';

/**
 * Whether a whole id of digits is a person's number, so that it is no id of its own: a phone number with the code of a
 * northern country, or a national id, of Norwegians by its date alone.
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

/** The runs of digits of a text: run i is `text.slice(starts[i], ends[i])`. */
interface Runs {
  readonly text: string;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** Whether only separators, three at most, stand between run i and the next. */
  readonly joined: readonly boolean[];
  /** How many digits there are from run i on, as far as only separators stand between: decides who need not look. */
  readonly reach: readonly number[];
  /** Whether any word of phones is in the text at all. */
  readonly phones: boolean;
}

/** A run and those that follow it, taken together: runs `first` to `last` and their digits. */
interface Window {
  readonly last: number;
  readonly digits: string;
}

const FNR_SHAPES = [[11], [6, 5], [2, 2, 2, 5], [6, 3, 2], [2, 2, 2, 3, 2]];
const TEN_SHAPES = [[10], [6, 4], [2, 2, 2, 4]];
const TWELVE_SHAPES = [[12], [8, 4], [4, 2, 2, 4]];
/** With how many digits any of these begins. */
const HEADS: ReadonlySet<number> = new Set([...FNR_SHAPES, ...TEN_SHAPES, ...TWELVE_SHAPES].map(([head]) => head ?? 0));

/** What an order number has before its date. A list: the empty text before a text is in every string, but not in it. */
const ORDER_SIGNS = ['-', '_', '#'];

const BLANK = 32;
const ZERO = 48;
const UNDERSCORE = 95;
const PLUS = 43;
const HYPHEN = 45;

/** How far before a number its keyword may begin. */
const KEYWORD_REACH = 24;
const PHONE_WORD =
  /(?:^|[^\p{L}[])(?:tlf|tel|phone|telephone|telefon|telefonnummer|telefonnr|mobil|mobile|mobilnummer|mobilnr|mobiltelefon|mob|gsm|sms|whatsapp|handy|puhelin|puhelinnumero|puh|sími|simi|símanúmer)(?:$|-(?!\p{L})|[^\p{L}\]-])/iu;
/** What an article or an order is called: a number behind it is not a person's, unless its check digits say so. */
const ARTICLE_WORD =
  /(?:^|[^\p{L}[])(?:ordre|ordrenr|ordrenummer|order|ordernr|ordernummer|bestilling|bestillingsnr|tilaus|sku|vare|varenr|varenummer|artikkel|artikel|artikelnr|art|item|produkt|product|faktura|fakturanr|invoice|receipt|kvittering|ref|referanse|ean|gtin|isbn|mpn|model|modell|sporing|tracking)[ .:#=()/-]{0,4}(?:nr|no|nummer|number|id)?[ .:#=()/-]{0,4}$/iu;
const CPR_WORD = /(?:^|[^\p{L}[])(?:cpr|person-?nr|person-?nummer|pnr|ssn)/iu;
const PERSONNUMMER_WORD = /(?:^|[^\p{L}[])(?:person-?nr|person-?nummer|samordningsn|pnr|ssn|p-?nummer)/iu;
const KENNITALA_WORD = /(?:^|[^\p{L}[])(?:kennit|kt(?:$|[^\p{L}]))/iu;

/** With fewer digits close together there is no number of a person. */
const FEWEST_DIGITS = 7;

/**
 * Finds numbers that stand for a person: national ids, cards, accounts, phone numbers (R42).
 * Windows of runs are at most 19 digits long, so the work for each run is bounded.
 */
export function findNumbers(text: string, findings: Finding[]): void {
  const runs = digitRuns(text);
  const { starts, ends, reach } = runs;
  for (let first = 0; first < starts.length; first++) {
    const start = starts[first] ?? 0;
    const near = (reach[first] ?? 0) >= FEWEST_DIGITS;
    const lettered = start > 1 && isWord(text, start - 1);
    // Most runs end here: too few digits around, and no letters in front as accounts have.
    if (!near && !lettered && (ends[first] ?? 0) - start !== 6) continue;
    const last =
      (lettered ? iban(runs, first, findings) : undefined) ??
      hetu(runs, first, findings) ??
      (near ? number(runs, first, findings) : undefined);
    // What has been found is not looked at again.
    if (last !== undefined) while ((starts[first + 1] ?? Infinity) < last) first++;
  }
}

function digitRuns(text: string): Runs {
  const starts: number[] = [];
  const ends: number[] = [];
  let inside = false;
  const { length } = text;
  for (let i = 0; i <= length; i++) {
    const code = i < length ? text.charCodeAt(i) : 0;
    const isDigit = code >= 48 && code <= 57;
    if (isDigit && !inside) starts.push(i);
    if (!isDigit && inside) ends.push(i);
    inside = isDigit;
  }
  const joined: boolean[] = [];
  const reach: number[] = [];
  for (let i = 0; i < starts.length; i++) {
    joined.push(joins(text, ends[i] ?? 0, starts[i + 1] ?? Infinity));
    reach.push((ends[i] ?? 0) - (starts[i] ?? 0));
  }
  for (let i = starts.length - 2; i >= 0; i--) if (joined[i] === true) reach[i] = (reach[i] ?? 0) + (reach[i + 1] ?? 0);
  return { text, starts, ends, joined, reach, phones: ANY_PHONE_WORD.test(text) };
}

const ANY_PHONE_WORD = /tlf|tel|mob|gsm|sms|whatsapp|handy|puh|s[ií]m|phone/i;

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
  const abroad = international(runs, first) ?? mobile(runs, first);
  if (abroad !== undefined) return found('phone', abroad);
  const id = nationalId(runs, first);
  if (id !== undefined) return found(id[0], id[1]);
  const card = cardWindow(runs, first);
  if (card !== undefined) return found('card', card);
  const phone = runs.phones ? longest(runs, first, FEWEST_DIGITS, 15) : undefined;
  return phone !== undefined && PHONE_WORD.test(keywords(text, start)) ? found('phone', phone) : undefined;
}

/** National ids of people in the north, and which window of runs they are. */
function nationalId(runs: Runs, first: number): readonly [Finding['kind'], Window] | undefined {
  const { text, starts, ends, reach } = runs;
  const start = starts[first] ?? 0;
  const length = (ends[first] ?? 0) - start;
  if ((reach[first] ?? 0) < 10 || !HEADS.has(length)) return undefined;
  // `12-12-12-12`: after three pairs no id goes on with a fourth.
  if (length === 2 && (ends[first + 3] ?? 0) - (starts[first + 3] ?? 0) < 3) return undefined;
  const eleven = shaped(runs, first, FNR_SHAPES);
  if (eleven !== undefined && (isFodselsnummer(eleven.digits) || isWrittenFnr(runs, first, eleven))) {
    return ['fnr', eleven];
  }
  const ten = shaped(runs, first, TEN_SHAPES);
  const twelve = shaped(runs, first, TWELVE_SHAPES);
  if (ten === undefined && twelve === undefined) return undefined;
  const before = keywords(text, start);
  const separated = hasSign(runs, first) && standsAlone(runs, first) && !ARTICLE_WORD.test(before);
  if (ten !== undefined) {
    if (KENNITALA_WORD.test(before) && isKennitala(ten.digits)) return ['kennitala', ten];
    if (CPR_WORD.test(before) && isCpr(ten.digits)) return ['cpr', ten];
    if ((separated || PERSONNUMMER_WORD.test(before)) && isPersonnummer(ten.digits)) return ['personnummer', ten];
    if (separated && isCpr(ten.digits)) return ['cpr', ten];
  }
  // `ORD-20261120-1234` is an order of that day, not a child born on it.
  const order = twelve?.digits.startsWith('20') === true && ORDER_SIGNS.includes(text.charAt(start - 1));
  const written = (separated && !order) || PERSONNUMMER_WORD.test(before);
  return twelve !== undefined && written && isPersonnummer(twelve.digits) ? ['personnummer', twelve] : undefined;
}

/** `010170 12345`, `010170_12345`: a date and five digits, as only this number is written, whatever its check digits. */
function isWrittenFnr({ text, starts, ends }: Runs, first: number, { last, digits }: Window): boolean {
  const end = ends[first] ?? 0;
  const start = starts[first] ?? 0;
  const sign = text.charCodeAt(end);
  if (last !== first + 1 || end - start !== 6 || starts[last] !== end + 1) return false;
  if ((sign !== BLANK && sign !== UNDERSCORE) || !isCpr(digits)) return false;
  return (
    !isWord(text, start - 1) &&
    !ORDER_SIGNS.includes(text.charAt(start - 1)) &&
    !ARTICLE_WORD.test(keywords(text, start))
  );
}

/** `00` and a country's code, with as many digits as a number there has. */
function international(runs: Runs, first: number): Window | undefined {
  const { text, starts, ends, joined } = runs;
  const start = starts[first] ?? 0;
  // Behind a hyphen it is the end of a longer number.
  if (text.charCodeAt(start - 1) === HYPHEN && isWord(text, start - 2)) return undefined;
  if (text.charCodeAt(start) !== ZERO || text.charCodeAt(start + 1) !== ZERO || isWord(text, start - 1))
    return undefined;
  let digits = '';
  let best: Window | undefined;
  for (let last = first; last < starts.length; last++) {
    const from = starts[last] ?? 0;
    const to = ends[last] ?? 0;
    if (digits.length + to - from > LONGEST_INTERNATIONAL || (last > first && joined[last - 1] !== true)) break;
    digits += text.slice(from, to);
    if (isInternational(digits.slice(2))) best = { last, digits };
  }
  return best;
}

/** A mobile number in the groups of its country, with blanks between and nothing else of its kind around. */
function mobile(runs: Runs, first: number): Window | undefined {
  const { text, starts, ends, reach } = runs;
  const digits = reach[first] ?? 0;
  const start = starts[first] ?? 0;
  if ((digits !== 8 && digits !== 10) || (ends[first] ?? 0) - start !== 3) return undefined;
  if (isWord(text, start - 1) || MOBILE_PARTS.has(text.charCodeAt(start - 1))) return undefined;
  const groups: string[] = [];
  let last = first;
  for (let count = 0; count < digits && last < starts.length; last++) {
    const from = starts[last] ?? 0;
    const to = ends[last] ?? 0;
    const between = last === first ? '' : text.slice(ends[last - 1] ?? 0, from);
    if (!(last === first || between === ' ' || between === '\u00a0' || (between === '-' && last === first + 1)))
      return undefined;
    groups.push(text.slice(from, to));
    count += to - from;
  }
  return isMobile(groups) && !isWord(text, ends[last - 1] ?? 0)
    ? { last: last - 1, digits: groups.join('') }
    : undefined;
}

/** In front of digits: they belong to a longer number. */
const MOBILE_PARTS: ReadonlySet<number> = new Set(Array.from('-._,/#:+', (character) => character.charCodeAt(0)));

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

/** Whether the two runs are not a part of something longer: a UUID, a serial number. */
function standsAlone({ text, starts, ends }: Runs, first: number): boolean {
  const end = ends[first + 1] ?? 0;
  const more = text.charCodeAt(end) === HYPHEN && isWord(text, end + 1);
  return !isWord(text, (starts[first] ?? 0) - 1) && !isWord(text, end) && !more;
}

/** The runs from `first` on that have one of these shapes, i.e. lengths of groups. */
function shaped(runs: Runs, first: number, shapes: readonly (readonly number[])[]): Window | undefined {
  const { starts, ends, joined } = runs;
  for (const shape of shapes) {
    let at = first;
    for (const length of shape) {
      const start = starts[at] ?? 0;
      if ((ends[at] ?? 0) - start !== length || (at > first && joined[at - 1] !== true)) break;
      at++;
    }
    if (at - first < shape.length) continue;
    return { last: at - 1, digits: digitsOf(runs, first, at - 1) };
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
    if (digits.length + end - start > most) break;
    if (last > first && runs.joined[last - 1] !== true) break;
    digits += runs.text.slice(start, end);
    if (digits.length >= least) best = { last, digits };
  }
  return best;
}

/** A card's number in one piece or in groups of two and more digits behind equal separators. */
function cardWindow(runs: Runs, first: number): Window | undefined {
  const { text, starts, ends, reach } = runs;
  const from = starts[first] ?? 0;
  if ((reach[first] ?? 0) < SHORTEST_CARD || !startsLikeCard(text, from)) return undefined;
  const separator = text.charCodeAt(ends[first] ?? 0);
  let count = 0;
  let best: Window | undefined;
  for (let last = first; last < starts.length; last++) {
    const start = starts[last] ?? 0;
    const length = (ends[last] ?? 0) - start;
    count += length;
    if (count > LONGEST_CARD || length < 2) break;
    if (last > first && (start - (ends[last - 1] ?? 0) !== 1 || text.charCodeAt(start - 1) !== separator)) break;
    if (count >= SHORTEST_CARD && isCard(text, from, ends[last] ?? 0, count)) {
      // In groups it stands alone; a UUID has as many digits.
      const whole = last === first || !(isWord(text, from - 1) || isWord(text, ends[last] ?? 0));
      if (whole) best = { last, digits: digitsOf(runs, first, last) };
    }
    if (separator !== BLANK && separator !== HYPHEN && separator !== PLUS) break;
  }
  return best;
}

const SHORTEST_CARD = 13;
const LONGEST_CARD = 19;

function digitsOf({ text, starts, ends }: Runs, first: number, last: number): string {
  let digits = '';
  for (let i = first; i <= last; i++) digits += text.slice(starts[i] ?? 0, ends[i] ?? 0);
  return digits;
}

/** Whether only separators, three at most, stand between two runs. */
function joins(text: string, from: number, to: number): boolean {
  if (to - from > 3) return false;
  for (let at = from; at < to; at++) if (!isSeparator(text.charCodeAt(at))) return false;
  return true;
}

function isSeparator(code: number): boolean {
  return code < 128 ? SEPARATES[code] === 1 : WIDE_SEPARATORS.has(code);
}

const SEPARATES = Uint8Array.from({ length: 128 }, (_, code) =>
  ' -_./()+'.includes(String.fromCharCode(code)) ? 1 : 0,
);
/** No-break and narrow blanks, and every dash. */
const WIDE_SEPARATORS: ReadonlySet<number> = new Set([
  0xa0, 0x2009, 0x202f, 0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212,
]);

function isWord(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  const letter = code | 32;
  return (code >= 48 && code <= 57) || (letter >= 97 && letter <= 122) || code > 127;
}
