import { hash } from 'node:crypto';

/** The names of everything that gateways share. All begin with one word, so that several clusters can share brokers. */
export class Names {
  readonly #word: string;
  readonly parts: number;

  constructor(word: string, parts: number) {
    this.#word = word;
    this.parts = parts;
  }

  /** The stream that every gateway reads: withdrawals, the gateways that run, and which of them delivers which part. */
  get control(): string {
    return `${this.#word}_CONTROL`;
  }

  /** The stream with the windows of replaced ids. It is in memory only. */
  get windows(): string {
    return `${this.#word}_WINDOWS`;
  }

  /** The stream of a part. */
  part(part: number): string {
    return `${this.#word}_EVENTS_${part}`;
  }

  /** All subjects of a stream. */
  all(part: number | 'control' | 'windows'): string {
    return `${this.#word}.${typeof part === 'number' ? part : part.slice(0, 1)}.>`;
  }

  record(part: number, key: string): string {
    return `${this.#word}.${part}.r.${key}`;
  }

  isRecord(subject: string): boolean {
    return this.read(subject).kind === 'r';
  }

  /** A dead letter. */
  dead(part: number, key: string): string {
    return `${this.#word}.${part}.d.${key}`;
  }

  /** The list of routes on which records have ended that were not written again since. */
  ended(part: number): string {
    return `${this.#word}.${part}.e.ended`;
  }

  /** The subject of test messages, which show whether a part can be written. */
  probe(part: number): string {
    return `${this.#word}.${part}.x.probe`;
  }

  /** The subject of a mark, which recognises repeats; `mark`: its keyed hash. */
  mark(part: number, mark: number, lasting: boolean): string {
    return `${this.marks(part, lasting)}${mark.toString(16)}`;
  }

  /** The beginning of the subjects of all marks of a kind. */
  marks(part: number, lasting: boolean): string {
    return `${this.#word}.${part}.m.${lasting ? 'l' : 'b'}.`;
  }

  /** The withdrawal of a visitor; `key`: the visitor's keyed hash. */
  tombstone(key: number): string {
    return `${this.#word}.c.w.${key.toString(16)}`;
  }

  windowKey(window: string): string {
    return `${this.#word}.w.k.${window}`;
  }

  /** The values that visitors of a window have shown, sent by a gateway. */
  windowShown(window: string, key: string): string {
    return `${this.#word}.w.s.${window}.${key}`;
  }

  node(id: string): string {
    return `${this.#word}.c.n.${id}`;
  }

  owner(part: number): string {
    return `${this.#word}.c.p.${part}`;
  }

  /** The kind of a subject, and the key after it. */
  read(subject: string): { readonly kind: string; readonly key: string } {
    const [kind = '', key = ''] = subject.slice(this.#word.length).split('.').slice(2);
    return { kind, key };
  }

  /** The part for this text, always the same one. */
  partOf(text: string): number {
    return Number.parseInt(hash('sha256', text).slice(0, 8), 16) % this.parts;
  }
}
