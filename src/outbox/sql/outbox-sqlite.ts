import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { showReason, type VendorReason } from '../../core/reason.ts';
import { leftTo } from '../../policy/closed-routes.ts';
import type { Stored, Withdrawal } from '../../delivery/outbox.ts';
import { NOT_TAKEN, type QueuedRow, type RowOutcome, type Store } from '../../delivery/store.ts';
import { bump, CommitUnwanted, StoreDamaged, Work, type Append, type Committed, type Unwritten } from './commit.ts';
import { schemaFrom, SCHEMA_VERSION, STATEMENTS, ROUTE_SPAN, PAGE_SIZE, makePrivate } from './outbox-schema.ts';
import type { Rescued } from './outbox-salvage.ts';
import { checksum, rowOf, SUM, valuesOf, type ReadColumns, type StoredRow } from './stored-row.ts';
import { Marks } from './marks.ts';
import type { StorePolicy } from './store-policy.ts';
import { parseKeys, SubjectIndex, subjectsText } from './subject-index.ts';
import { EVERYBODY } from '../../delivery/held-withdrawals.ts';
import { concerns, leftBy, tombstoneOf, type Tombstone } from './tombstone.ts';
import type { WithdrawalLog } from './withdrawal-log.ts';

/** How long another process that writes is waited for, milliseconds. */
const BUSY_MS = 2_000;
/** How long it is waited for while nothing can be stored: whoever asks is to hear that meanwhile, milliseconds. */
const BUSY_MENDING_MS = 50;
/** Pages of write-ahead log from which on they are copied back. */
const CHECKPOINT_PAGES = 2_000;
/**
 * Room on the disk that new events do not get, bytes: what is delivered needs it to leave the outbox, since every
 * change is first written to the log (8 MB) and then to the file. On a small disk a quarter of it.
 */
const RESERVE = 32 * 1024 * 1024;
const RESERVE_PART = 4;
/** Bytes of rows whose ends one transaction writes where room is short. */
const ENDS_AT_ONCE = 512 * 1024;
/** Bytes by which the outbox may grow before room on the disk is looked at again. */
const LOOK_EVERY = 1024 * 1024;
/** Bytes that may change before it is asked again how large the file is, and how long its log: each asking is a statement. */
const MEASURE_EVERY = 64 * 1024;
const TIDY_EVERY = 1024 * 1024;
/** What a transaction writes beside its rows, and a row beside its element: about, in bytes. */
const COMMIT_BYTES = 4 * PAGE_SIZE;
const ROW_BYTES = 300;
/** From this part of `maxSize` on it is asked each time. */
const NEARLY_FULL = 0.9;
/** The record of withdrawals may take so large a part of `maxSize`, and of the disk. */
const LOG_PART = 8;
const LOG_PART_OF_DISK = 16;
/** A row that was accepted so far ahead of the clock was there before that was set back, milliseconds. */
const AHEAD = 2_000;
/** How long what has left may still be read in the log, milliseconds: delivered, and withdrawn. */
const ERASE_ENDED = 15_000;
const ERASE_WITHDRAWN = 1_500;

/**
 * The durable queue: one SQLite file, written by one connection. Everything that is to happen is collected and happens
 * in one transaction, so that one flush to disk serves many (design 2).
 */
