import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reason } from '../../src/core/reason.ts';
import { EVERYBODY } from '../../src/delivery/held-withdrawals.ts';
import type { RowOutcome } from '../../src/delivery/store.ts';
import { CommitUnwanted } from '../../src/outbox/commit.ts';
import { BRIEF_MS, LASTING_MS } from '../../src/outbox/engine.ts';
import { narrowedEntry } from '../../src/policy/closed-routes.ts';
import { DAY } from '../support/delivery.ts';
import { describeModel } from './contract-model.ts';
import {
  contentOf,
  EngineWorld,
  eventFor,
  OWN,
  POLICY,
  ROUTES,
  START,
  withdrawal,
  type OpenEngine,
} from './engine-world.ts';

// The duties of every engine of the outbox, whatever it is made of (src/outbox/engine.ts).

const REFUSED = reason('vendor.refused');
/** An open world that the next test does not see. */
let world: EngineWorld;

/** The suite, for one engine; `runs`: random sequences, fewer where each call waits for a disk. */
export function describeEngine(name: string, open: OpenEngine, runs = 40): void {
  describe(`the outbox engine ${name}`, () => {
    beforeEach(async () => {
      world = await new EngineWorld(open).start();
    });
    afterEach(async () => {
      await world.opened.close();
    });
    for (const [title, tests] of Object.entries(PARTS)) {
      describe(title, () => {
        tests();
      });
    }
  });
  describeModel(name, open, runs);
}

const PARTS: Readonly<Record<string, () => void>> = {
  stores: storing,
  'one event of several routes': sharing,
  'a withdrawal': withdrawing,
  'a withdrawal of a part': withdrawingParts,
  duplicates: duplicates,
  'dead letters': deadLetters,
  'what waits for a verdict': awaiting,
};

/** What is waiting for each route. */
async function waiting(): Promise<Record<string, readonly string[]>> {
  const all: Record<string, readonly string[]> = {};
  for (const route of ROUTES) all[route] = await world.names(route);
  return all;
}

const mine = (name: string, told: Parameters<typeof eventFor>[2] = {}, routes: readonly string[] = ['a', 'b']) =>
  eventFor(routes, name, { subjects: ['me'], acceptedAt: world.now, ...told });
const taken = (signals = 0, closedRoutes: readonly string[] = []) => withdrawal('me', world.now, signals, closedRoutes);

async function end(route: string, name: string, outcome: RowOutcome = 'delivered'): Promise<void> {
  await world.engine.settle(`shop/${route}`, await world.idOf(route, name), outcome);
}

async function bury(route: string, name: string): Promise<void> {
  await world.engine.bury(`shop/${route}`, await world.idOf(route, name), REFUSED);
  await world.commit([]);
}

