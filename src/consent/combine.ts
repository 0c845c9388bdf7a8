import { ALL_SIGNALS, NO_SIGNALS, type SignalMask } from '../core/signals.ts';
import type { Consent, Reading, RouteTerms } from './types.ts';

/** The key of `consent.mapping.tcf` for the signals that a TC string alone gives to vendors without a vendor id. */
const VENDORLESS = 'vendorless';

export interface Defaults {
  /** The signals before any choice: none, or all under an opt-out regime. */
  readonly unasked: SignalMask;
  /** What a TC string alone may give to vendors that have no id on the vendor list. */
  readonly vendorless: SignalMask;
}

/** The defaults of a site and regime. */
export function defaultsOf(
  withoutChoice: 'denied' | 'granted',
  optOut: boolean,
  tcfPurposes: ReadonlyMap<string, SignalMask> | undefined,
): Defaults {
  return {
    unasked: optOut && withoutChoice === 'granted' ? ALL_SIGNALS : NO_SIGNALS,
    vendorless: tcfPurposes?.get(VENDORLESS) ?? NO_SIGNALS,
  };
}

/** The signals that one reading allows. If the platform says that no consent is needed, the site's default holds. */
function allowedBy(reading: Reading, unasked: SignalMask): SignalMask {
  if (reading.status === 'none') return unasked & ~reading.withheld;
  if (reading.status === 'not-required') return unasked & reading.granted;
  return reading.granted;
}

/** All readings together: the most restrictive wins (R92, `consent.md` 0, rule 4). */
export function combine(readings: readonly Reading[], { unasked, vendorless }: Defaults): Consent {
  let granted: SignalMask | undefined;
  let refused = 0;
  let withheld = 0;
  let unreadable = 0;
  let conflict = false;
  let spokenOf = 0;
  let chosenOutsideTcf = 0;
  let chosen: Reading | undefined;
  let at: number | undefined;
  let id: string | undefined;
  let terms: ReadonlyMap<string, RouteTerms> | undefined;
  let tcfRead = false;

  for (const reading of readings) {
    refused |= reading.refused;
    withheld |= reading.withheld;
    unreadable |= reading.withheld & ~(reading.byDefault ?? 0);
    if (reading.terms !== undefined) terms = terms === undefined ? reading.terms : both(terms, reading.terms);
    if (reading.onlyTakes === true) continue;
    const allowed = allowedBy(reading, unasked);
    const about = reading.about ?? ALL_SIGNALS;
    if (granted !== undefined && ((granted ^ allowed) & spokenOf & about) !== 0) conflict = true;
    granted = (granted ?? ALL_SIGNALS) & (allowed | ~about);
    spokenOf |= about;
    if (reading.vendorList === true) tcfRead = true;
    if (reading.status !== 'given' && reading.status !== 'denied') continue;
    if (reading.vendorList !== true) chosenOutsideTcf |= about;
    if (chosen === undefined) {
      chosen = reading;
      at = reading.at;
      id = reading.id;
    } else {
      at = at === undefined || reading.at === undefined ? undefined : Math.min(at, reading.at);
      if (reading.id !== undefined && id !== undefined && reading.id !== id) id = undefined;
      else id ??= reading.id;
    }
  }
  return {
    granted: (((granted ?? 0) & spokenOf) | (unasked & ~spokenOf)) & ~(refused | withheld),
    refused,
    withheld: withheld & ~refused,
    byDefault: withheld & ~refused & ~unreadable,
    at,
    platform: chosen?.source,
    version: chosen?.version,
    id,
    terms,
    vendorless: tcfRead ? vendorless | chosenOutsideTcf : ALL_SIGNALS,
    conflict,
    readings,
  };
}

/** The stricter of two records for every route that is in one of them. */
function both(a: ReadonlyMap<string, RouteTerms>, b: ReadonlyMap<string, RouteTerms>): ReadonlyMap<string, RouteTerms> {
  const merged = new Map(a);
  for (const [route, { consented, open, refused }] of b) {
    const other = merged.get(route);
    merged.set(
      route,
      other === undefined
        ? { consented, open, refused }
        : { consented: consented & other.consented, open: open & other.open, refused: other.refused ?? refused },
    );
  }
  return merged;
}
