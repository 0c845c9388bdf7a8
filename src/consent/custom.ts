import type { SignalMask } from '../core/signals.ts';
import { asCount, asJsonObject, asString, parseCookieJson, type Json } from './json.ts';
import { base64Object, chosen, jsonObject, perCookie } from './platform.ts';
import { services, withServices } from './service-marks.ts';
import type { Context, Platform, SignalMarks } from './platform.ts';
import { unreadable, type Facts } from './reading.ts';
import { servicesOf } from './services.ts';
import { base64Decoded, digitsTime, isoTime, percentDecoded, readLayers, unixTime } from './text.ts';
import type { Reading } from './types.ts';

/** A banner of the site's own, as the configuration describes its cookie (`consent.custom`). */
export interface CustomBanner {
  readonly name: string;
  /** The exact name of its cookie. */
  readonly cookie: string;
  readonly encoding: 'plain' | 'uri' | 'base64';
  /** Its value is JSON. */
  readonly json: boolean;
  /** Without JSON: the text between two entries, and between the key of an entry and its value. */
  readonly between: string;
  readonly within: string;
  readonly granted: readonly Scalar[];
  readonly refused: readonly Scalar[];
  /** Whether a missing flag counts as refused; otherwise a missing flag makes the record unreadable. */
  readonly absentIsRefused: boolean;
  /** The whole text is the choice. */
  readonly value: SignalMask | undefined;
  /** Flags by where they are. */
  readonly flags: readonly (readonly [at: Path, signals: SignalMask])[] | undefined;
  /** Names that are in the list were granted, and the others refused. */
  readonly list: { readonly at: Path; readonly names: ReadonlyMap<string, SignalMask> } | undefined;
  /** Services with their state, as an object of JSON. */
  readonly services: { readonly at: Path; readonly signals: ReadonlyMap<string, SignalMask> } | undefined;
  readonly time: { readonly at: Path; readonly unit: 'ms' | 's' | 'iso' } | undefined;
}

export type Scalar = string | number | boolean;
/** Keys from the top; empty = the top itself. For entries without JSON it is one key. */
export type Path = readonly string[];

/** No banner writes more entries than this. */
const MOST_ENTRIES = 200;

/** The banner as any other platform. */
export function customPlatform(banner: CustomBanner): Platform {
  const layers = banner.json || banner.encoding === 'plain' ? 0 : 1;
  return {
    name: banner.name,
    title: 'described in `consent.custom`',
    cookies: [banner.cookie],
    read: perCookie((value, context) => readBanner(value, banner, context), layers),
  };
}

/** What a record holds, by path; undefined = nothing is there. */
type Look = (path: Path) => Json | undefined;

/** Anything that is not exactly as it was described makes the record unreadable: it withholds everything. */
function readBanner(value: string, banner: CustomBanner, context: Context): Reading {
  const look = banner.json ? inJson(value, banner) : inText(value, banner);
  const marks = look === undefined ? undefined : marksOf(look, banner, context);
  if (look === undefined || marks === undefined) return unreadable(context.source);
  const facts: Facts = { at: timeOf(look, banner) };
  return chosen(context.source, marks, facts);
}

function marksOf(look: Look, banner: CustomBanner, context: Context): SignalMarks | undefined {
  const plain = plainMarks(look, banner);
  if (plain === undefined || banner.services === undefined) return plain;
  const flags = serviceFlags(look(banner.services.at), banner);
  if (flags === undefined) return undefined;
  const { signals } = banner.services;
  const own = { ...context, purposes: signals.size === 0 ? undefined : signals };
  const alone = banner.value === undefined && banner.flags === undefined && banner.list === undefined;
  return alone ? services(flags, own) : withServices(plain, servicesOf(flags, context.book, own.purposes), own);
}

/** What stands beside services: the choice itself, flags, or a list. Undefined = it cannot be read. */
function plainMarks(look: Look, banner: CustomBanner): SignalMarks | undefined {
  if (banner.list !== undefined) return listMarks(look(banner.list.at), banner.list.names);
  const asked = banner.flags ?? (banner.value === undefined ? [] : [[TOP, banner.value] as const]);
  let on = 0;
  let off = 0;
  for (const [at, signals] of asked) {
    const found = look(at);
    const state = found === undefined ? (banner.absentIsRefused ? false : undefined) : stateOf(found, banner);
    if (state === undefined) return undefined;
    if (state) on |= signals;
    else off |= signals;
  }
  // A signal of several flags is in force only if all of them are on.
  return { on: on & ~off, off };
}

