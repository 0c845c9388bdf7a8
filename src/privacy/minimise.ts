import type { Event, RawEvent, Scalars, Texts } from '../core/fields.ts';
import type { Item } from '../core/values.ts';
import { isPlaceholder } from '../core/placeholders.ts';
import type { SitePrivacy } from './types.ts';
import { truncateIp } from './ip.ts';
import { scrub, scrubScalars } from './pii.ts';
import { readReferrer, type PageUrl, type UrlPolicy } from './url.ts';
import { readUserAgent } from './user-agent.ts';

/** What the floor needs beside the raw event; identifiers have been read under consent and capped already. */
export interface Surroundings {
  readonly page: PageUrl | undefined;
  readonly userAgent: string | undefined;
  readonly address: string | undefined;
  readonly country: string | undefined;
  /** Identifiers and click ids that this consent unlocks, in presentable form. */
  readonly identifiers: Partial<RawEvent>;
  readonly eventId: string;
  readonly eventTime: number;
}

/**
 * The site's privacy floor (design 3): the same for every route. Free text is scrubbed of personal data, addresses
 * and user agents are reduced, and of identifiers only those in `identifiers` are taken over.
 */
export function minimise(raw: RawEvent, around: Surroundings, privacy: SitePrivacy): Event {
  const { page } = around;
  // One object literal in table order: every event has the same shape, which keeps reading it cheap.
  const event: RawEvent = { ...around.identifiers };
  event.event_name = scrub(raw.event_name ?? '');
  event.event_id = around.eventId;
  event.event_time = around.eventTime;
  if (raw.currency !== undefined && CURRENCY.test(raw.currency)) event.currency = raw.currency;
  if (raw.value !== undefined) event.value = raw.value;
  if (raw.tax !== undefined) event.tax = raw.tax;
  if (raw.shipping !== undefined) event.shipping = raw.shipping;
  if (raw.coupon !== undefined) event.coupon = scrub(raw.coupon);
  if (raw.transaction_id !== undefined && isOrder(raw.transaction_id)) event.transaction_id = raw.transaction_id;
  if (raw.search_term !== undefined) event.search_term = scrub(raw.search_term);
  if (raw.items !== undefined) event.items = raw.items.map((item) => scrubItem(item, privacy.url));
  if (raw.params !== undefined) event.params = scrubScalars(raw.params, privacy.url);
  if (raw.user_properties !== undefined) event.user_properties = scrubScalars(raw.user_properties, privacy.url);
  if (raw.engagement_time_msec !== undefined) event.engagement_time_msec = raw.engagement_time_msec;
  if (raw.debug_mode !== undefined) event.debug_mode = raw.debug_mode;
  if (raw.repeat !== undefined) event.repeat = raw.repeat;
  if (raw.ga4_transport !== undefined) event.ga4_transport = raw.ga4_transport;

  if (page !== undefined) {
    event.page_location = page.url;
    if (page.googleClickParams !== undefined) event.google_click_params = page.googleClickParams;
  }
  if (raw.page_referrer !== undefined && raw.page_referrer !== '') {
    const referrer = readReferrer(raw.page_referrer, privacy.url);
    if (referrer !== undefined) event.page_referrer = referrer;
  }
  if (raw.page_title !== undefined) event.page_title = scrub(raw.page_title);
  if (raw.campaign !== undefined) event.campaign = scrubScalars(raw.campaign, privacy.url) as Texts;

  if (privacy.userAgent !== 'drop') {
    const agent = readUserAgent(around.userAgent);
    event.user_agent_family = agent.family;
    event.device = agent.device;
    if (privacy.userAgent === 'full' && around.userAgent !== undefined) {
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
  if (session !== undefined && NUMBER.test(session)) event.session_id = session;
  else delete event.session_id;
  if (raw.session_number !== undefined && NUMBER.test(raw.session_number)) event.session_number = raw.session_number;
  if (raw.page_load_id !== undefined && NUMBER.test(raw.page_load_id)) event.page_load_id = raw.page_load_id;

  if (raw.user_id !== undefined) event.user_id = raw.user_id;
  if (raw.email !== undefined) event.email = raw.email;
  if (raw.phone !== undefined) event.phone = raw.phone;
  if (raw.first_name !== undefined) event.first_name = raw.first_name;
  if (raw.last_name !== undefined) event.last_name = raw.last_name;
  if (raw.street !== undefined) event.street = raw.street;
  if (raw.city !== undefined) event.city = raw.city;
  if (raw.region !== undefined) event.region = raw.region;
  if (raw.postal_code !== undefined) event.postal_code = raw.postal_code;
  if (raw.user_country !== undefined) event.user_country = raw.user_country;
  if (raw.google_user_data !== undefined) event.google_user_data = raw.google_user_data;

  if (raw.consent_mode !== undefined) event.consent_mode = raw.consent_mode;
  return event;
}

const LANGUAGE = /^[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}$/;
const SCREEN = /^\d{1,5}x\d{1,5}$/;
const CURRENCY = /^[A-Za-z]{3}$/;
/** Sessions, their count and page loads are numbers (`destinations/ga4.md` 3.2, 3.3); any other text could say who it is. */
const NUMBER = /^\d{1,20}$/;

const ORDER = /^[\w.:#/-]*$/;

/**
 * An order number is exempt from the patterns (R43), but an address, however it is spelled, is none. What is left of
 * it would not do either: orders with one tag for a number would count as one. Nor is what stands there when the shop
 * had no number.
 */
function isOrder(id: string): boolean {
  return !isPlaceholder(id) && (ORDER.test(id) || scrub(id) === id);
}

/** Known parameters are text or numbers; the site's own are treated like custom event parameters. */
function scrubItem(item: Item, policy: UrlPolicy): Item {
  const clean: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(item) as [string, unknown][]) {
    if (key === 'custom') clean[key] = scrubScalars(value as Scalars, policy);
    else clean[key] = typeof value === 'string' ? scrub(value) : value;
  }
  return clean;
}
