import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../src/core/destination.ts';
import { answered, reason } from '../../src/core/reason.ts';
import { outcomesOf, permit, strictPermits, testGateway, World } from '../support/delivery.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('a healthy route', () => {
  it('sends within 250 ms (design 2)', async () => {
    const world = new World();
    const drain = world.start(testGateway([{ name: 'single' }, { name: 'batched', maxBatch: 100 }]));
    for (let i = 0; i < 50; i++) {
      world.store.add('single', `${world.clock}`);
      world.store.add('batched', `${world.clock}`);
      drain.rowsAdded(['shop/single', 'shop/batched']);
      await world.pass(20);
    }
    await world.pass(250);
    expect(world.store.waiting).toBe(0);
    for (const { elements, at } of world.sent)
      for (const element of elements) expect(at - Number(element)).toBeLessThan(250);
  });

  it("fills batches up to the vendor's limit and never mixes envelopes", async () => {
    const world = new World();
    const drain = world.start(testGateway([{ name: 'a', maxBatch: 10 }]));
    for (let i = 0; i < 95; i++) world.store.add('a', `${i % 2}:${i}`, { envelope: `e${i % 2}` });
    drain.rowsAdded(['shop/a']);
    await world.pass(1000);
    expect(outcomesOf(drain, 'a')).toEqual({ delivered: 95 });
    expect(Math.max(...world.sent.map(({ elements }) => elements.length))).toBe(10);
    for (const { elements } of world.sent) expect(new Set(elements.map((element) => element[0])).size).toBe(1);
    // 48 and 47 elements: five requests each when filled, and a first one each may have gone early.
    expect(world.sent.length).toBeLessThanOrEqual(12);
  });

  it('keeps to a bounded number of requests at once', async () => {
    const world = new World();
    world.latency = 10_000;
    const drain = world.start(testGateway([{ name: 'a' }]));
    for (let i = 0; i < 1000; i++) world.store.add('a', `${i}`);
    drain.rowsAdded(['shop/a']);
    await world.pass(5_000);
    expect(world.sent.length).toBe(128);
  });
});

