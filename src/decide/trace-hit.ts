import type { CookieReading } from '../cookies/index.ts';
import type { Sender } from '../protocols/admission.ts';
import type { Route, Site } from '../policy/gateway.ts';
import type { Cleaner } from '../privacy/cleaner.ts';
import type { IdWindow } from '../privacy/replaced-id.ts';
import type { Hit, Reading, Visitor } from '../protocols/hit.ts';
import { cookiesOf } from './cookies.ts';
import { traceEvent } from './event.ts';
import { CONSENT_FAULT, COOKIE_FAULT, FILTER_FAULT, failedEvent } from './failed.ts';
import { hasOtherHash, hasPersonalId, withCounts } from './left-out.ts';
import type { EventTrace, Trace, TraceWithdrawal, WithdrawnSince } from './trace.ts';
import { type Understood, understand } from './understand.ts';
import { closedRoutesOf, mayWithdraw, NO_ROUTES, withdrawalsOf } from './withdrawals.ts';

/** What is known beside the hit. */
export interface Beside {
  readonly window: IdWindow | undefined;
  readonly withdrawnSince: WithdrawnSince;
}

export function traceOf(
  hit: Hit,
  site: Site,
  reading: Reading,
  routes: readonly Route[],
  sender: Sender,
  beside: Beside,
): Trace {
  const { source, unknownKeys, leftOut } = reading;
  let understood: Understood[];
  let cookies: CookieReading[];
  let fault = CONSENT_FAULT;
  try {
    understood = understand(hit, site, reading, sender);
    fault = COOKIE_FAULT;
    cookies = cookiesOf(hit, site, understood);
  } catch {
    const events = reading.events.map((event, line) => failedEvent(hit, event, line, routes, fault));
    return {
      hit,
      site,
      source,
      events,
      setCookies: [],
      withdrawn: [],
      unknownKeys,
      leftOut,
      unknownStream: false,
      looked: 0,
    };
  }
  const events: EventTrace[] = [];
  const withdrawn: TraceWithdrawal[] = [];
  let setCookies: readonly string[] = [];
  let last: Visitor | undefined;
  let unclear = false;
  let personal = 0;
  let hashed = 0;
  for (let line = 0; line < understood.length; line++) {
    const one = understood[line] as Understood;
    const { visitor } = one.source;
    const jar = cookies[line] as CookieReading;
    if (visitor !== last) {
      last = visitor;
      let closed = NO_ROUTES;
      try {
        unclear = true;
        if (mayWithdraw(jar, sender)) closed = closedRoutesOf(site, visitor, understood);
        unclear = false;
      } catch {
        // The visitor's events fail for it; what the signals say is withdrawn all the same.
      }
      if (mayWithdraw(jar, sender)) withdrawn.push(...withdrawalsOf(visitor, jar, sender, understood, closed));
      // A back end gets no cookies: the jar is its visitor's, and the answer does not reach that browser.
      if (sender === 'browser') setCookies = jar.set;
    }
    let traced: EventTrace;
    try {
      traced = unclear
        ? failedEvent(hit, one.source, line, routes, CONSENT_FAULT)
        : traceEvent(hit, site, source, one, jar, line, routes, beside, sender);
      if (hasPersonalId(traced)) personal++;
      if (hasOtherHash(traced)) hashed++;
    } catch {
      traced = failedEvent(hit, one.source, line, routes, FILTER_FAULT);
    }
    events.push(traced);
  }
  return {
    hit,
    site,
    source,
    events,
    setCookies,
    withdrawn,
    unknownKeys,
    leftOut: withCounts(leftOut, personal, hashed),
    unknownStream: false,
    looked: lookedAt(understood),
  };
}

function lookedAt(understood: readonly Understood[]): number {
  let looked = 0;
  let last: Cleaner | undefined;
  for (const { cleaner } of understood) {
    if (cleaner !== last) looked += cleaner.looked;
    last = cleaner;
  }
  return looked;
}
