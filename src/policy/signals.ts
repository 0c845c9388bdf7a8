import type { Consent, VendorTerms } from '../consent/types.ts';
import { ALL_SIGNALS, type SignalMask } from '../core/signals.ts';
import type { Route, Site } from './gateway.ts';

/**
 * The signals in force for a site: granted by a choice, or resting on legitimate interest and not objected to
 * (design 3). What was refused in so many words is an objection, and what cannot be read may be one; what merely was
 * never asked is not.
 */
export function siteSignals(site: Site, consent: Consent): SignalMask {
  const objected = consent.refused | (consent.withheld & ~consent.byDefault);
  return (consent.granted | site.legitimateInterest) & ~objected & ALL_SIGNALS;
}

/**
 * The signals in force for one route: less where the choice is older than the route (R94), or where a TCF string does
 * not cover its vendor. Legitimate interest does not rest on the choice, so it stays, except where the publisher
 * forbids the vendor to rely on it.
 */
export function routeSignals(route: Route, site: Site, consent: Consent, signals: SignalMask): SignalMask {
  const current = route.since === undefined || (consent.at !== undefined && consent.at >= route.since);
  const { consented, open } = termsOf(route, consent);
  return ((current ? signals & consented : 0) | (signals & site.legitimateInterest)) & open;
}

const EVERYTHING: VendorTerms = { consented: ALL_SIGNALS, open: ALL_SIGNALS };
const NOTHING_BY_CONSENT: VendorTerms = { consented: 0, open: ALL_SIGNALS };

/** Meta and others without a vendor id have no say in a TC string. */
function termsOf(route: Route, consent: Consent): VendorTerms {
  if (consent.vendors === undefined) return EVERYTHING;
  const vendor = route.destination.tcfVendor;
  if (vendor === undefined) return { consented: consent.vendorless, open: ALL_SIGNALS };
  return consent.vendors.get(vendor) ?? NOTHING_BY_CONSENT;
}