function storing(): void {
  it('all records of all appends, and answers for each route of each', async () => {
    const { results, added } = await world.engine.commit([
      { records: [eventFor(['a', 'b'], 'one'), eventFor(['b'], 'two')], withdrawals: [] },
      { records: [eventFor(['c'], 'three')], withdrawals: [] },
    ]);
    expect(results).toEqual([['stored', 'stored', 'stored'], ['stored']]);
    expect(await waiting()).toEqual({ a: ['one'], b: ['one', 'two'], c: ['three'] });
    for (const route of ROUTES)
      expect(added.get(`shop/${route}`)?.map(({ id }) => id)).toEqual((await world.read(route)).map(({ id }) => id));
    expect(await world.engine.pending).toBe(4);
    expect([...(await world.engine.routes)].sort()).toEqual(['shop/a', 'shop/b', 'shop/c']);
  });

  it('nothing of a commit that is not wanted, and keeps the ends for the next', async () => {
    await world.commit([eventFor(['a'], 'before')]);
    await end('a', 'before');
    const records = [eventFor(['a', 'b'], 'given up', { mark: 'order 1' })];
    await expect((async () => world.engine.commit([{ records, withdrawals: [] }], () => false))()).rejects.toThrow(
      CommitUnwanted,
    );
    expect(await waiting()).toEqual({ a: ['before'], b: [], c: [] });
    expect([await world.engine.unwritten, await world.engine.pending]).toEqual([1, 1]);
    expect((await world.commit(records)).results).toEqual([['stored', 'stored']]);
    expect(await waiting()).toEqual({ a: ['given up'], b: ['given up'], c: [] });
    expect(await world.engine.unwritten).toBe(0);
  });

  it('nothing of a commit with a record of a route that is not configured', async () => {
    await expect((async () => world.commit([mine('good'), eventFor(['gone'], 'bad')]))()).rejects.toThrow(
      'not configured',
    );
    expect(await world.engine.pending).toBe(0);
    expect(await waiting()).toEqual({ a: [], b: [], c: [] });
  });

  it('in an order that stays, with ids that are never used twice', async () => {
    const ids: number[] = [];
    for (let i = 0; i < 5; i++) {
      await world.commit([eventFor(['a'], `first ${i}`), eventFor(['a', 'b'], `second ${i}`)]);
      ids.push(...(await world.read('a')).map(({ id }) => id));
      await end('a', `second ${i}`);
      await end('a', `first ${i}`);
      await world.commit([]);
    }
    expect(ids).toEqual([...new Set(ids)].sort((one, other) => one - other));
    expect(await world.names('b')).toEqual([0, 1, 2, 3, 4].map((i) => `second ${i}`));
  });

  it('the day of the consent, which stays with what is narrowed, buried and sent again', async () => {
    const day = async (route: string) => (await world.read(route)).map(({ consentDay }) => consentDay);
    await world.commit([eventFor(['a', 'b'], 'dated', { consentDay: 20_000 }), eventFor(['a'], 'of nobody')]);
    expect([await day('a'), await day('b')]).toEqual([[20_000, undefined], [20_000]]);
    await bury('a', 'dated');
    await world.engine.dead.retry();
    await world.commit([]);
    expect([await day('a'), await day('b')]).toEqual([[undefined, 20_000], [20_000]]);
  });

  it('the rule it was taken by, which stays with what is narrowed, held, buried and sent again', async () => {
    const rules = async (route: string) => (await world.read(route)).map(({ rule }) => rule);
    await world.commit([eventFor(['a', 'b'], 'ruled', { rule: 'f00d.1+' }), eventFor(['a'], 'of no rule')]);
    expect([await rules('a'), await rules('b')]).toEqual([['f00d.1+', undefined], ['f00d.1+']]);
    await world.engine.hold('shop/b', await world.idOf('b', 'ruled'), { ticket: 'one', at: START, again: false });
    await bury('a', 'ruled');
    await world.engine.dead.retry();
    await world.commit([]);
    const { reopen } = world.opened;
    if (reopen !== undefined) world.opened = await reopen();
    expect([await rules('a'), await rules('b')]).toEqual([[undefined, 'f00d.1+'], ['f00d.1+']]);
    expect((await world.read('b')).map(({ awaiting: held }) => held?.ticket)).toEqual(['one']);
  });

  it('tells what waits by route, and how old it is', async () => {
    await world.commit([eventFor(['a', 'b'], 'old'), eventFor(['a'], 'dead')]);
    await bury('a', 'dead');
    world.now += 1_000;
    await world.commit([eventFor(['a'], 'young', { acceptedAt: world.now })]);
    await end('b', 'old');
    await world.commit([]);
    expect(await world.engine.queues()).toEqual({ 'shop/a': { waiting: 2, dead: 1, oldestMs: 1_000 } });
    expect(await world.engine.pending).toBe(3);
  });

  it('and hands over the ends that are not written, which it does not write then', async () => {
    await world.commit([eventFor(['a'], 'one')]);
    const id = await world.idOf('a', 'one');
    await end('a', 'one', 'skipped');
    expect(await world.engine.takeUnwritten()).toEqual([{ id, route: 'shop/a', unmark: true, dead: undefined }]);
    await world.commit([]);
    expect(await world.names('a')).toEqual(['one']);
  });
}

