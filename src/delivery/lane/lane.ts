import type { Reply, Verdict } from '../../core/destination.ts';
import {
  answered,
  codesOnly,
  outcomeOf,
  reason,
  showReason,
  wordsOf,
  type Reason,
  type ReasonCode,
  type VendorReason,
} from '../../core/reason.ts';
import type { Gateway, Route } from '../../policy/gateway.ts';
import { refusal } from '../egress/allowed.ts';
import { attempt, type Attempted } from './attempt.ts';
import { backoff } from './backoff.ts';
import { FreshRows, freshBatch, halves, type Batch } from './batch.ts';
import { Breaker } from './breaker.ts';
import type { EnginePorts } from '../drain.ts';
import { markOf, saidOf, type EndedRow } from '../ends.ts';
import type { FollowUps } from '../follow-ups.ts';
import type { QueuedRow, RowOutcome } from '../store.ts';
import type { Tally } from '../telemetry.ts';

/** Rows of one route held in memory, and their size in characters: what keeps memory flat while a vendor is down. */
const WINDOW_ROWS = 4_096;
const WINDOW_CHARS = 8_000_000;
const PAGE = 256;
/** Fresh rows beyond which those that have just been stored are left to be read when their turn comes. */
const FRESH_ROWS = 1_024;

/** Requests under way at once; fewer of full batches, which are large. */
const REQUESTS = 128;
const BATCHES = 8;
/** Pause between two requests that could have been one (same envelope), milliseconds; a full batch does not wait. */
const PACE_MS = 150;

const DELIVERED: ReasonCode = 'delivered.accepted';
const WITHDRAWN: ReasonCode = 'withdrawn.consent';
const UNNAMED = reason('vendor.unnamed');

/** The same fault is logged so often at most, milliseconds. */
const COMPLAIN_MS = 60_000;

/** Attempts during which other rows went through, after which a batch is halved, and a lone row is poison. */
const HALVE_AFTER = 3;
const POISON_AFTER = 16;

/** What a lane shares with the others. */
export interface LaneContext {
  readonly ports: EnginePorts;
  readonly followUps: FollowUps;
  readonly tally: Tally;
  readonly gateway: () => Gateway;
  /** The lane has something to do: give it a turn soon. */
  readonly wake: () => void;
}

/**
 * The queue of one route. Rows are read ahead into a bounded window, wait there by envelope, go out in batches, and
 * leave the window when they have ended. Nothing a route does or suffers is felt by another.
 *
 *   store -> fresh -> flying -> ended
 *              ^        |
 *              |        +-> retries (wait) | urgent (halves, rests)
 */
export class Lane {
  readonly key: string;
  readonly #context: LaneContext;
  readonly #breaker = new Breaker();
  #route: Route | undefined;

  /** Read up to here. */
  #cursor = 0;
  #more = true;
  #heldRows = 0;
  #heldChars = 0;
  readonly #fresh = new FreshRows();
  /** By `due`. */
  readonly #retries: Batch[] = [];
  readonly #urgent: Batch[] = [];
  readonly #flying = new Set<Batch>();
  /** Faults of our own, and when they were last said; as many as there are fixed words for them. */
  readonly #complained = new Map<string, number>();
  /** Rows that were withdrawn while they were flying. */
  readonly #withdrawn = new Set<number>();

  /** Size of a full batch of what went last. */
  #lastFull = 1;
  #successes = 0;
  /** Envelope -> when its next request may go unless it is full; soonest first. */
  readonly #pace = new Map<string, number>();
  /** When the first envelope that waits for its pace may go. */
  #paced = Infinity;
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(key: string, context: LaneContext) {
    this.key = key;
    this.#context = context;
    this.#route = context.gateway().routeOf.get(key);
  }

  get inFlight(): number {
    return this.#flying.size;
  }

  get breaker(): Pick<Breaker, 'state' | 'reason'> {
    return this.#breaker;
  }

  /** The store may have more rows. */
  rowsAdded(): void {
    this.#more = true;
  }

