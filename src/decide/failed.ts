import type { Consent } from '../consent/types.ts';
import { type Reason, reason } from '../core/reason.ts';
import { ended } from '../policy/decide.ts';
import type { Route, Site } from '../policy/gateway.ts';
import { routeSignals } from '../policy/signals.ts';
import type { Hit, InvalidEvent, SourceEvent } from '../protocols/hit.ts';
import type { EventTrace } from './trace.ts';
import { NO_CELLS } from './traced-event.ts';
import type { Understood } from './understand.ts';

export const PAGE_UNREAD = reason('invalid.page_address');
export const PATH_KEPT = reason('skip.path');
export const CONSENT_FAULT = reason('failed.chain', { module: 'consent', step: 'read' });
export const COOKIE_FAULT = reason('failed.chain', { module: 'cookies', step: 'read' });
export const FILTER_FAULT = reason('failed.chain', { module: 'privacy', step: 'filter' });

/** An event that cannot be used: nothing of it is read any further, and it goes nowhere. */
export function invalidEvent(
  hit: Hit,
  site: Site,
  { source, consent, signals, decidedAt }: Understood,
  invalid: InvalidEvent,
  line: number,
  offered: readonly Route[],
): EventTrace {
  const why = reason('invalid.event', { field: invalid.field });
  const routes = offered.map((route) => ended(route, routeSignals(route, site, consent, signals), why));
  const { raw } = source;
  const id = `${hit.id}-${line}`;
  return {
    name: '',
    id,
    key: undefined,
    raw,
    event: undefined,
    at: hit.at,
    decidedAt,
    consent,
    signals,
    subjects: [],
    routes,
    cells: NO_CELLS,
    invalid: invalid.says,
  };
}

const UNREAD: Consent = {
  granted: 0,
  refused: 0,
  withheld: 0,
  byDefault: 0,
  at: undefined,
  platform: undefined,
  version: undefined,
  id: undefined,
  terms: undefined,
  vendorless: 0,
  conflict: false,
  readings: [],
};

export function failedEvent(
  hit: Hit,
  source: SourceEvent,
  line: number,
  offered: readonly Route[],
  fault: Reason<'failed.chain'>,
): EventTrace {
  return {
    name: source.raw.event_name ?? '',
    id: `${hit.id}-${line}`,
    key: undefined,
    raw: source.raw,
    event: undefined,
    at: hit.at,
    decidedAt: hit.at,
    consent: UNREAD,
    signals: 0,
    subjects: [],
    routes: offered.map((route) => ended(route, 0, fault)),
    cells: NO_CELLS,
  };
}
