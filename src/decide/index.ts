import { primaryRoute, routesFor } from '../policy/decide.ts';
import type { Gateway, Route } from '../policy/gateway.ts';
import { type IdWindows, NO_WINDOWS } from '../privacy/replaced-id.ts';
import type { Hit, Problem } from '../protocols/hit.ts';
import type { SourceName } from '../protocols/index.ts';
import type { Protocol } from '../protocols/protocol.ts';
import { browserVisitor } from './browser-visitor.ts';
import { traceOf } from './trace-hit.ts';
import type { Processed, WithdrawnSince } from './trace.ts';

export const MISDIRECTED: Problem = {
  status: 421,
  title: 'No site answers on this host',
  detail: 'Add the host to `hosts` of a site in the gateway configuration, or send the request to one that is listed.',
};

/**
 * Decides everything about one hit (design 2). Pure: time and chance are in the hit. An exception in consent, filter
 * or cookie code is caught here and ends the event as `failed` on every route, with nothing sent (R80).
 * @param windows of sites that replace ids, as they are now; without them such ids are not sent
 * @param withdrawnSince asked for events of back ends, which may come later than their visitor's withdrawal
 */
export function decideHit(
  hit: Hit,
  protocol: Protocol<SourceName>,
  gateway: Gateway,
  windows: IdWindows = NO_WINDOWS,
  withdrawnSince: WithdrawnSince = nothingKnown,
): Processed {
  return decided(hit, protocol, gateway, { windows, withdrawnSince, withdrawals: false });
}

/** Decides only whether somebody withdraws: no route is decided about. */
export function decideWithdrawals(
  hit: Hit,
  protocol: Protocol<SourceName>,
  gateway: Gateway,
  windows: IdWindows = NO_WINDOWS,
): Processed {
  return decided(hit, protocol, gateway, { windows, withdrawnSince: nothingKnown, withdrawals: true });
}

interface Wanted {
  readonly windows: IdWindows;
  readonly withdrawnSince: WithdrawnSince;
  /** Only withdrawals are decided. */
  readonly withdrawals: boolean;
}

function decided(hit: Hit, protocol: Protocol<SourceName>, gateway: Gateway, wanted: Wanted): Processed {
  const site = gateway.siteOf.get(hit.host);
  if (site === undefined) return { problem: MISDIRECTED };
  const sender = protocol.admit(hit, site);
  if (typeof sender !== 'string') return { problem: sender };
  const reading = protocol.read(hit, sender, browserVisitor(hit, site, gateway));
  if ('status' in reading) return { problem: reading };
  const primary = primaryRoute(site, reading.stream);
  const routes = wanted.withdrawals ? NO_ROUTE : routesFor(site, reading.stream, primary);
  const window = wanted.windows.get(site.name);
  const trace = traceOf(
    { hit, site, protocol, sender, routes, window, withdrawnSince: wanted.withdrawnSince },
    reading,
  );
  // No route has this tag's id, so its events go nowhere. Cookies and withdrawal concern the visitor and still count.
  const stray = reading.stream !== undefined && primary === undefined;
  return { trace: stray ? { ...trace, events: [], unknownStream: true } : trace, remarks: reading.remarks };
}

const NO_ROUTE: readonly Route[] = [];
const nothingKnown = (): undefined => undefined;
