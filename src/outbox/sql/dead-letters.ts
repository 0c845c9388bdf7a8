import { bump, type Work } from '../commit.ts';
import { eachOf } from './open-database.ts';
import type { StatementSync } from 'node:sqlite';
import { letterOf, type DeadLetter, type Which } from '../dead-letters.ts';
import type { Beside, DeadColumns, Records } from './records.ts';
import { recordFrom, type RecordColumns } from './stored-record.ts';
import type { StoredRecord } from '../record.ts';

/** How many one transaction deletes or opens again, so that other work does not wait long. */
const AT_ONCE = 1_000;

/** Events that wait for a person. Each change is made inside a transaction. */
export class SqliteDeadLetters {
  readonly #records: Records;
  readonly #beside: Pick<Beside, 'sql' | 'sites' | 'routes'>;

  /** Adds those dead letters to the index of subjects that it does not have. */
  constructor(records: Records, beside: Pick<Beside, 'sql' | 'sites' | 'routes' | 'subjects'>) {
    this.#records = records;
    this.#beside = beside;
    for (const columns of eachOf<DeadColumns>(beside.sql.allDead)) {
      const letter = beside.sites.isIndexed(columns[0]) ? undefined : recordFrom(recordColumns(columns));
      if (letter !== undefined) beside.subjects.read(letter.id, letter.subjects);
    }
  }

  /**
   * Puts marked dead letters at the end of their queue, where consent is checked again. Returns the route of each
   * damaged one, which is deleted.
   * @param most at most this many at a time
   */
  reopenMarked(work: Work, most: number): readonly string[] {
    const { sql, sites, routes } = this.#beside;
    const damaged: string[] = [];
    if (!routes.hasDead) return damaged;
    for (const columns of sql.marked.all(Math.min(AT_ONCE, most)) as unknown as DeadColumns[]) {
      const letter = this.#delete(columns);
      const [, , , , route] = columns;
      if (letter === undefined) {
        damaged.push(route);
        continue;
      }
      const again = { ...letter, id: sites.nextId(letter.site) };
      this.#records.insert(again);
      work.add(again);
      bump(work.reopened, route, 1);
    }
    return damaged;
  }

  /** Deletes those that died before `before`, unix milliseconds, `most` at a time. Returns how many. */
  deleteOld(before: number, most: number): number {
    const old = this.#beside.sql.oldDead.all(before, Math.min(AT_ONCE, most)) as unknown as DeadColumns[];
    for (const columns of old) this.#delete(columns);
    return old.length;
  }

  /** For people, the newest first. A damaged one is left out: it is deleted when a retry or a purge reaches it. */
  list(which: Which, limit: number): readonly DeadLetter[] {
    return lettersOf(this.#beside.sql.listDead, which, limit);
  }

  /** Marks those that a person wants to be sent again. */
  ask({ route, id }: Which): number {
    return Number(this.#beside.sql.askDead.run(route ?? null, id ?? null).changes);
  }

  /** Deletes these. */
  purge({ route, id }: Which): number {
    const found = this.#beside.sql.chosenDead.all(route ?? null, id ?? null, -1) as unknown as DeadColumns[];
    for (const columns of found) this.#delete(columns);
    return found.length;
  }

  /** Returns the deleted dead letter, if it can be read. */
  #delete(columns: DeadColumns): StoredRecord | undefined {
    const [id, , , , route] = columns;
    const letter = recordFrom(recordColumns(columns));
    this.#records.deleteDead(id, route, letter?.subjects ?? []);
    return letter;
  }
}

/** Dead letters as they are shown; `statement`: `listDead`, which returns lists. */
export function lettersOf(statement: StatementSync, { route, id }: Which, limit: number): readonly DeadLetter[] {
  const found = statement.all(route ?? null, id ?? null, limit) as unknown as ListedColumns[];
  return found.flatMap((columns) => {
    const [at, head, body, sum, , died, reason, retry] = columns;
    const record = recordFrom([at, head, body, sum]);
    const [own] = record?.routes ?? [];
    return record === undefined || own === undefined
      ? []
      : [letterOf(record, [own], record.body.length, { died, reason, retry: retry === 1 })];
  });
}

type ListedColumns = readonly [...DeadColumns, retry: number];

function recordColumns([id, head, body, sum]: DeadColumns): RecordColumns {
  return [id, head, body, sum];
}
