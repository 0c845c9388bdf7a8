import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { reason } from '../../src/core/reason.ts';
import { NOT_TAKEN, type RowOutcome } from '../../src/delivery/store.ts';
import type { Committed } from '../../src/outbox/commit.ts';
import { contentOf, EngineWorld, eventFor, NEEDS, OWN, ROUTES, withdrawal, type OpenEngine } from './engine-world.ts';

/** An event on one of its routes. */
interface Row {
  readonly name: string;
  readonly route: string;
  readonly visitor: string;
  readonly mark: string;
}

/** What a visitor took back, and when. */
interface Taken {
  readonly visitor: string;
  readonly routes: readonly string[];
  readonly at: number;
}

/** An engine beside the simplest thing that does the same. */
class Modelled {
  readonly world: EngineWorld;
  /** In the order of each route. */
  rows: Row[] = [];
  dead: Row[] = [];
  /** Ends that were told, and are carried out with the next commit. */
  ends: { readonly row: Row; readonly outcome: RowOutcome }[] = [];
  readonly taken: Taken[] = [];
  readonly marks = new Set<string>();
  readonly lastId = new Map<string, number>();
  sums = { stored: 0, reopened: 0, ended: 0 };
  #n = 0;

  constructor(world: EngineWorld) {
    this.world = world;
  }

  async store(pick: number, routes: readonly string[], late: boolean, wanted: boolean): Promise<void> {
    const { world } = this;
    world.now += 10;
    const visitor = pick < 3 ? `visitor ${pick % 3}` : '';
    const mark = pick % 2 === 0 ? '' : `event ${pick}`;
    const name = `${this.#n++}`;
    const decidedAt = late ? world.now - 55 : world.now;
    const subjects = visitor === '' ? [] : ['page view 1', visitor];
    const record = eventFor(routes, name, { subjects, mark, acceptedAt: world.now, decidedAt, lasting: true });
    if (!wanted) {
      const commit = async () => world.engine.commit([{ records: [record], withdrawals: [] }], () => false);
      await expect(commit()).rejects.toThrow('given up');
      return;
    }
    this.#endTold();
    const expected = routes.map((route) => {
      const own = { name, route, visitor, mark };
      if (mark !== '' && this.marks.has(keyOf(own))) return 'duplicate';
      this.sums.stored++;
      const gone = this.taken.some(
        (one) => one.visitor === visitor && one.at >= decidedAt && one.routes.includes(route),
      );
      if (gone) this.sums.ended++;
      else {
        this.rows.push(own);
        this.marks.add(keyOf(own));
      }
      return 'stored';
    });
    this.#reopen();
    const done = await world.commit([record]);
    expect(done.results).toEqual([expected]);
    this.#addedGrow(done);
  }

  async end(pick: number, outcome: RowOutcome): Promise<void> {
    const row = this.rows[pick % Math.max(1, this.rows.length)];
    if (row === undefined || this.ends.some((end) => end.row === row)) return;
    const id = await this.world.idOf(row.route, row.name);
    if (outcome === 'dead') await this.world.engine.bury(`shop/${row.route}`, id, reason('vendor.refused'));
    else await this.world.engine.settle(`shop/${row.route}`, id, outcome);
    this.ends.push({ row, outcome });
  }

  /** Its vendor has taken it, and says later what it made of it. */
  async hold(pick: number): Promise<void> {
    const row = this.rows[pick % Math.max(1, this.rows.length)];
    if (row === undefined || this.ends.some((end) => end.row === row)) return;
    const id = await this.world.idOf(row.route, row.name);
    await this.world.engine.hold(`shop/${row.route}`, id, { ticket: `t${pick}`, at: this.world.now, again: false });
    this.#toldHeld.add(row);
  }
  readonly #toldHeld = new Set<Row>();
  readonly #held = new Set<Row>();

  async withdraw(pick: number, signals: number, closed: readonly string[]): Promise<void> {
    const { world } = this;
    const visitor = `visitor ${pick}`;
    const routes = ROUTES.filter((one) => closed.includes(one) || (NEEDS[one] as number) & ~signals);
    this.#endTold();
    this.taken.push({ visitor, routes, at: world.now });
    const goes = (row: Row): boolean => row.visitor === visitor && routes.includes(row.route);
    const [gone, goneDead] = [this.rows.filter(goes), this.dead.filter(goes)];
    for (const row of [...gone, ...goneDead]) this.marks.delete(keyOf(row));
    this.rows = this.rows.filter((row) => !goes(row));
    this.dead = this.dead.filter((row) => !goes(row));
    this.sums.ended += gone.length;
    this.#reopen();
    const keys = closed.map((route) => `shop/${route}`);
    const done = await world.commit([], [withdrawal(visitor, world.now, signals, keys)]);
    expect(done.purged.length).toBe(gone.length);
    expect([...done.purgedDead.values()].reduce((sum, n) => sum + n, 0)).toBe(goneDead.length);
    this.#addedGrow(done);
  }

  /** An event whose end is told and not yet carried out is not among those that are read. */
  async retry(): Promise<void> {
    await this.world.engine.dead.retry();
    this.#asked = new Set(this.dead);
  }
  #asked: ReadonlySet<Row> = new Set();

  /** After the end of the process: what ended and was not written is handed out again. */
  async reopen(): Promise<void> {
    const { opened } = this.world;
    if (opened.reopen === undefined) return;
    this.world.opened = await opened.reopen();
    this.ends = [];
    this.#toldHeld.clear();
    // Ids are beyond all that are still there; those that had gone may come again.
    this.lastId.clear();
    for (const route of ROUTES) this.lastId.set(`shop/${route}`, (await this.world.read(route)).at(-1)?.id ?? 0);
  }

