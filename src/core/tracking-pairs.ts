import { sha256Hex } from './hash.ts';
import { currencyCode, roundAmount } from './money.ts';
import type { Item } from './values.ts';

/*
 * What the tracking requests of Matomo and Piwik PRO have in common: both are lists of pairs as in a query, many of them
 * in one body of JSON (`destinations/matomo.md` 1,
 * `destinations/piwik-pro.md` 1).
 */

/** A pair, or undefined where there is nothing to say. */
export type PairValue = string | number | undefined;

/** `a=1&b=2`, percent-encoded, in the order of the record; what is undefined or empty is left out. */
export function writePairs(pairs: Readonly<Record<string, PairValue>>): string {
  let text = '';
  for (const key in pairs) {
    const value = pairs[key];
    if (value === undefined || value === '') continue;
    text += `${text === '' ? '' : '&'}${key}=${encodeURIComponent(String(value).toWellFormed())}`;
  }
  return text;
}

/** What a body has of these requests, as a key of its object. */
export function bulkRequests(elements: readonly string[]): string {
  return `"requests":[${elements.map((element) => JSON.stringify(`?${element}`)).join(',')}]`;
}

/** A number that keeps caches out: made of the hit's id (32 hex digits), so the same at every attempt. */
export function cacheBuster(hitId: string): number {
  return Number.parseInt(hitId.slice(0, 8), 16);
}

/** Six hex digits that the hits of one page load share. */
export function pageViewId(pageLoadId: string | undefined): string | undefined {
  return pageLoadId === undefined || pageLoadId === '' ? undefined : sha256Hex(`page|${pageLoadId}`).slice(0, 6);
}

/** The visitor's id in the form of these vendors, 16 hex digits: of the `visitor_hash` of the site. */
export function visitorId(hash: string | undefined): string | undefined {
  return hash?.slice(0, 16);
}

/** Where an item stands in the shop: a text, or up to five from the outermost in; '' = nowhere. */
export function categoryOf(item: Item): string | readonly string[] {
  const { item_category: first = '', item_category2, item_category3, item_category4, item_category5 } = item;
  const all = [first, item_category2, item_category3, item_category4, item_category5].filter(
    (name): name is string => name !== undefined && name !== '',
  );
  return all.length > 1 ? all : (all[0] ?? '');
}

/** An http(s) address without anything of a person in it, as a parameter of the event has it; undefined = it has none. */
export function linkOf(value: string | number | boolean | undefined): string | undefined {
  return typeof value === 'string' && /^https?:\/\/[^/?#@\s]+(?:[/?]|$)/.test(value)
    ? value.split('#', 1)[0]
    : undefined;
}

/** The address without query and fragment. */
export function pageAlone(url: string | undefined): string | undefined {
  return url?.split(/[?#]/, 1)[0];
}

/** Digits enough for any price; beyond it a number is written with an exponent. */
const TOO_MUCH = 1e15;

/** An amount as these vendors want it, without what binary fractions leave behind; undefined = it is none. */
export function amountOf(value: number | undefined): number | undefined {
  const isNone = value === undefined || !(Math.abs(value) < TOO_MUCH);
  return isNone ? undefined : roundAmount(value);
}

/** Amounts of an event. */
export interface Amounts {
  /** With everything. */
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

/** What the settings say of the values of a site: it has one currency, and `value` holds these beside the products. */
export interface ValueSettings {
  readonly currency: string;
  readonly value_includes: readonly ('tax' | 'shipping')[];
}

/** Amounts in the currency of the site; none of an event in another one. */
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
