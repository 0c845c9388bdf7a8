import type { KeyedHash } from '../core/hash.ts';

/**
 * The vendors' identifiers, as far as a gateway must understand them: which part is the id, and when it was issued
 * (`destinations/ga4.md` 7, `google-ads.md` 5, `meta.md` 6). Every issue time here is unix milliseconds; undefined
 * means that there is none, or none that can be true. A time in the future is returned as it stands: whoever asks
 * has the clock.
 */

/** How far a visitor's clock may run ahead of ours before a time counts as being in the future, milliseconds. */
export const CLOCK_SKEW = 5 * 60_000;

/** Web analytics did not exist before; nor will a plausible id be from beyond this. */
const OLDEST = Date.UTC(2005, 0, 1);
const NEWEST = Date.UTC(2100, 0, 1);

/** Google's random part has ten digits, our pseudonyms sixteen. */
const MAX_DIGITS = 20;

/** Issue time of a GA client id, `<random>.<unix s>`. */
export function clientIdTime(cid: string): number | undefined {
  const dot = cid.indexOf('.');
  return dot > MAX_DIGITS || numberAt(cid, 0, dot) < 0 ? undefined : secondsAt(cid, dot + 1, cid.length);
}

/** The client id in a `_ga` cookie, `GA1.<level>.<random>.<unix s>`: its last two parts, whatever time they name. */
export function gaClientId(cookie: string): string | undefined {
  if (!cookie.startsWith('GA1.')) return undefined;
  const random = cookie.indexOf('.', 4) + 1;
  const time = cookie.indexOf('.', random) + 1;
  if (random === 0 || time === 0 || time - random > MAX_DIGITS + 1 || cookie.length - time > MAX_DIGITS)
    return undefined;
  const digits = numberAt(cookie, random, time - 1) >= 0 && numberAt(cookie, time, cookie.length) >= 0;
  return digits ? cookie.slice(random) : undefined;
}

/**
 * The session id in a `_ga_<stream>` cookie, unix seconds of its start: `GS1.<level>.<sid>.…`, or
 * `GS2.<level>.s<sid>$o…` with segments in any order.
 */
export function gaSessionId(cookie: string): string | undefined {
  const level = cookie.indexOf('.', 4) + 1;
  if (level === 0) return undefined;
  let start = level;
  let end: number;
  if (cookie.startsWith('GS2.')) {
    start = segment(cookie, 's', level);
    end = endOf(cookie, '$', start);
  } else if (cookie.startsWith('GS1.')) {
    end = endOf(cookie, '.', start);
  } else {
    return undefined;
  }
  return start === -1 || secondsAt(cookie, start, end) === undefined ? undefined : cookie.slice(start, end);
}

/** Issue time of `_gcl_au` and `FPAU`, `1.<level>.<random>.<unix s>[.…]`. */
export function gclAuTime(cookie: string): number | undefined {
  const level = cookie.indexOf('.');
  const random = cookie.indexOf('.', level + 1);
  const time = cookie.indexOf('.', random + 1);
  if (level < 1 || random === -1 || time === -1) return undefined;
  return secondsAt(cookie, time + 1, endOf(cookie, '.', time + 1));
}

/**
 * Issue time of the click cookies `_gcl_*`, `FPGCL*` and `_gac_*`: `GCL.<unix s>.<id>`, the newer
 * `2.1.k<id>$i<unix s>[$…]`, and `1.<unix s>.<id>`.
 */
export function gclTime(cookie: string): number | undefined {
  if (cookie.startsWith('2.')) {
    const start = segment(cookie, 'i', endOf(cookie, '.', 2) + 1);
    return start === -1 ? undefined : secondsAt(cookie, start, endOf(cookie, '$', start));
  }
  if (!cookie.startsWith('GCL.') && !cookie.startsWith('1.')) return undefined;
  const start = cookie.indexOf('.') + 1;
  return secondsAt(cookie, start, endOf(cookie, '.', start));
}

/** The click id in such a cookie; undefined unless its time can be read, too. */
export function gclClickId(cookie: string): string | undefined {
  if (gclTime(cookie) === undefined) return undefined;
  if (cookie.startsWith('2.')) {
    const start = segment(cookie, 'k', endOf(cookie, '.', 2) + 1);
    return start === -1 ? undefined : cookie.slice(start, endOf(cookie, '$', start)) || undefined;
  }
  return cookie.slice(endOf(cookie, '.', cookie.indexOf('.') + 1) + 1) || undefined;
}

