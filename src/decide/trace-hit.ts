import type { CookieReading } from '../cookies/index.ts';
import type { Cleaner } from '../privacy/cleaner.ts';
import type { HitReading, Visitor } from '../protocols/hit.ts';
import { cookiesOf } from './cookies.ts';
import { traceEvent } from './event.ts';
import { CONSENT_FAULT, COOKIE_FAULT, FILTER_FAULT, failedEvent } from './failed.ts';
import { hasOtherHash, hasPersonalId, withCounts } from './left-out.ts';
import type { OneHit } from './one-hit.ts';
import type { EventTrace, Trace, TraceWithdrawal } from './trace.ts';
import { type Understood, understand } from './understand.ts';
import { closedRoutesOf, mayWithdraw, NO_ROUTES, withdrawalsOf } from './withdrawals.ts';

/** Decides about the events of a hit, one visitor after the other. */
export function traceOf(of: OneHit, reading: HitReading): Trace {
  const { hit, site, protocol, sender } = of;
  const { unknownKeys, leftOut } = reading;
  let understood: Understood[];
  let cookies: CookieReading[];
  let fault = CONSENT_FAULT;
  try {
    understood = understand(of, reading);
    fault = COOKIE_FAULT;
    cookies = cookiesOf(of, understood);
  } catch {
    return failedTrace(of, reading, fault);
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
      const closed = closedFor(of, jar, visitor, understood);
      unclear = closed === undefined;
      // Even if the closed routes are unknown, the signals alone can withdraw.
      if (mayWithdraw(jar, sender)) {
        withdrawn.push(...withdrawalsOf(visitor, jar, sender, understood, closed ?? NO_ROUTES));
      }
      // A back end gets no cookies: the jar is its visitor's, and the answer does not reach that browser.
      if (sender === 'browser') setCookies = jar.set;
    }
    let traced: EventTrace;
    try {
      traced = unclear ? failedEvent(of, one.source, line, CONSENT_FAULT) : traceEvent(of, one, jar, line);
      if (hasPersonalId(traced)) personal++;
      if (hasOtherHash(traced)) hashed++;
    } catch {
      traced = failedEvent(of, one.source, line, FILTER_FAULT);
    }
    events.push(traced);
  }
  return {
    hit,
    site,
    source: protocol.name,
    events,
    setCookies,
    withdrawn,
    unknownKeys,
    leftOut: withCounts(leftOut, personal, hashed),
    unknownStream: false,
    looked: lookedAt(understood),
  };
}

/** Routes that the visitor's refusals close; undefined = this could not be decided, and all of its events fail. */
function closedFor(
  { site, sender }: OneHit,
  jar: CookieReading,
  visitor: Visitor,
  understood: readonly Understood[],
): readonly string[] | undefined {
  if (!mayWithdraw(jar, sender)) return NO_ROUTES;
  try {
    return closedRoutesOf(site, visitor, understood);
  } catch {
    return undefined;
  }
}

/** Nothing could be read of the visitor: every event fails, and no cookie is touched. */
function failedTrace(of: OneHit, { events, unknownKeys, leftOut }: HitReading, fault: typeof CONSENT_FAULT): Trace {
  return {
    hit: of.hit,
    site: of.site,
    source: of.protocol.name,
    events: events.map((event, line) => failedEvent(of, event, line, fault)),
    setCookies: [],
    withdrawn: [],
    unknownKeys,
    leftOut,
    unknownStream: false,
    looked: 0,
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
