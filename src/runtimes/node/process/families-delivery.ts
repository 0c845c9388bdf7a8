import { AGE, emptyHistogram, REQUEST } from '../../../core/histogram.ts';
import { OUTCOMES } from '../../../core/outcome.ts';
import { REASONS } from '../../../core/reasons.ts';
import { REASON_CODES, type ReasonCode } from '../../../core/reason.ts';
import { EGRESS_CHECK } from '../../../delivery/egress/index.ts';
import { ASKING } from '../../../delivery/lane/awaited.ts';
import { byQueue, byRoute, faultsIn, ofProcess, routes, type Family, type Snapshot } from './metric-family.ts';

/** Codes of a vendor with which an event becomes a dead letter, or is not kept. */
const BURIED: ReadonlySet<string> = new Set(['vendor.refused', 'vendor.unnamed', 'vendor.poison']);
/** Faults that an event can meet when it is sent: it becomes a dead letter, or is not kept. */
const FAULTS: ReadonlySet<string> = new Set([
  'failed.destination',
  'failed.request',
  EGRESS_CHECK,
  'failed.unsendable',
] satisfies readonly ReasonCode[]);

/** Codes for which a route stops. */
const STOPS = [
  'vendor.address_refused',
  'vendor.credentials',
  'vendor.gone',
  'vendor.secret_missing',
  'vendor.secret_unusable',
  'vendor.settings',
  'vendor.version_ended',
] as const satisfies readonly ReasonCode[];

/** Ends that a route can report, with their codes. */
const ENDS: readonly (readonly [outcome: string, code: string])[] = REASON_CODES.flatMap((code) => {
  const kind: string = REASONS[code].kind;
  const outcomes = BURIED.has(code)
    ? ['dead', 'rejected']
    : OUTCOMES.filter((outcome) => outcome === kind || (outcome === 'dead' && FAULTS.has(code)));
  return outcomes.map((outcome) => [outcome, code] as const);
});

