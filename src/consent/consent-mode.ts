import { BIT, GATE_MASK, type SignalMask } from '../core/signals.ts';
import { restriction } from './reading.ts';
import type { Reading } from './types.ts';

/** Order of the letters of `gcd` (`destinations/consent-mode.md` 3.1). */
const GCD_ORDER = [BIT.ad_storage, BIT.analytics_storage, BIT.ad_user_data, BIT.ad_personalization] as const;

/**
 * Consent mode as the tag wrote it. It never grants; absent, `-` and `l` take nothing away (design 3). `q m u` are the
 * visitor's own refusal; `p`, a `0` in `gcs` and letters nobody has explained only withhold.
 */
export function readConsentMode(gcs: string | undefined, gcd: string | undefined): Reading | undefined {
  if (gcs === undefined && gcd === undefined) return undefined;
  const taken = (gcs === undefined ? 0 : readGcs(gcs)) | (gcd === undefined ? 0 : readGcd(gcd));
  return READINGS[taken];
}

/** All readings there can be: index = refused << 4 | withheld, gate signals only. */
const READINGS: readonly Reading[] = Array.from({ length: 256 }, (_, taken) =>
  taken === 0
    ? restriction('consent-mode', 'none', 0, 0, 'takes nothing away')
    : restriction('consent-mode', 'denied', taken >> 4, taken & GATE_MASK, 'denied by the tag on the page'),
);

function readGcs(gcs: string): number {
  if (gcs.length !== 4 || !gcs.startsWith('G1')) return GATE_MASK;
  return gcsSignal(gcs.charCodeAt(2), BIT.ad_storage) | gcsSignal(gcs.charCodeAt(3), BIT.analytics_storage);
}

function gcsSignal(code: number, bit: SignalMask): number {
  if (code === 49 || code === 45) return 0;
  return code === 48 ? bit : GATE_MASK;
}

/** `<2 digits><letter><digit>` four times, then pairs of letter and digit (consent-mode.md 3.5). */
function readGcd(gcd: string): number {
  const { length } = gcd;
  if (length < 10 || length > 64 || length % 2 !== 0) return GATE_MASK;
  let taken = 0;
  for (let i = 0; i < length; i++) {
    const code = gcd.charCodeAt(i);
    if (i === 0 || i % 2 === 1) {
      if (code < 48 || code > 57) return GATE_MASK;
    } else if (!isLetter(code)) return GATE_MASK;
    else if (i <= 8) taken |= letter(gcd.charAt(i), GCD_ORDER[(i >> 1) - 1] as number);
  }
  return taken;
}

function isLetter(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

function letter(letter: string, bit: SignalMask): number {
  switch (letter) {
    case 'l':
    case 'n':
    case 'r':
    case 't':
    case 'v':
      return 0;
    case 'm':
    case 'q':
    case 'u':
      return bit << 4;
    default:
      return bit;
  }
}
