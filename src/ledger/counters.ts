import { Histogram, SHORT } from '../core/histogram.ts';
import type { Stored } from '../delivery/outbox.ts';
import type { Account } from './account.ts';

/** A number per set of labels. Labels come from the configuration and fixed lists, never from a hit. */
export class Tally {
  readonly values = new Map<string, number>();

  /** Adds one under a key made by joining labels with a tab. */
  add(key: string, by = 1): void {
    this.values.set(key, (this.values.get(key) ?? 0) + by);
  }

  /** Every set of labels with its number. */
  *entries(): Iterable<readonly [labels: readonly string[], value: number]> {
    for (const [key, value] of this.values) yield [key.split('\t'), value];
  }
}

/** What was counted, as plain data: by tally, and in it by set of labels. */
export type Counts = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What the collecting side counts, as plain numbers; the runtime exports them. */
export class Counters {
  /** Answers by status. */
  readonly answers = new Tally();
  /** Refused requests by site (empty = none has the host) and the code of the reason. */
  readonly refused = new Tally();
  /** Requests with a fixed answer, by site and the first path of their door. */
  readonly fixedAnswers = new Tally();
  /** Accepted events by site and source. */
  readonly events = new Tally();
  /** Outcomes that collecting itself decides, by route, outcome and the code of the reason. */
  readonly outcomes = new Tally();
  /** (event, route) pairs stored for delivery, by route. */
  readonly stored = new Tally();
  /** Unknown keys dropped, by site. */
  readonly unknownKeys = new Tally();
  /** Values from senders that could not be used, by site and kind. */
  readonly leftOut = new Tally();
  /** Web hits with a measurement id no route has, by site. */
  readonly unknownStream = new Tally();
  /** Hits whose consent sources disagree, by site. */
  readonly conflicts = new Tally();
  /** Hits with a readable consent cookie, by site. */
  readonly readableConsent = new Tally();
  /** Hits with a letter in `gcd` that is not known, by site. */
  readonly unknownLetters = new Tally();
  /** Events lost by a fault of the gateway's own, by module and step. */
  readonly faults = new Tally();
  /** From a request to its answer. */
  readonly answerTime = new Histogram(SHORT);
  /** Connections over the limit. */
  connectionsRefused = 0;
  /** Hits, by site. */
  readonly hits = new Tally();

  /** What the tallies have. */
  counts(): Counts {
    const counted = this.#tallies().filter(([, { values }]) => values.size > 0);
    return Object.fromEntries(counted.map(([name, { values }]) => [name, Object.fromEntries(values)]));
  }

  /** The same, taken out: another adds it to its own. */
  take(): Counts {
    const counts = this.counts();
    for (const [, { values }] of this.#tallies()) values.clear();
    return counts;
  }

  /** Adds what another has counted. */
  add(counts: Counts): void {
    for (const [name, tally] of this.#tallies())
      for (const [key, value] of Object.entries(counts[name] ?? {})) tally.add(key, value);
  }

  #tallies(): readonly (readonly [name: string, tally: Tally])[] {
    return Object.entries(this).filter((entry): entry is [string, Tally] => entry[1] instanceof Tally);
  }

  /** Counts an accepted hit; `stored` has one entry for each planned pair, in the order of the account. */
  accept(
    { site: { name: site }, source, unknownKeys, leftOut, unknownStream, events }: Account,
    stored: readonly Stored[],
  ): void {
    this.hits.add(site);
    if (unknownKeys > 0) this.unknownKeys.add(site, unknownKeys);
    if (leftOut !== undefined)
      for (const [kind, count] of Object.entries(leftOut)) this.leftOut.add(`${site}\t${kind}`, count);
    if (unknownStream) this.unknownStream.add(site);
    const consent = events[0]?.consent;
    if (consent !== undefined) {
      if (consent.conflict) this.conflicts.add(site);
      if (consent.readings.some(({ status, onlyTakes }) => onlyTakes !== true && status !== 'none'))
        this.readableConsent.add(site);
      if (consent.readings.some(({ unknownLetter }) => unknownLetter === true)) this.unknownLetters.add(site);
    }
    let row = 0;
    for (const { routes } of events) {
      this.events.add(`${site}\t${source}`);
      for (const { route, outcome, reason } of routes) {
        if (outcome === 'failed') this.faults.add(`${reason?.params['module'] ?? ''}\t${reason?.params['step'] ?? ''}`);
        if (outcome !== 'planned') this.outcomes.add(`${route.key}\t${outcome}\t${reason?.code ?? ''}`);
        else if (stored[row++] === 'duplicate') this.outcomes.add(`${route.key}\tskipped\tskip.duplicate`);
        else this.stored.add(route.key);
      }
    }
  }
}
