import { IDENTIFIERS } from '../../destinations/identifiers.ts';
import { codeAt } from './code-at.ts';
import type { Cookies } from '../consent/cookie-header.ts';
import { Recent } from '../core/recent.ts';
import { decoded, decodeOnce } from './pii/decode.ts';
import { IdFilter } from './id-filter.ts';
import { isIdName } from './id-names.ts';

/** The visitor's ids in the hit itself, and the cookies it came with. */
export interface OwnValues {
  readonly cookies: Cookies;
  /** Client ids, click ids of the page, ids of a back end. */
  readonly values: readonly (string | undefined)[];
  /** The site's own ids of the visitor. */
  readonly userIds: readonly (string | undefined)[];
  /** When the hit came, unix milliseconds. */
  readonly at: number;
}

/** Characters. A shorter id occurs in too many other texts, so it is not searched for. */
export const SHORTEST = 6;
/** A shorter id counts only where it stands alone. */
const ALONE_BELOW = 9;
const LONGEST = 1024;
const MOST = 200;
const ROUNDS = 3;
const YEARS = 3 * 365 * 86_400_000;

/**
 * The ids of one visitor, to find copies of them in texts. Without this an id that is capped, hashed or withheld in its
 * own field would be sent unchanged as a copy (R25, R46).
 */
export class OwnIds {
  readonly #from: OwnValues;
  /** Made when the first text comes that may hold one. */
  #gathered: Gathered | undefined;
  #lettersOnly: boolean | undefined;
  /** Made only when there is enough text to search that it saves time. */
  #filter: IdFilter | undefined;
  /** Characters times ids: the work done so far where a copy was likely. */
  #searched = 0;

  constructor(from: OwnValues) {
    this.#from = from;
  }

  /** Whether a copy of an id is in it. */
  isIn(text: string, whose: Whose = 'all'): boolean {
    return this.hidden(text, whose) !== text;
  }

  /** Whether it is the site's own id of its visitor, and nothing else. */
  isUser(text: string): boolean {
    return this.#ids.users.has(text.toLowerCase());
  }

  /** The text with copies replaced; if a copy shows only after decoding, only the tag remains. */
  hidden(text: string, whose: Whose = 'all'): string {
    if (!mayHold(text) && !this.#someWithoutDigits) return text;
    if (this.#ids.count === 0) return text;
    const clean = this.#without(text, whose);
    if (clean !== text || !ENCODED.test(text)) return clean;
    let plain = text;
    for (let round = 1; round <= ROUNDS; round++) {
      const next = decoded(text, round);
      if (next === plain) break;
      plain = next;
      if (this.#without(plain, whose) !== plain) return TAG;
    }
    return text;
  }

  #without(text: string, whose: Whose): string {
    const lower = text.toLowerCase();
    const { strong, users, shortUsers, count } = this.#ids;
    if (count * text.length < WORTH_A_FILTER) return this.#replaced(text, lower, whose, undefined);
    this.#filter ??= new IdFilter([strong, users, shortUsers]);
    const begun = this.#filter.begunIn(lower);
    if (begun === undefined) return text;
    this.#searched += begun.size * text.length;
    return this.#searched > MOST_SEARCHED ? TAG : this.#replaced(text, lower, whose, begun);
  }

  /** @param among the only ids that can be in it; undefined = any */
  #replaced(text: string, lower: string, whose: Whose, among: ReadonlySet<string> | undefined): string {
    const { strong, users, shortUsers } = this.#ids;
    const clean = replaced(text, lower, strong, among);
    if (whose === 'machine') return clean;
    const without = replaced(clean, clean === text ? lower : clean.toLowerCase(), users, among);
    if (whose !== 'all') return without;
    return replaced(without, without === text ? lower : without.toLowerCase(), shortUsers, among);
  }

  /** Whether an id, or a part of one, may be without digits. Most visitors have no such id, and then most texts are skipped. */
  get #someWithoutDigits(): boolean {
    return (this.#lettersOnly ??= this.#lookForLetters());
  }

  #lookForLetters(): boolean {
    const { cookies, values, userIds } = this.#from;
    for (const value of values) if (hasLettersOnly(value)) return true;
    for (const id of userIds) if (hasLettersOnly(id)) return true;
    for (let i = 0; i < cookies.names.length; i++) {
      if (hasLettersOnly(cookies.values[i]) && namesId(cookies.names[i] as string)) return true;
    }
    return false;
  }

