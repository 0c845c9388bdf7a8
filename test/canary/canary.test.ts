import { describe, expect, it } from 'vitest';
import { profiles } from './profiles.ts';
import { Run, unused } from './run.ts';

/** `npm run canary -- --hits 1000000` runs the same with more hits. */
const HITS = 20_000;

describe('nothing leaks', () => {
  it(`in ${HITS} hits of every source, consent and profile`, { timeout: 600_000 }, () => {
    const run = new Run(profiles());
    run.hits(1, HITS + 1);
    const summary = run.finish(HITS);
    expect([...summary.examples.values()]).toEqual([]);
    expect(summary.leaks).toBe(0);
    // What is permitted was found: every line of the table was used, so the search would have seen the rest, too.
    expect(unused(summary)).toEqual([]);
    // The check before the socket has another table of the same rules: it must agree.
    expect(summary.heldBack).toEqual({});
    expect(summary.outcomes['failed']).toBeUndefined();
    expect(summary.outcomes['planned']).toBeGreaterThan(HITS / 2);
  });
});
