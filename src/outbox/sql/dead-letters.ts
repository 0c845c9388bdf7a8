import { bump, type Work } from '../commit.ts';
import { eachOf } from './open-database.ts';
import type { Beside, DeadColumns, Records } from './records.ts';
import { recordOf, type RecordColumns } from './stored-record.ts';
import type { StoredRecord } from '../record.ts';

/** What waits for a person, and what becomes of it: each change inside a transaction. */
export class DeadLetters {
  readonly #records: Records;
  readonly #beside: Pick<Beside, 'sql' | 'sites' | 'routes'>;

  /** Tells the index of subjects of those it does not know. */
  constructor(records: Records, beside: Pick<Beside, 'sql' | 'sites' | 'routes' | 'subjects'>) {
    this.#records = records;
    this.#beside = beside;
    for (const columns of eachOf<DeadColumns>(beside.sql.allDead)) {
      const letter = beside.sites.isIndexed(columns[0]) ? undefined : recordOf(recordColumns(columns));
      if (letter !== undefined) beside.subjects.read(letter.id, letter.subjects);
    }
  }

  /**
   * Those that a person marked go to the end of their queue, where consent is looked at again. Gives the route of each
   * that was damaged and is gone.
   */
  reopenMarked(work: Work): readonly string[] {
    const { sql, sites, routes } = this.#beside;
    const damaged: string[] = [];
    if (!routes.hasDead) return damaged;
    for (const columns of sql.marked.all() as unknown as DeadColumns[]) {
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

  /** Deletes those that died before `before`, unix milliseconds, some at a time. Answers with how many. */
  deleteOld(before: number): number {
    const old = this.#beside.sql.oldDead.all(before) as unknown as DeadColumns[];
    for (const columns of old) this.#delete(columns);
    return old.length;
  }

  /** Gives what it was, where it can be read. */
  #delete(columns: DeadColumns): StoredRecord | undefined {
    const [id, , , , route] = columns;
    const letter = recordOf(recordColumns(columns));
    this.#records.deleteDead(id, route, letter?.subjects ?? []);
    return letter;
  }
}

function recordColumns([id, head, body, sum]: DeadColumns): RecordColumns {
  return [id, head, body, sum];
}
