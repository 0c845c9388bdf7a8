import { EVERYBODY } from '../../delivery/held-withdrawals.ts';
import type { Withdrawal } from '../../delivery/outbox.ts';
import type { Append } from '../commit.ts';
import type { StorePolicy } from '../store-policy.ts';
import { keyOf, type StoredRecord, type StoredRoute } from '../record.ts';
import { agedAt, stays, tombstoneOf, type Tombstone } from '../tombstone.ts';
import type { WithdrawalLog } from './withdrawal-log.ts';

const NO_TOMBSTONES: readonly Tombstone[] = [];

/** The log of withdrawals, as it concerns the records of one outbox. */
export class Withdrawn {
  readonly #log: WithdrawalLog;
  readonly #policy: () => StorePolicy;
  readonly #now: () => number;
  /** Bytes of the log when no entry of it could be deleted. */
  #kept = 0;

  constructor(log: WithdrawalLog, policy: () => StorePolicy, now: () => number) {
    this.#log = log;
    this.#policy = policy;
    this.#now = now;
  }

  /** Undefined for a site that is not configured. */
  tombstoneOf(withdrawal: Withdrawal): Tombstone | undefined {
    const key = this.#policy().subjectKey(withdrawal.site, withdrawal.subject);
    return key === undefined ? undefined : tombstoneOf(key, withdrawal);
  }

  /**
   * Records the withdrawals of these appends that may concern an event from elsewhere. Returns their numbers in the
   * log. Other processes have to read each entry at once. For late events of a back end, an entry may wait.
   * @param applied the last entry of the log that is carried out here
   */
  record(appends: readonly Append[], applied: number): ReadonlySet<number> {
    const policy = this.#policy();
    const tombstones = appends
      .flatMap(({ withdrawals }) => withdrawals)
      .filter(({ site }) => policy.remembers(site))
      .map((withdrawal) => this.tombstoneOf(withdrawal))
      .filter((tombstone) => tombstone !== undefined);
    return policy.shared ? this.#log.add(tombstones, applied) : this.#log.addLate(tombstones, applied);
  }

  /** What one of these subjects has withdrawn at `since` or later, unix milliseconds. */
  since(keys: readonly number[], site: string, since: number, policy: StorePolicy): readonly Tombstone[] {
    if (since > this.#log.latestAt) return NO_TOMBSTONES;
    const everybody = policy.subjectKey(site, EVERYBODY);
    const found = [...keys, ...(everybody === undefined ? [] : [everybody])].map((key) => this.#log.of(key));
    return found.filter((tombstone) => tombstone !== undefined);
  }

  /**
   * The routes of a rescued record that its visitor has not withdrawn since: an older page may still have the other
   * routes.
   */
  left(record: StoredRecord, policy: StorePolicy): readonly StoredRoute[] {
    if (record.subjects.length === 0) return record.routes;
    const at = this.agedAt(record);
    const tombstones = this.since(record.subjects, record.site, at, policy);
    return record.routes.filter((route) =>
      tombstones.every((tombstone) => stays({ ...route, route: keyOf(record, route) }, at, tombstone, policy)),
    );
  }

  /** The same as `agedAt`, by the clock of this outbox. */
  agedAt(record: StoredRecord): number {
    return agedAt(record, this.#now());
  }

  /**
   * Keeps the log within `limit` bytes. Entries whose subjects have a record here are deleted last. If all have one,
   * the log is not searched again before it has grown.
   */
  trim(limit: number, hasRow: (key: number) => boolean): void {
    if (this.#log.bytes <= Math.max(limit, this.#kept * 1.1)) return;
    try {
      const within = this.#log.trim(limit * 0.9, hasRow);
      this.#kept = within ? 0 : this.#log.bytes;
    } catch {
      // The commit is safe. This is tried again after the next commit.
    }
  }
}
