import type { Country, Device, Item, ConsentModeKeys, PrivacyKeys } from './values.ts';

/** The class of a field. It decides how the field is shown to people and which privacy rules apply to it. */
export type DataClass =
  | 'event'
  | 'page'
  | 'campaign'
  | 'device'
  | 'network'
  | 'session'
  | 'identifier'
  | 'click_id'
  | 'user_data'
  | 'consent';

/** One row of the field table. `T` is the type of its value. */
export interface Field<T> {
  readonly class: DataClass;
  readonly description: string;
  /** Only the type; never present at run time. */
  readonly type?: T;
}

const row = <T>(cls: DataClass, description: string): Field<T> => ({ class: cls, description });

/** Flat names and scalar values: custom parameters, user properties, campaign keys. */
export type Scalars = Readonly<Record<string, string | number | boolean>>;
export type Texts = Readonly<Record<string, string>>;

/**
 * Names of the fields that carry a vendor's identifier. All of them are texts. Each vendor adds its fields beside its
 * rows (`core/identifiers.ts`), so a destination cannot read a field that nobody has declared.
 */
// oxlint-disable-next-line typescript/no-empty-interface, typescript/no-empty-object-type
export interface IdentifierFields {}

/**
 * Every value that an event can carry to a destination, except the identifiers of vendors. Names follow GA4's
 * recommended event parameters where they exist. A value without a row here or in a vendor's identifiers cannot leave
 * the gateway.
 */
