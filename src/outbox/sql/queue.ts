import type { Page, QueuedRecord } from '../../delivery/store.ts';
import { bump, StoreDamaged } from '../commit.ts';
import { eachOf } from './open-database.ts';
import type { Beside } from './records.ts';
import { keyOf, partsOf, queuedOf, type StoredRecord } from '../record.ts';
import { recordFrom, type RecordColumns } from './stored-record.ts';

/** Records that one reading looks at: those of other routes may lie between. */
const LOOKED_AT = 2_048;

/** Reads what waits, route by route. A record that is not as it was written is set aside, counted and not sent. */
export class Queue {
  readonly #beside: Pick<Beside, 'sql' | 'sites' | 'routes' | 'subjects' | 'now'>;
  /** Records whose checksum did not match, by site; '' = not known whose. */
  readonly damaged: Map<string, number>;
  /** Those of them that are still in the file. */
  readonly spoilt = new Set<number>();

  /** @param damaged what was found to be damaged before */
  constructor(beside: Pick<Beside, 'sql' | 'sites' | 'routes' | 'subjects' | 'now'>, damaged: Map<string, number>) {
    this.#beside = beside;
    this.damaged = damaged;
    this.#count();
  }

  read(route: string, after: number, limit: number): Page {
    const { sql, sites, routes } = this.#beside;
    const { site } = partsOf(route);
    const span = sites.spanOf(site);
    if (span === undefined || routes.waitingFor(route) === 0) return { records: [], upTo: after, more: false };
    const records: QueuedRecord[] = [];
    const [first, end] = span;
    let upTo = Math.max(after, first, routes.firstId(route) - 1);
    for (let looked = 0; looked < LOOKED_AT && records.length < limit; ) {
      const wanted = Math.min(limit, LOOKED_AT - looked);
      const found = sql.read.all(upTo, end, wanted) as unknown as RecordColumns[];
      for (const columns of found) {
        [upTo] = columns;
        looked++;
        const record = this.#whole(columns, site);
        const own = record?.routes.find((one) => keyOf(record, one) === route);
        if (record !== undefined && own !== undefined) records.push(...queuedOf(record, [own]));
        if (records.length === limit) return { records, upTo, more: true };
      }
      if (found.length < wanted) return { records, upTo, more: false };
    }
    return { records, upTo, more: true };
  }

  /** A record of the site as it was written; one that is not is set aside, counted and not sent. */
  #whole(columns: RecordColumns, site: string): StoredRecord | undefined {
    const record = recordFrom(columns);
    if (record === undefined) this.#setAside(columns[0], site);
    else if (record.site !== site) throw new StoreDamaged('a record is not where it belongs');
    return record;
  }

  #setAside(id: number, site: string): void {
    if (this.spoilt.has(id)) return;
    this.spoilt.add(id);
    bump(this.damaged, site, 1);
  }

  /** A dead letter of this route was damaged. */
  lost(route: string): void {
    bump(this.damaged, partsOf(route).site, 1);
  }

  /** The first event that waits for a route; where one reading does not find it, how far it has read, as if it came now. */
  firstOf(route: string): { readonly id: number; readonly acceptedAt: number } {
    const { records, upTo } = this.read(route, 0, 1);
    const [first] = records;
    const found = { id: first?.id ?? upTo, acceptedAt: first?.acceptedAt ?? this.#beside.now() };
    this.#beside.routes.startsAt(route, found);
    return found;
  }

  /** What was spoilt is deleted: it is counted anew what waits, since nobody knows for whom that waited. */
  spoiltDeleted(): void {
    this.spoilt.clear();
    this.#beside.routes.forgetWaiting();
    this.#count();
  }

  /** Looks through all records, and tells the index of subjects of those it does not know. */
  #count(): void {
    const { sql, routes, sites, subjects } = this.#beside;
    for (const columns of eachOf<RecordColumns>(sql.all)) {
      const record = recordFrom(columns);
      if (record === undefined) this.#setAside(columns[0], '');
      else {
        routes.added(record);
        if (!sites.isIndexed(record.id)) subjects.read(record.id, record.subjects);
      }
    }
  }
}
