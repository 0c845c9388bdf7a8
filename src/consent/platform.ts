import type { Category, SignalMask } from '../core/signals.ts';
import type { Cookies } from './cookie-header.ts';
import { parseCookieJson, asJsonObject, type JsonObject } from './json.ts';
import { choice, emptied, unreadable, type Facts } from './reading.ts';
import { base64Decoded, isEmptied, percentDecoded, readLayers } from './text.ts';
import { Narrowing } from './narrowing.ts';
import { servicesOf, type ServiceBook } from './services.ts';
import type { ConsentRoute, Reading, Regime, RouteTerms } from './types.ts';

/** The settings of the site that a platform's reader gets; made once, when the configuration is compiled. */
export interface Context {
  /** The platform's name: what its readings are called. */
  readonly source: string;
  readonly categories: Readonly<Record<Category, SignalMask>>;
  /** Every signal some category stands for. */
  readonly all: SignalMask;
  /** The site's own purposes, services or groups -> signals; replaces the platform's usual names. */
  readonly purposes: ReadonlyMap<string, SignalMask> | undefined;
  readonly revision: number | undefined;
  readonly optIn: boolean;
  readonly regime: Regime;
  readonly honourGpc: boolean;
  /** Whether a TC string inside another record counts. */
  readonly readsTcf: boolean;
  /** The site lists the platform. Without this, a platform that is always read takes away only what it plainly states. */
  readonly listed: boolean;
  readonly vendors: readonly number[];
  readonly routes: readonly ConsentRoute[];
  /** Whose the services of the site's banner are. */
  readonly book: ServiceBook;
}

/** Cookies whose names have a part that the site chooses. A cookie with only the same beginning is another cookie. */
export interface NamePattern {
  /** For people: `*` stands for the part of the site's own. */
  readonly name: string;
  readonly is: RegExp;
}

/** A cookie's name for people: `*` stands for a part of the site's own. */
export function nameOf(cookie: string | NamePattern): string {
  return typeof cookie === 'string' ? cookie : cookie.name;
}

/** What the site calls a cookie: it has renamed the first one, and with it those that add a hyphen and a word to its name. */
export function siteNameOf(renamed: string, first: string, cookie: string, i: number): string | undefined {
  if (i === 0) return renamed;
  const follows = cookie.startsWith(`${first}-`) && !renamed.endsWith('*');
  return follows ? `${renamed}${cookie.slice(first.length)}` : undefined;
}

/** A consent platform or standard that leaves something a server can read. */
export interface Platform {
  /** Its name in the configuration (`consent.cmp`). */
  readonly name: string;
  readonly title: string;
  /** Cookies it is read from, by their exact names. The first one may be renamed by the site. */
  readonly cookies: readonly (string | NamePattern)[];
  /** Its purposes are the site's own: without `consent.mapping` it grants nothing. */
  readonly needsMapping?: boolean;
  /** It writes no purposes that a site could map: only `preferences`, `statistics` and `marketing` may be mapped anew. */
  readonly fixed?: boolean;
  /** A server cannot see its own record, so its choice comes in the bridge cookie. */
  readonly bridged?: boolean;
  /** Read whether the site lists it or not, because it takes away. */
  readonly always?: boolean;
  /** Its cookies, in the order they came, duplicates included; at least one. */
  readonly read: (found: Cookies, context: Context) => readonly Reading[];
}

/** Whether a cookie of the platform's name was written by another tool: then it is no record. */
export const NO_RECORD = undefined;

/**
 * A reader of platforms with one cookie: each copy of it is a reading of its own. A copy that cannot be read may have
 * been percent-encoded once more; `layers` is how many layers the reader takes off itself.
 */
export function perCookie(
  read: (value: string, context: Context, name: string) => Reading | typeof NO_RECORD,
  layers: 0 | 1 = 1,
): (found: Cookies, context: Context) => readonly Reading[] {
  return (found, context) => {
    const readings: Reading[] = [];
    found.values.forEach((value, i) => {
      const name = found.names[i] as string;
      const reading = readLayers(value, layers, (text) => read(text, context, name), isReadable);
      if (reading !== NO_RECORD) readings.push(isEmpty(found, i) ? orEmptied(reading) : reading);
    });
    return readings;
  };
}

