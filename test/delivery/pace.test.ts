import { describe, expect, it } from 'vitest';
import { outcomesOf, testGateway, World } from '../support/delivery.ts';

describe('the pause between two requests that could have been one', () => {
  it('is not made between events that share no request: each of a hundred visitors is sent at once', async () => {
    const world = new World();
    const drain = world.start(testGateway([{ name: 'a', maxBatch: 25 }]));
    for (let i = 0; i < 100; i++) world.store.add('a', `${i}`, { envelope: `visitor ${i}` });
    drain.rowsAdded(['shop/a']);
    await world.pass(100);
    expect(outcomesOf(drain, 'a')).toEqual({ delivered: 100 });
  });

  it('is made between those that do', async () => {
    const world = new World();
    const drain = world.start(testGateway([{ name: 'a', maxBatch: 25 }]));
    for (let i = 0; i < 50; i++) {
      world.store.add('a', `${i}`);
      drain.rowsAdded(['shop/a']);
      await world.pass(10);
    }
    await world.pass(250);
    expect(outcomesOf(drain, 'a')).toEqual({ delivered: 50 });
    // Half a second, 150 ms each, and the first at once.
    expect(world.sent.length).toBeLessThanOrEqual(6);
  });
});

describe('a clock that moves on between two looks at it', () => {
  /** Every look takes a while, so that something always comes due between "not yet" and "when then?". */
  const drifting = (step: number): World => {
    const world = new World();
    let time = 0;
    Object.defineProperty(world, 'clock', {
      get: () => (time += step),
      set: (to: number) => {
        time = Math.max(time, to);
      },
    });
    return world;
  };

  it.each([0.1, 1, 7, 33, 90, 140, 149])('leaves nothing lying, at %d ms a look', async (step) => {
    const world = drifting(step);
    const drain = world.start(testGateway([{ name: 'a', maxBatch: 1_000 }]));
    for (let i = 0; i < 600; i++) world.store.add('a', `${i}`, { acceptedAt: 0, expiresAt: 1e12 });
    let failures = 3;
    world.answer = () => (failures-- > 0 ? 503 : 204);
    drain.rowsAdded(['shop/a']);
    await world.pass(60_000);
    expect(outcomesOf(drain, 'a')).toEqual({ delivered: 600 });
  });
});
