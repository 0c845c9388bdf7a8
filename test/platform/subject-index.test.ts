import { DatabaseSync } from 'node:sqlite';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ROUTE_SPAN, schemaFrom } from '../../src/outbox/sql/outbox-schema.ts';
import { SubjectIndex, subjectsText } from '../../src/outbox/sql/subject-index.ts';

/** What the store does with the index, step by step, with few rows kept in memory so that most are in the tables. */
type Step =
  | {
      readonly kind: 'store';
      readonly keys: readonly number[];
      readonly routes: readonly number[];
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
      routes: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 5 }),
      fails,
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('end' as const), nth: fc.nat(), fails }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' } as const) },
);

const byNumber = (a: number, b: number): number => a - b;

class Outbox {
  readonly db = new DatabaseSync(':memory:');
  /** Id -> what the row's column says. */
  readonly rows = new Map<number, { readonly text: string; readonly keys: readonly number[] }>();
  index: SubjectIndex;
  readonly #last = new Map<number, number>();

  constructor() {
    this.db.exec(schemaFrom(0));
    for (const n of [1, 2, 3]) this.db.prepare('INSERT INTO routes (n, key) VALUES (?, ?)').run(n, `route ${n}`);
    this.index = this.restarted();
  }

  restarted(): SubjectIndex {
    for (const { n, last } of this.db
      .prepare(
        `SELECT n, max(indexed, (SELECT coalesce(max(id), 0) FROM rows WHERE id / ${ROUTE_SPAN} = n)) AS last FROM routes`,
      )
      .all() as { n: number; last: number }[])
      this.#last.set(n, Math.max(last, n * ROUTE_SPAN));
    return (this.index = new SubjectIndex(this.db, 6, 4));
  }

  store({ keys, routes, fails }: Step & { kind: 'store' }): void {
    this.#transaction(fails, () => {
      const group = routes.length > 1 ? this.index.newGroup() : undefined;
      const text = subjectsText(keys, group);
      const insert = this.db.prepare("INSERT INTO rows VALUES (?, 'r', '', 1, 1, '', 1, '', ?, '', '', 1, 0)");
      return routes.map((route) => {
        const id = (this.#last.get(route) as number) + 1;
        this.#last.set(route, id);
        insert.run(id, text);
        this.index.add(id, keys, group);
        return () => this.rows.set(id, { text, keys });
      });
    });
  }

  end({ nth, fails }: Step & { kind: 'end' }): void {
    const [id, row] = [...this.rows][nth % Math.max(1, this.rows.size)] ?? [];
    if (id === undefined || row === undefined) return;
    this.#transaction(fails, () => {
      this.db.prepare('DELETE FROM rows WHERE id = ?').run(id);
      this.index.remove(id, row.text);
      return [() => this.rows.delete(id)];
    });
  }

  #transaction(fails: boolean, body: () => readonly (() => unknown)[]): void {
    this.db.exec('BEGIN');
    const done = body();
    this.index.spill();
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
  it('finds all rows of a subject and no others, in memory, in the tables, and after a restart', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const outbox = new Outbox();
        for (const one of steps) {
          if (one.kind === 'restart') outbox.restarted();
          else if (one.kind === 'store') outbox.store(one);
          else outbox.end(one);
          for (let n = 1; n <= 6; n++) {
            const subject = n * 700_000_000_000_000;
            const right = [...outbox.rows].filter(([, { keys }]) => keys.includes(subject)).map(([id]) => id);
            expect(outbox.index.find(subject).toSorted(byNumber)).toEqual(right.toSorted(byNumber));
          }
        }
        // Nothing of rows that have gone stays in the tables.
        for (const [id, { text }] of outbox.rows) outbox.index.remove(id, text);
        expect([outbox.count('row_subjects'), outbox.count('row_groups')]).toEqual([0, 0]);
      }),
      { numRuns: 300 },
    );
  });

  it('takes one entry for each subject of rows that were stored together', () => {
    const outbox = new Outbox();
    for (let i = 0; i < 4; i++) outbox.store({ kind: 'store', keys: [7, 8], routes: [1, 2, 3], fails: false });
    expect([outbox.count('row_groups'), outbox.count('row_subjects')]).toEqual([2, 4]);
  });
});
