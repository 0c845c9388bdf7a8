/**
 * How long a hit may wait for its turn, milliseconds. A burst is over sooner, so all of its hits are taken. So are hits
 * of 256 busy connections, which wait for one another.
 */
const TURN_PATIENCE = 500;
/** How long a decided hit may wait to be stored, milliseconds: longer, because a slow disk is not an overload. */
const STORE_PATIENCE = 1_000;
/** How much larger or smaller the refused share becomes with each look. */
const STEP = 0.05;
/** Some hits are always taken, so that the end of the overload can be seen. */
const MOST = 0.95;

/**
 * Decides which hits are refused when more arrive than can be stored. As long as the shortest waits between two looks are
 * short, none is refused; after that a growing share, evenly spread, until the waits are short again. The shortest waits
 * count because in a burst, or with many connections, some waits are still short: the queue empties in between.
 */
export class Shedding {
  #share = 0;
  #owed = 0;

  /** The share of hits that are refused now, 0 to 1. */
  get share(): number {
    return this.#share;
  }

  /** @param turn the shortest wait for a turn since the last look, @param store the same to be stored; milliseconds */
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
