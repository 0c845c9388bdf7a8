import { describe, expect, it } from 'vitest';
import { Shedding } from '../../src/http/shedding.ts';

const OVERLOADED = 1_000;

function refused(shedding: Shedding, of: number): number {
  let count = 0;
  for (let i = 0; i < of; i++) if (shedding.refuses()) count++;
  return count;
}

describe('shedding', () => {
  it('refuses nothing while work does not wait', () => {
    const shedding = new Shedding();
    for (let i = 0; i < 50; i++) shedding.look(100, 500);
    expect(refused(shedding, 1_000)).toBe(0);
  });

  it('takes 256 busy connections for what they are, where a hit costs a millisecond and a half', () => {
    const shedding = new Shedding();
    for (let i = 0; i < 50; i++) shedding.look(256 * 1.5, 0);
    expect(refused(shedding, 1_000)).toBe(0);
  });

  it('refuses a growing share while work waits for its turn, and never all', () => {
    const shedding = new Shedding();
    let before = 0;
    for (let i = 0; i < 200; i++) {
      shedding.look(OVERLOADED, 0);
      expect(shedding.share).toBeGreaterThanOrEqual(before);
      before = shedding.share;
    }
    const count = refused(shedding, 1_000);
    expect(count).toBeGreaterThan(900);
    expect(count).toBeLessThan(1_000);
  });

  it('refuses while what was decided waits to be stored', () => {
    const shedding = new Shedding();
    for (let i = 0; i < 10; i++) shedding.look(0, 5_000);
    expect(refused(shedding, 1_000)).toBeGreaterThan(0);
  });

  it('spreads refusals evenly: no run of hits is refused or taken alone', () => {
    const shedding = new Shedding();
    for (let i = 0; i < 6; i++) shedding.look(OVERLOADED, 0);
    const share = shedding.share;
    for (let from = 0; from < 50; from++) expect(Math.abs(refused(shedding, 100) - share * 100)).toBeLessThanOrEqual(1);
  });

  it('takes everything again once nothing waits', () => {
    const shedding = new Shedding();
    for (let i = 0; i < 100; i++) shedding.look(OVERLOADED, OVERLOADED);
    for (let i = 0; i < 100; i++) shedding.look(0, 0);
    expect(refused(shedding, 1_000)).toBe(0);
  });
});
