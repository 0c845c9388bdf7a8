import type { Finding } from './findings.ts';

// Quantifiers are bounded, and nothing repeats inside a repetition: linear.
const BIRTH =
  /(?<!\p{L})(?:f(?:ø|o|oe)d(?:t|selsdato|selsdag)?|f(?:ö|o)dd|f(?:ø|ö)delsedag|födelsedatum|syntymäaika|syntynyt|fædd(?:ur)?|born|birth(?:date|day| date)?|date of birth|d\.?o\.?b\.?)[^\p{L}\d]{1,4}(?:(?:den|dato|on|is|er|:)[ :]{0,2})?(\d{1,2}[./ -]{1,2}\d{1,2}[./ -]{1,2}(?:\d{4}|\d{2})|\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{8}|\d{6})(?!\d)/giu;

/** In every word of `BIRTH`; finding that there is none is a tenth of the work. */
const BIRTH_WORD = /f[oøö]d|fødd|fædd|synty|b[io]r|d\.?o\.?b/i;

/** Finds dates of birth, as far as a word says that it is one (a date alone is any day). */
export function findBirthdates(text: string, findings: Finding[]): void {
  if (!BIRTH_WORD.test(text)) return;
  BIRTH.lastIndex = 0;
  for (let match = BIRTH.exec(text); match !== null; match = BIRTH.exec(text)) {
    const end = match.index + match[0].length;
    findings.push({ kind: 'birthdate', start: end - (match[1] ?? '').length, end });
  }
}

/** About a metre: who is there is the only one there. */
const POSITION = /(?<![\d.])-?\d{1,2}\.\d{5,20}°?[NSns]?[\s,;:/|+]{1,3}-?\d{1,3}\.\d{5,20}(?!\d)/g;

/** Finds positions: latitude and longitude with five decimals and more. */
export function findPositions(text: string, findings: Finding[]): void {
  POSITION.lastIndex = 0;
  for (let match = POSITION.exec(text); match !== null; match = POSITION.exec(text)) {
    const start = match.index;
    findings.push({ kind: 'position', start, end: start + match[0].length });
  }
}
