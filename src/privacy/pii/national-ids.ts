/** Digits of a text as numbers; the text must have nothing else in it. */
function digit(text: string, i: number): number {
  return text.charCodeAt(i) - 48;
}

function pair(text: string, i: number): number {
  return digit(text, i) * 10 + digit(text, i + 1);
}

/** Longest month of that name: the year is not always known, so 29 February counts. */
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isDate(day: number, month: number): boolean {
  return day >= 1 && day <= (DAYS[month - 1] ?? 0);
}

function weighted(text: string, weights: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += digit(text, i) * (weights[i] ?? 0);
  return sum;
}

/** The Luhn check (ISO/IEC 7812-1 annex B). */
function luhn(text: string): boolean {
  let sum = 0;
  for (let i = text.length - 1, twice = false; i >= 0; i--, twice = !twice) {
    const value = digit(text, i) * (twice ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0;
}

const K1 = [3, 7, 6, 1, 8, 9, 4, 5, 2, 1];
const K2 = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1];

/**
 * A Norwegian national identity number by the rule in force from 2032 (R42), which covers the classic one: the first
 * check leaves 0 to 3, the second 0. Day + 40 is a D-number; month + 40 an H-number, month + 80 a Test-Norge number.
 * 11 digits.
 */
export function isFodselsnummer(text: string): boolean {
  const day = pair(text, 0);
  const month = pair(text, 2);
  const plain = month > 80 ? month - 80 : month > 40 ? month - 40 : month;
  if (!isDate(day > 40 ? day - 40 : day, plain)) return false;
  return weighted(text, K1) % 11 <= 3 && weighted(text, K2) % 11 === 0;
}

/** A Swedish personnummer: YYMMDDNNNC with the Luhn check; day + 60 is a samordningsnummer. 10 or 12 digits. */
export function isPersonnummer(text: string): boolean {
  const short = text.length === 12 ? text.slice(2) : text;
  if (text.length === 12 && !(pair(text, 0) >= 18 && pair(text, 0) <= 20)) return false;
  const day = pair(short, 4);
  return isDate(day > 60 ? day - 60 : day, pair(short, 2)) && luhn(short);
}

/** The form of a Danish CPR number: DDMMYYNNNN. It has had no check digit since 2007. 10 digits. */
export function isCpr(text: string): boolean {
  return isDate(pair(text, 0), pair(text, 2));
}

const KENNITALA = [3, 2, 7, 6, 5, 4, 3, 2, 1];

/** An Icelandic kennitala of a person: DDMMYY, two digits, a check digit, the century (8, 9 or 0). 10 digits. */
export function isKennitala(text: string): boolean {
  const century = digit(text, 9);
  const known = century === 0 || century === 8 || century === 9;
  return known && isDate(pair(text, 0), pair(text, 2)) && weighted(text, KENNITALA) % 11 === 0;
}

/** Century signs of a Finnish personal identity code, those of 2023 included. */
const HETU_SIGNS = '+-abcdefuvwxy';
const HETU_CHECK = '0123456789abcdefhjklmnprstuvwxy';
export const HETU_LENGTH = 11;

/** A Finnish personal identity code, e.g. `131052-308T`, at this place: eleven characters, either case. */
export function isHetu(text: string, start: number): boolean {
  if (!isDate(pair(text, start), pair(text, start + 2))) return false;
  if (!HETU_SIGNS.includes(text.charAt(start + 6).toLowerCase())) return false;
  const person = digit(text, start + 7) * 100 + pair(text, start + 8);
  const birth = (pair(text, start) * 100 + pair(text, start + 2)) * 100 + pair(text, start + 4);
  return person >= 2 && HETU_CHECK.charAt((birth * 1000 + person) % 31) === text.charAt(start + 10).toLowerCase();
}
