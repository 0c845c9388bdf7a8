import {
  AggregatorRegistry,
  collectDefaultMetrics,
  Registry,
  type Metric,
  type MetricObjectWithValues,
  type MetricValue,
  type MetricValueWithName,
} from 'prom-client';
import type { HistogramData } from '../../../core/histogram.ts';
import type { RouteCounters } from '../../../delivery/telemetry.ts';
import { FAMILIES } from './metric-families.ts';
import type { Family, Snapshot } from './metric-family.ts';

/** What delivery reports. */
export interface DeliveryReport {
  /** By `Route.key`. */
  readonly routes: Readonly<Record<string, RouteCounters>>;
  /** Rows waiting and dead letters, by route; with the age of the oldest waiting row in milliseconds. */
  readonly queues: Readonly<
    Record<string, { readonly waiting: number; readonly dead: number; readonly oldestMs: number }>
  >;
  /** Bytes the outbox takes. */
  readonly bytes: number;
  /** Part of its room that is in use; with several gateways, of the room they have together. */
  readonly used: number;
  /** By route: the part of it that is taken by events which wait for that route and for no other; undefined = not known. */
  readonly alone?: Readonly<Record<string, number>>;
  /** Records that were damaged on disk and set aside. */
  readonly damaged: number;
  /** Brokers with which an event could be lost; undefined = there are none. */
  readonly unsafeBrokers?: number;
  /** How long storing took, as the collecting side has measured it. */
  readonly storeTime: HistogramData;
}

/** The part of it that the delivery thread counts. */
export type ThreadReport = Omit<DeliveryReport, 'storeTime'>;

/** Metrics as plain data, so that those of several processes can be added up. */
export type MetricData = MetricObjectWithValues<MetricValue<string>>[];

export interface Metrics {
  /** The text for Prometheus. */
  readonly text: () => Promise<string>;
  readonly data: () => Promise<MetricData>;
}

/** The metrics of several processes as one text for Prometheus. */
export function addUp(each: readonly MetricData[]): Promise<string> {
  return AggregatorRegistry.aggregate([...each]).metrics();
}

/** Gauges of Node's own with names of counters. */
const MISNAMED = ['active_handles_total', 'active_requests_total', 'active_resources_total'];

/**
 * Prometheus metrics. Labels are names from the configuration and fixed words. No label says anything about a visitor,
 * and none is a text of a vendor. Every name in the configuration has its series from the start.
 */
export function createMetrics(look: () => Promise<Snapshot>): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'portvakt_' });
  for (const name of MISNAMED) registry.removeSingleMetric(`portvakt_nodejs_${name}`);
  let now: Snapshot | undefined;
  for (const family of FAMILIES) {
    const { name, help, type } = family;
    const aggregator = family.type === 'histogram' ? 'sum' : (family.over ?? 'sum');
    const get = () =>
      Promise.resolve({ name, help, type, aggregator, values: now === undefined ? [] : valuesOf(family, now) });
    // The registry needs a name and a `get`; its own classes would store the numbers a second time.
    registry.registerMetric({ name, get } as unknown as Metric);
  }
  return {
    text: async () => {
      now = await look();
      return registry.metrics();
    },
    data: async () => {
      now = await look();
      return registry.getMetricsAsJSON();
    },
  };
}

/** The series of one metric; those with the same labels are added up. */
function valuesOf(family: Family, now: Snapshot): MetricValueWithName<string>[] {
  const found = new Map<string, MetricValueWithName<string>>();
  const add = (labels: Readonly<Record<string, string>>, value: number, metricName = family.name): void => {
    const key = `${metricName}\t${Object.values(labels).join('\t')}`;
    const before = found.get(key);
    if (before === undefined) found.set(key, { metricName, labels, value });
    else before.value = combined(family, before.value, value);
  };
  if (family.type === 'histogram') {
    for (const [values, data] of family.series(now)) addHistogram(family.name, zip(family.labels, values), data, add);
  } else {
    for (const [values, value] of family.series(now)) add(zip(family.labels, values), value);
  }
  return [...found.values()];
}

/** Series of 0 only have to exist, so they are left out of the smallest and the largest value. */
function combined(family: Family, before: number, value: number): number {
  return family.type !== 'histogram' && family.over === 'max' ? Math.max(before, value) : before + value;
}

function addHistogram(
  name: string,
  labels: Readonly<Record<string, string>>,
  { bounds, cumulative, sum }: HistogramData,
  add: (labels: Readonly<Record<string, string>>, value: number, metricName: string) => void,
): void {
  cumulative.forEach((count, i) => add({ ...labels, le: String(bounds[i] ?? '+Inf') }, count, `${name}_bucket`));
  add(labels, sum, `${name}_sum`);
  add(labels, cumulative.at(-1) ?? 0, `${name}_count`);
}

function zip(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, i) => [name, values[i] ?? '']));
}
