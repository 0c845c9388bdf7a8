import type { SignalMask } from './signals.ts';

/** ISO 3166-1 alpha-2, upper case. */
export type Country = string;

/** GA4 item parameters (`destinations/ga4.md` 2.3 and 3.7); custom ones beside them. */
export interface Item {
  readonly item_id?: string;
  readonly item_name?: string;
  readonly affiliation?: string;
  readonly coupon?: string;
  readonly discount?: number;
  readonly index?: number;
  readonly item_brand?: string;
  readonly item_category?: string;
  readonly item_category2?: string;
  readonly item_category3?: string;
  readonly item_category4?: string;
  readonly item_category5?: string;
  readonly item_list_id?: string;
  readonly item_list_name?: string;
  readonly item_variant?: string;
  readonly location_id?: string;
  readonly price?: number;
  readonly quantity?: number;
  readonly promotion_id?: string;
  readonly promotion_name?: string;
  readonly creative_name?: string;
  readonly creative_slot?: string;
  /** Item parameters with the site's own names. */
  readonly custom?: Readonly<Record<string, string | number>>;
}

/** A device described by families and major versions only; computed by the gateway, never copied. */
export interface Device {
  readonly category: 'desktop' | 'mobile' | 'tablet' | 'tv' | 'other';
  readonly browser?: string;
  /** Major version. */
  readonly browser_version?: string;
  readonly operating_system?: string;
}

/** Consent-mode keys of a web hit, as they came (`destinations/consent-mode.md` 2-7). */
export interface ConsentModeKeys {
  readonly gcs?: string;
  readonly gcd?: string;
  readonly npa?: string;
  readonly dma?: string;
  readonly dma_cps?: string;
  readonly pscdl?: string;
}

/**
 * Privacy strings of a web hit, as they came: what other parts of the page told the tag (`destinations/consent-mode.md`
 * 8). They only ever take away, and no vendor gets them.
 */
export interface PrivacyKeys {
  readonly us_privacy?: string;
  /** `sst.us_privacy`: the same, written by tags that send to a server. */
  readonly sst_us_privacy?: string;
  readonly gdpr?: string;
  readonly gdpr_consent?: string;
  readonly gpp?: string;
  readonly gpp_sid?: string;
}

/** What a back end says of a visitor's consent, beside the visitor's cookies. */
export interface StatedConsent {
  /** Its record of the visitor's choice. */
  readonly record:
    | {
        readonly granted: SignalMask;
        readonly refused: SignalMask;
        /** When the choice was made, unix milliseconds. */
        readonly at: number;
      }
    | undefined;
  /** Signals that the event must not use, though nobody says that the visitor refused them. */
  readonly withheld: SignalMask;
  /** The state of the categories of the site's banner, by the names in the banner. */
  readonly preferences?: StatedPreferences | undefined;
}

/** Categories of a banner as a sender states them. The site says what each stands for. */
export interface StatedPreferences {
  /** Category -> allowed; undefined = the value cannot be read. */
  readonly categories: ReadonlyMap<string, boolean> | undefined;
  /** A page states it, and anybody could send as a page; else a back end with a key. */
  readonly byPage: boolean;
  /**
   * When the visitor chose this, unix milliseconds: categories that are not allowed were refused then. Undefined = the
   * sender does not say.
   */
  readonly chosenAt: number | undefined;
}
