import type { Purged, QueuedRecord } from '../../delivery/store.ts';
import { Work, type UnwrittenEnd } from '../commit.ts';
import { heldOn, keyOf, type StoredRoute } from '../record.ts';
import { closedBy, type Tombstone } from '../tombstone.ts';
import { isFence, wasStored } from './doubts.ts';
import { EndedRoutes } from './ended-routes.ts';
import { NoAnswer, WriteRefused, type Following, type Message, type StoredMessage } from './broker.ts';
import { OwnedLetters, recordKeyIn } from './owned-letters.ts';
import { sealed, type Forgotten, type PartContext, type PartWriter } from './part-writer.ts';
import { GONE_MS, NOTHING, removeAgain } from './removals.ts';
import { WaitingEntry, WaitingRecords } from './waiting.ts';
import { readRecord, withoutId, type KeptRecord } from './written.ts';

/** Messages in one batch. */
const PER_BATCH = 900;

/** A dead letter that is not written yet. */
interface MadeLetter {
  readonly message: Message;
  /** How many were made before it. They are written in this order, and reopened in this order. */
  readonly nth: number;
}

/** What has happened in a part since the last call of `takeHappened`. */
export interface Happened {
  readonly added: ReadonlyMap<string, readonly QueuedRecord[]>;
  readonly purged: readonly Purged[];
  readonly purgedDead: ReadonlyMap<string, number>;
  readonly reopened: ReadonlyMap<string, number>;
}

/**
 * A part that this gateway delivers. It reads all records of the part, and writes their ends. An event that ends leaves
 * the queue here at once, and the brokers' streams with the next `flush`. Usually no other gateway writes to these
 * records in between; if one did, the brokers refuse the write.
 */
export class OwnedPart {
  readonly part: number;
  readonly #context: PartContext;
  readonly #writer: PartWriter;
  readonly #nextId: () => number;
  readonly #tell: () => void;
  readonly #records = new WaitingRecords();
  readonly letters: OwnedLetters;
  /** By key: entries that differ from their messages, with the dead letters to write in the same batch. */
  readonly #dirty = new Map<string, { readonly entry: WaitingEntry; letters: readonly MadeLetter[] }>();
  #lettersMade = 0;
  readonly #ended: EndedRoutes;
  #forgotten: Forgotten[] = [];
  /** By key: records that have ended, with the sequence of the removal. An older message of them may still arrive. */
  readonly #gone = new Map<string, number>();
  /** By key: records that were there at the start, until all of them have been read; undefined = they have. */
  #loading: Map<string, { readonly seq: number; readonly kept: KeptRecord }> | undefined = new Map();
  /** By key: records that are not sent until it is certain that no other part has them. */
  readonly #doubtful = new Map<string, { readonly seq: number; readonly kept: KeptRecord }>();
  #happened = new Work();
  #following: Following | undefined;
  #position = 0;
  /** The last sequence that this gateway has written. */
  #written = 0;
  #waiters: { readonly seq: number; readonly call: () => void }[] = [];
  #flushing: Promise<void> | undefined;
  /** Since when nothing that was written has been answered, monotonic milliseconds; undefined = the last was. */
  #unansweredSince: number | undefined;
  damaged = 0;

  /** @param nextId makes ids, which are valid in this process only. @param tell called when something has happened */
  constructor(part: number, context: PartContext, writer: PartWriter, nextId: () => number, tell: () => void) {
    this.part = part;
    this.#context = context;
    this.#writer = writer;
    this.#nextId = nextId;
    this.#tell = tell;
    this.#ended = new EndedRoutes(context.names, part);
    this.letters = new OwnedLetters(
      part,
      context,
      () => this.#happened,
      (mark) => this.#forgotten.push(mark),
    );
  }

  get records(): WaitingRecords {
    return this.#records;
  }

  /** The number of ends and changed letters that are not written yet. */
  get unwritten(): number {
    return this.#dirty.size + this.letters.out.size + (this.#ended.changed ? 1 : 0);
  }

  /** Begins to follow the part; resolves when all messages that are there have been read. */
  start(): Promise<void> {
    const { broker, names } = this.#context;
    this.#writer.own.switch(true);
    return new Promise((resolve) => {
      const subjects = [names.record(this.part, '>'), names.dead(this.part, '>'), names.ended(this.part)];
      const complete = (): void => {
        this.#takeLoaded();
        resolve();
      };
      this.#following = broker.follow(names.part(this.part), subjects, (message) => this.#receive(message), complete);
    });
  }

