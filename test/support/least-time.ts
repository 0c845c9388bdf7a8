/**
 * The least time of several turns of `run`, milliseconds: of one that nothing else on the machine came between. Made for
 * turns of a millisecond or two; longer ones are interrupted each time where others want the processor, too.
 */
export function leastTime(run: () => void, turns: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < turns; turn++) {
    const start = performance.now();
    run();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}
