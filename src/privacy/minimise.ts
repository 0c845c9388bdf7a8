import { readableKeys } from '../core/consent-mode.ts';
import { scrub } from './pii/scrub.ts';
import type { Event, RawEvent, Scalars } from '../core/fields.ts';
import { GA4_EVENTS } from '../core/event-names.ts';
import { e164 } from '../core/phone.ts';
import { sha256Of } from '../core/user-data.ts';
import type { Item } from '../core/values.ts';
import { isPlaceholder } from '../core/placeholders.ts';
import type { SitePrivacy } from './types.ts';
import { truncateIp } from './ip.ts';
import { Cleaner, isPersonalId } from './cleaner.ts';
import { readReferrer, type PageUrl } from './url/url.ts';
import { readUserAgent } from './user-agent.ts';

/** What the floor needs beside the raw event. Its identifiers have been read under consent and capped before. */
export interface Surroundings {
  readonly page: PageUrl | undefined;
  readonly userAgent: string | undefined;
  readonly address: string | undefined;
  readonly country: string | undefined;
  /** Identifiers and click ids that this consent unlocks, in presentable form. */
  readonly identifiers: Partial<RawEvent>;
  readonly eventId: string;
  readonly eventTime: number;
  /** Knows the ids of whose event it is; without one, copies of them are not found. */
  readonly cleaner?: Cleaner;
}

/**
 * The site's privacy floor (design 3): the same for every route. Free text is scrubbed of personal data, addresses
 * and user agents are reduced, and of identifiers only those in `identifiers` are taken over.
 */
// oxlint-disable-next-line max-lines-per-function -- a line for each field, in the order of the table: whole, it can be compared with it
export function minimise(raw: RawEvent, around: Surroundings, privacy: SitePrivacy): Event {
  const { page, cleaner = new Cleaner(privacy.url) } = around;
  // Identifiers first, then the order of the table: this way events have only a few shapes in V8, and reading is fast.
  const event: RawEvent = { ...around.identifiers };
  event.event_name = nameOf(raw, cleaner);
  event.event_id = around.eventId;
  event.event_time = around.eventTime;
  if (raw.currency !== undefined && CURRENCY.test(raw.currency)) event.currency = raw.currency;
  putNumber(event, 'value', raw.value, cleaner);
  putNumber(event, 'tax', raw.tax, cleaner);
  putNumber(event, 'shipping', raw.shipping, cleaner);
  if (raw.coupon !== undefined) event.coupon = cleaner.text(raw.coupon);
  if (raw.transaction_id !== undefined && isOrder(raw.transaction_id, cleaner))
    event.transaction_id = raw.transaction_id;
  if (raw.search_term !== undefined) event.search_term = cleaner.text(raw.search_term);
  if (raw.items !== undefined) event.items = raw.items.map((item) => cleanItem(item, cleaner));
  if (raw.params !== undefined) event.params = cleaner.scalars(raw.params);
  if (raw.user_properties !== undefined) event.user_properties = cleaner.scalars(raw.user_properties);
  putNumber(event, 'engagement_time_msec', raw.engagement_time_msec, cleaner);
  if (raw.debug_mode !== undefined) event.debug_mode = raw.debug_mode;
  if (raw.repeat !== undefined) event.repeat = raw.repeat;
  if (raw.ga4_transport !== undefined) event.ga4_transport = raw.ga4_transport;

  if (page !== undefined) {
    const location = ownAddress(page.url, cleaner);
    if (location !== undefined) event.page_location = location;
    if (page.googleClickParams !== undefined) event.google_click_params = page.googleClickParams;
  }
  if (raw.page_referrer !== undefined && raw.page_referrer !== '') {
    const referrer = readReferrer(raw.page_referrer, privacy.url);
    const from = referrer === undefined ? undefined : ownAddress(referrer, cleaner);
    if (from !== undefined) event.page_referrer = from;
  }
  if (raw.page_title !== undefined) event.page_title = cleaner.text(raw.page_title);
  if (raw.campaign !== undefined) event.campaign = cleaner.texts(raw.campaign);

  // Without a user agent no template is made, because it would claim that a browser was seen.
  if (privacy.userAgent !== 'drop' && around.userAgent !== undefined && around.userAgent !== '') {
    const agent = readUserAgent(around.userAgent);
    event.user_agent_family = agent.family;
    event.device = agent.device;
    if (privacy.userAgent === 'full') {
      event.user_agent = around.userAgent;
      if (raw.client_hints !== undefined) event.client_hints = raw.client_hints;
    }
  }
  if (raw.language !== undefined && LANGUAGE.test(raw.language)) event.language = raw.language;
  if (raw.screen_resolution !== undefined && SCREEN.test(raw.screen_resolution)) {
    event.screen_resolution = raw.screen_resolution;
  }
  if (privacy.ip === 'country' && around.country !== undefined) event.country = around.country;
  if (privacy.ip === 'truncate' && around.address !== undefined) {
    const address = truncateIp(around.address);
    if (address !== undefined) event.ip = address;
  }

  const session = raw.session_id ?? around.identifiers.session_id;
  if (session !== undefined && isSession(session, around.eventTime)) event.session_id = session;
  else delete event.session_id;
  if (raw.session_number !== undefined && COUNT.test(raw.session_number)) event.session_number = raw.session_number;
  if (raw.page_load_id !== undefined && PAGE_LOAD.test(raw.page_load_id)) event.page_load_id = raw.page_load_id;

  const personal = raw.user_id === undefined ? undefined : putUserId(event, raw.user_id);
  const email = raw.email ?? (personal !== undefined && EMAIL.test(personal) ? personal : undefined);
  if (email !== undefined) event.email = email;
  const phone = raw.phone ?? (personal !== undefined && PHONE.test(personal) ? personal : undefined);
  if (phone !== undefined) {
    const number = sha256Of(phone) ?? e164(phone, raw.user_country);
    if (number !== undefined) event.phone = number;
  }
  if (raw.first_name !== undefined) event.first_name = raw.first_name;
  if (raw.last_name !== undefined) event.last_name = raw.last_name;
  if (raw.street !== undefined) event.street = raw.street;
  if (raw.city !== undefined) event.city = raw.city;
  if (raw.region !== undefined) event.region = raw.region;
  if (raw.postal_code !== undefined) event.postal_code = raw.postal_code;
  if (raw.user_country !== undefined) event.user_country = raw.user_country;
  if (raw.email_sha256 !== undefined) event.email_sha256 = raw.email_sha256;
  if (raw.phone_sha256 !== undefined) event.phone_sha256 = raw.phone_sha256;
  if (raw.google_user_data !== undefined) event.google_user_data = raw.google_user_data;

  if (raw.consent_mode !== undefined) event.consent_mode = readableKeys(raw.consent_mode);
  return event;
}