/** Whether all copies of a cookie are empty. If only some are, a choice was withdrawn in one of them. */
function isEmpty({ names, values }: Cookies, at: number): boolean {
  if (!isEmptied(values[at] as string)) return false;
  return !values.some((value, i) => names[i] === names[at] && !isEmptied(value));
}

function orEmptied(reading: Reading): Reading {
  return reading.unreadable === true ? emptied(reading.source) : reading;
}

/** The reading of one value of one of several cookies, whatever layers of percent-encoding are around it. */
export function readValue(value: string, read: (text: string) => Reading): Reading {
  return readLayers(value, 1, read, isReadable);
}

function isReadable(reading: Reading | typeof NO_RECORD): boolean {
  return reading?.unreadable !== true;
}

/**
 * A JSON object: raw, with its quotes encoded as scripts write it, or percent-encoded as a whole. A text that begins with
 * a brace is decoded once at most. If that cannot be read, each `+` is taken as a space, as in form encoding.
 */
export function jsonObject(value: string): JsonObject | undefined {
  return value.startsWith('{') ? braced(value) : readLayers(value, 0, braced, isObject);
}

function braced(text: string): JsonObject | undefined {
  if (!text.startsWith('{')) return undefined;
  if (text.startsWith('{\\"')) return asJsonObject(parseCookieJson(unescaped(text)));
  const raw =
    asJsonObject(parseCookieJson(text)) ??
    (text.includes('+') ? asJsonObject(parseCookieJson(text.replaceAll('+', ' '))) : undefined);
  if (raw !== undefined || !text.includes('%')) return raw;
  return asJsonObject(parseCookieJson(percentDecoded(text) ?? ''));
}

/** What servers have put into a quoted string (RFC 6265 has none, RFC 2109 had), `\"` and `\054` for a comma. */
function unescaped(text: string): string {
  return text.replace(/\\([0-3][0-7]{2}|[^])/g, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : code,
  );
}

/** A JSON object in base64. */
export function base64Object(value: string): JsonObject | undefined {
  return readLayers(
    value,
    1,
    (text) => {
      const decoded = base64Decoded(text);
      return decoded === undefined ? undefined : asJsonObject(parseCookieJson(decoded));
    },
    isObject,
  );
}

function isObject(object: JsonObject | undefined): boolean {
  return object !== undefined;
}

/** A reader of platforms whose one cookie is a JSON object. */
export function perObject(
  decode: (value: string) => JsonObject | undefined,
  read: (root: JsonObject, context: Context, found: Cookies) => Reading,
  isRecord: (name: string) => boolean = () => true,
): (found: Cookies, context: Context) => readonly Reading[] {
  return (found, context) => {
    const readings: Reading[] = [];
    found.values.forEach((value, i) => {
      if (!isRecord(found.names[i] as string)) return;
      const root = decode(value);
      if (isEmpty(found, i)) readings.push(emptied(context.source));
      else readings.push(root === undefined ? unreadable(context.source) : read(root, context, found));
    });
    return readings;
  };
}

/** Accepted and refused signals, gathered flag by flag: a signal counts only if every flag of it is on. */
export interface SignalMarks {
  readonly on: SignalMask;
  readonly off: SignalMask;
  /** Adds the signals that refused services take from single routes. */
  readonly narrowing?: Narrowing;
}

/** The visitor's choice out of marks, with what its services take from single routes. */
export function chosen(source: string, { on, off, narrowing }: SignalMarks, facts: Facts = {}): Reading {
  const terms: ReadonlyMap<string, RouteTerms> | undefined = narrowing?.terms;
  const unknownServices = narrowing?.unknown;
  const plain = terms === undefined && unknownServices === undefined;
  const left = narrowing?.left;
  const note = left === undefined ? undefined : `an explicit choice, without an answer about ${left.join(', ')}`;
  return choice(source, on, off, plain ? facts : { ...facts, terms, unknownServices }, note);
}

