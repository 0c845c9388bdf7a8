/** Failures within a minute after which each further one is answered late. */
const FREE = 20;
const SLOW_MS = 1_000;
const MINUTE = 60_000;
/** Clients that are counted apart within a minute; all further ones are counted as one. */
const MOST_CLIENTS = 10_000;
/** Most answers held back at once; beyond that the oldest is sent, so that guesses cannot fill the memory. */
const MOST_HELD = 1_000;

/** Delays the answers to guessed tokens and keys. The right token is never delayed, so nobody can lock its owner out. */
export class Failures {
  readonly #now: () => number;
  #window = -1;
  readonly #counts = new Map<string, number>();
  readonly #held = new Set<() => void>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Counts a failure. The promise resolves when it may be answered; undefined = at once. */
  add(client = ''): Promise<void> | undefined {
    const window = Math.floor(this.#now() / MINUTE);
    if (window !== this.#window) {
      this.#window = window;
      this.#counts.clear();
    }
    const known = this.#counts.has(client) || this.#counts.size < MOST_CLIENTS ? client : '';
    const count = (this.#counts.get(known) ?? 0) + 1;
    this.#counts.set(known, count);
    return count <= FREE ? undefined : this.#hold();
  }

  #hold(): Promise<void> {
    return new Promise((resolve) => {
      const release = (): void => {
        clearTimeout(timer);
        this.#held.delete(release);
        resolve();
      };
      const timer = setTimeout(release, SLOW_MS);
      this.#held.add(release);
      if (this.#held.size > MOST_HELD) for (const oldest of this.#held) return oldest();
    });
  }
}
