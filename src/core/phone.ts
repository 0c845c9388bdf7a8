import { countryCode } from './countries.ts';
import type { Country } from './values.ts';

/** How numbers are dialled inside a country. */
interface Plan {
  /** Country calling code. */
  readonly code: string;
  /** A whole national number as people dial it inside the country, with the trunk prefix. */
  readonly home: RegExp;
  /** The trunk prefix. It is not dialled from abroad, but some people write it after the country code. */
  readonly trunk: string;
}

/**
 * National numbering plans (ITU-T E.129 presentations, https://www.itu.int/oth/T0202.aspx?parent=T0202), for countries
 * whose national numbers can be read in one way only. The rules of other countries leave room for doubt: their numbers
 * need `+` or `00`. Finland's fixed numbers have no fixed length, so only its mobile numbers are here. Italy has no
 * trunk prefix: its leading zero is part of the number.
 */
const PLANS: ReadonlyMap<Country, Plan> = new Map(
  (
    [
      ['AT', '43', /^0[1-9]\d{5,11}$/, '0'],
      ['AU', '61', /^0[2-478]\d{8}$/, '0'],
      ['BE', '32', /^0[1-9]\d{7,8}$/, '0'],
      ['CA', '1', /^[2-9]\d{2}[2-9]\d{6}$/, ''],
      ['CH', '41', /^0[1-9]\d{8}$/, '0'],
      ['CY', '357', /^[2-9]\d{7}$/, ''],
      ['CZ', '420', /^[2-9]\d{8}$/, ''],
      ['DE', '49', /^0[1-9]\d{5,10}$/, '0'],
      ['DK', '45', /^[2-9]\d{7}$/, ''],
      ['EE', '372', /^[3-9]\d{6,7}$/, ''],
      ['ES', '34', /^[5-9]\d{8}$/, ''],
      ['FI', '358', /^0(?:4\d|50)\d{5,8}$/, '0'],
      ['FO', '298', /^[2-9]\d{5}$/, ''],
      ['FR', '33', /^0[1-9]\d{8}$/, '0'],
      ['GB', '44', /^0[1-9]\d{8,9}$/, '0'],
      ['GL', '299', /^[2-9]\d{5}$/, ''],
      ['GR', '30', /^[2-9]\d{9}$/, ''],
      ['HR', '385', /^0[1-9]\d{6,8}$/, '0'],
      ['HU', '36', /^06[1-9]\d{7,8}$/, '06'],
      ['IE', '353', /^0[1-9]\d{6,8}$/, '0'],
      ['IS', '354', /^[4-8]\d{6}$/, ''],
      ['IT', '39', /^(?:0\d{5,10}|3\d{8,9})$/, ''],
      ['LI', '423', /^[2-9]\d{6}$/, ''],
      ['LT', '370', /^[08][3-9]\d{7}$/, '0'],
      ['LV', '371', /^[2-9]\d{7}$/, ''],
      ['MT', '356', /^[2-9]\d{7}$/, ''],
      ['NL', '31', /^0[1-9]\d{8}$/, '0'],
      ['NO', '47', /^[2-9]\d{7}$/, ''],
      ['NZ', '64', /^0[2-9]\d{7,9}$/, '0'],
      ['PL', '48', /^[1-9]\d{8}$/, ''],
      ['PT', '351', /^[2-9]\d{8}$/, ''],
      ['RO', '40', /^0[2378]\d{8}$/, '0'],
      ['SE', '46', /^0[1-9]\d{6,8}$/, '0'],
      ['SI', '386', /^0[1-8]\d{7}$/, '0'],
      ['SK', '421', /^0[2-9]\d{8}$/, '0'],
      ['US', '1', /^[2-9]\d{2}[2-9]\d{6}$/, ''],
    ] as const
  ).map(([country, code, home, trunk]) => [country, { code, home, trunk }]),
);

/** `460`, `3606`: no number begins with these, because the trunk prefix is dialled only inside the country. */
const WITH_TRUNK = [...PLANS.values()]
  .filter(({ trunk }) => trunk !== '')
  .map(({ code, trunk }) => ({ code, start: code + trunk }));

/** Italy, San Marino and the Vatican keep the zero: it is part of the number. */
const KEEPS_ZERO = /^(?:39|378|379)/;

/** Prefixes for a call abroad, other than `00` (ITU-T E.164 list of dialling procedures). */
const CALL_ABROAD: ReadonlyMap<Country, string> = new Map([
  ['AU', '0011'],
  ['CA', '011'],
  ['US', '011'],
]);

const LONGEST = 40;
/** What people put between digits: blanks, brackets, dots, slashes, dashes of every kind, invisible marks of direction. */
const SEPARATORS = /[\s()./\p{Pd}\p{Cf}]+/gu;

/**
 * A phone number as E.164 with `+`; undefined where it is not certain which number is meant, because the hash of a
 * wrong number is another person. Certain are numbers with `+` or `00`, and numbers as dialled inside `country` where
 * that country's rules allow no doubt. Numbers with extensions or letters, and several numbers in one text, are not
 * certain.
 * @param country the country of the person's address, in any spelling; undefined = not known.
 */
export function e164(number: string, country?: string): string | undefined {
  if (number.length > LONGEST) return undefined;
  // As it stands in a link.
  const text = number.normalize('NFKC').replace(/^\s*tel:/i, '');
  const digits = text.replace(SEPARATORS, '');
  if (!/^\+?\d{5,20}$/.test(digits)) return undefined;
  const home = country === undefined ? undefined : countryCode(country);
  const abroad = dialledAbroad(digits, home);
  if (abroad !== undefined) return international(abroad, text);
  const plan = home === undefined ? undefined : PLANS.get(home);
  if (plan === undefined) return undefined;
  // `1` is the prefix for long-distance calls in North America and also the country code.
  const dialled = plan.code === '1' && digits.length === 11 && digits.startsWith('1') ? digits.slice(1) : digits;
  return plan.home.test(dialled) ? `+${plan.code}${dialled.slice(plan.trunk.length)}` : undefined;
}

/** The digits after `+`, `00` or the prefix that `home` dials for a call abroad; undefined = a national number. */
function dialledAbroad(digits: string, home: Country | undefined): string | undefined {
  if (digits.startsWith('+')) return digits.slice(1);
  const prefix = home === undefined ? undefined : CALL_ABROAD.get(home);
  if (prefix !== undefined && digits.startsWith(prefix)) return digits.slice(prefix.length);
  return digits.startsWith('00') ? digits.slice(2) : undefined;
}

/** Country code and number, without the trunk prefix that some write between the two, in brackets or not. */
function international(digits: string, text: string): string | undefined {
  const trunk = WITH_TRUNK.find(({ start }) => digits.startsWith(start));
  let number = digits;
  if (trunk !== undefined) number = trunk.code + digits.slice(trunk.start.length);
  else if (ZERO_IN_BRACKETS.test(text) && !KEEPS_ZERO.test(digits)) number = withoutBracketedZero(text);
  if (!/^[1-9]\d{6,14}$/.test(number)) return undefined;
  // North America: ten digits, and no area starts with 0 or 1.
  return number.startsWith('1') && !/^1[2-9]\d{9}$/.test(number) ? undefined : `+${number}`;
}

const ZERO_IN_BRACKETS = /\(\s?0\s?\)/;

/** `+CC (0) ...` of a country without a plan here: the brackets show that its zero is not dialled from abroad. */
function withoutBracketedZero(text: string): string {
  return text
    .replace(ZERO_IN_BRACKETS, '')
    .replace(SEPARATORS, '')
    .replace(/^(?:\+|00)/, '');
}
