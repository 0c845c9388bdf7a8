import { Drain, type EnginePorts, type Log } from '../../delivery/drain.ts';
import { HeldWithdrawals } from '../../delivery/held-withdrawals.ts';
import type { Secrets, Send } from '../../delivery/lane/ports.ts';
import {
  OutboxUnavailable,
  type Outbox,
  type OutboxRecord,
  type Stored,
  type Withdrawal,
} from '../../delivery/outbox.ts';
import { Telemetry, type RouteCounters } from '../../delivery/telemetry.ts';
import type { Append, Committed } from '../../outbox/commit.ts';
import type { OutboxStore } from '../../outbox/engine.ts';
import type { Gateway } from '../../policy/gateway.ts';
import { Timers } from './timers.ts';

export interface RunnerOptions {
  /** The queue. What it promises is in `OutboxStore`; `test/outbox/contract.ts` of the repository walks it. */
  readonly store: OutboxStore;
  readonly send: Send;
  readonly secrets: Secrets;
  readonly log: Log;
  /**
   * For a runtime that stops idle programs: asks it to call `wake` within so many milliseconds, even after a crash. The
   * engine then has no longer timer than that. Left out: the runtime does not stop.
   */
  readonly wakeWithin?: (ms: number) => void;
}

/** What waits and what became of the rest, since this runner was made. */
export interface RunnerReport {
  readonly routes: Readonly<Record<string, RouteCounters>>;
  readonly queues: ReturnType<OutboxStore['queues']>;
  readonly bytes: number;
  readonly used: number;
  readonly damaged: number;
  readonly ready: boolean;
}

/**
 * How long an end may wait to be written, milliseconds, so that several ends are written together. After a crash in
 * between those events are sent again.
 */
const SETTLE_MS = 250;
/** How soon a store that failed is tried again, milliseconds. */
const RETRY_MS = 1_000;
/** How often entries of the store that are past their time are deleted, milliseconds. */
const PRUNE_MS = 60_000;
/** The longest timer where the runtime may stop the program, milliseconds; later calls are checked in `wake`. */
export const WAKE_MS = 30_000;

/** Accepts, commits and delivers with one queue, in one thread: the outbox of `createFetch`. */
export class Runner implements Outbox {
  readonly #gateway: Gateway;
  readonly #options: RunnerOptions;
  readonly #telemetry = new Telemetry();
  readonly #timers: Timers;
  readonly #drain: Drain;
  /** Withdrawals that could not be stored. While there is one, nothing is sent. */
  readonly #held = new HeldWithdrawals();
  #parked: (() => void)[] = [];
  #broken = false;
  #settling = false;
  #prunedAt = 0;
  /** Other instances of the gateway may hand in what they decided earlier. */
  readonly shared = true;

  constructor(gateway: Gateway, options: RunnerOptions) {
    this.#gateway = gateway;
    this.#options = options;
    this.#timers = new Timers(options.wakeWithin === undefined ? Infinity : WAKE_MS);
    this.#drain = new Drain(gateway, this.#ports(), this.#telemetry);
    this.wake();
  }

  get pending(): number {
    return this.#options.store.pending;
  }

  get ready(): boolean {
    return !this.#broken && !this.#options.store.full;
  }

  /** Routes that keep their events until a person has corrected something, with the reason. */
  get stopped(): Readonly<Record<string, string>> {
    return this.#drain.stopped();
  }

