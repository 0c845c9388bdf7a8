import type { EventTrace, Trace } from '../decide/trace.ts';
import type { SignalMask } from '../core/signals.ts';
import type { RouteTrace } from '../policy/decide.ts';
import { interestOf } from '../policy/signals.ts';
import { NOTHING_REMOVED, removedFrom, type GuardedFields } from './guarded.ts';

/**
 * What is counted of a hit once it is stored. Hundreds of hits wait for the disk at the same time. Traces would keep
 * personal data in memory for as long, and garbage collection would copy them again and again.
 */
export interface Account extends Pick<Trace, 'site' | 'source' | 'unknownKeys' | 'leftOut' | 'unknownStream'> {
  /** When the hit came, unix milliseconds. */
  readonly at: number;
  readonly events: readonly AccountEvent[];
}

export interface AccountEvent extends Pick<EventTrace, 'consent'> {
  /** Signals in force that rest on legitimate interest. */
  readonly interest: SignalMask;
  readonly routes: readonly AccountRoute[];
  /** The client id, and its visitor's values that may be rare; only where the site's ids are replaced. */
  readonly visitor: { readonly id: string; readonly cells: readonly string[] } | undefined;
}

export interface AccountRoute extends Pick<RouteTrace, 'route' | 'signals' | 'outcome' | 'reason'> {
  /** Fields that were there and are not sent to the vendor; empty where no record is kept. */
  readonly removed: GuardedFields;
}

/** Takes out of a trace what is counted; `recorded` = a record of decisions is kept. */
export function accountOf(trace: Trace, recorded: boolean): Account {
  const { site, source, unknownKeys, leftOut, unknownStream, hit, events } = trace;
  const replaced = site.privacy.replacedIds !== undefined;
  return {
    site,
    source,
    unknownKeys,
    leftOut,
    unknownStream,
    at: hit.at,
    events: events.map((event) => {
      const removed = recorded ? removedFrom(event) : undefined;
      return {
        consent: event.consent,
        interest: interestOf(site, event.consent, event.signals),
        routes: event.routes.map(({ route, signals, outcome, reason }, i) => {
          return { route, signals, outcome, reason, removed: removed?.[i] ?? NOTHING_REMOVED };
        }),
        visitor: replaced ? visitorOf(event) : undefined,
      };
    }),
  };
}

function visitorOf({ event, cells }: EventTrace): AccountEvent['visitor'] {
  const id = event?.client_id;
  return id === undefined ? undefined : { id, cells };
}
