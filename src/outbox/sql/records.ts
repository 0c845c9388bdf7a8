import type { Awaiting } from '../../delivery/store.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { Marks } from './marks.ts';
import type { Statements } from './open-database.ts';
import type { Room } from './room.ts';
import type { Routes } from './routes.ts';
import type { Sites } from './sites.ts';
import { columnsOf, recordFrom, type RecordColumns } from './stored-record.ts';
import { heldOn, narrowed, keyOf, type StoredRecord, type StoredRoute } from '../record.ts';
import type { SubjectIndex } from './subject-index.ts';

/** About how many bytes a record takes beside its body, and its head for each route. */
export const RECORD_BYTES = 160;
const ROUTE_BYTES = 60;

/** This many of the youngest records are kept in memory, unless they are longer than this many characters. */
const MOST_YOUNG = 2_048;
const LARGE = 8_192;

/** A dead letter in its table. */
export type DeadColumns = readonly [...RecordColumns, route: string, died: number, reason: string];

/** The state that is kept beside the records and changes with them. */
export interface Beside {
  readonly sql: Statements;
  readonly sites: Sites;
  readonly routes: Routes;
  readonly subjects: SubjectIndex;
  readonly marks: Marks;
  readonly room: Room;
  readonly checkpoints: Checkpoints;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** The records and dead letters of an outbox, one at a time; always inside a transaction. */
export class Records {
  readonly #beside: Beside;
  /** The youngest records, as they are in the file. Most of them end before they would be read again. */
  readonly #young = new Map<number, StoredRecord>();

  constructor(beside: Beside) {
    this.#beside = beside;
  }

  /** Undefined where it is deleted or damaged. */
  find(id: number): StoredRecord | undefined {
    return this.#young.get(id) ?? this.#read(id);
  }

  /** A transaction was rolled back: its changes here are undone as well. */
  rolledBack(): void {
    this.#young.clear();
  }

  #read(id: number): StoredRecord | undefined {
    const columns = this.#beside.sql.byId.get(id) as unknown as RecordColumns | undefined;
    return columns === undefined ? undefined : recordFrom(columns);
  }

  /** A dead letter is a record with one route. */
  findDead(id: number): StoredRecord | undefined {
    const columns = this.#beside.sql.deadById.get(id) as unknown as RecordColumns | undefined;
    return columns === undefined ? undefined : recordFrom(columns);
  }

  /** Ids of the records and dead letters of a site. */
  ofSite(site: string): number[] {
    const span = this.#beside.sites.spanOf(site);
    if (span === undefined) return [];
    return (this.#beside.sql.idsOf.all(...span, ...span) as { id: number }[]).map(({ id }) => id);
  }

  insert(record: StoredRecord): void {
    this.#insert(record);
    this.#beside.subjects.add(record.id, record.subjects);
  }

  /** A rescued record. An earlier record may have had the same id. */
  insertRescued(record: StoredRecord): void {
    this.#insert(record);
    this.#beside.subjects.addToTable(record.id, record.subjects);
  }

  #insert(record: StoredRecord): void {
    const { sql, routes } = this.#beside;
    sql.insert.run(...columnsOf(record));
    this.#keep(record);
    this.#hasChanged(record);
    routes.added(record);
  }

  insertDead(letter: StoredRecord, death: Death): void {
    this.#insertDead(letter, death);
    this.#beside.subjects.add(letter.id, letter.subjects);
  }

  /** A rescued dead letter, as in `insertRescued`. */
  insertRescuedDead(letter: StoredRecord, death: Death): void {
    this.#insertDead(letter, death);
    this.#beside.subjects.addToTable(letter.id, letter.subjects);
  }

