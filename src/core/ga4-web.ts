/**
 * Key tables of the GA4 web protocol (`destinations/ga4.md` 3.5, 3.7) that both its reader and its writer need.
 */
import type { Item } from './values.ts';

type TextName = { [K in keyof Item]-?: Item[K] extends string | undefined ? K : never }[keyof Item];
type NumberName = { [K in keyof Item]-?: Item[K] extends number | undefined ? K : never }[keyof Item];

/** Two-letter keys of an item's texts. */
export const ITEM_TEXTS: ReadonlyMap<string, TextName> = new Map<string, TextName>([
  ['id', 'item_id'],
  ['nm', 'item_name'],
  ['br', 'item_brand'],
  ['ca', 'item_category'],
  ['c2', 'item_category2'],
  ['c3', 'item_category3'],
  ['c4', 'item_category4'],
  ['c5', 'item_category5'],
  ['va', 'item_variant'],
  ['cp', 'coupon'],
  ['li', 'item_list_id'],
  ['ln', 'item_list_name'],
  ['af', 'affiliation'],
  ['lo', 'location_id'],
  ['cn', 'creative_name'],
  ['cs', 'creative_slot'],
  ['pi', 'promotion_id'],
  ['pn', 'promotion_name'],
]);

/** Two-letter keys of an item's numbers. */
export const ITEM_NUMBERS: ReadonlyMap<string, NumberName> = new Map<string, NumberName>([
  ['pr', 'price'],
  ['qt', 'quantity'],
  ['ds', 'discount'],
  ['lp', 'index'],
]);

/** Campaign overrides of the tag, as the keys of the field `campaign`. */
export const CAMPAIGN_KEYS: ReadonlyMap<string, string> = new Map([
  ['cs', 'source'],
  ['cm', 'medium'],
  ['cn', 'name'],
  ['cc', 'content'],
  ['ct', 'term'],
  ['ci', 'id'],
  ['ccf', 'creative_format'],
  ['cmt', 'marketing_tactic'],
]);

/** Keys of promotions and lists outside items, as the event parameters they stand for. */
export const PROMOTION_KEYS: ReadonlyMap<string, string> = new Map([
  ['pi', 'promotion_id'],
  ['pn', 'promotion_name'],
  ['li', 'item_list_id'],
]);
