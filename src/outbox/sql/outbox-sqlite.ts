import type { DatabaseSync } from 'node:sqlite';
import { showReason, type VendorReason } from '../../core/reason.ts';
import { NOT_TAKEN, type QueuedRow, type RowOutcome } from '../../delivery/store.ts';
import type { OutboxStore } from '../engine.ts';
import { Checkpoints } from './checkpoints.ts';
import { bump, CommitUnwanted, StoreDamaged, Work, type Append, type Committed, type Unwritten } from './commit.ts';
import { Marks } from './marks.ts';
import { openDatabase, waitingFor, type Statements } from './open-database.ts';
import type { Rescued } from './outbox-salvage.ts';
import { PAGE_SIZE, ROUTE_SPAN } from './outbox-schema.ts';
import { Room } from './room.ts';
import { Routes } from './routes.ts';
import { restoreRows } from './restore-rows.ts';
import { ROW_BYTES, Rows } from './rows.ts';
import { RowWriter } from './row-writer.ts';
import type { StorePolicy } from './store-policy.ts';
import { checksum, rowOf, SUM, type ReadColumns, type StoredRow } from './stored-row.ts';
import { parseKeys, SubjectIndex } from './subject-index.ts';
import type { Tombstone } from './tombstone.ts';
import type { WithdrawalLog } from './withdrawal-log.ts';
import { stays, Withdrawn } from './withdrawn.ts';

/** How long another process that writes is waited for while nothing can be stored, milliseconds: who asks hears it soon. */
const BUSY_PROBE_MS = 50;
/** Bytes of rows whose ends one transaction writes where room is short. */
const ENDS_AT_ONCE = 512 * 1024;
/** What a transaction writes beside its rows: about, in bytes. */
const COMMIT_BYTES = 4 * PAGE_SIZE;

/**
 * The durable queue: one SQLite file, written by one connection. Everything that is to happen is collected and happens
 * in one transaction, so that one flush to disk serves many (design 2).
 */
export class SqliteOutbox implements OutboxStore {
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  readonly #routes: Routes;
  readonly #subjects: SubjectIndex;
  readonly #marks: Marks;
  readonly #rows: Rows;
  readonly #writer: RowWriter;
  readonly #room: Room;
  readonly #checkpoints: Checkpoints;
  readonly #log: WithdrawalLog;
  readonly #withdrawn: Withdrawn;
  readonly #policy: () => StorePolicy;
  readonly #now: () => number;
  #settled: Unwritten['settled'][number][] = [];
  #buried: { readonly row: StoredRow; readonly reason: string }[] = [];
  /** The last withdrawal of the record that is carried out here. */
  #applied: number;
  #flushes = true;
  #dataVersion: number;
  /** Rows whose checksum did not match, by route; set aside, counted, not sent. */
  readonly damaged = new Map<string, number>();

