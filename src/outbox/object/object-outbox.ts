import { showReason, type DeadReason } from '../../core/reason.ts';
import { narrowBody } from '../../delivery/event-body.ts';
import type { OutboxRecord, Stored, Withdrawal } from '../../delivery/outbox.ts';
import { NOT_TAKEN, type Awaiting, type Page, type RowOutcome } from '../../delivery/store.ts';
import { bump, CommitUnwanted, Work, type Append, type Committed, type UnwrittenEnd } from '../commit.ts';
import type { DeadLetters } from '../dead-letters.ts';
import type { OutboxStore } from '../engine.ts';
import { takeIn } from '../intake.ts';
import { MemoryMarks } from '../memory-marks.ts';
import { heldOn, keyOf, partsOf, queuedOf, type StoredRoute } from '../record.ts';
import type { StorePolicy } from '../store-policy.ts';
import { closedBy, tombstoneOf, type Tombstone } from '../tombstone.ts';
import { ObjectDeadLetters } from './dead-letters.ts';
import { readHead, writeHead, type Head } from './head.ts';
import { MarkBlocks } from './mark-blocks.ts';
import { openTables, type Sql } from './sql.ts';
import { Waiting } from './waiting.ts';
import { Withdrawn } from './withdrawn.ts';

/** A record takes about this much on the disk, beside its body. */
const RECORD_BYTES = 400;
/** An object has 128 MB of memory; this many heads take half of it. */
const MOST_RECORDS = 100_000;

/** A record that is new in the transaction under way, with the number of routes that its body is for. */
interface Fresh {
  readonly body: string;
  readonly routes: number;
}

/**
 * The queue of one site in the SQLite of a Durable Object. An event that is stored and delivered writes two rows, and
 * with its mark a third. Bodies are only on the disk, and everything that is looked up is in memory. Nobody else has
 * the object open. A failure inside a transaction leaves the disk unchanged, and the memory is read from the disk
 * again.
 */
export class ObjectOutbox implements OutboxStore {
  readonly #sql: Sql;
  readonly #policy: () => StorePolicy;
  readonly #now: () => number;
  readonly #records = new Waiting();
  readonly #dead: ObjectDeadLetters;
  #marks = new MemoryMarks();
  readonly #blocks: MarkBlocks;
  readonly #withdrawn: Withdrawn;
  #ends: UnwrittenEnd[] = [];
  #lastId = 0;
  #damaged = 0;
  /** In the transaction under way: new records as they came, and records on the disk that have changed. */
  readonly #fresh = new Map<number, Fresh>();
  readonly #touched = new Set<number>();
  readonly unrecorded = false;

  /**
   * @param now unix milliseconds
   * @throws LaterForm where a later version has written it
   */
  constructor(sql: Sql, policy: () => StorePolicy, now: () => number) {
    this.#sql = sql;
    this.#policy = policy;
    this.#now = now;
    this.#blocks = new MarkBlocks(sql);
    this.#dead = new ObjectDeadLetters(sql);
    this.#withdrawn = new Withdrawn(sql);
    openTables(sql);
    this.#load();
  }

  get pending(): number {
    return this.#records.events + this.#dead.heads.events;
  }

  /** Events that wait to be sent. */
  get waiting(): number {
    return this.#records.events;
  }

  get unwritten(): number {
    return this.#ends.length;
  }

  get routes(): Iterable<string> {
    return this.#records.routes;
  }

  get damaged(): ReadonlyMap<string, number> {
    return this.#damaged === 0 ? new Map() : new Map([['', this.#damaged]]);
  }

  get bytes(): number {
    const records = this.#records.size + this.#dead.heads.size;
    return this.#records.characters + this.#dead.heads.characters + records * RECORD_BYTES;
  }

