import { decoded, QUOTED_AT } from './decode.ts';
import { runs } from './digit-runs.ts';
import { findAddresses, findHardware } from './addresses.ts';
import { findCheckedIds, findCurps, findPans } from './checked-ids.ts';
import { findEmails } from './emails.ts';
import { findEncoded, SHORTEST_ENCODED, SIGN_IN_HEX } from './encoded.ts';
import { findBirthdates, findDegrees, findPositions } from './facts.ts';
import { KINDS, type Detection, type Kind } from './findings.ts';
import { BY_FORM, BY_NAME, findIds, findPairs } from '../ids.ts';
import { findLabelled } from './labelled.ts';
import { findNumbers } from './numbers.ts';
import { FILLERS, findPassportDates, findPassportLines } from './passport-lines.ts';
import { findSpelledEmails, maySpell } from './spelled-emails.ts';
import { findTokens } from './tokens.ts';

/** A text without personal data, and how many pieces of each kind were in it. */
export interface Scrubbed {
  readonly text: string;
  readonly found: Readonly<Record<Kind, number>>;
}

const NOTHING: Readonly<Record<Kind, number>> = Object.freeze(counted([]));

/** A text without any of these has no personal data that a detector knows; this test takes half the time of `signs`. */
const SUSPECT =
  /[0-9@%&=([{<\\\u0660-\u0e59\u2030-\uffff]|["'][ \t]{0,3}:|:[ \t]{0,3}["']|eyJ|Iw[AYZ]|C[jw]|PA[QYZ]|EAIa|AfmB|[ _+-](?:at|AT|At|alfa|krøl|snab|miuk)[ _a-z+-]/;

/** The text with personal data replaced by tags such as `[email]` (R41, R42, R45). The text itself if there is none. */
export function scrub(text: string): string {
  return SUSPECT.test(text) ? scrubbed(text, undefined) : text;
}

/** `scrub`, with counts; no sample of a value is kept. */
export function scrubCounted(text: string): Scrubbed {
  const all: Detection[] = [];
  const clean = scrubbed(text, all);
  return { text: clean, found: all.length === 0 ? NOTHING : counted(all) };
}

/**
 * A finding that shows only after decoding cannot be cut out of the original, so then only the tags of the findings
 * remain. Linear in the text.
 * @param all gets the findings, too
 */
function scrubbed(text: string, all: Detection[] | undefined): string {
  const seen = signs(text);
  if (seen === NO_SIGNS) return text;
  const plain = detect(text, seen);
  const clean = plain.length === 0 ? text : replaced(text, plain);
  const hidden = (seen & ENCODED) === 0 ? NONE : afterDecoding(clean);
  all?.push(...plain, ...hidden);
  if (hidden.length === 0) return clean;
  const kinds = new Set([...plain, ...hidden].map(({ kind }) => kind));
  return KINDS.filter((kind) => kinds.has(kind))
    .map(tag)
    .join('');
}

const NONE: readonly Detection[] = [];

/**
 * Findings in the text decoded once, and decoded completely. The layers between are not searched, so that a text with many
 * encodings costs no search for each.
 */
function afterDecoding(text: string): readonly Detection[] {
  const first = decoded(text, 1);
  if (first === text) return NONE;
  const found = detect(first, signs(first));
  if (found.length > 0) return found;
  const last = decoded(text);
  return last === first ? NONE : detect(last, signs(last));
}

/** Signs that every kind of personal data has at least one of; each sign starts the detectors for it. */
const NO_SIGNS = 0;
const AT = 1;
const DIGITS = 2;
const RUN = 4;
const ENCODED = 8;
/** A number behind a dot or a colon: IP addresses, dates, positions. */
const DOTTED = 16;
/** A name and its value. */
const PAIR = 32;
/** A long word that has more than small letters in it. */
const WORD = 64;
/** A word with a digit in it, long enough for an id behind its name. */
const NAMED = 128;

/** Digits as a date has them: `1.3.84`. */
const DATED = 2048;
/** Fillers of a passport's lines. */
const FILLED = 4096;

/** Letters anywhere beside one of the others: words that say what a number is. */
const LETTERS = 256;
/** A word that may stand for `@`. */
const SPELLED = 512;
/** A word of small letters and capitals, or of digits, which may be a text in base64 or in hexadecimal. */
const HIDDEN = 1024;

/** A person's number has at least this many digits close together. */
const FEWEST_DIGITS = 7;
const FEWEST_OF_DATE = 4;
/** The most between digits of one number; a letter between them counts twice as much as a blank. */
const WIDEST_GAP = 3;
/** The shortest JSON web token is longer. */
const SHORTEST_RUN = 30;
/** The shortest click id or cookie of a vendor is longer. */
const SHORTEST_WORD = 12;
const SHORTEST_NAMED = 6;
/** Two dots or colons behind a number: `1.2.3`. */
const FEWEST_DOTS = 2;

/** The class of a character for `signs`, by its code; the first three are bits that tell what a word has in it. */
const LETTER = 1;
const CAPITAL = 2;
const DIGIT = 4;
/** Part of a token, as letters and digits are. */
const JOINER = 8;
const OTHER = 0;
const MIXED = LETTER | CAPITAL;
const CLASS = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[0-9]/.test(character)) return DIGIT;
  if (/[a-z]/.test(character)) return LETTER;
  if (/[A-Z]/.test(character)) return CAPITAL;
  return /[-._/+]/.test(character) ? JOINER : OTHER;
});

/** One pass without allocation; most texts with digits in them need no more. */
function signs(text: string): number {
  const { length } = text;
  let found = NO_SIGNS;
  let disguised = false;
  let digits = 0;
  let dots = 0;
  let gap = 0;
  let runStart = 0;
  let inRun = 0;
  let all = 0;
  let before = OTHER;
  for (let i = 0; i <= length; i++) {
    const code = i < length ? text.charCodeAt(i) : 32;
    const kind = code < 128 ? (CLASS[code] as number) : OTHER;
    inRun |= kind;
    if ((kind & MIXED) !== 0) {
      gap += 2;
    } else if (kind === DIGIT) {
      if (gap > WIDEST_GAP) digits = 0;
      gap = 0;
      if (++digits === FEWEST_DIGITS) found |= DIGITS;
      else if (digits === FEWEST_OF_DATE) found |= DATED;
    } else if (kind === JOINER) {
      gap++;
      if (before === DIGIT && code === 46 && ++dots === FEWEST_DOTS) found |= DOTTED;
    } else {
      gap++;
      const run = i - runStart;
      if (run >= SHORTEST_NAMED && (inRun & DIGIT) !== 0) found |= NAMED;
      if (run >= SHORTEST_WORD && ((inRun & DIGIT) !== 0 || (inRun & MIXED) === MIXED)) found |= WORD;
      if (run >= SHORTEST_ENCODED && (inRun & MIXED) === MIXED) found |= HIDDEN;
      if (run >= SHORTEST_RUN) found |= RUN;
      runStart = i + 1;
      all |= inRun;
      inRun = 0;
      if (code === 64) found |= AT;
      // A decimal comma.
      else if (code === 44 && before === DIGIT && ++dots === FEWEST_DOTS) found |= DOTTED;
      else if (code === 61) found |= text.startsWith(QUOTED_AT, i) ? PAIR | ENCODED : PAIR;
      else if (code === 58) {
        found |= PAIR;
        if (++dots === FEWEST_DOTS) found |= DOTTED;
      } else if (code === 37 || code === 38 || code === 92) found |= ENCODED;
      else if (code === 60 && text.startsWith(FILLERS, i)) found |= FILLED;
      // Compatibility forms may hide an `@` or digits; dashes, blanks and quotes can only be separators.
      else if (code >= 0x2030) found |= ENCODED;
      // Digits of other scripts.
      else if (code >= 0x660 && code <= 0xe59) found |= ENCODED;
      else if (code >= 0x2000 || (code > 127 && code < 0xc0)) disguised = true;
    }
    before = kind;
  }
  if ((found & WORD) !== 0 && SIGN_IN_HEX.test(text)) found |= HIDDEN;
  if ((found & AT) !== 0 || maySpell(text)) found |= SPELLED;
  if (found === NO_SIGNS) return NO_SIGNS;
  return found | (disguised ? ENCODED : 0) | ((all & MIXED) === 0 ? 0 : LETTERS);
}

function detect(text: string, seen: number): Detection[] {
  const findings: Detection[] = [];
  if ((seen & PAIR) !== 0) findPairs(text, findings);
  const ids = ((seen & WORD) === 0 ? 0 : BY_FORM) | ((seen & NAMED) === 0 ? 0 : BY_NAME);
  if (ids !== 0) findIds(text, ids, findings);
  if ((seen & AT) !== 0) findEmails(text, findings);
  if ((seen & SPELLED) !== 0) findSpelledEmails(text, findings);
  if ((seen & DOTTED) !== 0) findAddresses(text, findings);
  const worded = (seen & DATED) !== 0 && (seen & LETTERS) !== 0;
  if (worded) {
    findBirthdates(text, findings);
    findDegrees(text, findings);
    findPans(text, findings);
  }
  if ((seen & DIGITS) !== 0) {
    runs.read(text);
    findNumbers(findings, (seen & LETTERS) !== 0);
    findCheckedIds(findings);
    findPassportDates(findings);
    if ((seen & DOTTED) !== 0) findPositions(findings);
  }
  if ((seen & FILLED) !== 0) findPassportLines(text, findings);
  if ((seen & WORD) !== 0) {
    findHardware(text, findings);
    findCurps(text, findings);
  }
  // Last, so that what has a kind of its own keeps it.
  if (worded) findLabelled(text, findings);
  if ((seen & RUN) !== 0) findTokens(text, findings);
  if ((seen & HIDDEN) !== 0) findEncoded(text, isPersonal, findings);
  return findings.length < 2 ? findings : merged(findings);
}

/** Whether something personal is in it in base64 or in hexadecimal. */
export function hidesPersonal(id: string): boolean {
  if (id.length < SHORTEST_ENCODED) return false;
  const findings: Detection[] = [];
  findEncoded(id, isPersonal, findings);
  return findings.length > 0;
}

/** Whether there is anything personal in it. */
function isPersonal(text: string): boolean {
  return scrub(text) !== text;
}

/** In order of appearance. Overlapping findings become one with the first one's tag; if one is cut out, all are. */
function merged(findings: Detection[]): Detection[] {
  // In most texts only one detector has findings, and these are in order.
  if (areApart(findings)) return findings;
  findings.sort((a, b) => a.start - b.start);
  const apart: Detection[] = [];
  let last: Detection | undefined;
  for (const finding of findings) {
    if (last !== undefined && finding.start < last.end) {
      last = { ...last, end: Math.max(last.end, finding.end) };
      apart[apart.length - 1] = last;
    } else {
      last = finding;
      apart.push(finding);
    }
  }
  return apart;
}

/** Whether each begins where the one before it ends, or later. */
function areApart(findings: readonly Detection[]): boolean {
  for (let i = 1; i < findings.length; i++) {
    if ((findings[i] as Detection).start < (findings[i - 1] as Detection).end) return false;
  }
  return true;
}

function replaced(text: string, findings: readonly Detection[]): string {
  let out = '';
  let from = 0;
  for (const { kind, start, end, cut } of findings) {
    out += text.slice(from, start) + (cut === true ? '' : tag(kind));
    from = end;
  }
  return out + text.slice(from);
}

function tag(kind: Kind): string {
  return `[${kind}]`;
}

function counted(findings: readonly Detection[]): Record<Kind, number> {
  const found = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<Kind, number>;
  for (const { kind } of findings) found[kind]++;
  return found;
}
