import type { OutboxRecord, Stored, Withdrawal } from '../delivery/outbox.ts';
import type { Awaiting, Purged, QueuedRecord } from '../delivery/store.ts';
import { keyOf, queuedOf, type StoredRecord, type StoredRoute } from './record.ts';
import type { Tombstone } from './tombstone.ts';

/** One call of `Outbox.append`. */
export interface Append {
  readonly records: readonly OutboxRecord[];
  readonly withdrawals: readonly Withdrawal[];
}

/** What one transaction did. */
export interface Committed {
  /** Per append, per route of each record. */
  readonly results: readonly (readonly Stored[])[];
  /** New events by route, in the order of their ids; without events that a withdrawal removed at once. */
  readonly added: ReadonlyMap<string, readonly QueuedRecord[]>;
  /** Events that withdrawals removed from the queue. */
  readonly purged: readonly Purged[];
  /** Dead letters that withdrawals removed, by route. */
  readonly purgedDead: ReadonlyMap<string, number>;
  /** Dead letters put back in the queue, by route. */
  readonly reopened: ReadonlyMap<string, number>;
}

/** The end of an event on one route that is not on disk yet. */
export interface UnwrittenEnd {
  readonly id: number;
  readonly route: string;
  /** The vendor has not had the event, so a repeat counts as the first. */
  readonly unmark: boolean;
  /** Why the event is in the dead letters from now on; undefined = it is deleted. */
  readonly dead: string | undefined;
  /** The event has not ended: its vendor gives its verdict later. */
  readonly awaiting?: Awaiting;
  /** The record, where no other route waits for it: the whole record is deleted. */
  readonly last?: StoredRecord | undefined;
}

/** The data to be written is no longer wanted, so nothing was written. */
export class CommitUnwanted extends Error {
  override readonly name = 'CommitUnwanted';
}

/** A record cannot be at the place where it was found: the damage of the file goes beyond this record. */
export class StoreDamaged extends Error {
  override readonly name = 'StoreDamaged';
}

/** The results of a transaction so far. */
export class Work implements Committed {
  readonly results: (readonly Stored[])[] = [];
  readonly #added = new Map<string, QueuedRecord[]>();
  readonly purged: Purged[] = [];
  readonly purgedDead = new Map<string, number>();
  readonly reopened = new Map<string, number>();
  /** Withdrawals that other processes have to read, because they concerned stored data. */
  readonly found: Tombstone[] = [];

  get added(): ReadonlyMap<string, readonly QueuedRecord[]> {
    return this.#added;
  }

  /** A record has been stored: each of its routes has the event from now on. */
  add(record: StoredRecord): void {
    for (const [i, queued] of queuedOf(record, record.routes).entries()) {
      const route = keyOf(record, record.routes[i] as StoredRoute);
      const records = this.#added.get(route);
      if (records === undefined) this.#added.set(route, [queued]);
      else records.push(queued);
    }
  }

  purge(route: string, id: number): void {
    this.purged.push({ route, id });
    const records = this.#added.get(route);
    if (records === undefined || id < (records[0]?.id ?? Infinity)) return;
    this.#added.set(
      route,
      records.filter((record) => record.id !== id),
    );
  }
}

/** Adds to a count. A count of zero is removed. */
export function bump(counts: Map<string, number>, key: string, by: number): void {
  const n = (counts.get(key) ?? 0) + by;
  if (n > 0) counts.set(key, n);
  else counts.delete(key);
}
