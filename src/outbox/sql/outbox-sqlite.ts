import type { DatabaseSync } from 'node:sqlite';
import { showReason, type DeadReason } from '../../core/reason.ts';
import { NOT_TAKEN, type Awaiting, type Page, type QueuedRecord, type RowOutcome } from '../../delivery/store.ts';
import type { DeadLetters } from '../dead-letters.ts';
import type { OutboxStore } from '../engine.ts';
import { Checkpoints } from './checkpoints.ts';
import { CommitUnwanted, Work, type Append, type Committed, type UnwrittenEnd } from '../commit.ts';
import { SqliteDeadLetters } from './dead-letters.ts';
import { Marks } from './marks.ts';
import { openDatabase, waitingFor, type Statements } from './open-database.ts';
import type { Rescued } from './outbox-salvage.ts';
import { PAGE_SIZE } from './outbox-schema.ts';
import { Room } from './room.ts';
import { Routes } from './routes.ts';
import { Purge } from './purge.ts';
import { Queue } from './queue.ts';
import { RECORD_BYTES, Records } from './records.ts';
import { RecordWriter } from './record-writer.ts';
import { restoreRecords } from './restore-records.ts';
import { Sites } from './sites.ts';
import type { StorePolicy } from '../store-policy.ts';
import { Pieces } from './pieces.ts';
import { partsOf, type StoredRecord } from '../record.ts';
import { SubjectIndex } from './subject-index.ts';
import type { WithdrawalLog } from './withdrawal-log.ts';
import { Withdrawn } from './withdrawn.ts';

/** Waiting time for another writing process while nothing can be stored, milliseconds. It is short, so that callers get an answer soon. */
const BUSY_PROBE_MS = 50;
/** About how many bytes a transaction writes beside its records. */
const COMMIT_BYTES = 4 * PAGE_SIZE;

/**
 * The durable queue: one SQLite file, one connection that writes. One transaction, so one flush, serves many callers
 * (design 2).
 */
export class SqliteOutbox implements OutboxStore {
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  readonly #routes: Routes;
  readonly #subjects: SubjectIndex;
  readonly #marks: Marks;
  readonly #sites: Sites;
  readonly #queue: Queue;
  readonly #records: Records;
  readonly #deadLetters: SqliteDeadLetters;
  readonly #purge: Purge;
  readonly #writer: RecordWriter;
  readonly #room: Room;
  readonly #checkpoints: Checkpoints;
  readonly #log: WithdrawalLog;
  readonly #withdrawn: Withdrawn;
  readonly #policy: () => StorePolicy;
  readonly #now: () => number;
  #ends: UnwrittenEnd[] = [];
  readonly #pieces = new Pieces();
  /** The number of the last withdrawal in the record that is carried out here. */
  #applied: number;
  #flushes = true;
  #dataVersion: number;

