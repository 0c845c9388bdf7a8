import { expect, it } from 'vitest';
import { answers } from './answers.ts';

it('brings every event to one end, however its vendor answers', { timeout: 120_000 }, async () => {
  const seen = await answers({ full: false, say: () => {} });
  expect(seen.problems).toEqual([]);
  expect(seen.delivered + seen.otherwise).toBe(seen.acknowledged);
});