const TOP: Path = [];

function stateOf(found: Json, { granted, refused }: CustomBanner): boolean | undefined {
  if (granted.includes(found as Scalar)) return true;
  return refused.includes(found as Scalar) ? false : undefined;
}

function listMarks(found: Json | undefined, names: ReadonlyMap<string, SignalMask>): SignalMarks | undefined {
  if (!Array.isArray(found) || found.length > MOST_ENTRIES) return undefined;
  const accepted = new Set<string>();
  for (const one of found as readonly Json[]) {
    if (typeof one !== 'string' || accepted.has(one)) return undefined;
    accepted.add(one);
  }
  let on = 0;
  let off = 0;
  for (const [name, signals] of names) {
    if (accepted.has(name)) on |= signals;
    else off |= signals;
  }
  return { on: on & ~off, off };
}

function serviceFlags(found: Json | undefined, banner: CustomBanner): (readonly [string, boolean])[] | undefined {
  const object = asJsonObject(found);
  if (object === undefined || object.size > MOST_ENTRIES) return undefined;
  const flags: (readonly [string, boolean])[] = [];
  for (const [name, value] of object) {
    const state = stateOf(value, banner);
    if (state === undefined) return undefined;
    flags.push([name, state]);
  }
  return flags;
}

function timeOf(look: Look, { time }: CustomBanner): number | undefined {
  if (time === undefined) return undefined;
  const found = look(time.at);
  if (time.unit === 'iso') return isoTime(asString(found));
  const unit = time.unit === 's' ? 1000 : 1;
  return typeof found === 'string' ? digitsTime(found, unit) : unixTime(asCount(found), unit);
}

/** The record as JSON; undefined = it is not JSON. */
function inJson(value: string, { encoding, list }: CustomBanner): Look | undefined {
  const isList = list !== undefined && list.at.length === 0;
  const root = isList ? jsonList(value, encoding) : encoding === 'base64' ? base64Object(value) : jsonObject(value);
  if (root === undefined) return undefined;
  return (path) => {
    let at: Json | undefined = root;
    for (const key of path) at = asJsonObject(at)?.get(key);
    return at;
  };
}

function jsonList(value: string, encoding: CustomBanner['encoding']): Json | undefined {
  const read = (text: string): Json | undefined => {
    const plain = encoding === 'base64' ? base64Decoded(text) : text;
    return plain?.startsWith('[') === true ? parseCookieJson(plain) : undefined;
  };
  return readLayers(value, 0, read, (json) => json !== undefined);
}

/** The record as text: the choice itself, a list, or entries. Undefined = an entry is malformed or stands twice. */
function inText(value: string, banner: CustomBanner): Look | undefined {
  const text = decoded(value, banner.encoding);
  if (text === undefined) return undefined;
  if (banner.list !== undefined) {
    // An escape that none of the names has is one more layer of encoding.
    if (ESCAPE.test(text) && ![...banner.list.names.keys()].some((name) => ESCAPE.test(name))) return undefined;
    const names = text.split(banner.between, MOST_ENTRIES + 1);
    return () => names;
  }
  if (banner.flags === undefined) return () => text;
  const entries = new Map<string, string>();
  for (const entry of text.split(banner.between, MOST_ENTRIES + 1)) {
    const end = entry.indexOf(banner.within);
    const key = entry.slice(0, end);
    if (end === -1 || entries.has(key) || entries.size === MOST_ENTRIES) return undefined;
    entries.set(key, entry.slice(end + banner.within.length));
  }
  return ([key = '']) => entries.get(key);
}

const ESCAPE = /%[0-9A-Fa-f]{2}/;

function decoded(value: string, encoding: CustomBanner['encoding']): string | undefined {
  if (encoding === 'plain') return value;
  return encoding === 'uri' ? percentDecoded(value) : base64Decoded(value);
}
