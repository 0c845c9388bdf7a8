import { COUNTED, type Counted } from '../../ledger/counted.ts';
import { Counters, type Counts } from '../../ledger/counters.ts';
import type { RouteCounters } from '../../delivery/telemetry.ts';
import type { SiteReport } from './rpc.ts';

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly samples: (reports: Reports) => readonly Sample[];
}

/** By name of the site. */
export type Reports = readonly (readonly [site: string, report: SiteReport])[];

/** A number of every route. */
const byRoute = (name: string, type: Family['type'], help: string, value: (of: RouteCounters) => number): Family => ({
  name,
  help,
  type,
  samples: (reports) =>
    reports.flatMap(([, { routes }]) => Object.entries(routes).map(([route, of]) => [{ route }, value(of)] as const)),
});

/** A number of every queue. */
const byQueue = (name: string, help: string, value: (of: SiteReport['queues'][string]) => number): Family => ({
  name,
  help,
  type: 'gauge',
  samples: (reports) =>
    reports.flatMap(([, { queues }]) => Object.entries(queues).map(([route, of]) => [{ route }, value(of)] as const)),
});

const bySite = (name: string, type: Family['type'], help: string, value: (of: SiteReport) => number): Family => ({
  name,
  help,
  type,
  samples: (reports) => reports.map(([site, report]) => [{ site }, value(report)]),
});

/** A tally of the collecting side, of which each object has a part; with 0 for every site where it is by site alone. */
const tally = ({ name, help, labels, of }: Counted): Family => ({
  name,
  help,
  type: 'counter',
  samples: (reports) => {
    const zeros: readonly Sample[] = labels.join() === 'site' ? reports.map(([site]) => [{ site }, 0]) : [];
    const counted = reports.flatMap(([, { counts }]) => [...of(countersOf(counts)).entries()]);
    return [...zeros, ...counted.map(([values, n]) => [labelled(labels, values), n] as const)];
  },
});

function countersOf(counts: Counts): Counters {
  const counters = new Counters();
  counters.add(counts);
  return counters;
}

function labelled(names: readonly string[], values: readonly string[]): Labels {
  return Object.fromEntries(names.map((name, i) => [name, values[i] ?? '']));
}

/** What ended before it was stored has the same name as what ended afterwards. */
const OUTCOMES: Counted = {
  name: 'portvakt_outcomes_total',
  help: 'How (event, route) pairs ended, by the code of the reason; every pair ends in exactly one outcome',
  labels: ['route', 'outcome', 'reason'],
  of: ({ outcomes }) => outcomes,
};

/** Faults are among the outcomes here: those of deliveries are counted by route only. */
const { faults: _, ...COUNTING } = COUNTED;

/** The same names as on Node where the same is counted. Counters begin at 0 when the object of a site starts again. */
const FAMILIES: readonly Family[] = [
  ...Object.values(COUNTING).map(tally),
  {
    name: OUTCOMES.name,
    help: OUTCOMES.help,
    type: 'counter',
    samples: (reports) => [
      ...tally(OUTCOMES).samples(reports),
      ...reports.flatMap(([, { routes }]) =>
        Object.entries(routes).flatMap(([route, { outcomes }]) =>
          Object.entries(outcomes).flatMap(([outcome, reasons]) =>
            Object.entries(reasons).map(([reason, n]) => [{ route, outcome, reason }, n] as const),
          ),
        ),
      ),
    ],
  },
  byRoute('portvakt_delivery_attempts_total', 'counter', 'Requests to vendors', ({ attempts }) => attempts),
  byRoute(
    'portvakt_delivery_retries_total',
    'counter',
    'Requests that came to nothing and are made again',
    ({ retries }) => retries,
  ),
  byRoute('portvakt_reopened_total', 'counter', 'Dead letters that came back into play', ({ reopened }) => reopened),
  byRoute('portvakt_route_up', 'gauge', '1 = delivering, 0 = paused by its breaker or stopped', ({ state }) =>
    state === 'closed' ? 1 : 0,
  ),
  byQueue('portvakt_outbox_waiting', 'Events that wait to be delivered', ({ waiting }) => waiting),
  byQueue('portvakt_outbox_dead_letters', 'Events that wait for a person', ({ dead }) => dead),
  byQueue('portvakt_outbox_oldest_seconds', 'Age of the oldest event that waits', ({ oldestMs }) => oldestMs / 1000),
  bySite('portvakt_outbox_bytes', 'gauge', 'Bytes that the outbox takes', ({ bytes }) => bytes),
  bySite('portvakt_outbox_used_ratio', 'gauge', 'Part of the room of the outbox that is in use', ({ used }) => used),
  bySite('portvakt_outbox_ready', 'gauge', '1 while events can be stored', ({ ready }) => (ready ? 1 : 0)),
  bySite('portvakt_outbox_appends_total', 'counter', 'Hits that reached the outbox', ({ appends }) => appends),
  bySite(
    'portvakt_rows_written_total',
    'counter',
    'Rows written, as they are billed',
    ({ rowsWritten }) => rowsWritten,
  ),
];

/** The reports of all sites in the text form of Prometheus. */
export function metricsText(reports: Reports, version: string): string {
  const lines = [
    '# HELP portvakt_info The version that runs',
    '# TYPE portvakt_info gauge',
    `portvakt_info{version="${version}"} 1`,
  ];
  for (const { name, help, type, samples } of FAMILIES) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    const sums = new Map<string, number>();
    for (const [labels, value] of samples(reports)) {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
      const series = `${name}{${pairs.join()}}`;
      sums.set(series, (sums.get(series) ?? 0) + value);
    }
    for (const [series, value] of sums) lines.push(`${series} ${value}`);
  }
  return `${lines.join('\n')}\n`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