/** The usual English names of categories where a platform lets the site choose them. */
const USUAL: ReadonlyMap<string, Category> = new Map([
  ['functional', 'preferences'],
  ['functionality', 'preferences'],
  ['preferences', 'preferences'],
  ['analytics', 'statistics'],
  ['analytical', 'statistics'],
  ['statistics', 'statistics'],
  ['statistical', 'statistics'],
  ['ads', 'marketing'],
  ['advertisement', 'marketing'],
  ['advertising', 'marketing'],
  ['marketing', 'marketing'],
  ['targeting', 'marketing'],
]);

/** Whether a name of a category is known: to the site's mapping, or as a usual one. */
export function isNamed(name: string, { purposes }: Context): boolean {
  return purposes?.has(name) === true || USUAL.has(name.toLowerCase());
}

/** The signals of a name: the site's mapping if it has one, else the usual names if the platform has such. */
export function signalsOfName(name: string, context: Context, usual: boolean): SignalMask {
  if (context.purposes !== undefined) return context.purposes.get(name) ?? 0;
  const category = usual ? USUAL.get(name.toLowerCase()) : undefined;
  return category === undefined ? 0 : context.categories[category];
}

/**
 * SignalMarks of a platform that lists what was accepted. Names in the mapping that are not in the list were refused; with
 * usual names, every category not listed was. Without either, no refusal is known.
 */
export function listed(accepted: readonly string[], context: Context, usual = false): SignalMarks {
  if (context.purposes === undefined) {
    let on = 0;
    for (const name of accepted) on |= signalsOfName(name, context, usual);
    return { on, off: usual ? context.all & ~on : 0 };
  }
  const set = new Set(accepted);
  let on = 0;
  let off = 0;
  for (const [name, mask] of context.purposes) {
    if (set.has(name)) on |= mask;
    else off |= mask;
  }
  return { on, off };
}

/** SignalMarks of a platform that writes name and state. A name it does not write was neither accepted nor refused. */
export function flagged(flags: Iterable<readonly [string, boolean]>, context: Context, usual = false): SignalMarks {
  let on = 0;
  let off = 0;
  for (const [name, accepted] of flags) {
    const mask = signalsOfName(name, context, usual);
    if (accepted) on |= mask;
    else off |= mask;
  }
  return { on, off, narrowing: refusedIn(flags, context) };
}

/** What refused services take from single routes; a name that belongs to no route is a category. */
function refusedIn(flags: Iterable<readonly [string, boolean]>, { book, purposes }: Context): Narrowing {
  return new Narrowing(book).refuse(servicesOf(flags, book, purposes).filter(({ owner }) => owner !== undefined));
}

/** SignalMarks of the three categories; a state that is undefined was neither accepted nor refused. */
export function categorised(
  { categories }: Context,
  preferences: boolean | undefined,
  statistics: boolean | undefined,
  marketing: boolean | undefined,
): SignalMarks {
  const marks = { on: 0, off: 0 };
  mark(marks, categories.preferences, preferences);
  mark(marks, categories.statistics, statistics);
  mark(marks, categories.marketing, marketing);
  return marks;
}

/**
 * SignalMarks of a platform with categories of its own: by the platform's names, or by those the site maps instead, where
 * it has added or renamed some. A state that is undefined was neither accepted nor refused.
 */
export function byCategory(
  context: Context,
  names: Readonly<Partial<Record<Category, string>>>,
  stateOf: (name: string) => boolean | undefined,
): SignalMarks {
  const marks = { on: 0, off: 0 };
  if (context.purposes !== undefined) {
    for (const [name, signals] of context.purposes) mark(marks, signals, stateOf(name));
    return marks;
  }
  for (const category of CATEGORIES) {
    const name = names[category];
    if (name !== undefined) mark(marks, context.categories[category], stateOf(name));
  }
  return marks;
}

const CATEGORIES = ['preferences', 'statistics', 'marketing'] as const;

function mark(marks: { on: SignalMask; off: SignalMask }, signals: SignalMask, state: boolean | undefined): void {
  if (state === true) marks.on |= signals;
  else if (state === false) marks.off |= signals;
}