  /** Rows that have just been stored. A lane that is up to date need not read back what is in memory anyway. */
  take(rows: readonly QueuedRow[]): void {
    if (this.#more || !this.#hasRoom() || this.#fresh.size + rows.length > FRESH_ROWS) this.#more = true;
    else for (const row of rows) this.#hold(row);
  }

  /** New settings: whatever stopped the route may be mended. */
  reload(): void {
    this.#route = this.#context.gateway().routeOf.get(this.key);
    this.#breaker.reset();
    this.#release();
  }

  /**
   * Starts up to `budget` requests. True if there may be more to start at once.
   */
  turn(budget: number): boolean {
    for (let i = 0; i < budget; i++) {
      this.#refill();
      if (!this.#start()) {
        this.#arm();
        return false;
      }
    }
    return true;
  }

  /** Ends what is too old while nothing moves. True if there is room for more rows now. */
  sweep(): boolean {
    const now = this.#context.ports.now();
    const before = this.#heldRows;
    this.#fresh.remove((row) => this.#ended(row, now));
    this.#eachWaiting((batch) => batch.rows.filter((row) => !this.#ended(row, now)));
    return this.#heldRows < before;
  }

  /** These rows are off the disk because their visitor withdrew; what is flying is not sent again. */
  drop(ids: ReadonlySet<number>): void {
    const flying = new Set<number>();
    for (const batch of this.#flying) for (const row of batch.rows) if (ids.has(row.id)) flying.add(row.id);
    for (const id of flying) this.#withdrawn.add(id);
    const leave = (row: QueuedRow): void => {
      this.#tell([row], 'withdrawn', WITHDRAWN);
      this.#letGo(row);
    };
    for (const row of this.#fresh.remove((row) => ids.has(row.id))) leave(row);
    this.#eachWaiting((batch) =>
      batch.rows.filter((row) => {
        if (!ids.has(row.id)) return true;
        leave(row);
        return false;
      }),
    );
    const ended = ids.size - flying.size;
    if (ended > 0) this.#context.tally.count('withdrawn', WITHDRAWN, ended);
  }

  cancelTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #refill(): void {
    while (this.#more && this.#hasRoom() && this.#fresh.size < this.#appetite()) {
      const rows = this.#context.ports.store.read(this.key, this.#cursor, PAGE);
      this.#more = rows.length === PAGE;
      for (const row of rows) this.#hold(row);
    }
  }

  #hasRoom(): boolean {
    return this.#heldRows < WINDOW_ROWS && this.#heldChars < WINDOW_CHARS;
  }