export const OWN_FIELDS = {
  event_name: row<string>('event', 'GA4 event name, e.g. `purchase`'),
  event_id: row<string>('event', 'Stable id of the event; the vendors deduplicate on it'),
  event_time: row<number>('event', 'When it happened, unix milliseconds'),
  currency: row<string>('event', 'ISO 4217 code'),
  value: row<number>('event', 'Monetary value'),
  tax: row<number>('event', 'Tax of an order'),
  shipping: row<number>('event', 'Shipping cost of an order'),
  coupon: row<string>('event', 'Coupon of the order'),
  transaction_id: row<string>('event', "The shop's order number"),
  search_term: row<string>('event', 'What was searched for, scrubbed of personal data'),
  items: row<readonly Item[]>('event', 'Products, GA4 item parameters'),
  params: row<Scalars>('event', 'Custom event parameters, scrubbed of personal data'),
  user_properties: row<Scalars>('event', 'GA4 user properties, scrubbed of personal data'),
  engagement_time_msec: row<number>('event', 'Engagement since the last event, milliseconds'),
  debug_mode: row<boolean>('event', 'Shown in DebugView'),
  repeat: row<boolean>('event', 'Sent again by the tag after ad consent was given (`gcu`)'),
  ga4_transport: row<Texts>('event', 'Web-hit keys that identify nobody (`gtm`, `_s`, `seg`, `_c`, ...), allow-listed'),

  page_location: row<string>('page', 'Page address: allow-listed query keys only, no fragment, no click id'),
  page_referrer: row<string>('page', 'Referrer, reduced as `privacy.referrer` says'),
  page_title: row<string>('page', 'Page title, scrubbed of personal data'),

  campaign: row<Texts>('campaign', 'Campaign overrides of the tag: source, medium, name, content, term, id, ...'),

  user_agent: row<string>('device', 'The full User-Agent; exists only with `privacy.user_agent: full`'),
  user_agent_family: row<string>('device', 'A fixed User-Agent template: engine, major version, system family'),
  device: row<Device>('device', 'Category, browser and system family with major versions'),
  language: row<string>('device', 'Browser language'),
  screen_resolution: row<string>('device', 'Screen size, e.g. `1440x900`'),
  client_hints: row<Texts>('device', 'User-Agent client hints of a web hit (`uaa` ... `uaw`)'),

  ip: row<string>('network', 'Truncated address (`privacy.ip: truncate`), pseudonymous; never a whole one'),
  country: row<Country>('network', 'Country of the visitor, ISO 3166-1 alpha-2'),

  session_id: row<string>('session', 'GA4 session id (unix seconds of its start)'),
  session_number: row<string>('session', 'GA4 session count'),
  page_load_id: row<string>('session', 'Id of the page load, shared by its hits (`_p`)'),

  client_id: row<string>('identifier', 'GA4 client id within its cap, else a rotating keyed hash'),
  user_id: row<string>('identifier', "The site's own id of a logged-in visitor"),
  own_id: row<string>('identifier', "The gateway's own visitor id (`pv_id`)"),
  visitor_hash: row<string>('identifier', "Keyed hash of the client id under the site's own key, 32 hex digits"),

  google_click_params: row<string>('click_id', "Google's click parameters of the page address, as a query string"),

  email: row<string>('user_data', 'E-mail address as the site has it'),
  phone: row<string>('user_data', 'Phone number as the site has it'),
  first_name: row<string>('user_data', 'Given name'),
  last_name: row<string>('user_data', 'Family name'),
  street: row<string>('user_data', 'Street address'),
  city: row<string>('user_data', 'City'),
  region: row<string>('user_data', 'State, county or province'),
  postal_code: row<string>('user_data', 'Postal code'),
  user_country: row<Country>('user_data', "Country of the visitor's address, ISO 3166-1 alpha-2"),
  google_user_data: row<string>('user_data', "GA4's `em`: user data already normalised and hashed Google's way"),

  plain_email: row<string>('user_data', 'E-mail address in the clear, for a receiver that is named'),
  plain_phone: row<string>('user_data', 'Phone number in the clear, for a receiver that is named'),
  plain_first_name: row<string>('user_data', 'Given name in the clear, for a receiver that is named'),
  plain_last_name: row<string>('user_data', 'Family name in the clear, for a receiver that is named'),
  plain_street: row<string>('user_data', 'Street address in the clear, for a receiver that is named'),
  plain_city: row<string>('user_data', 'City in the clear, for a receiver that is named'),
  plain_region: row<string>('user_data', 'State, county or province in the clear, for a receiver that is named'),
  plain_postal_code: row<string>('user_data', 'Postal code in the clear, for a receiver that is named'),
  plain_country: row<string>(
    'user_data',
    "Country of the visitor's address in the clear, for a receiver that is named",
  ),

  consent_mode: row<ConsentModeKeys>('consent', 'Consent-mode keys as the tag sent them; only ever tightened'),

  email_sha256: row<string>('user_data', 'SHA-256 of the e-mail address, made by the site: trimmed, lower case'),
  phone_sha256: row<string>('user_data', 'SHA-256 of the phone number, made by the site: E.164 with `+`'),
} as const;

type OwnFields = typeof OWN_FIELDS;

export type FieldName = keyof OwnFields | keyof IdentifierFields;
export type Fields = { readonly [F in keyof OwnFields]: OwnFields[F] extends Field<infer T> ? T : never } & {
  readonly [F in keyof IdentifierFields]: string;
};

/**
 * What a protocol read from a hit: raw values under the names of the table. It must not reach a destination; `minimise`
 * makes an `Event` of it.
 */
export type RawEvent = { -readonly [F in FieldName]?: Fields[F] } & {
  /** Evidence of consent. It has no row in the table, so no vendor gets it. */
  privacy_keys?: PrivacyKeys;
  /**
   * An id that the sender repeats when it sends this event again, and uses for no other event. It has no row in the
   * table either.
   */
  retry_key?: string;
  /**
   * Other ids by which the sender knows the visitor, beside the client id. No vendor gets them, and copies of them are
   * taken out of other fields.
   */
  other_ids?: readonly string[];
};

declare const minimised: unique symbol;

/** An event after the privacy rules of the site: no value in it is less reduced than the configuration allows. */
export type Event = { readonly [F in FieldName]?: Fields[F] } & { readonly [minimised]?: true };
