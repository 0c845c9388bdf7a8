import type { Element, PlanContext, PlannedRequest, Reads, View, Wants } from '../../src/core/destination.ts';
import type { Event } from '../../src/core/fields.ts';
import { uuidOfUrl } from '../../src/core/hash.ts';
import { currencyCode } from '../../src/core/money.ts';
import { bearer } from '../../src/core/secret.ts';
import { emailAddress } from '../../src/core/user-data.ts';
import type { Settings } from './settings.ts';

export const HOST = 'api.hubapi.com';

/** Longest value of a property (`destinations/hubspot.md` 3). */
const LONGEST = 50;

/** `hubspotutk` as HubSpot writes it (4). */
function utk(value: string): string | undefined {
  return /^[0-9a-f]{32}$/.test(value) ? value : undefined;
}

function plainEmail(value: NonNullable<Event['email']>): string | undefined {
  const address = emailAddress(value);
  return address === undefined ? undefined : `${address.local}@${address.domain}`;
}

/** An address goes in the clear, so it waits sealed (2). */
export const reads = {
  event_name: {},
  event_id: {},
  event_time: {},
  currency: { as: currencyCode },
  value: {},
  transaction_id: {},
  search_term: {},
  items: {},
  params: {},
  page_location: {},
  page_title: {},
  hubspotutk: { as: utk },
  plain_email: { from: 'email', as: plainEmail, sealed: true },
} as const satisfies Reads;

type Seen = View<typeof reads>;

/** The address is neither read nor stored where it is not sent. */
export function fieldsTaken({ email }: Settings): readonly (keyof typeof reads)[] | undefined {
  const all = Object.keys(reads) as (keyof typeof reads)[];
  return email ? undefined : all.filter((field) => field !== 'plain_email');
}

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
  const properties = propertiesOf(view, mapped ?? {});
  const element = {
    eventName: name,
    email: email ? view.plain_email : undefined,
    utk: view.hubspotutk,
    occurredAt: new Date(view.event_time ?? context.at).toISOString(),
    uuid: uuidOfUrl(`portvakt:hubspot:${view.event_id ?? context.hitId}`),
    properties: Object.keys(properties).length === 0 ? undefined : properties,
  };
  return { envelope: '', element: JSON.stringify(element) };
}

function propertiesOf(view: Seen, mapped: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [property, source] of Object.entries(mapped)) {
    const value = valueOf(view, source);
    if (value === undefined || value === '') continue;
    found[property] = cut(String(value).toWellFormed());
  }
  return found;
}

/** Counted as the units of UTF-16, which is the larger count; no half of a character stays at the end. */
function cut(text: string): string {
  const short = text.slice(0, LONGEST);
  return short.isWellFormed() ? short : short.slice(0, -1);
}

/** What of the event a property is. */
function valueOf(view: Seen, source: string): string | number | boolean | undefined {
  const { params, items, value } = view;
  if (source.startsWith('params.')) return params?.[source.slice('params.'.length)];
  switch (source) {
    case 'item_ids':
      return items?.flatMap(({ item_id: id }) => (id === undefined ? [] : [id])).join(';');
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
