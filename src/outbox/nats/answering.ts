/** How long an append is tried with one part after the other, milliseconds. */
export const PATIENCE_MS = 3_000;
/** How long a part that did not answer is not tried again, milliseconds. */
const REST_MS = 500;

/** Which parts answer this gateway. */
export class Answering {
  readonly #tick: () => number;
  readonly #elsewhereMs: () => number;
  readonly #restUntil: number[];
  #answeredAt = Number.NEGATIVE_INFINITY;
  #silent = false;

  /**
   * @param tick monotonic milliseconds
   * @param elsewhereMs how long ago the brokers last answered any other request, milliseconds
   */
  constructor(parts: number, tick: () => number, elsewhereMs: () => number) {
    this.#restUntil = Array.from({ length: parts }, () => 0);
    this.#tick = tick;
    this.#elsewhereMs = elsewhereMs;
  }

  /** No part has answered for some time: until one answers, appends are refused at once. */
  get silent(): boolean {
    return this.#silent;
  }

  /** A part has answered. */
  answered(part: number): void {
    this.#restUntil[part] = 0;
    this.#answeredAt = this.#tick();
    this.#silent = false;
  }

  /** A part has not answered. */
  unanswered(part: number): void {
    this.#restUntil[part] = this.#tick() + REST_MS;
  }

  /**
   * No part has answered an append. During an election of all leaders, or after one failed append, the next append is
   * still tried.
   */
  noneAnswered(): void {
    this.#silent = Math.min(this.#tick() - this.#answeredAt, this.#elsewhereMs()) >= PATIENCE_MS;
  }

  /** This part, or the next one that has not failed to answer recently. */
  available(part: number): number {
    const now = this.#tick();
    const parts = this.#restUntil.length;
    for (let i = 0; i < parts; i++) {
      const next = (part + i) % parts;
      if ((this.#restUntil[next] as number) <= now) return next;
    }
    return part;
  }
}
