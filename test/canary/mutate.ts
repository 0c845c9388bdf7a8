import { readConsent } from '../consent/site.ts';
import { parseCookies } from '../../src/consent/cookie-header.ts';
import type { SiteConsent } from '../../src/consent/types.ts';
import { CATEGORY_SIGNALS } from '../../src/core/signals.ts';
import { NOW } from '../support/hits.ts';
import { consentCookie, PLATFORMS } from './consents.ts';
import { below, oneOf, random, type Random } from './random.ts';

/** A refusal that was changed by a fault of the transport, by a script or by a stranger, and what was read in it. */
export interface Gain {
  readonly platform: string;
  readonly before: string;
  readonly after: string;
  readonly granted: number;
}

export interface Mutations {
  tried: number;
  /** Mutants that grant because they have become what the platform itself writes for a yes; the first few in full. */
  becameYes: number;
  readonly yes: Gain[];
  /** Mutants that grant without that: there must be none. */
  readonly gains: Gain[];
}

export function noMutations(): Mutations {
  return { tried: 0, becameYes: 0, yes: [], gains: [] };
}

const GATED = 15;
const HOUR = 3_600_000;
/** As it was read when it was known to be a refusal; a mutant is read by the same site. */
const site: SiteConsent = {
  cmp: PLATFORMS,
  honourGpc: true,
  honourConsentMode: true,
  takesAssertions: false,
  custom: [],
  preferences: { takes: 'cookies', signals: new Map() },
  mapping: new Map(),
  categories: CATEGORY_SIGNALS,
  maxAge: undefined,
  regime: 'opt-in',
  withoutChoice: 'denied',
  vendors: [755, 804, 1126],
  routes: [],
  services: { own: new Map(), usual: new Map() },
};

/** Mutants `from` up to, not including, `to`; adds to `done`. */
export function mutations(from: number, to: number, done: Mutations): Mutations {
  for (let n = from; n < to; n++) {
    const chance = random(n * 2_246_822_519 + 1);
    const platform = PLATFORMS[n % PLATFORMS.length] as string;
    const before = consentCookie(platform, false, false, NOW - HOUR, 'k5Hr2bVbFoT0qZr1o1Zs9A');
    const after = mutant(chance, before);
    const { granted } = readConsent(
      { cookies: parseCookies(after), gpc: false, gcs: undefined, gcd: undefined, at: NOW, country: undefined },
      site,
    );
    done.tried++;
    if ((granted & GATED) === 0) continue;
    const gain: Gain = { platform, before, after, granted };
    if (!saysYes(platform, after)) done.gains.push(gain);
    else if (done.becameYes++ < 20) done.yes.push(gain);
  }
  return done;
}

/** One to four changes. */
function mutant(chance: Random, before: string): string {
  let text = before;
  for (let i = 1 + below(chance, 4); i > 0; i--) text = oneOf(chance, CHANGES)(text, chance);
  return text;
}

type Change = (text: string, chance: Random) => string;

const at = (text: string, chance: Random): number => below(chance, text.length + 1);
const splice = (text: string, from: number, to: number, put: string): string =>
  text.slice(0, from) + put + text.slice(to);

/** Pieces of the formats themselves, and what is dangerous anywhere. */
const PIECES = [
  'true',
  'false',
  '1',
  '0',
  'TRUE',
  'True',
  '"true"',
  "'true'",
  'yes',
  'on',
  'null',
  '-1',
  ':',
  '%3A',
  '%253A',
  ',',
  '%2C',
  '&',
  '%26',
  '=',
  ';',
  '; ',
  '"',
  '%22',
  "'",
  '%27',
  '{',
  '}',
  '[',
  ']',
  '%00',
  '\\u0074rue',
  '\\',
  '__proto__',
  'constructor',
  ' ',
  '%20',
  '\t',
  '\u00a0',
  '\u0130',
  'statistics',
  'marketing',
  'analytics',
  'statistics:1',
  'marketing:tru',
  'C0002',
  'C0004',
  'groups=',
  'cookie_cat_statisti',
  'consents_approved',
  'p1s',
  's1',
  'm1',
  '_',
  '-',
  '.',
  'A',
  'AAAA',
  '/',
  '+',
];

