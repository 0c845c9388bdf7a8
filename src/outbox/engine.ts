import type { Store } from '../delivery/store.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Append, Committed, UnwrittenEnd } from './commit.ts';

/** How long the mark of a conversion is kept, and that of any other event, milliseconds. */
export const LASTING_MS = 48 * 3_600_000;
export const BRIEF_MS = 30 * 60_000;

/**
 * A durable queue of one process, as the delivery thread works with it: what accepts (`commit`) and what delivers (`Store`) in one.
 *
 * The queue of several gateways promises the same and answers later (`nats/nats-outbox.ts`); it is no `OutboxStore`,
 * so that nobody on a file waits for a promise.
 *
 * - **Durable**: when `commit` returns, what was accepted and what was withdrawn survives a power cut. Ends may be lost
 *   with the machine: those events are handed out once more.
 * - **Atomic**: all of one `commit` is stored, or nothing of it.
 * - **In order**: the events of a route are read by their ids, which grow. None is used twice in one process; a later one
 *   uses none that an event still has.
 * - **Dead letters wait for a person**: they are listed without what is in them, go back to the end of their queue with
 *   the commit after a retry was asked for, and are gone for good when purged; a withdrawal takes them.
 * - **Withdrawn is gone**: from `commit` on, nothing that a withdrawal takes is read again, and it is in no file once
 *   `erase` has been called when it was due.
 */
export interface OutboxStore extends Store {
  /** Events that wait, counted for each of their routes, and dead letters. */
  readonly pending: number;
  /** Ends that wait for the next transaction. */
  readonly unwritten: number;
  /** Routes with something in the queue. */
  readonly routes: Iterable<string>;
  /** Records that were damaged, by site ('' = not known whose): set aside, counted, not sent. */
  readonly damaged: ReadonlyMap<string, number>;
  /** Bytes in use. */
  readonly bytes: number;
  /** Part of the room that is in use. */
  readonly used: number;
  /** There is no room for events. A withdrawal needs none. */
  readonly full: boolean;
  /** Whether a withdrawal must not wait longer to be recorded. */
  readonly unrecorded: boolean;

  /**
   * Writes all ends that wait, and these appends. `wanted` is asked last thing before it becomes durable. Whether there is
   * room for records is for the caller to ask.
   * @throws CommitUnwanted when it is not wanted after all, and the engine's own errors; ends are kept for the next time
   */
  commit(appends: readonly Append[], wanted?: () => boolean): Committed;

  /** What a person does with the dead letters. */
  readonly dead: DeadLetters;

  /** Whether another process has changed anything here, or has a withdrawal that is not carried out here. */
  changedElsewhere(): boolean;
  /** Whether another process has a withdrawal that is not carried out here. Cheap enough to be asked before sending. */
  withdrawnElsewhere(): boolean;

  /** Looks how much room there is. */
  measureRoom(): void;
  /** What may wait until answers are given. */
  tidy(): void;
  /** Makes what has left unreadable, when it is due; `now` in monotonic milliseconds. */
  erase(now: number): void;
  /** Forgets what has had its time. */
  prune(): void;
  /** Events waiting, dead letters and age of the oldest event in milliseconds, by route. */
  queues(): Readonly<Record<string, { readonly waiting: number; readonly dead: number; readonly oldestMs: number }>>;

  /** Writes something small, to see whether writing works. @throws where it does not */
  probe(): void;
  /** Hands over the ends not yet written, when another connection takes this one's place. */
  takeUnwritten(): readonly UnwrittenEnd[];
  close(): void;
  /** Closes without a last word: another connection has taken over. */
  abandon(): void;
}
