import type { Category, SignalMask } from '../core/signals.ts';
import type { Country, PrivacyKeys, StatedConsent } from '../core/values.ts';
import type { Cookies } from './cookie-header.ts';
import type { Platform } from './platform.ts';

/**
 * `given`: at least one optional category is on by an explicit choice. `denied`: an explicit choice with nothing on.
 * `none`: no choice, or unreadable. `not-required`: the platform says that no consent is needed here.
 */
export type Status = 'given' | 'denied' | 'none' | 'not-required';

/** What one source says: a cookie, a header, or the consent-mode keys of the hit. */
export interface Reading {
  /** The platform or standard, e.g. `cookiebot`, `tcf`, `gpc`, `consent-mode`. */
  readonly source: string;
  readonly status: Status;
  /** Signals it grants. Sources that can only take away grant nothing. */
  readonly granted: SignalMask;
  /** Signals the visitor refused expressly: these are objections, too (design 3). */
  readonly refused: SignalMask;
  /** Signals it forbids without the visitor having refused them: default-denied, unknown letters, unreadable. */
  readonly withheld: SignalMask;
  /** Those of `withheld` that are merely denied by default: nobody asked, which is no objection (design 3). */
  readonly byDefault?: SignalMask;
  /** When the choice was made, unix milliseconds. */
  readonly at: number | undefined;
  /** The platform's version of its text, where it has one. */
  readonly version: string | undefined;
  /** The platform's consent id. Personal data: in memory only. */
  readonly id: string | undefined;
  /** What the record lets single routes have, by name; a route that is not in it has what everybody has. */
  readonly terms?: ReadonlyMap<string, RouteTerms> | undefined;
  /** A TC string: it speaks for vendors of the IAB list only. */
  readonly vendorList?: boolean | undefined;
  /** Services in the record whose owner is unknown; at most a few, and only texts with the form of a name. */
  readonly unknownServices?: readonly string[] | undefined;
  /** It is there and cannot be read. */
  readonly unreadable?: boolean | undefined;
  /** It cannot be read because it is empty; it counts only where no other record holds a choice. */
  readonly empty?: boolean | undefined;
  /** Consent mode: a letter of `gcd` that is not known; it takes nothing away. */
  readonly unknownLetter?: boolean | undefined;
  /** It can only take away and never grants (GPC, consent mode, US opt-outs). */
  readonly onlyTakes?: boolean | undefined;
  /** The only signals its platform ever asks about; undefined is all. About the others it says nothing. */
  readonly about?: SignalMask | undefined;
  /** The platform's own end of the choice, unix milliseconds. */
  readonly until?: number | undefined;
  /** What was found, for people; holds no value of the cookie. */
  readonly note: string;
}

/**
 * What a record leaves one route of the signals it grants: by the vendor's entry in a TC string (R90), or by the services
 * of the vendor that the visitor allowed or refused inside a category.
 */
export interface RouteTerms {
  /** Signals that the visitor's consent covers for this route; none where its vendor is not allowed at all. */
  readonly consented: SignalMask;
  /** Signals that it may still use on any basis. */
  readonly open: SignalMask;
  /** The service whose refusal took signals away, by its usual name or by the site's; undefined where none did. */
  readonly refused?: string | undefined;
}

/** A route, as far as the readers of consent need it. */
export interface ConsentRoute {
  readonly name: string;
  /** Who gets its events; several routes may share a vendor. */
  readonly vendor: string;
  readonly tcfVendor: number | undefined;
  /** Its vendor on Google's list of ad technology providers (Additional Consent). */
  readonly acProvider?: number | undefined;
  /** Signals that its full form needs. */
  readonly needs: SignalMask;
  /** The name banners most often have for its service. */
  readonly service: string;
}

/** Whose the services of a site's banner are. */
export interface SiteServices {
  /** `consent.services`: names as the banner writes them -> names of routes. */
  readonly own: ReadonlyMap<string, readonly string[]>;
  /** The usual names of all destinations -> names of the routes this site has of them. */
  readonly usual: ReadonlyMap<string, readonly string[]>;
  /** The same names -> whose they are, whether the site has a route of them or not. */
  readonly vendors?: ReadonlyMap<string, readonly VendorService[]>;
}

