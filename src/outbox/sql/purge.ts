import { bump, type Work } from '../commit.ts';
import type { Records } from './records.ts';
import type { StorePolicy } from '../store-policy.ts';
import { keyOf } from '../record.ts';
import type { SubjectIndex } from './subject-index.ts';
import { closedBy, type Tombstone } from '../tombstone.ts';

/** Removes what a withdrawal closes from an outbox, inside a transaction. */
export class Purge {
  readonly #records: Records;
  readonly #subjects: SubjectIndex;
  readonly #now: () => number;
  readonly #policy: () => StorePolicy;

  /** @param now unix milliseconds */
  constructor(records: Records, subjects: SubjectIndex, policy: () => StorePolicy, now: () => number) {
    this.#records = records;
    this.#subjects = subjects;
    this.#policy = policy;
    this.#now = now;
  }

  /** Removes what this subject's withdrawal closes from its records and dead letters. True if there was something. */
  carryOut(tombstone: Tombstone, work: Work): boolean {
    const { subject } = tombstone;
    const site = this.#policy().everybodyOf(subject);
    let found = false;
    for (const id of site === undefined ? this.#subjects.find(subject) : this.#records.ofSite(site)) {
      const record = this.#records.find(id);
      const kept = record ?? this.#records.findDead(id);
      if (kept === undefined || kept.subjects.length === 0) continue;
      const taken = closedBy(tombstone, kept, this.#now(), this.#policy());
      if (taken.length === 0) continue;
      found = true;
      if (record !== undefined) this.#records.take(id, new Set(taken.map(({ name }) => name)));
      for (const route of taken) {
        const key = keyOf(kept, route);
        this.#records.unmark(route.mark, key);
        if (record !== undefined) work.purge(key, id);
        else {
          this.#records.deleteDead(id, key, kept.subjects);
          bump(work.purgedDead, key, 1);
        }
      }
    }
    return found;
  }
}
