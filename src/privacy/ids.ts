import { IDENTIFIERS } from '../../destinations/identifiers.ts';
import { codeAt } from './code-at.ts';
import { detached } from '../core/recent.ts';
import { KINDS as TAGGED, type Detection } from './pii/findings.ts';
import { anywhere, exactForm, Forms, form, formOf } from './pii/forms.ts';
import { isIdName, PECULIAR_NAMES } from './id-names.ts';
import { PROGRAM_KEYS } from './pii/program-keys.ts';
import { isDrawn } from './pii/tokens.ts';
import { isEveryday, isHomeName, isPersonName, isSecretName, saysPersonal } from './url/keys.ts';

/** Of the vendors that have a destination here. */
const VENDOR_FORMS = IDENTIFIERS.flatMap(({ forms = [] }) => forms.map(formOf));

/**
 * The forms of vendors' cookies and click ids in any text (`destinations/ga4.md` 7, `google-ads.md` 5,
 * `meta.md` 6, `microsoft.md` B). Each begins with letters or digits of its own and is as long as possible, percent
 * signs of an encoded one included, so no character is read twice.
 */
const FORMATS = [
  ...VENDOR_FORMS.filter(({ exact }) => !exact),
  form('amp-', /[\w-]{16,100}/),
  form('1*', /[0-9a-z]{5,8}\*[\w.*~%-]{4,600}/),
  form('2-', /[0-9a-z]{20,30}(?![\w-])/),
  form('oeu', /\d{13}r0\.\d{3,20}/),
  form('MCMID', /(?:\||%7C)\d{38}/),
  form('0AAAAA', /[\w-]{10,600}/),
  // Opens the order for whoever has it: https://woocommerce.com/document/managing-orders/
  form('wc_order_', /[a-z0-9]{10,30}/),
  form('$device', /(?::|%3A)[0-9a-f-]{12,80}/),
  // The whole agent of a browser, with the model of a telephone in it; the gateway's own field for it has its own rule.
  exactForm('Mozilla/', /\d\.\d \([^)"\n]{1,200}\)?(?: [\w.:/()+;,-]{1,80}){0,30}/),
];
/** Click ids as Google and Meta write them: capitals matter. */
const CLICKS = [...VENDOR_FORMS.filter(({ exact }) => exact), exactForm('AfmBO', /[\w-]{12,600}/)];

/** Names of click ids and visitor ids that are no words of a language, so they count without a sign behind them. */
const PECULIAR = [
  ...[...PECULIAR_NAMES, 'twclid', 'yclid'].map((name) => {
    const [head = '', ...rest] = name.split('_');
    return anywhere(head, new RegExp(rest.map((part) => `_?${part}`).join('')));
  }),
  anywhere('distinct', /_?id/),
  anywhere('click', /_?id(?![a-z])/),
];
const SHORTEST_VALUE = 6;
/** Between a name and its value: `","value":"`, ` is `, ` => `. */
const WIDEST = 16;
/** How far into a word a digit is looked for. */
const DIGIT_WITHIN = 40;

/** In the order of the bits below. */
const FORMS = new Forms([[...FORMATS, ...PROGRAM_KEYS], CLICKS, PECULIAR]);
const NAMES = 2;
/** Values that are an id by their form, whatever their name is. */
export const BY_FORM = 3;
/**
 * The value behind the name of a click id, whatever stands between them (`gclid|...`, `["gclid","..."]`): the first word
 * with a digit in it. The search reads a bounded number of characters for each name and goes on behind the value.
 */
export const BY_NAME = 4;

/** Finds ids; `what`: `BY_FORM`, `BY_NAME` or both. */
export function findIds(text: string, what: number, findings: Detection[]): void {
  FORMS.find(text, what, (group, start, end) => {
    if (group !== NAMES) {
      findings.push({ kind: 'id', start, end });
      return end;
    }
    const value = valueNear(text, end);
    if (value < 0) return end;
    const valueEnd = past(text, value, WORD_PART);
    findings.push({ kind: 'id', start: value, end: valueEnd });
    return valueEnd;
  });
}

/** Where the first word begins that may be an id; -1 = there is none near. */
function valueNear(text: string, from: number): number {
  let start = from;
  let digit = false;
  let between = 0;
  for (let at = from; between <= WIDEST && at - start <= DIGIT_WITHIN; at++) {
    const code = codeAt(text, at);
    const sign = code === PERCENT ? signAt(text, at) : 0;
    if (sign === 0 && is(code, WORD_PART)) {
      digit ||= code >= 48 && code <= 57;
      if (digit && at - start >= SHORTEST_VALUE - 1) return start;
    } else {
      if (at >= text.length) return -1;
      between += at - start + 1;
      if (sign > 0) at += sign - 1;
      start = at + 1;
      digit = false;
    }
  }
  return -1;
}

const PERCENT = 37;
const ESCAPE = /%(?:25){0,3}([2-7][0-9a-f])/iy;

/** Characters of an encoded sign that is no part of a word, from its percent sign on; 0 = there is none. */
function signAt(text: string, at: number): number {
  ESCAPE.lastIndex = at;
  const [escape = '', hex = ''] = ESCAPE.exec(text) ?? [];
  return escape === '' || is(Number.parseInt(hex, 16), WORD_PART) ? 0 : escape.length;
}

/** Whether a value of such a form, a click id behind its name (`gclid_...`) or a JSON web token is in it. */
export function hasFormat(text: string): boolean {
  if (text.length < SHORTEST_FORMAT) return false;
  const findings: Detection[] = [];
  findIds(text, BY_FORM | BY_NAME, findings);
  return findings.length > 0 || JWT.test(text);
}

const SHORTEST_FORMAT = 12;
const JWT = /eyJ[\w-]{8,4000}\.[\w-]/;

/** No parameter has a longer name. */
const LONGEST_NAME = 64;
/** Quotes, their escapes and blanks between a name, its sign and its value. */
const MOST_BETWEEN = 8;
/** Without quotes around the name, a colon is punctuation unless a long text with digits follows. */
const SHORTEST_AFTER_COLON = 8;

const EQUALS = 61;
const COLON = 58;
const AMPERSAND = 38;
const SEMICOLON = 59;
const OPENING = 91;
const CLOSING = 93;

/**
 * Finds parameters by their names: `gclid=...` in any list, `"gclid":"..."` in JSON. In a list the whole pair is cut out,
 * in JSON only the value. The search goes on behind each finding, so the work is linear.
 */
export function findPairs(text: string, findings: Detection[]): void {
  // The end of the last value that was read, and its last digit. A value that begins inside it has the same end, so no
  // text is read again for each name in it.
  let valueEnd = 0;
  let lastDigit = -1;
  const context = new Context();
  for (let i = 1; i < text.length; i++) {
    const sign = text.charCodeAt(i);
    if (sign !== EQUALS && sign !== COLON) continue;
    const behind = before(text, i, BETWEEN, MOST_BETWEEN);
    const nameEnd = endOfName(text, behind);
    const start = before(text, nameEnd, NAME_PART, LONGEST_NAME);
    const names = nameEnd - start < 2 ? NOBODY : whatNames(text, start, nameEnd);
    if (names === NOBODY) continue;
    if (isEmptyBehind(text, i + 1)) continue;
    const listed = sign === EQUALS && behind === i;
    const valueStart = valueBehind(text, i + 1);
    // Of a script, `apiKey: "..."`, the value alone is quoted.
    const quoted =
      isQuoted(text, nameEnd, i) || isQuoted(text, i + 1, valueStart) || text.slice(nameEnd, i).includes('\\');
    if (names === EVERYDAY) {
      const found = context.read(text, { start, nameEnd, sign: i, valueStart, listed, quoted });
      if (found !== undefined) findings.push(found);
      continue;
    }
    // `tlf: 40000000`: in prose the other detectors judge the value by its form.
    if (names === PERSON && !listed && !quoted) continue;
    if (text.startsWith('[id]', valueStart)) continue;
    let end: number;
    // A person's name or address may have blanks in it, so it ends only at a quote or a separator.
    if (names === SECRET || (names === PERSON && (sign === EQUALS || isQuoted(text, i + 1, valueStart)))) {
      end = past(text, valueStart, WRITTEN_PART);
    } else {
      if (valueStart >= valueEnd) {
        valueEnd = past(text, valueStart, VALUE_PART);
        lastDigit = lastDigitIn(text, valueStart, valueEnd);
      }
      end = valueEnd;
      const long = end - valueStart >= SHORTEST_AFTER_COLON && lastDigit >= valueStart;
      if (!listed && !quoted && !long) continue;
    }
    if (end === valueStart) continue;
    findings.push(listed ? pair(text, start, end) : { kind: 'id', start: valueStart, end });
    if (names === PERSON) context.has(text.slice(start, nameEnd));
    i = end - 1;
  }
  findings.push(...context.beside());
}

/** A name of many meanings in a text, with its value. */
interface Everyday {
  readonly start: number;
  readonly nameEnd: number;
  readonly sign: number;
  readonly valueStart: number;
  readonly listed: boolean;
  readonly quoted: boolean;
}

/** What the pairs before say about a pair whose name has many meanings. */
class Context {
  /** Names and streets in JSON. */
  readonly #beside: Detection[] = [];
  #personal = false;
  #named = false;
  /** `{"name":"last_name","value":"..."}`: the next value is personal. */
  #next = false;

  /** The text has a personal value of this name. */
  has(name: string): void {
    this.#personal = true;
    this.#named ||= PERSONS_NAME.test(name);
  }

  /** They are a person's if something personal is beside them, and the person has no other name: then it is a thing's. */
  beside(): readonly Detection[] {
    return this.#personal && !this.#named ? this.#beside : [];
  }

  read(text: string, { start, nameEnd, sign, valueStart, listed, quoted }: Everyday): Detection | undefined {
    if (listed) {
      const written = past(text, valueStart, WRITTEN_PART);
      if (
        HOME.test(text.slice(valueStart, Math.min(written, valueStart + LONGEST_SECRET))) &&
        isHomeName(text.slice(start, nameEnd))
      ) {
        return pair(text, start, written);
      }
      // `session=...`, `code=...`: a secret by its form.
      const end = past(text, valueStart, VALUE_PART);
      return isDrawn(text.slice(valueStart, Math.min(end, valueStart + LONGEST_SECRET)))
        ? pair(text, start, end)
        : undefined;
    }
    if (!quoted || !isQuoted(text, nameEnd, sign) || !isQuoted(text, sign + 1, valueStart)) return undefined;
    const end = past(text, valueStart, WRITTEN_PART);
    const name = text.slice(start, nameEnd).toLowerCase();
    const found: Detection | undefined = end > valueStart ? { kind: 'id', start: valueStart, end } : undefined;
    if (name === 'value') {
      const named = this.#next;
      this.#next = false;
      return named ? found : undefined;
    }
    const valued = end - valueStart <= LONGEST_NAME ? text.slice(valueStart, end) : '';
    this.#next = isIdName(valued) || saysPersonal(valued);
    if (found !== undefined && !this.#next && isPersonName(name)) this.#beside.push(found);
    return undefined;
  }
}

const PERSONS_NAME = /na(?:me|vn|mn)/i;

/** A street and a number: `Storgata 12B`. */
const HOME = /^\p{L}{3}[^\d]{0,40}\d/u;

/** Of a secret as much as shows what it is. */
const LONGEST_SECRET = 64;

/**
 * Where the name ends behind which a sign stands: of `user[email]=` the name is in the brackets. The tag of an earlier
 * finding (`[ip]`) has no name before it.
 */
function endOfName(text: string, behind: number): number {
  if (codeAt(text, behind - 1) !== CLOSING) return behind;
  const end = before(text, behind - 1, BETWEEN, MOST_BETWEEN);
  const start = before(text, end, NAME_PART, LONGEST_NAME);
  const opening = before(text, start, BETWEEN, MOST_BETWEEN) - 1;
  if (codeAt(text, opening) !== OPENING || !OUTER.test(text.charAt(opening - 1))) return behind;
  return TAGS.has(text.slice(opening + 1, behind - 1)) ? behind : end;
}

/** The last sign of a name before brackets, or the bracket of another one. */
const OUTER = /[a-z0-9_\]]/i;
/** What may stand in brackets behind a letter because it was found there. An address or an id takes the whole word. */
const TAGS: ReadonlySet<string> = new Set<string>(TAGGED.filter((kind) => kind !== 'email' && kind !== 'id'));

/** Whether the value is an empty text: `"email":""`. */
function isEmptyBehind(text: string, from: number): boolean {
  EMPTY.lastIndex = from;
  return EMPTY.test(text);
}

const EMPTY = /[ \t]{0,3}(\\?["'])\1(?!["'])/y;

/** Where a value begins, perhaps the first of a list (`"ids":["..."]`). */
function valueBehind(text: string, from: number): number {
  const start = past(text, from, BETWEEN, MOST_BETWEEN);
  const listed = codeAt(text, start) === OPENING && !text.startsWith('[id]', start);
  return listed ? past(text, start + 1, BETWEEN, MOST_BETWEEN) : start;
}

/** The pair with the separator behind it, or else before it, so that the rest is still a list. */
function pair(text: string, start: number, end: number): Detection {
  const after = codeAt(text, end);
  if (after === AMPERSAND || after === SEMICOLON) return { kind: 'id', start, end: end + 1, cut: true };
  const before = codeAt(text, start - 1);
  const from = before === AMPERSAND || before === SEMICOLON ? start - 1 : start;
  return { kind: 'id', start: from, end, cut: true };
}

function lastDigitIn(text: string, start: number, end: number): number {
  let at = end - 1;
  while (at >= start && !isDigit(text.charCodeAt(at))) at--;
  return at >= start ? at : -1;
}

/** Past characters of one kind. */
function past(text: string, from: number, kind: number, most = Infinity): number {
  let at = from;
  while (at < text.length && at - from < most && is(text.charCodeAt(at), kind)) at++;
  return at;
}

/** The same to the left. */
function before(text: string, end: number, kind: number, most: number): number {
  let at = end;
  while (at > 0 && end - at < most && is(text.charCodeAt(at - 1), kind)) at--;
  return at;
}

const NOBODY = 0;
const ID = 1;
const PERSON = 2;
/** What stands behind it is a secret in prose, too: `Authorization: Bearer ...`. */
const SECRET = 3;
/** A name with many meanings: what stands beside it decides. */
const EVERYDAY = 4;

/** Harmless names, kept because they come again in every text; the sum of a name's characters is its place. */
const harmless = Array.from({ length: 1_024 }, () => '');

function whatNames(
  text: string,
  start: number,
  end: number,
): typeof NOBODY | typeof ID | typeof PERSON | typeof SECRET | typeof EVERYDAY {
  let sum = 0;
  for (let i = start; i < end; i++) sum = (Math.imul(sum, 31) + text.charCodeAt(i)) | 0;
  const place = (sum ^ (sum >>> 10)) & (harmless.length - 1);
  const known = harmless[place] as string;
  if (known.length === end - start && text.startsWith(known, start)) return NOBODY;
  const name = text.slice(start, end);
  if (isIdName(name)) return ID;
  if (saysPersonal(name)) return isSecretName(name) ? SECRET : PERSON;
  if (isEveryday(name)) return EVERYDAY;
  harmless[place] = detached(name);
  return NOBODY;
}

function isQuoted(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (text.charCodeAt(i) === 34 || text.charCodeAt(i) === 39) return true;
  return false;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Quotes, backslashes, blanks. */
const BETWEEN = 1;
const NAME_PART = 2;
/** Up to what ends a value in a list, in JSON or in a text. */
const VALUE_PART = 4;
/** The same, blanks and commas included. */
const WRITTEN_PART = 8;
/** What ids are made of, percent signs of an encoded one included. */
const WORD_PART = 16;

const KINDS = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  const value = code > 32 && !'&;#"\'<>,|}])`\\'.includes(character);
  return (
    ('"\'\\ \t'.includes(character) ? BETWEEN : 0) |
    (/[\w.-]/.test(character) ? NAME_PART : 0) |
    (value ? VALUE_PART : 0) |
    (value || ' ,'.includes(character) ? WRITTEN_PART : 0) |
    (/[\w.%-]/.test(character) ? WORD_PART : 0)
  );
});

function is(code: number, kind: number): boolean {
  return code < 128 ? ((KINDS[code] as number) & kind) !== 0 : (kind & (VALUE_PART | WRITTEN_PART)) !== 0;
}
