/** The first wait is at most this, milliseconds. */
const BASE_MS = 500;
/** No wait is longer than this during the first `EARLY_MS` of an outage (design 2). */
const EARLY_CAP_MS = 30_000;
const EARLY_MS = 5 * 60_000;
/** And no wait is longer than this at all. */
const CAP_MS = 5 * 60_000;
/** Longest time taken from a vendor's `Retry-After`: a day. */
const FLOOR_CAP_MS = 24 * 3_600_000;

/**
 * How long to wait before the next attempt, milliseconds: full jitter over an exponential ceiling, so that requests that
 * failed together are not repeated together.
 *
 * @param failures failed attempts so far, 1 or more
 * @param outageMs how long nothing has worked
 * @param random 0 <= x < 1
 * @param floorMs what the vendor asked for; the wait is never shorter
 */
export function backoff(failures: number, outageMs: number, random: number, floorMs = 0): number {
  const cap = outageMs < EARLY_MS ? EARLY_CAP_MS : CAP_MS;
  const ceiling = Math.min(cap, BASE_MS * 2 ** Math.min(failures - 1, 20));
  return Math.max(Math.min(floorMs, FLOOR_CAP_MS), random * ceiling);
}
