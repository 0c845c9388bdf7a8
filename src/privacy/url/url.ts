import { decodePart } from '../../protocols/percent.ts';
import { CLICK_IDS, GOOGLE_CLICK_PARAMS, isClickIdText, personalParam, type ClickIds } from './click-ids.ts';
import { decodeOnce, percentDecodedOnce } from '../pii/decode.ts';
import { compileGlob, covers, type Glob } from './globs.ts';
import { keyName } from './keys.ts';
import { scrub } from '../pii/scrub.ts';
import { splitUrl, type UrlParts } from './split-url.ts';
import { cleanPath } from './url-path.ts';

/** A site's settings for its page addresses (`privacy` in the configuration). */
export interface UrlSettings {
  /** Query keys that stay in page addresses and referrers; all others go. */
  readonly query: readonly string[];
  /** `own`: origin and path of the site's own pages, nothing of others. */
  readonly referrer: 'none' | 'own' | 'origin' | 'path';
  /** Origins of the site's own pages; default: none. */
  readonly own?: readonly string[];
  /** Path patterns: events of these pages go nowhere. */
  readonly neverForward: readonly string[];
}

/** The same, compiled by `compileUrlPolicy`. */
export interface UrlPolicy {
  readonly roles: ReadonlyMap<string, Role>;
  readonly referrer: UrlSettings['referrer'];
  readonly own: ReadonlySet<string>;
  readonly neverForward: readonly Glob[];
}

/** What is done with a query key. */
interface Role {
  readonly keep: boolean;
  readonly clickId: string | undefined;
  readonly google: string | undefined;
}

/** A page address, taken apart under a policy. */
export interface PageUrl {
  /** The address to send: listed query keys only, no fragment, userinfo or click id, nothing personal in path and values. */
  readonly url: string;
  /** Path, nothing personal in it. */
  readonly path: string;
  /** A page whose events go nowhere. */
  readonly neverForward: boolean;
  readonly clickIds: ClickIds;
  /** Google's click parameters as a query string, values as they stood. */
  readonly googleClickParams: string | undefined;
  /** Origin and path alone. */
  readonly stripped: string;
}

const NO_CLICK_IDS: ClickIds = Object.freeze({});

/**
 * Compiles the settings. A key that names a click, a visitor, a recipient or a session is not kept, even if it is listed
 * (R46).
 * @throws TypeError naming the first pattern that is not valid
 */
export function compileUrlPolicy(settings: UrlSettings): UrlPolicy {
  const keep = new Set(settings.query.map(keyName).filter((name) => personalParam(name) === undefined));
  const clickIds = new Map(CLICK_IDS.map((name) => [name, name]));
  const roles = new Map<string, Role>();
  for (const name of [...keep, ...clickIds.keys(), ...GOOGLE_CLICK_PARAMS]) {
    const google = GOOGLE_CLICK_PARAMS.has(name) ? name : undefined;
    roles.set(name, { keep: keep.has(name), clickId: clickIds.get(name), google });
  }
  return {
    roles,
    referrer: settings.referrer,
    own: new Set(settings.own ?? []),
    neverForward: settings.neverForward.map(compileGlob),
  };
}

/** Reads a page address. Not http(s), unreadable, or longer than 8 KiB: undefined. */
export function readUrl(raw: string, policy: UrlPolicy): PageUrl | undefined {
  return readAt(raw, policy, 0);
}

/**
 * A referrer in the form that the policy asks for. Undefined if it points to a page whose events go nowhere, on any host:
 * no form of it may be sent.
 */
export function readReferrer(raw: string, policy: UrlPolicy): string | undefined {
  if (policy.referrer === 'none') return undefined;
  const parts = splitUrl(raw);
  if (parts === undefined || isGuarded(parts, policy)) return undefined;
  if (policy.referrer === 'own') return policy.own.has(parts.origin) ? parts.origin + cleanPath(parts.path) : undefined;
  return policy.referrer === 'origin' ? `${parts.origin}/` : readParts(parts, policy, 0).url;
}

/**
 * Free text with nothing personal in it. URLs in it, nested ones too, keep what a page address may keep. Undefined when
 * nothing of it can stay: it is a URL that cannot be read, or one of a page whose events go nowhere.
 */
export function cleanText(text: string, policy: UrlPolicy, allowance?: Allowance): string | undefined {
  return cleanAt(text, policy, 0, allowance);
}

/** How many more addresses inside texts are read; all texts of a hit share it. */
export interface Allowance {
  left: number;
}

/** The allowance of all texts of a hit together. */
export function wholeAllowance(): Allowance {
  return { left: MOST_IN_HIT };
}

/** URLs inside URLs are read this deep; deeper ones are removed. */
const DEEPEST = 2;

