import { ITEM_NUMBERS, ITEM_TEXTS } from '../../core/ga4-web.ts';
import type { Item } from '../../core/values.ts';
import { finiteNumber, isUnsafeName } from '../limits.ts';

type Draft = { -readonly [K in keyof Item]: Item[K] };

/** An item and how many of its keys were of no use. */
export interface DecodedItem {
  readonly item: Item;
  readonly unknown: number;
}

/**
 * Decodes `idSKU-1~nmMug~pr27.5~k0colour~v0blue`: two-letter keys directly followed by their value, joined by `~`;
 * a `~` of a value is doubled. Custom parameters are pairs `k<n><name>~v<n><value>`.
 */
export function decodeItem(text: string): DecodedItem {
  const item: Draft = {};
  let custom: Record<string, string> | undefined;
  let unknown = 0;
  /** `<n>` and name of the custom parameter whose value comes next. */
  let pending: { readonly index: string; readonly name: string } | undefined;
  let start = 0;
  while (start < text.length) {
    const end = separator(text, start);
    const key = text.slice(start, start + 2);
    const value = unescape(text, start + 2, end);
    start = end + 1;
    const textName = ITEM_TEXTS.get(key);
    const numberName = textName === undefined ? ITEM_NUMBERS.get(key) : undefined;
    if (textName !== undefined) {
      if (value !== '') item[textName] = value;
    } else if (numberName !== undefined) {
      const number = finiteNumber(value);
      if (number === undefined) unknown++;
      else item[numberName] = number;
    } else if (isIndexed(key, K)) {
      const split = digits(key.slice(1) + value);
      pending = split.rest === '' || isUnsafeName(split.rest) ? undefined : { index: split.head, name: split.rest };
      if (pending === undefined) unknown++;
    } else if (isIndexed(key, V) && pending !== undefined && (key.slice(1) + value).startsWith(pending.index)) {
      custom ??= Object.create(null) as Record<string, string>;
      custom[pending.name] = (key.slice(1) + value).slice(pending.index.length);
      pending = undefined;
    } else {
      unknown++;
    }
  }
  if (custom !== undefined) item.custom = custom;
  return { item, unknown };
}

const TILDE = 126;
const K = 107;
const V = 118;

/** The next single `~` at or after `from`, else the end. */
function separator(text: string, from: number): number {
  let at = text.indexOf('~', from);
  while (at !== -1 && text.charCodeAt(at + 1) === TILDE) at = text.indexOf('~', at + 2);
  return at === -1 ? text.length : at;
}

function unescape(text: string, start: number, end: number): string {
  const value = text.slice(start, end);
  return value.includes('~~') ? value.replaceAll('~~', '~') : value;
}

function isIndexed(key: string, letter: number): boolean {
  const digit = key.charCodeAt(1);
  return key.charCodeAt(0) === letter && digit >= 48 && digit <= 57;
}

/** Leading digits and what follows: names start with a letter, so the digits are all of the index. */
function digits(text: string): { readonly head: string; readonly rest: string } {
  let i = 0;
  while (i < text.length && text.charCodeAt(i) >= 48 && text.charCodeAt(i) <= 57) i++;
  return { head: text.slice(0, i), rest: text.slice(i) };
}
