/** For so long an append is tried with one part after the other, milliseconds. */
export const PATIENCE_MS = 3_000;
/** A part that did not answer is left alone for so long, milliseconds. */
const REST_MS = 500;

/** Which parts answer, as far as this gateway has seen. */
export class Answering {
  readonly #tick: () => number;
  readonly #elsewhereMs: () => number;
  readonly #restUntil: number[];
  #answeredAt = Number.NEGATIVE_INFINITY;
  #silent = false;

  /**
   * @param tick monotonic milliseconds
   * @param elsewhereMs since when the brokers have not answered anything else
   */
  constructor(parts: number, tick: () => number, elsewhereMs: () => number) {
    this.#restUntil = Array.from({ length: parts }, () => 0);
    this.#tick = tick;
    this.#elsewhereMs = elsewhereMs;
  }

  /** None has for some time: until one does, appends are refused at once. */
  get silent(): boolean {
    return this.#silent;
  }

  /** A part has answered. */
  heard(part: number): void {
    this.#restUntil[part] = 0;
    this.#answeredAt = this.#tick();
    this.#silent = false;
  }

  /** A part has not. */
  missed(part: number): void {
    this.#restUntil[part] = this.#tick() + REST_MS;
  }

  /**
   * Nothing has answered just now. While all leaders are elected anew, or after one append that had bad luck, the next
   * one is tried all the same.
   */
  noneAnswered(): void {
    this.#silent = Math.min(this.#tick() - this.#answeredAt, this.#elsewhereMs()) >= PATIENCE_MS;
  }

  /** This part, or the next one that has not been silent just now. */
  awake(part: number): number {
    const now = this.#tick();
    const parts = this.#restUntil.length;
    for (let i = 0; i < parts; i++) {
      const next = (part + i) % parts;
      if ((this.#restUntil[next] as number) <= now) return next;
    }
    return part;
  }
}
