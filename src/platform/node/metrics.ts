import {
  AggregatorRegistry,
  collectDefaultMetrics,
  Counter,
  Gauge,
  Registry,
  type MetricObjectWithValues,
  type MetricValue,
} from 'prom-client';
import { EGRESS_CHECK } from '../../delivery/egress.ts';
import type { RouteCounters } from '../../delivery/telemetry.ts';
import type { Counters, Tally } from '../../http/counters.ts';

/** What delivery reports when asked. */
export interface DeliveryReport {
  /** By `Route.key`. */
  readonly routes: Readonly<Record<string, RouteCounters>>;
  /** Rows waiting and dead letters, by route; with the age of the oldest waiting row in milliseconds. */
  readonly queues: Readonly<
    Record<string, { readonly waiting: number; readonly dead: number; readonly oldestMs: number }>
  >;
  /** Bytes the outbox takes. */
  readonly bytes: number;
  /** Records that were damaged on disk and set aside. */
  readonly damaged: number;
}

/** Metrics as plain data, to be added up over processes. */
export type MetricData = MetricObjectWithValues<MetricValue<string>>[];

export interface Metrics {
  /** As Prometheus reads them. */
  readonly text: () => Promise<string>;
  readonly data: () => Promise<MetricData>;
}

/** The metrics of several processes as one, as Prometheus reads them. */
export function addUp(each: readonly MetricData[]): Promise<string> {
  return AggregatorRegistry.aggregate([...each]).metrics();
}

/**
 * Prometheus metrics. Labels are names from the configuration and fixed words; there is nothing of a visitor in them.
 * `reports` gives one report for each outbox of this process; with `sink`, nothing goes to any vendor.
 */
