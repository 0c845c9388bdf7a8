import type { EventTrace, Trace } from '../decide/trace.ts';
import type { RouteTrace } from '../policy/decide.ts';
import { writeBody, writeShaped, type Planned } from './event-body.ts';
import type { Outbox, OutboxRecord, RecordRoute, Stored, Withdrawal } from './outbox.ts';

/** The records of a hit, and where the answer of the outbox about each of its planned decisions is found. */
export interface HitRecords {
  readonly records: readonly OutboxRecord[];
  /** For each planned decision, in the order of the trace: its place among the answers; undefined = the same order. */
  readonly places: readonly number[] | undefined;
}

const DAY = 86_400_000;
const NO_RECORDS: HitRecords = { records: [], places: undefined };

/**
 * What is stored of a hit: for each event one record for all routes with its full form, one for each limited form, and
 * one for each further rule of a route that applies to it.
 */
export function recordsOf(trace: Trace, policy: string): HitRecords {
  const records: OutboxRecord[] = [];
  const stored: Planned[] = [];
  let mixed = false;
  for (const event of trace.events) {
    const full: Planned[] = [];
    const alone: Planned[] = [];
    for (const decision of event.routes) {
      if (goesToOutbox(decision)) (shares(decision, full) ? full : alone).push(decision);
    }
    if (isSome(full)) records.push(recordOf(trace, event, full, policy));
    for (const decision of alone) records.push(recordOf(trace, event, [decision], policy));
    stored.push(...full, ...alone);
    mixed ||= full.length > 0 && alone.length > 0;
  }
  if (records.length === 0) return NO_RECORDS;
  return { records, places: mixed ? placesOf(trace, stored) : undefined };
}

/** Each form that identifies nobody is a separate record, and so is the event under a further rule of a route. */
function shares({ permit, route }: Planned, full: readonly Planned[]): boolean {
  if (permit.verdict !== 'full') return false;
  return route.rule === undefined || full.every((one) => one.route.key !== route.key);
}

/** @param stored the planned decisions in the order of the answers */
function placesOf({ events }: Trace, stored: readonly RouteTrace[]): readonly number[] {
  const places = new Map(stored.map((decision, place) => [decision, place]));
  return events.flatMap(({ routes }) => routes.flatMap((decision) => places.get(decision) ?? []));
}

/** The answers about the planned decisions of a hit, in the order of its trace. */
export function inTraceOrder(stored: readonly Stored[], { places }: Pick<HitRecords, 'places'>): readonly Stored[] {
  return places === undefined ? stored : places.map((place) => stored[place] as Stored);
}

/**
 * Whether something of the event is stored for this route. For a form that identifies nobody that is the vendor's form,
 * which is made here. If a fault of the vendor's code prevents it, the decision has just become `failed`.
 */
export function goesToOutbox(decision: RouteTrace): decision is Planned {
  return decision.outcome === 'planned' && (decision.permit.verdict === 'full' || decision.plan !== undefined);
}

function isSome(decisions: readonly Planned[]): decisions is readonly [Planned, ...Planned[]] {
  return decisions.length > 0;
}

/** A record for decisions of one form: the full one, or one limited form by itself. */
export function recordOf(
  { site, hit }: Trace,
  event: EventTrace,
  decisions: readonly [Planned, ...Planned[]],
  policy: string,
): OutboxRecord {
  const full = decisions[0].permit.verdict === 'full';
  return {
    acceptedAt: hit.at,
    decidedAt: event.decidedAt,
    // A form that identifies nobody rests on no choice.
    consentDay: full ? Math.floor((event.consent.at ?? 0) / DAY) : undefined,
    lasting: site.conversions.has(event.name),
    policy,
    subjects: full ? event.subjects : NOBODY,
    routes: decisions.map((decision) => routeOf(event, decision)),
    body: full ? writeBody(event.event ?? {}, decisions) : writeShaped(decisions[0].plan ?? NO_FORM),
  };
}

function routeOf(event: EventTrace, decision: Planned): RecordRoute {
  const { route, permit, signals } = decision;
  return {
    route: route.key,
    type: route.bound.recipient,
    mark: markOf(event, decision),
    expiresAt: event.at + route.maxAge,
    signals,
    fields: permit.bits,
    limited: permit.verdict === 'limited',
    params: route.params === undefined ? undefined : [...route.params],
    // The form that identifies nobody is stored as it is.
    rule: permit.verdict === 'full' ? route.rule?.key : undefined,
  };
}

/**
 * The mark by which a repeat of the event is found on this route; each form that identifies nobody has its own. A repeat
 * after ad consent has a mark of its own where the vendor takes such repeats, and so has an event that a rule renames.
 */
function markOf({ key, raw }: EventTrace, { route, permit }: RouteTrace): string {
  const { destination } = route;
  if (key === undefined || !(key.everywhere || destination.dedupesByEventId)) return '';
  const { full = '', limited = '' } = route.rule?.identity ?? NO_RULE;
  if (permit.verdict !== 'full') return `limited|${route.key}|${key.nobody}${limited}`;
  return (raw.repeat === true && destination.takesRepeats ? key.repeat : key.own) + full;
}

const NO_RULE: { readonly full?: string; readonly limited?: string } = {};
const NO_FORM = { envelope: '', element: '' };

/** A limited form has no subject: nothing that identifies the visitor is stored with it. */
const NOBODY: readonly string[] = [];

/**
 * The withdrawals of a hit that may concern a stored event. If nothing waits, and no other process or back end can bring
 * an older event of this visitor, there are none, so that denied traffic costs nothing.
 */
export function withdrawalsToStore(
  { withdrawn, site, hit }: Trace,
  outbox: Pick<Outbox, 'pending' | 'shared'>,
): readonly Withdrawal[] {
  if (withdrawn.length === 0) return NONE;
  if (outbox.pending === 0 && !outbox.shared && site.ingestKeys.size === 0) return NONE;
  return withdrawn.map(({ subject, signals, closedRoutes }) => ({
    site: site.name,
    subject,
    signals,
    closedRoutes,
    at: hit.at,
  }));
}

const NONE: readonly Withdrawal[] = [];
