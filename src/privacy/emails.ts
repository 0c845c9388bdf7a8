import type { Finding } from './findings.ts';

const LONGEST_LOCAL = 64;
const LONGEST_DOMAIN = 255;
const LOCAL_PUNCTUATION = '.!#$%\'"*+^_`{|}~-';

/**
 * Finds e-mail addresses: from each `@`, at most 64 characters to the left and 255 to the right (R42). No character is
 * looked at by more than two of them, since neither side crosses another `@`.
 */
export function findEmails(text: string, findings: Finding[]): void {
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    let start = at;
    const leftmost = Math.max(0, at - LONGEST_LOCAL);
    while (start > leftmost && isLocal(text.charCodeAt(start - 1))) start--;
    if (start === at) continue;
    const end = domainEnd(text, at + 1);
    if (end >= 0) findings.push({ kind: 'email', start, end });
  }
}

/** Where the domain ends: the last label of two or more letters that has another before it; -1 = none. */
function domainEnd(text: string, from: number): number {
  const rightmost = Math.min(text.length, from + LONGEST_DOMAIN);
  let end = -1;
  let label = from;
  let letters = true;
  for (let i = from; ; i++) {
    const code = i < rightmost ? text.charCodeAt(i) : 0;
    if (isLetter(code)) continue;
    if (isDigit(code) || code === 45) {
      // A top-level domain in Punycode has digits and hyphens.
      if (!text.startsWith('xn--', label)) letters = false;
      continue;
    }
    if (i === label) return end;
    if (label > from && letters && i - label >= 2) end = i;
    if (code !== 46) return end;
    label = i + 1;
    letters = true;
  }
}

function isLocal(code: number): boolean {
  return isLetter(code) || isDigit(code) || LOCAL_PUNCTUATION.includes(String.fromCharCode(code));
}

function isLetter(code: number): boolean {
  const lower = code | 32;
  return code > 0xbf || (lower >= 97 && lower <= 122);
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
