import type { Store } from '../delivery/store.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Append, Committed, UnwrittenEnd } from './commit.ts';

/** How long the mark of a conversion and the mark of any other event are kept, milliseconds. */
export const LASTING_MS = 48 * 3_600_000;
export const BRIEF_MS = 30 * 60_000;

/**
 * A durable queue of one process, as the delivery thread works with it. It has both sides: accepting (`commit`) and
 * delivering (`Store`).
 *
 * The queue of several gateways promises the same and is asynchronous (`nats/nats-outbox.ts`). It is no `OutboxStore`,
 * so that callers of a file wait for no promise.
 *
 * - **Durable**: when `commit` returns, accepted events and withdrawals survive a power cut. Ends may be lost with the
 *   machine; their events are then handed out once more.
 * - **Atomic**: all of one `commit` is stored, or nothing of it.
 * - **In order**: the events of a route are read by their ids, which grow. One process uses no id twice. A later process
 *   uses no id that an event still has.
 * - **Dead letters wait for a person**: they are listed without their bodies. After a person asked for a retry, the next
 *   commit puts them back at the end of their queue. A purge deletes them for good, and so does a withdrawal.
 * - **Withdrawn events are deleted**: from `commit` on, no event that a withdrawal removes is read again. It is in no file
 *   any more after a due call of `erase`.
 */
export interface OutboxStore extends Store {
  /** Events that wait, counted for each of their routes, and dead letters. */
  readonly pending: number;
  /** Ends that will be written with the next transaction. */
  readonly unwritten: number;
  /** Routes with events in the queue. */
  readonly routes: Iterable<string>;
  /** Damaged records, by site ('' = the site is unknown): they are set aside and counted, and not sent. */
  readonly damaged: ReadonlyMap<string, number>;
  /** Bytes in use. */
  readonly bytes: number;
  /** The share of the room that is in use. */
  readonly used: number;
  /** There is no room for events. A withdrawal needs no room. */
  readonly full: boolean;
  /** Whether a withdrawal must be recorded without further delay. */
  readonly unrecorded: boolean;

  /**
   * Writes all waiting ends and these appends. `wanted` is called last, just before the transaction becomes durable.
   * The caller checks whether there is room for records.
   * @throws CommitUnwanted when the transaction is no longer wanted, and the engine's own errors; ends are kept for the
   * next time
   */
  commit(appends: readonly Append[], wanted?: () => boolean): Committed;

  /** What a person can do with the dead letters. */
  readonly dead: DeadLetters;

  /** Whether another process has changed anything here, or has a withdrawal that is not carried out here yet. */
  changedElsewhere(): boolean;
  /**
   * Whether another process has a withdrawal that is not carried out here yet. It is cheap enough to be asked before
   * each request.
   */
  withdrawnElsewhere(): boolean;

  /** Measures how much room there is. */
  measureRoom(): void;
  /** Work that may wait until answers are given. */
  tidy(): void;
  /** Makes deleted data unreadable, when this is due; `now` in monotonic milliseconds. */
  erase(now: number): void;
  /** Deletes marks, withdrawals and dead letters whose time is over. */
  prune(): void;
  /** Events waiting, dead letters and age of the oldest event in milliseconds, by route. */
  queues(): Readonly<Record<string, { readonly waiting: number; readonly dead: number; readonly oldestMs: number }>>;

  /** Writes a small value, to see whether writing works.\n@throws where it does not */
  probe(): void;
  /** Hands over the ends that are not yet written, when another connection takes the place of this one. */
  takeUnwritten(): readonly UnwrittenEnd[];
  close(): void;
  /** Closes without writing anything: another connection has taken over. */
  abandon(): void;
}
