import { codeAt } from '../code-at.ts';
import { runs } from './digit-runs.ts';
import type { Detection } from './findings.ts';

// Quantifiers are bounded, and nothing repeats inside a repetition: linear.
const BIRTH_WORDS =
  'f(?:ø|o|oe)d(?:t|selsdato|selsdag)?|f\\.?dato|f(?:ö|o)dd|f(?:ø|ö)delsedag|födelsedatum|syntymäaika|syntynyt|fædd(?:ur)?|' +
  'born|birth(?:date|day| date)?|date of birth|d\\.?o\\.?b\\.?|geburtsdatum|geburtstag|geboren|geb\\.|geboortedatum|' +
  '(?:date de )?naissance|(?:fecha de |data de )?(?:nacimiento|nascimento)|nascita|bursdag|födelsedag|data urodzenia';
const YEAR = '(?:\\d{4}|\\d{2})';
/** `12.3.84`, `12. mars 1984`, `March 12, 1984`, `1984-03-12`, `12031984`, `120384`. */
const DATES = [
  `\\d{1,2}[./ -]{1,2}\\d{1,2}[./ -]{1,2}${YEAR}`,
  `\\d{1,2}(?:st|nd|rd|th)?[. -]{1,2}(?:de |of )?\\p{L}{3,9}[., -]{1,2}(?:de )?${YEAR}`,
  `\\p{L}{3,9}[. ]{1,2}\\d{1,2}(?:st|nd|rd|th)?[, ]{1,2}\\d{4}`,
  '\\d{4}[./-]\\d{1,2}[./-]\\d{1,2}|\\d{8}|\\d{6}',
].join('|');
const BIRTH = new RegExp(
  `(?<!\\p{L})(?:${BIRTH_WORDS})[^\\p{L}\\d]{1,4}(?:(?:den|dato|on|is|er|am|le|el|il|:)[ :]{0,2})?(${DATES})(?!\\d)`,
  'giu',
);

/** A part of every word of `BIRTH`; this test costs a tenth of `BIRTH` and fails for most texts. */
const BIRTH_WORD = /f[oøö]d|f\.?dato|fædd|synty|b[io]r|bursdag|nascim|d\.?o\.?b|geb|naiss|nacim|nascita|urodz/i;

/** Finds dates of birth by a word before the date; a date alone may be any day. */
export function findBirthdates(text: string, findings: Detection[]): void {
  if (!BIRTH_WORD.test(text)) return;
  BIRTH.lastIndex = 0;
  for (let match = BIRTH.exec(text); match !== null; match = BIRTH.exec(text)) {
    const end = match.index + match[0].length;
    findings.push({ kind: 'birthdate', start: end - (match[1] ?? '').length, end });
  }
}

/** Exact to about a metre, where usually only one person is. */
const POSITION = /(?<![\d.])-?\d{1,3}([.,])\d{5,20}°?[NSEWØVnsewøv]?[\s,;:/|+]{1,3}-?\d{1,3}\1\d{5,20}(?!\d)/y;
const FEWEST_DECIMALS = 5;
const HYPHEN = 45;
const DOT = 46;
const COMMA = 44;

/** Finds positions: latitude and longitude in either order, with five decimals and more; `runs` have been read. */
export function findPositions(findings: Detection[]): void {
  const { text, starts, ends, count } = runs;
  for (let i = 0; i + 3 < count; i++) {
    if (!isDecimal(i) || !isDecimal(i + 2)) continue;
    const first = starts[i] as number;
    let start = codeAt(text, first - 1) === HYPHEN ? first - 1 : first;
    let end = positionEnd(text, start);
    if (end < 0 && start < first) end = positionEnd(text, (start = first));
    if (end < 0) continue;
    findings.push({ kind: 'position', start, end });
    while (i + 1 < count && (ends[i + 1] as number) <= end) i++;
  }
}

/** Whether two runs of digits are a number with three digits at most before its point, or comma, and five or more behind. */
function isDecimal(i: number): boolean {
  const end = runs.ends[i] as number;
  const sign = codeAt(runs.text, end);
  return (
    runs.length(i) <= 3 &&
    runs.starts[i + 1] === end + 1 &&
    (sign === DOT || sign === COMMA) &&
    runs.length(i + 1) >= FEWEST_DECIMALS
  );
}

/** `59°54'49.9"N` */
const DEGREES = /\d{1,3}°[ ]?\d{1,2}['′’][ ]?\d{1,2}(?:[.,]\d{1,6})?(?:["″”]|'')?[ ]?[NSEWØV](?![\p{L}\d])/gu;

/** Finds degrees with minutes and seconds; a second is about thirty metres. */
export function findDegrees(text: string, findings: Detection[]): void {
  if (!text.includes('°')) return;
  for (const { 0: degrees, index } of text.matchAll(DEGREES)) {
    findings.push({ kind: 'position', start: index, end: index + degrees.length });
  }
}

function positionEnd(text: string, start: number): number {
  POSITION.lastIndex = start;
  return POSITION.test(text) ? POSITION.lastIndex : -1;
}
