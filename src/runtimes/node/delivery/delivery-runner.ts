import { join } from 'node:path';
import { stillAllowed } from '../../../delivery/egress/allowed.ts';
import type { Secrets, Send } from '../../../delivery/lane/attempt.ts';
import { Drain, type EnginePorts, type Log } from '../../../delivery/drain.ts';
import { EVERYBODY, HeldWithdrawals } from '../../../delivery/held-withdrawals.ts';
import { OutboxUnavailable, type Stored, type Withdrawal } from '../../../delivery/outbox.ts';
import type { Ended } from '../../../delivery/ends.ts';
import { Telemetry } from '../../../delivery/telemetry.ts';
import type { Gateway } from '../../../policy/gateway.ts';
import { CommitUnwanted, StoreDamaged, type Append, type Committed } from '../../../outbox/sql/commit.ts';
import type { ThreadReport } from '../process/metrics.ts';
import { HeldFlag } from '../../../outbox/sql/held-flag.ts';
import { SqliteOutbox, type StorePolicy } from '../../../outbox/sql/outbox-sqlite.ts';
import { forgetAside, rescueFromWal, salvage } from '../../../outbox/sql/outbox-salvage.ts';
import { subjectKeys } from '../../../outbox/sql/subject-keys.ts';
import { WithdrawalLog } from '../../../outbox/sql/withdrawal-log.ts';

export interface RunnerOptions {
  /** The data directory. */
  readonly dir: string;
  /** Name of the outbox file; several processes that share a directory have one each. */
  readonly name: string;
  readonly send: Send;
  readonly secrets: Secrets;
  readonly log: Log;
  /** Who is told how rows end; undefined while nobody looks. */
  readonly ended?: () => Ended | undefined;
  /** Called when `ready` or `stopped` may have changed. */
  readonly changed: () => void;
  /** Appends with smaller numbers were refused by who collects, because they had waited too long. Never shrinks. */
  readonly givenUp?: () => number;
  /** Who collects holds withdrawals that this side has not been given: nothing may be sent. */
  readonly withheld?: () => boolean;
  /** Other outboxes share the directory: a withdrawal may have to reach them, or come from them. */
  readonly shared?: boolean;
  /** Withdrawals that the runner before this one did not live to carry out. */
  readonly withdrawn?: readonly Withdrawal[];
}

interface Waiting {
  readonly append: Append;
  readonly number: number;
  readonly done: (result: AppendResult) => void;
}

export type AppendResult = readonly Stored[] | OutboxUnavailable;

/** Rows written by one transaction; more wait for the next, so that nobody waits long. */
const ROWS_PER_COMMIT = 2_048;
/** How long an end may wait to be written when nothing else is, milliseconds. A crash in between sends the row again. */
const SETTLE_MS = 10;
/** How often a broken store is tried again, milliseconds. */
const MEND_MS = 1_000;
const POLL_MS = 500;
const PRUNE_MS = 60_000;
const ERASE_MS = 1_000;
/** Part of the room that is in use when it is said to run short, and when it no longer does. */
const SHORT = 0.8;
const ENOUGH = 0.7;

