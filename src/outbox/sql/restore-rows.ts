import type { Rescued } from './outbox-salvage.ts';
import type { Routes } from './routes.ts';
import type { Rows } from './rows.ts';
import type { StoredRow } from './stored-row.ts';
import { parseKeys } from './subject-index.ts';

/**
 * Puts back what was rescued from a damaged file, inside a transaction. What is there already stays as it is, and what
 * was withdrawn stays away. Answers with how many rows and dead letters were put back.
 */
export function restoreRows(
  rescued: Rescued,
  rows: Rows,
  routes: Routes,
  withdrawn: (row: StoredRow) => boolean,
): number {
  let restored = 0;
  for (const row of rescued.rows.values()) {
    if (rows.find(row.id) !== undefined || rows.findDead(row.id) !== undefined) continue;
    if (withdrawn(row)) continue;
    rows.insert(routes.inPlace(row), parseKeys(row.subjects));
    rows.mark(row);
    restored++;
  }
  for (const { row: found, died, reason } of rescued.dead.values()) {
    if (rows.findDead(found.id) !== undefined || withdrawn(found)) continue;
    const row = routes.inPlace(found);
    const stillQueued = rows.find(row.id);
    if (stillQueued !== undefined) rows.delete(stillQueued);
    rows.insertDead(row, parseKeys(row.subjects), died, reason);
    rows.mark(row);
    restored++;
  }
  return restored;
}
