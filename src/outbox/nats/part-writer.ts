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
/** How long to wait for the answer when a batch is sent a second time, because the first was not answered, milliseconds. */
const AGAIN_MS = 500;
/** The pause between two tries to send it, milliseconds. */
const PAUSE_MS = 50;
/** How often a refused batch is made again with the marks read from the brokers. */
const TRIES = 5;
/** How long the brokers keep a record after its last route has expired, if no gateway ends it, milliseconds. */
const BEYOND_MS = 3_600_000;

/** The values that all parts of an outbox share. */
export interface PartContext {
  readonly broker: Broker;
  readonly names: Names;
  readonly seal: Seal;
  readonly policy: () => StorePolicy;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** The withdrawals of these subjects of a site that this gateway has read. */
  readonly withdrawn: (subjects: readonly number[], site: string) => readonly Tombstone[];
}

/** The result of storing records in a part. */
export interface PartStored {
  readonly results: readonly (readonly Stored[])[];
  readonly purged: readonly Purged[];
  /** The sequence of the last record; 0 = there was none to be stored. */
  readonly seq: number;
}

interface Waiting {
  readonly records: readonly OutboxRecord[];
  /** The places where each of them may be stored already. */
  readonly doubts: readonly (readonly Doubt[])[];
  readonly wanted: () => boolean;
  readonly resolve: (stored: PartStored) => void;
  readonly reject: (error: unknown) => void;
}

/** A batch: the messages it writes, and the results for the callers. */
interface Draft {
  readonly marks: MarkDraft;
  readonly messages: readonly Message[];
  readonly answers: readonly Omit<PartStored, 'seq'>[];
  /** For each caller the keys of its records, in their order; undefined = the record is not stored. */
  readonly keys: readonly (readonly (string | undefined)[])[];
}

/** The write was not answered: the records may be stored or not. */
export class MaybeStored extends NoAnswer {
  override readonly name = 'MaybeStored';
  /** The place where each of the records would be. */
  readonly places: readonly (Doubt | undefined)[];

  constructor(places: readonly (Doubt | undefined)[], cause: Error) {
    super(cause.message, { cause });
    this.places = places;
  }
}

/**
 * Stores records in one part. All that waits is one batch, and one batch is written at a time, so that each batch is made
 * with the marks of the one before. If another gateway has changed one of its marks, the brokers refuse the batch. Then
 * the marks are read from the brokers, and the batch is made again.
 */
export class PartWriter {
  readonly marks: PartMarks;
  readonly own = new OwnWrites();
  readonly #context: PartContext;
  readonly #part: number;
  readonly #waiting: Waiting[] = [];
  /** The beginning of this writer's keys; no other writer has it. */
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
   * @param doubts the places where each of them may be stored already
   * @throws MaybeStored: they may be stored or not. Any other error: they are not stored.
   */
  store(
    records: readonly OutboxRecord[],
    wanted: () => boolean,
    doubts: readonly (readonly Doubt[])[] = [],
  ): Promise<PartStored> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, doubts, wanted, resolve, reject });
      // Appends of one turn of the event loop go into one batch.
      if (!this.#busy) void Promise.resolve().then(() => this.#writeAll());
    });
  }

  /** Removes routes from marks, because the events did not reach them. @throws NoAnswer */
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
        // Callers do not wait for a part that does not answer: they try the next part at once.
        if (error instanceof NoAnswer) for (const { reject } of this.#waiting.splice(0)) reject(error);
      }
    }
    this.#busy = false;
  }

  #take(): readonly Waiting[] {
    let messages = 0;
    let count = 0;
    for (const { records } of this.#waiting) {
      // A record has at most one mark for each of its routes.
      messages += records.reduce((sum, { routes }) => sum + 1 + routes.length, 0);
      if (count > 0 && messages > PER_BATCH) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #write(taken: readonly Waiting[]): Promise<void> {
    for (let tries = 0; tries < TRIES; tries++) {
      const { marks, messages, answers, keys } = await this.#sureDraft(taken);
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
        // The broker that was asked did not have the newest marks yet.
        if (tries > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        await this.marks.look([...marks.changed.keys()]);
      }
    }
    throw new NoAnswer('the marks of this part change faster than they can be read');
  }

  /**
   * Writes a batch; returns the sequence of its last message. If the write is not answered, the same batch is sent again.
   * Its messages expect empty subjects, so it is stored only once, and a refusal shows that it was stored already.
   */
  async #send(messages: readonly Message[]): Promise<number> {
    const { broker, names } = this.#context;
    const stream = names.part(this.#part);
    let unanswered: NoAnswer;
    try {
      return await broker.write(stream, messages);
    } catch (error) {
      if (!(error instanceof NoAnswer) || error instanceof NotSent) throw error;
      unanswered = error;
    }
    for (let waited = 0; ; waited += PAUSE_MS) {
      try {
        return await broker.write(stream, messages, AGAIN_MS);
      } catch (error) {
        if (error instanceof WriteRefused) return await this.#storedBefore(messages, error);
        if (!(error instanceof NotSent) || waited >= AGAIN_MS) throw error instanceof NoAnswer ? unanswered : error;
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

  /** The sequence of a batch that was stored although its write was not answered. @throws `refusal` if it was not stored */
  async #storedBefore(messages: readonly Message[], refusal: WriteRefused): Promise<number> {
    const { broker, names } = this.#context;
    const { subject } = messages.at(-1) as Message;
    if (!names.isRecord(subject)) throw refusal;
    // A follower answers, which may not have it yet.
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

  /**
   * A batch in which an event is a repeat only for a mark that was seen just now. The gateway that delivers the part
   * removes the mark of an event that did not reach its vendor, and the same event is then accepted again.
   */
  async #sureDraft(taken: readonly Waiting[]): Promise<Draft> {
    const draft = this.#draft(taken);
    const old = this.marks.old(draft.marks.repeated);
    if (old.length === 0) return draft;
    this.own.drop(draft.keys.flat());
    // Without an answer it is a repeat: what was stored is not stored again in another part.
    const asked = this.marks.look(old).catch(() => undefined);
    await Promise.race([asked, new Promise((resolve) => setTimeout(resolve, AGAIN_MS).unref())]);
    return this.#draft(taken);
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
    // Records are last: when a follower has read the last one, it has read the whole batch.
    return { marks, messages: [...marks.messages(), ...records], answers, keys };
  }

  #takeIn(one: OutboxRecord, marks: MarkDraft, doubts: readonly Doubt[]) {
    const { policy, withdrawn, names, seal, now } = this.#context;
    const { results, record, purged } = takeIn(one, policy(), {
      // The id of a record that was withdrawn before it was stored. A stored one gets its id from the gateway that delivers it.
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

/** A route that is removed from a mark. */
export interface Forgotten {
  readonly mark: number;
  readonly route: string;
  readonly lasting: boolean;
}

/** Content and lifetime of the message of a record. */
export function sealed(record: KeptRecord, subject: string, seal: Seal, now: number): Pick<Message, 'data' | 'ttlMs'> {
  const expires = Math.max(...record.routes.map(({ expiresAt }) => expiresAt));
  return { data: seal.seal(write(record), subject, now), ttlMs: Math.max(0, expires - now) + BEYOND_MS };
}