/** A service as its destination describes it. */
export interface VendorService {
  readonly vendor: string;
  /** Signals that its full form needs. */
  readonly needs: SignalMask;
}

/** What the visitor has chosen, all sources taken together: the most restrictive wins (R92). */
export interface Consent {
  /** Signals granted by a choice, after everything that takes away. */
  readonly granted: SignalMask;
  /** Signals refused expressly by any source. */
  readonly refused: SignalMask;
  /** Signals some source forbids although nobody refused them. Disjoint from `granted`. */
  readonly withheld: SignalMask;
  /** Those of `withheld` that are merely denied by default: nobody asked, which is no objection (design 3). */
  readonly byDefault: SignalMask;
  /** When the oldest granting choice was made, unix milliseconds; undefined if any of them has no readable time. */
  readonly at: number | undefined;
  readonly platform: string | undefined;
  readonly version: string | undefined;
  readonly id: string | undefined;
  /** What the records let single routes have, by name; undefined where they treat all vendors alike. */
  readonly terms: ReadonlyMap<string, RouteTerms> | undefined;
  /**
   * Signals that consent covers for destinations without a TCF vendor id: all, except where nothing but a TC string
   * grants; then those that the site's mapping lists for them, by default none (design 3).
   */
  readonly vendorless: SignalMask;
  /** Two sources disagree. */
  readonly conflict: boolean;
  readonly readings: readonly Reading[];
}

/** Which law the default follows: opt-in (EEA, UK, CH and everything unknown) or opt-out (US). */
export type Regime = 'opt-in' | 'opt-out';

/** The consent section of one site, compiled when the configuration loads. */
export interface SiteConsent {
  /** Platforms whose cookies are read; `auto` has become the list of all. */
  readonly cmp: readonly string[];
  readonly honourGpc: boolean;
  readonly honourConsentMode: boolean;
  /** A back end's own record of a choice grants what it says (`consent.back_end`). */
  readonly takesAssertions: boolean;
  /** Banners that the site describes itself. */
  readonly custom: readonly Platform[];
  /** Categories that senders state with their events. */
  readonly preferences: SitePreferences;
  /** Per platform: cookie name override, and purpose, service or vendor -> signals. */
  readonly mapping: ReadonlyMap<string, PlatformMapping>;
  /** Categories to signals, as the site maps them. */
  readonly categories: Readonly<Record<Category, SignalMask>>;
  /** An older choice counts as none, milliseconds; undefined = no limit. */
  readonly maxAge: number | undefined;
  readonly regime: Regime;
  readonly withoutChoice: 'denied' | 'granted';
  /** TCF vendor ids of the site's destinations. */
  readonly vendors: readonly number[];
  readonly routes: readonly ConsentRoute[];
  readonly services: SiteServices;
}

/** Whose categories a site accepts, and what they stand for. */
export interface SitePreferences {
  /** Whose categories grant: nobody's, those of back ends, or those of pages, too. */
  readonly takes: 'cookies' | 'asserted' | 'trust';
  /** Category, in small letters -> signals. */
  readonly signals: ReadonlyMap<string, SignalMask>;
}

/** What a site says about one platform (`consent.mapping.<platform>`). */
export interface PlatformMapping {
  /** The cookie's name where the site renamed it. */
  readonly cookie?: string;
  /** The site's own purposes, services, groups or vendors -> signals. */
  readonly purposes?: ReadonlyMap<string, SignalMask>;
  /** Lowest revision of the site's text that still counts. */
  readonly revision?: number;
  /** The platform was set up as opt-in, where its cookie does not say so (Ketch). */
  readonly optIn?: boolean;
}

/** What consent is read from. */
export interface ConsentInput {
  readonly cookies: Cookies;
  /** The browser's Global Privacy Control came with the hit. */
  readonly gpc: boolean;
  /** `gcs` and `gcd` of the hit. */
  readonly gcs: string | undefined;
  readonly gcd: string | undefined;
  /** `npa` of the hit. */
  readonly npa?: string | undefined;
  /** Privacy strings of the hit. */
  readonly privacy?: PrivacyKeys | undefined;
  /** What a back end says beside the cookies. */
  readonly stated?: StatedConsent | undefined;
  /** Unix milliseconds. */
  readonly at: number;
  /** The visitor's country, where an edge gives it. */
  readonly country: Country | undefined;
}
