import type { Element, PlanContext, Reads, Requirement, View, Wants } from '../../src/core/destination.ts';
import type { Item } from '../../src/core/values.ts';
import type { GateSignal } from '../../src/core/signals.ts';
import { sha256Hex } from '../../src/core/hash.ts';
import {
  amountOf,
  amountsOf,
  pageAlone,
  cacheBuster,
  categoryOf,
  linkOf,
  pageViewId,
  visitorId,
  writePairs,
  type PairValue,
} from '../../src/core/tracking-pairs.ts';
import type { Settings } from './settings.ts';

/** A whole User-Agent singles browsers out: design 3. */
const EVERYTHING = [
  'ad_storage',
  'analytics_storage',
  'ad_user_data',
  'ad_personalization',
] as const satisfies readonly GateSignal[];
const USER = ['ad_storage', 'ad_user_data'] as const satisfies readonly GateSignal[];

export const reads = {
  event_name: {},
  event_time: {},
  currency: {},
  value: {},
  tax: {},
  shipping: {},
  transaction_id: {},
  search_term: {},
  items: {},
  params: {},
  page_location: {},
  page_referrer: {},
  page_title: {},
  user_agent: { needs: EVERYTHING },
  user_agent_family: {},
  language: {},
  screen_resolution: {},
  ip: {},
  country: {},
  page_load_id: {},
  pk_id: {},
  visitor_hash: {},
  user_id: { needs: USER },
} as const satisfies Reads;

export const limitedReads = {
  event_name: {},
  event_time: {},
  currency: {},
  value: {},
  tax: {},
  shipping: {},
  page_location: {},
  page_title: {},
  user_agent_family: {},
} as const satisfies Reads;

type Seen = View<typeof reads>;
type Pairs = Readonly<Record<string, PairValue>>;

/** Envelopes: a request holds events of one form only. */
const FULL = 'full';
const LIMITED = 'limited';

const CART_UPDATES: ReadonlySet<string> = new Set([
  'view_cart',
  'begin_checkout',
  'add_shipping_info',
  'add_payment_info',
]);
const CART_EVENTS: ReadonlySet<string> = new Set(['view_item', 'add_to_cart', 'remove_from_cart', 'add_to_wishlist']);
const SEARCHES: ReadonlySet<string> = new Set(['search', 'view_search_results']);

/** A goal under its number, everything else under its own name; Matomo knows no refund (`destinations/matomo.md` 3). */
export function wants({ goals }: Settings): Wants {
  return {
    names: new Map<string, string | undefined>([['refund', undefined], ...Object.entries(goals)]),
    others: true,
    conversions: true,
  };
}

/** An order without a number would be a cart (3). */
export const requires: readonly Requirement<keyof Seen>[] = [
  { event: 'purchase', fields: ['transaction_id'] },
  { event: 'page_view', fields: ['page_location'] },
];
export const limitedRequires: readonly Requirement<keyof typeof limitedReads>[] = [
  { event: 'page_view', fields: ['page_location'] },
];

/** One event of a visitor as the pairs of a request (2, 3). */
export function plan(view: Seen, settings: Settings, context: PlanContext, name: string): Element {
  const trusted = settings.token !== undefined;
  const pairs: Pairs = {
    ...common(view, settings, context),
    url: view.page_location,
    urlref: view.page_referrer,
    action_name: titleOf(view),
    _id: view.pk_id ?? visitorId(view.visitor_hash),
    uid: settings.user_id ? view.user_id : undefined,
    pv_id: pageViewId(view.page_load_id),
    ...actionOf(view, settings, name),
    ...dimensionsOf(view, settings),
    cip: trusted ? view.ip : undefined,
    country: trusted ? view.country?.toLowerCase() : undefined,
    ua: view.user_agent ?? view.user_agent_family,
    lang: view.language,
    res: view.screen_resolution,
  };
  return { envelope: FULL, element: writePairs(pairs) };
}

