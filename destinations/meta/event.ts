import type { Element, PlanContext, Requirement, View, Wants } from '../../src/core/destination.ts';
import { currencyCode } from '../../src/core/money.ts';
import { sha256Of } from '../../src/core/user-data.ts';
import type { Item } from '../../src/core/values.ts';
import {
  browserCookie,
  hashCity,
  hashCountry,
  hashEmail,
  hashExternalId,
  hashName,
  hashPhone,
  hashPostalCode,
  hashRegion,
} from './normalise.ts';
import { STANDARD_EVENTS, type Settings } from './settings.ts';

/** All that Meta is ever shown, and how: user data only as a hash. */
export const reads = {
  event_name: {},
  event_id: {},
  event_time: {},
  currency: { as: currencyCode },
  value: { as: (value: number) => (Number.isFinite(value) ? value : undefined) },
  transaction_id: {},
  search_term: {},
  items: {},
  page_location: {},
  user_agent: {},
  user_agent_family: {},
  ip: {},
  country: { as: hashCountry },
  fbp: { as: browserCookie },
  fbc: { as: browserCookie },
  user_id: { as: hashExternalId },
  email: { as: hashEmail },
  email_sha256: { as: sha256Of },
  phone: { as: hashPhone },
  first_name: { as: hashName },
  last_name: { as: hashName },
  city: { as: hashCity },
  region: { as: hashRegion },
  postal_code: { as: hashPostalCode },
  user_country: { as: hashCountry },
} as const;

type MetaView = View<typeof reads>;

/** Keys of an object that are left out when undefined, as `JSON.stringify` does. */
type Json = Readonly<Record<string, unknown>>;

/** GA4's events have a standard event of Meta's (`destinations/meta.md` 3), unless the settings say otherwise. */
export function wants({ event_names }: Settings): Wants {
  const own = Object.entries(event_names).map(([name, becomes]) => [name, becomes ?? undefined] as const);
  return { names: new Map([...STANDARD_EVENTS, ...own]) };
}

/**
 * What identifies somebody (4.3), as far as the settings allow it: a truncated address, a reduced user agent or a
 * country matches nobody, and Meta refuses events that have no more than that.
 */
export function matchesOn({ user_data }: Settings): readonly (readonly (keyof MetaView)[])[] {
  return [
    ['fbp'],
    ['fbc'],
    ...(user_data.includes('email') ? ([['email'], ['email_sha256']] as const) : []),
    ...(user_data.includes('phone') ? ([['phone']] as const) : []),
    ...(user_data.includes('user_id') ? ([['user_id']] as const) : []),
  ];
}

/** A purchase without what was paid is refused (3). An amount without its currency says nothing; zero is an amount. */
export const requires: readonly Requirement<keyof MetaView>[] = [
  { becomes: 'Purchase', fields: ['value', 'currency'] },
];

/** One event as Meta wants it (3). */
export function plan(view: MetaView, settings: Settings, context: PlanContext, name: string): Element {
  const element = {
    event_name: name,
    event_time: Math.floor((view.event_time ?? context.at) / 1000),
    event_id: view.event_id,
    action_source: 'website',
    event_source_url: view.page_location,
    user_data: userData(view, settings),
    custom_data: customData(view, name),
    ...processingOptions(settings),
  };
  return { envelope: '', element: JSON.stringify(element) };
}

/** Section 4. */
function userData(view: MetaView, { user_data }: Settings): Json {
  const list = (field: Settings['user_data'][number], hash: string | undefined): string[] | undefined =>
    hash !== undefined && user_data.includes(field) ? [hash] : undefined;
  // Meta hashes an address as every site does: trimmed, lower case. Its phone numbers have no `+`, so that hash differs.
  return {
    em: list('email', view.email ?? view.email_sha256),
    ph: list('phone', view.phone),
    fn: list('first_name', view.first_name),
    ln: list('last_name', view.last_name),
    ct: list('city', view.city),
    st: list('region', view.region),
    zp: list('postal_code', view.postal_code),
    country: list('country', view.user_country ?? view.country),
    external_id: list('user_id', view.user_id),
    client_ip_address: view.ip,
    client_user_agent: view.user_agent ?? view.user_agent_family,
    fbp: view.fbp,
    fbc: view.fbc,
  };
}

/** Section 5: money, order and product ids; names of products stay here, the catalogue at Meta has them. */
function customData(view: MetaView, name: string): Json | undefined {
  const { currency } = view;
  const contents = view.items?.flatMap(content);
  const products = contents !== undefined && contents.length > 0;
  const data = {
    currency,
    // An amount without its currency says nothing; zero is an amount.
    value: currency === undefined ? undefined : view.value,
    order_id: view.transaction_id,
    content_type: products ? 'product' : undefined,
    content_ids: products ? contents.map(({ id }) => id) : undefined,
    contents: products ? contents : undefined,
    num_items:
      products && name === 'InitiateCheckout' ? contents.reduce((sum, { quantity }) => sum + quantity, 0) : undefined,
    search_string: view.search_term,
  };
  return Object.values(data).some((value) => value !== undefined) ? data : undefined;
}

function content(item: Item): { id: string; quantity: number; item_price: number | undefined }[] {
  const { item_id: id, quantity = 1, price } = item;
  return id === undefined || id === '' ? [] : [{ id, quantity, item_price: price }];
}

/**
 * Section 8: an explicit word either way. The empty list means "not limited", which is what all three signals say
 * by the time an event gets here.
 */
function processingOptions({ limited_data_use }: Settings): Json {
  if (limited_data_use === undefined) return { data_processing_options: [] };
  return {
    data_processing_options: ['LDU'],
    data_processing_options_country: limited_data_use.country,
    data_processing_options_state: limited_data_use.state,
  };
}
