import { describe, expect, it } from 'vitest';
import { attack, ATTACK_NAMES } from './stranger.ts';

describe('one stranger cannot stop it for everybody', () => {
  it.each(ATTACK_NAMES)('%s', { timeout: 180_000 }, async (name) => {
    const seen = await attack(name, { full: false, say: () => {} });
    expect(seen.problems).toEqual([]);
    expect(seen.figures['strikes']).toBeGreaterThan(3);
    expect(seen.acknowledged).toBeGreaterThan(0);
  });
});