export class SqliteOutbox implements Store {
  readonly #db: DatabaseSync;
  readonly #sql: Readonly<Record<keyof typeof STATEMENTS, StatementSync>>;
  readonly #subjects: SubjectIndex;
  readonly #marks: Marks;
  readonly #policy: () => StorePolicy;
  readonly #log: WithdrawalLog;
  readonly #now: () => number;
  /** Route -> its number, whose rows have ids from `number * ROUTE_SPAN`. */
  readonly #routes = new Map<string, number>();
  /** Route -> last id given out. */
  readonly #lastId = new Map<string, number>();
  readonly #waiting = new Map<string, number>();
  readonly #dead = new Map<string, number>();
  #settled: Unwritten['settled'][number][] = [];
  #buried: { readonly row: StoredRow; readonly reason: string }[] = [];
  /** Routes numbered in the transaction under way. */
  #newRoutes: string[] = [];
  #applied = 0;
  #flushes = true;
  #dataVersion = 0;
  #bytes = 0;
  /** About so many bytes were written and deleted since they were counted, and since the log was looked at. */
  #changed = 0;
  #untidied = 0;
  /** `#bytes` when room was last looked at. */
  #lookedAt = 0;
  readonly #dir: string;
  readonly #file: string;
  /** Bytes of free pages inside the file. */
  #free = 0;
  /** Bytes that are missing of the room there should be; below 0 = there is more. */
  #short = 0;
  /** Room has run short. */
  #cramped = false;
  #logLimit = Infinity;
  /** Bytes of the record of withdrawals when nothing of it could go. */
  #logKept = 0;
  /** Since when the log may hold what has left, monotonic milliseconds; undefined = it does not. */
  #endedSince: number | undefined = -Infinity;
  #withdrawnSince: number | undefined;
  /** Rows whose checksum did not match, by route; set aside, counted, not sent. */
  readonly damaged = new Map<string, number>();

