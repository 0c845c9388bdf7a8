import type { Consent } from '../consent/types.ts';
import type { Event, RawEvent } from '../core/fields.ts';
import type { LeftOut } from '../core/left-out.ts';
import type { SignalMask } from '../core/signals.ts';
import type { RouteTrace } from '../policy/decide.ts';
import type { EventKey } from '../policy/event-key.ts';
import type { Site } from '../policy/gateway.ts';
import type { Hit, Problem, HitRemark } from '../protocols/hit.ts';
import type { SourceName } from '../protocols/index.ts';

/** What was decided for one event of a hit. */
export interface EventTrace {
  readonly name: string;
  readonly id: string;
  /** The key by which a repeat is found; undefined where it goes nowhere, or has no id that a repeat would have. */
  readonly key: EventKey | undefined;
  /** As it was read. In memory only. */
  readonly raw: RawEvent;
  /** The event after the site's privacy floor, made when it is asked for; undefined when it goes nowhere. */
  readonly event: Event | undefined;
  readonly at: number;
  /** The time its consent stands for, unix milliseconds: later withdrawals apply to it. */
  readonly decidedAt: number;
  readonly consent: Consent;
  /** Signals in force for the site: granted, or on legitimate interest and not objected to. */
  readonly signals: SignalMask;
  /** Raw `kind:value` ids of whose event it is; hashed before anything is stored. */
  readonly subjects: readonly string[];
  readonly routes: readonly RouteTrace[];
  /** Its values that may be rare and so identify the visitor; counted where the site's ids are replaced. */
  readonly cells: readonly string[];
  /** What is wrong with it, for the person who wrote it; it goes nowhere. */
  readonly invalid?: string;
}

/** Everything decided for one hit: serving, preview, `explain`, config tests and replay all read this. */
export interface Trace {
  readonly hit: Hit;
  readonly site: Site;
  readonly source: SourceName;
  readonly events: readonly EventTrace[];
  /** Complete `Set-Cookie` values of the answer. */
  readonly setCookies: readonly string[];
  /** Subjects whose consent is gone. */
  readonly withdrawn: readonly TraceWithdrawal[];
  /** Keys of the hit that were not known and therefore dropped. */
  readonly unknownKeys: number;
  /** What could not be used, with the event going on without it. */
  readonly leftOut: LeftOut;
  /** The hit names a measurement id no route has; it goes nowhere. */
  readonly unknownStream: boolean;
  /** Characters that were searched for personal data and ids: a measure of the work for the hit. */
  readonly looked: number;
}

export interface TraceWithdrawal {
  readonly subject: string;
  /** Signals that are left. */
  readonly signals: SignalMask;
  /**
   * Routes (`Route.key`) that are closed although these signals would open them, because their vendor or service was
   * refused; `narrowed` ones are left less than these signals.
   */
  readonly closedRoutes: readonly string[];
  /** A cookie is left although its consent is gone; false where one purpose was refused and another is still allowed. */
  readonly fromCookie: boolean;
}

/** What a back end's visitor has withdrawn since the consent that the event states. */
export interface TakenBack {
  /** Signals that are left. */
  readonly signals: SignalMask;
  /** The signals that are left to a route (`Route.key`) beside these; undefined = it was closed. */
  readonly leftOf: (route: string) => SignalMask | undefined;
}

/**
 * What these subjects of a site have withdrawn at `since` (unix milliseconds) or later; undefined = nothing that is known.
 */
export type WithdrawnSince = (site: Site, subjects: readonly string[], since: number) => TakenBack | undefined;

/** A hit is traced; or it is refused with a problem, and then nothing of it is used. */
export type Processed =
  | {
      readonly trace: Trace;
      /** What is wrong with the hit, where its protocol says more than which event is invalid. */
      readonly remarks?: readonly HitRemark[] | undefined;
    }
  | { readonly problem: Problem };

/** Whether something of an event goes on to the outbox for this route. */
export const isPlanned = ({ outcome }: RouteTrace): boolean => outcome === 'planned';
