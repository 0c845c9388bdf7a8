import { writeConsentMode, type WrittenKeys } from '../../src/core/consent-mode.ts';
import type { Element, PlanContext, PlannedRequest } from '../../src/core/destination.ts';
import type { Scalars, Texts } from '../../src/core/fields.ts';
import { CAMPAIGN_KEYS, ITEM_NUMBERS, ITEM_TEXTS } from '../../src/core/ga4-web.ts';
import { BIT } from '../../src/core/signals.ts';
import type { Item } from '../../src/core/values.ts';
import type { FullView, LimitedView } from './reads.ts';

/** Envelope of web hits: each is a request of its own. */
export const WEB = 'web';

/** A longer address goes as POST, with the event in the body; Google's front ends take far more. */
const MAX_QUERY = 4000;

/**
 * Writes a web hit anew from what may be sent (`destinations/ga4.md` 3): nothing of the request that came in is
 * forwarded, and the consent-mode keys say what was decided.
 */
export function planWeb(view: FullView, measurementId: string, context: PlanContext): Element {
  const shared =
    `v=2&tid=${encode(measurementId)}` +
    texts(view.ga4_transport) +
    pair('_p', view.page_load_id) +
    consentPairs(writeConsentMode(view.consent_mode, context)) +
    pair('cid', view.client_id) +
    pair('uid', view.user_id) +
    pair('ul', view.language) +
    pair('sr', view.screen_resolution) +
    texts(view.client_hints) +
    pair('_uip', view.ip) +
    pair('_uc', view.country) +
    pair('sid', view.session_id) +
    pair('sct', view.session_number) +
    pair('dl', location(view.page_location, view.google_click_params)) +
    pair('dr', view.page_referrer) +
    pair('dt', view.page_title) +
    campaign(view.campaign) +
    pair('em', view.google_user_data);
  const event =
    `en=${encode(view.event_name ?? '')}` +
    pair('_et', view.engagement_time_msec) +
    (view.debug_mode === true ? '&_dbg=1' : '') +
    pair('cu', view.currency) +
    pair('epn.value', view.value) +
    pair('epn.tax', view.tax) +
    pair('epn.shipping', view.shipping) +
    pair('ep.coupon', view.coupon) +
    pair('ep.transaction_id', view.transaction_id) +
    pair('ep.search_term', view.search_term) +
    pair('ep.event_id', ownEventId(view, context)) +
    params(view.params) +
    userProperties(view.user_properties) +
    items(view.items);
  const agent = view.user_agent ?? view.user_agent_family;
  return { envelope: WEB, element: hitText(shared, event, agent) };
}

