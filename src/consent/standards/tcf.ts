import { ALL_SIGNALS, NO_SIGNALS, type SignalMask } from '../../core/signals.ts';
import { FUNDING_CHOICES, fundingChoices } from '../platforms/funding-choices.ts';
import { NO_RECORD, perCookie, type Context, type Platform } from '../platform.ts';
import { choice, unreadable } from '../reading.ts';
import { decodeTcString, type TcString } from './tcf-string.ts';
import type { Reading, RouteTerms } from '../types.ts';

/** From this day on a string must list its disclosed vendors (TCF 2.3; `consent.md` 1.1). */
const DISCLOSURE_REQUIRED = Date.UTC(2026, 2, 1);

const mask = (...purposes: readonly number[]): number => purposes.reduce((bits, n) => bits | (1 << (n - 1)), 0);

/** House mapping (`consent.md` 1.1): all purposes of a row, by consent; legitimate interest never counts. */
const PREFERENCES = mask(1, 5, 6);
const STATISTICS = mask(1, 8, 9);
const MARKETING = mask(1, 2, 3, 4, 7);
const STORAGE = mask(1);
/** A string has a bit for each of so many purposes. */
const PURPOSES = 24;
const ALL_PURPOSES = (1 << PURPOSES) - 1;

/** consentmanager's TC string, by the id of the site's account. */
export const CMP_CONSENT = { name: '__cmpconsent*', is: /^__cmpconsent[xsu]?\d{0,12}$/ };

/** IAB TCF 2.x. The cookie has many names; the string is the same. */
export const tcf: Platform = {
  name: 'tcf',
  title: 'IAB TCF 2.x',
  cookies: ['euconsent-v2', 'eupubconsent-v2', 'CookieControlTC', FUNDING_CHOICES, CMP_CONSENT],
  read: perCookie((value, context, name) => {
    if (name !== FUNDING_CHOICES) return readTcf(value, context);
    const choices = fundingChoices(value);
    if (choices === undefined) return unreadable(context.source);
    // Google's scripts also set it on sites with another platform's banner; without a string it says nothing.
    return choices.tcString === undefined ? NO_RECORD : readTcf(choices.tcString, context);
  }, 0),
};

/** A TC string as a reading; `id` is the consent id some platforms keep beside it. */
export function readTcf(value: string, context: Context, id?: string): Reading {
  const { source } = context;
  const string = decodeTcString(value, context.vendors);
  if (string === undefined) return unreadable(source, { id });
  if (!string.isServiceSpecific) return unreadable(source, { id }, 'of global scope, which TCF has ended');
  const facts = {
    at: string.lastUpdated,
    id,
    version: String(string.policyVersion),
    terms: termsOf(string, context),
    vendorList: true,
  };
  if (!string.hasDisclosedVendors && string.lastUpdated >= DISCLOSURE_REQUIRED) {
    return unreadable(source, facts, 'no disclosed vendors, which TCF 2.3 requires');
  }
  const { on, off } = signalsOf(string.purposeConsents, context);
  return choice(source, on, off, facts);
}

function signalsOf(purposes: number, context: Context): { on: SignalMask; off: SignalMask } {
  const { categories, all } = context;
  const mapped = mappedPurposes(context);
  if (mapped !== undefined) return { on: grantedBy(purposes, mapped), off: all & ~grantedBy(purposes, mapped) };
  const rows = [
    [PREFERENCES, categories.preferences],
    [STATISTICS, categories.statistics],
    [MARKETING, categories.marketing],
  ] as const;
  let on = 0;
  let off = 0;
  for (const [required, signals] of rows) {
    if ((purposes & required) === required) on |= signals;
    else off |= signals;
  }
  return { on, off };
}

/** `consent.mapping.tcf` with purpose numbers: each signal needs every purpose mapped to it, and purpose 1. */
function mappedPurposes({ purposes }: Context): readonly (readonly [number, SignalMask])[] | undefined {
  if (purposes === undefined) return undefined;
  const rows: (readonly [number, SignalMask])[] = [];
  for (const [key, signals] of purposes) {
    const purpose = Number(key);
    if (purpose >= 1 && purpose <= PURPOSES) rows.push([mask(purpose), signals]);
  }
  return rows.length === 0 ? undefined : rows;
}

function grantedBy(purposes: number, rows: readonly (readonly [number, SignalMask])[]): SignalMask {
  if ((purposes & STORAGE) === 0) return 0;
  let on = 0;
  let off = 0;
  for (const [purpose, signals] of rows) {
    if ((purposes & purpose) !== 0) on |= signals;
    else off |= signals;
  }
  return on & ~off;
}

/** Types of publisher restrictions: flatly not allowed, by consent only, by legitimate interest only. */
const FORBIDDEN = 0;
const BY_CONSENT = 1;
const BY_INTEREST = 2;

/**
 * What each route of a listed vendor may have. A purpose that the publisher restricts counts as refused for that vendor:
 * on any basis if it is forbidden, or needs a consent that was not given; by consent if it needs legitimate interest.
 */
function termsOf({ purposeConsents, vendors }: TcString, context: Context): ReadonlyMap<string, RouteTerms> {
  const terms = new Map<string, RouteTerms>();
  for (const { name, tcfVendor } of context.routes) {
    if (tcfVendor === undefined) continue;
    const vendor = vendors.get(tcfVendor);
    if (vendor === undefined) {
      terms.set(name, NOTHING_BY_CONSENT);
      continue;
    }
    const { consent, disclosed, restrictions } = vendor;
    let refused = 0;
    let barred = 0;
    for (const { purpose, type } of restrictions) {
      // The field has room for numbers that no purpose has.
      const bit = purpose <= PURPOSES ? mask(purpose) : 0;
      if (type === FORBIDDEN || type === BY_INTEREST) refused |= bit;
      if (type === FORBIDDEN || (type === BY_CONSENT && (purposeConsents & bit) === 0)) barred |= bit;
    }
    const allowed = consent && disclosed !== false && (purposeConsents & STORAGE & ~refused) !== 0;
    terms.set(name, {
      consented: allowed ? ALL_SIGNALS & ~lost(purposeConsents, refused, context) : NO_SIGNALS,
      open: ALL_SIGNALS & ~lost(ALL_PURPOSES, barred, context),
    });
  }
  return terms;
}

const NOTHING_BY_CONSENT: RouteTerms = { consented: NO_SIGNALS, open: ALL_SIGNALS };

/** The signals that go when these purposes are taken away. */
function lost(purposes: number, taken: number, context: Context): SignalMask {
  if (taken === 0) return NO_SIGNALS;
  return signalsOf(purposes, context).on & ~signalsOf(purposes & ~taken, context).on;
}
