import { expect, it } from 'vitest';
import { overload } from './overload.ts';

it('stays up under more than it can take, and keeps what it has taken', { timeout: 180_000 }, async () => {
  const seen = await overload({ full: false, say: () => {} });
  expect(seen.problems).toEqual([]);
  expect(seen.acknowledged).toBeGreaterThan(1_000);
});
