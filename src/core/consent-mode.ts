import { EEA } from './countries.ts';
import { BIT, GATE_MASK, NO_SIGNALS, type SignalMask } from './signals.ts';
import type { ConsentModeKeys, Country } from './values.ts';

/** Order of the letters of `gcd` (`destinations/consent-mode.md` 3.1). */
const GCD_ORDER = [BIT.ad_storage, BIT.analytics_storage, BIT.ad_user_data, BIT.ad_personalization] as const;

/** What consent-mode keys take away. They never grant. */
export interface TakenAway {
  /** Refused by the visitor. */
  readonly refused: SignalMask;
  /** Withheld because the key cannot be read, which may be a refusal; or denied by default. */
  readonly withheld: SignalMask;
  /** The part of `withheld` that is only denied by default: nobody asked the visitor (`p`, a `0` in `gcs`). */
  readonly byDefault: SignalMask;
  /** One of the keys does not have its shape. */
  readonly unreadable: boolean;
  /** A letter of `gcd` is not known. It takes nothing away. */
  readonly unknown: boolean;
}

/**
 * What `gcs` and `gcd` take away (design 3). A missing or empty key, `-` and `l` take nothing. An unknown letter takes
 * nothing either: Google adds letters without notice, and a denial has always been one of those below. A value without
 * the form of its key takes all four signals.
 */
export function takenAway(gcs: string | undefined, gcd: string | undefined): TakenAway {
  return TAKEN[(isAbsent(gcs) ? 0 : readGcs(gcs)) | (isAbsent(gcd) ? 0 : readGcd(gcd))] as TakenAway;
}

function isAbsent(value: string | undefined): value is '' | undefined {
  return value === undefined || value === '';
}

const UNREADABLE = 256;
const UNKNOWN = 512;

/** All possible results. Index = unknown letter, unreadable, refused << 4, denied by default. */
export const TAKEN: readonly TakenAway[] = Array.from({ length: 1024 }, (_, bits) => {
  const unreadable = (bits & UNREADABLE) !== 0;
  const byDefault = unreadable ? NO_SIGNALS : bits & GATE_MASK;
  return {
    refused: (bits >> 4) & GATE_MASK,
    withheld: unreadable ? GATE_MASK : byDefault,
    byDefault,
    unreadable,
    unknown: (bits & UNKNOWN) !== 0,
  };
});

function readGcs(gcs: string): number {
  if (gcs.length !== 4 || !gcs.startsWith('G1')) return UNREADABLE;
  return gcsSignal(gcs.charCodeAt(2), BIT.ad_storage) | gcsSignal(gcs.charCodeAt(3), BIT.analytics_storage);
}

function gcsSignal(code: number, bit: SignalMask): number {
  if (code === 49 || code === 45) return 0;
  return code === 48 ? bit : UNREADABLE;
}

const LONGEST_GCD = 64;

/**
 * `1` and a flag, then pairs of a letter and a flag. The first four pairs are about the four signals; later pairs are
 * not read. Flags are digits or letters (`13t3tPt2t5l1`) and say nothing about consent.
 */
function readGcd(gcd: string): number {
  const { length } = gcd;
  if (length < 10 || length > LONGEST_GCD || length % 2 !== 0 || gcd.charCodeAt(0) !== 49) return UNREADABLE;
  let taken = 0;
  for (let i = 1; i < length; i++) {
    const code = gcd.charCodeAt(i);
    if (!isLetter(code) && !(i % 2 === 1 && code >= 48 && code <= 57)) return UNREADABLE;
    if (i % 2 === 0 && i <= 8) taken |= letterTakes(code, GCD_ORDER[(i >> 1) - 1] as number);
  }
  return taken;
}

