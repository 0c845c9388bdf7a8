import { LRUCache } from 'lru-cache';
import { BRIEF_MS, LASTING_MS } from '../engine.ts';
import type { Broker, Message, StoredMessage } from './broker.ts';
import type { Names } from './names.ts';
import { readMark, write, type KeptMark } from './written.ts';

/** Marks of a part that a gateway knows without asking: those of the last minutes. */
const REMEMBERED = 50_000;

/** Bytes that the brokers take for a message beside its subject and its contents: headers, time, checksum. */
const BESIDE_BYTES = 110;
/** What a mark is taken for until some have been written, bytes. */
const FIRST_BYTES = 250;

/** Bytes that the marks of all parts may take together: those of conversions, and those of other events. */
export interface MarkBounds {
  readonly lasting: number;
  readonly brief: number;
}

/** About 200,000 conversions and 400,000 other events of a few routes. */
export const MARK_BOUNDS: MarkBounds = { lasting: 50e6, brief: 100e6 };

/** A mark as it was last seen; `seq` 0 = there is none. */
interface SeenMark extends KeptMark {
  readonly seq: number;
}

const NONE: SeenMark = { seq: 0, at: 0, routes: [] };
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Which events were stored in one part: kept by the brokers, and remembered for a while by who asked last. */
export class PartMarks {
  readonly #broker: Broker;
  readonly #names: Names;
  readonly #part: number;
  readonly #now: () => number;
  readonly #seen = new LRUCache<string, SeenMark>({ max: REMEMBERED });
  /** How long a mark is on average, bytes. */
  #length = FIRST_BYTES;

  /** @param now unix milliseconds */
  constructor(broker: Broker, names: Names, part: number, now: () => number) {
    this.#broker = broker;
    this.#names = names;
    this.#part = part;
    this.#now = now;
  }

  /** A change of marks that is not written yet. */
  draft(): MarkDraft {
    return new MarkDraft(this.#names, this.#part, this.#now(), (subject) => this.#seen.get(subject) ?? NONE);
  }

  /** What was drafted has been written; `seqOf`: under which sequence. */
  written(draft: MarkDraft, seqOf: (subject: string) => number): void {
    for (const [subject, mark] of draft.changed) {
      this.#seen.set(subject, { ...mark, seq: seqOf(subject) });
      this.#length += (subject.length + write(mark).length + BESIDE_BYTES - this.#length) / 100;
    }
  }

  /** Forgets the oldest of each kind that are beyond the bound: to be called by who delivers the part. @throws NoAnswer */
  async bound(bounds: MarkBounds): Promise<void> {
    const { parts } = this.#names;
    for (const lasting of [true, false]) {
      const bytes = (lasting ? bounds.lasting : bounds.brief) / parts;
      const most = Math.max(1, Math.floor(bytes / this.#length));
      await this.#broker.keep(this.#names.part(this.#part), `${this.#names.marks(this.#part, lasting)}>`, most);
    }
  }

  /** Asks the brokers for these. @throws NoAnswer */
  async look(subjects: readonly string[]): Promise<void> {
    const found = new Map<string, StoredMessage>();
    for (const message of await this.#broker.last(this.#names.part(this.#part), subjects))
      found.set(message.subject, message);
    for (const subject of subjects) {
      const message = found.get(subject);
      const mark = message && readMark(decoder.decode(message.data));
      this.#seen.set(subject, { ...NONE, ...mark, seq: message?.seq ?? 0 });
    }
  }
}

/** Marks as they will be, beside what is known of them. */
export class MarkDraft {
  readonly changed = new Map<string, KeptMark>();
  readonly #names: Names;
  readonly #part: number;
  readonly #now: number;
  readonly #known: (subject: string) => SeenMark;

  constructor(names: Names, part: number, now: number, known: (subject: string) => SeenMark) {
    this.#names = names;
    this.#part = part;
    this.#now = now;
    this.#known = known;
  }

  /** Messages that make it so. */
  get size(): number {
    return this.changed.size;
  }

  /** Marks the event as stored for the route; false if it was already. `mark`: its key, 0 = it has none. */
  claim(mark: number, route: string, lasting: boolean): boolean {
    if (mark === 0) return true;
    const subject = this.#names.mark(this.#part, mark, lasting);
    const { at, routes } = this.#live(subject, lasting);
    if (routes.includes(route)) return false;
    this.changed.set(subject, { at, routes: [...routes, route] });
    return true;
  }

  /** The event did not reach the route: one with the same mark may. */
  forget(mark: number, route: string, lasting: boolean): void {
    if (mark === 0) return;
    const subject = this.#names.mark(this.#part, mark, lasting);
    const { at, routes } = this.#live(subject, lasting);
    if (routes.includes(route)) this.changed.set(subject, { at, routes: routes.filter((one) => one !== route) });
  }

  /** What makes it so; refused where somebody else has changed one of them. */
  messages(): Message[] {
    return [...this.changed].map(([subject, mark]) => ({
      subject,
      data: encoder.encode(write(mark)),
      expected: this.#known(subject).seq,
      ttlMs: this.#names.read(subject).key.startsWith('l') ? LASTING_MS : BRIEF_MS,
    }));
  }

  #live(subject: string, lasting: boolean): KeptMark {
    const mark = this.changed.get(subject) ?? this.#known(subject);
    const life = lasting ? LASTING_MS : BRIEF_MS;
    return mark.at + life > this.#now ? mark : { at: this.#now, routes: [] };
  }
}
