import { LRUCache } from 'lru-cache';
import { BRIEF_MS, LASTING_MS } from '../engine.ts';
import type { Broker, Message, StoredMessage } from './broker.ts';
import type { Names } from './names.ts';
import { readMark, write, type KeptMark } from './written.ts';

/** How many marks of a part a gateway keeps in memory: those of the last minutes. */
const REMEMBERED = 50_000;

/** How long a mark is taken for true without a question, milliseconds: the gateway that delivers the part may remove it. */
const SURE_MS = 1_000;

/** Bytes that the brokers store of a message in addition to its subject and content: headers, time, checksum. */
const BESIDE_BYTES = 110;
/** The assumed size of a mark until some have been written, bytes. */
const FIRST_BYTES = 250;

/** The highest number of bytes of the marks of all parts together: of conversions, and of other events. */
export interface MarkBounds {
  readonly lasting: number;
  readonly brief: number;
}

/** About 200,000 conversions and 400,000 other events of a few routes. */
export const MARK_BOUNDS: MarkBounds = { lasting: 50e6, brief: 100e6 };

/** A mark as it was last read or written; `seq` 0 = there is none. */
interface SeenMark extends KeptMark {
  readonly seq: number;
  /** When that was, unix milliseconds. */
  readonly seenAt: number;
}

const NONE: SeenMark = { seq: 0, at: 0, routes: [], seenAt: 0 };
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The marks of one part, which say which events were stored. The brokers store them; the newest are also in memory. */
export class PartMarks {
  readonly #broker: Broker;
  readonly #names: Names;
  readonly #part: number;
  readonly #now: () => number;
  readonly #seen = new LRUCache<string, SeenMark>({ max: REMEMBERED });
  /** The average size of a mark, bytes. */
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

  /** The changes of the draft have been written; `seqOf`: the sequence of each. */
  written(draft: MarkDraft, seqOf: (subject: string) => number): void {
    for (const [subject, mark] of draft.changed) {
      this.#seen.set(subject, { ...mark, seq: seqOf(subject), seenAt: this.#now() });
      this.#length += (subject.length + write(mark).length + BESIDE_BYTES - this.#length) / 100;
    }
  }

  /** Deletes the oldest marks beyond the bound of each kind. The gateway that delivers the part calls it. @throws NoAnswer */
  async bound(bounds: MarkBounds): Promise<void> {
    const { parts } = this.#names;
    for (const lasting of [true, false]) {
      const bytes = (lasting ? bounds.lasting : bounds.brief) / parts;
      const most = Math.max(1, Math.floor(bytes / this.#length));
      await this.#broker.keep(this.#names.part(this.#part), `${this.#names.marks(this.#part, lasting)}>`, most);
    }
  }

  /** Those of these subjects that were read or written so long ago that another gateway may have changed them since. */
  old(subjects: Iterable<string>): readonly string[] {
    const since = this.#now() - SURE_MS;
    return [...subjects].filter((subject) => (this.#seen.get(subject)?.seenAt ?? 0) < since);
  }

  /** Reads these marks from the brokers. @throws NoAnswer */
  async look(subjects: readonly string[]): Promise<void> {
    const found = new Map<string, StoredMessage>();
    for (const message of await this.#broker.last(this.#names.part(this.#part), subjects))
      found.set(message.subject, message);
    for (const subject of subjects) {
      const message = found.get(subject);
      const mark = message && readMark(decoder.decode(message.data));
      this.#seen.set(subject, { ...NONE, ...mark, seq: message?.seq ?? 0, seenAt: this.#now() });
    }
  }
}

/** Changes of marks that are not written yet. */
export class MarkDraft {
  readonly changed = new Map<string, KeptMark>();
  /** The marks for which an event is a repeat. */
  readonly repeated = new Set<string>();
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

  /** How many messages the changes are. */
  get size(): number {
    return this.changed.size;
  }

  /** Marks the event as stored for the route; false = it was marked already. `mark`: its key, 0 = it has none. */
  claim(mark: number, route: string, lasting: boolean): boolean {
    if (mark === 0) return true;
    const subject = this.#names.mark(this.#part, mark, lasting);
    const { at, routes } = this.#live(subject, lasting);
    if (routes.includes(route)) {
      this.repeated.add(subject);
      return false;
    }
    this.changed.set(subject, { at, routes: [...routes, route] });
    return true;
  }

  /** Removes a route from a mark, because the event did not reach it: another event with this mark is then accepted. */
  forget(mark: number, route: string, lasting: boolean): void {
    if (mark === 0) return;
    const subject = this.#names.mark(this.#part, mark, lasting);
    const { at, routes } = this.#live(subject, lasting);
    if (routes.includes(route)) this.changed.set(subject, { at, routes: routes.filter((one) => one !== route) });
  }

  /** The messages with the changes. The brokers refuse them if another gateway has changed one of these marks. */
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