function isLetter(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

/** The three rows of letters are the same states with another flag (`destinations/consent-mode.md` 3.2, 3.3). */
function letterTakes(code: number, bit: SignalMask): number {
  const factor = FACTORS[code] as number;
  return factor === NOT_KNOWN ? UNKNOWN : bit * factor;
}

const NOT_KNOWN = 255;
/** By the code of a letter: the factor that makes the index in `TAKEN` from the bit of its signal. */
const FACTORS = Uint8Array.from({ length: 128 }, (_, code) => {
  const letter = String.fromCharCode(code);
  if ('lnrtvRXZ'.includes(letter)) return 0;
  if ('pPV'.includes(letter)) return 1;
  return 'mquMQUSWa'.includes(letter) ? 16 : NOT_KNOWN;
});

/** What is written into the consent-mode keys: the decision, and whether the visitor refused. */
export interface Decision {
  readonly signals: SignalMask;
  readonly refused: SignalMask;
  readonly siteCountry: Country;
}

/**
 * Values for a request. `pscdl` is left out where the tag's own value could be a label (`destinations/consent-mode.md`
 * 7).
 */
export interface WrittenKeys {
  readonly gcs: string;
  readonly gcd: string;
  readonly npa: '0' | '1';
  readonly dma: '0' | '1';
  readonly dma_cps: string;
  readonly pscdl: string | undefined;
}

/**
 * The consent-mode keys that say exactly what was decided (`destinations/consent-mode.md` 2-7). Where the site honours
 * the keys that came with the hit, the decision has already lost the signals they took away.
 */
export function writeConsentMode(came: ConsentModeKeys | undefined, decision: Decision): WrittenKeys {
  const { signals } = decision;
  const ads = (signals & BIT.ad_storage) !== 0;
  const analytics = (signals & BIT.analytics_storage) !== 0;
  const personalised = ads && (signals & BIT.ad_personalization) !== 0;
  const dma = writeDma(came?.dma, decision.siteCountry);
  return {
    gcs: ads ? (analytics ? 'G111' : 'G110') : analytics ? 'G101' : 'G100',
    gcd: writeGcd(came?.gcd, signals, decision.refused, dma),
    npa: personalised ? '0' : '1',
    dma,
    dma_cps: writeCps(came?.dma_cps, (signals & BIT.ad_user_data) !== 0),
    pscdl: ads ? harmless(came?.pscdl) : 'denied',
  };
}

/** At most one more pair, as tags write it: a longer tail could carry any data. */
const GCD = /^1[0-9A-Za-z](?:[A-Za-z][0-9A-Za-z]){4,5}$/;
const GRANTED_LETTERS = 'nrtv';
const DENIED_LETTERS = 'mpqu';

/** Keeps the flags of a readable `gcd`, and each letter that agrees with the decision (3.6). */
function writeGcd(came: string | undefined, signals: SignalMask, refused: SignalMask, dma: '0' | '1'): string {
  const known = came !== undefined && GCD.test(came) ? came : undefined;
  const ads = letter(known?.[2], BIT.ad_storage, signals, refused);
  const analytics = letter(known?.[4], BIT.analytics_storage, signals, refused);
  const userData = letter(known?.[6], BIT.ad_user_data, signals, refused);
  const personalization = letter(known?.[8], BIT.ad_personalization, signals, refused);
  if (known === undefined) return `13${ads}3${analytics}3${userData}${dma === '1' ? '2' : '3'}${personalization}5l1`;
  return `${known.slice(0, 2)}${ads}${known[3]}${analytics}${known[5]}${userData}${known[7]}${personalization}${known.slice(9)}`;
}

/** `r`: granted after a denied default; `q`: refused; `p`: denied and nobody asked (3.2). */
function letter(came: string | undefined, bit: SignalMask, signals: SignalMask, refused: SignalMask): string {
  const granted = (signals & bit) !== 0;
  if (came !== undefined && (granted ? GRANTED_LETTERS : DENIED_LETTERS).includes(came)) return came;
  if (granted) return 'r';
  return (refused & bit) !== 0 ? 'q' : 'p';
}

/**
 * Whether the Digital Markets Act applies: the tag's value for the visitor's region, else by the country of the site.
 */
function writeDma(came: string | undefined, siteCountry: Country): '0' | '1' {
  if (came === '0' || came === '1') return came;
  return EEA.has(siteCountry) ? '1' : '0';
}

const CPS = /^[a-z]{1,10}$/;

/** Which of Google's services may have the user data: none without consent; `a` (ads) where the tag did not say (6). */
function writeCps(came: string | undefined, granted: boolean): string {
  if (!granted) return '-';
  if (came === undefined) return 'a';
  return CPS.test(came) ? came : '-';
}

/**
 * The parts of the keys that are used again when keys are written. A value without the form of its key could be
 * anything, so it is not kept.
 */
export function readableKeys({ gcd, dma, dma_cps: cps, pscdl }: ConsentModeKeys): ConsentModeKeys {
  const known = harmless(pscdl);
  const read: { -readonly [Key in keyof ConsentModeKeys]: ConsentModeKeys[Key] } = {};
  if (gcd !== undefined && GCD.test(gcd)) read.gcd = gcd;
  if (dma === '0' || dma === '1') read.dma = dma;
  if (cps !== undefined) read.dma_cps = CPS.test(cps) ? cps : '-';
  if (known !== undefined) read.pscdl = known;
  return read;
}

function harmless(pscdl: string | undefined): string | undefined {
  return pscdl === 'noapi' || pscdl === 'error' || pscdl === 'empty' ? pscdl : undefined;
}