function readAt(raw: string, policy: UrlPolicy, depth: number): PageUrl | undefined {
  const parts = splitUrl(raw);
  return parts === undefined ? undefined : readParts(parts, policy, depth);
}

function readParts(parts: UrlParts, policy: UrlPolicy, depth: number): PageUrl {
  const path = pathOf(parts);
  const stripped = parts.origin + path;
  const query = parts.search === '' ? NO_QUERY : readQuery(parts.search, policy, depth);
  // Single-page applications put a query behind `#`. None of it stays, but a click id in it counts.
  const start = parts.hash.indexOf('?');
  const late = start < 0 ? NO_QUERY : readQuery(parts.hash.slice(start), policy, DEEPEST);
  return {
    url: query.kept === '' ? stripped : `${stripped}?${query.kept}`,
    path,
    neverForward: isGuarded(parts, policy),
    clickIds: late.clickIds === NO_CLICK_IDS ? query.clickIds : { ...late.clickIds, ...query.clickIds },
    googleClickParams: query.google ?? late.google,
    stripped,
  };
}

/** `/kari&#64;example.no`: the sign that begins a fragment may be one of HTML. */
function pathOf({ host, path, hash }: UrlParts): string {
  if (host === PHONE_HOST) return path.replace(PHONE_PATH, '/[phone]');
  if (hash !== '' && path.endsWith('&') && REFERENCE.test(hash)) {
    const whole = cleanPath(path + hash);
    if (!whole.includes('#')) return whole;
  }
  return cleanPath(path);
}

/** WhatsApp's addresses are phone numbers: `wa.me/4740000000`. */
const PHONE_HOST = 'wa.me';
const PHONE_PATH = /^\/.+/;

const REFERENCE = /^#(?:\d{2,4}|x[0-9a-f]{2,4});/i;

/** Whether events of this page go nowhere; a route behind `#` is a path, too. */
function isGuarded({ host, path, hash }: UrlParts, policy: UrlPolicy): boolean {
  if (policy.neverForward.length === 0) return false;
  if (covers(policy.neverForward, host, path)) return true;
  const route = hash.indexOf('/');
  const end = hash.indexOf('?');
  return route >= 0 && covers(policy.neverForward, host, hash.slice(route, end < 0 ? hash.length : end));
}

interface Query {
  readonly kept: string;
  readonly clickIds: ClickIds;
  readonly google: string | undefined;
}

const NO_QUERY: Query = { kept: '', clickIds: NO_CLICK_IDS, google: undefined };

/** Keys spelled otherwise than they are listed: capitals, percent-encoding, `a[]`, blanks. */
const ODD_KEY = /[^a-z0-9_-]/;
/** What click ids are made of; no `@`, so that nothing else travels under their name. */
const CLICK_ID_VALUE = /^[A-Za-z0-9._~*|=+/:-]+$/;
const LONGEST_CLICK_ID = 512;
const SEPARATOR = /[&;?]/;
const RARE_SEPARATOR = /[;?]/;

/** Every spelling of a list of pairs (R49): `&`, `;` and a second `?` separate; of two click ids the first counts. */
function readQuery(search: string, policy: UrlPolicy, depth: number): Query {
  let kept = '';
  let google: string | undefined;
  let clickIds: Record<string, string> | undefined;
  const list = search.slice(1);
  for (const pair of RARE_SEPARATOR.test(list) ? list.split(SEPARATOR) : list.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const key = equals < 0 ? pair : pair.slice(0, equals);
    const listed = policy.roles.get(key);
    const role = listed ?? (ODD_KEY.test(key) ? policy.roles.get(keyName(key)) : undefined);
    if (role === undefined) continue;
    const value = equals < 0 ? '' : pair.slice(equals + 1);
    if (role.clickId !== undefined || role.google !== undefined) {
      const id = value.includes('%') ? decodePart(value, 0, value.length) : value;
      const plausible = role.clickId === undefined || isClickIdText(id);
      if (plausible && id.length <= LONGEST_CLICK_ID && CLICK_ID_VALUE.test(id)) {
        if (role.clickId !== undefined) (clickIds ??= {})[role.clickId] ??= id;
        if (role.google !== undefined) google = append(google, `${role.google}=${value}`);
      }
    }
    if (role.keep && (listed !== undefined || isCleanKey(key))) {
      const clean = cleanValue(value, policy, depth);
      if (clean !== undefined) kept = append(kept === '' ? undefined : kept, equals < 0 ? key : `${key}=${clean}`);
    }
  }
  return { kept, clickIds: clickIds ?? NO_CLICK_IDS, google };
}

/** A listed name may have brackets behind it with any text in them, so this text is checked, too. */
function isCleanKey(key: string): boolean {
  for (const part of decodePart(key, 0, key.length).split(BRACKET)) if (scrub(part) !== part) return false;
  return true;
}

const BRACKET = /[[\]]/;

