import type { Element, PlanContext, Reads, Requirement, View, Wants } from '../../src/core/destination.ts';
import type { GateSignal } from '../../src/core/signals.ts';
import {
  amountOf,
  amountsOf,
  cacheBuster,
  categoryOf,
  linkOf,
  pageAlone,
  pageViewId,
  visitorId,
  writePairs,
  type PairValue,
} from '../../src/core/tracking-pairs.ts';
import type { Item } from '../../src/core/values.ts';
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
  items: {},
  page_location: {},
  page_title: {},
} as const satisfies Reads;

type Seen = View<typeof reads>;
type Pairs = Readonly<Record<string, PairValue>>;

/** Envelopes: a request holds events of one form only. */
const FULL = 'full';
const LIMITED = 'limited';

/** GA4's events that have a form of their own (`destinations/piwik-pro.md` 3). */
const COMMERCE: ReadonlyMap<string, string> = new Map([
  ['view_item', 'product-detail-view'],
  ['add_to_cart', 'add-to-cart'],
  ['remove_from_cart', 'remove-from-cart'],
  ['view_cart', 'cart-update'],
  ['begin_checkout', 'cart-update'],
  ['purchase', 'order'],
]);
const SEARCHES: ReadonlySet<string> = new Set(['search', 'view_search_results']);
/** Products of one event at most. */
const MOST_PRODUCTS = 100;
const LARGEST_VALUE = 1e11;

/** A goal under its id, everything else under its own name (3). */
export function wants({ goals }: Settings): Wants {
  const none = ['refund', 'user_engagement'].map((name) => [name, undefined] as const);
  return {
    names: new Map<string, string | undefined>([...none, ...Object.entries(goals)]),
    others: true,
    conversions: true,
  };
}

export const requires: readonly Requirement<'page_location'>[] = [{ event: 'page_view', fields: ['page_location'] }];

/** One event of a visitor as the pairs of a request (2, 3). */
export function plan(view: Seen, settings: Settings, context: PlanContext, name: string): Element {
  const pairs: Pairs = {
    ...common(view, settings, context),
    url: view.page_location,
    urlref: view.page_referrer,
    pv_id: pageViewId(view.page_load_id),
    ...actionOf(view, settings, name),
    ...dimensionsOf(view, settings),
    _id: visitorId(view.visitor_hash),
    uid: settings.user_id ? view.user_id : undefined,
    cip: view.ip,
    // Without an address of the visitor's that of the gateway would count.
    rmip: view.ip === undefined ? 1 : undefined,
    country: view.country?.toLowerCase(),
    ua: view.user_agent ?? view.user_agent_family,
    lang: view.language,
    res: view.screen_resolution,
    ...LIBRARY,
  };
  return { envelope: FULL, element: writePairs(pairs) };
}

/** One event in the vendor's own form for visitors who have not agreed (4). */
export function planLimited(
  view: View<typeof limitedReads>,
  settings: Settings,
  context: PlanContext,
  name: string,
): Element {
  // A copy: what is read of it beyond the form without consent is not there.
  const bare: Seen = { ...view };
  const pairs: Pairs = {
    ...common(view, settings, context),
    url: pageAlone(view.page_location),
    ...actionOf(bare, settings, name),
    uia: 1,
    dda: 1,
    rmip: 1,
    sh: 0,
    ...LIBRARY,
  };
  return { envelope: LIMITED, element: writePairs(pairs) };
}

const LIBRARY = { ts_n: 'portvakt', ts_v: '0.1.0' } as const;

function common(view: Pick<Seen, 'event_time'>, { app_id }: Settings, { hitId, at }: PlanContext): Pairs {
  return { idsite: app_id, rec: 1, r: cacheBuster(hitId), cdt: Math.floor((view.event_time ?? at) / 1000) };
}

/** What was done (3). `name` is a goal's id where the settings have one for this event. */
function actionOf(view: Seen, settings: Settings, name: string): Pairs {
  const { event_name: event = '', page_title, search_term } = view;
  if (Object.hasOwn(settings.goals, event)) return { idgoal: name, revenue: amountsOf(view, settings).revenue };
  if (event === 'page_view') return { action_name: page_title };
  const commerce = COMMERCE.get(event);
  if (commerce !== undefined) return commerceOf(view, settings, commerce);
  if (SEARCHES.has(event) && search_term !== undefined && search_term !== '') return { search: search_term };
  const link = linkOf(view.params?.['link_url']);
  if (link !== undefined && event === 'file_download') return { download: link, url: link };
  if (link !== undefined && event === 'click') return { link, url: link };
  return eventOf(view, settings, event);
}

function commerceOf(view: Seen, settings: Settings, kind: string): Pairs {
  const { revenue, subtotal, tax, shipping } = amountsOf(view, settings);
  const ec_products = productsOf(view.items);
  if (kind === 'cart-update') return { e_t: kind, revenue: revenue ?? 0, ec_products };
  if (kind !== 'order') return { e_t: kind, ec_products };
  return {
    e_t: kind,
    ec_id: view.transaction_id,
    revenue: revenue ?? 0,
    ec_st: subtotal,
    ec_tx: tax,
    ec_sh: shipping,
    ec_products,
  };
}

function eventOf(view: Seen, settings: Settings, event: string): Pairs {
  const { items, params } = view;
  const { revenue } = amountsOf(view, settings);
  return {
    e_c: settings.category,
    e_a: event,
    e_n: textOf(params?.['link_text']) ?? items?.[0]?.item_name ?? textOf(params?.['method']),
    e_v: revenue !== undefined && revenue >= 0 && revenue <= LARGEST_VALUE ? revenue : undefined,
  };
}

/** `[["SKU-1","Mug",["Cups"],27.5,2,"ACME","blue"]]`: number, name, category, price, quantity, brand, variant. */
function productsOf(items: readonly Item[] | undefined): string | undefined {
  const rows = (items ?? []).slice(0, MOST_PRODUCTS).flatMap((item) => {
    const { item_id: id, item_name: name = '', price, quantity = 1, item_brand: brand, item_variant: variant } = item;
    if (id === undefined || id === '') return [];
    const category = [categoryOf(item)].flat().filter((one) => one !== '');
    const more = variant === undefined ? (brand === undefined ? [] : [brand]) : [brand ?? '', variant];
    return [[id, name, category, amountOf(price) ?? 0, quantity, ...more]];
  });
  return rows.length === 0 ? undefined : JSON.stringify(rows);
}

function dimensionsOf({ params }: Seen, { dimensions }: Settings): Pairs {
  const found: Record<string, PairValue> = {};
  for (const [index, param] of Object.entries(dimensions)) {
    const value = params?.[param];
    if (value !== undefined) found[`dimension${index}`] = String(value);
  }
  return found;
}

function textOf(value: string | number | boolean | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
