import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../src/core/destination.ts';
import { answered } from '../../src/core/reason.ts';
import { courierRoute, gatewayWith, PURCHASE } from '../support/courier.ts';
import { DAY, outcomesOf, testGateway, World } from '../support/delivery.ts';

// Answers of a receiver that is being replaced or no longer exists (`destinations/http.md` 3), with the invented
// vendor.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const SETTINGS = { host: 'crm.example.com', signing_secret: { env: 'COURIER_SECRET' } };
const route = (more: object = {}) => courierRoute({ ...SETTINGS, ...more });

/** Purchases that can be told apart by their order number. */
const order = (number: string | number) => PURCHASE.replace('ORD-20261120-7', `${number}`);
const numberIn = (element: string | undefined) => /"transaction_id":"([^"]*)"/.exec(element ?? '')?.[1];

function courierWorld(): World {
  const world = new World();
  world.secrets = { value: () => Promise.resolve(`whsec_${'a'.repeat(32)}`), forget: () => {} };
  return world;
}

describe('a refusal that may pass', () => {
  it.each([400, 404, 405, 413, 415, 422])('%i: a dead letter after three attempts over ten minutes', async (status) => {
    const world = courierWorld();
    // Attempts come as close together as they may: the time decides.
    world.random = () => 0.02;
    world.answer = () => status;
    const drain = world.start(gatewayWith(route()));
    const id = world.store.add('courier', PURCHASE);
    drain.rowsAdded(['shop/courier']);
    await world.pass(9 * MINUTE + 50_000);
    expect(world.sent.length).toBeGreaterThan(3);
    expect(outcomesOf(drain, 'courier')).toEqual({});
    await world.pass(MINUTE);
    expect(outcomesOf(drain, 'courier')).toEqual({ dead: 1 });
    expect(world.store.dead.get(id)).toBe(`vendor.refused{status=${status}}`);
    const last = world.sent.at(-1)?.at ?? 0;
    expect(last - (world.sent[0]?.at ?? 0)).toBeGreaterThanOrEqual(10 * MINUTE - 10);
    await world.pass(HOUR);
    expect(world.sent.at(-1)?.at).toBe(last);
  });

  it('is no dead letter before the third attempt, however long the first was ago', async () => {
    const world = new World();
    const judge = (): Verdict => ({
      kind: 'retry',
      reason: answered('vendor.refused', 404),
      afterMs: HOUR,
      finalAfter: { attempts: 3, ms: 10 * MINUTE },
    });
    const drain = world.start(testGateway([{ name: 'a', judge }]));
    world.store.add('a', 'x', { expiresAt: DAY });
    drain.rowsAdded(['shop/a']);
    await world.pass(HOUR + 30 * MINUTE);
    expect([world.sent.length, outcomesOf(drain, 'a')]).toEqual([2, {}]);
    await world.pass(HOUR);
    expect([world.sent.length, outcomesOf(drain, 'a')]).toEqual([3, { dead: 1 }]);
  });

  it('loses nothing where the receiver was only being replaced', async () => {
    const world = courierWorld();
    world.answer = () => (world.clock < 9 * MINUTE ? 404 : 204);
    const drain = world.start(gatewayWith(route()));
    for (let i = 0; i < 300; i++) world.store.add('courier', order(i));
    drain.rowsAdded(['shop/courier']);
    await world.pass(HOUR);
    expect(outcomesOf(drain, 'courier')).toEqual({ delivered: 300 });
  });

  it('does not count what failed for other causes', async () => {
    const world = courierWorld();
    world.answer = () => (world.clock < HOUR ? 503 : 404);
    const drain = world.start(gatewayWith(route()));
    world.store.add('courier', PURCHASE, { expiresAt: DAY });
    drain.rowsAdded(['shop/courier']);
    await world.pass(HOUR + 10 * MINUTE);
    expect(outcomesOf(drain, 'courier')).toEqual({});
    await world.pass(30 * MINUTE);
    expect(outcomesOf(drain, 'courier')).toEqual({ dead: 1 });
  });

  it('of many events ends them all, and the others go between them', async () => {
    const world = courierWorld();
    world.answer = ({ elements }) => (numberIn(elements[0])?.startsWith('bad') === true ? 422 : 204);
    const drain = world.start(gatewayWith(route()));
    for (let minute = 0; minute < 60; minute++) {
      for (let i = 0; i < 10; i++) world.store.add('courier', order(`${i < 5 ? 'bad' : 'good'}-${minute}-${i}`));
      drain.rowsAdded(['shop/courier']);
      await world.pass(MINUTE);
    }
    // A pause after some refusals in a row is one of half a minute here.
    await world.pass(MINUTE);
    expect(outcomesOf(drain, 'courier')['delivered']).toBe(300);
    await world.pass(HOUR);
    expect(outcomesOf(drain, 'courier')).toEqual({ delivered: 300, dead: 300 });
  });

  it('of a batch ends the one event that is meant', async () => {
    const world = new World();
    const judge = (reply: { status: number }): Verdict =>
      reply.status === 204
        ? { kind: 'delivered' }
        : {
            kind: 'retry',
            reason: answered('vendor.refused', reply.status),
            finalAfter: { attempts: 3, ms: 10 * MINUTE },
          };
    world.answer = ({ elements }) => (elements.includes('5') ? 400 : 204);
    const drain = world.start(testGateway([{ name: 'a', maxBatch: 16, judge }]));
    for (let i = 0; i < 16; i++) world.store.add('a', `${i}`);
    drain.rowsAdded(['shop/a']);
    await world.pass(HOUR);
    expect(outcomesOf(drain, 'a')).toEqual({ delivered: 15, dead: 1 });
    expect([...world.store.dead]).toEqual([[6, 'vendor.refused{status=400}']]);
  });
});

