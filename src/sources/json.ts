import type { RawEvent } from '../core/fields.ts';
import { eventsBody, explain, type JsonEvent } from './event-schema.ts';
import type { Hit, Problem, Reading, SourceEvent, Visitor } from './hit.ts';
import { parseJson } from './json-text.ts';
import { badRequest } from './limits.ts';

/** A visitor nothing is known of: denied. */
const NOBODY: Visitor = {
  cookies: '',
  gpc: false,
  userAgent: undefined,
  address: undefined,
  country: undefined,
  clientId: undefined,
  sessionId: undefined,
};

/**
 * Reads the JSON events of `/v1/events`. From a browser they belong to `visitor`, read from the request; a back end's
 * own request says nothing about its visitors, so each of its events brings them along (design 3a).
 */
export function readJson(hit: Hit, from: 'browser' | 'backend', visitor: Visitor): Reading | Problem {
  const parsed = parseJson(hit.body);
  if ('status' in parsed) return parsed;
  const body = eventsBody.safeParse(parsed.value);
  if (!body.success) return badRequest(explain(body.error));
  const events: SourceEvent[] = [];
  for (const [i, event] of body.data.events.entries()) {
    if (from === 'browser' && event.visitor != null) {
      return badRequest(
        `events[${i}].visitor: a browser speaks for itself; only a back end with an ingest key states the visitor`,
      );
    }
    events.push({ raw: rawEvent(event, hit.at), visitor: from === 'browser' ? visitor : statedVisitor(event.visitor) });
  }
  return { source: 'json', stream: undefined, events, unknownKeys: 0 };
}

function statedVisitor(stated: JsonEvent['visitor']): Visitor {
  if (stated == null) return NOBODY;
  return {
    cookies: stated.cookies ?? '',
    gpc: stated.gpc ?? false,
    userAgent: stated.user_agent ?? undefined,
    address: stated.ip ?? undefined,
    country: undefined,
    clientId: stated.client_id ?? undefined,
    sessionId: stated.session_id ?? undefined,
  };
}

function rawEvent(event: JsonEvent, receivedAt: number): RawEvent {
  const { page, params, user } = event;
  const raw: RawEvent = {
    event_name: event.name,
    // An event cannot have happened after it was received (design 7.4).
    event_time: Math.min(event.time ?? receivedAt, receivedAt),
  };
  const put = <F extends keyof RawEvent>(field: F, value: RawEvent[F] | null | undefined): void => {
    if (value !== undefined && value !== null && value !== '') raw[field] = value;
  };
  put('event_id', event.id);
  put('client_id', event.client_id);
  put('session_id', event.session_id);
  put('language', event.language);
  put('screen_resolution', event.screen);
  put('page_location', page?.url);
  put('page_referrer', page?.referrer);
  put('page_title', page?.title);
  put('currency', params?.currency);
  put('value', params?.value);
  put('tax', params?.tax);
  put('shipping', params?.shipping);
  put('coupon', params?.coupon);
  put('transaction_id', params?.transaction_id);
  put('search_term', params?.search_term);
  put('engagement_time_msec', params?.engagement_time_msec);
  if (params?.debug_mode === true || params?.debug_mode === 1) raw.debug_mode = true;
  put('items', params?.items);
  put('params', params?.custom);
  put('user_properties', event.user_properties);
  put('user_id', user?.id);
  put('email', user?.email);
  put('phone', user?.phone);
  put('first_name', user?.first_name);
  put('last_name', user?.last_name);
  put('street', user?.street);
  put('city', user?.city);
  put('region', user?.region);
  put('postal_code', user?.postal_code);
  put('user_country', user?.country);
  return raw;
}
