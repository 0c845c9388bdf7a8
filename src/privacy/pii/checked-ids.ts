import { codeAt } from '../code-at.ts';
import { runs } from './digit-runs.ts';
import type { Detection } from './findings.ts';
import {
  FISCAL_CODE_LENGTH,
  isAhv,
  isCurp,
  isDni,
  isFiscalCode,
  isNir,
  isRijksregister,
  isRodneCislo,
  isRut,
} from './national-ids.ts';
import { isCalledArticle } from './words-before.ts';

/**
 * National ids that their form and their own check signs tell from other numbers, without a word before them: DNI and NIE
 * (Spain), codice fiscale (Italy), CURP (Mexico), NIR (France), AHV (Switzerland), RUT (Chile), and the numbers of Belgium
 * and of the Czech Republic and Slovakia.
 */

const DNI_DIGITS = 8;
const NIE_DIGITS = 7;
const FISCAL_NAMES = 6;
const NIR_DIGITS = 15;
const AHV_DIGITS = 13;

/** `runs` have been read. Each run of digits is looked at once, and a few characters around it. */
export function findCheckedIds(findings: Detection[]): void {
  for (let run = 0; run < runs.count; run++) {
    const find = BY_LENGTH[runs.length(run)];
    const found = find?.(run);
    if (found !== undefined) findings.push(found);
  }
}

/** What an id may be whose first run has so many digits. */
const BY_LENGTH: readonly (((run: number) => Detection | undefined) | undefined)[] = [
  undefined,
  (run) => grouped(run, NIR_GROUPS, isNir),
  (run) => fiscalCode(run) ?? grouped(run, RIJKSREGISTER, isRijksregister) ?? dni(run) ?? rut(run),
  (run) => grouped(run, AHV_GROUPS, isAhv),
  undefined,
  undefined,
  (run) => grouped(run, RODNE_CISLO, isRodneCislo),
  dni,
  dni,
  ...Array.from({ length: AHV_DIGITS - 9 }, () => undefined),
  (run) => grouped(run, [AHV_DIGITS], isAhv),
  undefined,
  (run) => grouped(run, [NIR_DIGITS], isNir),
];

/** Lengths of runs, and the signs between them. */
type Groups = readonly (number | string)[];

const NIR_GROUPS: Groups = [1, ' ', 2, ' ', 2, ' ', 2, ' ', 3, ' ', 3, ' ', 2];
const RIJKSREGISTER: Groups = [2, '.', 2, '.', 2, '-', 3, '.', 2];
const AHV_GROUPS: Groups = [3, '.', 4, '.', 4, '.', 2];
const RODNE_CISLO: Groups = [6, '/', 4];

/** An id of digits in these groups, standing alone. */
function grouped(first: number, groups: Groups, isId: (digits: string) => boolean): Detection | undefined {
  const { text, starts, ends } = runs;
  const last = first + (groups.length - 1) / 2;
  for (let i = 0; i < groups.length; i += 2) if (runs.length(first + i / 2) !== groups[i]) return undefined;
  for (let i = 1; i < groups.length; i += 2) {
    const end = ends[first + (i - 1) / 2] as number;
    if (text.charAt(end) !== groups[i] || starts[first + (i + 1) / 2] !== end + 1) return undefined;
  }
  const start = starts[first] as number;
  const end = ends[last] as number;
  if (isWord(text, start - 1) || isWord(text, end) || !isId(runs.digits(first, last))) return undefined;
  return isOrder(text, start) ? undefined : { kind: 'id', start, end };
}

/** `12.345.678-5`, the last sign a digit or K. */
function rut(run: number): Detection | undefined {
  if (!isDotted(run)) return undefined;
  const { text, starts, ends } = runs;
  const start = starts[run] as number;
  const end = ends[run + 2] as number;
  if (codeAt(text, end) !== HYPHEN || isWord(text, start - 1) || isWord(text, end + 2)) return undefined;
  if (!isRut(runs.digits(run, run + 2), text.charAt(end + 1).toUpperCase()) || isOrder(text, start)) return undefined;
  return { kind: 'id', start, end: end + 2 };
}

/** `HEGG560427MVZRRL04` */
const CURP = /(?<!\w)[a-z]{4}\d{6}[hmx][a-z]{5}[a-z\d]\d(?!\w)/gi;