/** Store and engine of one outbox: accepts, commits, delivers. Runs in the delivery thread, or in a test's own. */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #telemetry = new Telemetry();
  #gateway: Gateway;
  #policy: StorePolicy;
  #store: SqliteOutbox | undefined;
  #withdrawals: WithdrawalLog | undefined;
  #drain: Drain;
  /** Why nothing can be written; undefined = it can. */
  #broken: string | undefined;
  #damaged = 0;
  /** Damage was met that opening the file does not show: it must not be opened as it is again. */
  #mustSalvage = false;
  #stopping = false;

  /** Withdrawals that are not on disk yet. They are the first thing to be written when it takes anything again. */
  readonly #held = new HeldWithdrawals();
  /** Between processes; undefined where there is only one, or where the directory does not take such a file. */
  #flag: HeldFlag | undefined;
  #short = false;
  /** Files of a damaged outbox lie beside it. */
  #aside = true;

  #appends: Waiting[] = [];
  #flushScheduled = false;
  #settleTimer: NodeJS.Timeout | undefined;
  /** Turns of the engine that wait until the store works again. */
  #parked: (() => void)[] = [];
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(gateway: Gateway, options: RunnerOptions) {
    this.#gateway = gateway;
    this.#options = options;
    this.#policy = this.#policyOf(gateway);
    this.#drain = new Drain(gateway, this.#ports(), this.#telemetry);
    this.#flag = options.shared === true ? this.#openFlag() : undefined;
    this.#hold(options.withdrawn ?? []);
    this.#open();
    this.#every(MEND_MS, () => this.#mend());
    this.#every(POLL_MS, () => this.#poll());
    this.#every(PRUNE_MS, () => this.#prune());
    this.#every(ERASE_MS, () => this.#erase());
  }

  /** Whether an append would be taken now. */
  get ready(): boolean {
    return this.#store !== undefined && this.#broken === undefined && !this.#store.full && !this.#stopping;
  }

  /** Rows that wait. In a file that cannot be opened there may be some: a withdrawal must not pass them by. */
  get pending(): number {
    return this.#store?.pending ?? 1;
  }

  /** Withdrawals that are held in memory only. */
  get held(): number {
    return this.#held.size;
  }

  /** Routes that wait for a person, with the reason. */
  get stopped(): Readonly<Record<string, string>> {
    return this.#drain.stopped();
  }

  /**
   * Stores rows and carries out withdrawals; `done` is called when they are safe, or are not and will not be. `number`
   * is for `givenUp`; without one it is never given up.
   */
  append(append: Append, done: (result: AppendResult) => void, number = Infinity): void {
    if (append.rows.some(({ route }) => !this.#gateway.routeOf.has(route))) {
      // The collecting side is ahead of a reload, or behind one.
      done(new OutboxUnavailable('a route that is not configured here', 1));
      return;
    }
    this.#appends.push({ append, number, done });
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    setImmediate(() => this.#flush());
  }

  /** Puts another configuration in force, for what is stored already too. */
  reload(gateway: Gateway): void {
    this.#gateway = gateway;
    this.#policy = this.#policyOf(gateway);
    this.#drain.reload(gateway);
  }

  report(): ThreadReport {
    // What has ended is off the disk first: counters and queues speak of the same moment.
    if (this.#store !== undefined && this.#broken === undefined) this.#writeEnds(this.#store);
    const lost = this.#store?.damaged ?? new Map<string, number>();
    return {
      routes: this.#drain.counters(),
      queues: this.#store?.queues() ?? {},
      bytes: this.#store?.bytes ?? 0,
      damaged: this.#damaged + [...lost.values()].reduce((a, b) => a + b, 0),
    };
  }

  /** Commits what is pending, lets what is in flight finish for `graceMs`, and closes. */
  async stop(graceMs: number): Promise<void> {
    this.#flush();
    this.#stopping = true;
    for (const timer of this.#timers) clearInterval(timer);
    await this.#drain.stop(graceMs);
    this.#flush();
    clearTimeout(this.#settleTimer);
    try {
      this.#store?.close();
      this.#withdrawals?.close();
      this.#flag?.close();
    } catch (error) {
      this.#say('outbox could not be closed', error);
    }
  }

  #policyOf(gateway: Gateway): StorePolicy {
    const subjectKey = subjectKeys(gateway);
    const backed = new Set(gateway.sites.filter(({ ingestKeys }) => ingestKeys.size > 0).map(({ name }) => name));
    const everybody = new Map(gateway.sites.map(({ name }) => [subjectKey(name, EVERYBODY), name]));
    return {
      subjectKey,
      siteOf: (route) => gateway.routeOf.get(route)?.site,
      mayStay: (key, row, signals) => {
        const route = gateway.routeOf.get(key);
        return route !== undefined && stillAllowed(route, row, signals) === undefined;
      },
      remembers: (site) => this.#options.shared === true || backed.has(site),
      shared: this.#options.shared === true,
      everybodyOf: (key) => everybody.get(key),
      maxSize: gateway.delivery.maxSize,
      deadLetters: gateway.delivery.deadLetters,
    };
  }

  #soon(call: () => void): void {
    setImmediate(() => {
      // Looked at first: once it is no longer held there, it is in the record that is looked at next.
      const held = this.#heldElsewhere();
      // Accepting comes first: what waits to be stored is stored before more is sent.
      if (this.#appends.length > 0 || this.#withdrawnElsewhere()) this.#flush();
      if (this.#broken === undefined && this.#options.withheld?.() !== true && !held) call();
      else this.#parked.push(call);
    });
  }

  #ports(): EnginePorts {
    const { send, secrets, log, ended } = this.#options;
    return {
      send: (request, hosts, may) => send(request, hosts, () => may?.() !== false && this.#maySend()),
      ...(ended !== undefined && { ended }),
      secrets,
      log,
      store: {
        read: (route, after, limit) => this.#read(route, after, limit),
        settle: (route, row, outcome) => {
          this.#store?.settle(route, row, outcome);
          this.#settleLater();
        },
        bury: (route, row, reason) => {
          this.#store?.bury(route, row, reason);
          this.#settleLater();
        },
      },
      now: Date.now,
      tick: () => performance.now(),
      random: Math.random,
      after: (ms, call) => {
        const timer = setTimeout(call, ms);
        return () => clearTimeout(timer);
      },
      soon: (call) => this.#soon(call),
    };
  }

  #read(route: string, after: number, limit: number): ReturnType<SqliteOutbox['read']> {
    try {
      return this.#store?.read(route, after, limit) ?? [];
    } catch (error) {
      this.#hurt(error);
      return [];
    }
  }

  #open(): void {
    const file = join(this.#options.dir, `${this.#options.name}.sqlite`);
    try {
      this.#withdrawals ??= this.#openWithdrawals();
      const store = (): SqliteOutbox =>
        new SqliteOutbox(file, this.#withdrawals as WithdrawalLog, () => this.#policy, Date.now);
      const opened = this.#openStore(file, store);
      // Not before it is open: ends that nobody holds would be sent again after the next start.
      if (this.#store !== undefined) opened.inherit(this.#store.takeUnwritten());
      this.#store = opened;
      this.#works();
      // What others withdrew while this outbox was closed, before anything is sent.
      this.#flush();
      this.#drain.rowsAdded(opened.routes);
    } catch (error) {
      this.#fails(error);
    }
  }

  /** Opens the file, with whatever SQLite would leave out of it. */
  #openStore(file: string, open: () => SqliteOutbox): SqliteOutbox {
    // A connection that takes another's place knows what was stored: the rest of the log is what was refused.
    const left = this.#store === undefined ? rescueFromWal(file) : NOTHING_LEFT;
    let store: SqliteOutbox | undefined;
    try {
      if (this.#mustSalvage) throw new StoreDamaged('met while reading');
      store = open();
      const count = store.restore(left);
      if (left.damaged) this.#tellDamage('the log of the outbox was damaged: what could be read was saved', { count });
    } catch (error) {
      store?.abandon();
      if (!isDamage(error)) throw error;
      const { asideAs, ...rescued } = salvage(file, Date.now());
      this.#aside = true;
      this.#mustSalvage = false;
      store = open();
      const count = store.restore(rescued);
      this.#tellDamage('the outbox was damaged: what could be read was saved, the file was set aside', {
        file: asideAs,
        count,
      });
    }
    return store;
  }

  #tellDamage(msg: string, fields: Readonly<Record<string, string | number>>): void {
    this.#damaged++;
    this.#options.log('error', msg, fields);
  }

  #openWithdrawals(): WithdrawalLog {
    const file = join(this.#options.dir, 'withdrawals.sqlite');
    try {
      return new WithdrawalLog(file);
    } catch (error) {
      if (!isDamage(error)) throw error;
      const { asideAs } = salvage(file, Date.now());
      this.#tellDamage('the record of withdrawals was damaged and set aside', { file: asideAs });
      return new WithdrawalLog(file);
    }
  }

  #flush(): void {
    this.#flushScheduled = false;
    const taken = this.#take();
    const store = this.#store;
    if (store === undefined || this.#broken !== undefined) {
      this.#refuse(taken, this.#broken ?? 'the outbox is not open');
      return;
    }
    const givenUp = this.#givenUp();
    const { full } = store;
    if (full) this.#options.changed();
    const refusalOf = ({ append, number }: Waiting): string | undefined => {
      if (number < givenUp) return 'waited too long';
      return full && append.rows.length > 0 ? 'the outbox is full' : undefined;
    };
    // A withdrawal only takes away, and is carried out all the same.
    const refused = taken.map(refusalOf);
    const appends = taken.map(({ append }, i) => (refused[i] === undefined ? append : { ...append, rows: [] }));
    const held = this.#held.list();
    const wanted = (): boolean => {
      const now = this.#givenUp();
      return now === givenUp || !taken.some(({ number }) => number >= givenUp && number < now);
    };
    try {
      const committed = store.commit(
        held.length === 0 ? appends : [...appends, { rows: [], withdrawals: held }],
        wanted,
      );
      this.#held.clear();
      this.#tellHeld();
      this.#done(committed, taken, refused);
      if (this.#aside && (held.length > 0 || appends.some(({ withdrawals }) => withdrawals.length > 0)))
        this.#forgetAside();
    } catch (error) {
      if (error instanceof CommitUnwanted) this.#appends.unshift(...taken);
      else {
        this.#refuse(taken, 'the outbox cannot be written');
        this.#hurt(error);
      }
    }
    // Where room is short, ends are written in pieces.
    const more = this.#appends.length > 0 || (this.#broken === undefined && store.unwritten > 0);
    if (more && !this.#flushScheduled) {
      this.#flushScheduled = true;
      setImmediate(() => this.#flush());
    }
    if (!this.#stopping) setImmediate(() => this.#store?.tidy());
  }

  #givenUp(): number {
    return this.#options.givenUp?.() ?? 0;
  }

  #take(): Waiting[] {
    let rows = 0;
    let count = 0;
    while (count < this.#appends.length && rows < ROWS_PER_COMMIT)
      rows += this.#appends[count++]?.append.rows.length ?? 0;
    return this.#appends.splice(0, count);
  }

  /** A full outbox takes nothing in, but what has been delivered leaves it. */
  #writeEnds(store: SqliteOutbox): void {
    this.#options.changed();
    if (store.unwritten === 0) return;
    try {
      do this.#done(store.commit([]), []);
      while (store.unwritten > 0);
    } catch (error) {
      this.#hurt(error);
    }
  }

  #done(committed: Committed, taken: readonly Waiting[], refused: readonly (string | undefined)[] = []): void {
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

  /** Rows are refused; withdrawals are held, and nothing is sent before they are carried out. */
  #refuse(taken: readonly Waiting[], why: string): void {
    if (taken.length === 0) return;
    const unavailable = new OutboxUnavailable(why);
    for (const { append, done } of taken) {
      this.#hold(append.withdrawals);
      done(append.rows.length === 0 ? [] : unavailable);
    }
  }

  #openFlag(): HeldFlag | undefined {
    try {
      return new HeldFlag(this.#options.dir, this.#options.name);
    } catch (error) {
      this.#say('withdrawals that the disk does not take cannot be told to other processes', error);
      return undefined;
    }
  }

  /** Tells other processes whether something is held here. */
  #tellHeld(): void {
    try {
      this.#flag?.tell(this.#held.size > 0);
    } catch (error) {
      this.#say('withdrawals that the disk does not take cannot be told to other processes', error);
    }
  }

  /** Another process holds a withdrawal that nobody else knows: nothing is sent here until it is written. */
  #heldElsewhere(): boolean {
    try {
      return this.#flag?.elsewhere === true;
    } catch {
      return false;
    }
  }

  #hold(withdrawals: readonly Withdrawal[]): void {
    for (const site of this.#held.add(withdrawals)) {
      this.#options.log(
        'error',
        'more withdrawals than can be held while the disk takes nothing: what waits for this site is not sent any more',
        { site },
      );
    }
    this.#tellHeld();
  }

  /** No withdrawal is known that is not carried out yet: asked when a request has its connection. */
  #maySend(): boolean {
    if (this.#held.size > 0 || this.#options.withheld?.() === true) return false;
    return !this.#heldElsewhere() && !this.#withdrawnElsewhere();
  }

  /** Whether a withdrawal of another process is not carried out here yet: asked before every turn of sending. */
  #withdrawnElsewhere(): boolean {
    if (this.#options.shared !== true || this.#store === undefined || this.#broken !== undefined) return false;
    try {
      return this.#store.withdrawnElsewhere();
    } catch (error) {
      this.#hurt(error);
      return false;
    }
  }

  #erase(): void {
    if (this.#store === undefined || this.#broken !== undefined) return;
    try {
      this.#store.erase(performance.now());
    } catch (error) {
      this.#hurt(error);
    }
  }

  /** What lies in a damaged file cannot be told apart, so the first withdrawal ends all of it. */
  #forgetAside(): void {
    this.#aside = false;
    try {
      forgetAside(this.#options.dir, Infinity);
    } catch (error) {
      this.#say('what was set aside could not be deleted', error);
    }
  }

  #settleLater(): void {
    if (this.#flushScheduled) return;
    if ((this.#store?.unwritten ?? 0) >= ROWS_PER_COMMIT / 4) {
      this.#flushScheduled = true;
      setImmediate(() => this.#flush());
      return;
    }
    this.#settleTimer ??= setTimeout(() => {
      this.#settleTimer = undefined;
      if ((this.#store?.unwritten ?? 0) > 0 && this.#broken === undefined) this.#flush();
    }, SETTLE_MS);
  }

  /** Something that should have worked did not. Damage is mended by starting over with what can be read. */
  #hurt(error: unknown): void {
    this.#fails(error);
    if (!isDamage(error)) return;
    this.#mustSalvage = true;
    void this.#drain.stop(0);
    try {
      this.#store?.close();
    } catch {
      // It is being set aside.
    }
    this.#store = undefined;
    this.#drain = new Drain(this.#gateway, this.#ports(), this.#telemetry);
  }

  #fails(error: unknown): void {
    if (this.#broken === undefined) this.#say('events cannot be stored: answering 503 until they can', error);
    this.#broken = 'the outbox cannot be written';
    this.#options.changed();
  }

  #works(): void {
    if (this.#broken !== undefined) this.#options.log('info', 'events are stored again', {});
    this.#broken = undefined;
    // What was withdrawn meanwhile comes before anything is sent.
    if (this.#held.size > 0) this.#flush();
    if (this.#brokenAgain()) return;
    this.resume();
    this.#options.changed();
  }

  /** Goes on with what had to wait, if nothing stands in its way any more. */
  resume(): void {
    if (this.#broken !== undefined) return;
    for (const call of this.#parked.splice(0)) this.#soon(call);
  }

  #brokenAgain(): boolean {
    return this.#broken !== undefined;
  }

  #mend(): void {
    if (this.#broken === undefined) return;
    try {
      if (this.#store !== undefined) {
        this.#store.probe();
        this.#works();
        return;
      }
    } catch (error) {
      // Another process writes: it stands in the way of any connection, and opening one would wait for it again.
      if (isBusy(error)) return;
      // A new connection may do better.
    }
    const old = this.#store;
    this.#open();
    if (this.#store !== old) old?.abandon();
  }

  #poll(): void {
    if (this.#store === undefined || this.#broken !== undefined) return;
    try {
      this.#store.measureRoom();
      this.#sayRoom(this.#store);
      this.#withdrawals?.setBack(Date.now());
      if (this.#store.changedElsewhere() || this.#store.unrecorded) this.#flush();
      if (this.#parked.length > 0) this.resume();
    } catch (error) {
      this.#hurt(error);
    }
  }

  /** Said once each time: from there on it is a matter of time until events are answered 503. */
  #sayRoom(store: SqliteOutbox): void {
    const { full, used } = store;
    if (!this.#short && (full || used >= SHORT)) {
      this.#short = true;
      const msg = full
        ? 'no room for events: they are answered 503 until delivering has made some (delivery.max_size, or the disk)'
        : 'room for events runs short: beyond delivery.max_size they are answered 503';
      this.#options.log('warn', msg, { bytes: store.bytes, percent: Math.round(used * 100) });
    } else if (this.#short && !full && used < ENOUGH) {
      this.#short = false;
      this.#options.log('info', 'there is room for events again', { percent: Math.round(used * 100) });
    }
  }

  #prune(): void {
    if (this.#store === undefined || this.#broken !== undefined) return;
    try {
      this.#store.prune();
      const oldest = Date.now() - this.#gateway.delivery.maxAge;
      this.#withdrawals?.prune(oldest);
      forgetAside(this.#options.dir, oldest);
    } catch (error) {
      this.#hurt(error);
    }
  }

  #every(ms: number, call: () => void): void {
    this.#timers.push(setInterval(call, ms).unref());
  }

  /** Only the system's own code of an error: a message may hold a path or more. */
  #say(msg: string, error: unknown): void {
    const code = error instanceof Error && 'errcode' in error ? `sqlite ${String(error.errcode)}` : 'failed';
    this.#options.log('error', msg, { code });
  }
}

const NOTHING_LEFT: ReturnType<typeof rescueFromWal> = { rows: new Map(), dead: new Map(), damaged: false };

const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

function isBusy(error: unknown): boolean {
  return primaryCode(error) === SQLITE_BUSY;
}

function isDamage(error: unknown): boolean {
  if (error instanceof StoreDamaged) return true;
  // A number that node:sqlite cannot give: none was written that is so large.
  if (error instanceof RangeError && 'code' in error && error.code === 'ERR_OUT_OF_RANGE') return true;
  const primary = primaryCode(error);
  return primary === SQLITE_CORRUPT || primary === SQLITE_NOTADB;
}

/** SQLite's code of an error, without what it says beyond its kind. */
function primaryCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}
