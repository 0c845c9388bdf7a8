import type { Served } from '../../support/serve.ts';
import { metricsOf, until, type Metrics } from '../../support/metrics.ts';
import type { Tally } from './load.ts';
import type { Sink } from './sink.ts';
import { eventId, keyOf, type RouteName } from './world.ts';

/** The observations of a scenario. `problems` lists what must not happen; empty = the promise held. */
export interface Summary {
  /** (event, route) pairs that were answered 204. */
  readonly acknowledged: number;
  /** Of those, pairs that their vendor accepted. */
  readonly delivered: number;
  /** Pairs that ended otherwise, as they should: dead letters, withdrawn, expired. */
  readonly otherwise: number;
  /** Pairs accepted more than once. */
  readonly duplicates: number;
  readonly seconds: number;
  /** Other figures. */
  readonly figures: Readonly<Record<string, number | string>>;
  readonly problems: readonly string[];
}

/** How a scenario is run. */
export interface Form {
  /** `short` in the tests, `full` by hand. */
  readonly full: boolean;
  /** Progress, for a person. */
  readonly say: (text: string) => void;
  /** Rounds, where a scenario has them. */
  readonly rounds?: number | undefined;
  /** After so many minutes no further round is begun. */
  readonly minutes?: number | undefined;
}

export type Scenario = (form: Form) => Promise<Summary>;

/** Counts what was acknowledged against what the vendors have got. */
export function compare(
  acknowledged: ReadonlySet<number>,
  sink: Sink,
  routes: readonly RouteName[],
): { acknowledged: number; delivered: number; duplicates: number; missing: { route: RouteName; n: number }[] } {
  let delivered = 0;
  let duplicates = 0;
  const missing: { route: RouteName; n: number }[] = [];
  for (const route of routes) {
    const accepted = sink.accepted(route);
    for (const n of acknowledged) {
      const times = accepted.get(eventId(n));
      if (times === undefined) missing.push({ route, n });
      else delivered++;
    }
    for (const times of accepted.values()) if (times.length > 1) duplicates++;
  }
  return { acknowledged: acknowledged.size * routes.length, delivered, duplicates, missing };
}

/**
 * Every (event, route) ends in exactly one outcome: for each route, the events that came in are those that ended, were
 * reopened not counted twice, and those that wait. Only for a process that has been up all the time.
 */
export function unbalanced(metrics: Metrics, routes: readonly RouteName[]): string[] {
  const problems: string[] = [];
  const events = metrics.sum('portvakt_events_total');
  for (const name of routes) {
    const route = keyOf(name);
    const ended = metrics.sum('portvakt_outcomes_total', { route });
    const waiting =
      metrics.sum('portvakt_outbox_waiting', { route }) + metrics.sum('portvakt_outbox_awaiting', { route });
    const reopened = metrics.sum('portvakt_reopened_total', { route });
    if (events + reopened !== ended + waiting)
      problems.push(`${route}: ${events} came in (+${reopened} reopened), ${ended} ended, ${waiting} wait`);
  }
  return problems;
}

/** Waits until nothing waits for delivery. */
export async function drained(gateway: Served, ms: number): Promise<Metrics> {
  let metrics = await metricsOf(gateway.adminUrl);
  await until(
    'everything delivered',
    async () => {
      metrics = await metricsOf(gateway.adminUrl);
      return metrics.sum('portvakt_outbox_waiting') === 0;
    },
    ms,
  );
  return metrics;
}

/** Answers a gateway must never give to good requests. */
export function wrongAnswers({ statuses, withoutRetryAfter }: Tally): string[] {
  const problems = [...statuses]
    .filter(([status]) => status !== 204 && status !== 503)
    .map(([status, n]) => `${n} answers of ${status}`);
  if (withoutRetryAfter > 0) problems.push(`${withoutRetryAfter} answers of 503 without Retry-After`);
  return problems;
}

/** A summary as people read it. */
export function show(name: string, { acknowledged, delivered, otherwise, ...rest }: Summary): string {
  const { duplicates, seconds, figures, problems } = rest;
  const lost = acknowledged - delivered - otherwise;
  const share = (n: number, of: number) => (of === 0 ? 0 : n / of);
  const lines: [string, string | number][] = [
    ['acknowledged', acknowledged],
    ['delivered', delivered],
    ['otherwise', otherwise],
    ['lost per million', (share(lost, acknowledged) * 1e6).toFixed(2)],
    ['duplicates', `${duplicates} (${(share(duplicates, acknowledged) * 100).toFixed(4)} %)`],
    ['time', `${seconds.toFixed(1)} s`],
    ...Object.entries(figures),
  ];
  const width = Math.max(...lines.map(([word]) => word.length));
  const verdict = problems.length === 0 ? 'held' : `did not hold:\n  ${problems.slice(0, 20).join('\n  ')}`;
  return [`${name}: ${verdict}`, ...lines.map(([word, value]) => `  ${word.padEnd(width)}  ${value}`)].join('\n');
}
