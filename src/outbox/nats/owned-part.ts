import { createHash } from 'node:crypto';
import type { Purged, QueuedRecord } from '../../delivery/store.ts';
import { bump, Work, type UnwrittenEnd } from '../commit.ts';
import { isMeant, letterOf, type DeadLetter, type Which } from '../dead-letters.ts';
import { heldOn, keyOf, narrowed, type StoredRoute } from '../record.ts';
import { closedBy, type Tombstone } from '../tombstone.ts';
import { WriteRefused, type Following, type Message, type StoredMessage } from './broker.ts';
import { sealed, type Forgotten, type PartContext, type PartWriter } from './part-writer.ts';
import { WaitingRecords, type Entry } from './waiting.ts';
import { readLetter, readRecord, write, type KeptLetter, type KeptRecord } from './written.ts';

/** Messages in one batch. */
const PER_BATCH = 900;
/** How long it is kept that something has gone, milliseconds: who follows has to see it. */
const GONE_MS = 5_000;
const NOTHING = new Uint8Array(0);

/** A dead letter as this gateway knows it; what is in it the brokers have. */
interface Letter {
  readonly key: string;
  readonly id: number;
  readonly letter: KeptLetter;
  readonly seq: number;
}

/** What has happened in a part since it was last asked. */
export interface Happened {
  readonly added: ReadonlyMap<string, readonly QueuedRecord[]>;
  readonly purged: readonly Purged[];
  readonly purgedDead: ReadonlyMap<string, number>;
  readonly reopened: ReadonlyMap<string, number>;
}

/**
 * A part that this gateway delivers: follows what is stored in it, and writes what becomes of that. What ends is out of
 * the queue here at once, and in the brokers with the next `flush`; nobody else writes in the meantime, and where
 * somebody did after all, the brokers refuse it.
 */
export class OwnedPart {
  readonly part: number;
  readonly #context: PartContext;
  readonly #writer: PartWriter;
  readonly #nextId: () => number;
  readonly #tell: () => void;
  readonly #records = new WaitingRecords();
  readonly #letters = new Map<string, Letter>();
  /** By key: entries whose messages are not as they are, each with the dead letters that its batch writes. */
  readonly #dirty = new Map<string, { readonly entry: Entry; letters: readonly Message[] }>();
  /** By key: dead letters that go, each with what its batch writes. */
  readonly #lettersOut = new Map<string, Message[]>();
  #forgotten: Forgotten[] = [];
  /** What is gone, and since which sequence: an older message of it may still come. */
  readonly #gone = new Map<string, number>();
  /** What was there when this gateway came, by key, until all of it has come; undefined = it has. */
  #loading: Map<string, { readonly seq: number; readonly kept: KeptRecord }> | undefined = new Map();
  #happened = new Work();
  #following: Following | undefined;
  #position = 0;
  /** The last sequence that was written here. */
  #written = 0;
  #waiters: { readonly seq: number; readonly call: () => void }[] = [];
  #flushing: Promise<void> | undefined;
  damaged = 0;

  /** @param nextId ids are this process's own. @param tell something has happened */
  constructor(part: number, context: PartContext, writer: PartWriter, nextId: () => number, tell: () => void) {
    this.part = part;
    this.#context = context;
    this.#writer = writer;
    this.#nextId = nextId;
    this.#tell = tell;
  }

  get records(): WaitingRecords {
    return this.#records;
  }

  get letters(): number {
    return this.#letters.size;
  }

  /** Ends that the brokers do not have. */
  get unwritten(): number {
    return this.#dirty.size + this.#lettersOut.size;
  }

  /** Begins to follow; resolves when all that is there has come. */
  start(): Promise<void> {
    const { broker, names } = this.#context;
    return new Promise((resolve) => {
      const subjects = [names.record(this.part, '>'), names.dead(this.part, '>')];
      const complete = (): void => {
        this.#takeLoaded();
        resolve();
      };
      this.#following = broker.follow(names.part(this.part), subjects, (message) => this.#hear(message), complete);
    });
  }

