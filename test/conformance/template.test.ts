import { describe, expect, it } from 'vitest';
import { differences, expand, type Moment } from './template.ts';

// Which faults the suite finds, and what it accepts.

const moment: Moment = { n: 'ab0017', at: Date.parse('2026-11-20T10:15:00.250Z'), words: { gcs: 'G101' } };

describe('a request', () => {
  it.each([
    ['case-{{n}}', 'case-ab0017'],
    ['{{n:digits}}', '410110017'],
    ['{{now}}', '1795169700'],
    ['{{now-1d:ms}}', '1795083300250'],
    ['{{now+10m:us}}', '1795170300250000'],
    ['{{now-1h:iso}}', '2026-11-20T09:15:00.250Z'],
    ['{{gcs}}', 'G101'],
    // A vector of destinations/meta.md 11.
    ['{{sha256:jane.doe@example.com}}', '86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d'],
    // The example of destinations/ga4.md 3.8.
    ['tv.1~em.{{sha256-base64url:janedoe@gmail.com}}', 'tv.1~em.1hFzBkhe0OUK-rOshx6Y-BaZFR8wKBUn1j_18jNlbGk'],
  ])('%s is %s', (template, text) => {
    expect(expand(template, moment)).toBe(text);
  });

  it('has no words that stand for many texts', () => {
    expect(() => expand('{{any}}', moment)).toThrow('{{any}}');
  });
});

describe('an expectation', () => {
  it.each([
    ['abc', 'abc'],
    ['case-ab0017', 'case-{{n}}'],
    [1795169700, '{{now}}'],
    ['1795169709', '{{now}}'],
    ['2026-11-20T10:15:03.000Z', '{{now:iso}}'],
    ['13p3r3q2p5l1', '{{like 13[pq]3r3[pq]2[pq]5l1}}'],
    [7, '{{number}}'],
    [599, 599],
    [{ a: [1, { b: 'x' }] }, { a: [1, { b: 'x' }] }],
    [{ a: 1 }, { a: 1, 'b?': 2 }],
    [
      { a: 1, b: 2 },
      { a: 1, 'b?': 2 },
    ],
  ])('%j is %j', (actual, expected) => {
    expect(differences(actual, expected, moment)).toEqual([]);
  });

  it.each([
    ['abcd', 'abc'],
    [5, '5'],
    ['5', 5],
    ['', '{{any}}'],
    ['xab0017', '{{n}}'],
    [1795169700 - 60, '{{now}}'],
    [1795083301, '{{now-1d}}'],
    ['13r3r3q2p5l1', '{{like 13[pq]3r3[pq]2[pq]5l1}}'],
    // Dots of a template are dots.
    ['shopxexample', 'shop.example'],
    [undefined, '{{any}}'],
    [null, {}],
    [{ a: 1, b: 2 }, { a: 1 }],
    [{ a: 1 }, { a: 1, b: 2 }],
    [
      { a: 1, b: 3 },
      { a: 1, 'b?': 2 },
    ],
    [[1, 2], [1]],
    [[1], [1, 2]],
    [{ 0: 1 }, [1]],
  ])('%j is not %j', (actual, expected) => {
    expect(differences(actual, expected, moment)).toHaveLength(1);
  });
});
