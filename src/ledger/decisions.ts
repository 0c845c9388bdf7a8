import { isVersion } from '../consent/text.ts';
import type { SourceName } from '../protocols/index.ts';
import type { FieldName } from '../core/fields.ts';
import { GATE_MASK, signalsOf, type Signal } from '../core/signals.ts';
import type { Stored } from '../delivery/outbox.ts';
import type { Route } from '../policy/gateway.ts';
import type { Account } from './account.ts';
import { namesOf, NOTHING_REMOVED, type GuardedFields } from './guarded.ts';

/**
 * One line of the decision log (R18, `docs/decision-log.md`): how many (event, route) pairs of one hour were decided
 * alike, and on what. It has names from the configuration, fixed words and counts, and identifies nobody.
 */
export interface LoggedDecision {
  /** UTC, e.g. `2026-11-23T12`: no finer time is kept. */
  readonly hour: string;
  readonly site: string;
  readonly policy: string;
  readonly source: SourceName;
  /** The consent platform the decision rests on, and its version of the text; null = none, or none that may be kept. */
  readonly platform: string | null;
  readonly version: string | null;
  /** Sources of consent disagreed, and the stricter one was followed. */
  readonly conflict: boolean;
  readonly signals: readonly Signal[];
  /** Those of `signals` that rest on legitimate interest; the others rest on consent. */
  readonly interest: readonly Signal[];
  readonly route: string;
  readonly verdict: 'full' | 'limited' | 'blocked';
  /** `stored`: on its way to the vendor, in that form. */
  readonly outcome: string;
  /** The code of the reason (`docs/reasons.md`). */
  readonly reason: string | null;
  /** Fields about the visitor that the vendor reads, that were there, and that were not passed. */
  readonly removed: readonly FieldName[];
  readonly count: number;
}

/** Different combinations kept for one hour; more are counted without consent version and removed fields. */
const MAX_ENTRIES = 10_000;
/** The last number for words; it stands for all words that come when the others are used. */
const REST = 63;

/** A number up to `REST` for each pair of words. */
class Numbered {
  readonly pairs: (readonly [string | undefined, string | undefined])[] = [];
  readonly #numbers = new Map<string | undefined, Map<string | undefined, number>>();

  known(first: string | undefined, second: string | undefined): number | undefined {
    return this.#numbers.get(first)?.get(second);
  }

  of(first: string | undefined, second: string | undefined): number {
    let seconds = this.#numbers.get(first);
    if (seconds === undefined) this.#numbers.set(first, (seconds = new Map()));
    let number = seconds.get(second);
    if (number !== undefined) return number;
    if (this.pairs.length >= REST) return REST;
    number = this.pairs.push([first, second]) - 1;
    seconds.set(second, number);
    return number;
  }
}

/** Counts of one route in one hour, by a number made of everything that tells lines apart. */
interface RouteHour {
  readonly policy: string;
  readonly counts: Map<number, number>;
}

/** One hour. Words get new numbers in each hour, so that nobody can use up the numbers for good. */
class Hour {
  /** By the name of the protocol, then by route. */
  readonly sources = new Map<SourceName, Map<Route, RouteHour>>();
  /** Platform and version. */
  readonly consents = new Numbered();
  /** Outcome and the code of the reason. */
  readonly ends = new Numbered();
  /** Sets of removed fields; the first is the empty one. */
  readonly removals = new Map<GuardedFields, number>([[NOTHING_REMOVED, 0]]);
  entries = 0;
}

const HOUR = 3_600_000;
const STORED = ['stored', undefined] as const;
const DUPLICATE = ['skipped', 'skip.duplicate'] as const;

/** Counts decisions by the hour. Adding is cheap: a few look-ups for each (event, route). */
export class Decisions {
  readonly #hours = new Map<number, Hour>();
  #number = -1;
  #hour = new Hour();

  /** Adds an accepted hit; `stored` has one entry for each planned pair, in the order of the account. */
  add(account: Account, stored: readonly Stored[], policy: string): void {
    const hour = this.#hourOf(account.at);
    const of = routesOf(hour, account.source);
    let row = 0;
    for (const { consent, interest, routes } of account.events) {
      const { platform, version, conflict } = consent;
      const consents = hour.consents.known(platform, version) ?? consentNumber(hour, platform, version);
      const basis = (conflict ? CONFLICT : 0) | (consents << 10);
      for (const { route, signals, outcome, reason, removed } of routes) {
        const isStored = outcome === 'planned' && stored[row++] !== 'duplicate';
        const [ended, why] = outcome !== 'planned' ? [outcome, reason?.code] : isStored ? STORED : DUPLICATE;
        const end = hour.ends.of(ended, why);
        count(
          hour,
          routeHour(of, route, policy),
          basis | signals | interestBits(signals & interest) | (end << 16),
          isStored ? removed : NOTHING_REMOVED,
        );
      }
    }
  }

