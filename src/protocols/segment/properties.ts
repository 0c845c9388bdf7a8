import { asObject } from '../../core/reply.ts';
import { finiteNumber } from '../limits.ts';
import { type CalledEvent, nameFrom } from './event-names.ts';
import { isOwn, itemOf, PRODUCT_KEYS, spelled } from './item.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Properties as GA4's parameters, before they are read as such. */
export interface Moved {
  readonly params: Readonly<Record<string, unknown>>;
  /** Properties that are not passed on. */
  readonly dropped: number;
}

/** Events about one product, whose parts stand among the properties. */
const ONE_PRODUCT: ReadonlySet<string> = new Set([
  'product_clicked',
  'product_viewed',
  'product_added',
  'product_removed',
  'product_added_to_wishlist',
  'product_removed_from_wishlist',
  'wishlist_product_added_to_cart',
  'product_reviewed',
  'product_shared',
]);

const NONE: ReadonlySet<string> = new Set();
const PROMOTION = { creative: 'creative_name', name: 'promotion_name', position: 'creative_slot' };
const LIST = { list_id: 'item_list_id', category: 'item_list_name' };
const ORDER = { order_id: 'transaction_id' };
/** Messages and their recipients are not passed on. */
const SHARED = { share_via: 'method', share_message: undefined, recipient: undefined };

/** Properties with another name at GA4, by Segment's name of the event; undefined = they go nowhere. */
const MOVES: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
  products_searched: { query: 'search_term' },
  product_list_viewed: LIST,
  product_list_filtered: LIST,
  promotion_viewed: PROMOTION,
  promotion_clicked: PROMOTION,
  checkout_started: { order_id: undefined },
  payment_info_entered: { payment_method: 'payment_type', shipping_method: 'shipping_tier', order_id: undefined },
  order_completed: ORDER,
  order_refunded: ORDER,
  product_shared: SHARED,
  cart_shared: SHARED,
};

/** The properties that the list names for an event, by Segment's name of it. */
const LISTED: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  [...ONE_PRODUCT, ...Object.keys(MOVES)].map((segment) => {
    const parts = ONE_PRODUCT.has(segment) ? PRODUCT_KEYS : NONE;
    return [segment, new Set([...Object.keys(MOVES[segment] ?? {}), ...parts])] as const;
  }),
);

/** Sums of an order: Segment's `revenue` is without tax and shipping, as GA4 wants its value. */
const ORDER_SUMS = ['revenue', 'total', 'value'];
const OTHER_SUMS = ['value', 'revenue', 'total'];
const SUMS: ReadonlySet<string> = new Set(ORDER_SUMS);
const PRODUCTS: ReadonlySet<string> = new Set(['products', 'items']);
/** Parameters that are texts or numbers, so that true and false are left out. */
const NO_SWITCH: ReadonlySet<string> = new Set(
  'currency coupon transaction_id search_term tax shipping engagement_time_msec'.split(' '),
);

/** Puts the properties of a `track` where GA4 has them (`protocols/segment.md` 5). */
export function paramsOf(written: Fields, { name, segment = '' }: CalledEvent): Moved {
  const moves = Object.hasOwn(MOVES, segment) ? MOVES[segment] : undefined;
  const single = ONE_PRODUCT.has(segment);
  const properties = spelled(written, LISTED.get(segment) ?? NONE);
  const params: Record<string, unknown> = {};
  let dropped = 0;
  for (const [key, value] of Object.entries(properties)) {
    if (SUMS.has(key) || PRODUCTS.has(key) || (single && PRODUCT_KEYS.has(key))) continue;
    const to = moves !== undefined && Object.hasOwn(moves, key) ? moves[key] : nameFrom(key, 'p_');
    if (to === undefined || !isOwnOrKnown(to) || to in params || (NO_SWITCH.has(to) && typeof value === 'boolean'))
      dropped++;
    else params[to] = value;
  }
  const value = sumOf(properties, name === 'purchase' || name === 'refund' ? ORDER_SUMS : OTHER_SUMS);
  if (value !== undefined) params['value'] = value;
  const items = itemsOf(properties, single);
  if (items.length > 0) params['items'] = items;
  if (value === undefined && (name === 'add_to_cart' || name === 'remove_from_cart')) {
    const worth = worthOf(properties);
    if (worth !== undefined) params['value'] = worth;
  }
  return { params, dropped };
}

function isOwnOrKnown(name: string): boolean {
  return name !== 'debug_mode' && isOwn(name);
}

function sumOf(properties: Fields, names: readonly string[]): unknown {
  for (const name of names) {
    const value = properties[name];
    if (typeof value === 'number' || (typeof value === 'string' && value.trim() !== '')) return value;
  }
  return undefined;
}

function itemsOf(properties: Fields, single: boolean): readonly Fields[] {
  const products = properties['products'] ?? properties['items'];
  if (Array.isArray(products)) {
    return products.flatMap((one: unknown): Fields[] => {
      const item = itemOf(asObject(one) ?? {});
      return item === undefined ? [] : [item];
    });
  }
  if (!single) return [];
  const product = Object.fromEntries(Object.entries(properties).filter(([key]) => PRODUCT_KEYS.has(key)));
  const item = itemOf(product);
  return item === undefined ? [] : [item];
}

/** The value of what is put into the cart or taken out of it: price times quantity. */
function worthOf({ price, quantity }: Fields): number | undefined {
  const each = numberOf(price);
  const many = quantity === undefined || quantity === null ? 1 : numberOf(quantity);
  return each === undefined || many === undefined ? undefined : each * many;
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'string') return finiteNumber(value.trim());
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
