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
  /** New events by route, in the order of their ids; those that a withdrawal took at once are not among them. */
  readonly added: ReadonlyMap<string, readonly QueuedRecord[]>;
  /** Events that withdrawals took out of the queue. */
  readonly purged: readonly Purged[];
  /** Dead letters that withdrawals took, by route. */
  readonly purgedDead: ReadonlyMap<string, number>;
  /** Dead letters put back in the queue, by route. */
  readonly reopened: ReadonlyMap<string, number>;
}

/** The end of an event on one route that is not on disk yet. */
export interface UnwrittenEnd {
  readonly id: number;
  readonly route: string;
  /** The vendor has not had it, so that a repeat is the first. */
  readonly unmark: boolean;
  /** Why it waits in the dead letters from now on; undefined = it is gone. */
  readonly dead: string | undefined;
  /** It has not ended: its vendor says later what it made of it. */
  readonly awaiting?: Awaiting;
  /** The record, where no other route waits for it: it goes as a whole. */
  readonly last?: StoredRecord | undefined;
}

/** What was to be written is no longer wanted: nothing was. */
export class CommitUnwanted extends Error {
  override readonly name = 'CommitUnwanted';
}

/** A record that cannot be where it was found: the file is damaged beyond that record. */
export class StoreDamaged extends Error {
  override readonly name = 'StoreDamaged';
}

/** What a transaction has done so far. */
export class Work implements Committed {
  readonly results: (readonly Stored[])[] = [];
  readonly #added = new Map<string, QueuedRecord[]>();
  readonly purged: Purged[] = [];
  readonly purgedDead = new Map<string, number>();
  readonly reopened = new Map<string, number>();
  /** Withdrawals that are worth telling other processes, because something was found. */
  readonly found: Tombstone[] = [];

  get added(): ReadonlyMap<string, readonly QueuedRecord[]> {
    return this.#added;
  }

  /** A record has been stored: each of its routes has it from now on. */
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

/** Adds to a count; what comes to nothing is left out. */
export function bump(counts: Map<string, number>, key: string, by: number): void {
  const n = (counts.get(key) ?? 0) + by;
  if (n > 0) counts.set(key, n);
  else counts.delete(key);
}
