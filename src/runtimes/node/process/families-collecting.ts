import { emptyHistogram, SHORT } from '../../../core/histogram.ts';
import { LEFT_OUT } from '../../../core/left-out.ts';
import { REASON_CODES } from '../../../core/reason.ts';
import { WAYS_IN } from '../../../protocols/doors.ts';
import { COUNTED, type Counted } from '../../../ledger/counted.ts';
import { PROTOCOLS } from '../../../protocols/index.ts';
import { faultsIn, ofProcess, routes, sites, type Family, type Snapshot } from './metric-family.ts';

/** Statuses that the public listener answers with. */
const STATUSES = [200, 204, 400, 401, 403, 404, 405, 408, 413, 415, 421, 429, 500, 503];

/** The first path of every door with an answer of its own. */
const FIXED = WAYS_IN.flatMap(({ door }) => (typeof door.does === 'object' ? [door.paths[0]] : []));

/** Why requests are refused. */
const REFUSED = REASON_CODES.filter((code) => code.startsWith('refused.'));

/** Where a fault of the gateway can prevent that an event is sent; each destination's `plan` comes in addition. */
const PLACES: readonly (readonly [module: string, step: string])[] = [
  ['consent', 'read'],
  ['cookies', 'read'],
  ['privacy', 'filter'],
  ['http', 'answer'],
  ['delivery', 'request'],
];

/** A tally of the collecting side; `zeros`: what it has from the start. */
function counted(
  { name, help, labels, of }: Counted,
  zeros: (snapshot: Snapshot) => Iterable<readonly string[]>,
): Family {
  return {
    name,
    help,
    type: 'counter',
    labels,
    *series(snapshot) {
      for (const values of zeros(snapshot)) yield [values, 0];
      yield* of(snapshot.counters).entries();
    },
  };
}

const everySite = (of: Snapshot): readonly string[][] => sites(of).map((site) => [site]);
const everySiteWith =
  (words: readonly string[]) =>
  (of: Snapshot): readonly string[][] =>
    sites(of).flatMap((site) => words.map((word) => [site, word]));

/** Requests, and what was made of them: until an event is stored. */
export const COLLECTING: readonly Family[] = [
  counted(COUNTED.answers, () => STATUSES.map((status) => [`${status}`])),
  {
    name: 'portvakt_answer_duration_seconds',
    help: 'Time from the beginning of a request to its answer',
    type: 'histogram',
    labels: [],
    series: ({ counters }) => [[[], counters.answerTime.data()]],
  },
  {
    name: 'portvakt_store_duration_seconds',
    help: 'Time from handing a hit to the outbox until it survives a power cut',
    type: 'histogram',
    labels: [],
    series: ({ deliveries }) => [
      [[], emptyHistogram(SHORT)],
      ...deliveries.map(({ storeTime }) => [[], storeTime] as const),
    ],
  },
  counted(COUNTED.hits, everySite),
  counted(COUNTED.events, everySiteWith(PROTOCOLS.map(({ name }) => name))),
  counted(COUNTED.readableConsent, everySite),
  counted(COUNTED.conflicts, everySite),
  counted(COUNTED.unknownLetters, everySite),
  counted(COUNTED.unknownKeys, everySite),
  counted(COUNTED.unknownStream, everySite),
  counted(COUNTED.refused, everySiteWith(REFUSED)),
  counted(COUNTED.fixedAnswers, everySiteWith(FIXED)),
  ofProcess(
    'portvakt_connections_refused_total',
    'Connections that were refused because the process had its highest number of connections open',
    'counter',
    ({ counters }) => counters.connectionsRefused,
  ),
  counted(COUNTED.leftOut, everySiteWith(Object.keys(LEFT_OUT))),
  {
    ...COUNTED.faults,
    type: 'counter',
    *series(of) {
      for (const place of PLACES) yield [place, 0];
      for (const { destination } of routes(of)) yield [[destination.name, 'plan'], 0];
      yield* of.counters.faults.entries();
      for (const { routes: byRoute } of of.deliveries)
        for (const { outcomes } of Object.values(byRoute))
          yield [['delivery', 'request'], faultsIn(outcomes, 'failed.request')];
      for (const { key, destination } of routes(of))
        for (const { routes: byRoute } of of.deliveries)
          yield [[destination.name, 'plan'], faultsIn(byRoute[key]?.outcomes ?? {}, 'failed.destination')];
    },
  },
];
