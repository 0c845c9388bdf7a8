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

const DNI_LETTERS = 'TRWAGMYFPDXBNJZSQVHLCKE';

/** The letter of a Spanish DNI: the eight digits modulo 23. */
export function isDni(digits: string, letter: string): boolean {
  return letter !== '' && DNI_LETTERS.charAt(Number(digits) % 23) === letter;
}

/** Six letters of the names, year, month, day, place, check letter; for a namesake letters stand for digits. */
const FISCAL_CODE = /[a-z]{6}\d{2}[abcdehlmprst][\dlmnp-v]{2}[a-z][\dlmnp-v]{3}[a-z]/iy;
export const FISCAL_CODE_LENGTH = 16;
/** What a digit or letter counts at an odd place, counted from 1; at an even place it counts as itself. */
const FISCAL_ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

/** An Italian codice fiscale at this place, with the check letter of the decree of 23 December 1976. */
export function isFiscalCode(text: string, start: number): boolean {
  FISCAL_CODE.lastIndex = start;
  if (!FISCAL_CODE.test(text)) return false;
  let sum = 0;
  for (let i = 0; i < FISCAL_CODE_LENGTH - 1; i++) {
    const code = text.charCodeAt(start + i);
    const value = code <= 57 ? code - 48 : (code | 32) - 97;
    sum += i % 2 === 0 ? (FISCAL_ODD[value] as number) : value;
  }
  return sum % 26 === (text.charCodeAt(start + FISCAL_CODE_LENGTH - 1) | 32) - 97;
}

/** YYMMDD and its check digit by weights 7, 3, 1, as in a passport (ICAO 9303-3, 4.9). */
export function isMrzDate(text: string, start: number): boolean {
  if (!isDate(pair(text, start + 4), pair(text, start + 2))) return false;
  let sum = 0;
  for (let i = 0; i < 6; i++) sum += digit(text, start + i) * (MRZ_WEIGHTS[i % 3] as number);
  return sum % 10 === digit(text, start + 6);
}

const MRZ_WEIGHTS = [7, 3, 1];

/** A French NIR: sex, year, month, place, and 97 less the rest modulo 97. 15 digits. */
export function isNir(text: string): boolean {
  const sex = digit(text, 0);
  const month = pair(text, 3);
  // Months above 12 are of people whose month of birth is not known.
  const known = (month >= 1 && month <= 12) || (month >= 20 && month <= 42) || month >= 50;
  return (sex === 1 || sex === 2) && known && 97 - (Number(text.slice(0, 13)) % 97) === pair(text, 13);
}

/** A Belgian national number: YYMMDD, a count, and 97 less the rest modulo 97, with a 2 before it from 2000 on. 11 digits. */
export function isRijksregister(text: string): boolean {
  const nine = Number(text.slice(0, 9));
  const check = pair(text, 9);
  const month = pair(text, 2) % 20;
  return month <= 12 && (97 - (nine % 97) === check || 97 - ((2_000_000_000 + nine) % 97) === check);
}

/** A Swiss AHV number: 756, nine digits and the check digit of a GTIN, of which none begins with 756. 13 digits. */
export function isAhv(text: string): boolean {
  return text.startsWith('756') && weighted(text, AHV) % 10 === 0;
}

const AHV = [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1];

/** A Czech or Slovak number: YYMMDD, month + 50 for women, + 20 where a day had run out; modulo 11. 10 digits. */
export function isRodneCislo(text: string): boolean {
  const month = pair(text, 2) % 50;
  return isDate(pair(text, 4), month > 20 ? month - 20 : month) && Number(text) % 11 === 0;
}

const RUT = [3, 2, 7, 6, 5, 4, 3, 2];

/** The check sign of a Chilean RUT by the rest modulo 11. 8 digits. */
export function isRut(digits: string, sign: string): boolean {
  return sign !== '' && RUT_SIGNS.charAt(weighted(digits, RUT) % 11) === sign;
}

const RUT_SIGNS = '0K987654321';

const CURP_SIGNS = '0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ';

/** The date and the check digit of a Mexican CURP: four letters, YYMMDD, sex, state, three consonants, two signs. 18 characters. */
export function isCurp(code: string): boolean {
  let sum = 0;
  for (let i = 0; i < 17; i++) sum += CURP_SIGNS.indexOf(code.charAt(i).toUpperCase()) * (18 - i);
  return isDate(pair(code, 8), pair(code, 6)) && (10 - (sum % 10)) % 10 === digit(code, 17);
}
