import type { Checkpoints } from './checkpoints.ts';
import type { Marks } from './marks.ts';
import type { Statements } from './open-database.ts';
import type { Room } from './room.ts';
import type { Routes } from './routes.ts';
import type { StorePolicy } from './store-policy.ts';
import { valuesOf, type StoredRow } from './stored-row.ts';
import type { SubjectIndex } from './subject-index.ts';

/** Bytes that a row takes beside its element, about. */
export const ROW_BYTES = 300;

/** What is kept beside the rows, and changes with them. */
export interface Beside {
  readonly sql: Statements;
  readonly routes: Routes;
  readonly subjects: SubjectIndex;
  readonly marks: Marks;
  readonly room: Room;
  readonly checkpoints: Checkpoints;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** The rows and dead letters of an outbox, one at a time; always inside a transaction. */
export class Rows {
  readonly #beside: Beside;

  constructor(beside: Beside) {
    this.#beside = beside;
  }

  find(id: number): StoredRow | undefined {
    return this.#beside.sql.byId.get(id) as StoredRow | undefined;
  }

  findDead(id: number): StoredRow | undefined {
    return this.#beside.sql.deadById.get(id) as StoredRow | undefined;
  }

  /** Ids of the rows and dead letters of a site that belong to somebody. */
  ofSite(site: string, policy: StorePolicy): number[] {
    const all = this.#beside.sql.withSubjects.all() as { id: number; route: string }[];
    return all.filter(({ route }) => policy.siteOf(route) === site).map(({ id }) => id);
  }

  /** @param keys its subjects, as numbers; `group`: of several rows with the same ones */
  insert(row: StoredRow, keys: readonly number[], group?: number): void {
    const { sql, routes, subjects } = this.#beside;
    routes.claimId(row);
    sql.insert.run(...valuesOf(row));
    subjects.add(row.id, keys, group);
    this.#hasChanged(row);
    routes.addWaiting(row.route, 1);
  }

  insertDead(row: StoredRow, keys: readonly number[], died: number, reason: string): void {
    const { sql, routes, subjects } = this.#beside;
    routes.claimId(row);
    sql.insertDead.run(...valuesOf(row), died, reason);
    subjects.add(row.id, keys);
    routes.addDead(row.route, 1);
  }

  /** False if it has gone already. */
  delete(row: StoredRow): boolean {
    const { sql, routes, subjects } = this.#beside;
    if (sql.deleteRow.run(row.id).changes === 0) return false;
    subjects.remove(row.id, row.subjects);
    this.#hasChanged(row);
    routes.addWaiting(row.route, -1);
    return true;
  }

  deleteDead(row: StoredRow): void {
    const { sql, routes, subjects } = this.#beside;
    if (sql.deleteDead.run(row.id).changes === 0) return;
    subjects.remove(row.id, row.subjects);
    this.#hasChanged(row);
    routes.addDead(row.route, -1);
  }

  /** Its subjects stay: they point to the same id. */
  moveToDead(row: StoredRow, reason: string): void {
    const { sql, routes, now } = this.#beside;
    if (sql.copyToDead.run(now(), reason, row.id).changes === 0) return;
    sql.deleteRow.run(row.id);
    this.#hasChanged(row);
    routes.addWaiting(row.route, -1);
    routes.addDead(row.route, 1);
  }

  /** A rescued row: whether its event was a conversion is not known any more. */
  mark({ mark, route }: StoredRow): void {
    const { marks, routes, now } = this.#beside;
    if (mark !== 0) marks.claim(mark, routes.number(route), true, now());
  }

  /** The row's event did not reach the route: one with the same mark may. */
  unmark(mark: number, route: string): void {
    const { marks, routes, now } = this.#beside;
    if (mark !== 0) marks.forget(mark, routes.number(route), now());
  }

  #hasChanged({ element }: StoredRow): void {
    const bytes = element.length + ROW_BYTES;
    this.#beside.room.changedBy(bytes);
    this.#beside.checkpoints.wrote(bytes);
  }
}
