import type { OutboxRow, Stored, Withdrawal } from '../../delivery/outbox.ts';
import type { Purged, QueuedRow } from '../../delivery/store.ts';
import type { StoredRow } from './stored-row.ts';
import type { Tombstone } from './tombstone.ts';

/** One call of `Outbox.append`. */
export interface Append {
  readonly rows: readonly OutboxRow[];
  readonly withdrawals: readonly Withdrawal[];
}

/** What one transaction did. */
export interface Committed {
  /** Per append, per row. */
  readonly results: readonly (readonly Stored[])[];
  /** New rows by route, in the order of their ids; those that a withdrawal took at once are not among them. */
  readonly added: ReadonlyMap<string, readonly QueuedRow[]>;
  /** Rows that withdrawals took out of the queue. */
  readonly purged: readonly Purged[];
  /** Dead letters that withdrawals took, by route. */
  readonly purgedDead: ReadonlyMap<string, number>;
  /** Dead letters put back in the queue, by route. */
  readonly reopened: ReadonlyMap<string, number>;
}

/** Ends of rows that are not on disk yet. */
export interface Unwritten {
  /** `unmark`: the vendor has not had it, so that a repeat is the first. */
  readonly settled: readonly { readonly row: StoredRow; readonly unmark: boolean }[];
  readonly buried: readonly { readonly row: StoredRow; readonly reason: string }[];
}

/** What was to be written is no longer wanted: nothing was. */
export class CommitUnwanted extends Error {
  override readonly name = 'CommitUnwanted';
}

/** A row that cannot be where it was found: the file is damaged beyond that row. */
export class StoreDamaged extends Error {
  override readonly name = 'StoreDamaged';
}

/** What a transaction has done so far. */
export class Work implements Committed {
  readonly results: (readonly Stored[])[] = [];
  readonly added = new Map<string, StoredRow[]>();
  readonly purged: Purged[] = [];
  readonly purgedDead = new Map<string, number>();
  readonly reopened = new Map<string, number>();
  /** Withdrawals that are worth telling other processes, because something was found. */
  readonly found: Tombstone[] = [];

  add(row: StoredRow): void {
    const rows = this.added.get(row.route);
    if (rows === undefined) this.added.set(row.route, [row]);
    else rows.push(row);
  }

  purge(route: string, id: number): void {
    this.purged.push({ route, id });
    const rows = this.added.get(route);
    if (rows === undefined || id < (rows[0]?.id ?? Infinity)) return;
    this.added.set(
      route,
      rows.filter((row) => row.id !== id),
    );
  }
}

/** Adds to a count; what comes to nothing is left out. */
export function bump(counts: Map<string, number>, key: string, by: number): void {
  const n = (counts.get(key) ?? 0) + by;
  if (n > 0) counts.set(key, n);
  else counts.delete(key);
}