  get #ids(): Gathered {
    return (this.#gathered ??= gathered(this.#from));
  }
}

/** In small letters. */
interface Gathered {
  readonly strong: ReadonlySet<string>;
  readonly users: ReadonlySet<string>;
  /** The number of an article may be the same by chance (`ABC123`). */
  readonly shortUsers: ReadonlySet<string>;
  readonly count: number;
}

function gathered({ cookies, values, userIds, at }: OwnValues): Gathered {
  const strong = new Set<string>();
  const users = new Set<string>();
  const shortUsers = new Set<string>();
  for (const value of values) {
    if (value === undefined) continue;
    take(strong, value, at);
    takeEncoded(strong, value);
  }
  for (let i = 0; i < cookies.names.length; i++) {
    const name = cookies.names[i] as string;
    const value = cookies.values[i] as string;
    if (!namesId(name)) continue;
    take(strong, value, at);
    const click = CLICK_COOKIES.get(name)?.(value.includes('%') ? decodeOnce(value) : value);
    if (click !== undefined) take(strong, click, at);
  }
  for (const id of userIds) {
    if (id === undefined || id.length < SHORTEST || id.length > LONGEST) continue;
    add(id.length < ALONE_BELOW ? shortUsers : users, id);
  }
  return { strong, users, shortUsers, count: strong.size + users.size + shortUsers.size };
}

/** The value, and each part of it that is long enough and no time. */
function take(ids: Set<string>, value: string, at: number): void {
  if (value.length < SHORTEST || value.length > LONGEST) return;
  const plain = value.includes('%') ? decodeOnce(value) : value;
  add(ids, plain);
  const parts = plain.split('.');
  if (parts.length === 1) return;
  for (const part of parts) if (part.length >= SHORTEST && !isTime(part, at)) add(ids, part);
  // The last two of `_ga`: the client id, without the first part's number.
  const [random = '', time = ''] = parts.slice(-2);
  if (isTime(time, at) && /^\d{1,20}$/.test(random)) add(ids, `${random}.${time}`);
}

/** The whole id in base64 and in hexadecimal, as scripts encode an id to pass it on. */
function takeEncoded(ids: Set<string>, value: string): void {
  if (value.length < SHORTEST || value.length > LONGEST_ENCODED || !ASCII.test(value)) return;
  add(ids, btoa(value).replace(/=+$/, ''));
  let hex = '';
  for (let i = 0; i < value.length; i++) hex += value.charCodeAt(i).toString(16);
  add(ids, hex);
}

function add(ids: Set<string>, id: string): void {
  if (ids.size < MOST) ids.add(id.toLowerCase());
}

/** How the click id is read from a cookie that may keep it with something around it. */
const CLICK_COOKIES: ReadonlyMap<string, (value: string) => string | undefined> = new Map(
  IDENTIFIERS.flatMap(({ cookie }) => (cookie?.click === undefined ? [] : [[cookie.name, cookie.click.read] as const])),
);

/**
 * Which ids are looked for. `machine`: those of cookies and clicks. `long`: also the site's own id of its visitor, if it is
 * too long to be there by chance; for numbers of articles. `all`: every one.
 */
export type Whose = 'machine' | 'long' | 'all';

/** Characters times ids: below this a search for one id after the other is faster. */
const WORTH_A_FILTER = 4_000;
/**
 * Most characters times ids that are searched for one visitor where texts have beginnings of ids in them. If somebody
 * sends hundreds of ids and texts full of their beginnings, the tag replaces these texts without a search.
 */
const MOST_SEARCHED = 200_000;

