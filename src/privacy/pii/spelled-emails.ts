import type { Detection } from './findings.ts';

/**
 * E-mail addresses whose signs are written as words or stand apart, as people write them so that robots do not find
 * them, or as telephones put them: `kari (at) example.no`, `kari at example dot no`, `kari @ example.no`.
 */

const LONGEST_LOCAL = 64;

/** Ends of host names that are frequent enough to tell an address from a sentence. */
const ENDS = 'no|se|dk|fi|is|com|net|org|eu|de|uk|nl|fr|es|it|pl|io|info|biz|ch|ee|lv|lt|fo|gl';
const LABEL = '[\\p{L}\\d][\\p{L}\\d-]{0,62}';
const SPELLED_AT = 'at|a|ät|æt|alfakrøll|krøllalfa|krøll-alfa|snabel-?a|miukumauku';
const SPELLED_DOT = 'dot|punktum|prikk|punkt|piste';

/** Texts that stand for `@`, by how certain they are: in brackets, as a word, inside a word, or the sign with blanks. */
const MARKS = new RegExp(
  `[ \\t]{0,3}(?:` +
    `(?:[([{<][ \\t]{0,2}(?:${SPELLED_AT}|@)[ \\t]{0,2}[)\\]}>])` +
    `|(?<=[ \\t])(?:alfakrøll|krøllalfa|krøll-alfa|snabel-?a|miukumauku)(?=[ \\t])` +
    `|(?<=[ \\t])(?<word>at)(?=[ \\t])` +
    `|(?<joined>[-_]at[-_])` +
    `|(?<sign>@)` +
    `)[ \\t]{0,3}`,
  'giu',
);

const DOT_IN_BRACKETS = `[ \\t]{0,3}[([{<][ \\t]{0,2}(?:${SPELLED_DOT}|\\.)[ \\t]{0,2}[)\\]}>][ \\t]{0,3}`;
const DOT_AS_WORD = `[ \\t]{1,3}(?:${SPELLED_DOT})[ \\t]{1,3}`;
const END = `(?![\\p{L}\\d])`;
/** Host names behind each mark. */
const ANY_HOST = sticky(
  `${LABEL}(?:(?:\\.|${DOT_IN_BRACKETS}|${DOT_AS_WORD})${LABEL}){0,3}(?:\\.|${DOT_IN_BRACKETS}|${DOT_AS_WORD})\\p{L}{2,24}${END}`,
);
const SPELLED_HOST = sticky(
  `(?!(?:the|this|that|an?|my|our|your)[ \\t])${LABEL}(?:\\.${LABEL}){0,3}(?:${DOT_IN_BRACKETS}|${DOT_AS_WORD})(?:${ENDS})${END}`,
);
const KNOWN_HOST = sticky(`${LABEL}(?:\\.${LABEL}){0,3}\\.(?:${ENDS})${END}`);
/** An address with a typing error: `@example,no`, `@gmail`, `@hotmailcom`, `@example . no`. */
const SLIP = sticky(
  `(?:(?:gmail|googlemail|hotmail|outlook|yahoo|icloud|protonmail)(?:[., ]{0,2}(?:com|no|se|dk|fi))?|${LABEL}(?:,|[ \\t]{1,2}\\.[ \\t]{0,2}|\\.[ \\t]{1,2})(?:${ENDS}))${END}`,
);

/** Hosts where people have their mail: `kari.nordmann at gmail.com`. */
const MAIL_HOST = sticky(
  `(?:gmail|googlemail|hotmail|outlook|live|yahoo|icloud|proton|protonmail|gmx|msn|aol|online|telia)\\.(?:${ENDS}|me)${END}`,
);
/** More than a word, which may be `login at outlook.com`. */
const MORE_THAN_A_WORD = /[\p{L}\d][._+\d]/u;

/** Whether such an address is possible: this test costs a fraction of the search. */
export function maySpell(text: string): boolean {
  return AT_WORD.test(text);
}

const AT_WORD = new RegExp(`[ \\t([{<_+-](?:${SPELLED_AT}|@)[ \\t)\\]}>_+-]`, 'i');

/** Finds these addresses. Each mark is tried once, with a bounded number of characters on both sides. */
export function findSpelledEmails(written: string, findings: Detection[]): void {
  // In a form a plus is a blank; in front of the sign it may be a part of the address.
  const text = written.includes('+') ? written.replaceAll('+', ' ') : written;
  MARKS.lastIndex = 0;
  for (let mark = MARKS.exec(text); mark !== null; mark = MARKS.exec(text)) {
    const start = localStart(written, mark.index);
    if (start === mark.index) continue;
    let end = hostEnd(text, mark);
    if (end < 0 && mark.groups?.['word'] !== undefined && MORE_THAN_A_WORD.test(written.slice(start, mark.index)))
      end = endOf(MAIL_HOST, text, mark.index + mark[0].length);
    if (end < 0) continue;
    findings.push({ kind: 'email', start, end });
    MARKS.lastIndex = end;
  }
}

/** Where the host name behind a mark ends; -1 = there is none. */
function hostEnd(text: string, { index, 0: mark, groups }: RegExpExecArray): number {
  const from = index + mark.length;
  if (groups?.['word'] !== undefined) return endOf(SPELLED_HOST, text, from);
  if (groups?.['joined'] !== undefined) return endOf(KNOWN_HOST, text, from);
  if (groups?.['sign'] === undefined) return endOf(ANY_HOST, text, from);
  const slip = endOf(SLIP, text, from);
  // A blank only before the sign: `Følg @krus.no` is no address.
  return slip < 0 && BLANK.test(mark.slice(-1)) ? endOf(KNOWN_HOST, text, from) : slip;
}

const BLANK = /[ \t]/;

function endOf(host: RegExp, text: string, from: number): number {
  host.lastIndex = from;
  return host.test(text) ? host.lastIndex : -1;
}

function localStart(text: string, end: number): number {
  let start = end;
  while (start > 0 && end - start < LONGEST_LOCAL && isLocal(text.charCodeAt(start - 1))) start--;
  return start;
}

/** Letters, digits and `.+-_`. */
function isLocal(code: number): boolean {
  const lower = code | 32;
  if ((code >= 48 && code <= 57) || (lower >= 97 && lower <= 122) || code > 0xbf) return true;
  return code === 43 || code === 45 || code === 46 || code === 95;
}

function sticky(pattern: string): RegExp {
  return new RegExp(pattern, 'iuy');
}
