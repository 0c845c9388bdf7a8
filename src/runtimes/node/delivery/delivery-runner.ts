import { hash } from 'node:crypto';
import { Drain, type EnginePorts } from '../../../delivery/drain.ts';
import { OutboxUnavailable } from '../../../delivery/outbox.ts';
import { Telemetry } from '../../../delivery/telemetry.ts';
import type { Gateway } from '../../../policy/gateway.ts';
import { CommitUnwanted, type Append, type Committed } from '../../../outbox/commit.ts';
import { OutboxFiles } from '../../../outbox/sql/outbox-files.ts';
import type { OutboxStore } from '../../../outbox/engine.ts';
import { codeOf, isBusy, isDamage } from '../../../outbox/sql/sqlite-errors.ts';
import { storePolicyOf, type StorePolicy } from '../../../outbox/store-policy.ts';
import { UnstoredWithdrawals } from '../../../outbox/sql/unstored-withdrawals.ts';
import type { ThreadReport } from '../process/metrics.ts';
import { AppendQueue, RECORDS_PER_COMMIT, withoutRefused, type AppendResult, type Pending } from './append-queue.ts';
import { enginePorts } from './engine-ports.ts';
import { RoomLog } from './room-log.ts';
import type { DeliveryRunner, RunnerOptions } from './runner-options.ts';

/** How long an end may wait to be written, milliseconds. After a crash in between, the event is sent again. */
const SETTLE_MS = 10;
/** How often a broken store is tried again, milliseconds. */
const RETRY_OPEN_MS = 1_000;
const POLL_MS = 500;
const PRUNE_MS = 60_000;
const ERASE_MS = 1_000;

/** The system's own SHA-256, ten times as fast as an implementation in JavaScript. */
const sha256 = (text: string): string => hash('sha256', text);

/** Store and engine of one outbox: accepts, commits, delivers. Runs in the delivery thread, or in a test's own. */
export class Runner implements DeliveryRunner {
  readonly #options: RunnerOptions;
  readonly #telemetry = new Telemetry();
  #gateway: Gateway;
  #policy: StorePolicy;
  readonly #files: OutboxFiles;
  #store: OutboxStore | undefined;
  #drain: Drain;
  /** Why nothing can be written; undefined = it can. */
  #broken: string | undefined;
  #stopping = false;

  readonly #unstored: UnstoredWithdrawals;
  readonly #roomLog: RoomLog;

  readonly #appends = new AppendQueue();
  #flushScheduled = false;
  #settleTimer: NodeJS.Timeout | undefined;
  /** Turns of the engine that wait until the store works again. */
  #parked: (() => void)[] = [];
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(gateway: Gateway, options: RunnerOptions) {
    this.#gateway = gateway;
    this.#options = options;
    const { dir, name, shared = false, log } = options;
    this.#policy = storePolicyOf(gateway, shared, sha256);
    this.#files = new OutboxFiles(dir, name, () => this.#policy, log);
    this.#unstored = new UnstoredWithdrawals(dir, name, shared, log);
    this.#roomLog = new RoomLog(log);
    this.#drain = new Drain(gateway, this.#ports(), this.#telemetry);
    this.#unstored.add(options.withdrawn ?? []);
    this.#open();
    this.#every(RETRY_OPEN_MS, () => this.#retryOpen());
    this.#every(POLL_MS, () => this.#poll());
    this.#every(PRUNE_MS, () => this.#prune());
    this.#every(ERASE_MS, () => this.#erase());
  }

  /** Whether an append would be taken now. */
  get ready(): boolean {
    return this.#store !== undefined && this.#broken === undefined && !this.#store.full && !this.#stopping;
  }

  /** Events that wait. A file that cannot be opened may hold some, so a withdrawal must not be lost on them. */
  get pending(): number {
    return this.#store?.pending ?? 1;
  }

  /** Withdrawals that are held in memory only. */
  get held(): number {
    return this.#unstored.size;
  }

  /** Routes that wait for a person, with the reason. */
  get stopped(): Readonly<Record<string, string>> {
    return this.#drain.stopped();
  }

