import type { Element } from './core/destination.ts';
import type { Event } from './core/fields.ts';
import type { SignalMask } from './core/signals.ts';
import type { Consent } from './consent/types.ts';
import type { Gateway, Route, Site } from './policy/gateway.ts';
import type { Permit } from './policy/permit.ts';
import type { Hit, Problem } from './sources/hit.ts';

/** What was decided for one (event, route). */
export interface RouteTrace {
  readonly route: Route;
  /** Signals in force for this route. */
  readonly signals: SignalMask;
  readonly permit: Permit;
  /** `planned` goes on to the outbox; the others are outcomes already. */
  readonly outcome: 'planned' | 'blocked' | 'skipped' | 'invalid' | 'failed';
  /** Why, in words from a fixed list; undefined when planned. */
  readonly reason: string | undefined;
  readonly plan: Element | undefined;
}

/** What was decided for one event of a hit. */
export interface EventTrace {
  readonly name: string;
  readonly id: string;
  /** The event after the site's privacy floor; undefined when it goes nowhere. */
  readonly event: Event | undefined;
  readonly consent: Consent;
  /** Signals in force for the site: granted, or on legitimate interest and not objected to. */
  readonly signals: SignalMask;
  /** Raw `kind:value` ids of whose event it is; hashed before anything is stored. */
  readonly subjects: readonly string[];
  readonly routes: readonly RouteTrace[];
}

/** Everything decided for one hit: serving, preview, `explain`, config tests and replay all read this. */
export interface Trace {
  readonly hit: Hit;
  readonly site: Site;
  readonly events: readonly EventTrace[];
  /** Complete `Set-Cookie` values of the answer. */
  readonly setCookies: readonly string[];
  /** Subjects whose consent is gone, with the signals that are left. */
  readonly withdrawn: readonly string[];
  readonly withdrawnSignals: SignalMask;
  /** Keys of the hit that were not known and therefore dropped. */
  readonly unknownKeys: number;
}

/** A hit is traced, or refused with a problem and nothing happens. */
export type Processed = { readonly trace: Trace } | { readonly problem: Problem };

export declare function process(hit: Hit, gateway: Gateway): Processed;