/** The identifier-free hit: exactly the keys of `destinations/ga4.md` 5. */
export function planLimitedWeb(view: LimitedView, measurementId: string, context: PlanContext): Element {
  const keys = writeConsentMode(view.consent_mode, {
    // Whatever else was granted, this form claims storage for ads at most.
    signals: context.signals & BIT.ad_storage,
    refused: context.refused,
    siteCountry: context.siteCountry,
  });
  const query =
    `v=2&tid=${encode(measurementId)}` +
    consentPairs({ ...keys, pscdl: 'denied' }) +
    pair('cid', throwawayId(context)) +
    pair('ul', view.language?.split(/[-_]/, 1)[0]) +
    pair('dl', view.page_location?.split(/[?#]/, 1)[0]) +
    pair('dt', view.page_title);
  const event = `en=${encode(view.event_name ?? '')}` + pair('cu', view.currency) + pair('epn.value', view.value);
  return { envelope: WEB, element: hitText(query, event, undefined) };
}

/** The request a stored web hit stands for. */
export function webRequest(host: string, element: string): PlannedRequest {
  const [query = '', body = '', agent = ''] = element.split('\n');
  const url = `https://${host}/g/collect?${query}`;
  const headers: Record<string, string> = agent === '' ? {} : { 'user-agent': agent };
  if (body === '') return { method: 'GET', url, headers };
  return { method: 'POST', url, headers: { ...headers, 'content-type': 'text/plain;charset=UTF-8' }, body };
}

/** A web hit as it is stored: query, body and user agent, one a line; none of them can hold a line break. */
function hitText(shared: string, event: string, agent: string | undefined): string {
  const whole = shared.length + event.length < MAX_QUERY;
  const hit = whole ? `${shared}&${event}` : `${shared}\n${event}`;
  if (agent === undefined) return hit;
  return `${hit}${whole ? '\n' : ''}\n${headerText(agent)}`;
}

/** A header value: visible ASCII and spaces. */
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '');
}

function consentPairs(keys: WrittenKeys): string {
  return (
    `&gcs=${keys.gcs}&gcd=${keys.gcd}&npa=${keys.npa}&dma=${keys.dma}&dma_cps=${keys.dma_cps}` +
    pair('pscdl', keys.pscdl)
  );
}

/** An id that ends with the hit it was made for: `<number>.<unix seconds>`, like the tag's own. */
function throwawayId({ hitId, at }: PlanContext): string {
  return `${Number.parseInt(hitId.slice(0, 8), 16) & 0x7fffffff}.${Math.floor(at / 1000)}`;
}

/** Only an id that the site gave; the gateway's own starts with the hit's. */
function ownEventId(view: FullView, { hitId }: PlanContext): string | undefined {
  const id = view.event_id;
  return id === undefined || id === view.transaction_id || id.startsWith(hitId) ? undefined : id;
}

function location(page: string | undefined, clickParams: string | undefined): string | undefined {
  if (page === undefined || clickParams === undefined || clickParams === '') return page;
  return `${page}${page.includes('?') ? '&' : '?'}${clickParams}`;
}

function campaign(values: Texts | undefined): string {
  if (values === undefined) return '';
  let out = '';
  for (const [key, name] of CAMPAIGN_KEYS) out += pair(key, values[name]);
  return out;
}

function params(values: Scalars | undefined): string {
  let out = '';
  for (const name in values) {
    const value = values[name];
    out += pair(scalarKey('ep', name, value), value);
  }
  return out;
}

function userProperties(values: Scalars | undefined): string {
  let out = '';
  for (const name in values) out += pair(scalarKey('up', name, values[name]), values[name]);
  return out;
}

function scalarKey(prefix: 'ep' | 'up', name: string, value: unknown): string {
  return `${prefix}${typeof value === 'number' ? 'n' : ''}.${encode(name)}`;
}

function texts(values: Texts | undefined): string {
  let out = '';
  for (const key in values) out += pair(key, values[key]);
  return out;
}

function items(values: readonly Item[] | undefined): string {
  let out = '';
  if (values !== undefined)
    for (let i = 0; i < values.length; i++) out += pair(`pr${i + 1}`, itemText(values[i] as Item));
  return out;
}

const TEXT_KEYS = [...ITEM_TEXTS];
const NUMBER_KEYS = [...ITEM_NUMBERS];

/** `idSKU-1~nmMug~pr27.5~k0colour~v0blue` (`destinations/ga4.md` 3.7). */
function itemText(item: Item): string {
  let out = '';
  for (const [key, name] of TEXT_KEYS) {
    const value = item[name];
    if (value !== undefined && value !== '') out += `~${key}${escapeTilde(value)}`;
  }
  for (const [key, name] of NUMBER_KEYS) {
    const value = item[name];
    if (value !== undefined) out += `~${key}${value}`;
  }
  let index = 0;
  for (const name in item.custom) {
    out += `~k${index}${escapeTilde(name)}~v${index}${escapeTilde(String(item.custom[name]))}`;
    index++;
  }
  return out.slice(1);
}

function escapeTilde(text: string): string {
  return text.includes('~') ? text.replaceAll('~', '~~') : text;
}

/** `&key=value`, or nothing without a value. Keys are this module's own or encoded already. */
function pair(key: string, value: string | number | boolean | undefined): string {
  if (value === undefined || value === '') return '';
  // Numbers, too: the `+` of 1e+21 would be read as a space.
  return `&${key}=${encode(typeof value === 'string' ? value : String(value))}`;
}

/** Percent-encoding for a query; most values are plain already. Lone surrogates become U+FFFD. */
function encode(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const lower = code | 32;
    const plain =
      (lower >= 97 && lower <= 122) || (code >= 45 && code <= 57 && code !== 47) || code === 95 || code === 126;
    if (!plain) return encodeURIComponent(text.toWellFormed());
  }
  return text;
}
