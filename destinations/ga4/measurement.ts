import type { Element, PlanContext, PlannedRequest } from '../../src/core/destination.ts';
import type { Scalars } from '../../src/core/fields.ts';
import { sha256Hex } from '../../src/core/hash.ts';
import { type SecretRef, secretText } from '../../src/core/secret.ts';
import { BIT, type SignalMask } from '../../src/core/signals.ts';
import type { Device, Item } from '../../src/core/values.ts';
import { providedData } from './provided-data.ts';
import type { FullView } from './reads.ts';

/** Limits of the Measurement Protocol (`destinations/ga4.md` 2.4). */
const MAX_EVENTS = 25;
const MAX_PARAMS = 25;
const MAX_USER_PROPERTIES = 25;
const MAX_VALUE = 100;
const MAX_USER_ID = 256;
const MAX_PROPERTY_VALUE = 36;
const MAX_LOCATION = 1000;
const MAX_REFERRER = 420;
const MAX_TITLE = 300;

/**
 * Longest event that shares a request, in characters: 25 of them stay below 130 kB even at three bytes a character.
 * A longer one (a big basket) goes alone.
 */
const MAX_SHARED = 1500;

/**
 * Writes an event for the Measurement Protocol (`destinations/ga4.md` 2). The envelope is what the events of a
 * request have in common, after how many of them may share it.
 */
export function planMeasurement(view: FullView, context: PlanContext): Element {
  const { client_id } = view;
  const element = JSON.stringify({ name: view.event_name, params: eventParams(view) });
  const common = JSON.stringify({
    client_id,
    user_id: cut(view.user_id, MAX_USER_ID),
    timestamp_micros: (view.event_time ?? context.at) * 1000,
    consent: consent(context.signals),
    user_properties: userProperties(view.user_properties),
    user_data: providedData(view),
    user_location: view.country === undefined ? undefined : { country_id: view.country },
    device: device(view),
  });
  return { envelope: `${element.length > MAX_SHARED ? 1 : MAX_EVENTS}${common}`, element };
}

/** How many events may share this envelope. */
export function measurementBatch(envelope: string): number {
  return Number.parseInt(envelope, 10);
}

/** One request out of events with the same envelope. */
export function measurementRequest(
  host: string,
  measurementId: string,
  apiSecret: SecretRef,
  envelope: string,
  elements: readonly string[],
): PlannedRequest {
  const common = envelope.slice(envelope.indexOf('{'), -1);
  return {
    method: 'POST',
    url: secretText`${`https://${host}/mp/collect?measurement_id=${measurementId}&api_secret=`}${apiSecret}`,
    headers: { 'content-type': 'application/json' },
    body: `${common},"events":[${elements.join(',')}]}`,
  };
}

/** Both keys, always: without them Google falls back to what the visitor's browser last said (2.5). */
function consent(signals: SignalMask): Readonly<Record<string, 'GRANTED' | 'DENIED'>> {
  return {
    ad_user_data: (signals & BIT.ad_user_data) === 0 ? 'DENIED' : 'GRANTED',
    ad_personalization: (signals & BIT.ad_personalization) === 0 ? 'DENIED' : 'GRANTED',
  };
}

function eventParams(view: FullView): Record<string, unknown> {
  const params: Record<string, unknown> = {
    session_id: view.session_id,
    // Below 1 the visitor does not count as active (2.3).
    engagement_time_msec: Math.max(1, view.engagement_time_msec ?? 1),
    debug_mode: view.debug_mode === true ? true : undefined,
    transaction_id: orderId(view.transaction_id),
    currency: view.currency,
    // Without a currency Google refuses the value (2.3).
    value: view.currency === undefined ? undefined : view.value,
    tax: view.tax,
    shipping: view.shipping,
    coupon: cut(view.coupon, MAX_VALUE),
    search_term: cut(view.search_term, MAX_VALUE),
    items: items(view.items),
    page_location: cut(view.page_location, MAX_LOCATION),
    page_referrer: cut(view.page_referrer, MAX_REFERRER),
    page_title: cut(view.page_title, MAX_TITLE),
  };
  let count = 0;
  for (const name in params) if (params[name] !== undefined) count++;
  for (const [name, value] of Object.entries(view.params ?? {})) {
    if (count === MAX_PARAMS) break;
    if (Object.hasOwn(params, name) || !NAME.test(name)) continue;
    params[name] = typeof value === 'string' ? cut(value, MAX_VALUE) : value;
    count++;
  }
  return params;
}

const NAME = /^[A-Za-z][A-Za-z0-9_]{0,39}$/;

/** Items that say what they are; their own parameters stand beside GA4's. */
function items(list: readonly Item[] | undefined): readonly object[] | undefined {
  const named = list?.filter((item) => item.item_id !== undefined || item.item_name !== undefined);
  if (named === undefined || named.length === 0) return undefined;
  return named.map(({ custom, ...item }) => {
    const whole: Record<string, unknown> = { ...custom, ...item };
    for (const name in whole) {
      const value = whole[name];
      if (typeof value === 'string') whole[name] = cut(value, MAX_VALUE);
    }
    return whole;
  });
}

/** All orders with an empty id would count as one (2.8), and so would those whose long ids were cut to the same text. */
function orderId(id: string | undefined): string | undefined {
  if (id === undefined || id === '') return undefined;
  return id.length > MAX_VALUE ? sha256Hex(id) : id;
}

function userProperties(values: Scalars | undefined): object | undefined {
  if (values === undefined) return undefined;
  const entries = Object.entries(values)
    .filter(([name]) => NAME.test(name) && name.length <= 24)
    .slice(0, MAX_USER_PROPERTIES);
  if (entries.length === 0) return undefined;
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      { value: typeof value === 'number' ? value : cut(String(value), MAX_PROPERTY_VALUE) },
    ]),
  );
}

const CATEGORIES: Readonly<Record<Device['category'], string | undefined>> = {
  desktop: 'desktop',
  mobile: 'mobile',
  tablet: 'tablet',
  tv: 'smart TV',
  other: undefined,
};

/** Families and major versions only; neither `user_agent` nor `ip_override` is ever sent (2.7). */
function device(view: FullView): object | undefined {
  const seen = {
    category: view.device === undefined ? undefined : CATEGORIES[view.device.category],
    language: view.language?.split(/[-_]/, 1)[0]?.toLowerCase(),
    screen_resolution: view.screen_resolution,
    operating_system: view.device?.operating_system,
    browser: view.device?.browser,
    browser_version: view.device?.browser_version,
  };
  return Object.values(seen).some((value) => value !== undefined) ? seen : undefined;
}

/** At most `longest` UTF-16 units, never half of a pair. */
function cut(text: string | undefined, longest: number): string | undefined {
  return text === undefined || text.length <= longest
    ? text
    : text
        .slice(0, longest)
        .toWellFormed()
        .replace(/\ufffd$/, '');
}
