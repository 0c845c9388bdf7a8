import { describe, expect, it } from 'vitest';
import { NOW } from '../support/hits.ts';
import { consentCookie, PLATFORMS } from './consents.ts';
import { mutations, noMutations, saysYes } from './mutate.ts';

/** `npm run canary -- --hits 0 --mutations 1000000` tries as many as R11 asks for. */
const MUTANTS = 50_000;

describe('a refusal that was changed by accident (R11)', () => {
  it(`grants nothing in ${MUTANTS} mutants, unless it has become what the platform writes for a yes`, () => {
    const done = mutations(0, MUTANTS, noMutations());
    expect(done.gains).toEqual([]);
    expect(done.tried).toBe(MUTANTS);
    // Some have, so mutants do reach the flags; were there many, the test would look at something else.
    expect(done.becameYes).toBeGreaterThan(0);
    expect(done.becameYes).toBeLessThan(MUTANTS / 100);
  });

  it.each(PLATFORMS)('%s: the oracle tells a yes from a no', (platform) => {
    const cookie = (statistics: boolean, marketing: boolean): string =>
      consentCookie(platform, statistics, marketing, NOW, 'k5Hr2bVbFoT0qZr1o1Zs9A');
    expect(saysYes(platform, cookie(false, false))).toBe(false);
    expect(saysYes(platform, cookie(true, false))).toBe(true);
    expect(saysYes(platform, cookie(false, true))).toBe(true);
  });
});
