import type { Element, PlanContext, Requirement, View, Wants } from '../../src/core/destination.ts';
import { currencyCode } from '../../src/core/money.ts';
import { sha256Of } from '../../src/core/user-data.ts';
import type { Item } from '../../src/core/values.ts';
import { browserId, clickId, hashEmail, hashExternalId, hashPhone } from './normalise.ts';
import { CUSTOM, STANDARD_EVENTS, type Settings } from './settings.ts';

/** All that Reddit is ever shown, and how: user data only as a hash, no address. */
export const reads = {
  event_name: {},
  event_id: {},
  event_time: {},
  currency: { as: currencyCode },
  value: { as: (value: number) => (Number.isFinite(value) ? value : undefined) },
  items: {},
  page_location: {},
  user_agent: {},
  user_agent_family: {},
  rdt_uuid: { as: browserId },
  rdt_cid: { as: clickId },
  user_id: { as: hashExternalId },
  email: { as: hashEmail },
  phone: { as: hashPhone },
  phone_sha256: { as: sha256Of },
} as const;

type RedditView = View<typeof reads>;
type Field = keyof RedditView;

/** Keys of an object that are left out when undefined, as `JSON.stringify` does. */
type Json = Readonly<Record<string, unknown>>;

/** GA4's events have a type of Reddit's (`destinations/reddit.md` 5), unless the settings say otherwise. */
export function wants({ event_names }: Settings): Wants {
  const own = Object.entries(event_names).map(([name, becomes]) => [name, becomes ?? undefined] as const);
  return { names: new Map([...STANDARD_EVENTS, ...own]) };
}

/** One match key (4). A click id is not said to be one, so a User-Agent is with it. */
export function matchesOn({ user_data }: Settings): readonly (readonly Field[])[] {
  return [
    ['rdt_uuid'],
    ['rdt_cid', 'user_agent'],
    ['rdt_cid', 'user_agent_family'],
    ...(user_data.includes('email') ? ([['email']] as const) : []),
    ...(user_data.includes('phone') ? ([['phone'], ['phone_sha256']] as const) : []),
    ...(user_data.includes('user_id') ? ([['user_id']] as const) : []),
  ];
}

/** The events of the pixel and of this route are told apart by it (6). */
export const requires: readonly Requirement<Field>[] = [{ fields: ['event_id'] }];

/** One event as Reddit wants it (3). */
export function plan(view: RedditView, settings: Settings, context: PlanContext, type: string): Element {
  const element = {
    event_at: Math.floor(view.event_time ?? context.at),
    action_source: 'WEBSITE',
    type: { tracking_type: type, custom_event_name: type === CUSTOM ? view.event_name : undefined },
    event_source_url: view.page_location,
    click_id: view.rdt_cid,
    user: userOf(view, settings),
    metadata: { conversion_id: view.event_id, ...(WORTH.has(type) ? worthOf(view) : {}) },
  };
  return { envelope: '', element: JSON.stringify(element) };
}

/** Section 4. */
function userOf(view: RedditView, { user_data }: Settings): Json {
  const allowed = (field: Settings['user_data'][number], hash: string | undefined): string | undefined =>
    user_data.includes(field) ? hash : undefined;
  return {
    email: allowed('email', view.email),
    phone_number: allowed('phone', view.phone ?? view.phone_sha256),
    external_id: allowed('user_id', view.user_id),
    user_agent: view.user_agent ?? view.user_agent_family,
    uuid: view.rdt_uuid,
  };
}

/** Types for which every source takes money and products (3). */
const WORTH: ReadonlySet<string> = new Set(['PURCHASE', 'ADD_TO_CART', 'VIEW_CONTENT']);

/** `value` and `currency` only together; names of products stay here. */
function worthOf({ currency, value, items }: RedditView): Json {
  const products = items?.flatMap(product) ?? [];
  const priced = currency !== undefined && value !== undefined;
  return {
    currency: priced ? currency : undefined,
    value: priced ? value : undefined,
    item_count: products.length === 0 ? undefined : products.reduce((sum, { quantity }) => sum + quantity, 0),
    products: products.length === 0 ? undefined : products,
  };
}

interface Product {
  readonly id: string;
  readonly quantity: number;
  readonly item_price: number | undefined;
}

/** The number of pieces is an integer there; half a metre of cloth counts as one piece. */
function product({ item_id: id, quantity = 1, price }: Item): Product[] {
  if (id === undefined || id === '') return [];
  return [{ id, quantity: Math.max(1, Math.round(quantity)), item_price: price }];
}