  /**
   * Stores events and carries out withdrawals. `done` is called when they are safe, or when they are not and will not
   * be. `number` is compared with `givenUp`; an append without a number is never cancelled.
   */
  append(append: Append, done: (result: AppendResult) => void, number = Infinity): void {
    if (append.records.some(({ routes }) => routes.some(({ route }) => !this.#gateway.routeOf.has(route)))) {
      // The collecting side has reloaded already, or has not reloaded yet.
      done(new OutboxUnavailable('a route that is not configured here', 1));
      return;
    }
    this.#appends.push({ append, number, done });
    this.#flushSoon();
  }

  /** Puts another configuration in force, also for stored events. */
  reload(gateway: Gateway): void {
    this.#gateway = gateway;
    this.#policy = storePolicyOf(gateway, this.#options.shared === true, sha256);
    this.#drain.reload(gateway);
  }

  report(): ThreadReport {
    // Ended events are deleted first, so that counters and queues show the same moment.
    this.#withStore((store) => this.#writeEnds(store));
    const lost = this.#store?.damaged ?? new Map<string, number>();
    return {
      routes: this.#drain.counters(),
      queues: this.#store?.queues() ?? {},
      bytes: this.#store?.bytes ?? 0,
      used: this.#store?.used ?? 0,
      damaged: this.#files.damaged + [...lost.values()].reduce((a, b) => a + b, 0),
    };
  }

  /** Commits pending work, waits up to `graceMs` for requests in flight, and closes. */
  async stop(graceMs: number): Promise<void> {
    this.#flush();
    this.#stopping = true;
    for (const timer of this.#timers) clearInterval(timer);
    await this.#drain.stop(graceMs);
    this.#flush();
    try {
      this.#store?.close();
      this.#files.close();
      this.#unstored.close();
    } catch (error) {
      this.#logError('outbox could not be closed', error);
    }
  }

  #soon(call: () => void): void {
    setImmediate(() => {
      // This is checked first: a withdrawal that is no longer held there is in the log that is checked next.
      const held = this.#unstored.elsewhere;
      // Accepting comes first: waiting appends are stored before more is sent.
      if (this.#appends.size > 0 || this.#withdrawnElsewhere()) this.#flush();
      if (this.#broken === undefined && this.#options.withheld?.() !== true && !held) call();
      else this.#parked.push(call);
    });
  }

  #ports(): EnginePorts {
    const { send, secrets, log, ended } = this.#options;
    return enginePorts({
      sending: { send, secrets, log, ...(ended !== undefined && { ended }) },
      store: {
        read: (route, after, limit) => this.#read(route, after, limit),
        settle: (route, id, outcome, read) => {
          this.#store?.settle(route, id, outcome, read);
          this.#settleLater();
        },
        bury: (route, id, reason) => {
          this.#store?.bury(route, id, reason);
          this.#settleLater();
        },
        hold: (route, id, awaiting) => {
          this.#store?.hold(route, id, awaiting);
          this.#settleLater();
        },
      },
      maySend: () => this.#maySend(),
      soon: (call) => this.#soon(call),
    });
  }

  #read(route: string, after: number, limit: number): ReturnType<OutboxStore['read']> {
    try {
      return this.#store?.read(route, after, limit) ?? { records: [], upTo: after, more: false };
    } catch (error) {
      this.#storeFailed(error);
      return { records: [], upTo: after, more: false };
    }
  }

  #open(): void {
    try {
      const opened = this.#files.open(this.#store);
      this.#store = opened;
      this.#markWorking();
      // Withdrawals of other processes while this outbox was closed are carried out before anything is sent.
      this.#flush();
      this.#drain.rowsAdded(opened.routes);
    } catch (error) {
      this.#markBroken(error);
    }
  }

  /** Another flush may come before it; then it is left out, or it would write the few ends of a moment by themselves. */
  #flushSoon(): void {
    if (!this.#flushScheduled) setImmediate(() => this.#flushScheduled && this.#flush());
    this.#flushScheduled = true;
  }

  #flush(): void {
    this.#flushScheduled = false;
    clearTimeout(this.#settleTimer);
    this.#settleTimer = undefined;
    const taken = this.#appends.take();
    const store = this.#store;
    if (store === undefined || this.#broken !== undefined) {
      this.#refuse(taken, this.#broken ?? 'the outbox is not open');
      return;
    }
    const givenUp = this.#givenUp();
    const { full } = store;
    if (full) this.#options.changed();
    const { refused, appends } = withoutRefused(taken, full, givenUp);
    const held = this.#unstored.list();
    const wanted = (): boolean => {
      const now = this.#givenUp();
      return now === givenUp || !taken.some(({ number }) => number >= givenUp && number < now);
    };
    try {
      const committed = store.commit(
        held.length === 0 ? appends : [...appends, { records: [], withdrawals: held }],
        wanted,
      );
      this.#unstored.clear();
      this.#tellResults(committed, taken, refused);
      if (held.length > 0 || appends.some(({ withdrawals }) => withdrawals.length > 0)) this.#files.forgetAllAside();
    } catch (error) {
      if (error instanceof CommitUnwanted) this.#appends.putBack(taken);
      else {
        this.#refuse(taken, 'the outbox cannot be written');
        this.#storeFailed(error);
      }
    }
    // Where room is short, ends are written in pieces.
    if (this.#appends.size > 0 || (this.#broken === undefined && store.unwritten > 0)) this.#flushSoon();
    if (!this.#stopping) setImmediate(() => this.#store?.tidy());
  }

  #givenUp(): number {
    return this.#options.givenUp?.() ?? 0;
  }

  /** A full outbox takes no events, but delivered events leave it. */
  #writeEnds(store: OutboxStore): void {
    this.#options.changed();
    if (store.unwritten === 0) return;
    do this.#tellResults(store.commit([]), []);
    while (store.unwritten > 0);
  }

  #tellResults(committed: Committed, taken: readonly Pending[], refused: readonly (string | undefined)[] = []): void {
    taken.forEach(({ done }, i) => {
      const why = refused[i];
      done(why === undefined ? (committed.results[i] ?? []) : new OutboxUnavailable(why));
    });
    for (const [route, n] of committed.purgedDead) {
      const tally = this.#telemetry.of(route);
      tally.reopened += n;
      tally.count('withdrawn', 'withdrawn.consent', n);
    }
    for (const [route, n] of committed.reopened) this.#telemetry.of(route).reopened += n;
    if (committed.purged.length > 0) this.#drain.withdrawn(committed.purged);
    if (committed.added.size > 0) this.#drain.rowsStored(committed.added);
  }

