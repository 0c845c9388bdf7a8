import { randomBytes } from 'node:crypto';
import type { OutboxRecord, Stored } from '../../delivery/outbox.ts';
import type { Purged } from '../../delivery/store.ts';
import { CommitUnwanted } from '../commit.ts';
import { takeIn } from '../intake.ts';
import type { StorePolicy } from '../store-policy.ts';
import type { Tombstone } from '../tombstone.ts';
import { NoAnswer, NotSent, WriteRefused, type Broker, type Message } from './broker.ts';
import type { Doubt } from './doubts.ts';
import type { Names } from './names.ts';
import { OwnWrites } from './own-writes.ts';
import { PartMarks, type MarkDraft } from './part-marks.ts';
import type { Seal } from './seal.ts';
import { withoutId, write, type KeptRecord } from './written.ts';

/** Messages in one batch; the brokers take a thousand. */
const PER_BATCH = 900;
/** A batch of which nobody knows whether it is stored is sent once more, and an answer waited for so long, milliseconds. */
const AGAIN_MS = 500;
/** How long it is waited until it can be sent, milliseconds. */
const PAUSE_MS = 50;
/** How often a batch that was refused is made anew with what the brokers know. */
const TRIES = 5;
/** A record outlives its last route by so much in the brokers' files, should no gateway come to end it, milliseconds. */
const BEYOND_MS = 3_600_000;

/** What all parts of an outbox share. */
export interface PartContext {
  readonly broker: Broker;
  readonly names: Names;
  readonly seal: Seal;
  readonly policy: () => StorePolicy;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** What these subjects of a site have withdrawn, as far as it is known here. */
  readonly withdrawn: (subjects: readonly number[], site: string) => readonly Tombstone[];
}

/** What became of the records that were given to a part. */
export interface PartStored {
  readonly results: readonly (readonly Stored[])[];
  readonly purged: readonly Purged[];
  /** The sequence of the last record; 0 = there was none to be stored. */
  readonly seq: number;
}

interface Waiting {
  readonly records: readonly OutboxRecord[];
  /** Where each of them may be stored already. */
  readonly doubts: readonly (readonly Doubt[])[];
  readonly wanted: () => boolean;
  readonly resolve: (stored: PartStored) => void;
  readonly reject: (error: unknown) => void;
}

/** What a batch writes, and what it answers. */
interface Draft {
  readonly marks: MarkDraft;
  readonly messages: readonly Message[];
  readonly answers: readonly Omit<PartStored, 'seq'>[];
  /** What the records of each are stored under, in their order; undefined = it is not stored. */
  readonly keys: readonly (readonly (string | undefined)[])[];
}

/** Nobody knows whether these were stored. */
export class MaybeStored extends NoAnswer {
  override readonly name = 'MaybeStored';
  /** Where each of the records would be. */
  readonly places: readonly (Doubt | undefined)[];

  constructor(places: readonly (Doubt | undefined)[], cause: Error) {
    super(cause.message, { cause });
    this.places = places;
  }
}

/**
 * Stores in one part: whatever waits goes in one batch, one batch at a time, so that marks that are under way are known.
 * A repeat that another gateway has stored lets the brokers refuse the batch: then they are asked, and it is made anew.
 */
export class PartWriter {
  readonly marks: PartMarks;
  readonly own = new OwnWrites();
  readonly #context: PartContext;
  readonly #part: number;
  readonly #waiting: Waiting[] = [];
  /** What the keys of this writer begin with, which no other one's do. */
  readonly #prefix = randomBytes(7).toString('hex');
  #keys = 0;
  #busy = false;
  #lastId = 0;

  constructor(context: PartContext, part: number) {
    this.#context = context;
    this.#part = part;
    this.marks = new PartMarks(context.broker, context.names, part, context.now);
  }