/** Issue time of `_fbp` and `_fbc`, `fb.<index>.<unix ms>.<id>[.<appendix>]`; undefined where Meta would not take it. */
export function fbTime(cookie: string): number | undefined {
  if (!cookie.startsWith('fb.')) return undefined;
  const index = cookie.indexOf('.', 3);
  const time = cookie.indexOf('.', index + 1);
  if (index === -1 || time === -1 || numberAt(cookie, 3, index) < 0) return undefined;
  const id = endOf(cookie, '.', time + 1);
  if (id === time + 1) return undefined;
  if (id < cookie.length && !isAppendix(cookie.slice(id + 1))) return undefined;
  return millisecondsAt(cookie, index + 1, time);
}

/** The fbclid in a `_fbc` cookie. */
export function fbClickId(cookie: string): string | undefined {
  return fbTime(cookie) === undefined ? undefined : fbClick(cookie);
}

/** The fbclid in a `_fbc` cookie whose time could be read. */
export function fbClick(cookie: string): string {
  const start = cookie.indexOf('.', cookie.indexOf('.', 3) + 1) + 1;
  return cookie.slice(start, endOf(cookie, '.', start));
}

/** Issue time at the end of `FPID`, `FPID2.<level>.<hash>.<unix s>`. */
export function fpidTime(cookie: string): number | undefined {
  const dot = cookie.lastIndexOf('.');
  return dot === -1 ? undefined : secondsAt(cookie, dot + 1, cookie.length);
}

/** A client id as it may leave, and what it is by now. */
export interface PresentableClientId {
  readonly value: string;
  /** `own`: as it came. `rotating`: a pseudonym for one window of the cap. `expired`: one for a single page load. */
  readonly kind: 'own' | 'rotating' | 'expired';
}

/**
 * A client id as it may leave (design 3a, "Age of an identifier"): within `cap` milliseconds of its issue, as it is;
 * with no time in it, or a future one, as a keyed hash that changes every `cap`; too old, as a keyed hash of it and
 * the page load. Pseudonyms look like a client id that was issued when the window began.
 *
 * `pageLoadId` must be unknown to the next page load: where a hit has no `_p`, its own id.
 */
export function presentableClientId(
  cid: string,
  pageLoadId: string,
  at: number,
  cap: number,
  pseudonym: KeyedHash,
): PresentableClientId {
  const issued = clientIdTime(cid);
  const dated = issued !== undefined && issued <= at + CLOCK_SKEW;
  if (dated && at - issued < cap) return { value: cid, kind: 'own' };
  const window = Math.floor(at / cap);
  const began = Math.floor((window * cap) / 1000);
  const kind = dated ? 'expired' : 'rotating';
  const text = dated ? `page|${pageLoadId}|${cid}` : `window|${window}|${cid}`;
  return { value: `${number53(pseudonym(text))}.${began}`, kind };
}

/** The first 53 bits of a digest: what a JavaScript number holds exactly. */
function number53(digest: Uint8Array): number {
  let value = 0;
  for (let i = 0; i < 6; i++) value = value * 256 + (digest[i] as number);
  return value * 32 + ((digest[6] as number) >> 3);
}

/** Unix seconds written between two offsets, as milliseconds: ten digits since 2001, and until 2286. */
function secondsAt(text: string, from: number, to: number): number | undefined {
  return to - from === 10 ? plausible(numberAt(text, from, to) * 1000) : undefined;
}

function millisecondsAt(text: string, from: number, to: number): number | undefined {
  return to - from === 13 ? plausible(numberAt(text, from, to)) : undefined;
}

function plausible(time: number): number | undefined {
  return time >= OLDEST && time < NEWEST ? time : undefined;
}

/** The decimal number between two offsets; -1 unless there are digits there and nothing else. */
function numberAt(text: string, from: number, to: number): number {
  if (from >= to) return -1;
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** Where the part that starts at `from` ends. */
function endOf(text: string, separator: string, from: number): number {
  const end = text.indexOf(separator, from);
  return end === -1 ? text.length : end;
}

/** Where the value of a `$`-separated segment with this one-letter key starts; -1 = there is none. */
function segment(text: string, key: string, from: number): number {
  if (text.startsWith(key, from)) return from + 1;
  const found = text.indexOf(`$${key}`, from);
  return found === -1 ? -1 : found + 2;
}

/** The fifth part Meta's own library appends: a language token, or six bytes in base64url (`meta.md` 6.2). */
function isAppendix(text: string): boolean {
  return LANGUAGE_TOKENS.has(text) || (text.length === 8 && /^[A-Za-z0-9_-]{8}$/.test(text));
}

const LANGUAGE_TOKENS: ReadonlySet<string> = new Set(['AQ', 'Ag', 'Aw', 'BA', 'BQ', 'Bg']);
