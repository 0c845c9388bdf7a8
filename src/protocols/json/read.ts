import type { RawEvent } from '../../core/fields.ts';
import { LeftOutTally } from '../../core/left-out.ts';
import { event as eventSchema, eventsBody, type JsonEvent } from './event-schema.ts';
import type { Hit, Problem, HitReading, SourceEvent, Visitor } from '../hit.ts';
import { type Mistake, mistakesOf, said } from '../json-parts.ts';
import { faultyEvent, parseBody, type ShapeFault } from '../json-text.ts';
import { badRequest, LIMITS } from '../limits.ts';
import { settle } from '../settle.ts';
import { statedVisitor } from '../stated-visitor.ts';

const TOO_MANY: Mistake = { path: ['events'], message: `expected at most ${LIMITS.events} events` };

/** Most mistakes in one answer. */
const MOST_TOLD = 50;

/**
 * Reads the JSON events of `/v1/events`. Events from a browser belong to `visitor`, read from the request. A back end's
 * request says nothing about its visitors, so each of its events states its visitor (design 3a).
 *
 * A back end's program can be corrected, so a body with a mistake is refused as a whole, and the answer names all
 * mistakes. In a browser nobody reads the answer, so an event with a mistake is marked as invalid, events past the limit
 * are left out and counted, and the others are used.
 */
export function readJson(hit: Hit, from: 'browser' | 'backend', visitor: Visitor): HitReading | Problem {
  const parsed = parseBody(hit.body);
  if (parsed === undefined) return badRequest('The body is not valid JSON.');
  const body = eventsBody.safeParse(parsed.value);
  const outside = parsed.faults.filter((fault) => faultyEvent(fault) === undefined);
  if (!body.success || outside.length > 0)
    return refused([...outside, ...(body.success ? [] : mistakesOf(body.error))]);

  const leftOut = new LeftOutTally();
  const mistakes: Mistake[] = [];
  const events: SourceEvent[] = [];
  const given = body.data.events;
  if (given.length > LIMITS.events && from === 'backend') mistakes.push(TOO_MANY);
  for (let i = LIMITS.events; i < given.length; i++) leftOut.add('events');
  for (const [i, value] of given.slice(0, LIMITS.events).entries()) {
    const { read, wrong } = readEvent(value, i, from, parsed.faults);
    mistakes.push(...wrong);
    if (read === undefined || wrong.length > 0) {
      events.push({ raw: { event_time: hit.at }, visitor, invalid: { field: fieldOf(wrong), says: told(wrong) } });
      continue;
    }
    for (const kind of read.params?.leftOut ?? []) leftOut.add(kind);
    const raw = rawEvent(read, hit.at);
    settle(raw, leftOut);
    events.push({ raw, visitor: from === 'browser' ? visitor : statedVisitor(read.visitor) });
  }
  if (from === 'backend' && mistakes.length > 0) return refused(mistakes);
  return { stream: undefined, events, unknownKeys: 0, leftOut: leftOut.counts };
}

/** One event, and all that is wrong with it. */
function readEvent(
  value: unknown,
  i: number,
  from: 'browser' | 'backend',
  faults: readonly ShapeFault[],
): { readonly read: JsonEvent | undefined; readonly wrong: readonly Mistake[] } {
  const shape = faults.filter((fault) => faultyEvent(fault) === i);
  const parsed = eventSchema.safeParse(value);
  const at = ['events', i];
  if (!parsed.success) return { read: undefined, wrong: [...shape, ...mistakesOf(parsed.error, at)] };
  if (from === 'backend' || parsed.data.visitor == null) return { read: parsed.data, wrong: shape };
  const message = 'only a back end with an ingest key may state the visitor';
  return { read: parsed.data, wrong: [...shape, { path: [...at, 'visitor'], message }] };
}

/** The field of the first mistake, if an event has such a field. */
function fieldOf([mistake]: readonly Mistake[]): string | undefined {
  const field = mistake?.path[2];
  return typeof field === 'string' && Object.hasOwn(eventSchema.shape, field) ? field : undefined;
}

function refused(mistakes: readonly Mistake[]): Problem {
  return badRequest(told(mistakes));
}

function told(mistakes: readonly Mistake[]): string {
  const more = mistakes.length - MOST_TOLD;
  const text = mistakes.slice(0, MOST_TOLD).map(said).join('; ');
  return more > 0 ? `${text}; and ${more} more` : text;
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
  if (params?.debug_mode === true) raw.debug_mode = true;
  put('items', params?.items);
  put('params', params?.custom);
  put('user_properties', event.user_properties);
  put('user_id', user?.id);
  put('email', user?.email);
  put('phone', user?.phone);
  put('email_sha256', user?.email_sha256);
  put('phone_sha256', user?.phone_sha256);
  put('first_name', user?.first_name);
  put('last_name', user?.last_name);
  put('street', user?.street);
  put('city', user?.city);
  put('region', user?.region);
  put('postal_code', user?.postal_code);
  put('user_country', user?.country);
  return raw;
}
