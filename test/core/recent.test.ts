import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Recent } from '../../src/core/recent.ts';

describe('what was met lately', () => {
  it('holds the last `size` texts and no more, each with its own value', () => {
    const SIZE = 5;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 15 }), { maxLength: 100 }), (met) => {
        const recent = new Recent<number>(SIZE, 1e6);
        const lately: number[] = [];
        for (const one of met) {
          if (recent.get(String(one)) === undefined) recent.set(String(one), one);
          if (lately.includes(one)) lately.splice(lately.indexOf(one), 1);
          lately.push(one);
        }
        for (const one of lately.slice(-SIZE)) expect(new Set([one])).toContain(recent.get(String(one)));
      }),
    );
    const recent = new Recent<number>(SIZE, 1e6);
    for (let i = 0; i < 100; i++) recent.set(String(i), i);
    const kept = Array.from({ length: 100 }, (_, i) => recent.get(String(i))).filter((value) => value !== undefined);
    expect(kept).toEqual([95, 96, 97, 98, 99]);
  });

  it('is bounded by bytes, however long the texts are, values included', () => {
    const BYTES = 100_000;
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 80_000 }), { maxLength: 60 }),
        fc.nat(5_000),
        (lengths, weight) => {
          const recent = new Recent<string>(1_000, BYTES, (value) => 2 * value.length);
          lengths.forEach((length, i) => {
            recent.set(`${i}${'k'.repeat(length)}`, 'v'.repeat(weight));
            expect(recent.bytes).toBeLessThanOrEqual(BYTES);
          });
          const held = lengths.filter((length, i) => recent.get(`${i}${'k'.repeat(length)}`) !== undefined);
          expect(held.reduce((sum, length) => sum + 2 * (length + weight), 0)).toBeLessThanOrEqual(BYTES);
        },
      ),
    );
  });

  it('keeps no longer text alive that a name was only cut from to be found', () => {
    setFlagsFromString('--expose_gc');
    const collect = runInNewContext('gc') as () => void;
    const SIZE = 64;
    const recent = new Recent<number>(SIZE, 1e6);
    // Half a megabyte each, of which the engine cuts without copying.
    const cut = (i: number): string => `${String(i).padStart(32, '0')}${'x'.repeat(500_000)}`.slice(0, 32);
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < SIZE; i++) recent.set(cut(i), i);
    for (let i = 0; i < SIZE; i++) expect(recent.get(cut(i))).toBe(i);
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(8e6);
  });
});