function sharing(): void {
  const fields = async (route: string) => (await world.read(route)).map((record) => contentOf(record).fields);
  const own = (...routes: string[]) => routes.map((route) => OWN[route] as string).sort();

  it('is handed out to each, under one id, and ends on each by itself', async () => {
    await world.commit([eventFor(['a', 'b', 'c'], 'event')]);
    expect(new Set([await world.idOf('a', 'event'), await world.idOf('b', 'event')]).size).toBe(1);
    await end('b', 'event');
    await world.commit([]);
    expect(await waiting()).toEqual({ a: ['event'], b: [], c: ['event'] });
    await end('a', 'event');
    await end('c', 'event', 'expired');
    await world.commit([]);
    expect(await waiting()).toEqual({ a: [], b: [], c: [] });
    expect(await world.engine.pending).toBe(0);
  });

  it('ends once, however often it is told', async () => {
    await world.commit([eventFor(['a', 'b'], 'event')]);
    const id = await world.idOf('a', 'event');
    for (let i = 0; i < 3; i++) {
      await world.engine.settle('shop/a', id, 'delivered');
      if (i > 0) await world.commit([]);
    }
    expect(await waiting()).toEqual({ a: [], b: ['event'], c: [] });
    expect(await world.engine.pending).toBe(1);
  });

  it('has nothing any more of what only a route had that has ended', async () => {
    await world.commit([eventFor(['a', 'b', 'c'], 'event')]);
    expect(await fields('a')).toEqual([own('a', 'b', 'c')]);
    await end('b', 'event');
    await world.commit([]);
    expect([await fields('a'), await fields('c')]).toEqual([[own('a', 'c')], [own('a', 'c')]]);
    await bury('a', 'event');
    expect(await fields('c')).toEqual([own('c')]);
    await world.engine.dead.retry();
    await world.commit([]);
    expect([await fields('a'), await fields('c')]).toEqual([[own('a')], [own('c')]]);
  });

  it('nor of a route that was withdrawn, before it came or after', async () => {
    await world.commit([mine('event')]);
    await world.commit([], [taken(127, ['shop/b'])]);
    await world.commit([mine('late', { decidedAt: world.now - 1_000 })]);
    expect(await fields('a')).toEqual([own('a'), own('a')]);
    expect(await world.names('b')).toEqual([]);
  });

  it('nor of a route that is withdrawn in the same commit', async () => {
    // The event comes first, and nothing is kept of a withdrawal for events that come late.
    world.policy = { ...POLICY, remembers: () => false };
    await world.engine.commit([
      { records: [mine('event')], withdrawals: [] },
      { records: [], withdrawals: [taken(127, ['shop/b'])] },
    ]);
    expect([await fields('a'), await world.names('b')]).toEqual([[own('a')], []]);
  });

  it('nor of a route that had it before', async () => {
    await world.commit([eventFor(['b'], 'first', { mark: 'order 1' })]);
    const { results } = await world.commit([eventFor(['a', 'b', 'c'], 'second', { mark: 'order 1' })]);
    expect(results).toEqual([['stored', 'duplicate', 'stored']]);
    expect([await fields('a'), await fields('c')]).toEqual([[own('a', 'c')], [own('a', 'c')]]);
  });
}

