import { expect, it } from 'vitest';
import type { Page } from '../../src/delivery/store.ts';
import { DAY, outcomesOf, testGateway, World } from '../support/delivery.ts';
import { outage } from './outage.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

it('an hour without one vendor: the others feel nothing, memory is flat, all is delivered or accounted for', async () => {
  const world = new World();
  const drain = world.start(
    testGateway([
      { name: 'well', maxBatch: 1 },
      { name: 'down', maxBatch: 100 },
      // A vendor that takes nothing older than twenty minutes.
      { name: 'strict', maxBatch: 100, maxAge: 20 * MINUTE },
    ]),
  );
  let down = false;
  world.answer = ({ host }) => (down && !host.startsWith('well') ? 503 : 204);
  const held = new Set<number>();
  const read = world.store.read.bind(world.store);
  world.store.read = (route: string, after: number, limit: number): Page => {
    const page = read(route, after, limit);
    if (route === 'shop/down') for (const { id } of page.records) held.add(id);
    return page;
  };
  const settle = world.store.settle.bind(world.store);
  world.store.settle = (route, id) => {
    held.delete(id);
    settle(route, id);
  };

  let events = 0;
  const idsOfDown: number[] = [];
  /** Two events a second for each route. */
  const traffic = async (ms: number): Promise<void> => {
    for (const end = world.clock + ms; world.clock < end; ) {
      const acceptedAt = world.clock;
      for (const route of ['well', 'down', 'strict']) {
        const id = world.store.add(route, `${acceptedAt}`, { acceptedAt, expiresAt: acceptedAt + DAY });
        if (route === 'down') idsOfDown.push(id);
      }
      events++;
      drain.rowsAdded(['shop/well', 'shop/down', 'shop/strict']);
      await world.pass(500);
    }
  };
  const slowest = (from: number) =>
    Math.max(
      ...world.sent
        .filter(({ host, at }) => host.startsWith('well') && at >= from)
        .map(({ elements, at }) => at - Number(elements[0])),
    );

  await traffic(5 * MINUTE);
  const before = slowest(0);
  down = true;
  const began = world.clock;
  const requestsBefore = world.sent.filter(({ host }) => host.startsWith('down')).length;
  await traffic(30 * MINUTE);
  // A visitor withdraws: two events from before it, of which one is held in memory and one is not yet read.
  const withdrawn = idsOfDown.slice(-2);
  for (const id of withdrawn) world.store.records.get('shop/down')?.delete(id);
  drain.withdrawn(withdrawn.map((id) => ({ route: 'shop/down', id })));
  await traffic(30 * MINUTE);
  expect(slowest(began)).toBe(before);
  const asked = world.sent.filter(({ host }) => host.startsWith('down')).length - requestsBefore;
  // Every 30 s at most in the first five minutes, later every five: a vendor that is down is left in peace.
  expect(asked).toBeLessThan(100);
  expect(held.size).toBeLessThanOrEqual(4_096 + 256);
  expect(idsOfDown.length).toBeGreaterThan(4_096 + 256);

  down = false;
  const recovered = world.clock;
  // Within half of the outage everything has caught up, traffic going on.
  await traffic(30 * MINUTE);
  await world.pass(SECOND);
  expect(world.store.waiting).toBe(0);
  expect(outcomesOf(drain, 'well')).toEqual({ delivered: events });
  expect(outcomesOf(drain, 'down')).toEqual({ delivered: events - 2, withdrawn: 2 });
  const strict = outcomesOf(drain, 'strict');
  expect((strict['delivered'] ?? 0) + (strict['expired'] ?? 0)).toBe(events);
  // Twenty minutes of the hour were young enough when the vendor came back, give or take the wait for a probe.
  expect(strict['expired']).toBeGreaterThanOrEqual((40 * MINUTE) / 500);
  expect(strict['expired']).toBeLessThanOrEqual((46 * MINUTE) / 500);
  for (const { host, elements, at } of world.sent)
    if (host.startsWith('strict'))
      for (const element of elements) expect(at - Number(element)).toBeLessThan(20 * MINUTE);
  expect(recovered - began).toBe(HOUR);
});

it('a vendor that is gone for real, for some seconds', { timeout: 180_000 }, async () => {
  const seen = await outage({ full: false, say: () => {} });
  expect(seen.problems).toEqual([]);
  expect(seen.acknowledged).toBeGreaterThan(100);
});