  stop(): void {
    this.#following?.stop();
    for (const { call } of this.#waiters.splice(0)) call();
  }

  /** Resolves when everything has come up to this sequence, and up to what was written here. */
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

  /** Ends, to be written with the next `flush`. Those of what has ended already do nothing. */
  end({ id, route, unmark, dead, awaiting }: UnwrittenEnd): void {
    const entry = this.#records.get(id);
    const own = entry?.record.routes.find((one) => keyOf(entry.record, one) === route);
    if (entry === undefined || own === undefined) return;
    if (awaiting !== undefined) {
      const { record } = entry;
      entry.record = heldOn(record, own.name, awaiting);
      this.#change(entry);
      return;
    }
    const letter = dead === undefined ? undefined : this.#letterFor(entry, own, dead);
    this.#records.take(entry, [own]);
    this.#change(entry, letter);
    if (unmark) this.#forget({ site: entry.record.site, lasting: entry.lasting }, own);
  }

  /** Takes out what a withdrawal closes. */
  withdraw(tombstone: Tombstone): void {
    const everybody = this.#context.policy().everybodyOf(tombstone.subject);
    for (const entry of this.#records.ofSubject(tombstone.subject, everybody)) this.#close(entry, [tombstone]);
    for (const { key, letter } of [...this.#letters.values()]) {
      const { subjects, site } = letter.record;
      const meant = everybody === undefined ? subjects.includes(tombstone.subject) : site === everybody;
      if (meant && subjects.length > 0) this.#closeLetter(key, tombstone);
    }
    this.#tell();
  }

  list(which: Which): DeadLetter[] {
    return this.#chosen(which).map(({ id, letter }) => {
      const { record } = letter;
      return letterOf({ ...record, id }, record.routes as readonly [StoredRoute], record.body.length, letter);
    });
  }

  /** Asks for another attempt, with the next `flush`. */
  retry(which: Which): number {
    const chosen = this.#chosen(which);
    for (const one of chosen) this.#letters.set(one.key, { ...one, letter: { ...one.letter, retry: true } });
    return chosen.length;
  }

  purge(which: Which): number {
    const chosen = this.#chosen(which);
    for (const { key } of chosen) this.#letterGoes(key);
    return chosen.length;
  }

  /** Dead letters from before `before`, unix milliseconds, have had their time. */
  prune(before: number): void {
    for (const { key, letter } of [...this.#letters.values()]) if (letter.died < before) this.#letterGoes(key);
    for (const [key, seq] of this.#gone) if (seq < this.#position) this.#gone.delete(key);
  }

  /** Dead letters by route. */
  deadQueues(): ReadonlyMap<string, number> {
    const dead = new Map<string, number>();
    for (const { letter } of this.#letters.values())
      for (const route of letter.record.routes) bump(dead, keyOf(letter.record, route), 1);
    return dead;
  }

  /** Writes what is not written: one at a time. @throws NoAnswer, NoRoom: it is kept for the next time */
  async flush(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing.catch(() => undefined);
    this.#flushing = this.#flushAll();
    try {
      await this.#flushing;
    } finally {
      this.#flushing = undefined;
    }
  }

  async #flushAll(): Promise<void> {
    this.#reopenAsked();
    for (let refused = 0; this.unwritten > 0; ) {
      try {
        await this.#flushSome();
        refused = 0;
      } catch (error) {
        // A write that timed out was stored after all: what comes of it says how things are.
        if (!(error instanceof WriteRefused) || ++refused > 20) throw error;
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

  /** Writes as much as one batch takes. */
  async #flushSome(): Promise<void> {
    const { broker, names } = this.#context;
    const entries: { readonly entry: Entry; readonly letters: readonly Message[]; readonly was: unknown }[] = [];
    const gone: string[] = [];
    const messages: Message[] = [];
    for (const { entry, letters: out } of this.#dirty.values()) {
      if (messages.length + out.length >= PER_BATCH) break;
      messages.push(this.#messageOf(entry), ...out);
      entries.push({ entry, letters: out, was: entry.record });
    }
    for (const [key, out] of this.#lettersOut) {
      if (messages.length + out.length > PER_BATCH) break;
      messages.push(...out);
      gone.push(key);
    }
    const last = await broker.write(names.part(this.part), messages);
    const seqOf = new Map(messages.map(({ subject }, i) => [subject, last - messages.length + 1 + i]));
    for (const { entry, letters, was } of entries) {
      const seq = seqOf.get(names.record(this.part, entry.key)) as number;
      entry.seq = Math.max(entry.seq, seq);
      const dirty = this.#dirty.get(entry.key);
      if (entry.record !== was) {
        if (dirty !== undefined) dirty.letters = dirty.letters.filter((one) => !letters.includes(one));
        continue;
      }
      this.#dirty.delete(entry.key);
      if (entry.record.routes.length === 0 && this.#position < seq) this.#gone.set(entry.key, seq);
    }
    for (const key of gone) this.#lettersOut.delete(key);
    this.#written = Math.max(this.#written, last);
  }

  #messageOf(entry: Entry): Message {
    const { names, seal, now } = this.#context;
    const subject = names.record(this.part, entry.key);
    const { record, seq: expected, lasting, place } = entry;
    if (record.routes.length === 0) return { subject, data: NOTHING, expected, ttlMs: GONE_MS };
    return { subject, expected, ...sealed({ ...withoutId(record), lasting, place }, subject, seal, now()) };
  }

  #hear({ subject, seq, data }: StoredMessage): void {
    const { names, seal } = this.#context;
    const { kind, key } = names.read(subject);
    const text = (): string | undefined => (data.length === 0 ? undefined : seal.open(data, subject));
    if (kind === 'd') this.#hearLetter(key, seq, text());
    else if (!this.#hearKnown(key, seq, data.length === 0)) this.#hearNew(key, seq, text());
    this.#position = seq;
    if (this.#waiters.length === 0) return;
    const there = this.#waiters.filter((one) => one.seq <= seq);
    this.#waiters = this.#waiters.filter((one) => one.seq > seq);
    for (const { call } of there) call();
  }

  /** What is known of a record already; false = it is new. */
  #hearKnown(key: string, seq: number, gone: boolean): boolean {
    const entry = this.#dirty.get(key)?.entry ?? this.#records.of(key);
    if (entry !== undefined) {
      if (seq <= entry.seq) return true;
      entry.seq = seq;
      // Its end was written, though nobody could say so at the time.
      if (gone) {
        this.#dirty.delete(key);
        this.#records.take(entry, entry.record.routes);
      }
      return true;
    }
    if (gone) this.#loading?.delete(key);
    const since = this.#gone.get(key);
    if (since !== undefined && seq >= since) this.#gone.delete(key);
    return gone || since !== undefined;
  }

  #hearNew(key: string, seq: number, text: string | undefined): void {
    const kept = readRecord(text);
    if (kept === undefined) {
      this.damaged++;
      return;
    }
    if (this.#loading === undefined) this.#add(key, seq, kept);
    else this.#loading.set(key, { seq, kept });
  }

  /** In the order in which it was stored first: what was written again since has a later sequence. */
  #takeLoaded(): void {
    const loaded = [...(this.#loading ?? [])];
    this.#loading = undefined;
    const placeOf = ({ kept, seq }: { readonly kept: KeptRecord; readonly seq: number }): number => kept.place ?? seq;
    loaded.sort(([, a], [, b]) => placeOf(a) - placeOf(b));
    for (const [key, { seq, kept }] of loaded) this.#add(key, seq, kept);
  }

  #add(key: string, seq: number, { lasting, place = seq, ...rest }: KeptRecord): void {
    const entry: Entry = { key, lasting, place, seq, record: { ...rest, id: this.#nextId() } };
    this.#records.add(entry);
    this.#happened.add(entry.record);
    const { subjects, site } = entry.record;
    if (subjects.length > 0) this.#close(entry, this.#context.withdrawn(subjects, site));
    this.#tell();
  }

  #hearLetter(key: string, seq: number, text: string | undefined): void {
    const known = this.#letters.get(key);
    if (known !== undefined && seq <= known.seq) return;
    const letter = readLetter(text);
    // What it says is the last word, whoever wrote it: what was to be written over the one before is not any more.
    this.#lettersOut.delete(key);
    const dirty = this.#dirty.get(recordOf(key));
    const subject = this.#context.names.dead(this.part, key);
    if (dirty !== undefined) dirty.letters = dirty.letters.filter((one) => one.subject !== subject);
    if (letter === undefined) {
      if (text !== undefined) this.damaged++;
      this.#letters.delete(key);
      return;
    }
    // What is asked for by its id keeps it, whoever lists it.
    const id = known?.id ?? letterId(this.part, seq);
    this.#letters.set(key, { key, id, letter, seq });
    const { subjects, site } = letter.record;
    if (subjects.length > 0) for (const one of this.#context.withdrawn(subjects, site)) this.#closeLetter(key, one);
    if (letter.retry) this.#tell();
  }

  /** Takes out of a record what these withdrawals close. */
  #close(entry: Entry, tombstones: readonly Tombstone[]): void {
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

  #closeLetter(key: string, tombstone: Tombstone): void {
    const record = this.#letters.get(key)?.letter.record;
    const taken = record === undefined ? [] : this.#closedBy(tombstone, { ...record, id: 0 });
    if (record === undefined || taken.length === 0) return;
    this.#letterGoes(key);
    for (const route of taken) {
      bump(this.#happened.purgedDead, keyOf(record, route), 1);
      this.#forget(record, route);
    }
  }

  #closedBy(tombstone: Tombstone, record: Parameters<typeof closedBy>[1]): readonly StoredRoute[] {
    return closedBy(tombstone, record, this.#context.now(), this.#context.policy());
  }

  #change(entry: Entry, letter?: Message): void {
    const before = this.#dirty.get(entry.key)?.letters ?? [];
    this.#dirty.set(entry.key, { entry, letters: letter === undefined ? before : [...before, letter] });
  }

  #forget({ site, lasting }: Pick<KeptRecord, 'site' | 'lasting'>, { mark, name }: StoredRoute): void {
    if (mark !== 0) this.#forgotten.push({ mark, route: keyOf({ site }, { name }), lasting });
  }

  #letterFor({ key, record, lasting }: Entry, own: StoredRoute, reason: string): Message {
    const one = heldOn(narrowed(record, [own]), own.name, undefined);
    const letter = { record: { ...withoutId(one), lasting }, died: this.#context.now(), reason, retry: false };
    const { names, seal, now } = this.#context;
    const subject = names.dead(this.part, `${key}-${Buffer.from(own.name).toString('base64url')}`);
    return { subject, expected: 0, data: seal.seal(write(letter), subject, now()) };
  }

  #letterGoes(key: string): void {
    const known = this.#letters.get(key);
    if (known === undefined) return;
    this.#letters.delete(key);
    const subject = this.#context.names.dead(this.part, key);
    this.#lettersOut.set(key, [{ subject, data: NOTHING, expected: known.seq, ttlMs: GONE_MS }]);
  }

  /** Dead letters that are asked for become records again. */
  #reopenAsked(): void {
    const { names, seal, now } = this.#context;
    for (const { key, letter } of [...this.#letters.values()]) {
      if (!letter.retry) continue;
      const { record } = letter;
      this.#letterGoes(key);
      const subject = names.record(this.part, keyAfter(key, letter.died));
      this.#lettersOut.get(key)?.push({ subject, expected: 0, ...sealed(record, subject, seal, now()) });
      for (const route of record.routes) bump(this.#happened.reopened, keyOf(record, route), 1);
    }
  }

  #chosen(which: Which): Letter[] {
    return [...this.#letters.values()].filter(({ id, letter: { record } }) =>
      record.routes.some((route) => isMeant(which, id, keyOf(record, route))),
    );
  }
}

/** Characters of a record's key; that of its dead letter begins with it. */
const KEY = 24;

const recordOf = (letterKey: string): string => letterKey.slice(0, KEY);

/** What a dead letter is stored under when it is a record again: always the same, so that it becomes one once. */
function keyAfter(letterKey: string, died: number): string {
  return createHash('sha256').update(`${letterKey} ${died}`).digest('hex').slice(0, KEY);
}

/** The same for all who see it: sequence and part. */
function letterId(part: number, seq: number): number {
  return seq * 16 + part;
}

function withoutId<R extends { readonly id: number }>({ id: _, ...rest }: R): Omit<R, 'id'> {
  return rest;
}
