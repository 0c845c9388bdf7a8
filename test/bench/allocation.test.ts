import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

// A guard against a slower pure path, without a clock: the bytes allocated for a hit differ by two in a hundred between
// runs, on any machine. The bounds are a few hundredths above the measured figures. Lower them when less is allocated.

const PROGRAM = join(import.meta.dirname, '../../bench/allocation.ts');
const BOUNDS = { granted_ga4: 17_500, denied_ga4: 9_600, granted_five_routes: 38_500 };

it('allocates no more for a hit than it did', { timeout: 60_000 }, () => {
  const flags = ['--expose-gc', '--min-semi-space-size=128', '--max-semi-space-size=128'];
  const measured = JSON.parse(execFileSync(process.execPath, [...flags, PROGRAM], { encoding: 'utf8' })) as Record<
    string,
    number
  >;
  expect(Object.keys(measured).toSorted()).toEqual(Object.keys(BOUNDS).toSorted());
  for (const [name, bound] of Object.entries(BOUNDS)) {
    expect(measured[name], name).toBeGreaterThan(1_000);
    expect(measured[name], name).toBeLessThan(bound);
  }
});
