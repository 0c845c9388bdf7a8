import type { RowOutcome } from './store.ts';
import type { BreakerState } from './breaker.ts';

/** Different reasons kept per route and outcome; further ones are counted together, so that memory is bounded. */
const MAX_REASONS = 40;
const OTHER = 'other';

/** Counters of one route since the process started. */
export interface RouteCounters {
  /** Outcome -> reason -> how many rows. */
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Requests started, and those of them that came to nothing and are made again. */
  readonly attempts: number;
  readonly retries: number;
  /** What the vendor said later about requests it had taken (`FollowUp`). */
  readonly followUps: Readonly<Record<string, number>>;
  /** Dead letters that came back into play by a retry or a withdrawal: stored + reopened = outcomes + waiting. */
  readonly reopened: number;
  readonly inFlight: number;
  readonly state: BreakerState;
  /** Why the state is not `closed`. */
  readonly detail: string;
}

/** A tally by outcome and reason, per route. */
export class Telemetry {
  readonly #routes = new Map<string, Tally>();

  of(route: string): Tally {
    let tally = this.#routes.get(route);
    if (tally === undefined) this.#routes.set(route, (tally = new Tally()));
    return tally;
  }

  get routes(): ReadonlyMap<string, Tally> {
    return this.#routes;
  }
}

/** The counters of one route. */
export class Tally {
  attempts = 0;
  retries = 0;
  reopened = 0;
  readonly #outcomes = new Map<RowOutcome, Map<string, number>>();
  readonly #followUps = new Map<string, number>();

  count(outcome: RowOutcome, reason: string, n = 1): void {
    let reasons = this.#outcomes.get(outcome);
    if (reasons === undefined) this.#outcomes.set(outcome, (reasons = new Map()));
    add(reasons, reason, n);
  }

  followUp(counts: Readonly<Record<string, number>>): void {
    for (const [word, n] of Object.entries(counts)) add(this.#followUps, word, n);
  }

  data(): Pick<RouteCounters, 'outcomes' | 'attempts' | 'retries' | 'reopened' | 'followUps'> {
    const outcomes: Record<string, Record<string, number>> = {};
    for (const [outcome, reasons] of this.#outcomes) outcomes[outcome] = Object.fromEntries(reasons);
    return {
      outcomes,
      attempts: this.attempts,
      retries: this.retries,
      reopened: this.reopened,
      followUps: Object.fromEntries(this.#followUps),
    };
  }
}

function add(counts: Map<string, number>, key: string, n: number): void {
  const name = counts.has(key) || counts.size < MAX_REASONS ? key : OTHER;
  counts.set(name, (counts.get(name) ?? 0) + n);
}

/**
 * A vendor's reason, safe to keep and to show: one line, at most 200 characters, without anything that looks like an
 * address, a number of a person or a token. Vendor modules must not repeat event data (`Verdict`); this is the second
 * lock.
 */
export function safeReason(reason: string): string {
  return reason
    .slice(0, 400)
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .replace(/\S*[@\uFF20]\S*/gu, '*')
    .replace(/\d{8,}/g, '*')
    .replace(/[A-Za-z0-9+/_=-]{28,}/g, '*')
    .trim()
    .slice(0, 200);
}
