import type { CookieReading } from '../cookies/index.ts';
import type { Cleaner } from '../privacy/cleaner.ts';
import type { Reading, Visitor } from '../protocols/hit.ts';
import { cookiesOf } from './cookies.ts';
import { traceEvent } from './event.ts';
import { CONSENT_FAULT, COOKIE_FAULT, FILTER_FAULT, failedEvent } from './failed.ts';
import { hasOtherHash, hasPersonalId, withCounts } from './left-out.ts';
import type { OneHit } from './one-hit.ts';
import type { EventTrace, Trace, TraceWithdrawal } from './trace.ts';
import { type Understood, understand } from './understand.ts';
import { closedRoutesOf, mayWithdraw, NO_ROUTES, withdrawalsOf } from './withdrawals.ts';

/** Decides about the events of a hit, one visitor after the other. */
export function traceOf(of: OneHit, reading: Reading): Trace {
  const { site, sender } = of;
  const { unknownKeys, leftOut } = reading;
  let understood: Understood[];
  let cookies: CookieReading[];
  let fault = CONSENT_FAULT;
  try {
    understood = understand(of, reading);
    fault = COOKIE_FAULT;
    cookies = cookiesOf(of, understood);
  } catch {
    const events = reading.events.map((event, line) => failedEvent(of, event, line, fault));
    return whole(of, { events, setCookies: [], withdrawn: [], unknownKeys, leftOut, looked: 0 });
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
      traced = unclear ? failedEvent(of, one.source, line, CONSENT_FAULT) : traceEvent(of, one, jar, line);
      if (hasPersonalId(traced)) personal++;
      if (hasOtherHash(traced)) hashed++;
    } catch {
      traced = failedEvent(of, one.source, line, FILTER_FAULT);
    }
    events.push(traced);
  }
  return whole(of, {
    events,
    setCookies,
    withdrawn,
    unknownKeys,
    leftOut: withCounts(leftOut, personal, hashed),
    looked: lookedAt(understood),
  });
}

function whole(
  { hit, site, protocol }: OneHit,
  decided: Omit<Trace, 'hit' | 'site' | 'source' | 'unknownStream'>,
): Trace {
  return { hit, site, source: protocol.name, ...decided, unknownStream: false };
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
