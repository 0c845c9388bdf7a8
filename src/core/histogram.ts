/** Upper bounds of buckets, seconds. */
export type Bounds = readonly number[];

/**
 * A histogram as plain data: a number for each bound, then the number of all. Histograms of two processes can be added
 * up.
 */
export interface HistogramData {
  readonly bounds: Bounds;
  /** How many values were at most as large as each bound, and how many there were. */
  readonly cumulative: readonly number[];
  readonly sum: number;
}

/** How long an answer, and storing before it, may take. */
export const SHORT: Bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** How long a request to a vendor may take. */
export const REQUEST: Bounds = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** How old an event may be when a vendor takes it. */
export const AGE: Bounds = [0.1, 0.5, 1, 5, 30, 60, 300, 1800, 3600, 21_600, 86_400, 259_200];

/** Counts values by size. Observing is a few comparisons and no allocation. */
export class Histogram {
  readonly #bounds: Bounds;
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  /** @param ms milliseconds; a negative value, after a clock was set back, counts as 0 */
  observe(ms: number): void {
    const seconds = ms > 0 ? ms / 1000 : 0;
    this.#sum += seconds;
    let i = 0;
    while (i < this.#bounds.length && seconds > (this.#bounds[i] as number)) i++;
    (this.#counts[i] as number)++;
  }

  data(): HistogramData {
    let total = 0;
    const cumulative = Array.from(this.#counts, (count) => (total += count));
    return { bounds: this.#bounds, cumulative, sum: this.#sum };
  }
}

/** A histogram without any value. */
export function emptyHistogram(bounds: Bounds): HistogramData {
  return new Histogram(bounds).data();
}