  append(records: readonly OutboxRecord[], withdrawals: readonly Withdrawal[]): Promise<readonly Stored[]> {
    try {
      return Promise.resolve(this.appendNow(records, withdrawals));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The same at once. @throws OutboxUnavailable where records are not stored; withdrawals are carried out in any case */
  appendNow(records: readonly OutboxRecord[], withdrawals: readonly Withdrawal[]): readonly Stored[] {
    const why = records.length === 0 ? undefined : this.#refusal(records);
    const stored = this.#commit({ records: why === undefined ? records : [], withdrawals });
    if (why !== undefined) throw why;
    if (stored !== undefined) return stored[0] ?? [];
    // Where the runtime may stop the program, a withdrawal that is held in memory alone is not carried out yet.
    const lasts = this.#options.wakeWithin === undefined;
    if (records.length > 0 || !lasts) throw new OutboxUnavailable('the outbox cannot be written');
    return [];
  }

  /** Continues with everything that waits. The runtime calls it after `wakeWithin` asked for it, and after a start. */
  wake(): void {
    this.#timers.due();
    this.#prune();
    if (this.#held.size > 0) this.#commit({ records: [], withdrawals: [] });
    this.#drain.rowsAdded(this.#options.store.routes);
    this.#askToWake();
  }

  /** Carries out what a person has asked for in the store: dead letters that go back into the queue. */
  carryOut(): void {
    this.#commit({ records: [], withdrawals: [] });
  }

  report(): RunnerReport {
    const { store } = this.#options;
    this.#writeEnds();
    const damaged = [...store.damaged.values()].reduce((sum, n) => sum + n, 0);
    const { bytes, used } = store;
    return { routes: this.#drain.counters(), queues: store.queues(), bytes, used, damaged, ready: this.ready };
  }

  /** Starts nothing new, and writes what has ended; resolves when nothing is under way, or after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    await this.#drain.stop(graceMs);
    this.#writeEnds();
    this.#timers.stop();
    this.#options.store.close();
  }

  #refusal(records: readonly OutboxRecord[]): OutboxUnavailable | undefined {
    const known = records.every(({ routes }) => routes.every(({ route }) => this.#gateway.routeOf.has(route)));
    // While a new configuration comes into force, the sender may still have decided with the other one.
    if (!known) return new OutboxUnavailable('a route that is not configured here', 1);
    return this.#options.store.full ? new OutboxUnavailable('the outbox is full') : undefined;
  }

  /** What became of the records; undefined = nothing could be written, and withdrawals are held. */
  #commit(append: Append): readonly (readonly Stored[])[] | undefined {
    const held = this.#held.list();
    try {
      const committed = this.#options.store.commit(
        held.length === 0 ? [append] : [append, { records: [], withdrawals: held }],
      );
      this.#held.clear();
      this.#markWorking();
      this.#tell(committed);
      return committed.results;
    } catch {
      this.#held.add(append.withdrawals);
      this.#markBroken();
      return undefined;
    }
  }

  #tell({ purgedDead, reopened, purged, added }: Committed): void {
    for (const [route, n] of purgedDead) {
      const tally = this.#telemetry.of(route);
      tally.reopened += n;
      tally.count('withdrawn', 'withdrawn.consent', n);
    }
    for (const [route, n] of reopened) this.#telemetry.of(route).reopened += n;
    if (purged.length > 0) this.#drain.withdrawn(purged);
    if (added.size === 0) return;
    this.#timers.due();
    this.#drain.rowsStored(added);
    this.#askToWake();
  }

  #markBroken(): void {
    if (!this.#broken)
      this.#options.log('error', 'events cannot be stored: hits are answered with 503 until they can', {});
    this.#broken = true;
    this.#timers.after(RETRY_MS, () => {
      if (this.#broken) this.#commit({ records: [], withdrawals: [] });
    });
    this.#options.wakeWithin?.(WAKE_MS);
  }

  #markWorking(): void {
    if (this.#broken) this.#options.log('info', 'events are stored again', {});
    this.#broken = false;
    for (const call of this.#parked.splice(0)) this.#timers.soon(call);
  }

  #askToWake(): void {
    if (this.#options.store.pending > 0) this.#options.wakeWithin?.(WAKE_MS);
  }

  #ports(): EnginePorts {
    const { store, send, secrets, log } = this.#options;
    return {
      send: (request, hosts, may) => send(request, hosts, () => may?.() !== false && this.#held.size === 0),
      secrets,
      log,
      store: {
        read: (route, after, limit) => store.read(route, after, limit),
        settle: (route, id, outcome) => {
          store.settle(route, id, outcome);
          this.#settleLater();
        },
        bury: (route, id, reason) => {
          store.bury(route, id, reason);
          this.#settleLater();
        },
        hold: (route, id, awaiting) => {
          store.hold(route, id, awaiting);
          this.#settleLater();
        },
      },
      now: Date.now,
      tick: () => performance.now(),
      random: Math.random,
      after: (ms, call) => this.#timers.after(ms, call),
      soon: (call) => {
        this.#timers.soon(() => {
          if (this.#broken) this.#parked.push(call);
          else call();
        });
      },
    };
  }

  #settleLater(): void {
    if (this.#settling) return;
    this.#settling = true;
    this.#timers.after(SETTLE_MS, () => {
      this.#settling = false;
      this.#writeEnds();
    });
  }

  #writeEnds(): void {
    if (this.#options.store.unwritten > 0) this.#commit({ records: [], withdrawals: [] });
  }

  #prune(): void {
    const now = Date.now();
    if (now - this.#prunedAt < PRUNE_MS) return;
    this.#prunedAt = now;
    try {
      this.#options.store.prune();
    } catch {
      this.#markBroken();
    }
  }
}
