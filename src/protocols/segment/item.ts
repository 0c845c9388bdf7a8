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
export function itemOf(product: Fields): Fields | undefined {
  const item: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(product)) {
    const name = IN_GA4.get(key);
    if (typeof value === 'boolean' && name !== undefined) continue;
    if (name !== undefined) item[name] = value;
    else if (!KEPT_BACK.has(key) && isOwn(key) && !(key in item)) item[key] = value;
  }
  if (isNothing(item['item_id']) && !isNothing(product['sku'])) item['item_id'] = product['sku'];
  return Object.keys(item).length === 0 ? undefined : item;
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** A name that is passed on. */
export function isOwn(key: string): boolean {
  return isName(key) && !RESERVED_PREFIX.test(key) && !IDENTIFIER_PARAMS.has(key);
}