function withdrawing(): void {
  const theirs = (name: string) => eventFor(['a', 'b'], name, { subjects: ['somebody else'], acceptedAt: world.now });

  it('takes what waits of its visitor, by any of its names, and nothing of others', async () => {
    await world.commit([mine('mine', { subjects: ['another name', 'me'] }), theirs('theirs')]);
    const id = await world.idOf('a', 'mine');
    const { purged } = await world.commit([], [taken()]);
    expect(await waiting()).toEqual({ a: ['theirs'], b: ['theirs'], c: [] });
    expect(purged.toSorted((one, other) => one.route.localeCompare(other.route))).toEqual([
      { route: 'shop/a', id },
      { route: 'shop/b', id },
    ]);
    expect(await world.engine.pending).toBe(2);
  });

  it('takes what the same commit stores, before it and after it, and it is not among what was added', async () => {
    const { results, added, purged } = await world.engine.commit([
      { records: [mine('before'), theirs('theirs')], withdrawals: [] },
      { records: [], withdrawals: [taken()] },
      { records: [mine('after')], withdrawals: [] },
    ]);
    expect(results).toEqual([Array(4).fill('stored'), [], Array(2).fill('stored')]);
    expect(await waiting()).toEqual({ a: ['theirs'], b: ['theirs'], c: [] });
    expect(added.get('shop/a')?.map((record) => contentOf(record).name)).toEqual(['theirs']);
    expect(purged.length).toBe(4);
  });

  it('leaves to the hit that tells of it what its own choice still allows', async () => {
    await world.commit([mine('earlier')]);
    world.now += 1;
    // Statistics go, the rest stays: this hit's event was decided under that already.
    await world.commit([mine('of the hit', { signals: 0b1101 }, ['a'])], [taken(127 & ~0b0010)]);
    expect(await waiting()).toEqual({ a: ['earlier', 'of the hit'], b: [], c: [] });
  });

  it('takes what comes late and was decided before it', async () => {
    world.now += 10_000;
    await world.commit([], [taken()]);
    world.now += 10_000;
    const late = (decidedAt: number) => mine(`decided at ${decidedAt - START}`, { decidedAt });
    const { purged } = await world.commit([late(START), late(START + 10_000), late(START + 10_001)]);
    expect(await waiting()).toEqual({ a: ['decided at 10001'], b: ['decided at 10001'], c: [] });
    expect(purged.length).toBe(4);
  });

  it('takes what was decided before it, if that was stored a moment earlier', async () => {
    const before = world.now;
    world.now += 10_000;
    await world.commit([mine('late', { decidedAt: before }), mine('of now')]);
    await world.commit([], [{ ...taken(), at: before + 5_000 }]);
    expect(await waiting()).toEqual({ a: ['of now'], b: ['of now'], c: [] });
  });

  it('does not reach what comes after a new consent', async () => {
    await world.commit([mine('before')], [taken()]);
    world.now += 1;
    await world.commit([mine('after')]);
    expect(await world.names('a')).toEqual(['after']);
  });

  it('reaches no event that names nobody', async () => {
    await world.commit([eventFor(['a'], 'of nobody')]);
    await world.commit([], [taken(), withdrawal(EVERYBODY, world.now)]);
    await world.commit([eventFor(['a'], 'late, of nobody', { decidedAt: START - 1_000 })]);
    expect(await world.names('a')).toEqual(['of nobody', 'late, of nobody']);
  });

  it('of everybody takes what is of anybody', async () => {
    await world.commit([mine('mine'), theirs('theirs')]);
    await world.commit([], [withdrawal(EVERYBODY, world.now)]);
    await world.commit([mine('late', { decidedAt: START - 1 })]);
    expect(await waiting()).toEqual({ a: [], b: [], c: [] });
  });

  it('does not bring back what ended in the same commit, nor what is told to end after it', async () => {
    await world.commit([mine('one'), mine('two')]);
    const two = await world.idOf('a', 'two');
    await end('a', 'one');
    await world.commit([], [taken()]);
    await world.engine.bury('shop/a', two, REFUSED);
    await world.engine.settle('shop/b', two, 'delivered');
    await world.commit([]);
    expect(await waiting()).toEqual({ a: [], b: [], c: [] });
    expect(await world.engine.pending).toBe(0);
  });

  it('of a site that is not configured does nothing', async () => {
    await world.commit([mine('mine')]);
    await world.commit([], [{ ...taken(), site: 'closed' }]);
    expect(await world.names('a')).toEqual(['mine']);
  });
}

