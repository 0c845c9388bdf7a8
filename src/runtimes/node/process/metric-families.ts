import { REASONS } from '../../../core/reasons.ts';
import { REASON_CODES } from '../../../core/reason.ts';
import { AGE, emptyHistogram, REQUEST, SHORT, type HistogramData } from '../../../core/histogram.ts';
import { LEFT_OUT } from '../../../core/left-out.ts';
import { OUTCOMES } from '../../../core/outcome.ts';
import { EGRESS_CHECK } from '../../../delivery/egress/index.ts';
import { ASKING } from '../../../delivery/follow-ups.ts';
import type { RouteCounters } from '../../../delivery/telemetry.ts';
import type { Counters, Tally } from '../../../ledger/counters.ts';
import type { Gateway, Route } from '../../../policy/gateway.ts';
import { PROTOCOLS } from '../../../protocols/index.ts';
import type { DeliveryReport } from './metrics.ts';

/** Reads of the configuration, and how they ended. */
export interface Reloads {
  readonly succeeded: number;
  readonly failed: number;
  /** The last one could be used. */
  readonly good: boolean;
  /** When the configuration in force was read, unix milliseconds. */
  readonly at: number;
}

/** Everything the metrics of one process are made of, at one moment. */
export interface Snapshot {
  readonly counters: Counters;
  /** The configuration in force: what is in it has its series, with 0 until something happens. */
  readonly gateway: Gateway;
  readonly deliveries: readonly DeliveryReport[];
  readonly version: string;
  readonly sink: boolean;
  /** Events are taken: what `/readyz` answers. */
  readonly ready: boolean;
  readonly reloads: Reloads;
}

/** The labels of one series in the order of `Family.labels`, and its value. */
type Series<V> = readonly [labels: readonly string[], value: V];

