import type { Rescued } from './outbox-salvage.ts';
import { narrowed } from '../record.ts';
import type { Records } from './records.ts';
import type { Sites } from './sites.ts';
import { keyOf, type StoredRecord, type StoredRoute } from '../record.ts';

/**
 * Puts back what was rescued from a damaged file, inside a transaction. Records that are in the file already stay as they
 * are, and withdrawn ones are not put back. Returns how many records and dead letters were put back.
 * @param left the routes that no withdrawal has closed to a record since
 */
export function restoreRecords(
  rescued: Rescued,
  records: Records,
  sites: Sites,
  left: (record: StoredRecord) => readonly StoredRoute[],
): number {
  let restored = 0;
  for (const record of rescued.records.values()) {
    const kept = keptOf(record, left);
    if (kept === undefined || isThere(record.id, records)) continue;
    records.insertRescued({ ...kept, id: sites.idInPlace(record.site, record.id) });
    for (const route of kept.routes) records.mark(route, keyOf(kept, route));
    restored++;
  }
  for (const { record, died, reason } of rescued.dead.values()) {
    const kept = keptOf(record, left);
    const [route] = kept?.routes ?? [];
    if (kept === undefined || route === undefined || records.findDead(record.id) !== undefined) continue;
    const key = keyOf(kept, route);
    records.insertRescuedDead({ ...kept, id: sites.idInPlace(record.site, record.id) }, { route: key, died, reason });
    records.mark(route, key);
    restored++;
  }
  return restored;
}

function isThere(id: number, records: Records): boolean {
  return records.find(id) !== undefined || records.findDead(id) !== undefined;
}

/** The rest of a record; undefined = nothing. */
function keptOf(
  record: StoredRecord,
  left: (record: StoredRecord) => readonly StoredRoute[],
): StoredRecord | undefined {
  const routes = left(record);
  return routes.length === 0 ? undefined : narrowed(record, routes);
}