/** One event that names nobody (5). */
export function planLimited(
  view: View<typeof limitedReads>,
  settings: Settings,
  context: PlanContext,
  name: string,
): Element {
  const order = view.event_name === 'purchase' ? sha256Hex(`order|${context.hitId}`).slice(0, 16) : undefined;
  const page = pageAlone(view.page_location);
  const bare: Seen = { ...view, ...(order !== undefined && { transaction_id: order }) };
  const pairs: Pairs = {
    ...common(view, settings, context),
    url: page,
    action_name: titleOf(view),
    ...actionOf(bare, settings, name),
    cip: settings.token === undefined ? undefined : '0.0.0.0',
    ua: view.user_agent_family,
  };
  return { envelope: LIMITED, element: writePairs(pairs) };
}

function common(view: Pick<Seen, 'event_time'>, { site_id }: Settings, { hitId, at }: PlanContext): Pairs {
  return {
    idsite: site_id,
    rec: 1,
    apiv: 1,
    send_image: 0,
    rand: cacheBuster(hitId),
    cdt: Math.floor((view.event_time ?? at) / 1000),
  };
}

/** The name of a page that was shown, or of the one that thanks for an order. */
function titleOf({ event_name, page_title }: Pick<Seen, 'event_name' | 'page_title'>): string | undefined {
  return event_name === 'page_view' || event_name === 'purchase' ? page_title : undefined;
}

/** What was done (3). `name` is a goal's number where the settings have one for this event. */
function actionOf(view: Seen, settings: Settings, name: string): Pairs {
  const { event_name: event = '', search_term } = view;
  if (Object.hasOwn(settings.goals, event)) return { idgoal: name, revenue: amountsOf(view, settings).revenue };
  if (event === 'page_view') return {};
  if (event === 'purchase') return orderOf(view, settings);
  if (event === 'user_engagement') return { ping: 1 };
  if (CART_UPDATES.has(event)) return cartOf(view, settings);
  if (SEARCHES.has(event) && search_term !== undefined && search_term !== '') return { search: search_term };
  const link = linkOf(view.params?.['link_url']);
  if (link !== undefined && event === 'file_download') return { download: link, url: link };
  if (link !== undefined && event === 'click') return { link, url: link };
  return eventOf(view, settings, event);
}

function orderOf(view: Seen, settings: Settings): Pairs {
  const { revenue, subtotal, tax, shipping } = amountsOf(view, settings);
  return {
    idgoal: 0,
    ec_id: view.transaction_id,
    revenue: revenue ?? 0,
    ec_st: subtotal,
    ec_tx: tax,
    ec_sh: shipping,
    ec_items: itemsOf(view.items),
  };
}

/** Of the whole cart: amounts of an event in another currency are none. */
function cartOf(view: Seen, settings: Settings): Pairs {
  return { idgoal: 0, revenue: amountsOf(view, settings).revenue ?? 0, ec_items: itemsOf(view.items) };
}

function eventOf(view: Seen, settings: Settings, event: string): Pairs {
  const { items, params } = view;
  const [item] = items ?? [];
  const { revenue } = amountsOf(view, settings);
  const ecommerce = CART_EVENTS.has(event);
  return {
    e_c: ecommerce ? 'Ecommerce' : settings.category,
    e_a: event,
    e_n: textOf(params?.['link_text']) ?? item?.item_name ?? textOf(params?.['method']),
    e_v: revenue,
    ca: 1,
    ...(event === 'view_item' && item !== undefined && productOf(item)),
  };
}

function productOf(item: Item): Pairs {
  const category = categoryOf(item);
  return {
    _pks: item.item_id,
    _pkn: item.item_name,
    _pkc: typeof category === 'string' ? category : JSON.stringify(category),
    _pkp: amountOf(item.price),
  };
}

/** `[["SKU-1","Mug","Cups",27.5,2]]`: number, name, category, price, quantity. */
function itemsOf(items: readonly Item[] | undefined): string | undefined {
  const rows = (items ?? []).flatMap((item) => {
    const { item_id: id, item_name: name = '', price, quantity = 1 } = item;
    return id === undefined || id === '' ? [] : [[id, name, categoryOf(item), amountOf(price) ?? 0, quantity]];
  });
  return rows.length === 0 ? undefined : JSON.stringify(rows);
}

function dimensionsOf({ params }: Seen, { dimensions }: Settings): Pairs {
  if (params === undefined) return {};
  const found: Record<string, PairValue> = {};
  for (const [index, param] of Object.entries(dimensions)) {
    const value = params[param];
    if (value !== undefined) found[`dimension${index}`] = String(value);
  }
  return found;
}

function textOf(value: string | number | boolean | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
