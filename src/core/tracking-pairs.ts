import { sha256Hex } from './hash.ts';
import { currencyCode, roundAmount } from './money.ts';
import type { Item } from './values.ts';

/*
 * Common parts of the tracking requests of Matomo and Piwik PRO. Both are lists of pairs as in a query, many lists in
 * one JSON body (`destinations/matomo.md` 1, `destinations/piwik-pro.md` 1).
 */

/** A pair, or undefined where the event has no value for it. */
export type PairValue = string | number | undefined;

/** `a=1&b=2`, percent-encoded, in the order of the record. Undefined and empty values are left out. */
export function writePairs(pairs: Readonly<Record<string, PairValue>>): string {
  let text = '';
  for (const key in pairs) {
    const value = pairs[key];
    if (value === undefined || value === '') continue;
    text += `${text === '' ? '' : '&'}${key}=${encodeURIComponent(String(value).toWellFormed())}`;
  }
  return text;
}

/** The requests as the value of a key in the body. */
export function bulkRequests(elements: readonly string[]): string {
  return `"requests":[${elements.map((element) => JSON.stringify(`?${element}`)).join(',')}]`;
}

/** With `at_most_once`, only orders may be sent again: both vendors recognise an order by its number, and nothing else. */
export function onceOnly(settings: { readonly at_most_once: boolean }): ((element: string) => boolean) | undefined {
  return settings.at_most_once ? (element) => /(?:^|&)ec_id=/.test(element) : undefined;
}

/** A number against caches. It is made of the hit's id (32 hex digits), so every attempt has the same number. */
export function cacheBuster(hitId: string): number {
  return Number.parseInt(hitId.slice(0, 8), 16);
}

/** Six hex digits. The hits of one page load have the same digits. */
export function pageViewId(pageLoadId: string | undefined): string | undefined {
  return pageLoadId === undefined || pageLoadId === '' ? undefined : sha256Hex(`page|${pageLoadId}`).slice(0, 6);
}

/** The visitor's id in the form of these vendors, 16 hex digits. It is made of the `visitor_hash` of the site. */
export function visitorId(hash: string | undefined): string | undefined {
  return hash?.slice(0, 16);
}

/** The category of an item: a text, or up to five, the outermost first; '' = none. */
export function categoryOf(item: Item): string | readonly string[] {
  const { item_category: first = '', item_category2, item_category3, item_category4, item_category5 } = item;
  const all = [first, item_category2, item_category3, item_category4, item_category5].filter(
    (name): name is string => name !== undefined && name !== '',
  );
  return all.length > 1 ? all : (all[0] ?? '');
}

/** An http(s) address in a parameter of the event, without user and fragment; undefined = there is none. */
export function linkOf(value: string | number | boolean | undefined): string | undefined {
  return typeof value === 'string' && /^https?:\/\/[^/?#@\s]+(?:[/?]|$)/.test(value)
    ? value.split('#', 1)[0]
    : undefined;
}

/** The address without query and fragment. */
export function pageAlone(url: string | undefined): string | undefined {
  return url?.split(/[?#]/, 1)[0];
}

/** Enough digits for any price. A larger number would be written with an exponent. */
const TOO_MUCH = 1e15;

/** An amount as these vendors want it, without the errors of binary fractions; undefined = no amount. */
export function amountOf(value: number | undefined): number | undefined {
  const isNone = value === undefined || !(Math.abs(value) < TOO_MUCH);
  return isNone ? undefined : roundAmount(value);
}

/** Amounts of an event. */
export interface Amounts {
  /** The total of the order. */
  readonly revenue?: number | undefined;
  /** The products alone. */
  readonly subtotal?: number | undefined;
  readonly tax?: number | undefined;
  readonly shipping?: number | undefined;
}

interface Valued {
  readonly currency?: string;
  readonly value?: number;
  readonly tax?: number;
  readonly shipping?: number;
}

/** What the settings say of a site's amounts: its one currency, and what `value` holds beside the products. */
export interface ValueSettings {
  readonly currency: string;
  readonly value_includes: readonly ('tax' | 'shipping')[];
}

/** Amounts in the currency of the site. An event in another currency has none. */
export function amountsOf(view: Valued, { currency, value_includes }: ValueSettings): Amounts {
  if (view.currency !== undefined && currencyCode(view.currency) !== currency) return {};
  const value = amountOf(view.value);
  const tax = amountOf(view.tax);
  const shipping = amountOf(view.shipping);
  if (value === undefined) return { tax, shipping };
  let revenue = value;
  let subtotal = value;
  for (const [part, amount = 0] of [
    ['tax', tax],
    ['shipping', shipping],
  ] as const) {
    if (value_includes.includes(part)) subtotal -= amount;
    else revenue += amount;
  }
  const known = tax !== undefined || shipping !== undefined;
  return { revenue: amountOf(revenue), subtotal: known ? amountOf(subtotal) : undefined, tax, shipping };
}
