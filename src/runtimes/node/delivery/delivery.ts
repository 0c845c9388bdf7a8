import type { Worker } from 'node:worker_threads';
import { Histogram, SHORT } from '../../../core/histogram.ts';
import type { Log } from '../../../delivery/drain.ts';
import { HeldWithdrawals } from '../../../delivery/held-withdrawals.ts';
import type { EndedRow } from '../../../delivery/ends.ts';
import {
  OutboxUnavailable,
  type Outbox,
  type OutboxRecord,
  type Stored,
  type Withdrawal,
} from '../../../delivery/outbox.ts';
import { flatten, type Flat } from '../../../outbox/append-codec.ts';
import { takeThread } from './delivery-thread.ts';
import { Gathering } from './gathering.ts';
import { Unusable } from '../process/unusable.ts';
import type { DeliveryReport, ThreadReport } from '../process/metrics.ts';
import type { FromThread, GatewaySource, ToThread, ThreadData, ThreadState } from '../process/outbox-thread.ts';

export interface DeliveryOptions
  extends Omit<ThreadData, 'sink' | 'name' | 'givenUp' | 'withdrawn' | 'shared' | 'given'> {
  /** File name of the outbox without `.sqlite`; processes that share a directory have one each. */
  readonly name?: string;
  /** `http://127.0.0.1:PORT`: every request is sent there in place of its vendor. */
  readonly sink?: string | undefined;
  /** Other outboxes share the directory. */
  readonly shared?: boolean;
  readonly log: Log;
  /** Is told how events ended, while somebody watches. */
  readonly ended?: (rows: readonly EndedRow[]) => void;
  /** Is told when the stopped routes have changed. */
  readonly stoppedChanged?: () => void;
}

/** The durable outbox and its delivery, on the side of the collecting thread. */
export interface Delivery extends Outbox {
  /**
   * Routes that keep their events until a person has corrected something, with the reason: for the details of
   * readiness.
   */
  readonly stopped: Readonly<Record<string, string>>;
  /** Age of the oldest append without an answer, milliseconds; 0 = none waits. */
  readonly delay: number;
  /** Whether somebody watches the preview, so that ends of events have to be reported. */
  watch(watched: boolean): void;
  /** Counters and queues, for the metrics. */
  report(): Promise<DeliveryReport>;
  /** Puts another configuration in force. If it cannot be used, this rejects, and the old one stays in force. */
  reload(source: GatewaySource): Promise<void>;
  /** Commits pending work, waits a few seconds for requests in flight, and closes. Never takes longer than 8 s. */
  stop(): Promise<void>;
}

/** An append without an answer for this long is refused, because the disk hangs. Milliseconds. */
const PATIENCE_MS = 10_000;
/**
 * If an append has waited this long and the thread has said nothing, no other append is started, because the disk
 * hangs. Milliseconds.
 */
const LATE_MS = 3_000;
/** How often the waiting appends are checked, milliseconds. */
const LOOK_MS = 250;
/**
 * The most events on their way to the disk, counted for each route. More are refused at once, so that memory is bounded
 * and no caller waits for a queue.
 */
const MAX_UNDER_WAY = 10_000;
/** The most appends without an answer. With more, withdrawals are held here and handed over together. */
const MAX_WAITING = 20_000;
const GRACE_MS = 4_000;
const STOP_MS = 8_000;
const RESTART_MS = 1_000;

/** The shared number that counts withdrawals held here. */
const WITHHELD = 1;

interface Waiting {
  readonly since: number;
  /** Events to be stored, counted for each of their routes. */
  readonly events: number;
  readonly withdrawals: readonly Withdrawal[];
  readonly resolve: (stored: readonly Stored[]) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Starts the delivery thread. Resolves when the thread has its configuration; rejects when the configuration cannot be
 * used. The thread owns the outbox file, so accepting and delivering do not take time from each other.
 */
export async function startDelivery(options: DeliveryOptions): Promise<Delivery> {
  const delivery = new ThreadedDelivery(options);
  try {
    await delivery.start();
  } catch (error) {
    // It never ran: the caller decides what happens next, and no thread is started in the background.
    await delivery.stop();
    throw error;
  }
  return delivery;
}

class ThreadedDelivery implements Delivery {
  readonly #options: DeliveryOptions;
  #source: GatewaySource;
  #worker: Worker | undefined;
  #state: ThreadState = { ready: false, pending: 0, held: 0, stopped: {} };
  #stopping = false;
  #watched = false;

