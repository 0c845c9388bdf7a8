import type { Consent } from '../consent/types.ts';
import { ALL_SIGNALS, type SignalMask } from '../core/signals.ts';
import type { Route, Site } from './gateway.ts';

/**
 * The signals in force for a site: granted by a choice, or resting on legitimate interest and not objected to
 * (design 3). An express refusal is an objection. A record that cannot be read may be one, so it counts as one. A
 * question that was never asked is no objection.
 */
export function siteSignals(site: Site, consent: Consent): SignalMask {
  return (consent.granted | site.legitimateInterest) & ~objectedTo(consent) & ALL_SIGNALS;
}

/** What was refused expressly, and what cannot be read and may have been refused. */
function objectedTo({ refused, withheld, byDefault }: Consent): SignalMask {
  return refused | (withheld & ~byDefault);
}

/** Those of the signals in force that rest on legitimate interest: nobody has granted them, and nobody has objected. */
export function interestOf(site: Site, consent: Consent, signals: SignalMask): SignalMask {
  return signals & site.legitimateInterest & ~consent.granted;
}

/**
 * Whether an objection ends everything for a route, the form without identifiers included: it needs no consent, but what
 * rests on legitimate interest ends when the visitor objects (GDPR Art. 21), unless the site has decided otherwise.
 */
export function endedByObjection(route: Route, site: Site, consent: Consent): boolean {
  return (objectedTo(consent) & route.needs & site.endsOnObjection) !== 0;
}

/**
 * The signals in force for one route: less where the choice is older than the route (R94), where a TCF string does not
 * cover its vendor, or where the visitor refused a service of its vendor. Legitimate interest does not rest on the
 * choice, so it stays, except where the publisher forbids the vendor to rely on it, or the visitor refused the vendor.
 */
export function routeSignals(route: Route, site: Site, consent: Consent, signals: SignalMask): SignalMask {
  const current = route.since === undefined || (consent.at !== undefined && consent.at >= route.since);
  const left = signalsOfVendor(route, site, consent, signals);
  return current ? left : left & site.legitimateInterest;
}

/** The signals that the records allow the vendor of a route. */
function signalsOfVendor(route: Route, site: Site, consent: Consent, signals: SignalMask): SignalMask {
  const terms = consent.terms?.get(route.name);
  const covered = coveredBy(route, consent);
  const interest = signals & site.legitimateInterest;
  if (terms === undefined) return (signals & covered) | interest;
  return ((signals & covered & terms.consented) | interest) & terms.open;
}

/**
 * By vendor, the signals that its cookies may not rest on, because the records close all of its routes for them.
 * Undefined where no record treats vendors differently.
 */
export function closedToVendors(
  site: Site,
  consent: Consent,
  signals: SignalMask,
): ReadonlyMap<string, SignalMask> | undefined {
  if (consent.terms === undefined && consent.vendorless === ALL_SIGNALS) return undefined;
  const closed = new Map<string, SignalMask>();
  for (const { vendor, signal, routes } of site.cookieUsers) {
    const isOpen = routes.some((route) => {
      const taken = signals & ~signalsOfVendor(route, site, consent, signals);
      return (taken & (route.needs | signal)) === 0;
    });
    if (!isOpen) closed.set(vendor, (closed.get(vendor) ?? 0) | signal);
  }
  return closed;
}

/** A TC string says nothing about vendors without a vendor id, such as Meta. */
function coveredBy(route: Route, consent: Consent): SignalMask {
  return route.destination.tcfVendor === undefined ? consent.vendorless : ALL_SIGNALS;
}

/**
 * The refused service that closes a route: its vendor then gets nothing, not even what needs no consent. Undefined where
 * the route is open, or closed for another reason.
 */
export function refusedService(route: Route, consent: Consent): string | undefined {
  const terms = consent.terms?.get(route.name);
  if (terms?.refused === undefined) return undefined;
  return (route.needs & ~terms.open) === 0 ? undefined : terms.refused;
}
