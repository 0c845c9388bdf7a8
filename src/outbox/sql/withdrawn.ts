import { EVERYBODY } from '../../delivery/held-withdrawals.ts';
import type { Withdrawal } from '../../delivery/outbox.ts';
import type { Append } from '../commit.ts';
import type { StorePolicy } from '../store-policy.ts';
import { keyOf, type StoredRecord, type StoredRoute } from '../record.ts';
import { agedAt, stays, tombstoneOf, type Tombstone } from '../tombstone.ts';
import type { WithdrawalLog } from './withdrawal-log.ts';

export const NO_TOMBSTONES: readonly Tombstone[] = [];

/** What the log of withdrawals means for the records of one outbox. */
export class Withdrawn {
  readonly #log: WithdrawalLog;
  readonly #policy: () => StorePolicy;
  readonly #now: () => number;
  /** Bytes of the record when nothing of it could go. */
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
   * Records the withdrawals of these appends that may concern an event from elsewhere; answers with their numbers in the
   * record. Other processes have to hear of each at once; a back end that may be late is not in such a hurry.
   * @param applied the last one in the record that is carried out here
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

  /** What was withdrawn by one of these subjects no earlier than `since`, unix milliseconds. */
  since(keys: readonly number[], site: string, since: number, policy: StorePolicy): readonly Tombstone[] {
    if (since > this.#log.latestAt) return NO_TOMBSTONES;
    const everybody = policy.subjectKey(site, EVERYBODY);
    const found = [...keys, ...(everybody === undefined ? [] : [everybody])].map((key) => this.#log.of(key));
    return found.filter((tombstone) => tombstone !== undefined);
  }

  /** The routes of a rescued record that its visitor has not withdrawn since: an older page may still have the others. */
  left(record: StoredRecord, policy: StorePolicy): readonly StoredRoute[] {
    if (record.subjects.length === 0) return record.routes;
    const at = this.agedAt(record);
    const tombstones = this.since(record.subjects, record.site, at, policy);
    return record.routes.filter((route) =>
      tombstones.every((tombstone) => stays({ ...route, route: keyOf(record, route) }, at, tombstone, policy)),
    );
  }

  /** As `agedAt` says, by the clock of this outbox. */
  agedAt(record: StoredRecord): number {
    return agedAt(record, this.#now());
  }

  /**
   * Keeps the record within `limit` bytes; entries that have a row here are the last to go. Where all have one, it is not
   * looked through again before it has grown.
   */
  trim(limit: number, hasRow: (key: number) => boolean): void {
    if (this.#log.bytes <= Math.max(limit, this.#kept * 1.1)) return;
    try {
      const within = this.#log.trim(limit * 0.9, hasRow);
      this.#kept = within ? 0 : this.#log.bytes;
    } catch {
      // What was committed is safe. It is tried again after the next commit.
    }
  }
}