  readonly #gathering = new Gathering((first, flat) => this.#tell({ kind: 'append', first, flat }));
  #next = 0;
  /** Appends without an answer, by number, the oldest first. */
  readonly #waiting = new Map<number, Waiting>();
  #eventsUnderWay = 0;
  /**
   * Shared with the thread. First: appends with smaller numbers were refused here and must not be stored later. Second:
   * how often withdrawals were held here; the thread sends nothing before it has got them.
   */
  readonly #givenUp = new BigInt64Array(new SharedArrayBuffer(16));
  /** The thread has not answered for long: no append is started, and withdrawals are held here. */
  #late = false;
  #heardAt = 0;
  /** Withdrawals that the thread has not got yet. */
  readonly #held = new HeldWithdrawals();
  /**
   * Withdrawals that the thread has got and may not have on disk. If another thread takes its place, that thread gets
   * them first.
   */
  readonly #unsafe = new HeldWithdrawals();
  readonly #patience: NodeJS.Timeout;

  readonly #reports = new Map<number, (report: ThreadReport) => void>();
  readonly #storeTime = new Histogram(SHORT);
  readonly #reloads = new Map<number, (problem: string | undefined) => void>();
  #asked = 0;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#source = options.source;
    // After a stall of this process the answers have arrived already, and are read first.
    this.#patience = setInterval(() => setImmediate(() => this.#look()), LOOK_MS).unref();
  }

  get ready(): boolean {
    if (this.#late || this.#stopping || this.#worker === undefined) return false;
    return this.#state.ready && this.#eventsUnderWay < MAX_UNDER_WAY;
  }

  get pending(): number {
    return this.#state.pending + this.#eventsUnderWay;
  }

  get stopped(): Readonly<Record<string, string>> {
    return this.#state.stopped;
  }

  get delay(): number {
    const [oldest] = this.#waiting.values();
    return oldest === undefined ? 0 : performance.now() - oldest.since;
  }

  start(): Promise<void> {
    const { dir, name = 'outbox', sink, version, nats } = this.#options;
    for (const { withdrawals } of this.#waiting.values()) this.#unsafe.add(withdrawals);
    this.#unsafe.add(this.#held.list());
    this.#held.clear();
    const withdrawn = this.#unsafe.list();
    const givenUp = this.#givenUp;
    const given = Number(Atomics.load(givenUp, WITHHELD));
    const { shared } = this;
    const source = this.#source;
    const worker = takeThread({ source, dir, name, sink, version, shared, givenUp, withdrawn, given, nats });
    this.#worker = worker;
    return new Promise((resolve, reject) => {
      worker.on('message', (message: FromThread) => {
        if (message.kind === 'started') resolve();
        if (message.kind === 'refused') reject(new Unusable(message.message));
        this.#hear(message);
      });
      worker.on('error', (error: Error) =>
        this.#options.log('error', 'the delivery thread failed', { code: error.name }),
      );
      worker.on('exit', () => {
        reject(new Error('the delivery thread did not start'));
        this.#lost(worker);
      });
    });
  }

  get shared(): boolean {
    return this.#options.shared === true;
  }

  append(records: readonly OutboxRecord[], withdrawals: readonly Withdrawal[]): Promise<readonly Stored[]> {
    if (this.ready) return this.#give(records, withdrawals);
    const refused = new OutboxUnavailable('the outbox does not take events now');
    if (withdrawals.length === 0) return Promise.reject(refused);
    return this.#give([], withdrawals).then((stored) => {
      if (records.length > 0) throw refused;
      return stored;
    });
  }

