import { expect, it } from 'vitest';
import { kill } from './kill.ts';

it('loses nothing of what was answered 204 when it is killed under load', { timeout: 180_000 }, async () => {
  const seen = await kill({ full: false, say: () => {} });
  expect(seen.problems).toEqual([]);
  // The test has tested something: there was load, and some of it was under way.
  expect(seen.acknowledged).toBeGreaterThan(50);
  expect(seen.delivered).toBe(seen.acknowledged);
});