  stop(): void {
    this.#following?.stop();
    this.#writer.own.switch(false);
    this.#doubtful.clear();
    for (const { call } of this.#waiters.splice(0)) call();
  }

  /** Resolves when everything up to this sequence, and up to the last own write, has been read. */
  reached(asked: number): Promise<void> {
    const seq = Math.max(asked, this.#written);
    if (this.#position >= seq || this.#following === undefined) return Promise.resolve();
    return new Promise((call) => this.#waiters.push({ seq, call }));
  }

  takeHappened(): Happened {
    const happened = this.#happened;
    this.#happened = new Work();
    return happened;
  }

  /** Ends a route of a record; the next `flush` writes it. Without effect if it has ended already. */
  end({ id, route, unmark, dead, awaiting }: UnwrittenEnd): void {
    const entry = this.#records.get(id);
    const own = entry?.routes.find((one) => keyOf(entry.fixed, one) === route);
    if (entry === undefined || own === undefined) return;
    if (awaiting !== undefined) {
      entry.record = heldOn(entry.record, own.name, awaiting);
      this.#change(entry);
      return;
    }
    const letter = dead === undefined ? undefined : this.letters.made(entry, own, dead);
    this.#records.take(entry, [own]);
    const listed =
      letter === undefined &&
      entry.routes.length > 0 &&
      !this.#dirty.has(entry.key) &&
      this.#ended.add(entry.key, own.name, this.#context.now());
    if (!listed) this.#change(entry, letter);
    if (unmark) this.#forget({ site: entry.fixed.site, lasting: entry.lasting }, own);
  }

  /** Removes what a withdrawal closes. */
  withdraw(tombstone: Tombstone): void {
    const everybody = this.#context.policy().everybodyOf(tombstone.subject);
    for (const entry of this.#records.ofSubject(tombstone.subject, everybody)) this.#close(entry, [tombstone]);
    this.letters.withdraw(tombstone, everybody);
    this.#tell();
  }

  /** Removes dead letters from before `before`, unix milliseconds, and what is kept about records that have ended. */
  prune(before: number): void {
    this.letters.prune(before);
    for (const [key, seq] of this.#gone) if (seq < this.#position) this.#gone.delete(key);
  }

  /** Writes what is not written yet, one batch at a time. @throws NoAnswer, NoRoom: it is kept for the next call */
  async flush(reopens: boolean): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing.catch(() => undefined);
    this.#flushing = this.#flushAll(reopens);
    try {
      await this.#flushing;
    } finally {
      this.#flushing = undefined;
    }
  }

  async #flushAll(reopens: boolean): Promise<void> {
    if (reopens) this.letters.reopen();
    for (const key of this.#ended.late(this.#context.now())) {
      const entry = this.#records.of(key);
      if (entry === undefined) this.#ended.delete(key);
      else this.#change(entry);
    }
    for (let refused = 0; this.unwritten > 0; ) {
      try {
        await this.#flushSome();
        refused = 0;
        this.#unansweredSince = undefined;
      } catch (error) {
        if (error instanceof NoAnswer) this.#unansweredSince ??= performance.now();
        // An earlier write that timed out was stored: its messages arrive and show the present state.
        if (!(error instanceof WriteRefused) || ++refused > 20) throw error;
        // Messages of removals may have gone before they arrived. Until then, writing would only put off what is due.
        if (refused % 5 === 0 && performance.now() - (this.#unansweredSince ?? Infinity) >= GONE_MS)
          await this.#removeAgain();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    const forgotten = this.#forgotten.splice(0);
    if (forgotten.length === 0) return;
    try {
      await this.#writer.forget(forgotten);
    } catch (error) {
      this.#forgotten.push(...forgotten);
      throw error;
    }
  }

  async #removeAgain(): Promise<void> {
    const { broker, names } = this.#context;
    // One with a dead letter keeps it until the letter is heard: letters are not deleted after a time.
    const ended = [...this.#dirty.values()].filter(({ entry, letters }) => entry.routes.length + letters.length === 0);
    const subjects = ended.map(({ entry }) => names.record(this.part, entry.key));
    await removeAgain(broker, names.part(this.part), [...subjects, ...this.letters.going]);
  }

  /** Writes one batch. */
  async #flushSome(): Promise<void> {
    const { broker, names } = this.#context;
    const entries: { readonly entry: WaitingEntry; readonly made: readonly MadeLetter[]; readonly was: unknown }[] = [];
    const letters: (readonly [key: string, what: readonly Message[]])[] = [];
    const messages: Message[] = [];
    const dying: MadeLetter[] = [];
    const ended = this.#ended.changed ? this.#ended.message() : undefined;
    if (ended !== undefined) messages.push(ended);
    for (const { entry, letters: made } of this.#dirty.values()) {
      if (messages.length + dying.length + made.length >= PER_BATCH) break;
      messages.push(this.#messageOf(entry));
      dying.push(...made);
      entries.push({ entry, made, was: entry.record });
    }
    messages.push(...dying.sort((a, b) => a.nth - b.nth).map(({ message }) => message));
    for (const [key, out] of this.letters.out) {
      if (messages.length + out.length > PER_BATCH) break;
      messages.push(...out);
      letters.push([key, out]);
    }
    const last = await broker.write(names.part(this.part), messages);
    const seqOf = new Map(messages.map(({ subject }, i) => [subject, last - messages.length + 1 + i]));
    ended?.written(seqOf.get(ended.subject) as number);
    for (const { entry, made, was } of entries) {
      this.#ended.delete(entry.key);
      this.#records.recount(entry);
      const seq = seqOf.get(names.record(this.part, entry.key)) as number;
      entry.seq = Math.max(entry.seq, seq);
      const dirty = this.#dirty.get(entry.key);
      if (entry.record !== was) {
        if (dirty !== undefined) dirty.letters = dirty.letters.filter((one) => !made.includes(one));
        continue;
      }
      this.#dirty.delete(entry.key);
      if (entry.routes.length === 0 && this.#position < seq) this.#gone.set(entry.key, seq);
    }
    for (const [key, what] of letters) this.letters.written(key, what, seqOf.get(names.dead(this.part, key)) ?? last);
    this.#written = Math.max(this.#written, last);
  }

  #messageOf(entry: WaitingEntry): Message {
    const { names, seal, now } = this.#context;
    const subject = names.record(this.part, entry.key);
    const { record, seq: expected, lasting, place } = entry;
    if (record.routes.length === 0) return { subject, data: NOTHING, expected, ttlMs: GONE_MS };
    return { subject, expected, ...sealed({ ...withoutId(record), lasting, place }, subject, seal, now()) };
  }

  #receive({ subject, seq, data }: StoredMessage): void {
    const { names, seal } = this.#context;
    const { kind, key } = names.read(subject);
    const text = (): string | undefined => (data.length === 0 ? undefined : seal.open(data, subject));
    if (kind === 'd') this.#receiveLetter(key, seq, text());
    else if (kind === 'e') this.#ended.receive(data, seq, this.#loading !== undefined, this.#context.now());
    else {
      const own = this.#writer.own.take(key, data);
      if (!this.#receiveKnown(key, seq, data.length === 0 || isFence(data)))
        this.#receiveNew(key, seq, own ?? readRecord(text()));
    }
    this.#position = seq;
    if (this.#waiters.length === 0) return;
    const reached = this.#waiters.filter((one) => one.seq <= seq);
    this.#waiters = this.#waiters.filter((one) => one.seq > seq);
    for (const { call } of reached) call();
  }

  /** Takes a message of a record that is in memory or has ended; false = the record is new. */
  #receiveKnown(key: string, seq: number, gone: boolean): boolean {
    const entry = this.#dirty.get(key)?.entry ?? this.#records.of(key);
    if (entry !== undefined) {
      if (seq <= entry.seq) return true;
      entry.seq = seq;
      // Its end was stored, although the write was not answered.
      if (gone) {
        this.#dirty.delete(key);
        this.#records.take(entry, entry.routes);
      }
      return true;
    }
    if (gone) this.#loading?.delete(key);
    if (gone) this.#doubtful.delete(key);
    const since = this.#gone.get(key);
    if (since !== undefined && seq >= since) this.#gone.delete(key);
    return gone || since !== undefined;
  }

  #receiveNew(key: string, seq: number, kept: KeptRecord | undefined): void {
    if (kept === undefined) {
      this.damaged++;
      return;
    }
    if (this.#loading === undefined) this.#add(key, seq, kept);
    else this.#loading.set(key, { seq, kept });
  }

  /** Adds the loaded records in the order of their first messages: a record that was written again has a later sequence. */
  #takeLoaded(): void {
    const loaded = [...(this.#loading ?? [])];
    this.#loading = undefined;
    const placeOf = ({ kept, seq }: { readonly kept: KeptRecord; readonly seq: number }): number => kept.place ?? seq;
    loaded.sort(([, a], [, b]) => placeOf(a) - placeOf(b));
    for (const [key, { seq, kept }] of loaded) this.#add(key, seq, kept);
  }

  /** Queues doubtful records that no other part has, and ends those that another part has. @throws NoAnswer, NoRoom */
  async resolveDoubts(): Promise<void> {
    const { broker, names } = this.#context;
    for (const [key, { seq, kept }] of this.#doubtful) {
      const { doubts = [], ...certain } = kept;
      const answers = [];
      for (const doubt of doubts) answers.push(await wasStored(broker, names, doubt));
      // Meanwhile the record may have ended, and the part may have another gateway.
      if (!this.#doubtful.delete(key)) continue;
      if (answers.includes(true)) this.#change(this.#entryOf(key, seq, { ...certain, routes: [] }));
      else this.#add(key, seq, certain);
    }
    this.#tell();
  }

  #entryOf(key: string, seq: number, { lasting, place = seq, doubts: _doubts, ...rest }: KeptRecord): WaitingEntry {
    return new WaitingEntry({ key, lasting, place, seq }, { ...rest, id: this.#nextId() });
  }

  #add(key: string, seq: number, kept: KeptRecord): void {
    if (kept.doubts !== undefined && kept.doubts.length > 0) {
      this.#doubtful.set(key, { seq, kept });
      return;
    }
    const entry = this.#entryOf(key, seq, kept);
    const ended = this.#ended.of(key);
    entry.take(entry.routes.filter(({ name }) => ended.includes(name)));
    if (entry.routes.length === 0) {
      this.#change(entry);
      return;
    }
    this.#records.add(entry);
    this.#happened.add(entry.record);
    const { subjects, site } = entry.fixed;
    if (subjects.length > 0) this.#close(entry, this.#context.withdrawn(subjects, site));
    this.#tell();
  }

  #receiveLetter(key: string, seq: number, text: string | undefined): void {
    const dirty = this.#dirty.get(recordKeyIn(key));
    const subject = this.#context.names.dead(this.part, key);
    // It was stored, although the write was not answered.
    if (dirty !== undefined) dirty.letters = dirty.letters.filter(({ message }) => message.subject !== subject);
    if (!this.letters.receive(key, seq, text)) this.damaged++;
    this.#tell();
  }

  /** Removes the routes of a record that these withdrawals close. */
  #close(entry: WaitingEntry, tombstones: readonly Tombstone[]): void {
    for (const tombstone of tombstones) {
      const { record } = entry;
      const taken = this.#closedBy(tombstone, record);
      if (taken.length === 0) continue;
      for (const route of taken) {
        this.#happened.purge(keyOf(record, route), record.id);
        this.#forget({ site: record.site, lasting: entry.lasting }, route);
      }
      this.#records.take(entry, taken);
      this.#change(entry);
    }
  }

  #closedBy(tombstone: Tombstone, record: Parameters<typeof closedBy>[1]): readonly StoredRoute[] {
    return closedBy(tombstone, record, this.#context.now(), this.#context.policy());
  }

  #change(entry: WaitingEntry, letter?: Message): void {
    const before = this.#dirty.get(entry.key)?.letters ?? [];
    const made = letter === undefined ? [] : [{ message: letter, nth: this.#lettersMade++ }];
    this.#dirty.set(entry.key, { entry, letters: [...before, ...made] });
  }

  #forget({ site, lasting }: Pick<KeptRecord, 'site' | 'lasting'>, { mark, name }: StoredRoute): void {
    if (mark !== 0) this.#forgotten.push({ mark, route: keyOf({ site }, { name }), lasting });
  }
}
