import type { FieldName, RawEvent } from '../core/fields.ts';
import type { Item } from '../core/values.ts';
import type { PageUrl } from './url/url.ts';

/**
 * The list of what an event may keep when its ids are replaced (R9). Everything that names a person is left out, and so
 * are order numbers and coupons, which the shop can look up (R8), screen sizes and client hints (R7), and campaign
 * overrides, which are the parameters of an address under another name (R6).
 */
const KEPT = [
  'event_name',
  'event_time',
  'currency',
  'value',
  'tax',
  'shipping',
  'search_term',
  'params',
  'engagement_time_msec',
  'debug_mode',
  'repeat',
  'page_referrer',
  'page_title',
  'language',
  'consent_mode',
] as const satisfies readonly FieldName[];

/** Web-hit keys that are the same for every visitor, or say yes or no. Experiments and timings are neither. */
const KEPT_TRANSPORT = ['gtm', '_s', 'seg', 'frm', 'ir', '_fv', '_ss', '_nsi', '_c', '_ee'] as const;

/** Every field that an event may still have: those above, and those that are written anew for it. */
export const LEFT: ReadonlySet<FieldName> = new Set<FieldName>([
  ...KEPT,
  'items',
  'ga4_transport',
  'event_id',
  'page_location',
  'client_id',
  'session_id',
  'user_agent_family',
  'device',
  'country',
]);

/** The event without anything that would tell one visitor from another for longer than the hit. */
export function impersonal(raw: RawEvent): RawEvent {
  const kept: Record<string, unknown> = {};
  for (const name of KEPT) if (raw[name] !== undefined) kept[name] = raw[name];
  if (raw.items !== undefined) kept['items'] = raw.items.map(plainItem);
  const { ga4_transport: transport } = raw;
  if (transport !== undefined) {
    const flags: Record<string, string> = {};
    for (const key of KEPT_TRANSPORT) if (transport[key] !== undefined) flags[key] = transport[key];
    kept['ga4_transport'] = flags;
  }
  return kept;
}

/** An item with the keys that GA4 defines; the site's own keys could hold anything. */
function plainItem({ custom: _custom, coupon: _coupon, ...item }: Item): Item {
  return item;
}

/** The page by its path alone, and only a page of the site's own (R6). */
export function ownPage(page: PageUrl | undefined, origins: ReadonlySet<string>): PageUrl | undefined {
  if (page === undefined || !origins.has(originOf(page.stripped))) return undefined;
  return { ...page, url: page.stripped, googleClickParams: undefined };
}

/** `scheme://host[:port]` of an address that has been taken apart before. */
function originOf(address: string): string {
  const path = address.indexOf('/', address.indexOf('://') + 3);
  return path < 0 ? address : address.slice(0, path);
}