export function createMetrics(
  counters: Counters,
  reports: () => Promise<readonly DeliveryReport[]>,
  sink = false,
): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'portvakt_' });

  const fromTally = (name: string, help: string, labelNames: readonly string[], tally: Tally): void => {
    const counter = new Counter({
      name,
      help,
      labelNames: [...labelNames],
      registers: [registry],
      collect() {
        this.reset();
        for (const [labels, value] of tally.entries()) counter.inc(zip(labelNames, labels), value);
      },
    });
  };
  fromTally('portvakt_answers_total', 'Answers of the public listener by status', ['status'], counters.answers);
  fromTally('portvakt_hits_total', 'Accepted hits', ['site'], counters.hits);
  fromTally('portvakt_events_total', 'Accepted events', ['site', 'source'], counters.events);
  fromTally('portvakt_stored_total', '(event, route) pairs stored for delivery', ['route'], counters.stored);
  fromTally(
    'portvakt_unknown_keys_total',
    'Keys of hits that were not known and therefore dropped',
    ['site'],
    counters.unknownKeys,
  );
  fromTally(
    'portvakt_left_out_total',
    'Details of events that could not be used; the event went on without them',
    ['site', 'kind'],
    counters.leftOut,
  );
  fromTally(
    'portvakt_unknown_stream_total',
    'Web hits whose measurement id no route has',
    ['site'],
    counters.unknownStream,
  );
  fromTally(
    'portvakt_consent_conflicts_total',
    'Hits whose consent sources disagree; the stricter one was followed',
    ['site'],
    counters.conflicts,
  );
  fromTally(
    'portvakt_consent_readable_total',
    'Hits with a readable consent; 0 beside growing hits means that the consent cookie never reaches the gateway',
    ['site'],
    counters.readableConsent,
  );
  fromTally(
    'portvakt_consent_unknown_letters_total',
    'Hits whose gcd has a letter that is not known; it takes nothing away',
    ['site'],
    counters.unknownLetters,
  );

  const outcomes = new Counter({
    name: 'portvakt_outcomes_total',
    help: 'How (event, route) pairs ended; every pair ends in exactly one outcome',
    labelNames: ['route', 'outcome', 'reason'],
    registers: [registry],
  });
  const attempts = new Counter({
    name: 'portvakt_delivery_attempts_total',
    help: 'Requests to vendors',
    labelNames: ['route'],
    registers: [registry],
  });
  const retries = new Counter({
    name: 'portvakt_delivery_retries_total',
    help: 'Requests that came to nothing and are made again',
    labelNames: ['route'],
    registers: [registry],
  });
  const violations = new Counter({
    name: 'portvakt_egress_violations_total',
    help: 'Events stopped by the last check before the socket: more than 0 is a fault of the gateway, look at the log',
    labelNames: ['route'],
    registers: [registry],
  });
  const reopened = new Counter({
    name: 'portvakt_reopened_total',
    help: 'Dead letters that came back into play: stored + reopened = outcomes + waiting',
    labelNames: ['route'],
    registers: [registry],
  });
  const later = new Counter({
    name: 'portvakt_vendor_verdicts_total',
    help: 'What vendors said later about events they had taken',
    labelNames: ['route', 'verdict'],
    registers: [registry],
  });
  const waiting = new Gauge({
    name: 'portvakt_outbox_waiting',
    help: 'Rows waiting for delivery',
    labelNames: ['route'],
    registers: [registry],
  });
  const dead = new Gauge({
    name: 'portvakt_outbox_dead_letters',
    help: 'Refused events that wait for a person',
    labelNames: ['route'],
    registers: [registry],
  });
  const oldest = new Gauge({
    name: 'portvakt_outbox_oldest_seconds',
    help: 'Age of the oldest waiting row',
    labelNames: ['route'],
    registers: [registry],
    aggregator: 'max',
  });
  const open = new Gauge({
    name: 'portvakt_route_up',
    help: '1 = delivering, 0 = paused by its breaker or stopped (credentials, settings)',
    labelNames: ['route', 'state'],
    registers: [registry],
    aggregator: 'min',
  });
  const bytes = new Gauge({ name: 'portvakt_outbox_bytes', help: 'Bytes the outbox takes', registers: [registry] });
  new Gauge({
    name: 'portvakt_sink_enabled',
    help: '1 = started with --sink: everything goes to the sink and nothing to any vendor',
    registers: [registry],
    aggregator: 'max',
  }).set(sink ? 1 : 0);
  const damaged = new Gauge({
    name: 'portvakt_outbox_damaged_records',
    help: 'Stored records that were damaged and set aside',
    registers: [registry],
  });

  const collect = async (): Promise<void> => {
    const deliveries = await reports();
    for (const metric of [outcomes, attempts, retries, reopened, violations, later, waiting, dead, oldest, open])
      metric.reset();
    for (const metric of [bytes, damaged]) metric.set(0);
    for (const [[route, outcome, reason], value] of counters.outcomes.entries()) {
      outcomes.inc({ route: route ?? '', outcome: outcome ?? '', reason: reason ?? '' }, value);
    }
    const ages = new Map<string, number>();
    for (const delivery of deliveries) {
      for (const [route, data] of Object.entries(delivery.routes)) {
        for (const [outcome, reasons] of Object.entries(data.outcomes)) {
          for (const [reason, value] of Object.entries(reasons)) outcomes.inc({ route, outcome, reason }, value);
        }
        attempts.inc({ route }, data.attempts);
        retries.inc({ route }, data.retries);
        reopened.inc({ route }, data.reopened);
        violations.inc({ route }, data.outcomes['failed']?.[EGRESS_CHECK] ?? 0);
        for (const [verdict, value] of Object.entries(data.followUps)) later.inc({ route, verdict }, value);
        open.set({ route, state: data.state }, data.state === 'closed' ? 1 : 0);
      }
      for (const [route, queue] of Object.entries(delivery.queues)) {
        waiting.inc({ route }, queue.waiting);
        dead.inc({ route }, queue.dead);
        ages.set(route, Math.max(ages.get(route) ?? 0, queue.oldestMs));
      }
      bytes.inc(delivery.bytes);
      damaged.inc(delivery.damaged);
    }
    for (const [route, age] of ages) oldest.set({ route }, age / 1000);
  };
  return {
    text: async () => {
      await collect();
      return registry.metrics();
    },
    data: async () => {
      await collect();
      return registry.getMetricsAsJSON();
    },
  };
}

function zip(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, i) => [name, values[i] ?? '']));
}
