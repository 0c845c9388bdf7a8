import type { Consent } from '../consent/types.ts';
import { type CodeOf, type Reason, reason } from '../core/reason.ts';
import { type DecidedOutcome, ended } from '../policy/decide.ts';
import { routeSignals } from '../policy/signals.ts';
import type { InvalidEvent, SourceEvent } from '../protocols/hit.ts';
import type { OneHit } from './one-hit.ts';
import type { EventTrace } from './trace.ts';
import { NO_CELLS } from './traced-event.ts';
import type { Understood } from './understand.ts';

export const PAGE_UNREAD = reason('invalid.page_address');
export const PATH_KEPT = reason('skip.path');
export const NO_EVENT = reason('skip.no_event');
export const CONSENT_FAULT = reason('failed.chain', { module: 'consent', step: 'read' });
export const COOKIE_FAULT = reason('failed.chain', { module: 'cookies', step: 'read' });
export const FILTER_FAULT = reason('failed.chain', { module: 'privacy', step: 'filter' });

/** An event that cannot be used: nothing more of it is read, and it goes nowhere. */
export function invalidEvent(of: OneHit, one: Understood, invalid: InvalidEvent, line: number): EventTrace {
  const { hit } = of;
  const why = reason('invalid.event', { field: invalid.field });
  return { ...heldBack(of, one, { name: '', id: `${hit.id}-${line}`, at: hit.at }, why), invalid: invalid.says };
}

/** An event that goes nowhere under any consent: nothing more of it is read. */
export function heldBack(
  { site, routes }: OneHit,
  { source, consent, signals, decidedAt }: Understood,
  known: Pick<EventTrace, 'name' | 'id' | 'at'>,
  why: Reason<CodeOf<DecidedOutcome>>,
): EventTrace {
  return {
    ...known,
    key: undefined,
    raw: source.raw,
    event: undefined,
    decidedAt,
    consent,
    signals,
    subjects: [],
    routes: routes.map((route) => ended(route, routeSignals(route, site, consent, signals), why)),
    cells: NO_CELLS,
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

/** An event that a fault of the gateway's own ends. */
export function failedEvent(
  { hit, routes }: OneHit,
  source: SourceEvent,
  line: number,
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
    routes: routes.map((route) => ended(route, 0, fault)),
    cells: NO_CELLS,
  };
}
