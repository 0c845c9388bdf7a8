import type { Consent } from '../consent/types.ts';
import type { Event, RawEvent } from '../core/fields.ts';
import type { SignalMask } from '../core/signals.ts';
import type { RouteTrace } from '../policy/decide.ts';
import type { EventKey } from '../policy/event-key.ts';
import type { Filtered } from './filter.ts';
import type { EventTrace } from './trace.ts';
import type { Understood } from './understand.ts';

/** An event that was decided about. Its filtered form is made at the first read. */
export class TracedEvent implements EventTrace {
  readonly name: string;
  readonly id: string;
  readonly key: EventKey | undefined;
  readonly raw: RawEvent;
  readonly at: number;
  readonly decidedAt: number;
  readonly consent: Consent;
  readonly signals: SignalMask;
  readonly subjects: readonly string[];
  readonly routes: readonly RouteTrace[];
  readonly #filter: () => Filtered;

  // oxlint-disable-next-line max-params -- made for every event: an object to name them would be made for every event too
  constructor(
    name: string,
    id: string,
    key: EventKey | undefined,
    at: number,
    { source, consent, signals, decidedAt }: Understood,
    subjects: readonly string[],
    routes: readonly RouteTrace[],
    filter: () => Filtered,
  ) {
    this.name = name;
    this.id = id;
    this.key = key;
    this.raw = source.raw;
    this.at = at;
    this.decidedAt = decidedAt;
    this.consent = consent;
    this.signals = signals;
    this.subjects = subjects;
    this.routes = routes;
    this.#filter = filter;
  }

  /** Undefined where the filter throws: preview and `explain` then show no event. */
  get event(): Event | undefined {
    try {
      return this.#filter().event;
    } catch {
      return undefined;
    }
  }

  get cells(): readonly string[] {
    try {
      return this.#filter().cells;
    } catch {
      return NO_CELLS;
    }
  }
}

export const NO_CELLS: readonly string[] = [];
