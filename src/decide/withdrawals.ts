import { narrowedEntry } from '../policy/closed-routes.ts';
import type { Consent } from '../consent/types.ts';
import type { CookieReading } from '../cookies/index.ts';
import { boundedSubjects } from '../cookies/subjects.ts';
import { ALL_SIGNALS, GATE_MASK, type SignalMask } from '../core/signals.ts';
import type { SentBy } from '../protocols/admission.ts';
import type { Route, Site } from '../policy/gateway.ts';
import { routeSignals } from '../policy/signals.ts';
import type { Visitor } from '../protocols/hit.ts';
import { pushStated } from './subjects.ts';
import type { TraceWithdrawal } from './trace.ts';
import type { Understood } from './understand.ts';

/** Whether a hit can withdraw anything: a browser without any identifying cookie has nothing to withdraw. */
export function mayWithdraw(jar: CookieReading, sender: SentBy): boolean {
  return sender === 'backend' || jar.withdrawn !== undefined || jar.carried.length > 0;
}

/**
 * Who withdraws, if anybody does. The signals left are those that all events of the visitor leave; a refusal in any event
 * counts. A browser withdraws by its own cookies: by a governed cookie that came without its signal, whatever the reason,
 * or by any governed cookie when another purpose, or a vendor, was refused. Only the ids in these cookies are withdrawn,
 * because anybody can write another person's id into a hit; stored events are found by them, since an event is filed
 * under all ids of its visitor. A back end has to state the refusal and the visitor: where it states nothing, the header
 * may not have reached it.
 */
export function withdrawalsOf(
  visitor: Visitor,
  jar: CookieReading,
  sender: SentBy,
  all: readonly Understood[],
  closedRoutes: readonly string[],
): readonly TraceWithdrawal[] {
  let signals: SignalMask = -1;
  let refused: SignalMask = 0;
  for (const one of all) {
    if (one.source.visitor !== visitor) continue;
    signals &= one.signals;
    refused |= one.consent.refused;
    // A cookie header over the limit is not read. It may hold a refusal, so it counts as one.
    if (sender === 'backend' && one.cookies.unreadable === true) refused |= GATE_MASK;
  }
  const left = jar.withdrawn !== undefined && sender === 'browser';
  if (!left && (refused & GATE_MASK) === 0 && closedRoutes.length === 0) return NOBODY;
  const known = [...(jar.withdrawn ?? jar.carried)];
  if (sender === 'backend') for (const { source } of all) if (source.visitor === visitor) pushStated(source, known);
  return boundedSubjects(known).map((subject) => ({
    subject,
    signals,
    closedRoutes,
    fromCookie: jar.withdrawn !== undefined,
  }));
}

const NOBODY: readonly TraceWithdrawal[] = [];

/**
 * Routes that are closed or narrowed because any event of the visitor refuses a vendor.
 */
export function closedRoutesOf(site: Site, visitor: Visitor, all: readonly Understood[]): readonly string[] {
  let closed: string[] | undefined;
  let read: Consent | undefined;
  for (const { source, consent, signals } of all) {
    if (source.visitor !== visitor || consent === read) continue;
    read = consent;
    // Nearly always: no record tells one vendor from another.
    if (consent.terms === undefined && consent.vendorless === ALL_SIGNALS) continue;
    for (const route of site.routes) {
      const own = routeSignals(route, site, consent, signals);
      if (own === signals || isTooNew(route, consent) || !isFull(route, signals)) continue;
      const entry = isFull(route, own) ? narrowedEntry(route.key, own) : route.key;
      closed ??= [];
      if (!closed.includes(entry)) closed.push(entry);
    }
  }
  return closed ?? NO_ROUTES;
}

/** A choice that is older than the route's `since` does not cover the route, so it refuses nothing there. */
function isTooNew({ since }: Route, { at }: Consent): boolean {
  return since !== undefined && (at === undefined || at < since);
}

export function isFull(route: Route, signals: SignalMask): boolean {
  return route.permits[signals & GATE_MASK]?.verdict === 'full';
}

export const NO_ROUTES: readonly string[] = [];
