import { showReason, type DeadReason } from '../../core/reason.ts';
import type { Stored, Withdrawal } from '../../delivery/outbox.ts';
import { NOT_TAKEN, type Awaiting, type Page, type Purged, type RowOutcome, type Store } from '../../delivery/store.ts';
import { bump, type Append, type UnwrittenEnd } from '../commit.ts';
import { newest, type DeadLetters } from '../dead-letters.ts';
import type { OutboxStore } from '../engine.ts';
import { partsOf, queuedOf } from '../record.ts';
import { tombstoneOf, type Tombstone } from '../tombstone.ts';
import { Answering, PATIENCE_MS } from './answering.ts';
import { NoAnswer } from './broker.ts';
import { Control } from './control.ts';
import type { Doubt } from './doubts.ts';
import { aloneOf, usedOf, type HeldLoad } from './load.ts';
import type { NatsOptions } from './nats-options.ts';
import { OwnedPart, type Happened } from './owned-part.ts';
import { MaybeStored, PartWriter, type PartContext, type PartStored } from './part-writer.ts';
import { sharesOf, type Share } from './shares.ts';
import { asUnavailable } from './unavailable.ts';

/** Added to waiting times, because clocks run at slightly different speeds and timers may be early, milliseconds. */
const MARGIN_MS = 50;

/**
 * The queue of several gateways, on NATS JetStream. Each gateway accepts events. Each part is delivered by one gateway,
 * which holds its waiting records in memory. It keeps the promises of `OutboxStore`, with these differences: `store` and
 * `flush` wait for the brokers; order is kept within a part, that is for each visitor; an append to several parts is
 * stored as a whole in each part, but not across parts.
 */
export class NatsOutbox implements Store {
  readonly control: Control;
  readonly #options: NatsOptions;
  readonly #context: PartContext;
  readonly #writers: readonly PartWriter[];
  readonly #owned = new Map<number, OwnedPart>();
  readonly #answering: Answering;
  #ends: UnwrittenEnd[] = [];
  /** Records that were withdrawn before they were stored. */
  #purged: Purged[] = [];
  #lastId = 0;
  #turn = 0;
  #told = false;

  constructor(options: NatsOptions) {
    this.#options = options;
    const { broker, names, seal, policy, now } = options;
    this.control = new Control({
      ...options,
      load: () => this.#load(),
      withdrawn: (tombstone) => this.#withdrawn(tombstone),
      owned: (part, node) => this.#ownerChanged(part, node),
    });
    const withdrawn: PartContext['withdrawn'] = (subjects, site) => this.control.withdrawnBy(subjects, site);
    this.#context = { broker, names, seal, policy, now, withdrawn };
    this.#writers = Array.from({ length: names.parts }, (_, part) => new PartWriter(this.#context, part));
    this.#answering = new Answering(names.parts, options.tick, () => this.control.silentMs);
  }

  /** Events that wait here, and dead letters, counted once for each route. */
  get pending(): number {
    return Object.values(this.queues()).reduce((sum, { waiting, dead }) => sum + waiting + dead, 0);
  }

