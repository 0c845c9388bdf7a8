import { codeAt } from '../code-at.ts';
import { runs } from './digit-runs.ts';
import type { Detection } from './findings.ts';

// Quantifiers are bounded, and nothing repeats inside a repetition: linear.
const BIRTH =
  /(?<!\p{L})(?:f(?:ø|o|oe)d(?:t|selsdato|selsdag)?|f(?:ö|o)dd|f(?:ø|ö)delsedag|födelsedatum|syntymäaika|syntynyt|fædd(?:ur)?|born|birth(?:date|day| date)?|date of birth|d\.?o\.?b\.?)[^\p{L}\d]{1,4}(?:(?:den|dato|on|is|er|:)[ :]{0,2})?(\d{1,2}[./ -]{1,2}\d{1,2}[./ -]{1,2}(?:\d{4}|\d{2})|\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{8}|\d{6})(?!\d)/giu;

/** A part of every word of `BIRTH`; this test costs a tenth of `BIRTH` and fails for most texts. */
const BIRTH_WORD = /f[oøö]d|fødd|fædd|synty|b[io]r|d\.?o\.?b/i;

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
const POSITION = /(?<![\d.])-?\d{1,2}\.\d{5,20}°?[NSns]?[\s,;:/|+]{1,3}-?\d{1,3}\.\d{5,20}(?!\d)/y;
const FEWEST_DECIMALS = 5;
const HYPHEN = 45;
const DOT = 46;

/** Finds positions: latitude and longitude with five decimals and more; `runs` have been read. */
export function findPositions(findings: Detection[]): void {
  const { text, starts, ends, count } = runs;
  for (let i = 0; i + 3 < count; i++) {
    if (!isDecimal(i, 2) || !isDecimal(i + 2, 3)) continue;
    const first = starts[i] as number;
    let start = codeAt(text, first - 1) === HYPHEN ? first - 1 : first;
    let end = positionEnd(text, start);
    if (end < 0 && start < first) end = positionEnd(text, (start = first));
    if (end < 0) continue;
    findings.push({ kind: 'position', start, end });
    while (i + 1 < count && (ends[i + 1] as number) <= end) i++;
  }
}

/** Whether two runs of digits are a number with so many digits before its point and five or more behind it. */
function isDecimal(i: number, most: number): boolean {
  const end = runs.ends[i] as number;
  return (
    runs.length(i) <= most &&
    runs.starts[i + 1] === end + 1 &&
    codeAt(runs.text, end) === DOT &&
    runs.length(i + 1) >= FEWEST_DECIMALS
  );
}

function positionEnd(text: string, start: number): number {
  POSITION.lastIndex = start;
  return POSITION.test(text) ? POSITION.lastIndex : -1;
}
