/** How long work may take of one turn of the event loop, milliseconds. */
const TURN_MS = 10;
/** How many pieces of work one turn looks at. */
const PIECES = 64;

/**
 * Shares the event loop between arrived and arriving requests. If more has arrived than fits in a short turn, the rest
 * waits in line. Between two turns timers run and one connection is accepted. So long turns would keep new clients out
 * while the others keep the loop busy.
 */
export class Turns {
  readonly #waiting: { readonly since: number; readonly work: () => void }[] = [];
  #open = false;
  #began = 0;

  /** Milliseconds that the oldest piece has waited; 0 = none waits. */
  get delay(): number {
    const [oldest] = this.#waiting;
    return oldest === undefined ? 0 : performance.now() - oldest.since;
  }

  /**
   * Does `work` at once while this turn lasts, else in a later turn, in order. The time in which its promises settle
   * counts too.
   */
  take(work: () => void): void {
    const now = performance.now();
    if (!this.#open) {
      this.#open = true;
      this.#began = now;
      setImmediate(this.#next);
    }
    if (this.#waiting.length === 0 && now - this.#began < TURN_MS) work();
    else this.#waiting.push({ since: now, work });
  }

  readonly #next = (): void => {
    if (this.#waiting.length === 0) {
      this.#open = false;
      return;
    }
    // All of them run in the next turn, one after the other, each with the work that follows from it.
    setImmediate(() => {
      this.#began = performance.now();
    });
    for (let i = Math.min(PIECES, this.#waiting.length); i > 0; i--) setImmediate(this.#one);
    setImmediate(this.#next);
  };

  readonly #one = (): void => {
    if (performance.now() - this.#began < TURN_MS) this.#waiting.shift()?.work();
  };
}

/** The turns of this thread, which has one event loop. */
export const turns = new Turns();
