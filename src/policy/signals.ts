import type { Consent } from '../consent/types.ts';
import { ALL_SIGNALS, type SignalMask } from '../core/signals.ts';
import type { Route, Site } from './gateway.ts';

/**
 * The signals in force for a site: granted by a choice, or resting on legitimate interest and not objected to
 * (design 3). What was refused in so many words is an objection, and what cannot be read may be one; what merely was
 * never asked is not.
 */
export function siteSignals(site: Site, consent: Consent): SignalMask {
  return (consent.granted | site.legitimateInterest) & ~objectedTo(consent) & ALL_SIGNALS;
}

/** What was refused in so many words, and what cannot be read and so may have been. */
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

/** What the records leave to the vendor of a route. */
function signalsOfVendor(route: Route, site: Site, consent: Consent, signals: SignalMask): SignalMask {
  const terms = consent.terms?.get(route.name);
  const covered = coveredBy(route, consent);
  const interest = signals & site.legitimateInterest;
  if (terms === undefined) return (signals & covered) | interest;
  return ((signals & covered & terms.consented) | interest) & terms.open;
}

/**
 * Signals that the cookies of a vendor may not rest on, by vendor: those it has no open route for, because of what the
 * records say of it. Undefined where no record tells one vendor from another.
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

/** Meta and others without a vendor id have no say in a TC string. */
function coveredBy(route: Route, consent: Consent): SignalMask {
  return route.destination.tcfVendor === undefined ? consent.vendorless : ALL_SIGNALS;
}

/**
 * The service whose refusal keeps a route shut: then nothing goes to its vendor, not even what needs no consent.
 * Undefined where something else keeps it shut, or nothing does.
 */
export function refusedService(route: Route, consent: Consent): string | undefined {
  const terms = consent.terms?.get(route.name);
  if (terms?.refused === undefined) return undefined;
  return (route.needs & ~terms.open) === 0 ? undefined : terms.refused;
}