/**
 * An address without copies of the visitor's own ids. If a copy shows only after decoding, only the site remains;
 * undefined if that has a copy, too.
 */
function ownAddress(address: string, cleaner: Cleaner): string | undefined {
  const clean = cleaner.own(address);
  if (clean.startsWith('http')) return clean;
  const site = cleaner.own(address.slice(0, address.indexOf('/', SCHEME_LONG) + 1));
  return site.startsWith('http') ? site : undefined;
}

/** `https://` */
const SCHEME_LONG = 8;

const LANGUAGE = /^[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}$/;
const SCREEN = /^\d{1,5}x\d{1,5}$/;
const CURRENCY = /^[A-Za-z]{3}$/;
/** Unix seconds, a count, and milliseconds or a number (`destinations/ga4.md` 3.2, 3.3); other texts could identify. */
const SECONDS = /^1\d{9}$/;
const SECONDS_LONG = 10;
/** Tags number sessions like this since 2017; a visitor's clock may be wrong by a day, time zones included. */
const FIRST_SESSION = 1_500_000_000;
const AHEAD = 2 * 86_400;
const RANDOM = /^\d{12,20}$/;
const COUNT = /^\d{1,5}$/;
const PAGE_LOAD = /^\d{1,20}$/;

/**
 * Whether a text is a session id: the second in which the session began, not after its event (milliseconds), because other
 * ten digits may be a person's number; or the long random number of other clients, unless it has the form of one.
 */
function isSession(id: string, eventTime: number): boolean {
  if (id.length !== SECONDS_LONG) return RANDOM.test(id) && scrub(id) === id;
  return SECONDS.test(id) && Number(id) >= FIRST_SESSION && Number(id) <= eventTime / 1000 + AHEAD;
}

/** Whether it is an order number, and neither a placeholder for a missing one nor personal data. */
function isOrder(id: string, cleaner: Cleaner): boolean {
  return !isPlaceholder(id) && cleaner.isId(id);
}

/** An address and nothing else: with anything more its hash would match nobody. */
const EMAIL = /^\s*[^\s@:;,<>"%\\]{1,64}@(?:[\p{L}\d-]{1,63}\.){1,8}\p{L}{2,24}\s*$/u;
/** With a country code; without one the number could be another person's in another country. */
const PHONE = /^\s*(?:\+|00)[\d\s().-]{8,24}$/;

/** The most characters that GA4 takes (`destinations/ga4.md` 2.4). */
const LONGEST_NAME = 40;

/** Cut after it is cleaned, because the detectors do not find half an address. */
function nameOf(raw: RawEvent, cleaner: Cleaner): string {
  const name = raw.event_name ?? '';
  const clean = GA4_EVENTS.has(name) ? name : cleaner.text(name);
  return clean.length > LONGEST_NAME ? clean.slice(0, LONGEST_NAME).toWellFormed() : clean;
}

function putNumber(
  event: RawEvent,
  field: 'value' | 'tax' | 'shipping' | 'engagement_time_msec',
  value: number | undefined,
  cleaner: Cleaner,
): void {
  const kept = value === undefined ? undefined : cleaner.number(value);
  if (kept !== undefined) event[field] = kept;
}

/**
 * Puts in the site's own id of its visitor. An email address, a phone number or a national id is not used as an id,
 * because vendors forbid that.
 * @returns the id where it is personal: it is then used only as an address or number, hashed
 */
function putUserId(event: RawEvent, id: string): string | undefined {
  if (isPersonalId(id)) return id;
  event.user_id = id;
  return undefined;
}

/**
 * Numbers of articles and lists are exempt from what looks like a person's number; everything else is free text. An empty
 * text is none.
 */
function cleanItem(item: Item, cleaner: Cleaner): Item {
  const clean: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(item) as [string, unknown][]) {
    if (key === 'custom') clean[key] = cleaner.scalars(value as Scalars);
    else if (typeof value === 'number') clean[key] = cleaner.number(value);
    else if (typeof value !== 'string') clean[key] = value;
    else if (value !== '') clean[key] = NUMBERED.has(key) ? cleaner.article(value) : cleaner.text(value);
  }
  return clean;
}

const NUMBERED: ReadonlySet<string> = new Set([
  'item_id',
  'item_variant',
  'item_list_id',
  'promotion_id',
  'location_id',
]);