interface Described {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** One metric. Values with the same labels are added up; over several processes, `over` says what becomes of them. */
export type Family =
  | (Described & {
      readonly type: 'counter' | 'gauge';
      readonly over?: 'sum' | 'max' | 'min';
      readonly series: (of: Snapshot) => Iterable<Series<number>>;
    })
  | (Described & { readonly type: 'histogram'; readonly series: (of: Snapshot) => Iterable<Series<HistogramData>> });

const sites = ({ gateway }: Snapshot): readonly string[] => gateway.sites.map(({ name }) => name);
const routes = ({ gateway }: Snapshot): readonly Route[] => gateway.sites.flatMap((site) => site.routes);

/** A tally by site, with 0 for every site there is. */
function bySite(name: string, help: string, tally: (counters: Counters) => Tally): Family {
  return {
    name,
    help,
    type: 'counter',
    labels: ['site'],
    *series(of) {
      for (const site of sites(of)) yield [[site], 0];
      yield* tally(of.counters).entries();
    },
  };
}

/** A number of every route from the reports of its outboxes, with 0 for every route there is. */
function byRoute(
  name: string,
  help: string,
  type: 'counter' | 'gauge',
  value: (counters: RouteCounters) => number,
): Family {
  return {
    name,
    help,
    type,
    labels: ['route'],
    *series(of) {
      for (const { key } of routes(of)) yield [[key], 0];
      for (const { routes: counted } of of.deliveries)
        for (const [key, counters] of Object.entries(counted)) yield [[key], value(counters)];
    },
  };
}

type Queue = DeliveryReport['queues'][string];

function byQueue(name: string, help: string, value: (queue: Queue) => number, over: 'sum' | 'max' = 'sum'): Family {
  return {
    name,
    help,
    type: 'gauge',
    labels: ['route'],
    over,
    *series(of) {
      for (const { key } of routes(of)) yield [[key], 0];
      const found = of.deliveries.flatMap(({ queues }) => Object.entries(queues));
      if (over === 'sum') for (const [key, queue] of found) yield [[key], value(queue)];
      else
        for (const [key, queues] of Map.groupBy(found, ([route]) => route))
          yield [[key], Math.max(...queues.map(([, queue]) => value(queue)))];
    },
  };
}

function ofProcess(
  name: string,
  help: string,
  type: 'counter' | 'gauge',
  value: (of: Snapshot) => number,
  over?: 'sum' | 'max' | 'min',
): Family {
  return { name, help, type, labels: [], ...(over !== undefined && { over }), series: (of) => [[[], value(of)]] };
}

/** Statuses that the public listener answers with. */
const STATUSES = [204, 400, 401, 403, 404, 405, 408, 413, 415, 421, 429, 500, 503];

/** Codes of a vendor under which an event is buried; it is a dead letter then, or not kept. */
const BURIED: ReadonlySet<string> = new Set(['vendor.refused', 'vendor.unnamed', 'vendor.poison']);

/** Why requests are refused. */
const REFUSED = REASON_CODES.filter((code) => code.startsWith('refused.'));

/** Ends a route can come to, with the codes for them. */
const ENDS: readonly (readonly [outcome: string, code: string])[] = REASON_CODES.flatMap((code) => {
  const kind: string = REASONS[code].kind;
  const outcomes = BURIED.has(code) ? ['dead', 'rejected'] : OUTCOMES.filter((outcome) => outcome === kind);
  return outcomes.map((outcome) => [outcome, code] as const);
});

/** Where a fault of the gateway can keep an event from being sent; beside these, each destination's `plan`. */
const PLACES: readonly (readonly [module: string, step: string])[] = [
  ['consent', 'read'],
  ['cookies', 'read'],
  ['privacy', 'filter'],
  ['http', 'answer'],
  ['delivery', 'request'],
];

/** Every metric of the gateway's own. A new one is a line here. */
export const FAMILIES: readonly Family[] = [
  {
    name: 'portvakt_build_info',
    help: 'The version that runs',
    type: 'gauge',
    labels: ['version'],
    over: 'max',
    series: ({ version }) => [[[version], 1]],
  },
  {
    name: 'portvakt_answers_total',
    help: 'Answers of the public listener by status',
    type: 'counter',
    labels: ['status'],
    *series({ counters }) {
      for (const status of STATUSES) yield [[`${status}`], 0];
      yield* counters.answers.entries();
    },
  },
  {
    name: 'portvakt_answer_duration_seconds',
    help: 'From the moment a request is looked at to its answer',
    type: 'histogram',
    labels: [],
    series: ({ counters }) => [[[], counters.answerTime.data()]],
  },
  {
    name: 'portvakt_store_duration_seconds',
    help: 'From handing a hit to the outbox to the moment it survives a power cut',
    type: 'histogram',
    labels: [],
    series: ({ deliveries }) => [
      [[], emptyHistogram(SHORT)],
      ...deliveries.map(({ storeTime }) => [[], storeTime] as const),
    ],
  },
  bySite('portvakt_hits_total', 'Accepted hits', (counters) => counters.hits),
  {
    name: 'portvakt_events_total',
    help: 'Accepted events',
    type: 'counter',
    labels: ['site', 'source'],
    *series(of) {
      for (const site of sites(of)) for (const { name } of PROTOCOLS) yield [[site, name], 0];
      yield* of.counters.events.entries();
    },
  },
  bySite(
    'portvakt_consent_readable_total',
    'Hits with a readable consent; 0 beside growing hits means that the consent cookie never reaches the gateway',
    (counters) => counters.readableConsent,
  ),
  bySite(
    'portvakt_consent_conflicts_total',
    'Hits whose consent sources disagree; the stricter one was followed',
    (counters) => counters.conflicts,
  ),
  bySite(
    'portvakt_consent_unknown_letters_total',
    'Hits whose gcd has a letter that is not known; it takes nothing away',
    (counters) => counters.unknownLetters,
  ),
  bySite(
    'portvakt_unknown_keys_total',
    'Keys of hits that were not known and therefore dropped',
    (counters) => counters.unknownKeys,
  ),
  bySite(
    'portvakt_unknown_stream_total',
    'Web hits whose measurement id no route has',
    (counters) => counters.unknownStream,
  ),
  {
    name: 'portvakt_refused_total',
    help: 'Refused requests by reason; without a site where none has the host',
    type: 'counter',
    labels: ['site', 'reason'],
    *series(of) {
      for (const site of sites(of)) for (const code of REFUSED) yield [[site, code], 0];
      yield* of.counters.refused.entries();
    },
  },
  ofProcess(
    'portvakt_connections_refused_total',
    'Connections that were refused because as many were open as the process takes',
    'counter',
    ({ counters }) => counters.connectionsRefused,
  ),
  {
    name: 'portvakt_left_out_total',
    help: 'Details of events that could not be used; the event went on without them',
    type: 'counter',
    labels: ['site', 'kind'],
    *series(of) {
      for (const site of sites(of)) for (const kind of Object.keys(LEFT_OUT)) yield [[site, kind], 0];
      yield* of.counters.leftOut.entries();
    },
  },
  {
    name: 'portvakt_faults_total',
    help: 'Events that a fault of the gateway kept from being sent, by where it was; more than 0 is worth a report',
    type: 'counter',
    labels: ['module', 'step'],
    *series(of) {
      for (const place of PLACES) yield [place, 0];
      for (const { destination } of routes(of)) yield [[destination.name, 'plan'], 0];
      yield* of.counters.faults.entries();
      for (const { routes: counted } of of.deliveries)
        for (const { outcomes } of Object.values(counted))
          yield [['delivery', 'request'], outcomes['failed']?.['failed.request'] ?? 0];
    },
  },
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
    'Dead letters that came back into play: stored + reopened = outcomes + waiting',
    'counter',
    ({ reopened }) => reopened,
  ),
  byRoute('portvakt_delivery_attempts_total', 'Requests to vendors', 'counter', ({ attempts }) => attempts),
  byRoute(
    'portvakt_delivery_retries_total',
    'Requests that came to nothing and are made again',
    'counter',
    ({ retries }) => retries,
  ),
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
    ({ outcomes }) => outcomes['failed']?.[EGRESS_CHECK] ?? 0,
  ),
  {
    name: 'portvakt_vendor_verdicts_total',
    help: 'What vendors said later about events they had taken',
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
  ofProcess(
    'portvakt_ready',
    '1 = events are taken, 0 = hits that hold something to store are answered 503',
    'gauge',
    ({ ready }) => (ready ? 1 : 0),
    'min',
  ),
  byQueue('portvakt_outbox_waiting', 'Events waiting for delivery', ({ waiting }) => waiting),
  byQueue('portvakt_outbox_dead_letters', 'Refused events that wait for a person', ({ dead }) => dead),
  byQueue(
    'portvakt_outbox_oldest_seconds',
    'Age of the oldest waiting event',
    ({ oldestMs }) => oldestMs / 1000,
    'max',
  ),
  ofProcess('portvakt_outbox_bytes', 'Bytes the outbox takes', 'gauge', ({ deliveries }) =>
    deliveries.reduce((sum, { bytes }) => sum + bytes, 0),
  ),
  ofProcess(
    'portvakt_outbox_max_bytes',
    'Bytes the outbox may take (`delivery.max_size`); when they are taken, hits are answered 503',
    'gauge',
    ({ gateway, deliveries }) => gateway.delivery.maxSize * Math.max(1, deliveries.length),
  ),
  ofProcess(
    'portvakt_outbox_damaged_records',
    'Stored records that were damaged and set aside',
    'gauge',
    ({ deliveries }) => deliveries.reduce((sum, { damaged }) => sum + damaged, 0),
  ),
  ofProcess(
    'portvakt_sink_enabled',
    '1 = started with --sink: everything goes to the sink and nothing to any vendor',
    'gauge',
    ({ sink }) => (sink ? 1 : 0),
    'max',
  ),
  {
    name: 'portvakt_config_reloads_total',
    help: 'Times the configuration was read again, by how that ended',
    type: 'counter',
    labels: ['result'],
    series: ({ reloads }) => [
      [['success'], reloads.succeeded],
      [['failure'], reloads.failed],
    ],
  },
  ofProcess(
    'portvakt_config_last_reload_successful',
    '1 = the configuration on disk is in force, 0 = it cannot be used and the one before stays',
    'gauge',
    ({ reloads }) => (reloads.good ? 1 : 0),
    'min',
  ),
  ofProcess(
    'portvakt_config_last_reload_success_timestamp_seconds',
    'When the configuration in force was read',
    'gauge',
    ({ reloads }) => Math.round(reloads.at / 1000),
    'min',
  ),
];

const STATES = ['closed', 'open', 'stopped'] as const;

/** The worst state of a route over its outboxes. */
function stateOf({ deliveries }: Snapshot, key: string): (typeof STATES)[number] {
  let worst = 0;
  for (const { routes: counted } of deliveries) {
    const state = counted[key]?.state;
    if (state !== undefined) worst = Math.max(worst, STATES.indexOf(state));
  }
  return STATES[worst] ?? 'closed';
}
