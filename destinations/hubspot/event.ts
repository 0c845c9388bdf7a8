import type { Element, PlanContext, PlannedRequest, Reads, View, Wants } from '../../src/core/destination.ts';
import type { Event } from '../../src/core/fields.ts';
import type { Item } from '../../src/core/values.ts';
import { uuidOfUrl } from '../../src/core/hash.ts';
import { currencyCode } from '../../src/core/money.ts';
import { bearer } from '../../src/core/secret.ts';
import { emailAddress } from '../../src/core/user-data.ts';
import type { Settings } from './settings.ts';

export const HOST = 'api.hubapi.com';

/** Longest value of a property, and of HubSpot's own properties for addresses (`destinations/hubspot.md` 3). */
const LONGEST = 50;
const LONGEST_ADDRESS = 200;
const OF_ADDRESSES: readonly string[] = ['hs_page_url', 'hs_url', 'hs_referrer'];

/** The longest value that HubSpot takes in a property. */
export function longestIn(property: string): number {
  return OF_ADDRESSES.includes(property) ? LONGEST_ADDRESS : LONGEST;
}

/** Counted as the units of UTF-16, which is the larger count; no half of a character stays at the end. */
function cut(text: string, longest: number): string {
  const start = text.toWellFormed().slice(0, longest);
  return start.isWellFormed() ? start : start.slice(0, -1);
}

const short = (text: string): string => cut(text, LONGEST);
const address = (text: string): string => cut(text, LONGEST_ADDRESS);

/** `hubspotutk` as HubSpot writes it (4). */
function utk(value: string): string | undefined {
  return /^[0-9a-f]{32}$/.test(value) ? value : undefined;
}

function plainEmail(value: NonNullable<Event['email']>): string | undefined {
  const email = emailAddress(value);
  return email === undefined ? undefined : `${email.local}@${email.domain}`;
}

/** `SKU-1;SKU-2` (3: no JSON). */
function itemIds(items: readonly Item[]): string | undefined {
  const ids = items.flatMap(({ item_id: id }) => (id === undefined ? [] : [id]));
  return ids.length === 0 ? undefined : short(ids.join(';'));
}

/** An address goes in the clear, so it waits sealed (2). Of products and texts no more is kept than is sent at most. */
export const reads = {
  event_name: {},
  event_id: {},
  event_time: {},
  currency: { as: currencyCode },
  value: {},
  transaction_id: {},
  search_term: { as: short },
  items: { as: itemIds },
  params: {},
  page_location: { as: address },
  page_title: { as: short },
  hubspotutk: { as: utk },
  plain_email: { from: 'email', as: plainEmail, sealed: true },
} as const satisfies Reads;

type Seen = View<typeof reads>;

/** What is read of every event. */
const ALWAYS = [
  'event_name',
  'event_id',
  'event_time',
  'hubspotutk',
] as const satisfies readonly (keyof typeof reads)[];

/** What no property is made of, and the address where it is not sent, is neither read nor stored. */
export function fieldsTaken(settings: Settings): readonly (keyof typeof reads)[] {
  const used = sourcesOf(settings).map((source) => FIELD_OF[source.startsWith(PARAM) ? PARAM : source]);
  return [
    ...ALWAYS,
    ...new Set(used.filter((field) => field !== undefined)),
    ...(settings.email ? (['plain_email'] as const) : []),
  ];
}

/** Of the custom parameters only what a property is made of. */
export function paramsTaken(settings: Settings): readonly string[] {
  return sourcesOf(settings).flatMap((source) => (source.startsWith(PARAM) ? source.slice(PARAM.length) : []));
}

function sourcesOf({ custom_events }: Settings): readonly string[] {
  return Object.values(custom_events).flatMap(({ properties }) => Object.values(properties));
}

const PARAM = 'params.';
/** The field that each source of a property is read from. */
const FIELD_OF: Readonly<Record<string, keyof typeof reads>> = {
  transaction_id: 'transaction_id',
  value: 'value',
  currency: 'currency',
  search_term: 'search_term',
  page_location: 'page_location',
  page_title: 'page_title',
  item_ids: 'items',
  [PARAM]: 'params',
};

/** Only events with a custom event (3). */
export function wants({ custom_events }: Settings): Wants {
  return { names: new Map(Object.entries(custom_events).map(([event, { name }]) => [event, name])), conversions: true };
}

/** A contact, or a visitor (2). */
export function matchesOn({ email }: Settings): readonly (readonly ('hubspotutk' | 'plain_email')[])[] {
  return email ? [['hubspotutk'], ['plain_email']] : [['hubspotutk']];
}

export function plan(view: Seen, { custom_events, email }: Settings, context: PlanContext, name: string): Element {
  const { event_name: event = '' } = view;
  const mapped = Object.hasOwn(custom_events, event) ? custom_events[event]?.properties : undefined;
  const element = {
    eventName: name,
    email: email ? view.plain_email : undefined,
    utk: view.hubspotutk,
    occurredAt: new Date(view.event_time ?? context.at).toISOString(),
    uuid: uuidOfUrl(`portvakt:hubspot:${view.event_id ?? context.hitId}`),
    // HubSpot demands it, with nothing in it, too.
    properties: propertiesOf(view, mapped ?? {}),
  };
  return { envelope: '', element: JSON.stringify(element) };
}

function propertiesOf(view: Seen, mapped: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [property, source] of Object.entries(mapped)) {
    const value = valueOf(view, source);
    if (value === undefined || value === '') continue;
    found[property] = cut(String(value), longestIn(property));
  }
  return found;
}

/** What of the event a property is. */
function valueOf(view: Seen, source: string): string | number | boolean | undefined {
  const { params, items, value } = view;
  if (source.startsWith(PARAM)) return params?.[source.slice(PARAM.length)];
  switch (source) {
    case 'item_ids':
      return items;
    case 'value':
      return value !== undefined && Number.isFinite(value) ? value : undefined;
    case 'transaction_id':
    case 'currency':
    case 'search_term':
    case 'page_location':
    case 'page_title':
      return view[source];
    default:
      return undefined;
  }
}

/** Occurrences that are JSON already in one request (2). */
export function request(_envelope: string, elements: readonly string[], at: Settings): PlannedRequest {
  return {
    method: 'POST',
    url: `https://${HOST}/events/${at.api_version}/send/batch`,
    headers: { authorization: bearer(at.access_token), 'content-type': 'application/json' },
    body: `{"inputs":[${elements.join(',')}]}`,
  };
}
