import { AGE, Histogram, REQUEST, type HistogramData } from '../core/histogram.ts';
import type { ReasonCode } from '../core/reason.ts';
import type { RowOutcome } from './store.ts';
import type { BreakerState } from './lane/breaker.ts';

/** Different reasons kept per route and outcome; further ones are counted together, so that memory is bounded. */
const MAX_REASONS = 40;
const OTHER = 'other';

/** Counters of one route since the process started. */
export interface RouteCounters {
  /** Outcome -> code of the reason -> how many rows. */
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Requests started, and those of them that failed and are made again. */
  readonly attempts: number;
  readonly retries: number;
  /** What the vendor said later about requests it had taken (`Later`). */
  readonly followUps: Readonly<Record<string, number>>;
  /** Answers after which the route stopped, by the code of the reason. */
  readonly stops: Readonly<Record<string, number>>;
  /** Dead letters that are no longer final, by a retry or a withdrawal: stored + reopened = outcomes + waiting. */
  readonly reopened: number;
  readonly inFlight: number;
  /** Events that the vendor has taken, and whose verdict comes later. */
  readonly awaiting: number;
  /** How long the oldest event that is to be sent has been due, milliseconds. */
  readonly overdueMs: number;
  readonly state: BreakerState;
  /** How long requests took, and how old events were when the vendor took them. */
  readonly duration: HistogramData;
  readonly age: HistogramData;
  /** Why the state is not `closed`: a reason on one line. */
  readonly detail: string;
}

/** A tally by outcome and the code of the reason, per route. */
export class Telemetry {
  readonly #routes = new Map<string, RouteTally>();

  of(route: string): RouteTally {
    let tally = this.#routes.get(route);
    if (tally === undefined) this.#routes.set(route, (tally = new RouteTally()));
    return tally;
  }

  get routes(): ReadonlyMap<string, RouteTally> {
    return this.#routes;
  }
}

/** The counters of one route. */
export class RouteTally {
  attempts = 0;
  retries = 0;
  reopened = 0;
  readonly duration = new Histogram(REQUEST);
  readonly age = new Histogram(AGE);
  readonly #outcomes = new Map<RowOutcome, Map<string, number>>();
  readonly #followUps = new Map<string, number>();
  readonly #stops = new Map<string, number>();

  count(outcome: RowOutcome, reason: ReasonCode, n = 1): void {
    let reasons = this.#outcomes.get(outcome);
    if (reasons === undefined) this.#outcomes.set(outcome, (reasons = new Map()));
    add(reasons, reason, n);
  }

  followUp(counts: Readonly<Record<string, number>>): void {
    for (const [word, n] of Object.entries(counts)) add(this.#followUps, word, n);
  }

  stopped(reason: ReasonCode): void {
    add(this.#stops, reason, 1);
  }

  data(): Omit<RouteCounters, 'inFlight' | 'awaiting' | 'overdueMs' | 'state' | 'detail'> {
    const outcomes: Record<string, Record<string, number>> = {};
    for (const [outcome, reasons] of this.#outcomes) outcomes[outcome] = Object.fromEntries(reasons);
    return {
      outcomes,
      attempts: this.attempts,
      retries: this.retries,
      reopened: this.reopened,
      stops: Object.fromEntries(this.#stops),
      followUps: Object.fromEntries(this.#followUps),
      duration: this.duration.data(),
      age: this.age.data(),
    };
  }
}

function add(counts: Map<string, number>, key: string, n: number): void {
  const name = counts.has(key) || counts.size < MAX_REASONS ? key : OTHER;
  counts.set(name, (counts.get(name) ?? 0) + n);
}
