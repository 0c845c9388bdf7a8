import { codeAt } from '../code-at.ts';
import { runs } from './digit-runs.ts';
import type { Detection } from './findings.ts';
import { isMrzDate } from './national-ids.ts';

/** The lines of a passport or an identity card that machines read (ICAO 9303). */

const MRZ_DATE_DIGITS = 7;

/** Finds the lines with dates in them; `runs` have been read. */
export function findPassportDates(findings: Detection[]): void {
  for (let run = 0; run + 1 < runs.count; run++) {
    const found = passportDates(run);
    if (found !== undefined) findings.push(found);
  }
}

/** `...UTO7408122F1204159...`: birth and expiry of a passport with their check digits, and all of the line around them. */
function passportDates(run: number): Detection | undefined {
  if (runs.length(run) !== MRZ_DATE_DIGITS || runs.length(run + 1) < MRZ_DATE_DIGITS) return undefined;
  const { text, starts, ends } = runs;
  const sex = ends[run] as number;
  if (starts[run + 1] !== sex + 1 || !SEXES.includes(text.charAt(sex))) return undefined;
  if (!isMrzDate(text, starts[run] as number) || !isMrzDate(text, sex + 1)) return undefined;
  return { kind: 'id', ...lineAround(text, sex) };
}

const SEXES = ['M', 'F', 'X', '<'];

/** Lengths of the lines of a passport or a card. */
const LINES: ReadonlySet<number> = new Set([30, 36, 44]);
/** What is written where nothing is. */
export const FILLERS = '<<';

/** Finds the other lines, which have names and numbers in them: capitals, digits and fillers of just the right length. */
export function findPassportLines(text: string, findings: Detection[]): void {
  for (let at = text.indexOf(FILLERS); at >= 0; ) {
    const { start, end } = lineAround(text, at);
    if (LINES.has(end - start)) findings.push({ kind: 'id', start, end });
    at = text.indexOf(FILLERS, end);
  }
}

const LONGEST_LINE = 44;

/** The line of capitals, digits and fillers that this place is in. Of a longer one no more is read: it is none. */
function lineAround(text: string, at: number): { readonly start: number; readonly end: number } {
  let start = at;
  while (at - start <= LONGEST_LINE && isOfLine(codeAt(text, start - 1))) start--;
  let end = at + 1;
  while (end - at <= LONGEST_LINE && isOfLine(codeAt(text, end))) end++;
  return { start, end };
}

function isOfLine(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === LESS_THAN;
}

const LESS_THAN = 60;
