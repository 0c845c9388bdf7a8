import { expect, it } from 'vitest';
import { slowClients } from './slow-clients.ts';

it('closes clients that drip, and serves the others meanwhile', { timeout: 180_000 }, async () => {
  const seen = await slowClients({ full: false, say: () => {} });
  expect(seen.problems).toEqual([]);
  expect(seen.acknowledged).toBeGreaterThan(100);
  expect(seen.figures['answered 408']).toBeGreaterThan(0);
});
