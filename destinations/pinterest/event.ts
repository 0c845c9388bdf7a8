import type { Element, PlanContext, Requirement, View, Wants } from '../../src/core/destination.ts';
import { currencyCode } from '../../src/core/money.ts';
import { sha256Of } from '../../src/core/user-data.ts';
import type { Item } from '../../src/core/values.ts';
import {
  amountText,
  clickId,
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

/** All that Pinterest is ever shown, and how: user data only as a hash. */
export const reads = {
  event_name: {},
  event_id: {},
  event_time: {},
  currency: {},
  value: {},
  transaction_id: {},
  search_term: {},
  items: {},
  page_location: {},
  user_agent: {},
  user_agent_family: {},
  ip: {},
  country: { as: hashCountry },
  epik: { as: clickId },
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

type PinterestView = View<typeof reads>;
type Field = keyof PinterestView;

/** Keys of an object that are left out when undefined, as `JSON.stringify` does. */
type Json = Readonly<Record<string, unknown>>;

/** GA4's events have a name of Pinterest's (`destinations/pinterest.md` 5), unless the settings say otherwise. */
export function wants({ event_names }: Settings): Wants {
  const own = Object.entries(event_names).map(([name, becomes]) => [name, becomes ?? undefined] as const);
  return { names: new Map([...STANDARD_EVENTS, ...own]) };
}

/**
 * An e-mail address, or address and user agent (4). The address is truncated and matches nobody by itself: something that
 * does has to be there, too.
 */
export function matchesOn({ user_data }: Settings): readonly (readonly Field[])[] {
  const persons: Field[] = [
    'epik',
    ...(user_data.includes('phone') ? (['phone'] as const) : []),
    ...(user_data.includes('user_id') ? (['user_id'] as const) : []),
  ];
  const agents = ['user_agent', 'user_agent_family'] as const;
  return [
    ...(user_data.includes('email') ? ([['email'], ['email_sha256']] as const) : []),
    ...persons.flatMap((person) => agents.map((agent): Field[] => [person, 'ip', agent])),
  ];
}

/** The events of the tag and of this route are told apart by it (3, 6). */
export const requires: readonly Requirement<Field>[] = [{ fields: ['event_id'] }];

/** One event as Pinterest wants it (3). */
export function plan(view: PinterestView, settings: Settings, context: PlanContext, name: string): Element {
  const element = {
    event_name: name,
    action_source: 'web',
    event_time: Math.floor((view.event_time ?? context.at) / 1000),
    event_id: view.event_id,
    event_source_url: view.page_location,
    user_data: userData(view, settings),
    custom_data: customData(view),
  };
  return { envelope: '', element: JSON.stringify(element) };
}

/** Section 4. */
function userData(view: PinterestView, { user_data }: Settings): Json {
  const list = (field: Settings['user_data'][number], hash: string | undefined): string[] | undefined =>
    hash !== undefined && user_data.includes(field) ? [hash] : undefined;
  // An address is hashed as every site does it: trimmed, lower case. Phone numbers have no `+`, so that hash differs.
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
    click_id: view.epik,
  };
}

/** `custom_data` of section 3; names of products stay here. */
function customData(view: PinterestView): Json | undefined {
  const contents = view.items?.flatMap(content) ?? [];
  const products = contents.length > 0;
  const data = {
    ...money(view),
    order_id: view.transaction_id,
    num_items: products ? contents.reduce((sum, { quantity }) => sum + quantity, 0) : undefined,
    content_ids: products ? contents.map(({ id }) => id) : undefined,
    contents: products ? contents : undefined,
    search_string: view.search_term,
  };
  return Object.values(data).some((value) => value !== undefined) ? data : undefined;
}

/** Without a currency an amount counts in that of the account (3); in one that is none it would, too, and is left out. */
function money({ value, currency }: PinterestView): { readonly currency?: string; readonly value?: string } {
  const amount = value === undefined ? undefined : amountText(value);
  if (amount === undefined) return {};
  if (currency === undefined) return { value: amount };
  const code = currencyCode(currency);
  return code === undefined ? {} : { currency: code, value: amount };
}

interface Content {
  readonly id: string;
  readonly item_price: string | undefined;
  readonly quantity: number;
}

/** The number of pieces is an integer there; half a metre of cloth counts as one piece. */
function content({ item_id: id, quantity = 1, price }: Item): Content[] {
  if (id === undefined || id === '') return [];
  return [
    {
      id,
      item_price: price === undefined ? undefined : amountText(price),
      quantity: Math.max(1, Math.round(quantity)),
    },
  ];
}
