import { createHash } from 'node:crypto';
import { bump, type Work } from '../commit.ts';
import { isMeant, letterOf, type DeadLetter, type Which } from '../dead-letters.ts';
import { heldOn, keyOf, narrowed, type StoredRoute } from '../record.ts';
import { closedBy, type Tombstone } from '../tombstone.ts';
import type { Message } from './broker.ts';
import { sealed, type Forgotten, type PartContext } from './part-writer.ts';
import type { WaitingEntry } from './waiting.ts';
import { GONE_MS, NOTHING } from './removals.ts';
import { readLetter, withoutId, write, type KeptLetter } from './written.ts';

/** Characters of a record's key; that of its dead letter begins with it. */
const KEY = 24;

/** A dead letter, in the memory of this gateway. */
interface Letter {
  readonly key: string;
  readonly id: number;
  readonly letter: KeptLetter;
  readonly seq: number;
}

/** The dead letters of a part that this gateway delivers. */
export class OwnedLetters {
  readonly #part: number;
  readonly #context: PartContext;
  readonly #happened: () => Work;
  readonly #forget: (mark: Forgotten) => void;
  readonly #letters = new Map<string, Letter>();
  /** By key: letters being removed, with the sequence of the message that is replaced. An older one may still arrive. */
  readonly #going = new Map<string, number>();
  /** By key: letters that are removed or changed, with the messages to write. */
  readonly out = new Map<string, Message[]>();

  constructor(part: number, context: PartContext, happened: () => Work, forget: (mark: Forgotten) => void) {
    this.#part = part;
    this.#context = context;
    this.#happened = happened;
    this.#forget = forget;
  }

  get size(): number {
    return this.#letters.size;
  }

  /** The message of a dead letter, made from a record and one of its routes. */
  made({ key, record, lasting }: WaitingEntry, own: StoredRoute, reason: string): Message {
    const { names, seal, now } = this.#context;
    const one = heldOn(narrowed(record, [own]), own.name, undefined);
    const letter = { record: { ...withoutId(one), lasting }, died: now(), reason, retry: false };
    const subject = names.dead(this.#part, `${key}-${Buffer.from(own.name).toString('base64url')}`);
    return { subject, expected: 0, data: seal.seal(write(letter), subject, now()) };
  }

  /**
   * Takes a message of a letter from the brokers, written by any gateway. It replaces what is known of the letter, and
   * cancels what was to be written over the message before. False = it cannot be read.
   */
  receive(key: string, seq: number, text: string | undefined): boolean {
    const known = this.#letters.get(key);
    if (seq <= (known?.seq ?? this.#going.get(key) ?? 0)) return true;
    this.#going.delete(key);
    this.out.delete(key);
    const letter = readLetter(text);
    if (letter === undefined) {
      this.#letters.delete(key);
      return text === undefined;
    }
    // A letter keeps the id under which it was listed before.
    const id = known?.id ?? letterId(this.#part, seq);
    this.#letters.set(key, { key, id, letter, seq });
    const { subjects, site } = letter.record;
    if (subjects.length > 0) for (const one of this.#context.withdrawn(subjects, site)) this.#close(key, one);
    return true;
  }

  withdraw(tombstone: Tombstone, everybody: string | undefined): void {
    for (const { key, letter } of this.#letters.values()) {
      const { subjects, site } = letter.record;
      const meant = everybody === undefined ? subjects.includes(tombstone.subject) : site === everybody;
      if (meant && subjects.length > 0) this.#close(key, tombstone);
    }
  }

  list(which: Which): DeadLetter[] {
    return this.#chosen(which).map(({ id, letter }) => {
      const { record } = letter;
      return letterOf({ ...record, id }, record.routes as readonly [StoredRoute], record.body.length, letter);
    });
  }

  /** Asks for another attempt. */
  retry(which: Which): number {
    const { names, seal, now } = this.#context;
    const chosen = this.#chosen(which);
    for (const one of chosen) {
      const { key, seq: expected } = one;
      const letter = { ...one.letter, retry: true };
      const subject = names.dead(this.#part, key);
      this.#letters.set(key, { ...one, letter });
      this.out.set(key, [{ subject, expected, data: seal.seal(write(letter), subject, now()) }]);
    }
    return chosen.length;
  }

  /** The messages of a letter have been written, with this sequence. */
  written(key: string, what: readonly Message[], seq: number): void {
    if (this.out.get(key) === what) this.out.delete(key);
    const known = this.#letters.get(key);
    if (known !== undefined && known.seq < seq) this.#letters.set(key, { ...known, seq });
  }

  /** The subjects of letters whose removal is not written yet. */
  get going(): readonly string[] {
    return [...this.out.values()].flatMap(([first]) => (first?.data.length === 0 ? [first.subject] : []));
  }

  purge(which: Which): number {
    const chosen = this.#chosen(which);
    for (const { key } of chosen) this.#remove(key);
    return chosen.length;
  }

  /** Removes letters from before `before`, unix milliseconds. */
  prune(before: number): void {
    for (const { key, letter } of this.#letters.values()) if (letter.died < before) this.#remove(key);
  }

  /** Makes records again of the letters for which an attempt was asked. */
  reopen(): void {
    const { names, seal, now } = this.#context;
    for (const { key, letter } of this.#letters.values()) {
      if (!letter.retry) continue;
      const { record } = letter;
      this.#remove(key);
      const subject = names.record(this.#part, keyAfter(key, letter.died));
      this.out.get(key)?.push({ subject, expected: 0, ...sealed(record, subject, seal, now()) });
      for (const route of record.routes) bump(this.#happened().reopened, keyOf(record, route), 1);
    }
  }

  /** The number of letters, by route. */
  queues(): ReadonlyMap<string, number> {
    const dead = new Map<string, number>();
    for (const { letter } of this.#letters.values())
      for (const route of letter.record.routes) bump(dead, keyOf(letter.record, route), 1);
    return dead;
  }

  #close(key: string, tombstone: Tombstone): void {
    const record = this.#letters.get(key)?.letter.record;
    if (record === undefined) return;
    const taken = closedBy(tombstone, { ...record, id: 0 }, this.#context.now(), this.#context.policy());
    if (taken.length === 0) return;
    this.#remove(key);
    for (const route of taken) {
      bump(this.#happened().purgedDead, keyOf(record, route), 1);
      this.#forget({ mark: route.mark, route: keyOf(record, route), lasting: record.lasting });
    }
  }

  #remove(key: string): void {
    const known = this.#letters.get(key);
    if (known === undefined) return;
    this.#letters.delete(key);
    this.#going.set(key, known.seq);
    const subject = this.#context.names.dead(this.#part, key);
    this.out.set(key, [{ subject, data: NOTHING, expected: known.seq, ttlMs: GONE_MS }]);
  }

  #chosen(which: Which): Letter[] {
    return [...this.#letters.values()].filter(({ id, letter: { record } }) =>
      record.routes.some((route) => isMeant(which, id, keyOf(record, route))),
    );
  }
}

/** The key of the record from which a dead letter was made. */
export const recordKeyIn = (letterKey: string): string => letterKey.slice(0, KEY);

/** The key of the record that is made from a dead letter. It is always the same, so that only one is made. */
function keyAfter(letterKey: string, died: number): string {
  return createHash('sha256').update(`${letterKey} ${died}`).digest('hex').slice(0, KEY);
}

/** Made of sequence and part, so that every gateway gets the same id. */
export function letterId(part: number, seq: number): number {
  return seq * 16 + part;
}
