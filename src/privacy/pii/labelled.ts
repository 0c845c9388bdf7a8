import { codeAt } from '../code-at.ts';
import type { Detection } from './findings.ts';

/**
 * Numbers of persons that only the word before them tells from other numbers: `SSN 078-05-1120`, `passnr. C01X00T47`,
 * `OTP 493021`. The words are those of many countries, because such numbers have the form of order numbers and articles.
 */

/** National ids, devices, vehicles, accounts. */
const LABELS = words(
  'fnr fødselsnummer fødselsnr foedselsnummer fodselsnummer personnummer personnr personnumret ssn cpr cprnr cpf aadhaar aadhar pesel bsn',
  'burgerservicenummer nino hetu henkilötunnus kennitala isikukood dni nif curp steuerid identifikationsnummer cnp nir',
  'passport passnummer passnr reisepass reisepassnummer imei imsi meid iccid regnr kjennemerke kennzeichen kenteken bilnummer',
  'kontonummer kontonr kortnummer cardnumber kundenummer kundenr kundnummer kundennummer medlemsnummer medlemsnr customernumber',
  'membernumber memberid customerid userid brukerid pasientnr pasientnummer patientnr patientnumber patientid journalnr journalnummer',
);
/** Words that count only with one for a number behind them: `account no.` */
const NUMBERED = words(
  'account card national nhs tax licence license plate pan konto kort pass insurance ni identity reg steuer førerkort körkort kørekort',
  'customer client member user kunde kund medlem bruker',
);
const NUMBER = words('number no nr num nummer numer numero número id');
/** Two words that count together, written as one. */
const PAIRS = words(
  'socialsecurity nationalinsurance codicefiscale asmenskodas rodnéčíslo licenseplate licenceplate numberplate registrationplate',
  'pancard',
);
/** What a code for one use is called. */
const CODES = words(
  'otp engangskode engangspassord engångskod passcode verifikasjonskode verifieringskod bekreftelseskode sikkerhetskode pinkode',
  'innloggingskode verificationcode securitycode timecode timepassword timepasscode timepin logincode yourcode pincode dinkode dinkod smskode smskod smscode',
);
/** The code on the back of a card; it has three digits, or four. */
const CARD_CODES = words('cvc cvv csc');
const TOKENS = words('bearer');
/** The number on a vehicle's frame. */
const FRAMES = words('vin chassis chassisnr chassisnummer understellsnummer fahrgestellnummer fin');
const HARDWARE_LABELS = words('mac bssid wifimac');
/** The id of a telephone for advertisers; a UUID without such a word may be anything. */
const DEVICES = words('idfa idfv gaid aaid adid advertisingid deviceid');
const PLACES = words('lat latitude lon lng longitude breddegrad lengdegrad');
/** Words between the label and its number. */
const FILLERS = words('is er är on var din your ditt');

const LONGEST_LABEL = 24;
/** Signs behind each word. */
const MOST_SIGNS = 4;
/** Words that are read before a number. */
const MOST_WORDS = 5;
/** A plate or an id may begin with so many letters and a blank: `ABC 123`. */
const MOST_APART = 3;
/** Letters with which the number itself may begin. */
const MOST_HEAD = 6;

// A group has a digit among its first letters. Quantifiers are bounded.
const VALUE =
  /(?:[A-Z]{1,3} )?[A-Z]{0,6}\d[A-Z0-9]{0,20}(?:[ ./-][A-Z]{0,2}\d[A-Z0-9]{0,20}|[ -][A-Z](?![A-Z])){0,8}/iy;
const CODE = /\d{3}[ -]\d{3}(?!\d)|\d{4,8}(?![\d.,]?\d)/y;
const CARD_CODE = /\d{3,4}(?![\d.,]?\d)/y;
const FRAME = /(?=[A-Z]{0,16}\d)[A-HJ-NPR-Z\d]{17}(?![A-Z\d])/iy;
const TOKEN = /[\w.~+/-]{16,500}={0,2}/y;
const DEGREES = /\d{1,3}[.,]\d{5,20}/y;
/** The address of a network card; the word `Mac` alone is a computer, and versions stand behind it. */
const HARDWARE = /[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}/iy;
const UUID = /[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}(?![0-9a-f])/iy;
const DATE = /^(?:\d{1,2}[./ -]\d{1,2}[./ -](?:\d{2}|\d{4})|\d{4}[./ -]\d{1,2}[./ -]\d{1,2})$/;

