import { hash, randomBytes } from 'node:crypto';
import { Drain, type EnginePorts } from '../../../delivery/drain.ts';
import { HeldWithdrawals } from '../../../delivery/held-withdrawals.ts';
import { OutboxUnavailable } from '../../../delivery/outbox.ts';
import { Telemetry } from '../../../delivery/telemetry.ts';
import type { Append } from '../../../outbox/commit.ts';
import { NatsOutbox } from '../../../outbox/nats/nats-outbox.ts';
import type { Happened } from '../../../outbox/nats/owned-part.ts';
import { MARK_BOUNDS } from '../../../outbox/nats/part-marks.ts';
import { Seal } from '../../../outbox/nats/seal.ts';
import { storePolicyOf, type StorePolicy } from '../../../outbox/store-policy.ts';
import type { Gateway } from '../../../policy/gateway.ts';
import { spreadLeaders } from '../nats/leaders.ts';
import { BrokerWatch, NotThere, openNats, type NatsStart, type OpenedNats } from '../nats/open-nats.ts';
import { Parts } from '../nats/parts.ts';
import type { ThreadReport } from '../process/metrics.ts';
import { Unusable } from '../process/unusable.ts';
import type { AppendResult } from './append-queue.ts';
import { enginePorts } from './engine-ports.ts';
import { RoomLog } from './room-log.ts';
import type { DeliveryRunner, RunnerOptions } from './runner-options.ts';

/** How long a gateway may send after a proof that it has read all withdrawals; a withdrawal waits as long, milliseconds. */
const PROOF_MS = 500;
/** The clocks of two gateways differ at most by twice the allowed difference to a broker, milliseconds. */
const SKEW_MS = 2_000;
/** How often the proof is repeated while something is sent, and while nothing is sent, milliseconds. */
const BUSY_MS = 100;
const IDLE_MS = 1_000;
/** How long an end waits for others of the same event to be written with, milliseconds. */
const SETTLE_MS = 50;
const AGAIN_MS = 500;
const ROOM_MS = 2_000;
const PRUNE_MS = 60_000;
/** How long a start waits for brokers that do not answer, milliseconds. Then the gateway runs, is not ready, and tries on. */
const START_MS = 10_000;

const sha256 = (text: string): string => hash('sha256', text);

/** Stores accepted events at the brokers that several gateways share, and delivers the parts of this gateway. */
export class NatsRunner implements DeliveryRunner {
  readonly #options: RunnerOptions;
  readonly #start: NatsStart;
  readonly #telemetry = new Telemetry();
  readonly #held = new HeldWithdrawals();
  readonly #roomLog: RoomLog;
  readonly #watch: BrokerWatch;
  readonly #timers: NodeJS.Timeout[] = [];
  #gateway: Gateway;
  #policy: StorePolicy;
  #opened: OpenedNats | undefined;
  #outbox: NatsOutbox | undefined;
  #parts: Parts | undefined;
  #drain: Drain;
  /** Counts drains. A drain that was replaced sends nothing any more, because no withdrawal reaches it. */
  #drains = 0;
  #stopping = false;
  #flushing = false;
  #resolving = false;
  /** The last flush failed. Only the first failure is logged. */
  #unflushed = false;
  #settleTimer: NodeJS.Timeout | undefined;
  /** When something was last about to be sent, monotonic milliseconds. */
  #busyAt = Number.NEGATIVE_INFINITY;
  /** Calls of the engine that wait until something may be sent. */
  #parked: (() => void)[] = [];

  /**
   * Resolves when events can be accepted, or when the brokers have not answered for some time.
   * @throws Unusable: accepted events would not be safe
   */
  static async open(gateway: Gateway, options: RunnerOptions, start: NatsStart): Promise<NatsRunner> {
    const runner = new NatsRunner(gateway, options, start);
    const opening = runner.#openUntilThere();
    let timer: NodeJS.Timeout | undefined;
    try {
      await Promise.race([
        opening,
        new Promise<void>((resolve) => {
          timer = setTimeout(resolve, START_MS);
        }),
      ]);
    } catch (error) {
      await runner.stop(0);
      throw error;
    } finally {
      clearTimeout(timer);
    }
    opening.catch((error: unknown) => options.log('error', (error as Error).message, {}));
    return runner;
  }

  private constructor(gateway: Gateway, options: RunnerOptions, start: NatsStart) {
    this.#gateway = gateway;
    this.#options = options;
    this.#start = start;
    this.#policy = storePolicyOf(gateway, true, sha256);
    this.#roomLog = new RoomLog(options.log);
    this.#watch = new BrokerWatch(start.config, options.log);
    this.#held.add(options.withdrawn ?? []);
    this.#drain = new Drain(gateway, this.#ports(), this.#telemetry);
  }

  get ready(): boolean {
    return this.#outbox !== undefined && !this.#outbox.silent && !this.#outbox.full && !this.#stopping;
  }

  get pending(): number {
    return this.#outbox?.size ?? 1;
  }

  get held(): number {
    return this.#held.size;
  }

  get stopped(): Readonly<Record<string, string>> {
    return this.#drain.stopped();
  }

