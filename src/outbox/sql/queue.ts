import type { Page, QueuedRecord } from '../../delivery/store.ts';
import { bump, StoreDamaged } from '../commit.ts';
import { eachOf } from './open-database.ts';
import type { Beside } from './records.ts';
import { keyOf, partsOf, queuedOf, type StoredRecord } from '../record.ts';
import { recordFrom, type RecordColumns } from './stored-record.ts';

/** Records that one read looks at: records of other routes may be between them. */
const LOOKED_AT = 2_048;

/** Reads the waiting records, route by route. A damaged record is set aside, counted and not sent. */
export class Queue {
  readonly #beside: Pick<Beside, 'sql' | 'sites' | 'routes' | 'subjects' | 'now'>;
  /** Records with a wrong checksum, by site; '' = the site is unknown. */
  readonly damaged: Map<string, number>;
  /** The damaged records that are still in the file. */
  readonly spoilt = new Set<number>();

  /** @param damaged the damage that was found before */
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

  /** A record of the site; a damaged record is set aside, counted and not sent. */
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

  /**
   * The first event that waits for a route. If one read does not find it, the result is how far it has read, as if the
   * event came now.
   */
  firstOf(route: string): { readonly id: number; readonly acceptedAt: number } {
    const { records, upTo } = this.read(route, 0, 1);
    const [first] = records;
    const found = { id: first?.id ?? upTo, acceptedAt: first?.acceptedAt ?? this.#beside.now() };
    this.#beside.routes.startsAt(route, found);
    return found;
  }

  /**
   * Deletes the damaged records. Then the waiting events are counted again, since it is unknown for which routes the
   * deleted ones waited.
   */
  spoiltDeleted(): void {
    this.spoilt.clear();
    this.#beside.routes.forgetWaiting();
    this.#count();
  }

  /** Reads all records, and adds those to the index of subjects that it does not have. */
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
