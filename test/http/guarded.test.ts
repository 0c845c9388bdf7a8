import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FieldName, RawEvent } from '../../src/core/fields.ts';
import { namesOf, presentOf } from '../../src/ledger/guarded.ts';
import { guardedAmong } from '../../src/policy/guarded.ts';

// R18: the log names the fields that did not pass. Bits of a 32-bit number would name the wrong field from the 33rd on.
it.each([1, 31, 32, 33, 34, 64, 65, 200])('names the fields that were there among %i, and no other', (count) => {
  const names = Array.from({ length: count }, (_, i) => `field_${i}` as FieldName);
  const guarded = guardedAmong(names);
  const holds = (present: readonly FieldName[]): void => {
    const raw = Object.fromEntries(present.map((name) => [name, 'x'])) as RawEvent;
    expect(namesOf(presentOf({ raw, event: undefined }, guarded), guarded)).toEqual(present);
  };
  for (const name of names) holds([name]);
  holds([]);
  holds(names);
  fc.assert(
    fc.property(fc.subarray(names), (some) => {
      holds(some);
    }),
    { numRuns: 50 },
  );
});