  /** Takes out what ended before this moment, unix milliseconds; `Infinity` takes all. */
  take(before: number): LoggedDecision[] {
    const lines: LoggedDecision[] = [];
    for (const [number, hour] of this.#hours) {
      if ((number + 1) * HOUR > before) continue;
      for (const [source, routes] of hour.sources) {
        for (const [route, of] of routes) lines.push(...linesOf(number, hour, source, route, of));
      }
      this.#hours.delete(number);
      if (number === this.#number) this.#number = -1;
    }
    return lines;
  }

  #hourOf(at: number): Hour {
    const number = Math.floor(at / HOUR);
    if (number === this.#number) return this.#hour;
    let hour = this.#hours.get(number);
    if (hour === undefined) this.#hours.set(number, (hour = new Hour()));
    this.#number = number;
    this.#hour = hour;
    return hour;
  }
}

/**
 * The bits of the number that tells lines apart: signals 7, one unused, conflict, the first gate signal by legitimate
 * interest, then consent, end and removed fields, 6 each, and the other gate signals by legitimate interest.
 */
const CONFLICT = 1 << 8;

function interestBits(interest: number): number {
  return ((interest & 1) << 9) | ((interest & (GATE_MASK - 1)) << 27);
}

function interestIn(key: number): number {
  return ((key >> 9) & 1) | ((key >> 27) & (GATE_MASK - 1));
}

/** From this many consents on, versions are no longer told apart; the other numbers are left for platforms. */
const FOR_VERSIONS = 32;

/** The number of a consent that has none yet. */
function consentNumber({ consents }: Hour, platform: string | undefined, version: string | undefined): number {
  const keep = isVersion(version) && consents.pairs.length < FOR_VERSIONS;
  return consents.of(platform, keep ? version : undefined);
}

function routesOf({ sources }: Hour, source: SourceName): Map<Route, RouteHour> {
  let routes = sources.get(source);
  if (routes === undefined) sources.set(source, (routes = new Map()));
  return routes;
}

function routeHour(routes: Map<Route, RouteHour>, route: Route, policy: string): RouteHour {
  let of = routes.get(route);
  if (of === undefined) routes.set(route, (of = { policy, counts: new Map() }));
  return of;
}

function count(hour: Hour, { counts }: RouteHour, key: number, removed: GuardedFields): void {
  const full = key | (removed === NOTHING_REMOVED ? 0 : removalNumber(hour, removed) << 22);
  const before = counts.get(full);
  if (before !== undefined) {
    counts.set(full, before + 1);
  } else if (hour.entries < MAX_ENTRIES) {
    hour.entries++;
    counts.set(full, 1);
  } else {
    const rest = key | (REST << 10);
    counts.set(rest, (counts.get(rest) ?? 0) + 1);
  }
}

function removalNumber({ removals }: Hour, removed: GuardedFields): number {
  let number = removals.get(removed);
  if (number === undefined) {
    number = Math.min(removals.size, REST);
    if (number < REST) removals.set(removed, number);
  }
  return number;
}

function* linesOf(
  number: number,
  hour: Hour,
  source: SourceName,
  route: Route,
  { policy, counts }: RouteHour,
): Iterable<LoggedDecision> {
  const sets = [...hour.removals.keys()];
  for (const [key, n] of counts) {
    const signals = key & 127;
    const [platform, version] = hour.consents.pairs[(key >> 10) & REST] ?? [];
    const [outcome, reason] = hour.ends.pairs[(key >> 16) & REST] ?? [];
    yield {
      hour: new Date(number * HOUR).toISOString().slice(0, 13),
      site: route.site,
      policy,
      source,
      platform: platform ?? null,
      version: version ?? null,
      conflict: (key & CONFLICT) !== 0,
      signals: signalsOf(signals),
      interest: signalsOf(interestIn(key)),
      route: route.key,
      verdict: route.permits[signals & GATE_MASK]?.verdict ?? 'blocked',
      outcome: outcome ?? 'other',
      reason: reason ?? null,
      removed: namesOf(sets[(key >> 22) & REST] ?? NOTHING_REMOVED),
      count: n,
    };
  }
}
