import { admitCollect, admitEvents } from '../protocols/admission.ts';
import { primaryRoute, routesFor } from '../policy/decide.ts';
import type { Gateway, Route } from '../policy/gateway.ts';
import { type IdWindows, NO_WINDOWS } from '../privacy/replaced-id.ts';
import { notAllowed, notFound } from '../protocols/doors.ts';
import type { Hit, Problem } from '../protocols/hit.ts';
import { readCollect, readJson } from '../protocols/index.ts';
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
 * `windows`: the windows of sites that replace ids, as they are at this moment; without them such ids do not go out.
 * `wanted`: whether somebody withdraws can be asked alone; no route is decided about then.
 * `withdrawnSince`: asked for the events of back ends, which may come later than their visitor's withdrawal.
 */
export function decideHit(
  hit: Hit,
  gateway: Gateway,
  windows: IdWindows = NO_WINDOWS,
  wanted: 'all' | 'withdrawals' = 'all',
  withdrawnSince: WithdrawnSince = nothingKnown,
): Processed {
  const door = gateway.doors.get(hit.path);
  if (door === undefined) return { problem: notFound(gateway.prefix) };
  if (!(door.methods as readonly string[]).includes(hit.method)) return { problem: notAllowed(door.methods) };
  const site = gateway.siteOf.get(hit.host);
  if (site === undefined) return { problem: MISDIRECTED };
  const collect = door.source === 'ga4-collect';
  const sender = collect ? admitCollect(hit, site) : admitEvents(hit, site);
  if (typeof sender !== 'string') return { problem: sender };
  const own = browserVisitor(hit, site, gateway);
  const reading = collect ? readCollect(hit, own) : readJson(hit, sender, own);
  if ('status' in reading) return { problem: reading };
  const primary = primaryRoute(site, reading.stream);
  const routes = wanted === 'withdrawals' ? NO_ROUTE : routesFor(site, reading.stream, primary);
  const trace = traceOf(hit, site, reading, routes, sender, { window: windows.get(site.name), withdrawnSince });
  // A tag no route knows: its events go nowhere, but cookies and withdrawal are the visitor's, not the tag's.
  const stray = reading.stream !== undefined && primary === undefined;
  return { trace: stray ? { ...trace, events: [], unknownStream: true } : trace };
}

const NO_ROUTE: readonly Route[] = [];
const nothingKnown = (): undefined => undefined;