/** What happens to stored events: their ends, requests to vendors, routes and outboxes. */
export const DELIVERY: readonly Family[] = [
  {
    name: 'portvakt_outcomes_total',
    help: 'How (event, route) pairs ended, by the code of the reason; every pair ends in exactly one outcome',
    type: 'counter',
    labels: ['route', 'outcome', 'reason'],
    *series(of) {
      for (const { key } of routes(of)) for (const [outcome, code] of ENDS) yield [[key, outcome, code], 0];
      yield* of.counters.outcomes.entries();
      for (const { routes: counted } of of.deliveries)
        for (const [key, { outcomes }] of Object.entries(counted))
          for (const [outcome, codes] of Object.entries(outcomes))
            for (const [code, value] of Object.entries(codes)) yield [[key, outcome, code], value];
    },
  },
  {
    name: 'portvakt_stored_total',
    help: '(event, route) pairs stored for delivery',
    type: 'counter',
    labels: ['route'],
    *series(of) {
      for (const { key } of routes(of)) yield [[key], 0];
      yield* of.counters.stored.entries();
    },
  },
  byRoute(
    'portvakt_reopened_total',
    'Dead letters that were reopened or purged: stored + reopened = outcomes + waiting + awaiting',
    'counter',
    ({ reopened }) => reopened,
  ),
  byRoute('portvakt_delivery_attempts_total', 'Requests to vendors', 'counter', ({ attempts }) => attempts),
  byRoute(
    'portvakt_delivery_retries_total',
    'Requests that failed and are made again',
    'counter',
    ({ retries }) => retries,
  ),
  {
    name: 'portvakt_route_stops_total',
    help: 'Requests after which a route stopped and kept its events, by the code of the reason',
    type: 'counter',
    labels: ['route', 'reason'],
    *series(of) {
      for (const { key } of routes(of)) for (const code of STOPS) yield [[key, code], 0];
      for (const { routes: counted } of of.deliveries)
        for (const [key, { stops }] of Object.entries(counted))
          for (const [code, value] of Object.entries(stops)) yield [[key, code], value];
    },
  },
  byRoute('portvakt_delivery_in_flight', 'Requests to vendors under way', 'gauge', ({ inFlight }) => inFlight),
  {
    name: 'portvakt_delivery_duration_seconds',
    help: 'How long requests to vendors took',
    type: 'histogram',
    labels: ['route'],
    *series(of) {
      for (const { key } of routes(of)) yield [[key], emptyHistogram(REQUEST)];
      for (const { routes: counted } of of.deliveries)
        for (const [key, { duration }] of Object.entries(counted)) yield [[key], duration];
    },
  },
  {
    name: 'portvakt_delivery_age_seconds',
    help: 'How old events were when the vendor took them, from their acceptance',
    type: 'histogram',
    labels: ['route'],
    *series(of) {
      for (const { key } of routes(of)) yield [[key], emptyHistogram(AGE)];
      for (const { routes: counted } of of.deliveries)
        for (const [key, { age }] of Object.entries(counted)) yield [[key], age];
    },
  },
  byRoute(
    'portvakt_egress_violations_total',
    'Events stopped by the last check before the socket: more than 0 is a fault of the gateway, look at the log',
    'counter',
    ({ outcomes }) => faultsIn(outcomes, EGRESS_CHECK),
  ),
  {
    name: 'portvakt_vendor_verdicts_total',
    help: 'Later verdicts of vendors about events that they had accepted',
    type: 'counter',
    labels: ['route', 'verdict'],
    *series(of) {
      for (const { key, bound } of routes(of))
        if (bound.verdicts.length > 0) for (const verdict of [...bound.verdicts, ...ASKING]) yield [[key, verdict], 0];
      for (const { routes: counted } of of.deliveries)
        for (const [key, { followUps }] of Object.entries(counted))
          for (const [verdict, value] of Object.entries(followUps)) yield [[key, verdict], value];
    },
  },
  {
    name: 'portvakt_route_up',
    help: '1 = delivering, 0 = paused by its breaker or stopped (credentials, settings)',
    type: 'gauge',
    labels: ['route'],
    over: 'min',
    series: (of) => routes(of).map(({ key }) => [[key], stateOf(of, key) === 'closed' ? 1 : 0] as const),
  },
  {
    name: 'portvakt_route_state',
    help: '1 for the state the route is in: closed = delivering, open = paused, stopped = waits for a person',
    type: 'gauge',
    labels: ['route', 'state'],
    over: 'max',
    *series(of) {
      for (const { key } of routes(of))
        for (const state of STATES) yield [[key, state], stateOf(of, key) === state ? 1 : 0];
    },
  },
  {
    name: 'portvakt_outbox_waiting',
    help: 'Events waiting for delivery',
    type: 'gauge',
    labels: ['route'],
    *series(of) {
      for (const { key } of routes(of)) yield [[key], 0];
      for (const { queues, routes: counted } of of.deliveries)
        for (const [key, { waiting }] of Object.entries(queues))
          yield [[key], Math.max(0, waiting - (counted[key]?.awaiting ?? 0))];
    },
  },
  byRoute(
    'portvakt_outbox_awaiting',
    'Events that the vendor has accepted, and that stay until it reports the result',
    'gauge',
    ({ awaiting }) => awaiting,
  ),
  byQueue('portvakt_outbox_dead_letters', 'Refused events that wait for a person', ({ dead }) => dead),
  byQueue(
    'portvakt_outbox_oldest_seconds',
    'Age of the oldest event that waits, is too young for its route, or awaits its verdict',
    ({ oldestMs }) => oldestMs / 1000,
    'max',
  ),
  {
    name: 'portvakt_outbox_overdue_seconds',
    help: 'How long the oldest event has been due; events that the vendor has accepted, or that are too young for their route, do not count',
    type: 'gauge',
    labels: ['route'],
    over: 'max',
    *series(of) {
      const found = of.deliveries.flatMap(({ routes: counted }) => Object.entries(counted));
      const longest = Map.groupBy(found, ([key]) => key);
      for (const { key } of routes(of)) if (!longest.has(key)) yield [[key], 0];
      for (const [key, each] of longest) yield [[key], Math.max(...each.map(([, of]) => of.overdueMs)) / 1000];
    },
  },
  ofProcess('portvakt_outbox_bytes', 'Bytes that the outbox uses', 'gauge', ({ deliveries }) =>
    deliveries.reduce((sum, { bytes }) => sum + bytes, 0),
  ),
  ofProcess(
    'portvakt_outbox_max_bytes',
    'Bytes that the outbox may use (`delivery.max_size`); when they are used, hits are answered with 503',
    'gauge',
    ({ gateway, deliveries }) => gateway.delivery.maxSize * Math.max(1, deliveries.length),
  ),
  ofProcess(
    'portvakt_outbox_used_ratio',
    'Used share of the room; several gateways share one room, and each has the same value',
    'gauge',
    ({ deliveries }) => Math.max(0, ...deliveries.map(({ used }) => used)),
    'max',
  ),
  {
    name: 'portvakt_outbox_route_ratio',
    help: 'Part of the room that is taken by events which wait for this route and for no other, of all gateways together; 0 where events wait in a file (docs/cluster.md)',
    type: 'gauge',
    labels: ['route'],
    over: 'max',
    *series(of) {
      for (const { key } of routes(of)) yield [[key], 0];
      for (const { alone = {} } of of.deliveries)
        yield* Object.entries(alone).map(([key, part]) => [[key], part] as const);
    },
  },
  ofProcess(
    'portvakt_outbox_damaged_records',
    'Stored records that were damaged and set aside',
    'gauge',
    ({ deliveries }) => deliveries.reduce((sum, { damaged }) => sum + damaged, 0),
  ),
  ofProcess(
    'portvakt_outbox_unsafe_brokers',
    'Brokers with which an acknowledged event could be lost; 0 also where there are none (docs/cluster.md)',
    'gauge',
    ({ deliveries }) => deliveries.reduce((sum, { unsafeBrokers = 0 }) => sum + unsafeBrokers, 0),
  ),
];

const STATES = ['closed', 'open', 'stopped'] as const;

/** The worst state of a route in all outboxes. */
function stateOf({ deliveries }: Snapshot, key: string): (typeof STATES)[number] {
  let worst = 0;
  for (const { routes: counted } of deliveries) {
    const state = counted[key]?.state;
    if (state !== undefined) worst = Math.max(worst, STATES.indexOf(state));
  }
  return STATES[worst] ?? 'closed';
}
