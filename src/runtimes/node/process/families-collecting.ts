import { emptyHistogram, SHORT } from '../../../core/histogram.ts';
import { LEFT_OUT } from '../../../core/left-out.ts';
import { REASON_CODES } from '../../../core/reason.ts';
import { WAYS_IN } from '../../../protocols/doors.ts';
import { PROTOCOLS } from '../../../protocols/index.ts';
import { bySite, faultsIn, ofProcess, routes, sites, type Family } from './metric-family.ts';

/** Statuses that the public listener answers with. */
const STATUSES = [200, 204, 400, 401, 403, 404, 405, 408, 413, 415, 421, 429, 500, 503];

/** The first path of every door with an answer of its own. */
const FIXED = WAYS_IN.flatMap(({ door }) => (typeof door.does === 'object' ? [door.paths[0]] : []));

/** Why requests are refused. */
const REFUSED = REASON_CODES.filter((code) => code.startsWith('refused.'));

/** Where a fault of the gateway can keep an event from being sent; beside these, each destination's `plan`. */
const PLACES: readonly (readonly [module: string, step: string])[] = [
  ['consent', 'read'],
  ['cookies', 'read'],
  ['privacy', 'filter'],
  ['http', 'answer'],
  ['delivery', 'request'],
];

/** Requests, and what was made of them: until an event is stored. */
export const COLLECTING: readonly Family[] = [
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
  {
    name: 'portvakt_fixed_answers_total',
    help: 'Requests that are answered unread, by the kind of path: what Google tags ask for beside hits',
    type: 'counter',
    labels: ['site', 'path'],
    *series(of) {
      for (const site of sites(of)) for (const path of FIXED) yield [[site, path], 0];
      yield* of.counters.fixedAnswers.entries();
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
          yield [['delivery', 'request'], faultsIn(outcomes, 'failed.request')];
      for (const { key, destination } of routes(of))
        for (const { routes: counted } of of.deliveries)
          yield [[destination.name, 'plan'], faultsIn(counted[key]?.outcomes ?? {}, 'failed.destination')];
    },
  },
];
