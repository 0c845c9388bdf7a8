import type { SignalMask } from '../core/signals.ts';

/** What one route may have of a stored event, and how long. */
export interface RecordRoute {
  /** `Route.key`. */
  readonly route: string;
  /**
   * Who gets it (`core/recipient.ts`): a route that has another recipient now does not get what was stored for this one.
   */
  readonly type: string;
  /**
   * What its repeats have in common: site, event name, id and whose it is, raw. In memory here; the store keeps a keyed
   * hash. An event whose mark was stored for its route already is a duplicate. Empty where repeats cannot be recognised.
   */
  readonly mark: string;
  /** When it ends as expired, unix milliseconds. */
  readonly expiresAt: number;
  /** The signals it was decided under; checked again on dequeue. */
  readonly signals: SignalMask;
  /** Fields that passed (`policy/field-set.ts`): a policy that has become tighter is noticed. */
  readonly fields: string;
  /** It has the form that identifies nobody; undefined = an earlier version did not store it. */
  readonly limited: boolean | undefined;
  /** Custom parameters that passed; undefined = all that are there. */
  readonly params: readonly string[] | undefined;
  /** The rule it was taken by (`policy/rules.ts`), as far as it decides what the vendor gets; undefined = none. */
  readonly rule?: string | undefined;
}

/**
 * An event on its way to its vendors, stored once: filtered, with what at least one of its routes may have
 * (`event-body.ts`). The vendor's form is made when it is sent. Routes with the full form share a record; each form
 * that identifies nobody is a record of its own.
 */
export interface OutboxRecord {
  /** When the event was accepted, unix milliseconds. */
  readonly acceptedAt: number;
  /**
   * The time its consent stands for, unix milliseconds: later withdrawals of its visitor apply to it. It is the time of the
   * hit; for a back end's event, which may come late, the time of the consent it states, else the event's time.
   */
  readonly decidedAt: number;
  /**
   * The day of the choice that grants, in days since 1970, UTC: a route with a later `since` does not get the event.
   * Not more exact, because an exact time would identify a visitor. 0 = the choice has no readable time; undefined = it
   * rests on no choice (a form that identifies nobody), or an earlier version did not write it down.
   */
  readonly consentDay: number | undefined;
  /** The mark of a conversion is remembered for 48 h, any other for 30 minutes. */
  readonly lasting: boolean;
  /** `Gateway.policy` it was decided under. */
  readonly policy: string;
  /**
   * Whose it is: `Subject` strings. Raw and in memory here; what is stored is a keyed hash of each, made by the
   * store before anything is written.
   */
  readonly subjects: readonly string[];
  /** Routes of one site, each once: what a further rule of one makes of the event is another record. */
  readonly routes: readonly RecordRoute[];
  /** As `writeBody` made it. */
  readonly body: string;
}

/** A visitor took a consent back: what these signals no longer allow of its events is purged. */
export interface Withdrawal {
  /** `Site.name`. */
  readonly site: string;
  readonly subject: string;
  /** The signals in force now. */
  readonly signals: SignalMask;
  /**
   * Routes (`Route.key`) that are closed in spite of these signals, because their vendor or service was refused; `narrowed` ones stay
   * open with less (`policy/closed-routes.ts`).
   */
  readonly closedRoutes: readonly string[];
  /** When it reached the gateway, unix milliseconds: events whose consent stands for a later time are not meant. */
  readonly at: number;
}

/** What became of an event that was to be stored for a route. */
export type Stored = 'stored' | 'duplicate';

/** What the collecting side needs of a durable store. */
export interface Outbox {
  /**
   * Stores records and carries out withdrawals, in one durable step: when the promise resolves, both survive a power
   * cut. Answers for each route of each record, in their order. Rejects with `OutboxUnavailable` when the records could
   * not be stored. Then none was stored; it is unknown only if the disk hung, or the store ended, in the very transaction
   * that was to store them.
   *
   * Withdrawals do not depend on that: once the promise is resolved or rejected, nothing they concern is sent any more.
   * Without records it rejects only where other machines deliver, too, and cannot be told: until they are, they may
   * still send what they have of it; or where it is not stored, and the runtime may stop the program that holds it.
   */
  append(records: readonly OutboxRecord[], withdrawals: readonly Withdrawal[]): Promise<readonly Stored[]>;
  /** Events that wait, counted for each of their routes, dead letters included. Cheap: a number kept in memory. */
  readonly pending: number;
  /** Others may hold events of a visitor, too: several processes on one data directory. */
  readonly shared: boolean;
  /** Whether an append would be taken now (size, disk, writer alive). Cheap. */
  readonly ready: boolean;
}

/** Storage is full, read-only or broken: the caller answers 503 with Retry-After. */
export class OutboxUnavailable extends Error {
  override readonly name = 'OutboxUnavailable';
  /** Seconds after which trying again makes sense. */
  readonly retryAfter: number;
  constructor(message: string, retryAfter = 5) {
    super(message);
    this.retryAfter = retryAfter;
  }
}
