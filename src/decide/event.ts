import type { CookieReading } from '../cookies/index.ts';
import { reason } from '../core/reason.ts';
import type { SignalMask } from '../core/signals.ts';
import { type Grounds, type RouteTrace, decide, decideByRules, ended } from '../policy/decide.ts';
import { type EventKey, eventKey, givenIds } from '../policy/event-key.ts';
import type { Route } from '../policy/gateway.ts';
import { routeSignals } from '../policy/signals.ts';
import { heldBack, invalidEvent, NO_EVENT, PAGE_UNREAD, PATH_KEPT } from './failed.ts';
import { type Filtered, filterEvent } from './filter.ts';
import { withStated } from './subjects.ts';
import type { OneHit } from './one-hit.ts';
import type { PageAddress } from './page.ts';
import { type EventTrace, isPlanned } from './trace.ts';
import { TracedEvent } from './traced-event.ts';
import type { Understood } from './understand.ts';
import { isFull } from './withdrawals.ts';
import { withoutLeftOut } from './left-out-vendors.ts';

/** Decides about one event on every route it is offered to. */
export function traceEvent(of: OneHit, one: Understood, jar: CookieReading, line: number): EventTrace {
  const { hit, site } = of;
  const { signals, page, cleaner } = one;
  const { raw, invalid, noEvent, leftOut } = one.source;
  if (invalid !== undefined) return invalidEvent(of, one, invalid, line);
  if (noEvent === true) {
    return heldBack(of, one, { name: raw.event_name ?? '', id: `${hit.id}-${line}`, at: hit.at }, NO_EVENT);
  }
  const ids = givenIds(raw, cleaner);
  const id = ids.event ?? ids.order ?? `${hit.id}-${line}`;
  const name = raw.event_name ?? '';
  const time = raw.event_time === undefined || raw.event_time > hit.at ? hit.at : raw.event_time;
  if (site.privacy.url.neverForward.length > 0) {
    const why = whyKept(page);
    if (why !== undefined) return heldBack(of, one, { name, id, at: time }, why);
  }
  let filtered: Filtered | undefined;
  const filter = (): Filtered => (filtered ??= filterEvent(of, one, { jar, eventId: id, eventTime: time }, line));
  // Subjects of a browser's event are needed only if it is stored; they are made below.
  let subjects = of.sender === 'backend' ? withStated(jar.subjects, one.source) : NO_SUBJECTS;
  const decided = decideRoutes(of, one, subjects, filter);
  const routes = leftOut === undefined ? decided : withoutLeftOut(decided, site, leftOut);
  let key: EventKey | undefined;
  if (routes.some(isPlanned)) {
    if (of.sender !== 'backend') subjects = withStated(jar.subjects, one.source);
    const replaced = site.privacy.replacedIds === undefined ? undefined : { id: filter().event.client_id };
    const { protocol, sender } = of;
    key = eventKey(raw, ids, { hit, protocol, sender, visitor: one.source.visitor, jar, signals }, replaced);
  }
  return new TracedEvent(name, id, key, time, one, subjects, routes, filter);
}

function decideRoutes(
  { hit, site, protocol, sender, routes, withdrawnSince }: OneHit,
  { consent, signals, decidedAt }: Understood,
  subjects: readonly string[],
  filter: () => Filtered,
): RouteTrace[] {
  const since = sender === 'backend' ? withdrawnSince(site, subjects, decidedAt) : undefined;
  const inForce = since === undefined ? signals : signals & since.signals;
  const grounds: Grounds = { hit, site, source: protocol.name, consent, signals: inForce };
  const decided: RouteTrace[] = [];
  for (const route of routes) {
    if (since === undefined) decideInto(decided, filter, route, grounds);
    else {
      const own = since.leftOf(route.key);
      if (own === undefined) decided.push(ended(route, 0, WITHDRAWN));
      else {
        const left: RouteTrace[] = [];
        decideInto(left, filter, route, { ...grounds, signals: grounds.signals & own });
        for (const one of left) decided.push(withdrawnOf(one, grounds, signals));
      }
    }
  }
  return decided;
}

function decideInto(decided: RouteTrace[], filter: () => Filtered, route: Route, grounds: Grounds): void {
  if (route.rules === undefined) decided.push(decide(filter, route, grounds));
  else decided.push(...decideByRules(filter, route, route.rules, grounds));
}

const NO_SUBJECTS: readonly string[] = [];
const WITHDRAWN = reason('withdrawn.consent');

/** The decision, or `withdrawn` where only the withdrawal made it `blocked`. */
function withdrawnOf(decision: RouteTrace, { site, consent }: Grounds, stated: SignalMask): RouteTrace {
  const { route, signals } = decision;
  const fell = decision.outcome === 'blocked' && isFull(route, routeSignals(route, site, consent, stated));
  return fell ? ended(route, signals, WITHDRAWN) : decision;
}

/**
 * Why `never_forward` keeps an event of this page: its path is on the list, or its address cannot be read. For an event
 * without an address (the text `undefined` is none) the request's `Referer` decides, where there is one.
 */
function whyKept(page: PageAddress): typeof PATH_KEPT | typeof PAGE_UNREAD | undefined {
  if (!page.given) return page.sentFromKept ? PATH_KEPT : undefined;
  if (page.url === undefined) return PAGE_UNREAD;
  return page.url.neverForward ? PATH_KEPT : undefined;
}