/** Finds the CURP, whose digits stand too far apart for a run. */
export function findCurps(text: string, findings: Detection[]): void {
  for (const { 0: code, index } of text.matchAll(CURP)) {
    if (isCurp(code)) findings.push({ kind: 'id', start: index, end: index + code.length });
  }
}

/**
 * `ABCPE1234F`, the tax number of a person in India: the fourth letter is the kind of holder, `P` for a person. How its last
 * letter is made is not published, so the form counts (gist.github.com/MaxXxiMast/549354950bbd24bb461691a3b3cca7d5).
 */
const PERSONAL_PAN = /(?<!\w)[A-Z]{3}P[A-Z](?!0000)\d{4}[A-Z](?!\w)/g;

/** Finds tax numbers of persons in India, which have too few digits for a run. */
export function findPans(text: string, findings: Detection[]): void {
  for (const { 0: code, index } of text.matchAll(PERSONAL_PAN)) {
    if (!isOrder(text, index)) findings.push({ kind: 'id', start: index, end: index + code.length });
  }
}

/** `RSSMRA85T10A562S`: the first two digits stand behind six letters. */
function fiscalCode(run: number): Detection | undefined {
  const { text, starts } = runs;
  const start = (starts[run] as number) - FISCAL_NAMES;
  const end = start + FISCAL_CODE_LENGTH;
  if (start < 0 || isWord(text, start - 1) || isWord(text, end) || !isFiscalCode(text, start)) return undefined;
  return { kind: 'id', start, end };
}

/** `12345678Z`, `12345678-Z`, `12.345.678-Z`, and of foreigners `X1234567L`. */
function dni(run: number): Detection | undefined {
  const { text, starts, ends } = runs;
  const length = runs.length(run);
  const start = starts[run] as number;
  const before = codeAt(text, start - 1);
  if (length === NIE_DIGITS) {
    const hyphen = before === HYPHEN ? 1 : 0;
    const series = SERIES.indexOf(text.charAt(start - 1 - hyphen).toUpperCase());
    if (series < 0 || start === hyphen) return undefined;
    return lettered(start - 1 - hyphen, run, `${series}${runs.digits(run, run)}`);
  }
  const last = length === DNI_DIGITS ? run : isDotted(run) ? run + 2 : -1;
  if (last < 0 || !mayBeLettered(text, ends[last] as number)) return undefined;
  const digits = runs.digits(run, last);
  return DAY.test(digits) ? undefined : lettered(start, last, digits);
}

/** The letters of foreigners, for which 0, 1 and 2 count. */
const SERIES = ['X', 'Y', 'Z'];
/** An order of that day may have a letter behind it. */
const DAY = /^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$/;

/** The id that begins here, if the letter behind the run is the one that belongs to the digits. */
function lettered(start: number, last: number, digits: string): Detection | undefined {
  const { text, ends } = runs;
  const after = ends[last] as number;
  const at = codeAt(text, after) === HYPHEN ? after + 1 : after;
  if (isWord(text, start - 1) || isWord(text, at + 1) || !isDni(digits, text.charAt(at).toUpperCase()))
    return undefined;
  return isOrder(text, start) ? undefined : { kind: 'id', start, end: at + 1 };
}

/** Whether what begins here is the end of an order number, or called an article's. */
function isOrder(text: string, start: number): boolean {
  return ORDER_SIGNS.includes(text.charAt(start - 1)) || isCalledArticle(text, start);
}

/** Texts before an order number. This is a list, because a string would contain the empty text, too. */
const ORDER_SIGNS = ['-', '_', '#'];

function mayBeLettered(text: string, end: number): boolean {
  return isLetter(codeAt(text, codeAt(text, end) === HYPHEN ? end + 1 : end));
}

/** `12.345.678` */
function isDotted(run: number): boolean {
  const { text, starts, ends } = runs;
  if (runs.length(run) !== 2 || runs.length(run + 1) !== 3 || runs.length(run + 2) !== 3) return false;
  return [run, run + 1].every(
    (i) => codeAt(text, ends[i] as number) === DOT && starts[i + 1] === (ends[i] as number) + 1,
  );
}

const HYPHEN = 45;
const DOT = 46;

function isLetter(code: number): boolean {
  const letter = code | 32;
  return letter >= 97 && letter <= 122 && code < 128;
}

function isWord(text: string, at: number): boolean {
  const code = codeAt(text, at);
  return (code >= 48 && code <= 57) || isLetter(code) || code === 95 || code > 127;
}