  /**
   * @param doubts where each of them may be stored already
   * @throws MaybeStored: nobody knows whether they were stored. Any other error: they were not.
   */
  store(
    records: readonly OutboxRecord[],
    wanted: () => boolean,
    doubts: readonly (readonly Doubt[])[] = [],
  ): Promise<PartStored> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, doubts, wanted, resolve, reject });
      // What comes in the same turn of the event loop goes together.
      if (!this.#busy) void Promise.resolve().then(() => this.#writeAll());
    });
  }

  /** The events did not reach these routes. @throws NoAnswer */
  async forget(events: readonly Forgotten[]): Promise<void> {
    const { broker, names } = this.#context;
    const subjects = [...new Set(events.map(({ mark, lasting }) => names.mark(this.#part, mark, lasting)))];
    for (let tries = 0; tries < TRIES; tries++) {
      await this.marks.look(subjects);
      const draft = this.marks.draft();
      for (const { mark, route, lasting } of events) draft.forget(mark, route, lasting);
      const messages = draft.messages().slice(0, PER_BATCH);
      if (messages.length === 0) return;
      try {
        this.#keep(draft, messages, await broker.write(names.part(this.#part), messages));
        if (messages.length === draft.changed.size) return;
      } catch (error) {
        if (!(error instanceof WriteRefused)) throw error;
      }
    }
  }

  async #writeAll(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#waiting.length > 0) {
      const taken = this.#take().filter((one) => {
        const wanted = one.wanted();
        if (!wanted) one.reject(new CommitUnwanted('given up while it was being written'));
        return wanted;
      });
      try {
        await this.#write(taken);
      } catch (error) {
        for (const { reject } of taken) reject(error);
        // Nobody waits for a part that is silent: the next one is tried at once.
        if (error instanceof NoAnswer) for (const { reject } of this.#waiting.splice(0)) reject(error);
      }
    }
    this.#busy = false;
  }

  #take(): readonly Waiting[] {
    let messages = 0;
    let count = 0;
    for (const { records } of this.#waiting) {
      // Each record may bring a mark for each of its routes.
      messages += records.reduce((sum, { routes }) => sum + 1 + routes.length, 0);
      if (count > 0 && messages > PER_BATCH) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #write(taken: readonly Waiting[]): Promise<void> {
    for (let tries = 0; tries < TRIES; tries++) {
      const { marks, messages, answers, keys } = this.#draft(taken);
      try {
        const seq = messages.length === 0 ? 0 : await this.#send(messages);
        if (seq > 0) this.#keep(marks, messages, seq);
        const stored = messages.length > marks.size ? seq : 0;
        taken.forEach(({ resolve }, i) => resolve({ ...(answers[i] as Omit<PartStored, 'seq'>), seq: stored }));
        return;
      } catch (error) {
        this.own.drop(keys.flat());
        if (!(error instanceof WriteRefused)) {
          if (error instanceof NoAnswer && !(error instanceof NotSent)) this.#rejectUnsure(taken, keys, error);
          throw error;
        }
        await this.marks.look([...marks.changed.keys()]);
      }
    }
    throw new NoAnswer('what is stored here changes faster than it can be read');
  }

  /**
   * Writes a batch; answers with the sequence of its last message. Where nobody knows whether it is stored, the very same
   * is sent again: it replaces nothing, so it is stored once, and a refusal says that it was there already.
   */
  async #send(messages: readonly Message[]): Promise<number> {
    const { broker, names } = this.#context;
    const stream = names.part(this.#part);
    let unsure: NoAnswer;
    try {
      return await broker.write(stream, messages);
    } catch (error) {
      if (!(error instanceof NoAnswer) || error instanceof NotSent) throw error;
      unsure = error;
    }
    for (let waited = 0; ; waited += PAUSE_MS) {
      try {
        return await broker.write(stream, messages, AGAIN_MS);
      } catch (error) {
        if (error instanceof WriteRefused) return await this.#storedBefore(messages, error);
        if (!(error instanceof NotSent) || waited >= AGAIN_MS) throw error instanceof NoAnswer ? unsure : error;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  #rejectUnsure(taken: readonly Waiting[], keys: Draft['keys'], error: NoAnswer): void {
    taken.forEach(({ reject }, i) => {
      const places = keys[i]?.map((key) => (key === undefined ? undefined : { part: this.#part, key }));
      reject(new MaybeStored(places ?? [], error));
    });
  }

  /** The sequence of a batch that was stored, although nobody could say so at the time. @throws the refusal, where it was not */
  async #storedBefore(messages: readonly Message[], refusal: WriteRefused): Promise<number> {
    const { broker, names } = this.#context;
    const { subject } = messages.at(-1) as Message;
    if (!names.isRecord(subject)) throw refusal;
    // The broker that is asked may not have it yet.
    for (let tries = 0; tries < TRIES; tries++) {
      const [stored] = await broker.last(names.part(this.#part), [subject]);
      if (stored !== undefined) return stored.seq;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    throw refusal;
  }

  #keep(marks: MarkDraft, messages: readonly Message[], seq: number): void {
    const first = seq - messages.length + 1;
    const at = new Map(messages.map(({ subject }, i) => [subject, first + i]));
    this.marks.written(marks, (subject) => at.get(subject) ?? 0);
  }

  #draft(taken: readonly Waiting[]): Draft {
    const marks = this.marks.draft();
    const records: Message[] = [];
    const keys: (string | undefined)[][] = [];
    const answers = taken.map((one): Draft['answers'][number] => {
      const purged: Purged[] = [];
      const own: (string | undefined)[] = [];
      const results = one.records.map((record, i) => {
        const stored = this.#takeIn(record, marks, one.doubts[i] ?? []);
        purged.push(...stored.purged);
        own.push(stored.key);
        if (stored.message !== undefined) records.push(stored.message);
        return stored.results;
      });
      keys.push(own);
      return { results, purged };
    });
    // Records last: who follows knows that all of a batch has come when its last one has.
    return { marks, messages: [...marks.messages(), ...records], answers, keys };
  }

  #takeIn(one: OutboxRecord, marks: MarkDraft, doubts: readonly Doubt[]) {
    const { policy, withdrawn, names, seal, now } = this.#context;
    const { results, record, purged } = takeIn(one, policy(), {
      // Of what is withdrawn before it is stored; what is stored gets one from whoever delivers it.
      nextId: () => --this.#lastId,
      claim: (mark, route, lasting) => marks.claim(mark, route, lasting),
      forget: (mark, route) => marks.forget(mark, route, one.lasting),
      withdrawn: (subjects, site) => withdrawn(subjects, site),
    });
    if (record === undefined) return { results, purged, key: undefined, message: undefined };
    const kept: KeptRecord = { ...withoutId(record), lasting: one.lasting, ...(doubts.length > 0 && { doubts }) };
    const key = this.#prefix + (this.#keys++).toString(16).padStart(10, '0');
    const subject = names.record(this.#part, key);
    const message = { subject, expected: 0, ...sealed(kept, subject, seal, now()) };
    this.own.add(key, message.data, kept);
    return { results, purged, key, message };
  }
}

/** A mark that is forgotten for a route. */
export interface Forgotten {
  readonly mark: number;
  readonly route: string;
  readonly lasting: boolean;
}

/** A record as a message has it. */
export function sealed(record: KeptRecord, subject: string, seal: Seal, now: number): Pick<Message, 'data' | 'ttlMs'> {
  const expires = Math.max(...record.routes.map(({ expiresAt }) => expiresAt));
  return { data: seal.seal(write(record), subject, now), ttlMs: Math.max(0, expires - now) + BEYOND_MS };
}