  /** @throws the errors of node:sqlite when the file cannot be opened, made or read. */
  constructor(file: string, log: WithdrawalLog, policy: () => StorePolicy, now: () => number) {
    this.#policy = policy;
    this.#log = log;
    this.#now = now;
    this.#withdrawn = new Withdrawn(log, policy, now);
    const { db, sql } = openDatabase(file);
    this.#db = db;
    this.#sql = sql;
    try {
      const subjects = new SubjectIndex(db);
      const marks = new Marks(db);
      const routes = new Routes(sql);
      const checkpoints = new Checkpoints(db, sql);
      const room = new Room({ file, sql, marks, log, policy, copyLog: () => checkpoints.copyLog() });
      const beside = { sql, routes, subjects, marks, room, checkpoints, now };
      this.#rows = new Rows(beside);
      this.#writer = new RowWriter(this.#rows, this.#withdrawn, beside);
      this.#subjects = subjects;
      this.#marks = marks;
      this.#routes = routes;
      this.#checkpoints = checkpoints;
      this.#room = room;
      const meta = sql.getApplied.get() as { value: number } | undefined;
      // A number beyond the log belongs to a log that is gone: apply all of this one.
      this.#applied = meta !== undefined && meta.value <= log.latest ? meta.value : 0;
      this.#dataVersion = (sql.dataVersion.get() as { data_version: number }).data_version;
      this.measureRoom();
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** Rows and dead letters that wait. */
  get pending(): number {
    return this.#routes.pending;
  }

  /** Bytes in use; free pages inside the file do not count, and what marks take has a bound of its own. */
  get bytes(): number {
    return this.#room.bytes;
  }

  get full(): boolean {
    return this.#room.cramped || this.#room.used >= 1;
  }

  /** Part of `maxSize` that is in use, the record of withdrawals included. */
  get used(): number {
    return this.#room.used;
  }

  /** Looks whether there is room: on the disk, or in the file, which never shrinks. */
  measureRoom(): void {
    this.#room.measure();
  }

  /** Ends that wait for the next transaction. */
  get unwritten(): number {
    return this.#settled.length + this.#buried.length;
  }

  /** Routes with rows in the queue. */
  get routes(): Iterable<string> {
    return this.#routes.waiting;
  }

  read(route: string, after: number, limit: number): readonly QueuedRow[] {
    const number = this.#routes.find(route);
    if (number === undefined) return [];
    const first = number * ROUTE_SPAN;
    const rows: StoredRow[] = [];
    for (let from = Math.max(after, first); rows.length < limit; ) {
      const found = this.#sql.read.all(from, first + ROUTE_SPAN, limit - rows.length) as unknown as ReadColumns[];
      for (const columns of found) {
        const row = rowOf(columns);
        from = row.id;
        if (checksum(row.id, row) !== columns[SUM]) this.#setAside(route, row);
        else if (row.route !== route) throw new StoreDamaged('a row is not where it belongs');
        else rows.push(row);
      }
      if (found.length === 0) break;
    }
    return rows;
  }

  settle(_route: string, row: QueuedRow, outcome: RowOutcome): void {
    this.#settled.push({ row: row as StoredRow, unmark: NOT_TAKEN.has(outcome) });
  }

  bury(_route: string, row: QueuedRow, reason: VendorReason): void {
    this.#buried.push({ row: row as StoredRow, reason: showReason(reason) });
  }

  /**
   * Writes all that waits, and these appends, in one transaction. All or nothing: when it throws, nothing of it is on
   * disk, and ends are kept for the next time. `wanted` is asked last thing before it becomes durable. Whether there is
   * room for rows is for the caller to ask (`full`): a withdrawal needs none.
   * @throws CommitUnwanted when it is not wanted after all
   */
  commit(appends: readonly Append[], wanted: () => boolean = () => true): Committed {
    this.#flushToDisk(appends.length > 0);
    const work = new Work();
    const own = this.#withdrawn.record(appends, this.#applied);
    const ends = this.#endsThatFit();
    const applied = this.#transaction(() => {
      for (const { row, unmark } of ends) if (this.#rows.delete(row) && unmark) this.#rows.unmark(row.mark, row.route);
      for (const { row, reason } of this.#buried) this.#rows.moveToDead(row, reason);
      for (const append of appends) this.#write(append, work);
      const last = this.#applyLog(own, work);
      this.#reopenMarked(work);
      this.#log.add(work.found);
      if (!wanted()) throw new CommitUnwanted('given up while it was being written');
      return last;
    });
    this.#applied = applied;
    this.#noteEnds(work);
    this.#settled = this.#settled.slice(ends.length);
    this.#buried = [];
    if (this.#room.cramped) this.#checkpoints.copyLog();
    this.#withdrawn.trim(this.#room.logLimit, (key) => this.#subjects.find(key).length > 0);
    return work;
  }

  /**
   * The ends that one transaction writes. A deletion takes as much of the log as the row has bytes: where room is short,
   * so many at a time as the log has room for, and the rest with the next.
   */
  #endsThatFit(): readonly Unwritten['settled'][number][] {
    if (!this.#room.cramped) return this.#settled;
    let bytes = 0;
    const beyond = this.#settled.findIndex(({ row }, i) => (bytes += row.element.length) > ENDS_AT_ONCE && i > 0);
    return beyond === -1 ? this.#settled : this.#settled.slice(0, beyond);
  }

  /** Hands over the ends not yet written, when another connection takes this one's place. */
  takeUnwritten(): Unwritten {
    return { settled: this.#settled.splice(0), buried: this.#buried.splice(0) };
  }

  inherit(unwritten: Unwritten): void {
    this.#settled.push(...unwritten.settled);
    this.#buried.push(...unwritten.buried);
  }

  /** Writes something small, to see whether writing works. Empties the log first: on a full disk it may be in the way. */
  probe(): void {
    waitingFor(this.#db, BUSY_PROBE_MS, () => {
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      this.#sql.setApplied.run(this.#applied);
    });
  }

  /**
   * Copies the write-ahead log back into the file when it has become long. To be called after a commit's answers are
   * given: SQLite would do it before, and all who wait for that commit would wait for this too.
   */
  tidy(): void {
    this.#checkpoints.tidy();
  }

  /** Makes what has left unreadable, when it is due; `now` in monotonic milliseconds. */
  erase(now: number): void {
    this.#checkpoints.erase(now);
  }

  /** Whether the record of withdrawals has something that must not wait longer to be written. */
  get unrecorded(): boolean {
    return this.#log.lateIsDue;
  }

  /** Whether another process has written: marked or purged dead letters, or a withdrawal elsewhere. */
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

  /** Whether another process has a withdrawal that is not carried out here. Cheap enough to be asked before sending. */
  withdrawnElsewhere(): boolean {
    return this.#log.latest > this.#applied;
  }

  /** Forgets what has had its time: marks, old dead letters. */
  prune(): void {
    const now = this.#now();
    this.#transaction(() => {
      this.#marks.prune(now);
      const old = this.#sql.oldDead.all(now - this.#policy().deadLetters) as unknown as StoredRow[];
      for (const row of old) this.#rows.deleteDead(row);
      if (old.length > 0) this.#checkpoints.ended();
    });
  }

  /** Rows waiting, dead letters and age of the oldest row, by route. */
  queues(): ReturnType<Routes['queues']> {
    return this.#routes.queues(this.#now());
  }

  /**
   * Puts back what was rescued from a damaged file; what is there already stays as it is, and what was withdrawn stays
   * away: an older page may still have it. Answers with how many.
   */
  restore(rescued: Rescued): number {
    const policy = this.#policy();
    const withdrawn = (row: StoredRow): boolean => this.#withdrawn.takes(row, parseKeys(row.subjects), policy);
    return this.#transaction(() => restoreRows(rescued, this.#rows, this.#routes, withdrawn));
  }

  close(): void {
    // An empty write-ahead log: nothing of what was delivered stays in it.
    try {
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      this.#db.close();
    }
  }

  /** Closes without a last word: another connection has taken over. */
  abandon(): void {
    this.#db.close();
  }

  /**
   * Whether the next transactions wait until they are on the disk itself. What is accepted and what is withdrawn does.
   * Ends need not: when the machine fails before the next flush, they come before everything that was promised since,
   * and what they ended is sent once more. A process that dies loses none of it.
   */
  #flushToDisk(flush: boolean): void {
    if (flush === this.#flushes) return;
    this.#db.exec(`PRAGMA synchronous = ${flush ? 'FULL' : 'NORMAL'}`);
    this.#flushes = flush;
  }

  /** All of `body` or nothing: on disk, and in what is remembered beside it. */
  #transaction<T>(body: () => T): T {
    this.#routes.begin();
    this.#sql.begin.run();
    let result: T;
    let size: ReturnType<Room['sizeIfDue']>;
    try {
      result = body();
      this.#marks.write(this.#now());
      this.#marks.giveUp(this.#room.short);
      this.#checkpoints.wrote(COMMIT_BYTES + this.#subjects.spill() * ROW_BYTES);
      size = this.#room.sizeIfDue();
      this.#sql.commit.run();
    } catch (error) {
      this.#routes.rolledBack();
      this.#subjects.rolledBack();
      this.#marks.rolledBack();
      // After some errors SQLite has rolled back on its own.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
    this.#subjects.committed();
    this.#marks.committed();
    this.#routes.committed();
    this.#room.committed(size);
    return result;
  }

  #write({ rows, withdrawals }: Append, work: Work): void {
    const policy = this.#policy();
    work.results.push(this.#writer.write(rows, policy, work));
    for (const withdrawal of withdrawals) {
      const tombstone = this.#withdrawn.tombstoneOf(withdrawal);
      if (tombstone === undefined) continue;
      const found = this.#purge(tombstone, work);
      if (found && !policy.remembers(withdrawal.site)) work.found.push(tombstone);
    }
  }

  #noteEnds({ purged, purgedDead }: Work): void {
    if (this.#settled.length > 0 || this.#buried.length > 0) this.#checkpoints.ended();
    if (purged.length > 0 || purgedDead.size > 0) this.#checkpoints.withdrawn();
  }

  /** Carries out the withdrawals that other processes have logged; `own` ones are carried out in their order. */
  #applyLog(own: ReadonlySet<number>, work: Work): number {
    let applied = this.#applied;
    // Where nobody else writes to it, it need not be looked at.
    const latest = this.#policy().shared ? this.#log.latest : this.#log.known;
    if (latest > applied) {
      for (const { seq, ...tombstone } of this.#log.after(applied)) {
        if (!own.has(seq)) this.#purge(tombstone, work);
        applied = seq;
      }
      this.#sql.setApplied.run(applied);
    }
    return applied;
  }

