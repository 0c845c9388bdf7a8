import type { Element } from '../core/destination.ts';
import type { Outcome } from '../core/outcome.ts';
import type { DeadReason } from '../core/reason.ts';
import type { Accepted, EventBody } from './event-body.ts';

/** A stored event as one of its routes reads it back. What it holds is what was permitted when it was accepted. */
export interface QueuedRecord extends Accepted {
  /** Grows within a route; not used twice while a process runs. One event has the same id for all its routes. */
  readonly id: number;
  /** Unix milliseconds. */
  readonly acceptedAt: number;
  /** Undefined = it has not been taken. */
  readonly awaiting?: Awaiting | undefined;
  /** `OutboxRecord.consentDay`. */
  readonly consentDay: number | undefined;
  /** Unix milliseconds. */
  readonly expiresAt: number;
  readonly policy: string;
  /** Characters that the event takes in memory. */
  readonly size: number;
  /** No other route waits for the event: all that is stored of it, this route may have. */
  readonly alone?: boolean;
  /** The engine's own row, which only the engine reads, when the event ends. */
  readonly stored?: object;
  /** @throws where the stored text cannot be read */
  readonly body: () => EventBody | Element;
}

/** The ends a stored event can come to by delivery, on one route. */
export type RowOutcome = Exclude<Outcome, 'invalid'>;

/** Ends after which the same event may be stored for the route again: the vendor did not get it, and it does not wait. */
export const NOT_TAKEN: ReadonlySet<RowOutcome> = new Set(['blocked', 'skipped', 'rejected', 'withdrawn', 'failed']);

/** How far an event is that its vendor has taken, and whose verdict comes later. */
export interface Awaiting {
  /** What the vendor is asked by; '' = the verdict is known, and the event is to be sent once more. */
  readonly ticket: string;
  /** When the vendor took it, or from when on it is sent once more; unix milliseconds. */
  readonly at: number;
  /** It is, or is to be, sent for the second time. */
  readonly again: boolean;
}

/** A part of a route's queue. */
export interface Page {
  readonly records: readonly QueuedRecord[];
  /** Everything of the route up to this id has been read. */
  readonly upTo: number;
  /** There may be more behind it. */
  readonly more: boolean;
}

/**
 * What delivery needs of a durable queue. Events are read by route and in order. Nothing is locked on disk: which events
 * have been read and not settled is known in memory only, so a restart reads them again (design 2).
 */
export interface Store {
  /**
   * Up to `limit` events of the route with an id above `after`, by id. A read is bounded in time: a page may be empty
   * though there is more.
   */
  read(route: string, after: number, limit: number): Page;
  /**
   * The event has ended on this route; gone from its queue with the next commit. Ending it twice does nothing.
   * @param read as it was read; without it the engine has to look for it
   */
  settle(route: string, id: number, outcome: RowOutcome, read?: QueuedRecord): void;
  /**
   * The vendor refused the event for good, or a fault of the gateway keeps it from being sent: it waits in the dead
   * letters from the next commit on.
   */
  bury(route: string, id: number, reason: DeadReason): void;
  /**
   * The vendor has taken the event and says later what it made of it: from the next commit on it is read with this, and
   * nothing else about it changes.
   */
  hold(route: string, id: number, awaiting: Awaiting): void;
}

/** An event that a withdrawal has taken off the disk for this route. */
export interface Purged {
  readonly route: string;
  readonly id: number;
}
