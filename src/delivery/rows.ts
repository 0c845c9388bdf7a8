import type { EventTrace, Trace } from '../decide/trace.ts';
import type { RouteTrace } from '../policy/decide.ts';
import type { Outbox, OutboxRow, Withdrawal } from './outbox.ts';

/** One planned (event, route) as it is stored. */
export function outboxRow(trace: Trace, event: EventTrace, decision: RouteTrace, policy: string): OutboxRow {
  const { route, permit, plan } = decision;
  if (plan === undefined) throw new TypeError('only what was planned is stored');
  const full = permit.verdict === 'full';
  return {
    route: route.key,
    mark: markOf(event, decision),
    lasting: trace.site.conversions.has(event.name),
    acceptedAt: trace.hit.at,
    decidedAt: event.decidedAt,
    expiresAt: event.at + route.maxAge,
    policy,
    signals: decision.signals,
    fields: permit.bits,
    subjects: full ? event.subjects : NOBODY,
    envelope: plan.envelope,
    element: plan.element,
  };
}

/** By what a repeat of the event is known on this route; each form that identifies nobody has its own. A repeat after ad consent is an event of its own where the vendor wants it. */
function markOf({ key, raw }: EventTrace, { route, permit }: RouteTrace): string {
  const { destination } = route;
  if (key === undefined || !(key.everywhere || destination.dedupesByEventId)) return '';
  if (permit.verdict !== 'full') return `limited|${route.key}|${key.nobody}`;
  return raw.repeat === true && destination.takesRepeats ? key.repeat : key.own;
}

/** A limited form has no subject: nothing that identifies the visitor is stored with it. */
const NOBODY: readonly string[] = [];

/**
 * The withdrawals of a hit, as far as there may be something for them to reach: where nothing waits and nobody else
 * could bring an older event of this visitor, denied traffic costs nothing.
 */
export function withdrawalsToStore(
  { withdrawn, site, hit }: Trace,
  outbox: Pick<Outbox, 'pending' | 'shared'>,
): readonly Withdrawal[] {
  if (withdrawn.length === 0) return NONE;
  if (outbox.pending === 0 && !outbox.shared && site.ingestKeys.size === 0) return NONE;
  return withdrawn.map(({ subject, signals, closedRoutes }) => ({
    site: site.name,
    subject,
    signals,
    closedRoutes,
    at: hit.at,
  }));
}

const NONE: readonly Withdrawal[] = [];
