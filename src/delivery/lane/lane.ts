import type { Reply, Verdict } from '../../core/destination.ts';
import { codesOnly, reason } from '../../core/reason.ts';
import type { Route } from '../../policy/gateway.ts';
import type { QueuedRecord } from '../store.ts';
import { attempt, type Attempted, type Retry } from './attempt.ts';
import { Awaited } from './awaited.ts';
import { backoff } from './backoff.ts';
import { freshBatch, halves, isFinal, refusedOnceMore, type Batch } from './batch.ts';
import { Breaker } from './breaker.ts';
import type { LaneContext } from './context.ts';
import { LaneLog } from './lane-log.ts';
import { Pace } from './pace.ts';
import { Retries } from './retries.ts';
import { finite, fullBatch, oldestOf, poison } from './rules.ts';
import { FORMLESS, rowOf, type QueuedRow } from './row.ts';
import { RowEnds } from './row-ends.ts';
import { PAGE, Window } from './window.ts';

/** Requests under way at once; fewer of full batches, which are large. */
const REQUESTS = 128;
const BATCHES = 8;

/** Failed attempts, while other rows are delivered, after which a batch is halved, and a single row is poison. */
const HALVE_AFTER = 3;
const POISON_AFTER = 16;

/** Timers take at most 31 bits of milliseconds; for a later time the timer is set again. */
const LONGEST_TIMER_MS = 86_400_000;

const UNNAMED = reason('vendor.unnamed');
/**
 * The queue of one route. Rows are read ahead into a bounded window, wait there by envelope, go out in batches, and
 * leave the window when they have ended. What happens on one route has no effect on another.
 *
 *   store -> fresh -> flying -> ended
 *              ^        |
 *              |        +-> retries (wait) | urgent (halves, rests)
 */
export class Lane {
  readonly key: string;
  readonly #context: LaneContext;
  readonly #breaker = new Breaker();
  readonly #log: LaneLog;
  #route: Route | undefined;

  readonly #window: Window;
  readonly #retries = new Retries();
  readonly #flying = new Set<Batch>();
  readonly #ends: RowEnds;
  readonly #awaited: Awaited;

