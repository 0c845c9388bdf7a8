import type { Claim } from './egress.ts';
import { BIT, type GateSignal, type SignalMask } from './signals.ts';

/*
 * Claims that are in more than one vendor's egress table. They share no code with the functions that write the values:
 * see `core/egress.ts`.
 */

const granted = (signals: SignalMask, bit: SignalMask): boolean => (signals & bit) !== 0;

/** Exactly this text. */
export const exactly =
  (...texts: readonly string[]): Claim =>
  (text) =>
    texts.includes(text);

/** At most so many characters. */
export const short =
  (longest: number): Claim =>
  (text) =>
    text.length <= longest;

export const matching =
  (pattern: RegExp): Claim =>
  (text) =>
    pattern.test(text);

/** One word where the signal is granted, the other where it is not: exactly what was decided. */
export const saying =
  (signal: GateSignal, yes: string, no: string): Claim =>
  (text, { signals }) =>
    text === (granted(signals, BIT[signal]) ? yes : no);

/** Up to 20 digits. */
export const digits: Claim = (text) => {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 48 || code > 57) return false;
  }
  return text.length <= 20;
};

/** SHA-256, lower-case hex: what user data must be. */
export const sha256: Claim = (text) => /^[0-9a-f]{64}$/.test(text);

/** `destinations/consent-mode.md` 2: position 3 = ad_storage, position 4 = analytics_storage. */
export const gcs: Claim = (text, { signals }) =>
  text.length === 4 && text.startsWith('G1') && bitSays(text, 2, signals, 1) && bitSays(text, 3, signals, 2);

function bitSays(text: string, at: number, signals: SignalMask, bit: SignalMask): boolean {
  const digit = text.charAt(at);
  return digit === '0' || (digit === '1' && granted(signals, bit));
}

/** `1` and a flag, then a letter and a flag for each signal, and one such pair more at most; flags are digits or letters. */
const GCD = /^1[0-9A-Za-z](?:[a-z][0-9A-Za-z]){4}(?:[A-Za-z][0-9A-Za-z])?$/;
/** Order of the letters (3.1). */
const GCD_SIGNALS = [BIT.ad_storage, BIT.analytics_storage, BIT.ad_user_data, BIT.ad_personalization];

/** 3.2: `n r t v` say granted, `m p q u` denied. With any other letter, also `l`, Google itself would decide. */
export const gcd: Claim = (text, { signals }) => {
  if (!GCD.test(text)) return false;
  for (let i = 0; i < 4; i++) {
    const letter = text.charAt(2 + 2 * i);
    if ('mpqu'.includes(letter)) continue;
    if (!'nrtv'.includes(letter) || !granted(signals, GCD_SIGNALS[i] as number)) return false;
  }
  return true;
};

/** 5: personalised only with ad_storage and ad_personalization. */
export const npa: Claim = (text, { signals }) =>
  text === '1' || (text === '0' && granted(signals, BIT.ad_storage) && granted(signals, BIT.ad_personalization));

/** 6 */
export const dma: Claim = (text) => text === '0' || text === '1';
const dmaCps: Claim = (text, { signals }) =>
  text === '-' || (granted(signals, BIT.ad_user_data) && /^[a-z]{1,10}$/.test(text));

/** 7: never a label. */
export const pscdl: Claim = (text, { signals }) =>
  text === 'denied' || (granted(signals, BIT.ad_storage) && ['noapi', 'error', 'empty'].includes(text));

/**
 * The consent-mode keys of a web hit. All of them are required, because Google takes a missing key as granted or
 * guesses it.
 */
export const CONSENT_KEYS = {
  gcs: { may: gcs, required: true },
  gcd: { may: gcd, required: true },
  npa: { may: npa, required: true },
  dma: { may: dma, required: true },
  dma_cps: { may: dmaCps, required: true },
} as const;

/**
 * An http(s) address without user and fragment, and without these parameters, which name a click or a recipient. Names in
 * lower case.
 */
export function addressWithout(params: readonly string[]): Claim {
  const named = new RegExp(`[?&;](?:${params.map((name) => name.replaceAll(/[^\w-]/g, '')).join('|')})=`, 'i');
  return (text) => isAddress(text) && !text.includes('#') && (!text.includes('?') || !named.test(text));
}

/** An address that ends before `?`. */
export const barePage: Claim = (text) => isAddress(text) && !/[?#]/.test(text);

const ADDRESS = /^https?:\/\/[^/?#@]+(?=$|[/?#])/;
function isAddress(text: string): boolean {
  return ADDRESS.test(text);
}

/** At most the /24 of an IPv4 address or the /32 of an IPv6 address, never a whole address. */
export const truncatedAddress: Claim = (text) =>
  /^\d{1,3}(?:\.\d{1,3}){2}\.0$/.test(text) || /^[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){0,1}::$/i.test(text);

const SYSTEM =
  '(?:Windows NT 10\\.0; Win64; x64|Macintosh; Intel Mac OS X 10(?:_15_7|\\.15)|X11; Linux x86_64' +
  '|X11; CrOS x86_64 14541\\.0\\.0|Linux; Android 10; K|Android 10; (?:Mobile|Tablet)' +
  '|(?:iPad; CPU|iPhone; CPU iPhone) OS \\d\\d_0 like Mac OS X)';
const ENGINE =
  '(?:AppleWebKit/537\\.36 \\(KHTML, like Gecko\\) Chrome/\\d{2,3}\\.0\\.0\\.0 (?:Mobile )?Safari/537\\.36' +
  '|AppleWebKit/605\\.1\\.15 \\(KHTML, like Gecko\\) Version/\\d\\d\\.0 (?:Mobile/15E148 Safari/604\\.1|Safari/605\\.1\\.15)' +
  '|Gecko/(?:20100101|\\d{2,3}\\.0) Firefox/\\d{2,3}\\.0)';
const REDUCED = new RegExp(
  `^Mozilla/5\\.0 (?:\\(compatible(?:; bot)?\\)|\\(${SYSTEM}(?:; rv:\\d{2,3}\\.0)?\\) ${ENGINE})$`,
);

/** A User-Agent that thousands of people share: engine, major version, family of the system (R7). */
export const reducedAgent: Claim = (text) => REDUCED.test(text);
