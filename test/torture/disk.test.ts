import { describe, expect, it } from 'vitest';
import { canMount, startReadOnly, suffer, TROUBLES } from './disk.ts';

describe('a disk that does not take it: 503, never a 204 for what is not stored, and recovery by itself (R55, R64)', () => {
  for (const trouble of TROUBLES.filter(({ fullOnly }) => fullOnly !== true)) {
    // Some need rights that not every machine gives.
    it.skipIf(!trouble.possible())(trouble.name, { timeout: 120_000 }, async () => {
      const seen = await suffer(trouble);
      expect(seen.problems).toEqual([]);
      expect(seen.acknowledged).toBeGreaterThan(100);
      expect(seen.delivered).toBe(seen.acknowledged);
    });
  }
});

it.skipIf(!canMount())('a data directory that cannot be written refuses to start, and says what to do', async () => {
  const said = await startReadOnly();
  expect(said).toContain('ended with 2');
  expect(said).toContain('choose another with --data');
});
