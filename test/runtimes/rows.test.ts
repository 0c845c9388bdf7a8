import { expect, it } from 'vitest';
import { ObjectOutbox } from '../../src/outbox/object/object-outbox.ts';
import type { Sql } from '../../src/outbox/object/sql.ts';
import { objectSql } from '../support/object-sql.ts';
import { eventFor, POLICY, ROUTES, START } from '../outbox/engine-world.ts';

// Rows written are what a Durable Object is billed for: `rowsWritten` of its cursors counts rows of tables and of indexes.

/** Rows that statements write, as there is no index. */
function counting(): Sql & { rows: number } {
  const inner = objectSql();
  return {
    rows: 0,
    all(text, ...values) {
      if (/^(?:INSERT|UPDATE|DELETE)/.test(text)) this.rows++;
      return inner.all(text, ...values);
    },
    transaction: inner.transaction,
  };
}

/** The alarm that is set once while something waits is a row, too. */
const ALARM = 1;

it.each([
  ['a conversion to several vendors, with its mark', ROUTES, 'order 1', 4],
  ['a page view', ['a'], '', 3],
])('%s: rows of a hit, its ends included', (_, routes, mark, most) => {
  const sql = counting();
  const outbox = new ObjectOutbox(
    sql,
    () => POLICY,
    () => START,
  );
  sql.rows = 0;
  outbox.commit([{ records: [eventFor(routes, 'event', { mark, lasting: true, subjects: ['me'] })], withdrawals: [] }]);
  for (const route of routes)
    outbox.settle(`shop/${route}`, outbox.read(`shop/${route}`, 0, 1).records[0]?.id ?? 0, 'delivered');
  outbox.commit([]);
  expect(outbox.pending).toBe(0);
  expect(sql.rows + ALARM).toBeLessThanOrEqual(most);
  // Many at once share the row of their marks.
  sql.rows = 0;
  const records = Array.from({ length: 50 }, (_, i) =>
    eventFor(routes, `${i}`, { mark: mark && `order 1${i}`, lasting: true }),
  );
  outbox.commit([{ records, withdrawals: [] }]);
  for (const route of routes)
    for (const { id } of outbox.read(`shop/${route}`, 0, 50).records) outbox.settle(`shop/${route}`, id, 'delivered');
  outbox.commit([]);
  expect(sql.rows / 50).toBeLessThanOrEqual(2.1);
});

it('a hit of which nothing may be kept: none', () => {
  const sql = counting();
  const outbox = new ObjectOutbox(
    sql,
    () => POLICY,
    () => START,
  );
  sql.rows = 0;
  outbox.commit([{ records: [], withdrawals: [] }]);
  expect(sql.rows).toBe(0);
});