  #give(records: readonly OutboxRecord[], withdrawals: readonly Withdrawal[]): Promise<readonly Stored[]> {
    if (records.length === 0 && (this.#worker === undefined || this.#late || this.#waiting.size >= MAX_WAITING)) {
      this.#keep(withdrawals);
      return Promise.resolve([]);
    }
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      const events = records.reduce((sum, { routes }) => sum + routes.length, 0);
      this.#waiting.set(id, { since: performance.now(), events, withdrawals, resolve, reject });
      this.#eventsUnderWay += events;
      this.#gathering.add(id, records, withdrawals);
    });
  }

  /** Holds withdrawals here. From this moment the thread sends nothing until it has got them. */
  #keep(withdrawals: readonly Withdrawal[]): void {
    Atomics.add(this.#givenUp, WITHHELD, 1n);
    for (const site of this.#held.add(withdrawals)) {
      this.#options.log(
        'error',
        'the disk cannot be written, and there are too many withdrawals to hold: the waiting events of this site are not sent any more',
        { site },
      );
    }
  }

  #handOver(): void {
    const withdrawals = this.#held.list();
    this.#held.clear();
    this.#unsafe.add(withdrawals);
    const flat: Flat = [];
    flatten(flat, [], withdrawals);
    this.#tell({ kind: 'withheld', count: Number(Atomics.load(this.#givenUp, WITHHELD)), flat });
  }

  watch(watched: boolean): void {
    this.#watched = watched;
    this.#tell({ kind: 'watch', watched });
  }

  #setState(state: ThreadState): void {
    const changed = !isSame(state.stopped, this.#state.stopped);
    this.#state = state;
    if (changed) this.#options.stoppedChanged?.();
  }

  report(): Promise<DeliveryReport> {
    return new Promise((resolve, reject) => {
      if (this.#worker === undefined) {
        reject(new Error('the delivery thread is not running'));
        return;
      }
      const id = this.#asked++;
      this.#reports.set(id, (report) => resolve({ ...report, storeTime: this.#storeTime.data() }));
      this.#tell({ kind: 'report', id });
    });
  }

  reload(source: GatewaySource): Promise<void> {
    return new Promise((resolve, reject) => {
      const id = this.#asked++;
      this.#reloads.set(id, (problem) => {
        if (problem !== undefined) {
          reject(new Error(problem));
          return;
        }
        this.#source = source;
        resolve();
      });
      this.#tell({ kind: 'reload', id, source });
    });
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    if (this.#stopping) return;
    this.#stopping = true;
    clearInterval(this.#patience);
    if (worker === undefined) return;
    this.#gathering.flush();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, STOP_MS);
      worker.on('exit', () => {
        clearTimeout(timer);
        resolve();
      });
      this.#tell({ kind: 'stop', graceMs: GRACE_MS });
    });
    await worker.terminate();
  }

  #tell(message: ToThread): void {
    this.#worker?.postMessage(message);
  }

  #hear(message: FromThread): void {
    this.#late = false;
    this.#heardAt = performance.now();
    if (this.#held.size > 0) this.#handOver();
    switch (message.kind) {
      case 'appended':
        this.#setState(message.state);
        if (message.state.held === 0) this.#unsafe.clear();
        for (const { first, results } of message.answers) this.#stored(first, results);
        return;
      case 'started':
        // A new thread that replaces another has to be told whether somebody watches the preview.
        if (this.#watched) this.#tell({ kind: 'watch', watched: true });
        this.#setState(message.state);
        return;
      case 'state':
        this.#setState(message.state);
        return;
      case 'ended':
        this.#options.ended?.(message.rows);
        return;
      case 'report':
        this.#reports.get(message.id)?.(message.report);
        this.#reports.delete(message.id);
        return;
      case 'reloaded':
        this.#reloads.get(message.id)?.(message.problem);
        this.#reloads.delete(message.id);
        return;
      case 'log':
        this.#options.log(message.level, message.msg, message.fields);
    }
  }

  #stored(first: number, results: readonly (readonly Stored[] | string)[]): void {
    const now = performance.now();
    results.forEach((result, i) => {
      const since = this.#waiting.get(first + i)?.since;
      if (since !== undefined) this.#storeTime.observe(now - since);
      this.#answer(first + i, result);
    });
  }

  #answer(id: number, result: readonly Stored[] | string): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    this.#eventsUnderWay -= waiting.events;
    if (this.#state.held > 0 || !this.#state.ready) this.#unsafe.add(waiting.withdrawals);
    if (typeof result === 'string') waiting.reject(new OutboxUnavailable(result));
    else waiting.resolve(result);
  }

  /**
   * The disk does not answer: no append is started until answers arrive again, and appends that have waited too long
   * are refused.
   */
  #look(): void {
    const { delay } = this;
    // If answers still arrive, only slowly, load is shed instead (`overload.ts`).
    if (delay >= LATE_MS && performance.now() - this.#heardAt >= LATE_MS) this.#late = true;
    if (delay >= PATIENCE_MS) this.#loseSlow();
  }

  #loseSlow(): void {
    const before = performance.now() - PATIENCE_MS;
    const slow: number[] = [];
    for (const [id, { since }] of this.#waiting) {
      if (since > before) break;
      slow.push(id);
    }
    const last = slow.at(-1);
    if (last === undefined) return;
    this.#state = { ...this.#state, ready: false };
    this.#late = true;
    // The thread gets the message first, then the client: a refused append can be in progress only in a commit that hangs.
    Atomics.store(this.#givenUp, 0, BigInt(last + 1));
    for (const id of slow) this.#answer(id, this.#waiting.get(id)?.events === 0 ? [] : 'the disk does not answer');
  }

  #lost(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#state = { ...this.#state, ready: false };
    for (const [id, { events }] of this.#waiting) this.#answer(id, events === 0 ? [] : 'the delivery thread ended');
    for (const done of this.#reloads.values()) done('the delivery thread ended');
    this.#reloads.clear();
    if (this.#stopping) return;
    setTimeout(() => {
      if (!this.#stopping)
        this.start().catch(() => this.#options.log('error', 'the delivery thread does not start', {}));
    }, RESTART_MS);
  }
}

/** The thread sends it with each commit; it is nearly always empty. */
function isSame(a: ThreadState['stopped'], b: ThreadState['stopped']): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
