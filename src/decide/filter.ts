import type { Event } from '../core/fields.ts';
import { type Surroundings, minimise } from '../privacy/minimise.ts';
import { foldRare } from '../privacy/rare.ts';
import { impersonal, ownPage } from '../privacy/replaced-event.ts';
import { replacedIdentifiers } from '../privacy/replaced-id.ts';
import type { OneHit } from './one-hit.ts';
import { NO_CELLS } from './traced-event.ts';
import type { Understood } from './understand.ts';

/** An event behind the site's privacy floor. */
export interface Filtered {
  readonly event: Event;
  readonly cells: readonly string[];
}

/**
 * Puts an event behind the site's privacy floor. Done when the first route that may have something of it asks: a
 * visitor who has refused is not read any further, and costs no more than the refusal.
 */
export function filterEvent(
  { hit, site, window }: OneHit,
  { source: { raw, visitor }, page, cleaner }: Understood,
  known: Pick<Surroundings, 'identifiers' | 'eventId' | 'eventTime'>,
  line: number,
): Filtered {
  const { identifiers, eventId, eventTime } = known;
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
