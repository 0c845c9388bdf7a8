/** A GTIN of 13 or 14 digits (GS1 General Specifications 7.9): weights 3 and 1 from the right. */
export function isGtin(text: string): boolean {
  if (text.length !== 13 && text.length !== 14) return false;
  let sum = 0;
  for (let i = text.length - 2, weight = 3; i >= 0; i--, weight = 4 - weight) {
    sum += (text.charCodeAt(i) - 48) * weight;
  }
  return (10 - (sum % 10)) % 10 === text.charCodeAt(text.length - 1) - 48;
}

/**
 * How long cards that begin with these four digits are, as bits (bit 16 = 16 digits; 0 = no card begins so): issuer
 * ranges (ISO/IEC 7812) and the lengths in use of Visa, Mastercard, Amex, Diners, Discover, JCB, UnionPay and others.
 */
export function cardLengths(four: number): number {
  const two = Math.floor(four / 100);
  if (two >= 40 && two <= 49) return lengths(13, 16, 19);
  if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) return lengths(16);
  if (four >= 2200 && four <= 2204) return lengths(16, 17, 18, 19);
  if (two === 34 || two === 37) return lengths(15);
  if (two === 36 || two === 38 || two === 39 || (four >= 3000 && four <= 3059)) return lengths(14, 15, 16, 17, 18, 19);
  if (four >= 3528 && four <= 3589) return lengths(16, 17, 18, 19);
  if (four === 6011 || two === 62 || two === 65 || (four >= 6440 && four <= 6499)) return lengths(16, 17, 18, 19);
  return MAESTRO.has(four) ? lengths(13, 14, 15, 16, 17, 18, 19) : 0;
}

function lengths(...all: number[]): number {
  return all.reduce((bits, length) => bits | (1 << length), 0);
}

/** Maestro and Dankort, as far as cards of them are still about. */
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
  let compact = '';
  let at = start;
  while (compact.length < length) {
    const code = text.charCodeAt(at);
    // In a form a plus is a blank.
    const separates = code === 32 || code === 45 || code === 43;
    if (separates && isAlphanumeric(text.charCodeAt(at + 1))) at++;
    else if (!isAlphanumeric(code)) return -1;
    compact += text.charAt(at++);
  }
  return !isAlphanumeric(text.charCodeAt(at)) && mod97(compact.slice(4) + compact.slice(0, 4)) === 1 ? at : -1;
}

/** ISO 7064: letters count as 10 to 35. */
function mod97(text: string): number {
  let rest = 0;
  for (let i = 0; i < text.length; i++) {
    const value = Number.parseInt(text.charAt(i), 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}

function isAlphanumeric(code: number): boolean {
  const letter = code | 32;
  return (code >= 48 && code <= 57) || (letter >= 97 && letter <= 122 && code < 128);
}