/** The text with a tag for each of these ids, which are in small letters as `lower` is. */
function replaced(
  text: string,
  lower: string,
  ids: ReadonlySet<string>,
  among: ReadonlySet<string> | undefined,
): string {
  // If lower case has another length, the places in the two texts differ.
  const sameLength = lower.length === text.length;
  let clean = text;
  let plain = lower;
  for (const id of ids) {
    if (among !== undefined && !among.has(id)) continue;
    const places = placesOf(id, plain);
    if (places === undefined) continue;
    if (!sameLength) return TAG;
    clean = tagged(clean, places, id.length);
    plain = tagged(plain, places, id.length);
  }
  return clean;
}

/** Where an id stands in a text; a short one counts where it stands alone. */
function placesOf(id: string, text: string): number[] | undefined {
  let places: number[] | undefined;
  let last = 0;
  for (let at = text.indexOf(id); at >= 0; at = text.indexOf(id, last)) {
    // The text before it may be another copy, which becomes a tag.
    const begins = places?.[places.length - 1] === at - id.length || !isWord(codeAt(text, at - 1));
    last = at + id.length;
    if (id.length >= ALONE_BELOW || (begins && !isWord(codeAt(text, last)))) (places ??= []).push(at);
  }
  return places;
}

function tagged(text: string, places: readonly number[], length: number): string {
  let out = '';
  let from = 0;
  for (const at of places) {
    out += text.slice(from, at) + TAG;
    from = at + length;
  }
  return out + text.slice(from);
}

/** Printable characters. */
const ASCII = /^[\x20-\x7e]+$/;
/** Long enough for client ids and visitor numbers; click ids are longer and are not passed on encoded. */
const LONGEST_ENCODED = 40;
const TAG = '[id]';
const ENCODED = /[%&\\\u2030-\uffff]/;

/** Unix seconds or milliseconds of these years: many hits share it. */
function isTime(text: string, at: number): boolean {
  if (!/^\d{10}(?:\d{3})?$/.test(text)) return false;
  const time = Number(text) * (text.length === 10 ? 1000 : 1);
  return Math.abs(time - at) < YEARS;
}

/** Whether an id or a part of it is long enough and has no digit. What is encoded may be anything. */
function hasLettersOnly(id: string | undefined): boolean {
  if (id === undefined || id.length < SHORTEST) return false;
  if (id.includes('%') || !hasDigit(id)) return true;
  for (let start = 0, end: number; start < id.length; start = end + 1) {
    // Most parts begin with a digit, and then the rest of the part is not read.
    let at = start;
    while (at < id.length && !isDigit(id.charCodeAt(at)) && id.charCodeAt(at) !== DOT) at++;
    end = at === id.length || id.charCodeAt(at) === DOT ? at : id.indexOf('.', at);
    if (end === at && end - start >= SHORTEST) return true;
    if (end === -1) return false;
  }
  return false;
}

function hasDigit(text: string): boolean {
  return DIGIT.test(text);
}

const DIGIT = /[0-9]/;

const DOT = 46;

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Whether a word is long enough and has a digit in it, as nearly every id has. */
function mayHold(text: string): boolean {
  // A regular expression is several times as fast here as a loop over characters.
  if (!hasDigit(text)) return false;
  let start = 0;
  let digit = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) digit = true;
    else if (!isWord(code) && code !== 45 && code !== 46 && code !== 37) {
      start = i + 1;
      digit = false;
      continue;
    }
    if (digit && i - start >= SHORTEST - 1) return true;
  }
  return false;
}

function isWord(code: number): boolean {
  const lower = code | 32;
  return (code >= 48 && code <= 57) || (lower >= 97 && lower <= 122) || code === 95;
}

/** Kept because the names of cookies come again with every hit. */
const known = new Recent<boolean>(500, 1 << 18);

function namesId(name: string): boolean {
  const before = known.get(name);
  if (before !== undefined) return before;
  const is = isIdName(name);
  known.set(name, is);
  return is;
}