const CHANGES: readonly Change[] = [
  // A bit flips.
  (text, chance) => {
    const i = below(chance, text.length);
    return splice(text, i, i + 1, String.fromCharCode(text.charCodeAt(i) ^ (1 << below(chance, 7))));
  },
  // A character goes, or several.
  (text, chance) => {
    const i = at(text, chance);
    return splice(text, i, i + 1 + below(chance, 8), '');
  },
  // The end is cut off.
  (text, chance) => text.slice(0, text.indexOf('=') + 1 + at(text.slice(text.indexOf('=') + 1), chance)),
  // A piece is repeated elsewhere.
  (text, chance) => {
    const from = at(text, chance);
    const i = at(text, chance);
    return splice(text, i, i, text.slice(from, from + 1 + below(chance, 24)));
  },
  // Something is put in, or over.
  (text, chance) => {
    const i = at(text, chance);
    return splice(text, i, i, oneOf(chance, PIECES));
  },
  (text, chance) => {
    const i = at(text, chance);
    const piece = oneOf(chance, PIECES);
    return splice(text, i, i + piece.length, piece);
  },
  // Capitals and small letters change places.
  (text, chance) => {
    const i = at(text, chance);
    const j = i + 1 + below(chance, 12);
    return splice(text, i, j, swapCase(text.slice(i, j)));
  },
  // Encoded once more, or once less.
  (text) => {
    const equals = text.indexOf('=') + 1;
    return text.slice(0, equals) + encodeURIComponent(text.slice(equals).toWellFormed());
  },
  (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  },
  // The same again, whole or changed, before or behind.
  (text, chance) => {
    const twin = oneOf(chance, CHANGES.slice(0, 7))(text, chance);
    return chance() < 0.5 ? `${text}; ${twin}` : `${twin}; ${text}`;
  },
  // Another platform's cookie name.
  (text, chance) => {
    const other = consentCookie(oneOf(chance, PLATFORMS), false, false, NOW - HOUR, 'x');
    return other.slice(0, other.indexOf('=')) + text.slice(text.indexOf('='));
  },
  // Two parts change places.
  (text, chance) => {
    const [i = 0, j = 0, k = 0] = [at(text, chance), at(text, chance), at(text, chance)].toSorted((a, b) => a - b);
    return text.slice(0, i) + text.slice(j, k) + text.slice(i, j) + text.slice(k);
  },
];

function swapCase(text: string): string {
  const upper = text.toUpperCase();
  return text === upper ? text.toLowerCase() : upper;
}

/**
 * Whether a text holds the very words with which a platform says yes (`consent.md` 1). Independent of the
 * readers and much more lenient: a regular expression over the decoded text, wherever it stands.
 */
export function saysYes(platform: string, text: string): boolean {
  if (platform === 'tcf') return tcfSaysYes(text);
  let plain = text;
  for (let round = 0; round < 3; round++) {
    if (YES.some((yes) => yes.test(plain))) return true;
    plain = plain.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
  return false;
}

const YES: readonly RegExp[] = [
  /(?:statistics|marketing):true[,}]/,
  /C000[24]:1(?:,|&|;|$)|(?:groups=|,)[24]:1(?:,|&|;|$)/,
  /consents_approved"[^\]]*"(?:cookie_cat_statistic|cookie_cat_marketing)"/,
  /(?:categories|level)"[^\]]*"(?:analytics|marketing|ads|statistics|advertising|targeting|performance|social)[^"]*"/i,
  /1\.p[01](?:s1m[01]|s0m1)\.\d{9,11}/,
];

/** A TC string with other bits is another string: purposes 1, 8, 9 or 1, 2, 3, 4, 7 are set in it. */
function tcfSaysYes(text: string): boolean {
  for (const [, value = ''] of text.matchAll(/=\s*"?([^;]*)/g)) {
    const core = value.split('.')[0] ?? '';
    if (purposesAllow(core)) return true;
    try {
      if (purposesAllow(decodeURIComponent(core))) return true;
    } catch {
      // Not percent-encoded.
    }
  }
  return false;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Where the 24 bits of purpose consents begin in the core segment of a version 2 string. */
const PURPOSES_AT = 152;

function purposesAllow(core: string): boolean {
  const bit = (n: number): boolean => {
    const at = PURPOSES_AT + n - 1;
    const six = ALPHABET.indexOf(core.charAt(Math.floor(at / 6)));
    return six >= 0 && ((six >> (5 - (at % 6))) & 1) === 1;
  };
  return [1, 8, 9].every(bit) || [1, 2, 3, 4, 7].every(bit);
}