  get used(): number {
    return Math.max(this.bytes / this.#policy().maxSize, (this.#records.size + this.#dead.heads.size) / MOST_RECORDS);
  }

  get full(): boolean {
    return this.used >= 1;
  }

  read(route: string, after: number, limit: number): Page {
    const { name } = partsOf(route);
    const found = this.#records.after(route, after, limit);
    const bodies = this.#bodiesOf(found);
    const records = found.flatMap((head) => {
      const body = bodies.get(head.id);
      const own = head.routes.filter((one) => one.name === name);
      return body === undefined ? [] : queuedOf({ ...head, body }, own);
    });
    return { records, upTo: found.at(-1)?.id ?? after, more: found.length === limit };
  }

  settle(route: string, id: number, outcome: RowOutcome): void {
    this.#ends.push({ id, route, unmark: NOT_TAKEN.has(outcome), dead: undefined });
  }

  bury(route: string, id: number, reason: DeadReason): void {
    this.#ends.push({ id, route, unmark: false, dead: showReason(reason) });
  }

  hold(route: string, id: number, awaiting: Awaiting): void {
    this.#ends.push({ id, route, unmark: false, dead: undefined, awaiting });
  }

  commit(appends: readonly Append[], wanted: () => boolean = () => true): Committed {
    const work = new Work();
    this.#together(() => {
      this.#remember(appends.flatMap(({ withdrawals }) => withdrawals));
      for (const end of this.#ends) this.#end(end);
      for (const { records, withdrawals } of appends) {
        work.results.push(records.flatMap((record) => this.#store(record, work)));
        for (const withdrawal of withdrawals) this.#withdraw(withdrawal, work);
      }
      this.#reopenMarked(work);
      if (!wanted()) throw new CommitUnwanted('given up while it was being written');
      this.#write();
    });
    this.#ends = [];
    return work;
  }

  readonly dead: DeadLetters = {
    list: (which = {}, limit = 100) => this.#dead.list(which, limit),
    retry: (which = {}) => {
      const chosen = this.#dead.chosen(which);
      this.#together(() => {
        for (const head of chosen) this.#dead.ask(head);
      });
      return chosen.length;
    },
    purge: (which = {}) => {
      const chosen = this.#dead.chosen(which);
      this.#together(() => {
        for (const head of chosen) this.#dead.remove(head);
      });
      return chosen.length;
    },
  };

  /** Withdrawals that were made before `before`, unix milliseconds, concern no event that may still come. */
  forgetWithdrawals(before: number): void {
    this.#together(() => this.#withdrawn.forget(before));
  }

  prune(): void {
    const now = this.#now();
    this.#together(() => {
      this.#marks.prune(now);
      this.#blocks.prune(now);
      this.#dead.prune(now - this.#policy().deadLetters);
    });
  }

  queues(): ReturnType<OutboxStore['queues']> {
    const queues: Record<string, { waiting: number; dead: number; oldestMs: number }> = {};
    for (const [route, waiting, { acceptedAt }] of this.#records.queues())
      queues[route] = { waiting, dead: 0, oldestMs: Math.max(0, this.#now() - acceptedAt) };
    for (const [route, dead] of this.#dead.heads.queues())
      (queues[route] ??= { waiting: 0, dead: 0, oldestMs: 0 }).dead = dead;
    return queues;
  }

  takeUnwritten(): readonly UnwrittenEnd[] {
    return this.#ends.splice(0);
  }

  changedElsewhere(): boolean {
    return false;
  }

  withdrawnElsewhere(): boolean {
    return false;
  }

  /** @throws where nothing can be written */
  probe(): void {
    this.#together(() => {});
  }

  measureRoom(): void {}
  tidy(): void {}
  /** The platform may keep deleted rows; the object has no influence on it. */
  erase(): void {}
  close(): void {}
  abandon(): void {}

  /** All of `body` takes effect, or nothing: on the disk by a transaction, in memory by reading it again. */
  #together(body: () => void): void {
    try {
      this.#sql.transaction(body);
      this.#marks.keep();
    } catch (error) {
      this.#load();
      throw error;
    } finally {
      this.#fresh.clear();
      this.#touched.clear();
    }
  }

  /** Fills the memory from the disk. */
  #load(): void {
    this.#records.clear();
    this.#marks = new MemoryMarks();
    this.#damaged = 0;
    this.#blocks.load((mark, route, lasting, at) => this.#marks.claim(mark, route, lasting, at));
    for (const row of this.#sql.all('SELECT id, head, length(body) AS size FROM records ORDER BY id')) {
      const id = row['id'] as number;
      const head = readHead(id, row['head'] as string, row['size'] as number);
      if (head !== undefined) this.#records.add(head);
      this.#know(id, head);
    }
    this.#dead.load((id, head) => this.#know(id, head));
    this.#withdrawn.load();
    this.#marks.keep();
  }

  /**
   * A stored record keeps its id and its marks. A record that cannot be read stays on the disk, because a later version
   * may have written it.
   */
  #know(id: number, head: Head | undefined): void {
    this.#lastId = Math.max(this.#lastId, id);
    if (head === undefined) this.#damaged++;
    for (const route of head?.routes ?? [])
      this.#marks.claim(route.mark, keyOf(head as Head, route), head?.lasting === true, head?.storedAt ?? 0);
  }

  #bodiesOf(heads: readonly Head[]): ReadonlyMap<number, string> {
    if (heads.length === 0) return new Map();
    const ids = JSON.stringify(heads.map(({ id }) => id));
    const rows = this.#sql.all('SELECT id, body FROM records WHERE id IN (SELECT value FROM json_each(?))', ids);
    return new Map(rows.map(({ id, body }) => [id as number, body as string]));
  }

  #bodyOf({ id }: Head): string {
    const body = this.#fresh.get(id)?.body ?? this.#sql.all('SELECT body FROM records WHERE id = ?', id)[0]?.['body'];
    if (typeof body !== 'string') throw new Error('a record without its body');
    return body;
  }

  /** Writes the changes of the queue. */
  #write(): void {
    for (const [id, { body, routes }] of this.#fresh) {
      const head = this.#records.get(id);
      if (head === undefined) continue;
      // Reading and writing a body again takes as long as storing it, so it is done only where a route has left meanwhile.
      const left = head.routes.length === routes ? body : narrowBody(body, head.routes);
      this.#sql.all('INSERT INTO records (id, head, body) VALUES (?, ?, ?)', id, writeHead(head), left);
    }
    const gone: number[] = [];
    for (const id of this.#touched) {
      if (this.#fresh.has(id)) continue;
      const head = this.#records.get(id);
      if (head === undefined) gone.push(id);
      else {
        const body = narrowBody(this.#bodyOf(head), head.routes);
        this.#sql.all('UPDATE records SET head = ?, body = ? WHERE id = ?', writeHead(head), body, id);
      }
    }
    if (gone.length > 0)
      this.#sql.all('DELETE FROM records WHERE id IN (SELECT value FROM json_each(?))', JSON.stringify(gone));
    this.#blocks.write();
  }

  #end({ id, route, unmark, dead, awaiting }: UnwrittenEnd): void {
    const head = this.#records.get(id);
    const own = head?.routes.find((one) => keyOf(head, one) === route);
    if (head === undefined || own === undefined) return;
    if (awaiting !== undefined) {
      this.#touched.add(id);
      this.#records.replace(heldOn(head, own.name, awaiting));
      return;
    }
    if (dead !== undefined) this.#buryNow(head, own, dead);
    this.#leave(head, [own]);
    if (unmark) this.#marks.forget(own.mark, route);
    else if (dead === undefined && own.mark !== 0) this.#blocks.add(own.mark, route, head.lasting, head.storedAt);
  }

  #buryNow(head: Head, own: StoredRoute, reason: string): void {
    const body = narrowBody(this.#bodyOf(head), [own]);
    const alone = { ...head, id: ++this.#lastId, routes: [own], size: body.length };
    const letter = heldOn(alone, own.name, undefined);
    this.#dead.add(letter, body, { at: this.#now(), reason });
  }

  /**
   * Removes routes from a record. The record keeps what the other routes may have; without other routes it is deleted.
   */
  #leave(head: Head, taken: readonly StoredRoute[]): void {
    this.#touched.add(head.id);
    this.#records.leave(
      head,
      head.routes.filter((route) => !taken.includes(route)),
    );
  }

  #store(one: OutboxRecord, work: Work): readonly Stored[] {
    const policy = this.#policy();
    const now = this.#now();
    const { results, record, purged } = takeIn(one, policy, {
      nextId: () => ++this.#lastId,
      claim: (mark, route, lasting) => this.#marks.claim(mark, route, lasting, now),
      forget: (mark, route) => this.#marks.forget(mark, route),
      withdrawn: (found, site) => this.#withdrawn.of(found, site, policy),
    });
    work.purged.push(...purged);
    if (record === undefined) return results;
    const { body, ...rest } = record;
    this.#records.add({ ...rest, lasting: one.lasting, storedAt: now, size: body.length });
    this.#fresh.set(record.id, { body, routes: record.routes.length });
    work.add(record);
    return results;
  }

  /** Keeps withdrawals for late events. */
  #remember(withdrawals: readonly Withdrawal[]): void {
    const policy = this.#policy();
    for (const withdrawal of withdrawals) {
      const tombstone = this.#tombstoneOf(withdrawal);
      if (tombstone === undefined || !policy.remembers(withdrawal.site)) continue;
      this.#withdrawn.add(tombstone);
    }
  }

  /** Removes the events that a withdrawal closes from the queue and the dead letters. */
  #withdraw(withdrawal: Withdrawal, work: Work): void {
    const tombstone = this.#tombstoneOf(withdrawal);
    if (tombstone === undefined) return;
    for (const head of this.#concerned(this.#records, tombstone)) {
      const taken = this.#takenBy(tombstone, head);
      if (taken.length > 0) this.#leave(head, taken);
      for (const route of taken) work.purge(keyOf(head, route), head.id);
    }
    for (const head of this.#concerned(this.#dead.heads, tombstone)) {
      const taken = this.#takenBy(tombstone, head);
      if (taken.length > 0) this.#dead.remove(head);
      for (const route of taken) bump(work.purgedDead, keyOf(head, route), 1);
    }
  }

  #concerned(among: Waiting, { subject }: Tombstone): readonly Head[] {
    const everybody = this.#policy().everybodyOf(subject);
    if (everybody === undefined) return among.of(subject);
    return among.all().filter(({ site, subjects }) => site === everybody && subjects.length > 0);
  }

  /** The routes that a withdrawal closes to a record. The event has not reached them. */
  #takenBy(tombstone: Tombstone, head: Head): readonly StoredRoute[] {
    const taken = closedBy(tombstone, head, this.#now(), this.#policy());
    for (const route of taken) this.#marks.forget(route.mark, keyOf(head, route));
    return taken;
  }

  /** Undefined for a site that is not configured. */
  #tombstoneOf(withdrawal: Withdrawal): Tombstone | undefined {
    const key = this.#policy().subjectKey(withdrawal.site, withdrawal.subject);
    return key === undefined ? undefined : tombstoneOf(key, withdrawal);
  }

  #reopenMarked(work: Work): void {
    for (const [letter, body] of this.#dead.takeAsked()) {
      const again = { ...letter, id: ++this.#lastId };
      this.#records.add(again);
      this.#fresh.set(again.id, { body, routes: again.routes.length });
      work.add({ ...again, body });
      for (const route of again.routes) bump(work.reopened, keyOf(again, route), 1);
    }
  }
}
