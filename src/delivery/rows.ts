import type { EventTrace, RouteTrace, Trace } from '../pipeline.ts';
import type { OutboxRow, Withdrawal } from './outbox.ts';

/** One planned (event, route) as it is stored. */
export function outboxRow(trace: Trace, event: EventTrace, decision: RouteTrace, policy: string): OutboxRow {
  const { route, permit, plan } = decision;
  if (plan === undefined) throw new TypeError('only what was planned is stored');
  const repeat = event.raw.repeat === true && route.destination.takesRepeats;
  return {
    route: route.key,
    // A repeat after ad consent is an event of its own where the vendor wants it (design 3a).
    eventId: repeat ? `${event.id}#repeat` : event.id,
    dedupe: event.idGiven,
    acceptedAt: trace.hit.at,
    expiresAt: event.at + route.maxAge,
    policy,
    signals: decision.signals,
    fields: permit.bits,
    subjects: permit.verdict === 'full' ? event.subjects : NOBODY,
    envelope: plan.envelope,
    element: plan.element,
  };
}

/** A limited form belongs to nobody: nothing of the visitor is stored with it. */
const NOBODY: readonly string[] = [];

/**
 * The withdrawals of a hit. Ids of denied hits that came without a cookie matter only where something is waiting;
 * otherwise denied traffic costs nothing.
 */
export function withdrawalsOf(trace: Trace, pending: number): readonly Withdrawal[] {
  if (trace.withdrawn.length === 0) return NONE;
  const out: Withdrawal[] = [];
  for (const { subject, signals, fromCookie } of trace.withdrawn) {
    if (fromCookie || pending > 0) out.push({ site: trace.site.name, subject, signals, lasting: fromCookie });
  }
  return out;
}

const NONE: readonly Withdrawal[] = [];
