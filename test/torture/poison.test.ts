import { expect, it } from 'vitest';
import { poison } from './poison.ts';

it('delivers 9,999 of 10,000 and keeps the one that is refused', { timeout: 180_000 }, async () => {
  const seen = await poison({ full: false, say: () => {} });
  expect(seen.problems).toEqual([]);
  expect(seen).toMatchObject({ acknowledged: 20_000, delivered: 19_999, otherwise: 1, duplicates: 0 });
  expect(seen.figures['reason']).toContain('100');
});
