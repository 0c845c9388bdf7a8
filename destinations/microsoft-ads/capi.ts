import type {
  Element,
  PlanContext,
  PlannedRequest,
  Reads,
  Requirement,
  View,
  Wants,
} from '../../src/core/destination.ts';
import { currencyCode } from '../../src/core/money.ts';
import { bearer } from '../../src/core/secret.ts';
import { BIT } from '../../src/core/signals.ts';
import { sha256Of } from '../../src/core/user-data.ts';
import type { Item } from '../../src/core/values.ts';
import { clickId, hexDigits, emailHash, phoneHash, uuid } from './normalise.ts';
import type { Settings } from './settings.ts';

export const CAPI_HOST = 'capi.uet.microsoft.com';

/** The envelope of Conversions API events; all of a tag's may share a request. */
const CAPI = 'capi';

export const reads = {
  event_name: {},
  event_id: {},
  event_time: {},
  currency: {},
  value: {},
  transaction_id: {},
  search_term: {},
  items: {},
  page_location: {},
  page_load_id: {},
  user_agent_family: {},
  msclkid: { as: clickId },
  email: { needs: ['ad_user_data'], as: emailHash },
  phone: { needs: ['ad_user_data'], as: phoneHash },
  phone_sha256: { needs: ['ad_user_data'], as: sha256Of },
} as const satisfies Reads;

type Seen = View<typeof reads>;

/** The event that is a page load, whatever else its name is mapped to. */
export const PAGE_VIEW = 'page_view';

/** The page types of UET that a GA4 event name stands for beyond doubt (`destinations/microsoft.md` A.3). */
const PAGE_TYPES: ReadonlyMap<string, string> = new Map([
  ['purchase', 'purchase'],
  ['view_item', 'product'],
  ['view_item_list', 'category'],
  ['view_cart', 'cart'],
  ['begin_checkout', 'cart'],
  ['search', 'searchresults'],
  ['view_search_results', 'searchresults'],
]);

/** What conversion goals match on: the GA4 name, unless the site says otherwise. What it names so is what goals count. */
export function wants({ event_names = {} }: Settings): Wants {
  return { names: new Map(Object.entries(event_names)), others: true, conversions: true };
}

/** `userData` holds at least one of these (`destinations/microsoft.md` A.3). */
export const matchesOn = () => [['msclkid'], ['email'], ['phone'], ['phone_sha256']] as const;

/** A page load is one of some page (A.3). */
export const requires: readonly Requirement<keyof Seen>[] = [
  { fields: ['event_name'] },
  { event: PAGE_VIEW, fields: ['page_location'] },
];

/** One event of the UET Conversions API (A.3). */
export function planEvent(view: Seen, _: Settings, context: PlanContext, action: string): Element {
  const { event_name: name = '', msclkid, email } = view;
  const pageLoad = name === PAGE_VIEW;
  return {
    envelope: CAPI,
    element: JSON.stringify({
      eventType: pageLoad ? 'pageLoad' : 'custom',
      eventName: pageLoad ? undefined : action,
      eventId: view.event_id,
      eventTime: Math.floor((view.event_time ?? context.at) / 1000),
      eventSourceUrl: view.page_location,
      pageLoadId: pageLoadIdOf(view, context),
      // Absent would mean granted.
      adStorageConsent: (context.signals & BIT.ad_storage) === 0 ? 'D' : 'G',
      userData: { clientUserAgent: view.user_agent_family, msclkid, em: email, ph: view.phone ?? view.phone_sha256 },
      // A page load cannot carry revenue, and has nothing else to say.
      customData: pageLoad ? undefined : customDataOf(name, view),
    }),
  };
}

/** Events of one tag in one request; the valid ones are taken even if others are not (A.2). */
export function requestEvents(elements: readonly string[], settings: Settings): PlannedRequest {
  return {
    method: 'POST',
    url: `https://${CAPI_HOST}/v1/${settings.tag_id}/events`,
    headers: { authorization: bearer(settings.access_token), 'content-type': 'application/json' },
    body: `{"continueOnValidationError":true,"dataProvider":"portvakt","data":[${elements.join(',')}]}`,
  };
}

/** The same for all events of a page load, and for nobody else's: the tag's own page-load number is not unique. */
function pageLoadIdOf(view: Seen, { hitId }: PlanContext): string {
  return uuid(view.page_load_id === undefined ? hitId : hexDigits(`${view.page_load_id} ${view.msclkid ?? ''}`));
}

function customDataOf(name: string, view: Seen): object | undefined {
  const { value, currency } = moneyOf(view.value, view.currency);
  const custom = {
    value,
    currency,
    transactionId: view.transaction_id,
    searchTerm: view.search_term,
    pageType: PAGE_TYPES.get(name),
    items: itemsOf(view.items),
  };
  return Object.values(custom).some((found) => found !== undefined) ? custom : undefined;
}

/**
 * Zero is a value. A value in a currency that is none would count as the goal's own, so it is left out; without any
 * currency that is what the site means.
 */
export function moneyOf(
  value: number | undefined,
  currency: string | undefined,
): { readonly value?: number; readonly currency?: string } {
  if (value === undefined || !Number.isFinite(value)) return {};
  if (currency === undefined) return { value };
  const code = currencyCode(currency);
  return code === undefined ? {} : { value, currency: code };
}

function itemsOf(items: readonly Item[] | undefined): readonly object[] | undefined {
  const rows: object[] = [];
  for (const { item_id: id, quantity, price, item_name: name } of items ?? []) {
    if (id !== undefined || name !== undefined) rows.push({ id, quantity, price, name });
  }
  return rows.length === 0 ? undefined : rows;
}
