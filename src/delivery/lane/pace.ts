/** Pause between two requests that could have been one (same envelope), milliseconds; a full batch does not wait. */
const PACE_MS = 150;

/** Spaces the requests of each envelope out, so that more events go in one. Times are monotonic milliseconds. */
export class Pace {
  /** Envelope -> the earliest time of its next request, unless that is full; soonest first. */
  readonly #until = new Map<string, number>();

  /** The earliest time of a request of this envelope that is not full. */
  nextAt(envelope: string): number {
    return this.#until.get(envelope) ?? 0;
  }

  /** A request of this envelope starts now. */
  started(envelope: string, tick: number): void {
    for (const [past, until] of this.#until) {
      if (until > tick) break;
      this.#until.delete(past);
    }
    this.#until.delete(envelope);
    this.#until.set(envelope, tick + PACE_MS);
  }
}