describe('a receiver that wants no more (410)', () => {
  it('is not asked again until the configuration is read again, and what waits is kept until it is too old', async () => {
    const world = courierWorld();
    world.answer = () => 410;
    const gateway = gatewayWith(route());
    const drain = world.start(gateway);
    for (let i = 0; i < 300; i++) world.store.add('courier', order(i), { expiresAt: 12 * HOUR });
    drain.rowsAdded(['shop/courier']);
    await world.pass(10 * HOUR);
    expect(drain.stopped()).toEqual({ 'shop/courier': 'vendor.gone{status=410}' });
    expect(world.store.waiting).toBe(300);
    const asked = world.sent.length;
    expect(asked).toBeLessThanOrEqual(128);
    expect(world.sent.at(-1)?.at).toBe(0);
    expect(drain.counters()['shop/courier']?.stops).toEqual({ 'vendor.gone': asked });

    world.answer = ({ elements }) => (Number(numberIn(elements[0])) < 150 ? 204 : 410);
    drain.reload(gateway);
    await world.pass(MINUTE);
    const { delivered = 0 } = outcomesOf(drain, 'courier');
    expect(delivered).toBeGreaterThan(0);
    await world.pass(3 * HOUR);
    expect(outcomesOf(drain, 'courier')).toEqual({ delivered, expired: 300 - delivered });
  });

  it('that wants no credentials either is asked once an hour', async () => {
    const world = courierWorld();
    world.answer = () => 401;
    const drain = world.start(gatewayWith(route()));
    world.store.add('courier', PURCHASE, { expiresAt: DAY });
    drain.rowsAdded(['shop/courier']);
    await world.pass(5 * HOUR + MINUTE);
    expect(world.sent.map(({ at }) => Math.round(at / HOUR))).toEqual([0, 1, 2, 3, 4, 5]);
    world.answer = () => 204;
    await world.pass(HOUR);
    expect(outcomesOf(drain, 'courier')).toEqual({ delivered: 1 });
    expect(drain.stopped()).toEqual({});
  });
});