function append(list: string | undefined, pair: string): string {
  return list === undefined ? pair : `${list}&${pair}`;
}

const PLAIN_VALUE = /^[A-Za-z_.~-]*$/;

/** A value of a listed key: unchanged, or cleaned and encoded again; undefined = nothing can stay. */
function cleanValue(value: string, policy: UrlPolicy, depth: number): string | undefined {
  if (PLAIN_VALUE.test(value) && scrub(value) === value) return value;
  // A plus is a blank here, unless somebody wrote a phone number with it.
  const plus = value.includes('+') && PLUS_NUMBER.test(value);
  const text = plus ? percentDecodedOnce(value) : decodePart(value, 0, value.length);
  const clean = cleanAt(text, policy, depth);
  if (clean === undefined || clean === text) return clean === undefined ? undefined : value;
  return clean.toWellFormed().replaceAll(UNFIT_FOR_QUERY, encoded);
}

const PLUS_NUMBER = /(?:^|[^\w])\+\d{8}/;

/** `encodeURIComponent` does not encode an apostrophe, but a URL's query does. */
function encoded(text: string): string {
  return text === "'" ? '%27' : encodeURIComponent(text);
}

/** Characters that would end a value or must be encoded in a query; surrogate pairs stay together. */
const UNFIT_FOR_QUERY = /[\ud800-\udbff][\udc00-\udfff]|[^!$()*,\-./0-9:@A-Z[\]_a-z|~]/g;

const SLASH = /[/\\]|%(?:25){0,2}(?:2f|5c)/i;
const ABSOLUTE = /^\s*(?:https?:|[/\\]{2})/i;
const WITH_QUERY = /[?#;]/;
const BLANK = /\s/;
const DUMMY = 'https://x.invalid';

function cleanAt(text: string, policy: UrlPolicy, depth: number, allowance?: Allowance): string | undefined {
  if (!SLASH.test(text)) return scrub(text);
  let plain = text;
  for (let round = 0; round < 3 && plain.includes('%') && !isUrl(plain); round++) plain = decodeOnce(plain);
  if (ABSOLUTE.test(plain)) {
    const page = depth < DEEPEST ? readAt(schemed(plain), policy, depth + 1) : undefined;
    return page === undefined || page.neverForward ? undefined : page.url;
  }
  if (isUrl(plain)) {
    const page = depth < DEEPEST ? readAt(DUMMY + plain, policy, depth + 1) : undefined;
    if (page === undefined || page.neverForward) return undefined;
    return WITH_QUERY.test(plain) ? page.url.slice(DUMMY.length) : scrub(cleanPath(text));
  }
  if (!plain.includes('://') && !QUERY.test(plain)) return scrub(text);
  const most = Math.min(MOST_ADDRESSES, allowance?.left ?? MOST_ADDRESSES);
  let read = 0;
  const words = plain.split(' ');
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    const start = addressIn(word);
    // A text with more addresses than anybody writes loses the further ones.
    if (start >= 0) words[i] = ++read <= most ? cleanWord(word, start, policy, depth) : '';
  }
  if (allowance !== undefined) allowance.left -= Math.min(read, most);
  return scrub(words.join(' '));
}

/** Most addresses that are read in one text, and in all texts of a hit; further ones are removed. */
const MOST_ADDRESSES = 20;
const MOST_IN_HIT = 300;

const QUERY = /[?#]/;
/** `shop.example.no:8080/krus`: host and path before a query, without a scheme. */
const HOST = /^[(<"'[]?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}[a-z]{2,24}(?::\d{1,5})?\//i;

/** An absolute URL, or a path without blanks. */
function isUrl(text: string): boolean {
  return ABSOLUTE.test(text) || (text.startsWith('/') && !BLANK.test(text));
}

function schemed(url: string): string {
  const trimmed = url.trim();
  return trimmed.startsWith('/') || trimmed.startsWith('\\') ? `https:${trimmed}` : trimmed;
}

/** Where an address begins in a word: at its scheme, or at a host with a path and a query; -1 = nowhere. */
function addressIn(word: string): number {
  const slash = word.indexOf('/');
  if (slash < 0) return -1;
  const scheme = word.includes('://') ? word.search(/https?:\/\//i) : -1;
  if (scheme >= 0) return scheme;
  return word.lastIndexOf('.', slash) >= 0 && QUERY.test(word) && HOST.test(word) ? word.search(/[a-z0-9]/i) : -1;
}

/** A word of a text whose address begins at `start`. */
function cleanWord(word: string, start: number, policy: UrlPolicy, depth: number): string {
  const address = word.slice(start);
  const before = word.slice(0, start);
  if (/^https?:\/\//i.test(address)) return before + (cleanAt(address, policy, depth) ?? '');
  const clean = cleanAt(`https://${address}`, policy, depth);
  return before + (clean ?? '').slice('https://'.length);
}
