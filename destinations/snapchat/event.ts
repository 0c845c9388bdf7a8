import type { Element, PlanContext, Requirement, View, Wants } from '../../src/core/destination.ts';
import { currencyCode } from '../../src/core/money.ts';
import { sha256Of } from '../../src/core/user-data.ts';
import type { Item } from '../../src/core/values.ts';
import {
  browserId,
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

/** All that Snap is ever shown, and how: user data only as a hash. */
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
  sccid: { as: clickId },
  scid: { as: browserId },
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

type SnapView = View<typeof reads>;
type Field = keyof SnapView;

/** Keys of an object that are left out when undefined, as `JSON.stringify` does. */
type Json = Readonly<Record<string, unknown>>;

/** GA4's events have a name of Snap's (`destinations/snapchat.md` 5), unless the settings say otherwise. */
export function wants({ event_names }: Settings): Wants {
  const own = Object.entries(event_names).map(([name, becomes]) => [name, becomes ?? undefined] as const);
  return { names: new Map<string, string | undefined>([...STANDARD_EVENTS, ...own]) };
}

/**
 * An e-mail address, a phone number, or address and user agent (4). The address is truncated and matches nobody by itself:
 * something that does has to be there, too.
 */
export function matchesOn({ user_data }: Settings): readonly (readonly Field[])[] {
  const persons: Field[] = ['sccid', 'scid', ...(user_data.includes('user_id') ? (['user_id'] as const) : [])];
  const agents = ['user_agent', 'user_agent_family'] as const;
  return [
    ...(user_data.includes('email') ? ([['email'], ['email_sha256']] as const) : []),
    ...(user_data.includes('phone') ? ([['phone']] as const) : []),
    ...persons.flatMap((person) => agents.map((agent): Field[] => [person, 'ip', agent])),
  ];
}

/** Snap refuses events of a website without their page, and purchases without what was paid (3). */
export const requires: readonly Requirement<Field>[] = [
  { fields: ['page_location'] },
  { becomes: 'PURCHASE', fields: ['value', 'currency'] },
];

/** One event as Snap wants it (3). */
export function plan(view: SnapView, settings: Settings, context: PlanContext, name: string): Element {
  const element = {
    event_name: name,
    event_time: Math.floor((view.event_time ?? context.at) / 1000),
    event_id: view.event_id,
    action_source: 'WEB',
    event_source_url: view.page_location,
    user_data: userData(view, settings),
    custom_data: customData(view),
    ...processingOptions(settings),
  };
  return { envelope: '', element: JSON.stringify(element) };
}

/** Section 4. A phone number that the site has hashed has a `+`, which Snap's have not. */
function userData(view: SnapView, { user_data }: Settings): Json {
  const listed = (field: Settings['user_data'][number], hash: string | undefined): string | undefined =>
    user_data.includes(field) ? hash : undefined;
  const list = (hash: string | undefined): string[] | undefined => (hash === undefined ? undefined : [hash]);
  return {
    em: list(listed('email', view.email ?? view.email_sha256)),
    ph: list(listed('phone', view.phone)),
    fn: listed('first_name', view.first_name),
    ln: listed('last_name', view.last_name),
    ct: listed('city', view.city),
    st: listed('region', view.region),
    zp: listed('postal_code', view.postal_code),
    country: listed('country', view.user_country ?? view.country),
    external_id: listed('user_id', view.user_id),
    client_ip_address: view.ip,
    client_user_agent: view.user_agent ?? view.user_agent_family,
    sc_click_id: view.sccid,
    sc_cookie1: view.scid,
  };
}

/** Section 3.1: money, order and product ids; names of products stay here. */
function customData(view: SnapView): Json | undefined {
  const { currency } = view;
  const contents = view.items?.flatMap(content);
  const data = {
    currency,
    // An amount without its currency says nothing; zero is an amount.
    value: currency === undefined ? undefined : view.value,
    order_id: view.transaction_id,
    search_string: view.search_term,
    contents: contents !== undefined && contents.length > 0 ? contents : undefined,
  };
  return Object.values(data).some((value) => value !== undefined) ? data : undefined;
}

function content({ item_id: id, quantity = 1, price }: Item): Json[] {
  return id === undefined || id === '' ? [] : [{ id, quantity, item_price: price }];
}

/** Section 7. */
function processingOptions({ limited_data_use }: Settings): Json {
  if (limited_data_use === undefined) return {};
  return {
    data_processing_options: ['LDU'],
    data_processing_options_country: limited_data_use.country,
    data_processing_options_state: limited_data_use.state,
  };
}
