import { expect } from 'vitest';

/** How many times longer the long input is than the short one. */
const TIMES = 8;
/** Work in proportion to the length makes the time 8 times as long, work that grows with the square makes it 64 times. */
const MOST = 24;
/** Turns before the answer is no. Enough for one of them to be undisturbed on a machine that is busy all the time. */
const TURNS = 400;
/** Turns of the short work; one that is disturbed allows the long work more than it should. */
const SHORT_TURNS = 40;
/** Milliseconds below which a time says more about the clock than about the work. */
const FLOOR = 0.02;

/**
 * Expects work that takes time in proportion to the length of what it is given. `prepare` makes the input of a length and
 * returns the work on it. The least time of many turns counts, for each of two lengths: other
 * work on the machine makes single turns longer, so it can make this test slower, but not fail. No number of milliseconds is expected; how fast things
 * are is measured in `bench/`. Choose a length that is worked through in a millisecond or two.
 */
export function expectLinear(prepare: (length: number) => () => unknown, length: number): void {
  expectWithin(MOST, prepare(Math.floor(length / TIMES)), prepare(length));
}

/** Expects work that takes at most so many times as long as some other work, by the least time of each. */
export function expectWithin(times: number, reference: () => unknown, work: () => unknown): void {
  // Compiled first: a reference that is slow for that reason would hide work that is slow for another.
  for (let turn = 0; turn < 3; turn++) reference();
  let least = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < SHORT_TURNS; turn++) least = Math.min(least, timeOf(reference));
  const most = Math.max(FLOOR, least) * times;
  let longest = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < TURNS && longest > most; turn++) longest = Math.min(longest, timeOf(work));
  expect(longest).toBeLessThanOrEqual(most);
}

function timeOf(run: () => unknown): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}
