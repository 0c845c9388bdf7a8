/**
 * How long what has arrived may wait for its turn, milliseconds. Bursts are over sooner, and are taken; so are hits of 256
 * connections that are all busy, which wait for one another.
 */
const TURN_PATIENCE = 500;
/** How long what has been decided may wait to be stored, milliseconds: slow disks are slow, and no overload. */
const STORE_PATIENCE = 1_000;
/** How much larger or smaller the refused share becomes with each look. */
const STEP = 0.05;
/** Some hits are always taken, so that the end of the overload can be seen. */
const MOST = 0.95;

/**
 * Decides which hits are refused when more arrives than can be stored: none as long as the shortest waits between
 * two looks are short, and then a growing share, evenly spread, until they are short again. The shortest, because a burst
 * is not overload, and neither are many connections: what drains in between does no harm.
 */
export class Shedding {
  #share = 0;
  #owed = 0;

  /** The share of hits that are refused now, 0 to 1. */
  get share(): number {
    return this.#share;
  }

  /** Takes note of the shortest waits since the last look, milliseconds: for a turn, and to be stored. */
  look(turn: number, store: number): void {
    const next = turn > TURN_PATIENCE || store > STORE_PATIENCE ? this.#share + STEP : this.#share - STEP;
    this.#share = Math.min(MOST, Math.max(0, next));
    if (this.#share === 0) this.#owed = 0;
  }

  /** Whether this hit is refused; of every hundred, `share` hundredths are, at equal distances. */
  refuses(): boolean {
    if (this.#share === 0) return false;
    this.#owed += this.#share;
    if (this.#owed < 1) return false;
    this.#owed--;
    return true;
  }
}
