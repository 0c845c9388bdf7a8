import type { PlanContext } from '../../src/core/destination.ts';
import { BIT, type SignalMask } from '../../src/core/signals.ts';
import type { ConsentModeKeys } from '../../src/core/values.ts';

/** What is written into the consent-mode keys: the decision, and how the visitor came to it. */
export interface Decision {
  readonly signals: SignalMask;
  readonly refused: SignalMask;
  readonly siteCountry: PlanContext['siteCountry'];
}

/** Values for a web hit. `pscdl` is left out where the tag's own would be a label (`destinations/consent-mode.md` 7). */
export interface WrittenKeys {
  readonly gcs: string;
  readonly gcd: string;
  readonly npa: '0' | '1';
  readonly dma: '0' | '1';
  readonly dma_cps: string;
  readonly pscdl: string | undefined;
}

/**
 * The consent-mode keys that say what was decided (`destinations/consent-mode.md` 2-7). Keys that came with the hit
 * are only ever tightened.
 */
export function writeConsentMode(came: ConsentModeKeys | undefined, decision: Decision): WrittenKeys {
  const { signals } = decision;
  const ads = (signals & BIT.ad_storage) !== 0;
  const analytics = (signals & BIT.analytics_storage) !== 0;
  const personalised = ads && (signals & BIT.ad_personalization) !== 0;
  const npa = came?.npa;
  const dma = writeDma(came?.dma, decision.siteCountry);
  return {
    gcs: ads ? (analytics ? 'G111' : 'G110') : analytics ? 'G101' : 'G100',
    gcd: writeGcd(came?.gcd, decision, dma),
    npa: personalised && (npa === undefined || npa === '0') ? '0' : '1',
    dma,
    dma_cps: writeCps(came?.dma_cps, (signals & BIT.ad_user_data) !== 0),
    pscdl: ads ? harmless(came?.pscdl) : 'denied',
  };
}

const GCD = /^(\d\d)([A-Za-z])(\d)([A-Za-z])(\d)([A-Za-z])(\d)([A-Za-z])(\d(?:[A-Za-z]\d){0,3})$/;
const GRANTED_LETTERS = 'nrtv';
const DENIED_LETTERS = 'mpqu';

/** Keeps the digits of a readable `gcd`, and each letter that says what was decided (3.6). */
function writeGcd(came: string | undefined, decision: Decision, dma: '0' | '1'): string {
  const part = came === undefined ? null : GCD.exec(came);
  const ads = letter(part?.[2], BIT.ad_storage, decision);
  const analytics = letter(part?.[4], BIT.analytics_storage, decision);
  const userData = letter(part?.[6], BIT.ad_user_data, decision);
  const personalization = letter(part?.[8], BIT.ad_personalization, decision);
  if (part === null) return `13${ads}3${analytics}3${userData}${dma === '1' ? '2' : '3'}${personalization}5l1`;
  return `${part[1]}${ads}${part[3]}${analytics}${part[5]}${userData}${part[7]}${personalization}${part[9]}`;
}

/** `r`: granted after a denied default; `q`: refused; `p`: denied and nobody asked (3.2). */
function letter(came: string | undefined, bit: SignalMask, { signals, refused }: Decision): string {
  const granted = (signals & bit) !== 0;
  if (came !== undefined && (granted ? GRANTED_LETTERS : DENIED_LETTERS).includes(came)) return came;
  if (granted) return 'r';
  return (refused & bit) !== 0 ? 'q' : 'p';
}

/** Where the Digital Markets Act applies. */
const EEA: ReadonlySet<string> = new Set(
  'AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO'.split(' '),
);

function writeDma(came: string | undefined, siteCountry: string): '0' | '1' {
  if (came === '0' || came === '1') return came;
  return EEA.has(siteCountry) ? '1' : '0';
}

/** Which of Google's services may have the user data: none without consent; `a` (ads) where the tag did not say (6). */
function writeCps(came: string | undefined, granted: boolean): string {
  if (!granted) return '-';
  if (came === undefined) return 'a';
  return /^[a-z]{1,10}$/.test(came) ? came : '-';
}

function harmless(pscdl: string | undefined): string | undefined {
  return pscdl === 'noapi' || pscdl === 'error' || pscdl === 'empty' ? pscdl : undefined;
}