  #purge(tombstone: Tombstone, work: Work): boolean {
    const policy = this.#policy();
    const { subject } = tombstone;
    let found = false;
    const site = policy.everybodyOf(subject);
    for (const id of site === undefined ? this.#subjects.find(subject) : this.#rows.ofSite(site, policy)) {
      const row = this.#rows.find(id);
      const dead = row === undefined ? this.#rows.findDead(id) : undefined;
      const kept = row ?? dead;
      if (kept === undefined || stays(kept, this.#withdrawn.agedAt(kept), tombstone, policy)) continue;
      found = true;
      this.#rows.unmark(kept.mark, kept.route);
      if (row !== undefined) {
        this.#rows.delete(row);
        work.purge(row.route, id);
      } else {
        this.#rows.deleteDead(kept);
        bump(work.purgedDead, kept.route, 1);
      }
    }
    return found;
  }

  /** Dead letters that a person marked go to the end of their queue, where consent is looked at again. */
  #reopenMarked(work: Work): void {
    if (!this.#routes.hasDead) return;
    for (const row of this.#sql.marked.all() as unknown as (StoredRow & { sum: number })[]) {
      this.#rows.deleteDead(row);
      if (checksum(row.id, row) !== row.sum) {
        bump(this.damaged, row.route, 1);
        continue;
      }
      const again = { ...row, id: this.#routes.nextId(row.route) };
      this.#rows.insert(again, parseKeys(row.subjects));
      work.add(again);
      bump(work.reopened, row.route, 1);
    }
  }

  #setAside(route: string, row: StoredRow): void {
    bump(this.damaged, route, 1);
    this.#settled.push({ row: { ...row, route }, unmark: true });
  }
}