  /** @throws the errors of node:sqlite when the file cannot be opened, made or read. */
  constructor(file: string, log: WithdrawalLog, policy: () => StorePolicy, now: () => number) {
    this.#policy = policy;
    this.#log = log;
    this.#now = now;
    this.#dir = dirname(file);
    this.#file = file;
    makePrivate(file);
    this.#db = new DatabaseSync(file, { timeout: BUSY_MS });
    try {
      this.#db.exec(`PRAGMA page_size = ${PAGE_SIZE}`);
      this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON');
      this.#db.exec('PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -16384');
      const { user_version: version } = this.#db.prepare('PRAGMA user_version').get() as { user_version: number };
      if (version < 0 || version > SCHEMA_VERSION) {
        throw new Error(`the outbox was written by another version (${version}, this one writes ${SCHEMA_VERSION})`);
      }
      const { quick_check: found } = this.#db.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
      if (found !== 'ok') throw new StoreDamaged('the outbox is damaged');
      this.#db.exec(schemaFrom(version));
      // The quick check leaves indexes out, and the numbers of routes are read from one: rows lie where these say.
      const { integrity_check: routes } = this.#db.prepare('PRAGMA integrity_check(routes)').get() as {
        integrity_check: string;
      };
      if (routes !== 'ok') throw new StoreDamaged('the outbox is damaged');
      this.#sql = Object.fromEntries(
        Object.entries(STATEMENTS).map(([name, text]) => [name, this.#db.prepare(text)]),
      ) as Record<keyof typeof STATEMENTS, StatementSync>;
      this.#sql.read.setReturnArrays(true);
      this.#subjects = new SubjectIndex(this.#db);
      this.#marks = new Marks(this.#db);
      this.#load();
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** Rows and dead letters that wait. */
  get pending(): number {
    let sum = 0;
    for (const n of this.#waiting.values()) sum += n;
    for (const n of this.#dead.values()) sum += n;
    return sum;
  }

  /** Bytes in use; free pages inside the file do not count, and what marks take has a bound of its own. */
  get bytes(): number {
    return this.#bytes;
  }

  get full(): boolean {
    return this.#cramped || this.used >= 1;
  }

  /** Part of `maxSize` that is in use, the record of withdrawals included. */
  get used(): number {
    return (this.#bytes + this.#log.bytes) / this.#policy().maxSize;
  }

  /** Looks whether there is room: on the disk, or in the file, which never shrinks. */
  measureRoom(): void {
    const { bavail, blocks, bsize } = statfsSync(this.#dir);
    const disk = blocks * bsize;
    // What stands in the log only will need its place in the file as well.
    const size = this.#size();
    this.#counted(size);
    this.#lookedAt = this.#bytes;
    const growth = Math.max(0, size.pages * PAGE_SIZE - statSync(this.#file).size);
    this.#short = Math.min(RESERVE, disk / RESERVE_PART) + growth - bavail * bsize - this.#free;
    // Marks make room before an event is refused for want of it.
    this.#cramped = this.#short > this.#marks.bytes;
    // Copied while there is room for it: over a log that is copied, the deletions that make room can be written.
    if (this.#cramped && growth > 0) this.#copyLog();
    this.#logLimit = Math.min(this.#policy().maxSize / LOG_PART, disk / LOG_PART_OF_DISK);
  }

  /** Ends that wait for the next transaction. */
  get unwritten(): number {
    return this.#settled.length + this.#buried.length;
  }

  /** Routes with rows in the queue. */
  get routes(): Iterable<string> {
    return this.#waiting.keys();
  }

  read(route: string, after: number, limit: number): readonly QueuedRow[] {
    const number = this.#routes.get(route);
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
    const own = this.#remember(this.#tombstonesOf(appends));
    const ends = this.#endsThatFit();
    const applied = this.#transaction(() => {
      for (const { row, unmark } of ends) if (this.#delete(row) && unmark) this.#unmark(row.mark, row.route);
      for (const { row, reason } of this.#buried) this.#moveToDead(row, reason);
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
    if (this.#cramped) this.#copyLog();
    this.#boundLog();
    return work;
  }

  /**
   * The ends that one transaction writes. A deletion takes as much of the log as the row has bytes: where room is short,
   * so many at a time as the log has room for, and the rest with the next.
   */
  #endsThatFit(): readonly Unwritten['settled'][number][] {
    if (!this.#cramped) return this.#settled;
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
    this.#waitingFor(BUSY_MENDING_MS, () => {
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      this.#sql.setApplied.run(this.#applied);
    });
  }

  /** Does something for which another process that writes is waited for only so long, milliseconds. */
  #waitingFor(ms: number, body: () => void): void {
    this.#db.exec(`PRAGMA busy_timeout = ${ms}`);
    try {
      body();
    } finally {
      this.#db.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    }
  }

  #copyLog(): void {
    try {
      this.#sql.checkpoint.get();
    } catch {
      // The log keeps everything. Whether the disk still takes more is for the next commit to find out.
    }
  }

  /**
   * Copies the log back into the file when it has become long. To be called after a commit's answers are given: SQLite
   * would do it before, and all who wait for that commit would wait for this too.
   */
  tidy(): void {
    if (this.#untidied < TIDY_EVERY) return;
    this.#untidied = 0;
    try {
      const { log, checkpointed } = this.#sql.logLength.get() as { log: number; checkpointed: number };
      if (log - checkpointed >= CHECKPOINT_PAGES) this.#copyLog();
    } catch {
      // How long it is can be asked again.
    }
  }

  /**
   * Makes what has left unreadable: copies the log back, over which deleted rows are zeros, and cuts it to nothing. Done
   * when it is due, not with every commit.
   */
  erase(now: number): void {
    const withdrawn = this.#withdrawnSince !== undefined && now - this.#withdrawnSince >= ERASE_WITHDRAWN;
    const ended = this.#endedSince !== undefined && now - this.#endedSince >= ERASE_ENDED;
    if (!withdrawn && !ended) return;
    try {
      // Somebody who reads just now is not waited for: the next look comes soon.
      this.#waitingFor(0, () => {
        const { busy } = this.#sql.truncate.get() as { busy: number };
        if (busy === 0) this.#withdrawnSince = this.#endedSince = undefined;
      });
    } catch {
      // Nothing is lost by it. Where the disk takes nothing more, the next commit finds out.
    }
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
      this.#countDead();
      this.#endedSince ??= performance.now();
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
      for (const row of old) this.#deleteDead(row);
      if (old.length > 0) this.#endedSince ??= performance.now();
    });
  }

  /** Rows waiting, dead letters and age of the oldest row, by route. */
  queues(): Record<string, { waiting: number; dead: number; oldestMs: number }> {
    const queues: Record<string, { waiting: number; dead: number; oldestMs: number }> = {};
    for (const [route, number] of this.#routes) {
      const waiting = this.#waiting.get(route) ?? 0;
      const dead = this.#dead.get(route) ?? 0;
      if (waiting === 0 && dead === 0) continue;
      const first = number * ROUTE_SPAN;
      const oldest = this.#sql.oldest.get(first, first + ROUTE_SPAN) as { accepted: number } | undefined;
      queues[route] = {
        waiting,
        dead,
        oldestMs: oldest === undefined ? 0 : Math.max(0, this.#now() - oldest.accepted),
      };
    }
    return queues;
  }

  /**
   * Puts back what was rescued from a damaged file; what is there already stays as it is, and what was withdrawn stays
   * away: an older page may still have it. Answers with how many.
   */
  restore({ rows, dead }: Rescued): number {
    const policy = this.#policy();
    const withdrawn = (row: StoredRow): boolean => this.#withdrawnBefore(row, parseKeys(row.subjects), policy);
    return this.#transaction(() => {
      let restored = 0;
      for (const row of rows.values()) {
        if (this.#sql.byId.get(row.id) !== undefined || this.#sql.deadById.get(row.id) !== undefined) continue;
        if (withdrawn(row)) continue;
        this.#insert(this.#inPlace(row), parseKeys(row.subjects));
        this.#mark(row);
        restored++;
      }
      for (const { row: found, died, reason } of dead.values()) {
        if (this.#sql.deadById.get(found.id) !== undefined || withdrawn(found)) continue;
        const row = this.#inPlace(found);
        const stillQueued = this.#sql.byId.get(row.id) as StoredRow | undefined;
        if (stillQueued !== undefined) this.#delete(stillQueued);
        this.#claimId(row);
        this.#sql.insertDead.run(...valuesOf(row), died, reason);
        this.#subjects.add(row.id, parseKeys(row.subjects));
        bump(this.#dead, row.route, 1);
        this.#mark(row);
        restored++;
      }
      return restored;
    });
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
    const counts = { waiting: new Map(this.#waiting), dead: new Map(this.#dead) };
    this.#sql.begin.run();
    let result: T;
    let size: Size | undefined;
    try {
      result = body();
      this.#marks.write(this.#now());
      this.#marks.giveUp(this.#short);
      this.#untidied += COMMIT_BYTES + this.#subjects.spill() * ROW_BYTES;
      // Inside the transaction, where nothing has to be locked for it.
      if (this.#changed >= MEASURE_EVERY || this.used >= NEARLY_FULL) size = this.#size();
      this.#sql.commit.run();
    } catch (error) {
      restore(this.#waiting, counts.waiting);
      restore(this.#dead, counts.dead);
      for (const route of this.#newRoutes) {
        this.#routes.delete(route);
        this.#lastId.delete(route);
      }
      this.#newRoutes = [];
      this.#subjects.rolledBack();
      this.#marks.rolledBack();
      // After some errors SQLite has rolled back on its own.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
    this.#subjects.committed();
    this.#marks.committed();
    // Looked at again within the second.
    this.#short = 0;
    this.#newRoutes = [];
    if (size !== undefined) this.#measured(size);
    return result;
  }

  #load(): void {
    for (const { n, key, indexed } of this.#sql.allRoutes.all() as { n: number; key: string; indexed: number }[]) {
      this.#routes.set(key, n);
      const span = [n * ROUTE_SPAN, (n + 1) * ROUTE_SPAN] as const;
      const { last } = this.#sql.lastId.get(...span, ...span) as { last: number | null };
      // Rows up to `indexed` count as being in the index of subjects: a new one must not have such an id.
      this.#lastId.set(key, Math.max(last ?? 0, indexed, n * ROUTE_SPAN));
      const { waiting } = this.#sql.countRows.get(...span) as { waiting: number };
      if (waiting > 0) this.#waiting.set(key, waiting);
    }
    this.#countDead();
    const meta = this.#sql.getApplied.get() as { value: number } | undefined;
    // A number beyond the log belongs to a log that is gone: apply all of this one.
    this.#applied = meta !== undefined && meta.value <= this.#log.latest ? meta.value : 0;
    this.#dataVersion = (this.#sql.dataVersion.get() as { data_version: number }).data_version;
    this.measureRoom();
  }

  #countDead(): void {
    this.#dead.clear();
    for (const { route, n } of this.#sql.countDead.all() as { route: string; n: number }[]) this.#dead.set(route, n);
  }

  #size(): Size {
    const { page_count: pages } = this.#sql.pageCount.get() as { page_count: number };
    const { freelist_count: free } = this.#sql.freeCount.get() as { freelist_count: number };
    return { pages, free };
  }

  #measured(size: Size): void {
    this.#counted(size);
    if (this.#bytes >= this.#lookedAt + LOOK_EVERY) this.measureRoom();
  }

  #counted({ pages, free }: Size): void {
    this.#changed = 0;
    this.#free = free * PAGE_SIZE;
    this.#bytes = Math.max(0, (pages - free) * PAGE_SIZE - this.#marks.bytes);
  }

  #hasChanged({ element }: StoredRow): void {
    this.#changed += element.length + ROW_BYTES;
    this.#untidied += element.length + ROW_BYTES;
  }

  #write(append: Append, work: Work): void {
    const policy = this.#policy();
    const results: Stored[] = [];
    work.results.push(results);
    let whose: readonly string[] | undefined;
    let whoseSite = '';
    let keys: readonly number[] = [];
    let group: number | undefined;
    let subjects = '';
    let marked = '';
    let markedSite = '';
    let mark = 0;
    let tombstones = NO_TOMBSTONES;
    for (const [i, row] of append.rows.entries()) {
      const site = policy.siteOf(row.route);
      if (site === undefined) throw new Error('a row of a route that is not configured');
      // So have they one mark, or none.
      if (row.mark !== marked || site !== markedSite) {
        marked = row.mark;
        markedSite = site;
        mark = marked === '' ? 0 : (policy.subjectKey(site, `mark|${marked}`) as number);
      }
      if (mark !== 0 && !this.#marks.claim(mark, this.#number(row.route), row.lasting, this.#now())) {
        results.push('duplicate');
        continue;
      }
      // One event's rows have one list of subjects between them.
      if (row.subjects !== whose || site !== whoseSite) {
        whose = row.subjects;
        whoseSite = site;
        keys = [...new Set(whose.map((subject) => policy.subjectKey(site, subject) as number))];
        group = append.rows[i + 1]?.subjects === whose ? this.#subjects.newGroup() : undefined;
        subjects = subjectsText(keys, group);
        tombstones = keys.length === 0 ? NO_TOMBSTONES : this.#tombstonesSince(keys, site, row.decidedAt, policy);
      }
      const id = this.#nextId(row.route);
      results.push('stored');
      // A hit may reach one process just after its visitor's withdrawal has reached another, and a back end may be late.
      if (tombstones.some((tombstone) => !stays(row, row.decidedAt, tombstone, policy))) {
        this.#unmark(mark, row.route);
        work.purged.push({ route: row.route, id });
        continue;
      }
      const { route, acceptedAt, expiresAt, signals, fields, envelope, element } = row;
      const stored: StoredRow = {
        id,
        route,
        event: '',
        acceptedAt,
        expiresAt,
        policy: row.policy,
        signals,
        fields,
        subjects,
        envelope,
        element,
        mark,
      };
      this.#insert(stored, keys, group);
      work.add(stored);
    }
    for (const withdrawal of append.withdrawals) {
      const tombstone = this.#tombstoneOf(withdrawal);
      if (tombstone === undefined) continue;
      const found = this.#purge(tombstone, work);
      if (found && !policy.remembers(withdrawal.site)) work.found.push(tombstone);
    }
  }

  #insert(row: StoredRow, keys: readonly number[], group?: number): void {
    this.#claimId(row);
    this.#sql.insert.run(...valuesOf(row));
    this.#subjects.add(row.id, keys, group);
    this.#hasChanged(row);
    bump(this.#waiting, row.route, 1);
  }

  /** A rescued row: whether its event was a conversion is not known any more. */
  #mark({ mark, route }: StoredRow): void {
    if (mark !== 0) this.#marks.claim(mark, this.#number(route), true, this.#now());
  }

  /** The row's event did not reach the route: one with the same mark may. */
  #unmark(mark: number, route: string): void {
    if (mark !== 0) this.#marks.forget(mark, this.#number(route), this.#now());
  }

  #number(route: string): number {
    let number = this.#routes.get(route);
    if (number === undefined) {
      number = Number(this.#sql.newRoute.run(route).lastInsertRowid);
      this.#routes.set(route, number);
      this.#newRoutes.push(route);
    }
    return number;
  }

  /** A rescued row keeps its id if its route has the same number here as where it comes from. */
  #inPlace(row: StoredRow): StoredRow {
    const number = this.#number(row.route);
    if (Math.floor(row.id / ROUTE_SPAN) === number) return row;
    return { ...row, id: number * ROUTE_SPAN + (row.id % ROUTE_SPAN) };
  }

  /** No later row of the route gets this id, or a smaller one. */
  #claimId({ route, id }: StoredRow): void {
    const last = this.#lastId.get(route) ?? this.#number(route) * ROUTE_SPAN;
    this.#lastId.set(route, Math.max(last, id));
  }

  #nextId(route: string): number {
    const id = (this.#lastId.get(route) ?? this.#number(route) * ROUTE_SPAN) + 1;
    this.#lastId.set(route, id);
    return id;
  }

  /** What was withdrawn by one of these subjects no earlier than `since`, unix milliseconds. */
  #tombstonesSince(keys: readonly number[], site: string, since: number, policy: StorePolicy): readonly Tombstone[] {
    if (since > this.#log.latestAt) return NO_TOMBSTONES;
    const everybody = policy.subjectKey(site, EVERYBODY);
    const found = [...keys, ...(everybody === undefined ? [] : [everybody])].map((key) => this.#log.of(key));
    return found.filter((tombstone) => tombstone !== undefined);
  }

  /** A rescued row may be one that its visitor has withdrawn: an older page may still have it. */
  #withdrawnBefore(row: StoredRow, keys: readonly number[], policy: StorePolicy): boolean {
    const site = policy.siteOf(row.route);
    if (site === undefined || keys.length === 0) return false;
    const at = this.#agedAt(row);
    const tombstones = this.#tombstonesSince(keys, site, at, policy);
    return tombstones.some((tombstone) => !stays(row, at, tombstone, policy));
  }

  #tombstoneOf(withdrawal: Withdrawal): Tombstone | undefined {
    const key = this.#policy().subjectKey(withdrawal.site, withdrawal.subject);
    return key === undefined ? undefined : tombstoneOf(key, withdrawal);
  }

  #tombstonesOf(appends: readonly Append[]): Tombstone[] {
    const policy = this.#policy();
    return appends
      .flatMap(({ withdrawals }) => withdrawals)
      .filter(({ site }) => policy.remembers(site))
      .map((withdrawal) => this.#tombstoneOf(withdrawal))
      .filter((tombstone) => tombstone !== undefined);
  }

  /** Other processes have to hear of each withdrawal at once; a back end that may be late is not in such a hurry. */
  #remember(tombstones: readonly Tombstone[]): ReadonlySet<number> {
    return this.#policy().shared
      ? this.#log.add(tombstones, this.#applied)
      : this.#log.addLate(tombstones, this.#applied);
  }

  /**
   * The record of withdrawals has a bound; entries that have a record here are the last to go. Where all have one, it is
   * not looked through again before it has grown.
   */
  #boundLog(): void {
    if (this.#log.bytes <= Math.max(this.#logLimit, this.#logKept * 1.1)) return;
    try {
      const within = this.#log.trim(this.#logLimit * 0.9, (key) => this.#subjects.find(key).length > 0);
      this.#logKept = within ? 0 : this.#log.bytes;
    } catch {
      // What was committed is safe. It is tried again after the next commit.
    }
  }

  #noteEnds({ purged, purgedDead }: Work): void {
    if (this.#settled.length > 0 || this.#buried.length > 0) this.#endedSince ??= performance.now();
    if (purged.length > 0 || purgedDead.size > 0) this.#withdrawnSince ??= performance.now();
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
    for (const id of site === undefined ? this.#subjects.find(subject) : this.#idsOf(site, policy)) {
      const row = this.#sql.byId.get(id) as StoredRow | undefined;
      const dead = row === undefined ? (this.#sql.deadById.get(id) as StoredRow | undefined) : undefined;
      const kept = row ?? dead;
      if (kept === undefined || stays(kept, this.#agedAt(kept), tombstone, policy)) continue;
      found = true;
      this.#unmark(kept.mark, kept.route);
      if (row !== undefined) {
        this.#delete(row);
        work.purge(row.route, id);
      } else {
        this.#deleteDead(kept);
        bump(work.purgedDead, kept.route, 1);
      }
    }
    return found;
  }

  /** When a row was accepted. What is from the future is older than the day on which the clock was set back. */
  #agedAt({ acceptedAt }: StoredRow): number {
    return acceptedAt > this.#now() + AHEAD ? 0 : acceptedAt;
  }

  /** Rows and dead letters of a site that belong to somebody. */
  #idsOf(site: string, policy: StorePolicy): number[] {
    const all = this.#sql.withSubjects.all() as { id: number; route: string }[];
    return all.filter(({ route }) => policy.siteOf(route) === site).map(({ id }) => id);
  }

  /** False if it has gone already. */
  #delete(row: StoredRow): boolean {
    if (this.#sql.deleteRow.run(row.id).changes === 0) return false;
    this.#subjects.remove(row.id, row.subjects);
    this.#hasChanged(row);
    bump(this.#waiting, row.route, -1);
    return true;
  }

  #deleteDead(row: StoredRow): void {
    if (this.#sql.deleteDead.run(row.id).changes === 0) return;
    this.#subjects.remove(row.id, row.subjects);
    this.#hasChanged(row);
    bump(this.#dead, row.route, -1);
  }

  /** Its subjects stay: they point to the same id. */
  #moveToDead(row: StoredRow, reason: string): void {
    if (this.#sql.copyToDead.run(this.#now(), reason, row.id).changes === 0) return;
    this.#sql.deleteRow.run(row.id);
    this.#hasChanged(row);
    bump(this.#waiting, row.route, -1);
    bump(this.#dead, row.route, 1);
  }

  /** Dead letters that a person marked go to the end of their queue, where consent is looked at again. */
  #reopenMarked(work: Work): void {
    if (this.#dead.size === 0) return;
    for (const row of this.#sql.marked.all() as unknown as (StoredRow & { sum: number })[]) {
      this.#deleteDead(row);
      if (checksum(row.id, row) !== row.sum) {
        bump(this.damaged, row.route, 1);
        continue;
      }
      const again = { ...row, id: this.#nextId(row.route) };
      this.#insert(again, parseKeys(row.subjects));
      work.add(again);
      bump(work.reopened, row.route, 1);
    }
  }

  #setAside(route: string, row: StoredRow): void {
    bump(this.damaged, route, 1);
    this.#settled.push({ row: { ...row, route }, unmark: true });
  }
}

/** Pages of the file, and those of them that are free. */
interface Size {
  readonly pages: number;
  readonly free: number;
}

const NO_TOMBSTONES: readonly Tombstone[] = [];

/** Whether a row that was decided at `at` may stay after this withdrawal. */
function stays(
  row: Pick<StoredRow, 'route' | 'signals' | 'fields'>,
  at: number,
  tombstone: Tombstone,
  policy: StorePolicy,
): boolean {
  if (!concerns(tombstone, row.route, at)) return true;
  const left = leftTo(row.route, tombstone.closed, at);
  return left !== undefined && policy.mayStay(row.route, row, leftBy(tombstone, at) & left);
}

function restore(counts: Map<string, number>, before: ReadonlyMap<string, number>): void {
  counts.clear();
  for (const [key, n] of before) counts.set(key, n);
}