  /** Size of a full batch of what went last. */
  #lastFull = 1;
  #successes = 0;
  readonly #pace = new Pace();
  /** The earliest time at which an envelope that waits for its pace, or is too young, may go. */
  #paced = Infinity;
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(key: string, context: LaneContext) {
    this.key = key;
    this.#context = context;
    this.#route = context.gateway().routeOf.get(key);
    this.#log = new LaneLog(key, context.ports);
    this.#window = new Window(
      (after, limit) => context.ports.store.read(key, after, limit),
      (record) => rowOf(record, this.#route),
      (record) => this.#awaited.found(record),
    );
    this.#ends = new RowEnds(key, context, this.#log, (row) => this.#window.remove(row));
    this.#awaited = new Awaited(key, context, this.#ends, {
      route: () => this.#route,
      readmit: (record) => this.#window.readmit(record),
    });
  }

  get inFlight(): number {
    return this.#flying.size;
  }

  /** Events that the vendor has taken, and whose verdict comes later. */
  get awaiting(): number {
    return this.#awaited.size;
  }

  /** How long the oldest event has been due, milliseconds; an event that is still too young is not due. */
  get overdueMs(): number {
    const flying = [...this.#flying].flatMap(({ rows }) => rows);
    const oldest = oldestOf([this.#window.fresh.heads(), this.#retries.rows(), flying]);
    return Math.max(0, this.#context.ports.now() - oldest - (this.#route?.bound.firstAfterMs ?? 0));
  }

  get breaker(): Pick<Breaker, 'state' | 'reason'> {
    return this.#breaker;
  }

  /** The store may have more rows. */
  rowsAdded(): void {
    this.#window.rowsAdded();
  }

  /** Events that have just been stored. */
  take(records: readonly QueuedRecord[]): void {
    this.#window.take(records);
  }

  /** New settings: the cause for which the route stopped may be gone, and what waits may have lost its route. */
  reload(): void {
    this.#route = this.#context.gateway().routeOf.get(this.key);
    this.#breaker.reset();
    this.#retries.makeDue(this.#context.ports.tick());
    this.sweep();
    this.#awaited.reload();
  }

  /** Starts nothing any more. */
  stop(): void {
    this.#cancelTimer();
    this.#awaited.stop();
  }

  /**
   * Starts up to `budget` requests. True if there may be more to start at once.
   */
  turn(budget: number): boolean {
    for (let i = 0; i < budget; i++) {
      this.#window.refill(this.#freshWanted());
      if (!this.#start()) {
        this.#setTimer();
        return this.#window.behind && this.#window.fresh.size < this.#freshWanted();
      }
    }
    return true;
  }

  /** Ends rows that are too old while nothing is sent. True if there is room for more rows now. */
  sweep(): boolean {
    const now = this.#context.ports.now();
    const before = this.#window.size;
    const ended = (row: QueuedRow): boolean => this.#ends.endIfRefused(this.#route, row, now);
    this.#window.fresh.remove(ended);
    this.#retries.filter((row) => !ended(row));
    return this.#window.size < before;
  }

  /** These rows are off the disk because their visitor withdrew; what is flying is not sent again. */
  drop(ids: ReadonlySet<number>): void {
    const flying = new Set<number>();
    for (const batch of this.#flying) for (const row of batch.rows) if (ids.has(row.id)) flying.add(row.id);
    for (const id of flying) this.#ends.withdrawInFlight(id);
    for (const row of this.#window.fresh.remove(({ id }) => ids.has(id))) this.#ends.withdrawWaiting(row);
    this.#retries.filter((row) => {
      if (!ids.has(row.id)) return true;
      this.#ends.withdrawWaiting(row);
      return false;
    });
    this.#awaited.drop(ids);
    const ended = ids.size - flying.size;
    if (ended > 0) this.#ends.countWithdrawn(ended);
  }

  #cancelTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** How many fresh rows to hold: a page, or a full batch if that is larger. */
  #freshWanted(): number {
    return this.#lastFull > PAGE ? this.#lastFull : PAGE / 2;
  }

  /** Starts one request, or ends rows that may not go. False if there is nothing to do now. */
  #start(): boolean {
    const { ports } = this.#context;
    const route = this.#route;
    const tick = ports.tick();
    const leave = route === undefined ? 'go' : this.#breaker.take(tick);
    if (leave === 'wait') return false;
    const probe = leave === 'probe';
    const batch = this.#next(tick, probe);
    const now = ports.now();
    const rows =
      batch === undefined ? [] : this.#inForm(route, batch).filter((row) => !this.#ends.endIfRefused(route, row, now));
    if (batch === undefined || route === undefined || rows.length === 0) {
      if (probe) this.#breaker.releaseProbe();
      return batch !== undefined;
    }
    const going = rows.length === batch.rows.length ? batch : { ...batch, rows };
    this.#flying.add(going);
    this.#context.tally.attempts++;
    const may = (): boolean => this.#ends.maySend(rows);
    void attempt(route, this.#context.egress(), going.envelope, rows, ports, may).then((ended) => {
      this.#flying.delete(going);
      if ('verdict' in ended) this.#context.tally.duration.observe(ports.tick() - tick);
      this.#finish(going, ended, probe);
      this.#context.wake();
    });
    return true;
  }

  /**
   * The rows of a batch in the form that the settings in force make of them. Rows that no longer fit into the same request
   * become fresh again.
   */
  #inForm(route: Route | undefined, { envelope, rows }: Batch): readonly QueuedRow[] {
    if (rows.every((row) => row.route === route)) return rows;
    const formed = rows.map((row) => (row.route === route ? row : rowOf(row.record, route)));
    for (const row of formed) if (row.envelope !== envelope && row.formless === undefined) this.#window.fresh.push(row);
    return formed.filter((row) => row.envelope === envelope || row.formless !== undefined);
  }

  /** The next batch. A probe takes rows that have not failed before, so that one bad row cannot keep a route closed. */
  #next(tick: number, probe: boolean): Batch | undefined {
    if (probe) return this.#nextFresh(tick, true) ?? this.#retries.takeFirst() ?? this.#retries.takeUrgent();
    const urgent = this.#retries.takeUrgent();
    if (urgent !== undefined) return urgent;
    const due = this.#retries.firstDue;
    if (due !== undefined && due <= tick && this.#flying.size < REQUESTS) return this.#retries.takeFirst();
    return this.#nextFresh(tick, false);
  }

  #nextFresh(tick: number, atOnce: boolean): Batch | undefined {
    const { destination, bound } = this.#route ?? {};
    const wait = bound?.firstAfterMs ?? 0;
    const acceptedBy = wait === 0 ? Infinity : this.#context.ports.now() - wait;
    this.#paced = Infinity;
    if (destination !== undefined && this.#flying.size >= REQUESTS) return undefined;
    const taken = this.#window.fresh.take(
      (envelope) => fullBatch(destination, envelope),
      (envelope, waiting, full) => {
        this.#lastFull = full;
        if (atOnce || destination === undefined || full === 1 || envelope === FORMLESS) return true;
        if (waiting >= full) return this.#flying.size < BATCHES;
        const until = this.#pace.nextAt(envelope);
        if (until <= tick) return true;
        this.#paced = Math.min(this.#paced, until);
        return false;
      },
      acceptedBy,
      destination?.atOnce,
    );
    if (taken === undefined) {
      const young = acceptedBy === Infinity ? undefined : this.#window.fresh.firstAcceptedAfter(acceptedBy);
      if (young !== undefined) this.#paced = Math.min(this.#paced, tick + young - acceptedBy);
      return undefined;
    }
    if (this.#lastFull > 1) this.#pace.started(taken.envelope, tick);
    return freshBatch(taken.envelope, taken.rows);
  }

  #finish(batch: Batch, ended: Attempted, probe: boolean): void {
    if ('recalled' in ended) {
      if (probe) this.#breaker.releaseProbe();
      this.#sendAgain(batch);
      return;
    }
    if ('fault' in ended) {
      if (probe) this.#breaker.releaseProbe();
      this.#halve(batch, (row) => this.#ends.fault(row, ended.fault));
      return;
    }
    const { verdict, reply } = ended;
    const again = (): Batch => this.#ends.repeatable(this.#route, batch, ended);
    if (verdict.kind === 'retry') this.#toRetry(again(), verdict, reply, probe);
    else if (verdict.kind === 'stop') this.#stopped(batch, verdict);
    else this.#answered(batch, verdict);
  }

  /** The vendor judged the events. */
  #answered(batch: Batch, verdict: Exclude<Verdict, { kind: 'retry' | 'stop' }>): void {
    if (this.#breaker.answered()) {
      this.#log.deliversAgain();
      this.#retries.makeDue(this.#context.ports.tick());
    }
    const { rows } = batch;
    switch (verdict.kind) {
      case 'delivered':
        this.#ends.delivered(rows);
        break;
      case 'awaiting':
        this.#awaited.took(rows, verdict.ticket);
        break;
      case 'rejected':
        for (const row of rows) this.#ends.bury(row, verdict.reason);
        return;
      case 'bisect':
        this.#halve(batch, (row) => this.#ends.bury(row, verdict.reason));
        return;
      case 'partly': {
        const rest: QueuedRow[] = [];
        rows.forEach((row, i) => {
          const reason = verdict.rejected.get(i);
          if (reason !== undefined) this.#ends.bury(row, reason);
          else if (verdict.rest === 'delivered') this.#ends.delivered([row]);
          else rest.push(row);
        });
        if (rest.length === rows.length) {
          // The answer names an event that was not sent. Halving finds the faulty one in a bounded number of steps.
          this.#halve(batch, (row) => this.#ends.bury(row, UNNAMED));
          return;
        }
        if (rest.length > 0) this.#sendAgain({ ...batch, rows: rest });
        if (verdict.rest === 'resend') return;
      }
    }
    this.#successes++;
  }

  /** A retry, unless this answer has come so often that it counts as a refusal of the events. */
  #toRetry(batch: Batch, verdict: Retry, reply: Reply | undefined, probe: boolean): void {
    const { finalAfter, reason } = verdict;
    if (finalAfter === undefined) {
      this.#failed(batch, verdict, reply, probe);
      return;
    }
    const tick = this.#context.ports.tick();
    const counted = refusedOnceMore(batch, tick);
    if (isFinal(counted, finalAfter, tick)) this.#answered(counted, { kind: 'bisect', reason });
    else this.#failed(counted, verdict, reply, probe);
  }

  #failed(batch: Batch, verdict: Retry, reply: Reply | undefined, probe: boolean): void {
    const { ports, tally } = this.#context;
    const tick = ports.tick();
    const reason = codesOnly(verdict.reason);
    const opened = this.#breaker.failed(tick, ports.random(), reason, probe, verdict.afterMs);
    if (opened) this.#log.pauses(reason);
    tally.retries++;
    const failures = batch.failures + 1;
    // A busy vendor proves nothing against a row. A failure counts only if it breaks the vendor while other rows pass.
    const breaks = reply === undefined || (reply.status >= 500 && reply.status !== 503);
    const strikes = batch.strikes + (breaks && this.#successes > batch.seen ? 1 : 0);
    const rows = this.#ends.withoutWithdrawn(batch.rows);
    const due = tick + backoff(failures, this.#breaker.outage(tick), ports.random(), verdict.afterMs);
    const next: Batch = { ...batch, rows, failures, strikes, seen: this.#successes, due };
    const [only] = rows;
    if (only === undefined) return;
    this.#ends.tell(rows, 'retried', reason);
    if (rows.length === 1 && strikes >= POISON_AFTER) this.#ends.bury(only, poison(reason, reply));
    else if (rows.length > 1 && strikes >= HALVE_AFTER) for (const half of halves(next)) this.#retries.add(half);
    else this.#retries.add(next);
  }

  #stopped(batch: Batch, verdict: Verdict & { kind: 'stop' }): void {
    const reason = codesOnly(verdict.reason);
    const { ports, tally } = this.#context;
    tally.stopped(reason.code);
    if (this.#breaker.stop(ports.tick(), reason, verdict.afterMs)) this.#log.stopped(reason);
    const rows = this.#ends.withoutWithdrawn(batch.rows);
    this.#ends.tell(rows, 'stopped', reason);
    if (rows.length > 0) this.#retries.add({ ...batch, rows, due: ports.tick() });
  }

  /** Halves a batch, or tells `last` that it has come down to one row. */
  #halve(batch: Batch, last: (row: QueuedRow) => void): void {
    const rows = this.#ends.withoutWithdrawn(batch.rows);
    const [only] = rows;
    if (only === undefined) return;
    if (rows.length === 1) last(only);
    else for (const half of halves({ ...batch, rows })) this.#retries.addUrgent(half);
  }

  #sendAgain(batch: Batch): void {
    const rows = this.#ends.withoutWithdrawn(batch.rows);
    if (rows.length > 0) this.#retries.addUrgent({ ...batch, rows });
  }

  /** Sets a timer for the next row that becomes due. */
  #setTimer(): void {
    const next = this.#nextTime();
    // Rows that are due wait for a request in flight, and its end gives the lane a turn without a timer. If nothing is in
    // flight, they became due just now, and the timer starts them.
    const due = next !== undefined && next <= this.#context.ports.tick();
    const at = due && this.#flying.size > 0 ? undefined : next;
    if (at === this.#timer?.at) return;
    this.#cancelTimer();
    if (at === undefined) return;
    const { ports, wake } = this.#context;
    const cancel = ports.after(Math.min(LONGEST_TIMER_MS, Math.max(0, at - ports.tick())), () => {
      this.#timer = undefined;
      wake();
    });
    this.#timer = { at, cancel };
  }

  #nextTime(): number | undefined {
    const first = this.#retries.firstDue;
    const waiting = this.#window.fresh.size > 0 || this.#retries.hasUrgent;
    if (!waiting && first === undefined) return undefined;
    if (this.#breaker.state !== 'closed') {
      const { until } = this.#breaker;
      // After that time a probe has had its turn and found only rows that are too young.
      const young = until <= this.#context.ports.tick() && first === undefined && !this.#retries.hasUrgent;
      return finite(young && this.#paced < Infinity ? this.#paced : until);
    }
    const next = Math.min(first ?? Infinity, this.#window.fresh.size > 0 ? this.#paced : Infinity);
    return finite(next);
  }
}