  append(append: Append, done: (result: AppendResult) => void, number = Infinity): void {
    const { records, withdrawals } = append;
    const outbox = this.#outbox;
    const known = records.every(({ routes }) => routes.every(({ route }) => this.#gateway.routeOf.has(route)));
    const why = this.#refusal(known, records.length);
    if (outbox === undefined || (why !== undefined && withdrawals.length === 0)) {
      this.#hold(withdrawals);
      done(new OutboxUnavailable(why ?? 'the brokers do not answer', 1));
      return;
    }
    const wanted = (): boolean => number >= (this.#options.givenUp?.() ?? 0);
    outbox.store({ records: why === undefined ? records : [], withdrawals }, wanted).then(
      (stored) => done(why === undefined ? stored : new OutboxUnavailable(why)),
      (error: unknown) => {
        this.#hold(withdrawals);
        done(error instanceof OutboxUnavailable ? error : new OutboxUnavailable('the outbox cannot be written'));
        this.#options.changed();
      },
    );
  }

  reload(gateway: Gateway): void {
    this.#gateway = gateway;
    this.#policy = storePolicyOf(gateway, true, sha256);
    this.#drain.reload(gateway);
  }

  report(): ThreadReport {
    const damaged = [...(this.#outbox?.damaged.values() ?? [])].reduce((sum, n) => sum + n, 0);
    return {
      routes: this.#drain.counters(),
      queues: this.#outbox?.queues() ?? {},
      bytes: this.#outbox?.bytes ?? 0,
      used: this.#outbox?.used ?? 0,
      alone: this.#outbox?.alone ?? {},
      damaged,
      unsafeBrokers: this.#watch.unsafe,
    };
  }

  resume(): void {
    for (const call of this.#parked.splice(0)) this.#soon(call);
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#settleTimer);
    await this.#drain.stop(graceMs);
    try {
      await this.#parts?.leaveAll();
    } catch {
      // Another gateway takes the parts when this one has been silent for some seconds.
    }
    this.#outbox?.stop();
    await this.#opened?.connection.close();
  }

  async #openUntilThere(): Promise<void> {
    for (let said = false; !this.#stopping; ) {
      try {
        await this.#open();
        if (said) this.#options.log('info', 'the brokers answer: events are stored', {});
        return;
      } catch (error) {
        if (error instanceof Unusable) throw error;
        if (!said) {
          const reason = error instanceof NotThere ? error.message.slice(0, 80) : (error as Error).name;
          this.#options.log('error', 'the brokers do not answer: hits are answered with 503 until they do', { reason });
        }
        said = true;
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
  }

  async #open(): Promise<void> {
    const opened = await openNats(this.#start, this.#gateway.delivery.maxSize);
    const outbox = new NatsOutbox({
      broker: opened.broker,
      names: opened.names,
      seal: new Seal(this.#start.key),
      policy: () => this.#policy,
      node: randomBytes(9).toString('base64url'),
      now: Date.now,
      tick: () => performance.now(),
      maxAge: () => this.#gateway.delivery.maxAge,
      proofMs: PROOF_MS,
      skewMs: SKEW_MS,
      marks: MARK_BOUNDS,
      log: this.#options.log,
      happened: (what) => this.#happened(what),
      lost: () => this.#beginAnew(),
    });
    await outbox.control.start();
    this.#opened = opened;
    this.#outbox = outbox;
    this.#parts = new Parts(outbox, opened.names.parts, (grace) => this.#pause(grace));
    this.#every(BUSY_MS, () => this.#keepCurrent());
    this.#every(AGAIN_MS, () => void this.#look());
    this.#every(AGAIN_MS, () => void this.#resolveDoubts());
    // Records that still wait are written again after a while, though nothing happens.
    this.#every(AGAIN_MS, () => this.#settleLater());
    this.#every(ROOM_MS, () => this.#roomLog.look(outbox));
    this.#every(PRUNE_MS, () => void this.#prune());
    await this.#look();
    this.#options.changed();
  }

  #refusal(known: boolean, records: number): string | undefined {
    if (records === 0) return undefined;
    if (!known) return 'a route that is not configured here';
    if (this.#outbox?.silent !== false) return 'the brokers do not answer';
    return this.#outbox.full ? 'the outbox is full' : undefined;
  }

  /** Holds withdrawals that may not be durable. Until they are, this gateway sends nothing. */
  #hold(withdrawals: Append['withdrawals']): void {
    if (withdrawals.length > 0) this.#held.add(withdrawals);
  }

  #happened({ added, purged, purgedDead, reopened }: Happened): void {
    for (const [route, n] of purgedDead) {
      const tally = this.#telemetry.of(route);
      tally.reopened += n;
      tally.count('withdrawn', 'withdrawn.consent', n);
    }
    for (const [route, n] of reopened) this.#telemetry.of(route).reopened += n;
    if (purged.length > 0) this.#drain.withdrawn(purged);
    if (added.size > 0) this.#drain.rowsStored(added);
    this.#settleLater();
  }

  #maySend(): boolean {
    this.#busyAt = performance.now();
    if (this.#held.size > 0 || this.#options.withheld?.() === true) return false;
    return this.#outbox?.control.current === true;
  }

  #soon(call: () => void): void {
    setImmediate(() => {
      if (this.#maySend()) call();
      else {
        this.#parked.push(call);
        this.#keepCurrent();
      }
    });
  }

  /** Proves in time for the next request that all withdrawals have been read. Then calls that waited for it go on. */
  #keepCurrent(): void {
    const control = this.#outbox?.control;
    if (control === undefined || this.#stopping) return;
    const busy = this.#parked.length > 0 || performance.now() - this.#busyAt < IDLE_MS;
    if (control.age < (busy ? BUSY_MS : IDLE_MS)) {
      if (this.#parked.length > 0 && control.current && this.#held.size === 0) this.resume();
      return;
    }
    void control.prove().then((proven) => {
      if (proven && this.#parked.length > 0 && this.#held.size === 0) this.resume();
    });
  }

  /** Replaces the drain. The old one must not send what it has read. */
  #beginAnew(): void {
    void this.#drain.stop(0);
    this.#parked = [];
    this.#drain = new Drain(this.#gateway, this.#ports(), this.#telemetry);
    this.#drain.rowsAdded(this.#outbox?.routes ?? []);
  }

  /** Waits until requests under way have ended, and calls a function before new ones begin. */
  async #pause(body: () => Promise<void>): Promise<void> {
    await this.#drain.stop(4_000);
    // Requests that have not begun by then are not sent.
    this.#drains++;
    try {
      await body();
    } finally {
      this.#beginAnew();
    }
  }

  async #look(): Promise<void> {
    const outbox = this.#outbox;
    if (outbox === undefined || this.#stopping) return;
    try {
      if (outbox.silent || outbox.control.silentMs > 2_000) {
        const before = outbox.silent;
        await outbox.probe();
        if (before !== outbox.silent) this.#tellSilent(outbox.silent);
      }
      await this.#withdrawHeld(outbox);
      await this.#parts?.look();
    } catch {
      // The brokers do not answer: it is tried again.
    }
    this.#options.changed();
  }

  #tellSilent(silent: boolean): void {
    if (silent) this.#options.log('error', 'the brokers do not answer: hits are answered with 503 until they do', {});
    else this.#options.log('info', 'events are stored again', {});
  }

  async #withdrawHeld(outbox: NatsOutbox): Promise<void> {
    const held = this.#held.list();
    if (held.length === 0) return;
    await outbox.withdraw(held);
    // Withdrawals that came meanwhile are stored by the next call.
    if (this.#held.list().some((one) => !held.includes(one))) return;
    this.#held.clear();
    this.resume();
  }

  async #prune(): Promise<void> {
    await this.#watch.look();
    await this.#outbox?.prune().catch(() => undefined);
    // Only one gateway does it: two would move leaders back and forth.
    if (this.#opened !== undefined && this.#outbox?.ownedParts.includes(0) === true)
      await spreadLeaders(this.#opened).catch(() => undefined);
  }

  async #resolveDoubts(): Promise<void> {
    if (this.#resolving || this.#stopping) return;
    this.#resolving = true;
    // Records that cannot be checked now are checked by the next call.
    await this.#outbox?.resolveDoubts().catch(() => undefined);
    this.#resolving = false;
  }

  #settleLater(ms = SETTLE_MS): void {
    this.#settleTimer ??= setTimeout(() => {
      this.#settleTimer = undefined;
      void this.#flush();
    }, ms);
  }

  async #flush(): Promise<void> {
    if (this.#flushing || this.#outbox === undefined || this.#stopping) return;
    this.#flushing = true;
    try {
      await this.#outbox.flush();
      this.#unflushed = false;
    } catch (error) {
      if (!this.#unflushed)
        this.#options.log('warn', 'the ends of events could not be written yet', { reason: (error as Error).name });
      this.#unflushed = true;
    } finally {
      this.#flushing = false;
    }
    if (this.#unflushed || this.#outbox.unwritten > 0) this.#settleLater(this.#unflushed ? AGAIN_MS : SETTLE_MS);
  }

  #ports(): EnginePorts {
    const { send, secrets, log, ended } = this.#options;
    const drain = ++this.#drains;
    const after = (what: (outbox: NatsOutbox) => void): void => {
      if (this.#outbox === undefined) return;
      what(this.#outbox);
      this.#settleLater();
    };
    return enginePorts({
      sending: { send, secrets, log, ...(ended !== undefined && { ended }) },
      store: {
        read: (route, from, limit) =>
          this.#outbox?.read(route, from, limit) ?? { records: [], upTo: from, more: false },
        settle: (route, id, outcome) => after((outbox) => outbox.settle(route, id, outcome)),
        bury: (route, id, reason) => after((outbox) => outbox.bury(route, id, reason)),
        hold: (route, id, awaiting) => after((outbox) => outbox.hold(route, id, awaiting)),
      },
      maySend: () => drain === this.#drains && this.#maySend(),
      soon: (call) => this.#soon(call),
    });
  }

  #every(ms: number, call: () => void): void {
    this.#timers.push(setInterval(call, ms).unref());
  }
}