  /** What is read is what the model has, and of each event what its remaining routes may have. */
  async compare(): Promise<void> {
    for (const route of ROUTES) {
      const records = await this.world.read(route);
      const read = records.map(contentOf);
      const rows = this.rows.filter((row) => row.route === route);
      expect(records.map(({ awaiting }) => awaiting !== undefined)).toEqual(rows.map((row) => this.#held.has(row)));
      expect(read.map(({ name }) => name)).toEqual(rows.map(({ name }) => name));
      for (const [i, { fields }] of read.entries()) expect(fields).toEqual(this.#fieldsOf(rows[i] as Row));
    }
    expect(await this.world.engine.pending).toBe(this.rows.length + this.dead.length);
    const { stored, reopened, ended } = this.sums;
    expect(stored + reopened).toBe(ended + this.rows.length);
  }

  #fieldsOf(row: Row): string[] {
    if (this.#reopened.has(row)) return [OWN[row.route] as string];
    const sharing = this.rows.filter((one) => one.name === row.name && !this.#reopened.has(one));
    return sharing.map(({ route }) => OWN[route] as string).sort();
  }
  /** They have a record of their own. */
  readonly #reopened = new Set<Row>();

  #endTold(): void {
    for (const row of this.#toldHeld) this.#held.add(row);
    this.#toldHeld.clear();
    for (const { row } of this.ends) this.#held.delete(row);
    for (const { row, outcome } of this.ends) {
      this.sums.ended++;
      if (outcome === 'dead') this.dead.push(row);
      if (NOT_TAKEN.has(outcome)) this.marks.delete(keyOf(row));
    }
    this.rows = this.rows.filter((row) => !this.ends.some((end) => end.row === row));
    this.ends = [];
  }

  #reopen(): void {
    for (const row of this.dead.filter((one) => this.#asked.has(one))) {
      this.rows.push(row);
      this.#reopened.add(row);
      this.sums.reopened++;
    }
    this.dead = this.dead.filter((row) => !this.#asked.has(row));
    this.#asked = new Set();
  }

  #addedGrow({ added }: Committed): void {
    for (const [route, records] of added) {
      for (const { id } of records) {
        expect(id).toBeGreaterThan(this.lastId.get(route) ?? 0);
        this.lastId.set(route, id);
      }
    }
  }
}

const keyOf = ({ mark, route }: Row): string => `${mark} ${route}`;

const some = fc.shuffledSubarray(ROUTES, { minLength: 1 });
const OUTCOMES: readonly RowOutcome[] = [
  'delivered',
  'skipped',
  'blocked',
  'failed',
  'rejected',
  'expired',
  'dead',
  'dead',
  'dead',
];
const step = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant('store' as const), fc.nat(5), some, fc.boolean()) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('unwanted' as const), fc.nat(5), some) },
  { weight: 6, arbitrary: fc.tuple(fc.constant('end' as const), fc.nat(20), fc.constantFrom(...OUTCOMES)) },
  {
    weight: 2,
    arbitrary: fc.tuple(
      fc.constant('withdraw' as const),
      fc.nat(2),
      fc.constantFrom(0, 127, 127 & ~0b0001, 127 & ~0b0010),
      fc.subarray(ROUTES),
    ),
  },
  { weight: 3, arbitrary: fc.tuple(fc.constant('hold' as const), fc.nat(20)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('retry' as const)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('reopen' as const)) },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function take(model: Modelled, one: Step): Promise<void> {
  if (one[0] === 'store') await model.store(one[1], one[2], one[3], true);
  else if (one[0] === 'unwanted') await model.store(one[1], one[2], false, false);
  else if (one[0] === 'end') await model.end(one[1], one[2]);
  else if (one[0] === 'hold') await model.hold(one[1]);
  else if (one[0] === 'withdraw') await model.withdraw(one[1], one[2], one[3]);
  else if (one[0] === 'retry') await model.retry();
  else await model.reopen();
}

/** A route of the first event has ended before one of the second dies, and another one of the first dies after it. */
const LATER_OF_THE_EARLIER: Step[] = [
  ['store', 0, ['a', 'b'], false],
  ['store', 1, ['a'], false],
  ['end', 1, 'delivered'],
  ['end', 2, 'dead'],
  ['end', 0, 'dead'],
  ['withdraw', 2, 127, []],
  ['retry'],
  ['withdraw', 2, 127, []],
];

/** Whatever happens in whatever order, the engine has what a model has. */
export function describeModel(name: string, open: OpenEngine, runs: number): void {
  it(`the outbox engine ${name} has what a model has, whatever is stored, ended, withdrawn, retried and reopened`, async () => {
    const met = { ended: 0, reopened: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 40, size: 'max' }), async (steps) => {
        const world = await new EngineWorld(open).start();
        try {
          const model = new Modelled(world);
          for (const one of steps) {
            await take(model, one);
            await model.compare();
          }
          met.ended += model.sums.ended;
          met.reopened += model.sums.reopened;
        } finally {
          await world.opened.close();
        }
      }),
      { numRuns: runs, examples: [[LATER_OF_THE_EARLIER]] },
    );
    // The sequences were of some use.
    expect(met.ended).toBeGreaterThan(runs);
    expect(met.reopened).toBeGreaterThan(0);
  }, 120_000);
}
