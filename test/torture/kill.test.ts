import { expect, it } from 'vitest';
import { EVENTS_PER_ROUND, kill, SHORT_ROUNDS } from './kill.ts';

it('loses nothing of what was answered 204 when it is killed under load', { timeout: 180_000 }, async () => {
  const seen = await kill({ full: false, say: () => {} });
  expect(seen.problems).toEqual([]);
  // The test has tested something: there was load, and some of it was under way.
  expect(seen.acknowledged).toBeGreaterThanOrEqual(SHORT_ROUNDS * EVENTS_PER_ROUND * 2);
  expect(seen.delivered).toBe(seen.acknowledged);
});
