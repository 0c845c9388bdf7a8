import { codeAt } from '../code-at.ts';
import type { Detection } from './findings.ts';

const LONGEST_LOCAL = 64;
const LONGEST_DOMAIN = 255;
const LOCAL_PUNCTUATION = table(".!#$%'*+/=^_`{|}~-");
const DOMAIN_PUNCTUATION = table('.-_');
/** An address on a number instead of a name: `kari@[203.0.113.7]` (RFC 5321 4.1.3). */
const LONGEST_LITERAL = 52;

/**
 * Finds e-mail addresses: from each `@`, at most 64 characters to the left and 255 to the right (R42). Everything that
 * could belong to the host name is taken, because the end of `kari@example.no-4711`, or of two addresses without a blank
 * between them, is unknown. Neither side crosses another `@`, so each character is read for two `@` at most.
 */
export function findEmails(text: string, findings: Detection[]): void {
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const start = localStart(text, at);
    if (start === at) continue;
    // `kari@@example.no`
    while (codeAt(text, at + 1) === AT) at++;
    const end = codeAt(text, at + 1) === 91 ? literalEnd(text, at + 2) : domainEnd(text, at + 1);
    if (end >= 0) findings.push({ kind: 'email', start, end });
  }
}

function localStart(text: string, at: number): number {
  const leftmost = Math.max(0, at - LONGEST_LOCAL);
  if (codeAt(text, at - 1) === 34) {
    const quote = text.lastIndexOf('"', at - 2);
    return at >= 2 && quote >= leftmost ? quote : at;
  }
  let start = at;
  let slash = -1;
  let before = -1;
  for (; start > leftmost && isLocal(text.charCodeAt(start - 1)); start--) {
    if (text.charCodeAt(start - 1) !== SLASH) continue;
    if (slash < 0) slash = start - 1;
    else if (before < 0) before = start;
  }
  if (slash < 0) return start;
  // `kari/nordmann@` is one local part (RFC 5322 3.2.3), in a path as well; in `/bruker/kari@` the part before is a path.
  if (before < 0) before = start;
  return before <= slash && !isPathWord(text.slice(before, slash)) ? before : slash + 1;
}

const AT = 64;
const SLASH = 47;

/** Whether part of a path only says what follows; it is then no part of an address, because nobody has such a name. */
export function isPathWord(segment: string): boolean {
  return segment === '' || PATH_WORDS.has(segment.toLowerCase());
}

const PATH_WORDS: ReadonlySet<string> = new Set(
  (
    'user users bruker brukere kunde kunder customer customers member members medlem account accounts konto profile profil min-side my ' +
    'order orders ordre bestilling email e-mail epost e-post mail mailto newsletter nyhetsbrev subscribe unsubscribe avmeld avmelding ' +
    'reset password passord verify confirm bekreft activate aktiver invite invitasjon login logg-inn signup register contact kontakt ' +
    'search sok person people team author api admin track click open cart checkout kasse takk thanks no se dk fi en nb sv da'
  ).split(' '),
);

/** Where the host name ends; -1 = it is no host name: no label that begins with two letters has another label before it. */
function domainEnd(text: string, from: number): number {
  const rightmost = Math.min(text.length, from + LONGEST_DOMAIN);
  let end = from;
  let named = false;
  let dots = 0;
  let letters = false;
  for (; end < rightmost; end++) {
    const code = text.charCodeAt(end);
    if (isLetter(code)) {
      letters = true;
      named ||= end - from >= 3 && isLetter(text.charCodeAt(end - 1)) && text.charCodeAt(end - 2) === 46;
    } else if (code === 46) {
      dots++;
    } else if (!isDigit(code) && DOMAIN_PUNCTUATION[code] !== 1) {
      break;
    }
  }
  while (end > from && DOMAIN_PUNCTUATION[text.charCodeAt(end - 1)] === 1) end--;
  if (!named) return !letters && dots >= 3 && isDigit(codeAt(text, from)) ? end : -1;
  return IMAGE.test(text.slice(from, from + 8)) ? -1 : end;
}

/** `logo@2x.png` is a picture for a screen of high resolution. */
const IMAGE = /^[1-4]x\.(?:png|jpe?g|gif|webp|avif|svg)/i;

/** Where an address in brackets ends. A tag of an earlier finding, such as `[ip]`, is none. */
function literalEnd(text: string, from: number): number {
  const close = text.indexOf(']', from);
  if (close <= from || close - from > LONGEST_LITERAL) return -1;
  const inside = text.slice(from, close);
  return /[.:]/.test(inside) && !inside.includes('@') ? close + 1 : -1;
}

function isLocal(code: number): boolean {
  return isLetter(code) || isDigit(code) || LOCAL_PUNCTUATION[code] === 1;
}

function isLetter(code: number): boolean {
  const lower = code | 32;
  return code > 0xbf || (lower >= 97 && lower <= 122);
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function table(characters: string): Uint8Array {
  return Uint8Array.from({ length: 128 }, (_, code) => (characters.includes(String.fromCharCode(code)) ? 1 : 0));
}