  /** @throws the errors of node:sqlite when the file cannot be opened, made or read. */
  constructor(file: string, log: WithdrawalLog, policy: () => StorePolicy, now: () => number) {
    this.#policy = policy;
    this.#log = log;
    this.#now = now;
    this.#withdrawn = new Withdrawn(log, policy, now);
    const { db, sql, damaged } = openDatabase(file);

    this.#db = db;
    this.#sql = sql;
    try {
      const subjects = new SubjectIndex(db);
      const marks = new Marks(db);
      const routes = new Routes(sql);
      const checkpoints = new Checkpoints(db, sql);
      const room = new Room({ file, sql, marks, log, policy, copyLog: () => checkpoints.copyLog() });
      const sites = new Sites(sql);
      const beside = { sql, sites, routes, subjects, marks, room, checkpoints, now };
      this.#records = new Records(beside);
      this.#writer = new RecordWriter(this.#records, this.#withdrawn, beside);
      this.#sites = sites;
      this.#subjects = subjects;
      this.#marks = marks;
      this.#routes = routes;
      this.#checkpoints = checkpoints;
      this.#room = room;
      const meta = sql.getApplied.get() as { value: number } | undefined;
      // A number beyond the log belongs to a log that no longer exists: all withdrawals of this log are carried out.
      this.#applied = meta !== undefined && meta.value <= log.latest ? meta.value : 0;
      this.#dataVersion = (sql.dataVersion.get() as { data_version: number }).data_version;
      this.#queue = new Queue(beside, new Map(damaged > 0 ? [['', damaged]] : []));
      this.#purge = new Purge(this.#records, subjects, policy, now);
      this.#deadLetters = new SqliteDeadLetters(this.#records, beside);
      this.measureRoom();
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** Events that wait, for each of their routes, and dead letters. */
  get pending(): number {
    return this.#routes.pending;
  }

  /** Bytes in use. Free pages inside the file do not count, and marks have a limit of their own. */
  get bytes(): number {
    return this.#room.bytes;
  }

  get full(): boolean {
    return this.#room.cramped || this.#room.used >= 1;
  }

  /** The share of `maxSize` that is in use, the record of withdrawals included. */
  get used(): number {
    return this.#room.used;
  }

  /** Measures whether there is room: on the disk, or in the file, which never shrinks. */
  measureRoom(): void {
    this.#room.measure();
  }

  /** Ends that wait for the next transaction. */
  get unwritten(): number {
    return this.#ends.length + this.#queue.spoilt.size;
  }

  /** Routes with events in the queue. */
  get routes(): Iterable<string> {
    return this.#routes.waiting;
  }

  /** Records that could not be read, by site. */
  get damaged(): ReadonlyMap<string, number> {
    return this.#queue.damaged;
  }

  read(route: string, after: number, limit: number): Page {
    return this.#queue.read(route, after, limit);
  }

  settle(route: string, id: number, outcome: RowOutcome, read?: QueuedRecord): void {
    const last = read?.alone === true ? (read.stored as StoredRecord | undefined) : undefined;
    this.#ends.push({ id, route, unmark: NOT_TAKEN.has(outcome), dead: undefined, last });
  }

  bury(route: string, id: number, reason: DeadReason): void {
    this.#ends.push({ id, route, unmark: false, dead: showReason(reason) });
  }

  hold(route: string, id: number, awaiting: Awaiting): void {
    this.#ends.push({ id, route, unmark: false, dead: undefined, awaiting });
  }

  /**
   * Writes waiting ends and withdrawals, and these appends, in one transaction. When it throws, nothing of it is on
   * disk, and ends are kept for the next time. `wanted` is called just before the transaction becomes durable. The
   * caller checks whether there is room for records (`full`); a withdrawal needs none.
   * @throws CommitUnwanted when the transaction is no longer wanted
   */
  commit(appends: readonly Append[], wanted: () => boolean = () => true): Committed {
    this.#flushToDisk(appends.length > 0);
    const work = new Work();
    const own = this.#withdrawn.record(appends, this.#applied);
    const most = this.#most();
    const ends = this.#ends.slice(0, most);
    this.#applied = this.#transaction(() => {
      this.#writeEnds(ends);
      for (const append of appends) this.#write(append, work);
      const last = this.#applyLog(own, work);
      for (const route of this.#deadLetters.reopenMarked(work, most)) this.#queue.lost(route);
      this.#log.add(work.found);
      if (!wanted()) throw new CommitUnwanted('given up while it was being written');
      return last;
    });
    this.#noteEnds(work);
    if (this.#queue.spoilt.size > 0) this.#queue.spoiltDeleted();
    if (most < Infinity) this.#checkpoints.copyLog();
    this.#ends = this.#ends.slice(ends.length);
    this.#withdrawn.trim(this.#room.logLimit, (key) => this.#subjects.find(key).length > 0);
    return work;
  }

  #most(): number {
    return this.#pieces.most(this.#room.cramped, performance.now());
  }

  /** The ends of one event on several routes are written together. */
  #writeEnds(ends: readonly UnwrittenEnd[]): void {
    const byRecord = new Map<number, Map<string, UnwrittenEnd>>();
    for (const end of ends) {
      if (end.last !== undefined) {
        const [only] = end.last.routes;
        if (this.#records.remove(end.last) && end.unmark && only !== undefined)
          this.#records.unmark(only.mark, end.route);
        continue;
      }
      const { name } = partsOf(end.route);
      if (end.awaiting !== undefined) this.#records.hold(end.id, name, end.awaiting);
      else if (end.dead !== undefined) this.#records.bury(end.id, name, end.dead);
      else {
        const own = byRecord.get(end.id);
        if (own === undefined) byRecord.set(end.id, new Map([[name, end]]));
        else own.set(name, end);
      }
    }
    for (const [id, own] of byRecord) {
      for (const { name, mark } of this.#records.take(id, new Set(own.keys()))) {
        const end = own.get(name);
        if (end?.unmark === true) this.#records.unmark(mark, end.route);
      }
    }
    for (const id of this.#queue.spoilt) this.#records.deleteDamaged(id);
  }

  /** Hands over the ends that are not yet written, when another connection takes the place of this one. */
  takeUnwritten(): readonly UnwrittenEnd[] {
    return this.#ends.splice(0);
  }

  /** Takes the place of another connection of this process: takes its ends, and uses none of its ids. */
  inherit(before: OutboxStore): void {
    this.#ends.push(...before.takeUnwritten());
    if (before instanceof SqliteOutbox) this.#sites.goOnAfter(before.#sites);
  }

  /** Writes a small value, to see whether writing works. It empties the log first, which may fill the disk. */
  probe(): void {
    waitingFor(this.#db, BUSY_PROBE_MS, () => {
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      this.#sql.setApplied.run(this.#applied);
    });
  }

  /**
   * Copies a long write-ahead log back into the file. To be called after a commit's answers are given: SQLite would do
   * it before, and every caller would wait for it.
   */
  tidy(): void {
    this.#checkpoints.tidy();
  }

  /** Makes deleted data unreadable, when this is due; `now` in monotonic milliseconds. */
  erase(now: number): void {
    this.#checkpoints.erase(now);
  }

  readonly dead: DeadLetters = {
    list: (which = {}, limit = 100) => this.#deadLetters.list(which, limit),
    retry: (which = {}) => this.#transaction(() => this.#deadLetters.ask(which)),
    purge: (which = {}) => {
      const gone = this.#transaction(() => this.#deadLetters.purge(which));
      if (gone > 0) this.#checkpoints.ended();
      return gone;
    },
  };

  /** Whether the record of withdrawals has an entry that must be written without further delay. */
  get unrecorded(): boolean {
    return this.#log.lateIsDue;
  }

  /** Whether another process has written: marked or purged dead letters, or a withdrawal in another outbox. */
  changedElsewhere(): boolean {
    const { data_version: version } = this.#sql.dataVersion.get() as { data_version: number };
    if (version !== this.#dataVersion) {
      this.#dataVersion = version;
      this.#routes.countDead();
      this.#checkpoints.ended();
      return true;
    }
    return this.withdrawnElsewhere();
  }

  /** Whether another process has a withdrawal that is not carried out here yet. Asked before each request. */
  withdrawnElsewhere(): boolean {
    return this.#log.latest > this.#applied;
  }

  /** Deletes marks and dead letters whose time is over. */
  prune(): void {
    const now = this.#now();
    this.#transaction(() => {
      this.#marks.prune(now);
      const old = this.#deadLetters.deleteOld(now - this.#policy().deadLetters, this.#most());
      if (old > 0) this.#checkpoints.ended();
    });
  }

  /** Events waiting, dead letters and age of the oldest event, by route. */
  queues(): ReturnType<Routes['queues']> {
    return this.#routes.queues(this.#now(), (route) => this.#queue.firstOf(route));
  }

  /**
   * Puts back what was rescued from a damaged file: no record that is in the file, and none that was withdrawn. Returns
   * how many.
   */
  restore(rescued: Rescued): number {
    const policy = this.#policy();
    const left = (record: StoredRecord): StoredRecord['routes'] => this.#withdrawn.left(record, policy);
    return this.#transaction(() => restoreRecords(rescued, this.#records, this.#sites, left));
  }

  close(): void {
    // An empty write-ahead log: no delivered event stays in it.
    try {
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      this.#db.close();
    }
  }

  /** Closes without writing anything: another connection has taken over. */
  abandon(): void {
    this.#db.close();
  }

  /**
   * Whether the next transactions wait until they are on the disk itself. Accepted events and withdrawals do. Ends do
   * not: the next flush writes them too, and if the machine fails before it, their events are sent once more.
   */
  #flushToDisk(flush: boolean): void {
    if (flush === this.#flushes) return;
    this.#db.exec(`PRAGMA synchronous = ${flush ? 'FULL' : 'NORMAL'}`);
    this.#flushes = flush;
  }

  /** All of `body` takes effect, or nothing: on disk, and in the values that memory keeps beside it. */
  #transaction<T>(body: () => T): T {
    this.#routes.begin();
    this.#sql.begin.run();
    let result: T;
    let size: ReturnType<Room['sizeIfDue']>;
    try {
      result = body();
      this.#marks.write(this.#now());
      this.#marks.giveUp(this.#room.short);
      this.#checkpoints.wrote(COMMIT_BYTES + this.#subjects.spill(this.#most()) * RECORD_BYTES);
      size = this.#room.sizeIfDue();
      this.#sql.commit.run();
    } catch (error) {
      this.#routes.rolledBack();
      this.#subjects.rolledBack();
      this.#marks.rolledBack();
      this.#sites.rolledBack();
      this.#records.rolledBack();
      if (!(error instanceof CommitUnwanted)) this.#pieces.failed(performance.now());
      // After some errors SQLite has rolled back by itself.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
    this.#subjects.committed();
    this.#marks.committed();
    this.#routes.committed();
    this.#sites.committed();
    this.#room.committed(size);
    return result;
  }

  #write({ records, withdrawals }: Append, work: Work): void {
    const policy = this.#policy();
    work.results.push(this.#writer.write(records, policy, work));
    for (const withdrawal of withdrawals) {
      const tombstone = this.#withdrawn.tombstoneOf(withdrawal);
      if (tombstone === undefined) continue;
      const found = this.#purge.carryOut(tombstone, work);
      if (found && !policy.remembers(withdrawal.site)) work.found.push(tombstone);
    }
  }

  #noteEnds({ purged, purgedDead }: Work): void {
    if (this.#ends.length > 0 || this.#queue.spoilt.size > 0) this.#checkpoints.ended();
    if (purged.length > 0 || purgedDead.size > 0) this.#checkpoints.withdrawn();
  }

  /** Carries out the withdrawals that other processes have logged; `own` ones are carried out in their order. */
  #applyLog(own: ReadonlySet<number>, work: Work): number {
    let applied = this.#applied;
    // If no other process writes to the log, it need not be looked at.
    const latest = this.#policy().shared ? this.#log.latest : this.#log.known;
    if (latest > applied) {
      for (const { seq, ...tombstone } of this.#log.after(applied)) {
        if (!own.has(seq)) this.#purge.carryOut(tombstone, work);
        applied = seq;
      }
      this.#sql.setApplied.run(applied);
    }
    return applied;
  }
}
