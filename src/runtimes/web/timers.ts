/**
 * Later calls. In a runtime that stops idle programs a timer keeps the program running, and is lost if it is stopped
 * anyway. So waits of `longest` milliseconds and more have no timer; `due` makes their calls.
 */
export class Timers {
  readonly #longest: number;
  readonly #running = new Set<ReturnType<typeof setTimeout>>();
  readonly #long = new Set<{ readonly at: number; readonly call: () => void }>();

  constructor(longest: number) {
    this.#longest = longest;
  }

  /** Calls back after so many milliseconds, unless the returned function is called before. */
  after(ms: number, call: () => void): () => void {
    if (ms >= this.#longest) {
      const waiting = { at: Date.now() + ms, call };
      this.#long.add(waiting);
      return () => void this.#long.delete(waiting);
    }
    const timer = setTimeout(() => {
      this.#running.delete(timer);
      call();
    }, ms);
    this.#running.add(timer);
    return () => {
      this.#running.delete(timer);
      clearTimeout(timer);
    };
  }

  soon(call: () => void): void {
    this.after(0, call);
  }

  /** Makes the calls whose time has come. */
  due(): void {
    const now = Date.now();
    for (const waiting of this.#long) {
      if (waiting.at > now) continue;
      this.#long.delete(waiting);
      waiting.call();
    }
  }

  stop(): void {
    for (const timer of this.#running) clearTimeout(timer);
    this.#running.clear();
    this.#long.clear();
  }
}
