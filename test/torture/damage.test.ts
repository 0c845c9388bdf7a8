import { expect, it } from 'vitest';
import { damage } from './damage.ts';

it('starts on torn and flipped files, loses at most the record that was hit, and counts it', {
  timeout: 120_000,
}, async () => {
  const seen = await damage({ full: false, say: () => {} });
  expect(seen.problems).toEqual([]);
  // The blows did hit something.
  expect(seen.otherwise).toBeGreaterThan(0);
  expect(seen.duplicates).toBe(0);
});
