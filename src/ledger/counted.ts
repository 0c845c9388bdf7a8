import type { Counters, Tally } from './counters.ts';

/** How a tally of the collecting side is exported. */
export interface Counted {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly of: (counters: Counters) => Tally;
}

/** Requests, and what was made of them until an event is stored: the same under the same names on every runtime. */
export const COUNTED = {
  answers: {
    name: 'portvakt_answers_total',
    help: 'Answers of the public listener by status',
    labels: ['status'],
    of: ({ answers }) => answers,
  },
  hits: { name: 'portvakt_hits_total', help: 'Accepted hits', labels: ['site'], of: ({ hits }) => hits },
  events: {
    name: 'portvakt_events_total',
    help: 'Accepted events',
    labels: ['site', 'source'],
    of: ({ events }) => events,
  },
  readableConsent: {
    name: 'portvakt_consent_readable_total',
    help: 'Hits with a readable consent; if it stays 0 while hits arrive, the consent cookie does not reach the gateway',
    labels: ['site'],
    of: ({ readableConsent }) => readableConsent,
  },
  conflicts: {
    name: 'portvakt_consent_conflicts_total',
    help: 'Hits whose consent sources disagree; the stricter one was followed',
    labels: ['site'],
    of: ({ conflicts }) => conflicts,
  },
  unknownLetters: {
    name: 'portvakt_consent_unknown_letters_total',
    help: 'Hits whose gcd has an unknown letter, which removes no consent',
    labels: ['site'],
    of: ({ unknownLetters }) => unknownLetters,
  },
  unknownKeys: {
    name: 'portvakt_unknown_keys_total',
    help: 'Unknown keys of hits, which were dropped',
    labels: ['site'],
    of: ({ unknownKeys }) => unknownKeys,
  },
  unknownStream: {
    name: 'portvakt_unknown_stream_total',
    help: 'Web hits with a measurement id that no route has',
    labels: ['site'],
    of: ({ unknownStream }) => unknownStream,
  },
  refused: {
    name: 'portvakt_refused_total',
    help: 'Refused requests by reason; without a site if no site has the host',
    labels: ['site', 'reason'],
    of: ({ refused }) => refused,
  },
  fixedAnswers: {
    name: 'portvakt_fixed_answers_total',
    help: 'Requests of Google tags other than hits, by the kind of path; they are answered unread',
    labels: ['site', 'path'],
    of: ({ fixedAnswers }) => fixedAnswers,
  },
  leftOut: {
    name: 'portvakt_left_out_total',
    help: 'Details of events that could not be used; the events were processed without them',
    labels: ['site', 'kind'],
    of: ({ leftOut }) => leftOut,
  },
  faults: {
    name: 'portvakt_faults_total',
    help: 'Events that were not sent because of a fault of the gateway, by its place; please report any value above 0',
    labels: ['module', 'step'],
    of: ({ faults }) => faults,
  },
} as const satisfies Readonly<Record<string, Counted>>;
