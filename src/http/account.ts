import type { EventTrace, Trace } from '../pipeline.ts';
import type { RouteTrace } from '../policy/decide.ts';
import { guardedIn, type GuardedFields } from './guarded.ts';

/**
 * What is counted of a hit once it is safe. Hundreds of hits wait for the disk at the same time; what a trace holds
 * would wait with them, personal data included, and be copied by every collection of garbage meanwhile.
 */
export interface Account extends Pick<Trace, 'site' | 'source' | 'unknownKeys' | 'unknownStream'> {
  /** When the hit came, unix milliseconds. */
  readonly at: number;
  readonly events: readonly AccountEvent[];
}

export interface AccountEvent extends Pick<EventTrace, 'consent'> {
  readonly routes: readonly Pick<RouteTrace, 'route' | 'signals' | 'outcome' | 'reason'>[];
  /** What of the visitor came with an event that goes somewhere; nothing where no record is kept. */
  readonly present: GuardedFields;
  /** The client id, and what its visitor showed that may be rare; only where the site's ids are replaced. */
  readonly visitor: { readonly id: string; readonly cells: readonly string[] } | undefined;
}

/** Takes out of a trace what is counted; `recorded` = a record of decisions is kept. */
export function accountOf(trace: Trace, recorded: boolean): Account {
  const { site, source, unknownKeys, unknownStream, hit, events } = trace;
  const replaced = site.privacy.replacedIds !== undefined;
  return {
    site,
    source,
    unknownKeys,
    unknownStream,
    at: hit.at,
    events: events.map((event) => ({
      consent: event.consent,
      routes: event.routes.map(({ route, signals, outcome, reason }) => ({ route, signals, outcome, reason })),
      present: recorded && event.routes.some(({ outcome }) => outcome === 'planned') ? guardedIn(event) : 0,
      visitor: replaced ? visitorOf(event) : undefined,
    })),
  };
}

function visitorOf({ event, cells }: EventTrace): AccountEvent['visitor'] {
  const id = event?.client_id;
  return id === undefined ? undefined : { id, cells };
}