  #hold(row: QueuedRow): void {
    this.#cursor = row.id;
    this.#heldRows++;
    this.#heldChars += row.element.length;
    this.#fresh.push(row);
  }

  /** Fresh rows worth having: a page, or a full batch where one is larger. */
  #appetite(): number {
    return this.#lastFull > PAGE ? this.#lastFull : PAGE / 2;
  }

  /** Starts one request, or ends rows that may not go. False if there is nothing to do now. */
  #start(): boolean {
    const { ports, gateway } = this.#context;
    const route = this.#route;
    const tick = ports.tick();
    const leave = route === undefined ? 'go' : this.#breaker.take(tick);
    if (leave === 'wait') return false;
    const probe = leave === 'probe';
    const batch = this.#next(tick, probe);
    const now = ports.now();
    const rows = batch?.rows.filter((row) => !this.#refused(gateway(), route, row, now)) ?? [];
    if (batch === undefined || route === undefined || rows.length === 0) {
      if (probe) this.#breaker.giveBack();
      return batch !== undefined;
    }
    const going = rows.length === batch.rows.length ? batch : { ...batch, rows };
    this.#flying.add(going);
    this.#context.tally.attempts++;
    const may = (): boolean => this.#withdrawn.size === 0 || !rows.some(({ id }) => this.#withdrawn.has(id));
    void attempt(route, going.envelope, rows, ports.send, ports.secrets, may).then((ended) => {
      this.#flying.delete(going);
      if ('verdict' in ended) this.#context.tally.duration.observe(ports.tick() - tick);
      this.#finish(route, going, ended, probe);
      this.#context.wake();
    });
    return true;
  }

  /** What goes next. A probe takes a row that has not failed before, so that one bad row cannot keep a route shut. */
  #next(tick: number, probe: boolean): Batch | undefined {
    if (probe) return this.#nextFresh(tick, true) ?? this.#retries.shift() ?? this.#urgent.pop();
    const urgent = this.#urgent.pop();
    if (urgent !== undefined) return urgent;
    const first = this.#retries[0];
    if (first !== undefined && first.due <= tick && this.#flying.size < REQUESTS) return this.#retries.shift();
    return this.#nextFresh(tick, false);
  }

  #nextFresh(tick: number, atOnce: boolean): Batch | undefined {
    const { destination } = this.#route ?? {};
    this.#paced = Infinity;
    if (destination !== undefined && this.#flying.size >= REQUESTS) return undefined;
    const taken = this.#fresh.take(destination?.maxBatch ?? (() => PAGE), (envelope, waiting, full) => {
      this.#lastFull = full;
      if (atOnce || destination === undefined || full === 1) return true;
      if (waiting >= full) return this.#flying.size < BATCHES;
      const until = this.#pace.get(envelope) ?? 0;
      if (until <= tick) return true;
      this.#paced = Math.min(this.#paced, until);
      return false;
    });
    if (taken === undefined) return undefined;
    if (this.#lastFull > 1) this.#paceNext(taken.envelope, tick);
    return freshBatch(taken.envelope, taken.rows);
  }

  #paceNext(envelope: string, tick: number): void {
    for (const [past, until] of this.#pace) {
      if (until > tick) break;
      this.#pace.delete(past);
    }
    this.#pace.delete(envelope);
    this.#pace.set(envelope, tick + PACE_MS);
  }

  #finish(route: Route, batch: Batch, ended: Attempted, probe: boolean): void {
    if ('recalled' in ended) {
      if (probe) this.#breaker.giveBack();
      this.#again(batch);
      return;
    }
    if ('fault' in ended) {
      if (probe) this.#breaker.giveBack();
      this.#narrow(batch, (row) => {
        this.#end(row, 'failed', ended.fault.code);
        this.#complain(ended.fault);
      });
      return;
    }
    const { verdict, reply } = ended;
    if (verdict.kind === 'retry') this.#failed(batch, verdict, reply, probe);
    else if (verdict.kind === 'stop') this.#stopped(batch, verdict.reason);
    else this.#answered(route, batch, verdict, reply);
  }

  /** A fault of the gateway's own concerns every event alike: it is said once a minute, and counted each time. */
  #complain(fault: Reason): void {
    const { ports } = this.#context;
    const tick = ports.tick();
    const code = showReason(fault);
    if (tick < (this.#complained.get(code) ?? -Infinity) + COMPLAIN_MS) return;
    this.#complained.set(code, tick);
    ports.log('error', 'event dropped by a fault of the gateway', { route: this.key, ...logged(fault) });
  }

  /** The vendor looked at the events. */
  #answered(
    route: Route,
    batch: Batch,
    verdict: Exclude<Verdict, { kind: 'retry' | 'stop' }>,
    reply: Reply | undefined,
  ): void {
    if (this.#breaker.worked()) {
      this.#context.ports.log('info', 'route delivers again', { route: this.key });
      this.#release();
    }
    const { rows } = batch;
    switch (verdict.kind) {
      case 'delivered':
        this.#took(rows);
        break;
      case 'rejected':
        for (const row of rows) this.#bury(row, verdict.reason);
        return;
      case 'bisect':
        this.#narrow(batch, (row) => this.#bury(row, verdict.reason));
        return;
      case 'partly': {
        const rest: QueuedRow[] = [];
        rows.forEach((row, i) => {
          const reason = verdict.rejected.get(i);
          if (reason !== undefined) this.#bury(row, reason);
          else if (verdict.rest === 'delivered') this.#took([row]);
          else rest.push(row);
        });
        if (rest.length === rows.length) {
          // It names no event that was sent: halving finds the one it means, and comes to an end.
          this.#narrow(batch, (row) => this.#bury(row, UNNAMED));
          return;
        }
        if (rest.length > 0) this.#again({ ...batch, rows: rest });
        if (verdict.rest === 'resend') return;
      }
    }
    this.#successes++;
    if (reply !== undefined) this.#context.followUps.consider(route, reply);
  }

  /** The vendor has these. */
  #took(rows: readonly QueuedRow[]): void {
    const { ports, tally } = this.#context;
    const now = ports.now();
    for (const row of rows) {
      tally.age.observe(now - row.acceptedAt);
      this.#end(row, 'delivered', DELIVERED);
    }
  }

  #failed(batch: Batch, verdict: Verdict & { kind: 'retry' }, reply: Reply | undefined, probe: boolean): void {
    const { ports, tally } = this.#context;
    const tick = ports.tick();
    const reason = codesOnly(verdict.reason);
    const opened = this.#breaker.failed(tick, ports.random(), reason, probe, verdict.afterMs);
    if (opened) {
      const fields = { route: this.key, ...logged(reason) };
      ports.log('warn', 'route pauses: the vendor does not answer as it should', fields);
    }
    tally.retries++;
    const failures = batch.failures + 1;
    // Busy is not poison: only what breaks the vendor's side while other rows pass counts against a row.
    const breaks = reply === undefined || (reply.status >= 500 && reply.status !== 503);
    const strikes = batch.strikes + (breaks && this.#successes > batch.seen ? 1 : 0);
    const rows = this.#remaining(batch.rows);
    const due = tick + backoff(failures, this.#breaker.outage(tick), ports.random(), verdict.afterMs);
    const next: Batch = { ...batch, rows, failures, strikes, seen: this.#successes, due };
    const [only] = rows;
    if (only === undefined) return;
    this.#tell(rows, 'retried', reason);
    if (rows.length === 1 && strikes >= POISON_AFTER) this.#bury(only, poison(reason, reply));
    else if (rows.length > 1 && strikes >= HALVE_AFTER) for (const half of halves(next)) this.#retryLater(half);
    else this.#retryLater(next);
  }

  #stopped(batch: Batch, said: VendorReason): void {
    const reason = codesOnly(said);
    const { ports } = this.#context;
    if (this.#breaker.stop(ports.tick(), reason)) {
      const fields = { route: this.key, ...logged(reason) };
      ports.log('error', 'route stopped: it keeps its events until this is mended', fields);
    }
    const rows = this.#remaining(batch.rows);
    this.#tell(rows, 'stopped', reason);
    if (rows.length > 0) this.#retryLater({ ...batch, rows, due: ports.tick() });
  }

  /** Halves a batch, or tells `last` that it has come down to one row. */
  #narrow(batch: Batch, last: (row: QueuedRow) => void): void {
    const rows = this.#remaining(batch.rows);
    const [only] = rows;
    if (only === undefined) return;
    if (rows.length === 1) last(only);
    else for (const half of halves({ ...batch, rows })) this.#urgent.push(half);
  }

  #again(batch: Batch): void {
    const rows = this.#remaining(batch.rows);
    if (rows.length > 0) this.#urgent.push({ ...batch, rows });
  }

  #retryLater(batch: Batch): void {
    let at = this.#retries.length;
    while (at > 0 && (this.#retries[at - 1]?.due ?? 0) > batch.due) at--;
    this.#retries.splice(at, 0, batch);
  }

  /** The wait was for the vendor, and that is over. */
  #release(): void {
    const tick = this.#context.ports.tick();
    this.#retries.forEach((batch, i) => (this.#retries[i] = { ...batch, due: tick }));
  }

  /** Rows of a flown batch that still want to be sent; the others end as withdrawn. */
  #remaining(rows: readonly QueuedRow[]): readonly QueuedRow[] {
    if (this.#withdrawn.size === 0) return rows;
    return rows.filter((row) => {
      if (!this.#withdrawn.has(row.id)) return true;
      this.#end(row, 'withdrawn', WITHDRAWN);
      return false;
    });
  }

  #bury(row: QueuedRow, said: VendorReason): void {
    const reason = codesOnly(said);
    if (this.#withdrawn.has(row.id)) {
      this.#end(row, 'withdrawn', WITHDRAWN);
      return;
    }
    const outcome: RowOutcome = this.#context.gateway().delivery.deadLetters > 0 ? 'dead' : 'rejected';
    this.#context.tally.count(outcome, reason.code);
    this.#tell([row], outcome, reason);
    if (outcome === 'dead') this.#context.ports.store.bury(this.key, row, reason);
    else this.#context.ports.store.settle(this.key, row, outcome);
    this.#letGo(row);
  }

  #end(row: QueuedRow, outcome: RowOutcome, reason: ReasonCode): void {
    this.#withdrawn.delete(row.id);
    this.#context.tally.count(outcome, reason);
    this.#tell([row], outcome, reason);
    this.#context.ports.store.settle(this.key, row, outcome);
    this.#letGo(row);
  }

  /** For whoever watches; nobody else pays for it. */
  #tell(rows: readonly QueuedRow[], state: EndedRow['state'], why: Reason | ReasonCode): void {
    const ended = this.#context.ports.ended?.();
    if (ended === undefined) return;
    const words = saidOf(typeof why === 'string' ? reason(why) : why);
    for (const { acceptedAt, element } of rows) ended({ mark: markOf(this.key, acceptedAt, element), state, words });
  }

  #letGo(row: QueuedRow): void {
    this.#heldRows--;
    this.#heldChars -= row.element.length;
  }

  /** Ends a row that may not be sent any more; false if it may. */
  #refused(gateway: Gateway, route: Route | undefined, row: QueuedRow, now: number): boolean {
    const refused = refusal(gateway, route, row, now);
    if (refused !== undefined) this.#end(row, outcomeOf(refused), refused.code);
    return refused !== undefined;
  }

  #ended(row: QueuedRow, now: number): boolean {
    return this.#refused(this.#context.gateway(), this.#route, row, now);
  }

  #eachWaiting(keep: (batch: Batch) => readonly QueuedRow[]): void {
    for (const list of [this.#retries, this.#urgent]) {
      const kept = list.map((batch) => ({ ...batch, rows: keep(batch) })).filter((batch) => batch.rows.length > 0);
      list.splice(0, list.length, ...kept);
    }
  }

  /** Sets the clock for the next thing that time alone will bring. */
  #arm(): void {
    const next = this.#nextTime();
    // What is due and has not started waits for something in flight, whose end is a turn of its own; with nothing in
    // flight it came due a moment ago.
    const due = next !== undefined && next <= this.#context.ports.tick();
    const at = due && this.#flying.size > 0 ? undefined : next;
    if (at === this.#timer?.at) return;
    this.cancelTimer();
    if (at === undefined) return;
    const { ports, wake } = this.#context;
    const cancel = ports.after(Math.max(0, at - ports.tick()), () => {
      this.#timer = undefined;
      wake();
    });
    this.#timer = { at, cancel };
  }

  #nextTime(): number | undefined {
    const first = this.#retries[0]?.due;
    const waiting = this.#fresh.size > 0 || this.#urgent.length > 0;
    if (!waiting && first === undefined) return undefined;
    if (this.#breaker.state !== 'closed') return this.#breaker.until;
    const next = Math.min(first ?? Infinity, this.#fresh.size > 0 ? this.#paced : Infinity);
    return next === Infinity ? undefined : next;
  }
}

/** A reason in the fields of a log line. */
function logged(why: Reason): { readonly code: string; readonly reason: string } {
  return { code: showReason(why), reason: wordsOf(why) };
}

/** Why an event that always breaks something is set aside: with what the last answer said. */
function poison({ params }: VendorReason, reply: Reply | undefined): VendorReason {
  return reply === undefined ? POISON : answered('vendor.poison', reply.status, ...(params['code'] ?? '').split(' '));
}

const POISON = reason('vendor.poison');
