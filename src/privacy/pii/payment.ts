import { codeAt } from '../code-at.ts';

/** A GTIN of 13 or 14 digits (GS1 General Specifications 7.9): weights 1 and 3 from the right, the check digit included. */
export function isGtin(text: string, start: number, end: number): boolean {
  let sum = 0;
  let digits = 0;
  for (let i = end - 1; i >= start; i--) {
    const digit = text.charCodeAt(i) - 48;
    // The signs between groups of digits are skipped.
    if (digit < 0 || digit > 9) continue;
    sum += digits % 2 === 0 ? digit : digit * 3;
    digits++;
  }
  return (digits === 13 || digits === 14) && sum % 10 === 0;
}

/**
 * How long cards that begin with these four digits are, as bits (bit 16 = 16 digits; 0 = no card begins so): issuer
 * ranges (ISO/IEC 7812) and the lengths in use of Visa, Mastercard, Amex, Diners, Discover, JCB, UnionPay and others.
 */
export function cardLengths(four: number): number {
  const two = Math.floor(four / 100);
  if (two >= 40 && two <= 49) return VISA;
  if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) return SIXTEEN;
  if (four >= 2200 && four <= 2204) return FROM_16;
  if (two === 34 || two === 37) return FIFTEEN;
  if (two === 36 || two === 38 || two === 39 || (four >= 3000 && four <= 3059)) return FROM_14;
  if (four >= 3528 && four <= 3589) return FROM_16;
  if (four === 6011 || two === 62 || two === 65 || (four >= 6440 && four <= 6499)) return FROM_16;
  return MAESTRO.has(four) ? FROM_13 : 0;
}

const VISA = lengths(13, 16, 19);
const FIFTEEN = lengths(15);
const SIXTEEN = lengths(16);
const FROM_13 = lengths(13, 14, 15, 16, 17, 18, 19);
const FROM_14 = lengths(14, 15, 16, 17, 18, 19);
const FROM_16 = lengths(16, 17, 18, 19);

function lengths(...all: number[]): number {
  return all.reduce((bits, length) => bits | (1 << length), 0);
}

/** Maestro and Dankort, as far as such cards are still in use. */
const MAESTRO: ReadonlySet<number> = new Set([5018, 5019, 5020, 5038, 5612, 5893, 6304, 6759, 6761, 6762, 6763]);

/** Length of an IBAN by country (ISO 13616 registry). */
const IBAN_LENGTHS: ReadonlyMap<string, number> = new Map(
  [
    'NO15 BE16 DK18 FI18 FK18 FO18 GL18 NL18 SD18 MK19 SI19 AT20 BA20 EE20 KZ20 LT20 LU20 MN20 XK20 CH21 HR21 LI21',
    'LV21 BG22 BH22 CR22 DE22 GB22 GE22 IE22 ME22 RS22 VA22 AE23 GI23 IL23 IQ23 OM23 SO23 TL23 AD24 CZ24 ES24 MD24',
    'PK24 RO24 SA24 SE24 SK24 TN24 VG24 LY25 PT25 ST25 IS26 TR26 BI27 DJ27 FR27 GR27 IT27 MC27 MR27 SM27 AL28 AZ28',
    'BY28 CY28 DO28 GT28 HN28 HU28 LB28 NI28 PL28 SV28 BR29 EG29 PS29 QA29 UA29 JO30 KW30 MU30 YE30 MT31 SC31 LC32 RU33',
  ].flatMap((line) => line.split(' ').map((entry): [string, number] => [entry.slice(0, 2), Number(entry.slice(2))])),
);

/** Where the IBAN that starts at `start` ends, single blanks and hyphens inside it allowed; -1 = there is none. */
export function ibanEnd(text: string, start: number): number {
  const length = IBAN_LENGTHS.get(text.slice(start, start + 2).toUpperCase());
  if (length === undefined) return -1;
  let at = start;
  let rest = 0;
  let head = 0;
  let width = 1;
  // ISO 7064 with the first four characters behind the others; letters count as 10 to 35.
  for (let taken = 0; taken < length; taken++) {
    const code = codeAt(text, at);
    // In a form a plus is a blank.
    const separates = code === 32 || code === 45 || code === 43;
    const value = alphanumeric(separates ? codeAt(text, ++at) : code);
    if (value < 0) return -1;
    const step = value > 9 ? 100 : 10;
    if (taken < 4) {
      head = head * step + value;
      width *= step;
    } else {
      rest = (rest * step + value) % 97;
    }
    at++;
  }
  return alphanumeric(codeAt(text, at)) < 0 && (rest * width + head) % 97 === 1 ? at : -1;
}

/** A digit as it is, a letter as 10 to 35; -1 = neither. */
function alphanumeric(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 122 && code < 128 ? letter - 87 : -1;
}

/** Whether eleven digits are the number of a Norwegian bank account: weights 5 4 3 2 7 6 5 4 3 2 modulo 11. */
export function isAccount(digits: string): boolean {
  let sum = 0;
  for (const [i, weight] of ACCOUNT_WEIGHTS.entries()) sum += (digits.charCodeAt(i) - 48) * weight;
  return digits.length === 11 && sum % 11 === 0;
}

const ACCOUNT_WEIGHTS = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1];
