import type { CookieReading } from '../cookies/index.ts';
import type { RawEvent } from '../core/fields.ts';
import { reason } from '../core/reason.ts';
import { BIT, type SignalMask } from '../core/signals.ts';
import type { Sender } from '../protocols/admission.ts';
import { type Grounds, type RouteTrace, decide, ended } from '../policy/decide.ts';
import { type EventKey, eventKey, givenIds } from '../policy/event-key.ts';
import type { Route, Site } from '../policy/gateway.ts';
import { routeSignals } from '../policy/signals.ts';
import { presentableClientId } from '../privacy/identifiers.ts';
import type { Hit, Reading, Visitor } from '../protocols/hit.ts';
import { PAGE_UNREAD, PATH_KEPT, invalidEvent } from './failed.ts';
import { type Filtered, filterEvent } from './filter.ts';
import { withStated } from './subjects.ts';
import type { Beside } from './trace-hit.ts';
import { type EventTrace, isPlanned } from './trace.ts';
import { NO_CELLS, TracedEvent } from './traced-event.ts';
import type { Page } from './page.ts';
import type { Understood } from './understand.ts';
import { isFull } from './withdrawals.ts';

export function traceEvent(
  hit: Hit,
  site: Site,
  source: Reading['source'],
  one: Understood,
  jar: CookieReading,
  line: number,
  offered: readonly Route[],
  { window, withdrawnSince }: Beside,
  sender: Sender,
): EventTrace {
  const { consent, signals, page, cleaner } = one;
  const { raw, visitor, invalid } = one.source;
  if (invalid !== undefined) return invalidEvent(hit, site, one, invalid, line, offered);
  const ids = givenIds(raw, cleaner);
  const id = ids.event ?? ids.order ?? `${hit.id}-${line}`;
  const name = raw.event_name ?? '';
  const time = raw.event_time === undefined || raw.event_time > hit.at ? hit.at : raw.event_time;
  if (site.privacy.url.neverForward.length > 0) {
    const why = whyKept(page);
    if (why !== undefined) {
      const routes = offered.map((route) => ended(route, routeSignals(route, site, consent, signals), why));
      return {
        name,
        id,
        key: undefined,
        raw,
        event: undefined,
        at: time,
        decidedAt: one.decidedAt,
        consent,
        signals,
        subjects: [],
        routes,
        cells: NO_CELLS,
      };
    }
  }

  const identifiers: Partial<RawEvent> = {};
  const analytics = (signals & BIT.analytics_storage) !== 0;
  if (analytics) identifyAnalytics(hit, site, raw, visitor, jar, identifiers);
  const { fbp, fbc, gclid, gbraid, wbraid, dclid, msclkid, li_fat_id } = jar.identifiers;
  if (fbp !== undefined) identifiers.fbp = fbp;
  if (fbc !== undefined) identifiers.fbc = fbc;
  if (gclid !== undefined) identifiers.gclid = gclid;
  if (gbraid !== undefined) identifiers.gbraid = gbraid;
  if (wbraid !== undefined) identifiers.wbraid = wbraid;
  if (dclid !== undefined) identifiers.dclid = dclid;
  if (msclkid !== undefined) identifiers.msclkid = msclkid;
  if (li_fat_id !== undefined) identifiers.li_fat_id = li_fat_id;

  let filtered: Filtered | undefined;
  const filter = (): Filtered =>
    (filtered ??= filterEvent(hit, site, one, { identifiers, eventId: id, eventTime: time }, line, window));
  // Of an event that goes nowhere nobody asks whose it is.
  let subjects = sender === 'backend' ? withStated(jar.subjects, one.source) : NO_SUBJECTS;
  const since = sender === 'backend' ? withdrawnSince(site, subjects, one.decidedAt) : undefined;
  const left = since === undefined ? signals : signals & since.signals;
  const grounds: Grounds = { hit, site, source, consent, signals: left };
  const routes = offered.map((route) => {
    if (since === undefined) return decide(filter, route, grounds);
    const own = since.leftOf(route.key);
    if (own === undefined) return ended(route, 0, WITHDRAWN);
    return withdrawnOf(decide(filter, route, { ...grounds, signals: left & own }), grounds, signals);
  });
  let key: EventKey | undefined;
  if (routes.some(isPlanned)) {
    if (sender !== 'backend') subjects = withStated(jar.subjects, one.source);
    const replaced = site.privacy.replacedIds === undefined ? undefined : { id: filter().event.client_id };
    key = eventKey(raw, ids, { hit, source, sender, visitor, jar, signals }, replaced);
  }
  return new TracedEvent(name, id, key, time, one, subjects, routes, filter);
}

const NO_SUBJECTS: readonly string[] = [];
const WITHDRAWN = reason('withdrawn.consent');

/** A decision that fell as it did only because of a withdrawal ends as one. */
function withdrawnOf(decision: RouteTrace, { site, consent }: Grounds, stated: SignalMask): RouteTrace {
  const { route, signals } = decision;
  const fell = decision.outcome === 'blocked' && isFull(route, routeSignals(route, site, consent, stated));
  return fell ? ended(route, signals, WITHDRAWN) : decision;
}

/** Client and own id in presentable form (design 3a): only ever called with analytics_storage in force. */
function identifyAnalytics(
  hit: Hit,
  site: Site,
  raw: RawEvent,
  visitor: Visitor,
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
    const id = jar.identifiers.clientId ?? jar.identifiers.ownId;
    if (id !== undefined) identifiers.client_id = id;
  }
  if (jar.identifiers.ownId !== undefined) identifiers.own_id = jar.identifiers.ownId;
  const session = raw.session_id ?? visitor.sessionId ?? jar.identifiers.sessionId;
  if (session !== undefined) identifiers.session_id = session;
}

/**
 * Why an event of this page goes nowhere on a site with `never_forward`: its path is kept, or cannot be read. An event
 * without an address (`undefined` is none) is held against the page its request came from, where that is told.
 */
function whyKept(page: Page): typeof PATH_KEPT | typeof PAGE_UNREAD | undefined {
  if (!page.given) return page.sentFromKept ? PATH_KEPT : undefined;
  if (page.url === undefined) return PAGE_UNREAD;
  return page.url.neverForward ? PATH_KEPT : undefined;
}