  /** Events are refused. Withdrawals are held, and nothing is sent before they are carried out. */
  #refuse(taken: readonly Pending[], why: string): void {
    if (taken.length === 0) return;
    const unavailable = new OutboxUnavailable(why);
    for (const { append, done } of taken) {
      this.#unstored.add(append.withdrawals);
      done(append.records.length === 0 ? [] : unavailable);
    }
  }

  /** Every known withdrawal is carried out: asked when a request has its connection. */
  #maySend(): boolean {
    if (this.#unstored.size > 0 || this.#options.withheld?.() === true) return false;
    return !this.#unstored.elsewhere && !this.#withdrawnElsewhere();
  }

  /** Whether a withdrawal of another process is not carried out here yet: asked before every turn of sending. */
  #withdrawnElsewhere(): boolean {
    return this.#options.shared === true && this.#withStore((store) => store.withdrawnElsewhere()) === true;
  }

  #erase(): void {
    this.#withStore((store) => store.erase(performance.now()));
  }

  #settleLater(): void {
    if (this.#flushScheduled) return;
    if ((this.#store?.unwritten ?? 0) >= RECORDS_PER_COMMIT / 4) this.#flushSoon();
    else this.#settleTimer ??= setTimeout(() => this.#settle(), SETTLE_MS);
  }

  #settle(): void {
    this.#settleTimer = undefined;
    if ((this.#store?.unwritten ?? 0) > 0 && this.#broken === undefined) this.#flush();
  }

  /** Uses the store if it works; undefined where it does not, or fails now. */
  #withStore<T>(call: (store: OutboxStore) => T): T | undefined {
    if (this.#store === undefined || this.#broken !== undefined) return undefined;
    try {
      return call(this.#store);
    } catch (error) {
      this.#storeFailed(error);
      return undefined;
    }
  }

  /** The store failed. A damaged file is closed: the next opening starts with its readable part. */
  #storeFailed(error: unknown): void {
    this.#markBroken(error);
    if (!isDamage(error)) return;
    this.#files.salvageNext();
    void this.#drain.stop(0);
    try {
      this.#store?.close();
    } catch {
      // The file is being set aside.
    }
    this.#store = undefined;
    this.#drain = new Drain(this.#gateway, this.#ports(), this.#telemetry);
  }

  #markBroken(error: unknown): void {
    if (this.#broken === undefined)
      this.#logError('events cannot be stored: hits are answered with 503 until they can', error);
    this.#broken = 'the outbox cannot be written';
    this.#options.changed();
  }

  #markWorking(): void {
    if (this.#broken !== undefined) this.#options.log('info', 'events are stored again', {});
    this.#broken = undefined;
    // Withdrawals that came meanwhile are carried out before anything is sent.
    if (this.#unstored.size > 0) this.#flush();
    if (this.#brokenAgain()) return;
    this.resume();
    this.#options.changed();
  }

  /** Continues the work that had to wait, if nothing prevents it any more. */
  resume(): void {
    if (this.#broken !== undefined) return;
    for (const call of this.#parked.splice(0)) this.#soon(call);
  }

  #brokenAgain(): boolean {
    return this.#broken !== undefined;
  }

  #retryOpen(): void {
    if (this.#broken === undefined) return;
    try {
      if (this.#store !== undefined) {
        this.#store.probe();
        this.#markWorking();
        return;
      }
    } catch (error) {
      // Another process is writing and blocks every connection. A new connection would only wait for it again.
      if (isBusy(error)) return;
      // A new connection may succeed.
    }
    const old = this.#store;
    this.#open();
    if (this.#store !== old) old?.abandon();
  }

  #poll(): void {
    this.#withStore((store) => {
      store.measureRoom();
      this.#roomLog.look(store);
      this.#files.withdrawals?.setBack(Date.now());
      if (store.changedElsewhere() || store.unrecorded) this.#flush();
      if (this.#parked.length > 0) this.resume();
    });
  }

  #prune(): void {
    this.#withStore((store) => {
      store.prune();
      this.#files.prune(Date.now() - this.#gateway.delivery.maxAge);
    });
  }

  #every(ms: number, call: () => void): void {
    this.#timers.push(setInterval(call, ms).unref());
  }

  #logError(msg: string, error: unknown): void {
    this.#options.log('error', msg, { code: codeOf(error) });
  }
}
