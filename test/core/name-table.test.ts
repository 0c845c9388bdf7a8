import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NameTable } from '../../src/core/name-table.ts';

// A table must give the same result as a `Map` that is asked for the cut-out name, whatever stands around the name.

const names = fc.uniqueArray(fc.string({ maxLength: 6 }), { maxLength: 60 });

describe('a name in a text', () => {
  it('leads where a map asked with it would', () => {
    fc.assert(
      fc.property(names, fc.string(), fc.string(), fc.string({ maxLength: 8 }), (known, before, after, other) => {
        const entries = known.map((name, i) => [name, i] as const);
        const table = new NameTable(entries);
        const map = new Map(entries);
        for (const name of [...known, other]) {
          const text = before + name + after;
          expect(table.find(text, before.length, before.length + name.length)).toBe(map.get(name));
        }
      }),
    );
  });

  it('is told from names that begin with it, or that it begins with', () => {
    const table = new NameTable([
      ['dma', 1],
      ['dma_cps', 2],
    ]);
    const text = 'x=1&dma_cps=a';
    expect([3, 5, 7, 10, 11, 12].map((end) => table.find(text, 4, end))).toEqual([
      undefined,
      undefined,
      1,
      undefined,
      2,
      undefined,
    ]);
  });

  it('means the last of two values, and nothing in an empty table', () => {
    expect(
      new NameTable([
        ['a', 1],
        ['a', 2],
      ]).find('a', 0, 1),
    ).toBe(2);
    expect(new NameTable([]).find('a', 0, 1)).toBeUndefined();
  });
});
