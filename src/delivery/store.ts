import type { Outcome } from '../core/outcome.ts';
import type { VendorReason } from '../core/reason.ts';
import type { SignalMask } from '../core/signals.ts';

/** A stored row as the engine reads it back. What it holds is what was permitted when it was accepted. */
export interface QueuedRow {
  /** Grows within a route; never used twice. */
  readonly id: number;
  /** Unix milliseconds. */
  readonly acceptedAt: number;
  /** Unix milliseconds. */
  readonly expiresAt: number;
  readonly policy: string;
  readonly signals: SignalMask;
  readonly fields: string;
  readonly envelope: string;
  readonly element: string;
}

/** The ends a stored row can come to by delivery. */
export type RowOutcome = Exclude<Outcome, 'invalid'>;

/** Ends after which the same event may be stored for the route again: the vendor did not get it, and no row waits. */
export const NOT_TAKEN: ReadonlySet<RowOutcome> = new Set(['blocked', 'skipped', 'rejected', 'withdrawn', 'failed']);

/**
 * What the engine needs of a durable queue. Reading is by route and in order; nothing is locked on disk: what has been
 * read and not settled is in memory only, so a restart reads it again (design 2).
 */
export interface Store {
  /** Up to `limit` rows of the route with an id above `after`, by id. */
  read(route: string, after: number, limit: number): readonly QueuedRow[];
  /** The row has ended; gone from the queue with the next commit. Ending a row twice does nothing. */
  settle(route: string, row: QueuedRow, outcome: RowOutcome): void;
  /** The vendor refused the row for good: it waits in the dead letters from the next commit on. */
  bury(route: string, row: QueuedRow, reason: VendorReason): void;
}

/** A row that a withdrawal has taken off the disk. */
export interface Purged {
  readonly route: string;
  readonly id: number;
}
