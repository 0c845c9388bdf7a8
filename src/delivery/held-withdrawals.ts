import type { Withdrawal } from './outbox.ts';

/**
 * The subject that stands for every visitor of a site. It replaces withdrawals that are too many to be kept, so that none
 * is lost. Other subjects begin with a kind.
 */
export const EVERYBODY = '*';

/** Withdrawals held at most; some 20 MB. */
const MOST = 50_000;

/**
 * Withdrawals that could not be stored yet. They are held in memory, and nothing they concern is sent meanwhile. At the
 * limit they fail closed: all those of a site are replaced by one for every visitor of the site, and nothing that its
 * visitors allowed before then is sent.
 */
export class HeldWithdrawals {
  readonly #most: number;
  /** By site, then by everything but the time: of two that differ only in time, the later one is kept. */
  readonly #bySite = new Map<string, Map<string, Withdrawal>>();
  #size = 0;

  constructor(most = MOST) {
    this.#most = most;
  }

  get size(): number {
    return this.#size;
  }

  /** Holds these; returns the sites where every visitor is meant from now on. */
  add(withdrawals: readonly Withdrawal[]): readonly string[] {
    const closed: string[] = [];
    for (const withdrawal of withdrawals) if (this.#hold(withdrawal)) closed.push(withdrawal.site);
    return closed;
  }

  list(): readonly Withdrawal[] {
    return [...this.#bySite.values()].flatMap((held) => [...held.values()]);
  }

  clear(): void {
    this.#bySite.clear();
    this.#size = 0;
  }

  /** True when it was replaced by one for every visitor. */
  #hold(withdrawal: Withdrawal): boolean {
    const { site, subject, signals, closedRoutes, at } = withdrawal;
    const held = this.#bySite.get(site) ?? new Map<string, Withdrawal>();
    this.#bySite.set(site, held);
    const everybody = held.get(EVERYBODY);
    if (everybody !== undefined || subject === EVERYBODY) {
      this.#size += everybody === undefined ? 1 - held.size : 0;
      const latest = Math.max(at, everybody?.at ?? 0, ...(everybody === undefined ? timesOf(held) : []));
      held.clear();
      held.set(EVERYBODY, everybodyOf(site, latest));
      return false;
    }
    const key = `${signals} ${closedRoutes.join()} ${subject}`;
    const before = held.get(key);
    if (before === undefined && this.#size >= this.#most) return this.#closeLargest(withdrawal);
    if (before === undefined) this.#size++;
    held.set(key, before !== undefined && before.at > at ? before : withdrawal);
    return false;
  }

  /** Makes room: the withdrawals of the site that has most are replaced by one for every visitor. */
  #closeLargest(withdrawal: Withdrawal): boolean {
    let largest = withdrawal.site;
    for (const [site, held] of this.#bySite) if (held.size > (this.#bySite.get(largest)?.size ?? 0)) largest = site;
    this.#hold(everybodyOf(largest, withdrawal.at));
    this.#hold(withdrawal);
    return largest === withdrawal.site;
  }
}

function timesOf(held: ReadonlyMap<string, Withdrawal>): number[] {
  let latest = 0;
  for (const { at } of held.values()) latest = Math.max(latest, at);
  return [latest];
}

function everybodyOf(site: string, at: number): Withdrawal {
  return { site, subject: EVERYBODY, signals: 0, closedRoutes: [], at };
}
