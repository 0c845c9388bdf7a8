import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../src/core/destination.ts';
import { answered } from '../../src/core/reason.ts';
import { outcomesOf, testGateway, World } from '../support/delivery.ts';

const HOUR = 3_600_000;

describe('every row ends in exactly one outcome', () => {
  const kinds = ['delivered', 'retry', 'rejected', 'bisect', 'partly', 'resend', 'stop', 'network', 'throws'] as const;
  it('whatever vendors answer, withdrawals and reloads in between', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 10 }),
        async (script, maxBatch, count, withdrawn) => {
          const world = new World();
          let step = 0;
          const next = () => script[step++ % script.length] as (typeof kinds)[number];
          world.answer = () => (next() === 'network' ? new Error('reset') : 200);
          const judge = (): Verdict => {
            const kind = next();
            if (kind === 'throws') throw new Error('a bug in a module');
            if (kind === 'network') return { kind: 'delivered' };
            if (kind === 'partly')
              return { kind: 'partly', rejected: new Map([[0, answered('vendor.refused', 200)]]), rest: 'delivered' };
            if (kind === 'resend')
              return { kind: 'partly', rejected: new Map([[0, answered('vendor.refused', 200)]]), rest: 'resend' };
            return { kind, reason: answered('vendor.refused', 200) };
          };
          const gateway = testGateway([{ name: 'a', maxBatch, judge }]);
          const drain = world.start(gateway);
          const ids = Array.from({ length: count }, (_, i) => world.store.add('a', `${i}`, { envelope: `e${i % 2}` }));
          drain.rowsAdded(['shop/a']);
          await world.pass(3);
          const rows = world.store.records.get('shop/a');
          const purged = [...new Set(withdrawn)].filter((id) => rows?.has(id) === true);
          drain.withdrawn(purged.map((id) => ({ route: 'shop/a', id })));
          for (const id of purged) rows?.delete(id);
          await world.pass(HOUR);
          drain.reload(gateway);
          // Whatever still waits expires; a day and the longest wait later nothing can be left.
          await world.pass(26 * HOUR);
          const sum = Object.values(outcomesOf(drain, 'a')).reduce((a, b) => a + b, 0);
          expect(sum).toBe(ids.length);
          expect(world.store.waiting).toBe(0);
          expect(drain.counters()['shop/a']?.inFlight).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  });
});
