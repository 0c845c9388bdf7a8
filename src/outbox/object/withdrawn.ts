import { EVERYBODY } from '../../delivery/held-withdrawals.ts';
import type { StorePolicy } from '../store-policy.ts';
import { lastOf, merge, type Tombstone } from '../tombstone.ts';
import type { Sql } from './sql.ts';

const UPSERT =
  'INSERT INTO withdrawn (subject, tombstone) VALUES (?, ?) ON CONFLICT (subject) DO UPDATE SET tombstone = excluded.tombstone';

/** What visitors have withdrawn, for late events. Methods that write are called in a transaction. */
export class Withdrawn {
  readonly #sql: Sql;
  readonly #tombstones = new Map<number, Tombstone>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  load(): void {
    this.#tombstones.clear();
    for (const { subject, tombstone } of this.#sql.all('SELECT subject, tombstone FROM withdrawn'))
      this.#tombstones.set(subject as number, JSON.parse(tombstone as string) as Tombstone);
  }

  add(tombstone: Tombstone): void {
    const before = this.#tombstones.get(tombstone.subject);
    const kept = before === undefined ? tombstone : merge(before, tombstone);
    this.#tombstones.set(kept.subject, kept);
    this.#sql.all(UPSERT, kept.subject, JSON.stringify(kept));
  }

  /** Withdrawals of one of these subjects, or of every visitor of the site. */
  of(subjects: readonly number[], site: string, policy: StorePolicy): readonly Tombstone[] {
    return [...subjects, policy.subjectKey(site, EVERYBODY) ?? Number.NaN]
      .map((key) => this.#tombstones.get(key))
      .filter((tombstone) => tombstone !== undefined);
  }

  /** Deletes withdrawals that were made before `before`, unix milliseconds. */
  forget(before: number): void {
    for (const [key, tombstone] of this.#tombstones) {
      if (lastOf(tombstone) >= before) continue;
      this.#tombstones.delete(key);
      this.#sql.all('DELETE FROM withdrawn WHERE subject = ?', key);
    }
  }
}
