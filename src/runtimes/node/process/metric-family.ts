import type { HistogramData } from '../../../core/histogram.ts';
import type { ReasonCode } from '../../../core/reason.ts';
import type { RouteCounters } from '../../../delivery/telemetry.ts';
import type { Counters } from '../../../ledger/counters.ts';
import type { Gateway, Route } from '../../../policy/gateway.ts';
import type { DeliveryReport } from './metrics.ts';

/** Reads of the configuration, and how they ended. */
export interface Reloads {
  readonly succeeded: number;
  readonly failed: number;
  /** The last configuration could be used. */
  readonly good: boolean;
  /** When the configuration in force was read, unix milliseconds. */
  readonly at: number;
}

/** The values behind the metrics of one process, at one moment. */
export interface Snapshot {
  readonly counters: Counters;
  /** The configuration in force. Every name in it has a series, with 0 at first. */
  readonly gateway: Gateway;
  readonly deliveries: readonly DeliveryReport[];
  readonly version: string;
  readonly sink: boolean;
  /** Events are taken: the answer of `/readyz`. */
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

/** One metric. Values with the same labels are added up. `over` says how the values of several processes are joined. */
export type Family =
  | (Described & {
      readonly type: 'counter' | 'gauge';
      readonly over?: 'sum' | 'max' | 'min';
      readonly series: (of: Snapshot) => Iterable<Series<number>>;
    })
  | (Described & { readonly type: 'histogram'; readonly series: (of: Snapshot) => Iterable<Series<HistogramData>> });

export const sites = ({ gateway }: Snapshot): readonly string[] => gateway.sites.map(({ name }) => name);
export const routes = ({ gateway }: Snapshot): readonly Route[] => gateway.sites.flatMap((site) => site.routes);

/** A number of every route from the reports of its outboxes, with 0 for every route there is. */
export function byRoute(
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

/** How often a fault of the gateway prevented that an event of a route was sent, whether the event is kept or not. */
export function faultsIn(outcomes: RouteCounters['outcomes'], code: ReasonCode): number {
  return (outcomes['dead']?.[code] ?? 0) + (outcomes['failed']?.[code] ?? 0);
}

type Queue = DeliveryReport['queues'][string];

/** A number for every route's queues; over several outboxes, their sum or the largest. */
export function byQueue(
  name: string,
  help: string,
  value: (queue: Queue) => number,
  over: 'sum' | 'max' = 'sum',
): Family {
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

/** One number of the process, without labels. */
export function ofProcess(
  name: string,
  help: string,
  type: 'counter' | 'gauge',
  value: (of: Snapshot) => number,
  over?: 'sum' | 'max' | 'min',
): Family {
  return { name, help, type, labels: [], ...(over !== undefined && { over }), series: (of) => [[[], value(of)]] };
}