  /** Records and dead letters that are held here. */
  get size(): number {
    let size = 0;
    for (const { records, letters } of this.#owned.values()) size += records.size + letters.size;
    return size;
  }

  get unwritten(): number {
    return this.#ends.length + this.#parts().reduce((sum, part) => sum + part.unwritten, 0);
  }

  get routes(): Iterable<string> {
    return new Set(this.#parts().flatMap(({ records }) => [...records.routes]));
  }

  get damaged(): ReadonlyMap<string, number> {
    const damaged = this.#parts().reduce((sum, part) => sum + part.damaged, 0);
    return damaged === 0 ? new Map() : new Map([['', damaged]]);
  }

  /** Characters of the records that wait here. */
  get bytes(): number {
    let bytes = 0;
    for (const { records } of this.#owned.values()) bytes += records.bytes;
    return bytes;
  }

  /** The used share of the room that all gateways have together. */
  get used(): number {
    const { bytes, size: records, control } = this;
    return usedOf([{ bytes, records }, ...control.loads], this.#options.policy().maxSize);
  }

  /** By route: the share of that room which is used by what waits for this route alone. */
  get alone(): Readonly<Record<string, number>> {
    return aloneOf([this.#load(), ...this.control.loads], this.#options.policy().maxSize);
  }

  get full(): boolean {
    return this.used >= 1;
  }

  /** The brokers do not answer: appends are refused at once. */
  get silent(): boolean {
    return this.#answering.silent;
  }

  get ownedParts(): readonly number[] {
    return [...this.#owned.keys()];
  }

  read(route: string, after: number, limit: number): Page {
    const { name } = partsOf(route);
    const found = this.#parts()
      .flatMap(({ records }) => records.after(route, after, limit))
      .sort((a, b) => a.record.id - b.record.id)
      .slice(0, limit);
    const records = found.flatMap(({ record }) =>
      queuedOf(
        record,
        record.routes.filter((one) => one.name === name),
      ),
    );
    return { records, upTo: found.at(-1)?.record.id ?? after, more: found.length === limit };
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

  takeUnwritten(): readonly UnwrittenEnd[] {
    return this.#ends.splice(0);
  }

  /**
   * Stores the records and withdrawals of one hit, withdrawals first. When it resolves, they are durable, and no gateway
   * begins a request with withdrawn data any more.
   * @param wanted is called just before the write; if it returns false, nothing is written
   * @throws OutboxUnavailable: the records may be stored or not, and so may the withdrawals
   */
  async store({ records, withdrawals }: Append, wanted: () => boolean = () => true): Promise<readonly Stored[]> {
    const began = this.#options.tick();
    const withdrawn = withdrawals.length === 0 ? undefined : await this.withdraw(withdrawals);
    const stored: Stored[][] = [];
    const shares = sharesOf(records, this.#options.names, () => (this.#turn = (this.#turn + 1) % this.#writers.length));
    await Promise.all(
      shares.map(async (share) => {
        const { results, purged } = await this.#storeShare(share, wanted, began);
        share.places.forEach((place, i) => (stored[place] = [...(results[i] ?? [])]));
        this.#purged.push(...purged);
        if (purged.length > 0) this.#tellSoon();
      }),
    );
    await withdrawn?.settled;
    return stored.flat();
  }

  /**
   * Makes withdrawals durable; `settled` resolves when no gateway sends withdrawn data any more.
   * @throws OutboxUnavailable
   */
  async withdraw(withdrawals: readonly Withdrawal[]): Promise<{ readonly settled: Promise<void> }> {
    const { policy, skewMs, now } = this.#options;
    const tombstones = withdrawals.flatMap((withdrawal): Tombstone[] => {
      const key = policy().subjectKey(withdrawal.site, withdrawal.subject);
      return key === undefined
        ? []
        : [tombstoneOf(key, { ...withdrawal, at: Math.min(withdrawal.at, now()) + skewMs })];
    });
    try {
      await this.control.withdraw(tombstones);
    } catch (error) {
      throw asUnavailable(error);
    }
    return { settled: this.#proofsEnd() };
  }

  /**
   * Writes the ends of events, and reopens the dead letters for which an attempt was asked (`reopens`).
   * @throws NoAnswer, NoRoom, WriteRefused: what is not written is kept for the next call
   */
  async flush(reopens = true): Promise<void> {
    this.#endTold();
    await Promise.all(this.#parts().map((part) => part.flush(reopens)));
  }

  /** Finds out whether doubtful records of the parts delivered here are stored twice. @throws NoAnswer, NoRoom */
  async resolveDoubts(): Promise<void> {
    await Promise.all(this.#parts().map((part) => part.resolveDoubts()));
  }

  /** What happened since the last call. */
  takeHappened(): Happened {
    const all = this.#parts().map((part) => part.takeHappened());
    const added = new Map<string, Happened['added'] extends ReadonlyMap<string, infer R> ? R : never>();
    const purgedDead = new Map<string, number>();
    const reopened = new Map<string, number>();
    for (const one of all) {
      for (const [route, records] of one.added)
        added.set(
          route,
          [...(added.get(route) ?? []), ...records].sort((a, b) => a.id - b.id),
        );
      for (const [route, n] of one.purgedDead) bump(purgedDead, route, n);
      for (const [route, n] of one.reopened) bump(reopened, route, n);
    }
    const purged = [...this.#purged.splice(0), ...all.flatMap((one) => one.purged)];
    return { added, purged, purgedDead, reopened };
  }

  /** Resolves when everything that was written in the parts of this gateway has been read. */
  async caughtUp(): Promise<void> {
    await Promise.all(this.#parts().map((part) => part.reached(this.#stored[part.part] ?? 0)));
  }
  /** By part: the last sequence that this gateway has stored. */
  readonly #stored: number[] = [];

  readonly dead: DeadLetters = {
    list: (which = {}, limit = 100) =>
      newest(
        this.#parts().flatMap((part) => part.letters.list(which)),
        limit,
      ),
    retry: async (which = {}) => {
      const asked = this.#parts().reduce((sum, part) => sum + part.letters.retry(which), 0);
      await Promise.all(this.#parts().map((part) => part.flush(false)));
      return asked;
    },
    purge: async (which = {}) => {
      const purged = this.#parts().reduce((sum, part) => sum + part.letters.purge(which), 0);
      await Promise.all(this.#parts().map((part) => part.flush(false)));
      return purged;
    },
  };

  /** Removes expired dead letters, marks and withdrawals. @throws as `flush` */
  async prune(): Promise<void> {
    this.control.prune();
    const { now, policy, marks } = this.#options;
    for (const part of this.#parts()) part.prune(now() - policy().deadLetters);
    await this.flush();
    for (const part of this.#owned.keys()) await this.#writers[part]?.marks.bound(marks);
  }

  queues(): ReturnType<OutboxStore['queues']> {
    const queues: Record<string, { waiting: number; dead: number; oldestMs: number }> = {};
    const of = (route: string) => (queues[route] ??= { waiting: 0, dead: 0, oldestMs: 0 });
    for (const part of this.#parts()) {
      for (const [route, waiting, acceptedAt] of part.records.queues()) {
        const queue = of(route);
        queue.waiting += waiting;
        queue.oldestMs = Math.max(queue.oldestMs, this.#options.now() - acceptedAt);
      }
      for (const [route, dead] of part.letters.queues()) of(route).dead += dead;
    }
    return queues;
  }

  /** Begins to deliver a part that no gateway delivers; false = another gateway was faster. @throws NoAnswer */
  async take(part: number): Promise<boolean> {
    if (!(await this.control.claim(part))) return false;
    // The gateway that had the part may still send for as long as its last proof is valid.
    await this.#proofsEnd();
    if (this.control.ownerOf(part) !== this.#options.node || this.#owned.has(part)) return false;
    const nextId = (): number => ++this.#lastId;
    const owned = new OwnedPart(part, this.#context, this.#writers[part] as PartWriter, nextId, () => this.#tellSoon());
    this.#owned.set(part, owned);
    await owned.start();
    return true;
  }

  /** Releases a part, so that another gateway can take it. No request with its events may be under way. @throws NoAnswer */
  async leave(part: number): Promise<void> {
    const owned = this.#owned.get(part);
    if (owned === undefined) return;
    await this.flush();
    this.#owned.delete(part);
    owned.stop();
    await this.control.release(part);
  }

  /** Writes a test message to each part. If no part has answered for some time, appends are refused at once. */
  async probe(): Promise<boolean> {
    const { broker, names } = this.#options;
    const answers = await Promise.all(
      this.#writers.map(async (_, part) => {
        const message = { subject: names.probe(part), data: new Uint8Array(0), ttlMs: 1_000 };
        try {
          await broker.write(names.part(part), [message]);
          this.#answering.answered(part);
          return true;
        } catch (error) {
          // A full part has answered, too.
          if (error instanceof NoAnswer) {
            this.#answering.unanswered(part);
            return false;
          }
          this.#answering.answered(part);
          return true;
        }
      }),
    );
    if (!answers.includes(true)) this.#answering.noneAnswered();
    return !this.silent;
  }

  stop(): void {
    for (const part of this.#parts()) part.stop();
    this.control.stop();
  }

  /** Resolves when every proof that is valid now has ended. */
  #proofsEnd(): Promise<void> {
    const { proofMs } = this.#options;
    return proofMs === 0 ? Promise.resolve() : pause(proofMs + MARGIN_MS);
  }

  #load(): HeldLoad {
    const alone = new Map<string, number>();
    for (const { records } of this.#parts()) for (const [route, bytes] of records.alone) bump(alone, route, bytes);
    return { bytes: this.bytes, records: this.size, alone: Object.fromEntries(alone) };
  }

  #parts(): readonly OwnedPart[] {
    return [...this.#owned.values()];
  }

  async #storeShare(share: Share, wanted: () => boolean, began: number): Promise<PartStored> {
    const { tick } = this.#options;
    const doubts = share.records.map((): Doubt[] => []);
    for (let part = share.part, tried = 0; ; tried++) {
      part = this.#answering.available(part);
      try {
        const stored = await (this.#writers[part] as PartWriter).store(share.records, wanted, doubts);
        this.#stored[part] = Math.max(this.#stored[part] ?? 0, stored.seq);
        this.#answering.answered(part);
        return stored;
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw asUnavailable(error);
        if (error instanceof MaybeStored)
          error.places.forEach((place, i) => place !== undefined && doubts[i]?.push(place));
        this.#answering.unanswered(part);
        if (tick() - began >= PATIENCE_MS) {
          this.#answering.noneAnswered();
          throw asUnavailable(error);
        }
        // Without a pause, parts that refuse at once would be tried over and over.
        if (tried >= this.#writers.length - 1) await pause(100);
        part = (part + 1) % this.#writers.length;
      }
    }
  }

  #endTold(): void {
    for (const end of this.#ends.splice(0)) for (const part of this.#parts()) part.end(end);
  }

  #withdrawn(tombstone: Tombstone): void {
    // Events that have ended already count as ended, not as withdrawn.
    this.#endTold();
    for (const part of this.#parts()) part.withdraw(tombstone);
  }

  #ownerChanged(part: number, node: string): void {
    const owned = this.#owned.get(part);
    if (owned === undefined || node === this.#options.node) return;
    this.#owned.delete(part);
    owned.stop();
    this.#options.log('warn', 'another gateway took over a part: this one did not reach the brokers in time', { part });
    this.#options.lost();
  }

  #tellSoon(): void {
    if (this.#told) return;
    this.#told = true;
    queueMicrotask(() => {
      this.#told = false;
      this.#options.happened(this.takeHappened());
    });
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