function withdrawingParts(): void {
  it('takes the routes that cannot do without what is gone', async () => {
    await world.commit([mine('event', {}, ROUTES)]);
    await world.commit([], [taken(127 & ~0b0001)]);
    expect(await waiting()).toEqual({ a: [], b: ['event'], c: [] });
  });

  it('closes the route that is refused, to what waits and to what is late', async () => {
    await world.commit([mine('event', {}, ROUTES)]);
    await world.commit([], [taken(127, ['shop/a'])]);
    await world.commit([mine('late', { decidedAt: START - 1 }, ROUTES)]);
    expect(await waiting()).toEqual({ a: [], b: ['event', 'late'], c: ['event', 'late'] });
  });

  it('leaves a narrowed route what it can do with less, and takes what it cannot', async () => {
    await world.commit([mine('event', {}, ROUTES)]);
    await world.commit([], [taken(127, [narrowedEntry('shop/a', 0b0001), narrowedEntry('shop/b', 0b0001)])]);
    await world.commit([mine('late', { decidedAt: START - 1 }, ROUTES)]);
    expect(await waiting()).toEqual({ a: ['event', 'late'], b: [], c: ['event', 'late'] });
  });

  it('adds up with an earlier one for what is late', async () => {
    await world.commit([], [taken(127 & ~0b0001)]);
    world.now += 1_000;
    await world.commit([], [taken(127 & ~0b0010)]);
    await world.commit([mine('before both', { decidedAt: START }), mine('between', { decidedAt: START + 500 })]);
    expect(await waiting()).toEqual({ a: ['between'], b: [], c: [] });
  });
}

function duplicates(): void {
  const order = (name: string, lasting: boolean, routes: readonly string[] = ['a']) =>
    mine(name, { mark: 'order 1', lasting }, routes);
  const stored = async (name: string, lasting: boolean, routes?: readonly string[]) =>
    (await world.commit([order(name, lasting, routes)])).results[0];

  it.each([
    ['a conversion', true, LASTING_MS, 48 * 3_600_000],
    ['any other event', false, BRIEF_MS, 30 * 60_000],
  ])('%s is one for its time, by route', async (_, lasting, life, ms) => {
    expect(life).toBe(ms);
    expect(await stored('first', lasting)).toEqual(['stored']);
    await end('a', 'first');
    world.now += ms - 1;
    expect(await stored('second', lasting, ['a', 'b'])).toEqual(['duplicate', 'stored']);
    world.now += 1;
    expect(await stored('third', lasting)).toEqual(['stored']);
  });

  it('are told within one commit, and an event without a mark is none', async () => {
    const { results } = await world.commit([order('one', true), order('two', true), mine('x'), mine('x')]);
    expect(results).toEqual([['stored', 'duplicate', 'stored', 'stored', 'stored', 'stored']]);
  });

  it.each<[RowOutcome, 'stored' | 'duplicate']>([
    ['delivered', 'duplicate'],
    ['expired', 'duplicate'],
    ['blocked', 'stored'],
    ['skipped', 'stored'],
    ['rejected', 'stored'],
    ['withdrawn', 'stored'],
    ['failed', 'stored'],
  ])('after %s the same event is %s', async (outcome, again) => {
    await world.commit([order('first', true, ['a', 'b'])]);
    await end('a', 'first', outcome);
    expect(await stored('second', true, ['a', 'b'])).toEqual([again, 'duplicate']);
  });

  it('a withdrawn event was none, and a buried one is', async () => {
    await world.commit([order('first', true)]);
    await world.commit([], [taken()]);
    world.now += 1;
    expect(await stored('second', true)).toEqual(['stored']);
    await bury('a', 'second');
    expect(await stored('third', true)).toEqual(['duplicate']);
  });
}