  #insertDead(letter: StoredRecord, { route, died, reason }: Death): void {
    const { sql, routes } = this.#beside;
    sql.insertDead.run(...columnsOf(letter), route, died, reason);
    this.#hasChanged(letter);
    routes.addDead(route, 1);
  }

  deleteDead(id: number, route: string, keys: readonly number[]): void {
    const { sql, routes, subjects } = this.#beside;
    if (sql.deleteDead.run(id).changes === 0) return;
    subjects.remove(id, keys);
    routes.addDead(route, -1);
  }

  /**
   * Removes routes from a record. The record keeps what the other routes may have; without other routes it is deleted.
   * Returns the routes that were in it.
   */
  take(id: number, names: ReadonlySet<string>): readonly StoredRoute[] {
    const record = this.find(id);
    if (record === undefined) return [];
    const taken = record.routes.filter(({ name }) => names.has(name));
    if (taken.length === 0) return taken;
    const { routes } = this.#beside;
    const left = record.routes.filter(({ name }) => !names.has(name));
    if (left.length === 0) {
      this.remove(record);
      return taken;
    }
    this.#update(narrowed(record, left));
    this.#hasChanged(record);
    for (const route of taken) routes.left(keyOf(record, route));
    return taken;
  }

  /** The vendor of this route has taken the event, and gives its verdict later. */
  hold(id: number, name: string, awaiting: Awaiting): void {
    const record = this.find(id);
    if (record === undefined) return;
    this.#update(heldOn(record, name, awaiting));
    this.#hasChanged(record);
  }

  #update(record: StoredRecord): void {
    const [id, head, body, sum] = columnsOf(record);
    this.#beside.sql.update.run(head, body, sum, id);
    if (this.#young.has(id)) this.#young.set(id, record);
  }

  /** Deletes a record for all its routes; false where it is deleted already. */
  remove(record: StoredRecord): boolean {
    const { sql, routes, subjects } = this.#beside;
    if (sql.deleteRecord.run(record.id).changes === 0) return false;
    this.#young.delete(record.id);
    subjects.remove(record.id, record.subjects);
    this.#hasChanged(record);
    for (const route of record.routes) routes.left(keyOf(record, route));
    return true;
  }

  /** The event on this route becomes a dead letter, with what that route may have. */
  bury(id: number, name: string, reason: string): void {
    const record = this.find(id);
    const route = record?.routes.find((one) => one.name === name);
    if (record === undefined || route === undefined) return;
    const letter = {
      ...heldOn(narrowed(record, [route]), name, undefined),
      id: this.#beside.sites.nextId(record.site),
    };
    this.insertDead(letter, { route: keyOf(record, route), died: this.#beside.now(), reason });
    this.take(id, new Set([name]));
  }

  /** Deletes a record that cannot be read. Nothing is known of its content. */
  deleteDamaged(id: number): void {
    this.#beside.sql.deleteRecord.run(id);
  }

  /** A rescued event. Whether it was a conversion is not known any more. */
  mark({ mark }: StoredRoute, key: string): void {
    const { marks, routes, now } = this.#beside;
    if (mark !== 0) marks.claim(mark, routes.number(key), true, now());
  }

  /** The event did not reach the route, so an event with the same mark may. */
  unmark(mark: number, key: string): void {
    const { marks, routes, now } = this.#beside;
    if (mark !== 0) marks.forget(mark, routes.number(key), now());
  }

  /** A record with a single route is not read again, because its end has all that is needed. */
  #keep(record: StoredRecord): void {
    if (record.routes.length === 1 || record.body.length > LARGE) return;
    if (this.#young.size >= MOST_YOUNG) {
      const [oldest = 0] = this.#young.keys();
      this.#young.delete(oldest);
    }
    this.#young.set(record.id, record);
  }

  #hasChanged({ body, routes }: StoredRecord): void {
    const bytes = body.length + RECORD_BYTES + ROUTE_BYTES * routes.length;
    this.#beside.room.changedBy(bytes);
    this.#beside.checkpoints.wrote(bytes);
  }
}

/** When and why an event became a dead letter. */
export interface Death {
  /** `Route.key`. */
  readonly route: string;
  /** Unix milliseconds. */
  readonly died: number;
  readonly reason: string;
}
