import { isName, RESERVED_PREFIX } from '../names.ts';
import { IDENTIFIER_PARAMS } from '../limits.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What Segment calls the parts of a product, and what GA4 calls them (`protocols/segment.md` 5). */
const IN_GA4: ReadonlyMap<string, string> = new Map([
  ['product_id', 'item_id'],
  ['name', 'item_name'],
  ['brand', 'item_brand'],
  ['category', 'item_category'],
  ['variant', 'item_variant'],
  ['price', 'price'],
  ['quantity', 'quantity'],
  ['coupon', 'coupon'],
  ['position', 'index'],
]);

/** Further parts of a product, which only stand among the properties of an event about one product. */
const BESIDE = ['sku', 'url', 'image_url'];

/** All properties of an event that describe its one product. */
export const PRODUCT_KEYS: ReadonlySet<string> = new Set([...IN_GA4.keys(), ...BESIDE]);

/** Addresses of the product are not passed on. */
const KEPT_BACK: ReadonlySet<string> = new Set(BESIDE);

/** A product as a GA4 item; other properties are passed on under their own names. Undefined = it has none. */
export function itemOf(written: Fields): Fields | undefined {
  const product = spelled(written, PRODUCT_KEYS);
  const item: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(product)) {
    const name = IN_GA4.get(key);
    if (typeof value === 'boolean' && name !== undefined) continue;
    if (name !== undefined) item[name] = value;
    else if (!KEPT_BACK.has(key) && isOwn(key) && !(key in item)) item[key] = value;
  }
  // `id` is what the older list of shop events calls it.
  const other = [product['sku'], product['id']].find((id) => !isNothing(id));
  if (isNothing(item['item_id']) && other !== undefined) item['item_id'] = other;
  return Object.keys(item).length === 0 ? undefined : item;
}

/**
 * Fields with the names of Segment's list as the list writes them: `orderId` is `order_id`, as in Segment's own reader
 * (`segmentio/facade`). A field that is there in the list's spelling wins.
 */
export function spelled(fields: Fields, names: ReadonlySet<string>): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => {
      const name = key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
      return [names.has(name) && !Object.hasOwn(fields, name) ? name : key, value];
    }),
  );
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** A name that is passed on. */
export function isOwn(key: string): boolean {
  return isName(key) && !RESERVED_PREFIX.test(key) && !IDENTIFIER_PARAMS.has(key);
}