/** Finds what stands behind such words. For each number the few words before it are read. */
export function findLabelled(text: string, findings: Detection[]): void {
  for (let i = 0; i < text.length; i++) {
    if (!isDigit(codeAt(text, i))) continue;
    const found = behindWords(text, headOf(text, i));
    if (found !== undefined) findings.push(found);
    i = Math.max(found?.end ?? 0, digitsEnd(text, i)) - 1;
  }
}

/** Where a number begins that may have letters before its first digit. */
function headOf(text: string, digit: number): number {
  let start = digit;
  while (digit - start < MOST_HEAD && isAscii(codeAt(text, start - 1))) start--;
  return start;
}

/** The number that begins here, if the words before it say what it is. */
function behindWords(text: string, start: number): Detection | undefined {
  const before: string[] = [];
  let apart = start;
  for (let at = start; before.length < MOST_WORDS; ) {
    const end = beforeSigns(text, at);
    const begin = wordBegin(text, end);
    // `[phone]` stands for a number that was there.
    if (begin < 0 || end === at || codeAt(text, begin - 1) === OPENING) break;
    before.push(text.slice(begin, end).toLowerCase());
    if (before.length === 1) apart = begin;
    at = begin;
  }
  if (before.length === 0) return undefined;
  const found = labelled(text, start, before, 0);
  if (found !== undefined || before.length === 1 || (before[0] as string).length > MOST_APART) return found;
  return labelled(text, apart, before, 1);
}

const OPENING = 91;

/** @param before the words before the number, the nearest first */
function labelled(text: string, start: number, before: readonly string[], first: number): Detection | undefined {
  let i = first;
  let numbered = false;
  for (; NUMBER.has(before[i] ?? '') || FILLERS.has(before[i] ?? ''); i++) numbered ||= NUMBER.has(before[i] as string);
  const word = before[i] ?? '';
  const pair = (before[i + 1] ?? '') + word;
  if (LABELS.has(word) || PAIRS.has(pair) || (numbered && NUMBERED.has(word))) return value(text, start);
  if (CODES.has(word) || CODES.has(pair)) return matched('token', CODE, text, start);
  if (CARD_CODES.has(word)) return matched('token', CARD_CODE, text, start);
  if (FRAMES.has(word)) return matched('id', FRAME, text, start);
  if (TOKENS.has(word)) return matched('token', TOKEN, text, start);
  if (HARDWARE_LABELS.has(word) || pair === 'macaddress') return matched('id', HARDWARE, text, start);
  if (DEVICES.has(word) || DEVICES.has(pair)) return matched('id', UUID, text, start);
  if (PLACES.has(word)) return matched('position', DEGREES, text, start);
  return undefined;
}

/** A number long enough to be somebody's; a date is none. */
function value(text: string, start: number): Detection | undefined {
  const found = matched('id', VALUE, text, start);
  if (found === undefined) return undefined;
  const number = text.slice(start, found.end);
  const digits = number.replaceAll(/\D/g, '').length;
  const letters = number.replaceAll(/[^A-Za-z]/g, '').length;
  return (digits >= FEWEST_DIGITS || (digits >= FEWEST && letters >= FEWEST)) && !DATE.test(number) ? found : undefined;
}

const FEWEST_DIGITS = 5;
/** Of both: `ABC 123`. */
const FEWEST = 3;

function matched(kind: Detection['kind'], pattern: RegExp, text: string, start: number): Detection | undefined {
  pattern.lastIndex = start;
  return pattern.test(text) ? { kind, start, end: pattern.lastIndex } : undefined;
}

/** Past a few signs, to the left. */
function beforeSigns(text: string, from: number): number {
  let at = from;
  while (from - at < MOST_SIGNS && SIGNS.includes(text.charAt(at - 1)) && at > 0) at--;
  return at;
}

const SIGNS = ' .:#=-"\'\t\u00a0';

/** Where the word begins that ends here; -1 = there is none, or a longer one. */
function wordBegin(text: string, end: number): number {
  let begin = end;
  while (end - begin <= LONGEST_LABEL && isLetter(codeAt(text, begin - 1))) begin--;
  return begin === end || end - begin > LONGEST_LABEL ? -1 : begin;
}

function digitsEnd(text: string, from: number): number {
  let end = from;
  while (isDigit(codeAt(text, end))) end++;
  return end;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isAscii(code: number): boolean {
  const letter = code | 32;
  return letter >= 97 && letter <= 122 && code < 128;
}

function isLetter(code: number): boolean {
  return isAscii(code) || code > 0xbf;
}

function words(...lines: string[]): ReadonlySet<string> {
  return new Set(lines.join(' ').split(' '));
}
