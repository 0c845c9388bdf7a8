import { DatabaseSync } from 'node:sqlite';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SCHEMA, SITE_SPAN } from '../../src/outbox/sql/outbox-schema.ts';
import { SubjectIndex } from '../../src/outbox/sql/subject-index.ts';

/** What the store does with the index, step by step, with few rows kept in memory so that most are in the tables. */
type Step =
  | {
      readonly kind: 'store';
      readonly keys: readonly number[];
      readonly sites: readonly number[];
      readonly fails: boolean;
    }
  | { readonly kind: 'end'; readonly nth: number; readonly fails: boolean }
  | { readonly kind: 'restart' };

const key = fc.integer({ min: 1, max: 6 }).map((n) => n * 700_000_000_000_000);
const fails = fc.integer({ min: 0, max: 4 }).map((n) => n === 0);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('store' as const),
      keys: fc.uniqueArray(key, { minLength: 1, maxLength: 3 }),
      sites: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 5 }),
      fails,
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('end' as const), nth: fc.nat(), fails }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' } as const) },
);

const byNumber = (a: number, b: number): number => a - b;

class Outbox {
  readonly db = new DatabaseSync(':memory:');
  /** Id -> subjects, as the records themselves say. */
  readonly records = new Map<number, readonly number[]>();
  index: SubjectIndex;
  readonly #last = new Map<number, number>();

  constructor() {
    this.db.exec(SCHEMA);
    for (const n of [1, 2, 3]) this.db.prepare('INSERT INTO sites (n, name) VALUES (?, ?)').run(n, `site ${n}`);
    this.index = this.restarted();
  }

  /** What a start does: ids go on after those that are there or count as indexed, and what is not indexed is read. */
  restarted(): SubjectIndex {
    this.index = new SubjectIndex(this.db, 4, 3);
    const indexed = new Map<number, number>();
    for (const { n, indexed: upTo } of this.db.prepare('SELECT n, indexed FROM sites').all() as {
      n: number;
      indexed: number;
    }[]) {
      indexed.set(n, upTo);
      const own = [...this.records.keys()].filter((id) => Math.floor(id / SITE_SPAN) === n);
      this.#last.set(n, Math.max(upTo, n * SITE_SPAN, ...own));
    }
    for (const [id, keys] of this.records)
      if (id > (indexed.get(Math.floor(id / SITE_SPAN)) ?? 0)) this.index.read(id, keys);
    return this.index;
  }

  store({ keys, sites, fails }: Step & { kind: 'store' }): void {
    this.#transaction(fails, () =>
      sites.map((site) => {
        const id = (this.#last.get(site) as number) + 1;
        this.#last.set(site, id);
        this.index.add(id, keys);
        return () => this.records.set(id, keys);
      }),
    );
  }

  end({ nth, fails }: Step & { kind: 'end' }): void {
    const [id, keys] = [...this.records][nth % Math.max(1, this.records.size)] ?? [];
    if (id === undefined || keys === undefined) return;
    this.#transaction(fails, () => {
      this.index.remove(id, keys);
      return [() => this.records.delete(id)];
    });
  }

  #transaction(fails: boolean, body: () => readonly (() => unknown)[]): void {
    this.db.exec('BEGIN');
    const done = body();
    expect(this.index.spill(2)).toBeLessThanOrEqual(2);
    this.db.exec(fails ? 'ROLLBACK' : 'COMMIT');
    if (fails) this.index.rolledBack();
    else {
      this.index.committed();
      for (const note of done) note();
    }
  }

  count(table: string): number {
    return (this.db.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n;
  }
}

describe('the index of subjects', () => {
  it('finds all records of a subject and no others, in memory, in the tables, and after a restart', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const outbox = new Outbox();
        for (const one of steps) {
          if (one.kind === 'restart') outbox.restarted();
          else if (one.kind === 'store') outbox.store(one);
          else outbox.end(one);
          for (let n = 1; n <= 6; n++) {
            const subject = n * 700_000_000_000_000;
            const right = [...outbox.records].filter(([, keys]) => keys.includes(subject)).map(([id]) => id);
            expect(outbox.index.find(subject).toSorted(byNumber)).toEqual(right.toSorted(byNumber));
          }
        }
        // Nothing of records that have gone stays in the table.
        for (const [id, keys] of outbox.records) outbox.index.remove(id, keys);
        expect(outbox.count('record_subjects')).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