function deadLetters(): void {
  it('wait until a person asks, and are at the end of the queue then', async () => {
    await world.commit([mine('refused'), mine('next')]);
    await bury('a', 'refused');
    expect(await waiting()).toEqual({ a: ['next'], b: ['refused', 'next'], c: [] });
    expect(await world.engine.pending).toBe(4);
    const before = await world.idOf('b', 'next');
    await world.engine.dead.retry();
    const { reopened, added } = await world.commit([]);
    expect(Object.fromEntries(reopened)).toEqual({ 'shop/a': 1 });
    expect(added.get('shop/a')?.map((record) => contentOf(record).name)).toEqual(['refused']);
    expect(await waiting()).toEqual({ a: ['next', 'refused'], b: ['refused', 'next'], c: [] });
    expect(await world.idOf('a', 'refused')).toBeGreaterThan(before);
    expect((await world.commit([])).reopened.size).toBe(0);
  });

  it('are listed without what is in them, the newest first', async () => {
    await world.commit([mine('secret name', {}, ['a', 'b']), mine('later', {}, ['a'])]);
    await bury('a', 'secret name');
    world.now += 5;
    await bury('a', 'later');
    const { dead } = world.engine;
    const letters = await dead.list();
    expect(letters).toMatchObject([
      { route: 'shop/a', acceptedAt: START, diedAt: START + 5, reason: 'vendor.refused', marked: false },
      { route: 'shop/a', diedAt: START, expiresAt: START + DAY, policy: 'policy-1', marked: false },
    ]);
    expect(letters[0]?.signals).toContain('ad_storage');
    expect(letters.every(({ words, size }) => words !== '' && size > 0)).toBe(true);
    expect(JSON.stringify(letters)).not.toMatch(/secret name|only for|hit of|me"/);
    expect((await dead.list({}, 1)).map(({ id }) => id)).toEqual([letters[0]?.id]);
    expect(await dead.list({ route: 'shop/b' })).toEqual([]);
    expect(await dead.list({ id: letters[1]?.id })).toEqual([letters[1]]);
    expect(await dead.list({ route: 'shop/b', id: letters[1]?.id })).toEqual([]);
  });

  it('are sent again one by one, or by route; what was asked for says so until then', async () => {
    await world.commit([mine('one', {}, ['a', 'b']), mine('two', {}, ['a'])]);
    for (const [route, name] of [
      ['a', 'one'],
      ['b', 'one'],
      ['a', 'two'],
    ] as const)
      await bury(route, name);
    const { dead } = world.engine;
    const [{ id } = { id: 0 }] = await dead.list({ route: 'shop/b' });
    expect([await dead.retry({ id: id + 1_000 }), await dead.retry({ id })]).toEqual([0, 1]);
    expect((await dead.list()).filter(({ marked }) => marked).map((letter) => letter.id)).toEqual([id]);
    await world.commit([]);
    expect(await waiting()).toEqual({ a: [], b: ['one'], c: [] });
    expect(await dead.retry({ route: 'shop/a' })).toBe(2);
    await world.commit([]);
    expect((await world.names('a')).toSorted()).toEqual(['one', 'two']);
    expect([await dead.list(), await dead.retry()]).toEqual([[], 0]);
  });

  it('are gone for good when they are purged, and a repeat is still one', async () => {
    const order = (name: string) => mine(name, { mark: 'order 1', lasting: true }, ['a']);
    await world.commit([order('one'), mine('two', {}, ['a', 'b'])]);
    for (const [route, name] of [
      ['a', 'one'],
      ['a', 'two'],
      ['b', 'two'],
    ] as const)
      await bury(route, name);
    const { dead } = world.engine;
    const [{ id } = { id: 0 }] = await dead.list({ route: 'shop/b' });
    expect([await dead.purge({ id }), await dead.purge({ id })]).toEqual([1, 0]);
    expect(await world.engine.pending).toBe(2);
    expect(await dead.purge({ route: 'shop/a' })).toBe(2);
    expect([await dead.list(), await world.engine.pending, await dead.purge()]).toEqual([[], 0, 0]);
    expect((await world.commit([order('again')])).results).toEqual([['duplicate']]);
    const { reopen } = world.opened;
    if (reopen !== undefined) world.opened = await reopen();
    expect([await world.engine.dead.list(), await waiting()]).toEqual([[], { a: [], b: [], c: [] }]);
  });

  it('are taken by a withdrawal, asked for or not', async () => {
    await world.commit([mine('one'), mine('two')]);
    await bury('a', 'one');
    const { purgedDead } = await world.commit([], [taken()]);
    expect(Object.fromEntries(purgedDead)).toEqual({ 'shop/a': 1 });
    world.now += 1;
    await world.commit([mine('three')]);
    await bury('a', 'three');
    await world.engine.dead.retry();
    await world.commit([], [taken()]);
    await world.commit([]);
    expect(await waiting()).toEqual({ a: [], b: [], c: [] });
    expect(await world.engine.pending).toBe(0);
  });

  it('are forgotten after their time', async () => {
    await world.commit([mine('refused', {}, ['a'])]);
    await bury('a', 'refused');
    world.now += DAY;
    await world.engine.prune();
    expect(await world.engine.pending).toBe(1);
    world.now += 1;
    await world.engine.prune();
    expect(await world.engine.pending).toBe(0);
    await world.engine.dead.retry();
    expect((await world.commit([])).reopened.size).toBe(0);
  });
}

function awaiting(): void {
  const TAKEN = { ticket: 'request 1', at: START, again: false };
  const hold = async (route: string, name: string, how = TAKEN) =>
    world.engine.hold(`shop/${route}`, await world.idOf(route, name), how);
  const held = async (route: string) => (await world.read(route)).map((record) => record.awaiting);

  it('stays where it is, with what its vendor is asked by, on its route alone', async () => {
    await world.commit([mine('one'), mine('two')]);
    const ids = (await world.read('a')).map(({ id }) => id);
    await hold('a', 'one');
    await world.commit([]);
    expect([await held('a'), await held('b')]).toEqual([
      [TAKEN, undefined],
      [undefined, undefined],
    ]);
    expect((await world.read('a')).map(({ id }) => id)).toEqual(ids);
    expect(await world.engine.pending).toBe(4);
    await hold('a', 'one', { ticket: '', at: START + 5, again: true });
    await end('b', 'one');
    await world.commit([]);
    expect(await held('a')).toEqual([{ ticket: '', at: START + 5, again: true }, undefined]);
    await end('a', 'one');
    await world.commit([]);
    expect(await waiting()).toEqual({ a: ['two'], b: ['two'], c: [] });
  });

  it('is there after a restart, of this process or the next', async () => {
    await world.commit([mine('one')]);
    await hold('a', 'one');
    await world.commit([]);
    const { reopen } = world.opened;
    if (reopen !== undefined) world.opened = await reopen();
    expect([await held('a'), await held('b')]).toEqual([[TAKEN], [undefined]]);
  });

  it('is taken by a withdrawal, and comes back by nothing that is told after it', async () => {
    await world.commit([mine('one'), mine('two')]);
    await hold('a', 'one');
    await world.commit([]);
    const two = await world.idOf('a', 'two');
    const { purged } = await world.commit([], [taken()]);
    expect(purged.length).toBe(4);
    await world.engine.hold('shop/a', two, TAKEN);
    await world.commit([]);
    expect(await waiting()).toEqual({ a: [], b: [], c: [] });
    expect(await world.engine.pending).toBe(0);
  });

  it('is kept a stranger to other events: a duplicate is one, and a dead letter of it is sent as the first time', async () => {
    await world.commit([mine('one', { mark: 'order 1', lasting: true }, ['a'])]);
    await hold('a', 'one');
    await world.commit([]);
    expect((await world.commit([mine('again', { mark: 'order 1', lasting: true }, ['a'])])).results).toEqual([
      ['duplicate'],
    ]);
    await bury('a', 'one');
    await world.engine.dead.retry();
    await world.commit([]);
    expect(await held('a')).toEqual([undefined]);
  });

  it('is handed over with the other ends that are not written', async () => {
    await world.commit([mine('one', {}, ['a'])]);
    const id = await world.idOf('a', 'one');
    await hold('a', 'one');
    expect(await world.engine.takeUnwritten()).toEqual([
      { id, route: 'shop/a', unmark: false, dead: undefined, awaiting: TAKEN },
    ]);
    await world.commit([]);
    expect(await held('a')).toEqual([undefined]);
  });
}
