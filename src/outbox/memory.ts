import { showReason, type DeadReason } from '../core/reason.ts';
import { EVERYBODY } from '../delivery/held-withdrawals.ts';
import type { OutboxRecord, Stored, Withdrawal } from '../delivery/outbox.ts';
import { NOT_TAKEN, type Awaiting, type Page, type RowOutcome } from '../delivery/store.ts';
import { bump, CommitUnwanted, Work, type Append, type Committed, type UnwrittenEnd } from './commit.ts';
import { isMeant, letterOf, newest, type DeadLetters, type Which } from './dead-letters.ts';
import type { OutboxStore } from './engine.ts';
import { takeIn } from './intake.ts';
import { MemoryMarks } from './memory-marks.ts';
import { heldOn, keyOf, narrowed, partsOf, queuedOf, type StoredRecord, type StoredRoute } from './record.ts';
import { Staged } from './staged.ts';
import type { StorePolicy } from './store-policy.ts';
import { closedBy, lastOf, merge, tombstoneOf, type Tombstone } from './tombstone.ts';

/** An event that a vendor refused for good. */
interface DeadLetterKept {
  /** With one route. */
  readonly record: StoredRecord;
  /** Unix milliseconds. */
  readonly died: number;
  readonly reason: string;
  readonly retry: boolean;
}

/** A record, a dead letter or a withdrawal of one takes about this much beside the body. */
const RECORD_BYTES = 160;

/**
 * The queue in memory, for tests, and for a runtime with a durable store of its own. It is NOT durable: its content
 * ends with the process. No other process can have it open. A withdrawal looks at every waiting event, and only time
 * limits the marks.
 */
export class MemoryOutbox implements OutboxStore {
  readonly #policy: () => StorePolicy;
  readonly #now: () => number;
  readonly #records = new Staged<number, StoredRecord>();
  readonly #dead = new Staged<number, DeadLetterKept>();
  readonly #marks = new MemoryMarks();
  readonly #tombstones = new Staged<number, Tombstone>();
  /** The events that wait for each route, by id. */
  readonly #waiting = new Map<string, Map<number, StoredRecord>>();
  #ends: UnwrittenEnd[] = [];
  #lastId = 0;
  #bytes = 0;
  readonly damaged: ReadonlyMap<string, number> = new Map();
  readonly unrecorded = false;

  /** @param now unix milliseconds */
  constructor(policy: () => StorePolicy, now: () => number) {
    this.#policy = policy;
    this.#now = now;
  }

  get pending(): number {
    return Object.values(this.queues()).reduce((sum, { waiting, dead }) => sum + waiting + dead, 0);
  }

  get unwritten(): number {
    return this.#ends.length;
  }

  get routes(): Iterable<string> {
    return this.#waiting.keys();
  }

  get bytes(): number {
    return this.#bytes;
  }

  get used(): number {
    return this.#bytes / this.#policy().maxSize;
  }

  get full(): boolean {
    return this.used >= 1;
  }

  read(route: string, after: number, limit: number): Page {
    const { name } = partsOf(route);
    const found = [...(this.#waiting.get(route)?.values() ?? [])].filter(({ id }) => id > after).slice(0, limit);
    const records = found.flatMap((record) =>
      queuedOf(
        record,
        record.routes.filter((one) => one.name === name),
      ),
    );
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
    });
    this.#ends = [];
    return work;
  }