describe('rows that have just been stored', () => {
  const store = (world: World, from: number, count: number) => {
    const ids = Array.from({ length: count }, (_, i) => world.store.add('a', `${from + i}`));
    const rows = world.store.records.get('shop/a');
    return new Map([['shop/a', ids.flatMap((id) => rows?.get(id) ?? [])]]);
  };

  it('are not read back by a lane that is up to date', async () => {
    const world = new World();
    const drain = world.start(testGateway([{ name: 'a' }]));
    drain.rowsStored(store(world, 0, 10));
    await world.pass(100);
    world.store.read = () => {
      throw new Error('read back');
    };
    for (let i = 1; i < 5; i++) {
      drain.rowsStored(store(world, i * 10, 10));
      await world.pass(100);
    }
    expect(world.sent.map(({ elements }) => elements[0])).toEqual(Array.from({ length: 50 }, (_, i) => `${i}`));
  });

  it('are sent once and in order, however they come and whatever waits', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(1, 100, 700, 2000), fc.constantFrom(0, 1, 300)), { maxLength: 8 }),
        fc.constantFrom(1, 50),
        async (bursts, latency) => {
          const world = new World();
          world.latency = latency;
          const drain = world.start(testGateway([{ name: 'a', maxBatch: 10 }]));
          let count = 0;
          for (const [size, pause] of bursts) {
            drain.rowsStored(store(world, count, size));
            count += size;
            await world.pass(pause);
          }
          await world.pass(MINUTE);
          const sent = world.sent.flatMap(({ elements }) => elements.map(Number));
          expect(sent).toEqual(Array.from({ length: count }, (_, i) => i));
          expect(world.store.waiting).toBe(0);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('a vendor that is down (R54, R56)', () => {
  it('is asked at most every 30 s at first, later every 5 min, and gets everything once it is back', async () => {
    const world = new World();
    let down = true;
    world.answer = () => (down ? 503 : 204);
    world.random = () => 0.999;
    const drain = world.start(testGateway([{ name: 'a' }]));
    for (let i = 0; i < 300; i++) world.store.add('a', `${i}`);
    drain.rowsAdded(['shop/a']);
    await world.pass(HOUR);
    const times = [...new Set(world.sent.map(({ at }) => at))];
    const gaps = times.slice(1).map((at, i) => ({ from: times[i] as number, gap: at - (times[i] as number) }));
    for (const { from, gap } of gaps) expect(gap).toBeLessThanOrEqual(from < 5 * MINUTE ? 30_010 : 5 * MINUTE + 10);
    // Not hammered: the first flight, then single probes.
    expect(world.sent.length).toBeLessThan(128 + 40);
    expect(drain.counters()['shop/a']?.state).toBe('open');

    down = false;
    const before = world.sent.length;
    await world.pass(5 * MINUTE + 1000);
    expect(outcomesOf(drain, 'a')).toEqual({ delivered: 300 });
    expect(world.sent.length - before).toBe(300);
    expect(drain.counters()['shop/a']?.state).toBe('closed');
  });

  it('sends one probe at a time while it is open', async () => {
    const world = new World();
    world.latency = 2_000;
    world.answer = () => new Error('refused');
    const drain = world.start(testGateway([{ name: 'a' }]));
    for (let i = 0; i < 200; i++) world.store.add('a', `${i}`);
    drain.rowsAdded(['shop/a']);
    await world.pass(10 * MINUTE);
    const probes = world.sent.filter(({ at }) => at > 0);
    probes.slice(1).forEach(({ at }, i) => expect(at - (probes[i]?.at ?? 0)).toBeGreaterThanOrEqual(2_000));
    expect(probes.length).toBeGreaterThan(5);
  });

  it('does not slow the others down', async () => {
    const world = new World();
    world.answer = ({ host }) => (host === 'dead.example.com' ? new Error('gone') : 204);
    const drain = world.start(testGateway([{ name: 'dead' }, { name: 'well' }]));
    for (let round = 0; round < 100; round++) {
      for (let i = 0; i < 20; i++) {
        world.store.add('dead', 'x');
        world.store.add('well', `${world.clock}`);
      }
      drain.rowsAdded(['shop/dead', 'shop/well']);
      await world.pass(50);
    }
    expect(outcomesOf(drain, 'well')).toEqual({ delivered: 2000 });
    for (const { host, elements, at } of world.sent)
      if (host === 'well.example.com') expect(at - Number(elements[0])).toBeLessThan(20);
    expect(world.store.waiting).toBe(2000);
  });

  it('is not asked before Retry-After has passed', async () => {
    const world = new World();
    world.random = () => 0;
    const judge = (): Verdict =>
      world.clock < 90_000
        ? { kind: 'retry', reason: answered('vendor.busy', 429), afterMs: 90_000 }
        : { kind: 'delivered' };
    const drain = world.start(testGateway([{ name: 'a', judge }]));
    world.store.add('a', 'one');
    world.store.add('a', 'two');
    drain.rowsAdded(['shop/a']);
    await world.pass(5 * MINUTE);
    const later = world.sent.filter(({ at }) => at > 10).map(({ at }) => at);
    expect(Math.min(...later)).toBeGreaterThanOrEqual(90_000);
    expect(outcomesOf(drain, 'a')).toEqual({ delivered: 2 });
  });

  it('lets what has become too old end as expired, in memory and behind it', async () => {
    const world = new World();
    world.answer = () => new Error('gone');
    const drain = world.start(testGateway([{ name: 'a', maxAge: HOUR }]));
    for (let i = 0; i < 10_000; i++) world.store.add('a', 'x');
    drain.rowsAdded(['shop/a']);
    await world.pass(HOUR + 10 * MINUTE);
    expect(outcomesOf(drain, 'a')).toEqual({ expired: 10_000 });
    expect(world.store.waiting).toBe(0);
  });
});

describe('refusals (R57)', () => {
  it('finds one poison event in 10,000 by halving; the others are delivered', async () => {
    const world = new World();
    const judge = (reply: { body: string }): Verdict =>
      reply.body === 'poison' ? { kind: 'bisect', reason: answered('vendor.refused', 200) } : { kind: 'delivered' };
    world.answer = ({ elements }) => ({ status: 200, body: elements.includes('7777') ? 'poison' : '' });
    const drain = world.start(testGateway([{ name: 'a', maxBatch: 1000, judge }]));
    for (let i = 0; i < 10_000; i++) world.store.add('a', `${i}`);
    drain.rowsAdded(['shop/a']);
    await world.pass(10_000);
    expect(outcomesOf(drain, 'a')).toEqual({ delivered: 9_999, dead: 1 });
    expect([...world.store.dead]).toEqual([[7778, 'vendor.refused{status=200}']]);
    // Ten full batches, and two requests for each of the ten halvings of one of them.
    expect(world.sent.length).toBeLessThanOrEqual(10 + 1 + 2 * 10);
  });

  it('buries the named events; the rest is delivered, or sent again without them', async () => {
    for (const rest of ['delivered', 'resend'] as const) {
      const world = new World();
      const taken: string[] = [];
      world.answer = ({ elements }) => {
        const bad = elements.flatMap((element, i) => (element.startsWith('bad') ? [i] : []));
        if (bad.length === 0 || rest === 'delivered')
          taken.push(...elements.filter((element) => !element.startsWith('bad')));
        return { status: 200, body: JSON.stringify(bad) };
      };
      const judge = (reply: { body: string }): Verdict => {
        const bad = JSON.parse(reply.body) as number[];
        return bad.length === 0
          ? { kind: 'delivered' }
          : { kind: 'partly', rejected: new Map(bad.map((i) => [i, answered('vendor.refused', 200)] as const)), rest };
      };
      const drain = world.start(testGateway([{ name: 'a', maxBatch: 20, judge }]));
      for (let i = 0; i < 20; i++) world.store.add('a', i % 7 === 3 ? `bad${i}` : `good${i}`);
      drain.rowsAdded(['shop/a']);
      await world.pass(1000);
      expect(outcomesOf(drain, 'a')).toEqual({ delivered: 17, dead: 3 });
      expect(taken.toSorted()).toEqual([...new Set(taken)].toSorted());
      expect(world.sent.length).toBe(rest === 'delivered' ? 1 : 2);
    }
  });

  it('comes to an end when a vendor names events that were not sent', async () => {
    const world = new World();
    const judge = (): Verdict => ({
      kind: 'partly',
      rejected: new Map([[99, answered('vendor.refused', 200)]]),
      rest: 'resend',
    });
    const drain = world.start(testGateway([{ name: 'a', maxBatch: 8, judge }]));
    for (let i = 0; i < 8; i++) world.store.add('a', `${i}`);
    drain.rowsAdded(['shop/a']);
    await world.pass(HOUR);
    expect(outcomesOf(drain, 'a')).toEqual({ dead: 8 });
    expect(world.sent.length).toBe(15);
  });

  it('gives up an event that breaks the vendor while others pass, not one that waits for a busy vendor', async () => {
    const world = new World();
    world.answer = ({ elements }) => (elements[0] === 'breaks' ? 500 : elements[0] === 'busy' ? 503 : 204);
    const drain = world.start(testGateway([{ name: 'a', maxAge: 100 * HOUR }]));
    const breaks = world.store.add('a', 'breaks', { expiresAt: 100 * HOUR });
    world.store.add('a', 'busy', { expiresAt: 100 * HOUR });
    for (let i = 0; i < 600; i++) {
      world.store.add('a', 'fine', { expiresAt: 100 * HOUR });
      drain.rowsAdded(['shop/a']);
      await world.pass(30_000);
    }
    expect(world.store.dead.get(breaks)).toBe('vendor.poison{status=500}');
    expect(world.store.dead.size).toBe(1);
    expect(outcomesOf(drain, 'a')).toEqual({ delivered: 600, dead: 1 });
  });

  it('keeps no dead letters where they are switched off: rejected', async () => {
    const world = new World();
    world.answer = () => 400;
    const drain = world.start(testGateway([{ name: 'a' }], { deadLetters: 0 }));
    world.store.add('a', 'x');
    drain.rowsAdded(['shop/a']);
    await world.pass(100);
    expect(outcomesOf(drain, 'a')).toEqual({ rejected: 1 });
    expect(world.store.dead.size).toBe(0);
  });

  it('strips what looks like user data from the reason it keeps', async () => {
    const world = new World();
    const judge = (): Verdict => ({
      kind: 'rejected',
      reason: reason('vendor.refused', { status: '400', code: 'em jane.doe@example.com ph +4790000000' }),
    });
    const drain = world.start(testGateway([{ name: 'a', judge }]));
    const id = world.store.add('a', 'x');
    drain.rowsAdded(['shop/a']);
    await world.pass(100);
    expect(world.store.dead.get(id)).toBe('vendor.refused{status=400}');
  });

  it('sets aside what the gateway itself cannot make into a request, alone, and says so', async () => {
    const world = new World();
    const request = (_: string, elements: readonly string[]) => {
      if (elements.includes('broken')) throw new Error('secret content of the event');
      return { method: 'POST' as const, url: 'https://a.example.com/', headers: {}, body: elements.join('\n') };
    };
    const drain = world.start(testGateway([{ name: 'a', maxBatch: 16, request }]));
    for (let i = 0; i < 15; i++) world.store.add('a', `${i}`);
    const id = world.store.add('a', 'broken');
    drain.rowsAdded(['shop/a']);
    await world.pass(2000);
    expect(world.store.dead.get(id)).toBe('failed.request');
    expect(outcomesOf(drain, 'a')).toEqual({ delivered: 15, dead: 1 });
    expect(world.logged.filter(({ level }) => level === 'error')).toHaveLength(1);
    expect(JSON.stringify(world.logged)).not.toContain('secret content');
  });
});

describe('credentials that are refused', () => {
  it('stop the route, lose nothing, say why once, and new settings start it again', async () => {
    const world = new World();
    world.answer = () => 401;
    const gateway = testGateway([{ name: 'a' }, { name: 'b', host: 'b.example.com' }]);
    const drain = world.start(gateway);
    for (let i = 0; i < 500; i++) world.store.add('a', `${i}`);
    drain.rowsAdded(['shop/a']);
    await world.pass(4 * MINUTE);
    expect(world.store.waiting).toBe(500);
    expect(drain.stopped()).toEqual({ 'shop/a': 'vendor.credentials{status=401}' });
    expect(drain.counters()['shop/a']).toMatchObject({ state: 'stopped', detail: 'vendor.credentials{status=401}' });
    expect(
      world.logged.filter(
        ({ level, fields }) => level === 'error' && fields['code'] === 'vendor.credentials{status=401}',
      ),
    ).toHaveLength(1);
    const sent = world.sent.length;
    expect(sent).toBeLessThanOrEqual(128);

    world.answer = () => 204;
    drain.reload(gateway);
    await world.pass(5_000);
    expect(outcomesOf(drain, 'a')).toEqual({ delivered: 500 });
    expect(drain.stopped()).toEqual({});
  });

  it('are tried again with one request every few minutes, in case the vendor has mended it', async () => {
    const world = new World();
    world.answer = () => (world.clock < 11 * MINUTE ? 401 : 204);
    const drain = world.start(testGateway([{ name: 'a' }]));
    for (let i = 0; i < 200; i++) world.store.add('a', `${i}`);
    drain.rowsAdded(['shop/a']);
    await world.pass(11 * MINUTE);
    expect(world.sent.filter(({ at }) => at > 1000).length).toBe(2);
    await world.pass(6 * MINUTE);
    expect(outcomesOf(drain, 'a')).toEqual({ delivered: 200 });
  });
});

describe('what is looked at again on dequeue (design 2, R17)', () => {
  const older = { policy: 'policy-0' };
  it('skips rows whose route was removed', async () => {
    const world = new World();
    const drain = world.start(testGateway([]));
    for (let i = 0; i < 1000; i++) world.store.add('gone', 'x');
    drain.rowsAdded(['shop/gone']);
    await world.pass(1000);
    expect(drain.counters()['shop/gone']?.outcomes).toEqual({ skipped: { 'skip.route_removed': 1000 } });
    expect(world.sent).toEqual([]);
  });

  it('blocks rows that the policy now in force would not let out, and sends the others', async () => {
    const world = new World();
    const drain = world.start(testGateway([{ name: 'a' }]));
    world.store.add('a', 'blocked', { ...older, signals: 7 });
    world.store.add('a', 'more fields', { ...older, fields: 'f' });
    world.store.add('a', 'unreadable', { ...older, fields: 'zz' });
    world.store.add('a', 'fewer fields', { ...older, fields: '3' });
    world.store.add('a', 'same', older);
    drain.rowsAdded(['shop/a']);
    await world.pass(1000);
    expect(drain.counters()['shop/a']?.outcomes).toEqual({
      blocked: { 'blocked.consent': 1, 'blocked.policy_tightened': 2 },
      delivered: { 'delivered.accepted': 2 },
    });
    expect(world.sent.flatMap(({ elements }) => elements).toSorted()).toEqual(['fewer fields', 'same']);
  });

  it('looks at every attempt: a reload between two of them counts', async () => {
    const world = new World();
    world.answer = () => 500;
    const drain = world.start(testGateway([{ name: 'a' }]));
    world.store.add('a', 'x');
    drain.rowsAdded(['shop/a']);
    await world.pass(1);
    drain.reload(
      testGateway([{ name: 'a', permits: strictPermits().map(() => permit('blocked', '0')) }], { policy: 'policy-2' }),
    );
    await world.pass(MINUTE);
    expect(outcomesOf(drain, 'a')).toEqual({ blocked: 1 });
    expect(world.sent).toHaveLength(1);
  });
});

describe('a withdrawal (R16)', () => {
  it('takes waiting rows away, and what is in flight is not sent again', async () => {
    const world = new World();
    world.latency = 100;
    world.answer = () => 500;
    const drain = world.start(testGateway([{ name: 'a' }]));
    const ids = Array.from({ length: 400 }, (_, i) => world.store.add('a', `${i}`));
    drain.rowsAdded(['shop/a']);
    await world.pass(50);
    const flying = world.sent.length;
    expect(flying).toBe(128);
    const mine = ids.filter((id) => id % 2 === 0);
    drain.withdrawn(mine.map((id) => ({ route: 'shop/a', id })));
    for (const id of mine) world.store.records.get('shop/a')?.delete(id);
    world.answer = () => 204;
    const before = world.sent.length;
    world.answer = ({ at }) => (at < 100 ? 500 : 204);
    await world.pass(10 * MINUTE);
    const again = world.sent.slice(before).flatMap(({ elements }) => elements.map(Number));
    // Element n was given id n + 1.
    expect(again.filter((element) => (element + 1) % 2 === 0)).toEqual([]);
    expect(outcomesOf(drain, 'a')).toEqual({ withdrawn: 200, delivered: 200 });
  });

  it('of a row the vendor takes all the same counts as delivered, once', async () => {
    const world = new World();
    world.latency = 100;
    const drain = world.start(testGateway([{ name: 'a' }]));
    const id = world.store.add('a', 'x');
    drain.rowsAdded(['shop/a']);
    await world.pass(50);
    drain.withdrawn([{ route: 'shop/a', id }]);
    await world.pass(1000);
    expect(outcomesOf(drain, 'a')).toEqual({ delivered: 1 });
  });
});

describe('stopping', () => {
  it('starts nothing new, waits for what is in flight, and leaves the rest in the store', async () => {
    const world = new World();
    world.latency = 1000;
    const drain = world.start(testGateway([{ name: 'a' }]));
    for (let i = 0; i < 300; i++) world.store.add('a', `${i}`);
    drain.rowsAdded(['shop/a']);
    await world.pass(500);
    let done = false;
    void drain.stop(4000).then(() => (done = true));
    await world.pass(400);
    expect(done).toBe(false);
    await world.pass(200);
    expect(done).toBe(true);
    expect(world.sent.length).toBe(128);
    expect(world.store.waiting).toBe(300 - 128);
  });
});