describe('events that wait until they are old enough', () => {
  const waiting = route({ wait_minutes: 360 });

  it('are sent then, soon and in order, and not before', async () => {
    const world = courierWorld();
    const drain = world.start(gatewayWith(waiting));
    for (let i = 0; i < 20; i++) {
      world.store.add('courier', order(i), { acceptedAt: world.clock, expiresAt: DAY });
      drain.rowsAdded(['shop/courier']);
      await world.pass(20 * MINUTE);
    }
    await world.pass(DAY);
    expect(world.sent.map(({ elements }) => numberIn(elements[0]))).toEqual(
      Array.from({ length: 20 }, (_, i) => `${i}`),
    );
    world.sent.forEach(({ at }, i) => {
      const age = at - i * 20 * MINUTE;
      expect(age).toBeGreaterThanOrEqual(6 * HOUR);
      expect(age).toBeLessThan(6 * HOUR + 1_000);
    });
  });

  it('are batched when they are: the younger ones of the envelope stay', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(90), fc.nat(2)), { minLength: 1, maxLength: 60 }),
        fc.constantFrom(1, 10),
        fc.constantFrom(0, 3),
        async (arrivals, maxBatch, downMinutes) => {
          const world = new World();
          world.answer = () => (world.clock < (30 + downMinutes) * MINUTE ? 503 : 204);
          const drain = world.start(testGateway([{ name: 'a', maxBatch, firstAfterMs: 30 * MINUTE }]));
          const acceptedAt: number[] = [];
          for (const [seconds, envelope] of arrivals) {
            await world.pass(seconds * 1000);
            world.store.add('a', `${acceptedAt.length}`, {
              acceptedAt: world.clock,
              expiresAt: DAY,
              envelope: `e${envelope}`,
            });
            acceptedAt.push(world.clock);
            drain.rowsAdded(['shop/a']);
          }
          await world.pass(3 * HOUR);
          for (const { at, elements } of world.sent)
            for (const element of elements) {
              expect(at - (acceptedAt[Number(element)] ?? Infinity)).toBeGreaterThanOrEqual(30 * MINUTE);
            }
          expect(outcomesOf(drain, 'a')).toEqual({ delivered: arrivals.length });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('that are taken back meanwhile are not', async () => {
    const world = courierWorld();
    const drain = world.start(gatewayWith(waiting));
    const taken = world.store.add('courier', order('back'), { acceptedAt: 0, expiresAt: DAY });
    world.store.add('courier', order('kept'), { acceptedAt: 0, expiresAt: DAY });
    drain.rowsAdded(['shop/courier']);
    await world.pass(5 * HOUR);
    world.store.records.get('shop/courier')?.delete(taken);
    drain.withdrawn([{ route: 'shop/courier', id: taken }]);
    await world.pass(5 * HOUR);
    expect(world.sent.map(({ elements }) => numberIn(elements[0]))).toEqual(['kept']);
    expect(outcomesOf(drain, 'courier')).toEqual({ delivered: 1, withdrawn: 1 });
  });

  it('go at once when the configuration no longer asks them to wait', async () => {
    const world = courierWorld();
    const drain = world.start(gatewayWith(waiting));
    world.store.add('courier', PURCHASE, { acceptedAt: 0, expiresAt: DAY });
    drain.rowsAdded(['shop/courier']);
    await world.pass(HOUR);
    expect(world.sent).toEqual([]);
    drain.reload(gatewayWith(route()));
    await world.pass(1_000);
    expect(outcomesOf(drain, 'courier')).toEqual({ delivered: 1 });
  });

  it('cost no turns while they wait, behind a vendor that is down either', async () => {
    const world = courierWorld();
    const timers: number[] = [];
    const after = world.after.bind(world);
    world.after = (ms, call) => {
      if (timers.push(ms) > 10_000) throw new Error('turns without end');
      return after(ms, call);
    };
    world.answer = () => 503;
    const drain = world.start(gatewayWith(waiting));
    world.store.add('courier', order('old'), { acceptedAt: -6 * HOUR, expiresAt: MINUTE });
    drain.rowsAdded(['shop/courier']);
    await world.pass(2 * MINUTE);
    expect(outcomesOf(drain, 'courier')).toEqual({ expired: 1 });
    for (let i = 0; i < 100; i++) world.store.add('courier', order(i), { acceptedAt: world.clock, expiresAt: DAY });
    drain.rowsAdded(['shop/courier']);
    timers.length = 0;
    world.answer = () => 204;
    await world.pass(5 * HOUR);
    // What is looked through every 30 s, and little more.
    expect(timers.length).toBeLessThan(5 * 120 + 20);
    await world.pass(HOUR + 1_000);
    expect(outcomesOf(drain, 'courier')).toEqual({ expired: 1, delivered: 100 });
  });

  it('may wait longer than a timer can', async () => {
    const world = new World();
    let longest = 0;
    const after = world.after.bind(world);
    world.after = (ms, call) => ((longest = Math.max(longest, ms)), after(ms, call));
    const drain = world.start(testGateway([{ name: 'a', firstAfterMs: 30 * DAY, maxAge: 60 * DAY }]));
    world.store.add('a', 'x', { acceptedAt: 0, expiresAt: 60 * DAY });
    drain.rowsAdded(['shop/a']);
    await world.pass(30 * DAY - MINUTE);
    expect(world.sent).toEqual([]);
    await world.pass(2 * MINUTE);
    expect(outcomesOf(drain, 'a')).toEqual({ delivered: 1 });
    expect(longest).toBeLessThan(2 ** 31);
  });
});