  readonly dead: DeadLetters = {
    list: (which, limit = 100) => {
      const chosen = this.#chosen(which ?? {});
      return newest(
        chosen.map(([id, { record, ...death }]) => {
          const routes = record.routes as readonly [StoredRoute];
          return letterOf({ ...record, id }, routes, record.body.length, death);
        }),
        limit,
      );
    },
    retry: (which = {}) => {
      const chosen = this.#chosen(which);
      this.#together(() => {
        for (const [id, letter] of chosen) this.#dead.set(id, { ...letter, retry: true });
      });
      return chosen.length;
    },
    purge: (which = {}) => {
      const chosen = this.#chosen(which);
      this.#together(() => {
        for (const [id] of chosen) this.#dead.set(id, undefined);
      });
      return chosen.length;
    },
  };

  #chosen(which: Which): (readonly [number, DeadLetterKept])[] {
    return this.#dead
      .entries()
      .filter(([id, { record }]) => record.routes.some((route) => isMeant(which, id, keyOf(record, route))));
  }

  /** Withdrawals that were made before `before`, unix milliseconds, concern no event that may still come. */
  forgetWithdrawals(before: number): void {
    for (const [key, tombstone] of this.#tombstones.entries())
      if (lastOf(tombstone) < before) this.#tombstones.set(key, undefined);
    this.#tombstones.keep();
  }

  prune(): void {
    const now = this.#now();
    this.#together(() => {
      this.#marks.prune(now);
      for (const [id, { died }] of this.#dead.entries())
        if (died < now - this.#policy().deadLetters) this.#dead.set(id, undefined);
    });
  }

  queues(): ReturnType<OutboxStore['queues']> {
    const queues: Record<string, { waiting: number; dead: number; oldestMs: number }> = {};
    for (const [route, records] of this.#waiting) {
      const [oldest] = records.values();
      const oldestMs = Math.max(0, this.#now() - (oldest?.acceptedAt ?? Infinity));
      queues[route] = { waiting: records.size, dead: 0, oldestMs };
    }
    for (const [, { record }] of this.#dead.entries())
      for (const route of record.routes) (queues[keyOf(record, route)] ??= { waiting: 0, dead: 0, oldestMs: 0 }).dead++;
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

  measureRoom(): void {}
  tidy(): void {}
  erase(): void {}
  probe(): void {}
  close(): void {}
  abandon(): void {}

  /** All of `body` takes effect, or nothing. */
  #together(body: () => void): void {
    try {
      body();
    } catch (error) {
      for (const part of [this.#records, this.#dead, this.#marks, this.#tombstones]) part.drop();
      throw error;
    }
    for (const { key, before, after } of this.#records.keep()) {
      this.#bytes += sizeOf(after) - sizeOf(before);
      for (const route of before?.routes ?? [])
        if (after?.routes.every(({ name }) => name !== route.name) !== false)
          this.#unqueue(keyOf(before as StoredRecord, route), key);
      for (const route of after?.routes ?? []) this.#queue(keyOf(after as StoredRecord, route), after as StoredRecord);
    }
    for (const { before, after } of this.#dead.keep()) this.#bytes += sizeOf(after?.record) - sizeOf(before?.record);
    this.#marks.keep();
    this.#tombstones.keep();
  }

  #queue(route: string, record: StoredRecord): void {
    const records = this.#waiting.get(route);
    if (records === undefined) this.#waiting.set(route, new Map([[record.id, record]]));
    else records.set(record.id, record);
  }

  #unqueue(route: string, id: number): void {
    const records = this.#waiting.get(route);
    records?.delete(id);
    if (records?.size === 0) this.#waiting.delete(route);
  }

  #end({ id, route, unmark, dead, awaiting }: UnwrittenEnd): void {
    const record = this.#records.get(id);
    const own = record?.routes.find((one) => keyOf(record, one) === route);
    if (record === undefined || own === undefined) return;
    if (awaiting !== undefined) {
      this.#records.set(id, heldOn(record, own.name, awaiting));
      return;
    }
    this.#take(record, [own]);
    if (unmark) this.#marks.forget(own.mark, route);
    if (dead === undefined) return;
    const letter = { ...heldOn(narrowed(record, [own]), own.name, undefined), id: ++this.#lastId };
    this.#dead.set(letter.id, { record: letter, died: this.#now(), reason: dead, retry: false });
  }

  /**
   * Removes routes from a record. The record keeps what the other routes may have; without other routes it is deleted.
   */
  #take(record: StoredRecord, taken: readonly StoredRoute[]): void {
    const left = record.routes.filter((route) => !taken.includes(route));
    this.#records.set(record.id, left.length === 0 ? undefined : narrowed(record, left));
  }

  #store(one: OutboxRecord, work: Work): readonly Stored[] {
    const policy = this.#policy();
    const { results, record, purged } = takeIn(one, policy, {
      nextId: () => ++this.#lastId,
      claim: (mark, route, lasting) => this.#marks.claim(mark, route, lasting, this.#now()),
      forget: (mark, route) => this.#marks.forget(mark, route),
      withdrawn: (subjects, site) =>
        [...subjects, policy.subjectKey(site, EVERYBODY) ?? Number.NaN]
          .map((key) => this.#tombstones.get(key))
          .filter((tombstone) => tombstone !== undefined),
    });
    work.purged.push(...purged);
    if (record !== undefined) {
      this.#records.set(record.id, record);
      work.add(record);
    }
    return results;
  }

  /** Keeps withdrawals for late events, where late events are possible. */
  #remember(withdrawals: readonly Withdrawal[]): void {
    const policy = this.#policy();
    for (const withdrawal of withdrawals) {
      const tombstone = this.#tombstoneOf(withdrawal);
      if (tombstone === undefined || !policy.remembers(withdrawal.site)) continue;
      const before = this.#tombstones.get(tombstone.subject);
      this.#tombstones.set(tombstone.subject, before === undefined ? tombstone : merge(before, tombstone));
    }
  }

  /** Removes the events that a withdrawal closes from the queue and the dead letters. */
  #withdraw(withdrawal: Withdrawal, work: Work): void {
    const tombstone = this.#tombstoneOf(withdrawal);
    if (tombstone === undefined) return;
    for (const [id, record] of this.#records.entries()) {
      const taken = this.#takenBy(tombstone, record);
      if (taken.length > 0) this.#take(record, taken);
      for (const route of taken) work.purge(keyOf(record, route), id);
    }
    for (const [id, { record }] of this.#dead.entries()) {
      const taken = this.#takenBy(tombstone, record);
      if (taken.length > 0) this.#dead.set(id, undefined);
      for (const route of taken) bump(work.purgedDead, keyOf(record, route), 1);
    }
  }

  /** The routes that a withdrawal closes to a record. The event has not reached them. */
  #takenBy(tombstone: Tombstone, record: StoredRecord): readonly StoredRoute[] {
    const policy = this.#policy();
    const everybody = policy.everybodyOf(tombstone.subject);
    if (record.subjects.length === 0) return [];
    if (everybody === undefined ? !record.subjects.includes(tombstone.subject) : record.site !== everybody) return [];
    const taken = closedBy(tombstone, record, this.#now(), policy);
    for (const route of taken) this.#marks.forget(route.mark, keyOf(record, route));
    return taken;
  }

  /** Undefined for a site that is not configured. */
  #tombstoneOf(withdrawal: Withdrawal): Tombstone | undefined {
    const key = this.#policy().subjectKey(withdrawal.site, withdrawal.subject);
    return key === undefined ? undefined : tombstoneOf(key, withdrawal);
  }

  #reopenMarked(work: Work): void {
    for (const [id, { record, retry }] of this.#dead.entries()) {
      if (!retry) continue;
      const again = { ...record, id: ++this.#lastId };
      this.#dead.set(id, undefined);
      this.#records.set(again.id, again);
      work.add(again);
      for (const route of again.routes) bump(work.reopened, keyOf(again, route), 1);
    }
  }
}

function sizeOf(record: StoredRecord | undefined): number {
  return record === undefined ? 0 : record.body.length + RECORD_BYTES;
}
