import type { Element, PlanContext, View, Wants } from '../../src/core/destination.ts';
import { currencyCode } from '../../src/core/money.ts';
import { sha256Of } from '../../src/core/user-data.ts';
import type { Item } from '../../src/core/values.ts';
import {
  browserId,
  clickId,
  country,
  hashEmail,
  hashExternalId,
  hashName,
  hashPhone,
  hashPostalCode,
  place,
} from './normalise.ts';
import { STANDARD_EVENTS, type Settings } from './settings.ts';

/** All that TikTok is ever shown, and how: user data as a hash wherever TikTok takes one. */
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
  page_referrer: {},
  user_agent: {},
  user_agent_family: {},
  ip: {},
  country: { as: country },
  ttclid: { as: clickId },
  ttp: { as: browserId },
  user_id: { as: hashExternalId },
  email: { as: hashEmail },
  email_sha256: { as: sha256Of },
  phone: { as: hashPhone },
  phone_sha256: { as: sha256Of },
  first_name: { as: hashName },
  last_name: { as: hashName },
  city: { as: place },
  region: { as: place },
  postal_code: { as: hashPostalCode },
  user_country: { as: country },
} as const;

type TikTokView = View<typeof reads>;

/** Keys of an object that are left out when undefined, as `JSON.stringify` does. */
type Json = Readonly<Record<string, unknown>>;

/** GA4's events have a standard event of TikTok's (`destinations/tiktok.md` 5), unless the settings say otherwise. */
export function wants({ event_names }: Settings): Wants {
  const own = Object.entries(event_names).map(([name, becomes]) => [name, becomes ?? undefined] as const);
  return { names: new Map([...STANDARD_EVENTS, ...own]) };
}

/** What identifies somebody (4), as far as the settings allow it. A reduced User-Agent is that of thousands. */
export function matchesOn({ user_data }: Settings): readonly (readonly (keyof TikTokView)[])[] {
  return [
    ['ttclid'],
    ['ttp'],
    ...(user_data.includes('email') ? ([['email'], ['email_sha256']] as const) : []),
    ...(user_data.includes('phone') ? ([['phone'], ['phone_sha256']] as const) : []),
    ...(user_data.includes('user_id') ? ([['user_id']] as const) : []),
    ['ip', 'user_agent'],
  ];
}

/** One event as TikTok wants it (3). */
export function plan(view: TikTokView, settings: Settings, context: PlanContext, name: string): Element {
  const element = {
    event: name,
    event_time: Math.floor((view.event_time ?? context.at) / 1000),
    event_id: view.event_id,
    user: user(view, settings),
    page: filled({ url: view.page_location, referrer: view.page_referrer }),
    properties: properties(view),
    limited_data_use: settings.limited_data_use,
  };
  return { envelope: '', element: JSON.stringify(element) };
}

/** Section 4. A number that the site has hashed has its `+`, as TikTok wants it. */
function user(view: TikTokView, { user_data }: Settings): Json {
  const listed = (field: Settings['user_data'][number], value: string | undefined): string | undefined =>
    user_data.includes(field) ? value : undefined;
  return {
    email: listed('email', view.email ?? view.email_sha256),
    phone: listed('phone', view.phone ?? view.phone_sha256),
    external_id: listed('user_id', view.user_id),
    first_name: listed('first_name', view.first_name),
    last_name: listed('last_name', view.last_name),
    city: listed('city', view.city),
    state: listed('region', view.region),
    zip_code: listed('postal_code', view.postal_code),
    country: listed('country', view.user_country ?? view.country),
    ttclid: view.ttclid,
    ttp: view.ttp,
    ip: view.ip,
    user_agent: view.user_agent ?? view.user_agent_family,
  };
}

/** Section 3.1. */
function properties(view: TikTokView): Json | undefined {
  const { currency } = view;
  const contents = view.items?.flatMap(content);
  const products = contents !== undefined && contents.length > 0;
  return filled({
    currency,
    // An amount without its currency says nothing; zero is an amount.
    value: currency === undefined ? undefined : view.value,
    order_id: view.transaction_id,
    search_string: view.search_term,
    content_type: products ? 'product' : undefined,
    contents: products ? contents : undefined,
  });
}

function content({ item_id, item_name, quantity = 1, price }: Item): Json[] {
  return item_id === undefined || item_id === ''
    ? []
    : [{ content_id: item_id, content_name: item_name, quantity, price }];
}

/** The object, if there is anything in it. */
function filled(object: Json): Json | undefined {
  return Object.values(object).some((value) => value !== undefined) ? object : undefined;
}
