import type { CookieReading } from '../cookies/index.ts';
import { GA4_EVENTS } from '../core/event-names.ts';
import type { Event, RawEvent } from '../core/fields.ts';
import { hexOf } from '../core/hash.ts';
import { BIT } from '../core/signals.ts';
import type { Site } from '../policy/gateway.ts';
import { presentableClientId } from '../privacy/identifiers.ts';
import { type Surroundings, minimise } from '../privacy/minimise.ts';
import { foldRare } from '../privacy/rare.ts';
import { impersonal, ownPage } from '../privacy/replaced-event.ts';
import { replacedIdentifiers } from '../privacy/replaced-id.ts';
import type { Hit, SourceEvent } from '../protocols/hit.ts';
import type { OneHit } from './one-hit.ts';
import { NO_CELLS } from './traced-event.ts';
import type { Understood } from './understand.ts';

/** An event behind the site's privacy floor. */
export interface Filtered {
  readonly event: Event;
  readonly cells: readonly string[];
}

/** What is known of an event before its fields are filtered. */
interface Known extends Pick<Surroundings, 'eventId' | 'eventTime'> {
  readonly jar: CookieReading;
}

/**
 * Puts an event behind the site's privacy floor. It runs only when a route may have something of the event: after a
 * refusal nothing more of the event is read, and no time is spent on it.
 */
export function filterEvent(of: OneHit, one: Understood, known: Known, line: number): Filtered {
  const { hit, site, window } = of;
  const { page, cleaner } = one;
  const { raw, visitor } = one.source;
  const { jar, eventId, eventTime } = known;
  const identifiers = identifiersOf(of, one, jar);
  const { userAgent, address, country } = visitor;
  const { replacedIds } = site.privacy;
  if (replacedIds === undefined) {
    const around = { page: page.url, userAgent, address, country, identifiers, eventId, eventTime, cleaner };
    return { event: minimise(raw, around, site.privacy), cells: NO_CELLS };
  }
  const replaced = {
    page: ownPage(page.url, site.origins),
    userAgent,
    address,
    country,
    identifiers: replacedIdentifiers(identifiers, window, replacedIds, hit.at),
    eventId: `${hit.id}-${line}`,
    eventTime,
    cleaner,
  };
  return foldRare(minimise(impersonal(raw), replaced, site.privacy), window);
}

/** Of `visitor_hash`: nobody else has the same by chance. */
const HASH_DIGITS = 32;

/** What the visitor is known by, as far as the signals in force allow. */
function identifiersOf({ hit, site }: OneHit, { source, signals }: Understood, jar: CookieReading): Partial<RawEvent> {
  const identifiers: Partial<RawEvent> = { ...jar.identifiers };
  if ((signals & BIT.analytics_storage) !== 0) identifyAnalytics(hit, site, source, jar, identifiers);
  return identifiers;
}

/** Client and own id in presentable form (design 3a): only ever called with analytics_storage in force. */
function identifyAnalytics(
  hit: Hit,
  site: Site,
  { raw, visitor }: SourceEvent,
  jar: CookieReading,
  identifiers: Partial<RawEvent>,
): void {
  const cid = raw.client_id ?? visitor.clientId;
  if (cid !== undefined && cid !== '') {
    identifiers.client_id = presentableClientId(
      cid,
      raw.page_load_id ?? hit.id,
      hit.at,
      site.cookies.analytics,
      site.keys.pseudonym,
    ).value;
  } else {
    const id = jar.identifiers.client_id ?? jar.identifiers.own_id;
    if (id !== undefined) identifiers.client_id = id;
  }
  const { client_id: known } = identifiers;
  if (known !== undefined && isHashed(site, raw.event_name))
    identifiers.visitor_hash = hexOf(site.keys.pseudonym(`visitor|${known}`)).slice(0, HASH_DIGITS);
  const session = raw.session_id ?? visitor.sessionId;
  if (session !== undefined) identifiers.session_id = session;
}

/** Whether a route that may take the event gets a hash of its visitor. */
function isHashed({ hashesVisitors: events }: Site, name = ''): boolean {
  if (events === 'every') return true;
  // What becomes of any other name is known only when it was cleaned.
  return events.size > 0 && (events.has(name) || !GA4_EVENTS.has(name));
}
