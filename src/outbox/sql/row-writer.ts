import type { OutboxRow, Stored } from '../../delivery/outbox.ts';
import type { Work } from './commit.ts';
import type { Beside, Rows } from './rows.ts';
import type { StorePolicy } from './store-policy.ts';
import type { StoredRow } from './stored-row.ts';
import { subjectsText } from './subject-index.ts';
import { NO_TOMBSTONES, stays, type Withdrawn } from './withdrawn.ts';

/** Writes the rows of a hit: not those of repeated events, and not those that their visitor has withdrawn already. */
export class RowWriter {
  readonly #rows: Rows;
  readonly #withdrawn: Withdrawn;
  readonly #beside: Pick<Beside, 'routes' | 'subjects' | 'marks' | 'now'>;

  constructor(rows: Rows, withdrawn: Withdrawn, beside: Pick<Beside, 'routes' | 'subjects' | 'marks' | 'now'>) {
    this.#rows = rows;
    this.#withdrawn = withdrawn;
    this.#beside = beside;
  }

  /** Answers for each row with what became of it. @throws Error for a row of a route that is not configured */
  write(rows: readonly OutboxRow[], policy: StorePolicy, work: Work): readonly Stored[] {
    const { routes, subjects: index, marks, now } = this.#beside;
    const results: Stored[] = [];
    let whose: readonly string[] | undefined;
    let whoseSite = '';
    let keys: readonly number[] = [];
    let group: number | undefined;
    let subjects = '';
    let marked = '';
    let markedSite = '';
    let mark = 0;
    let tombstones = NO_TOMBSTONES;
    for (const [i, row] of rows.entries()) {
      const site = policy.siteOf(row.route);
      if (site === undefined) throw new Error('a row of a route that is not configured');
      // So have they one mark, or none.
      if (row.mark !== marked || site !== markedSite) {
        marked = row.mark;
        markedSite = site;
        mark = marked === '' ? 0 : (policy.subjectKey(site, `mark|${marked}`) as number);
      }
      if (mark !== 0 && !marks.claim(mark, routes.number(row.route), row.lasting, now())) {
        results.push('duplicate');
        continue;
      }
      // One event's rows have one list of subjects between them.
      if (row.subjects !== whose || site !== whoseSite) {
        whose = row.subjects;
        whoseSite = site;
        keys = [...new Set(whose.map((subject) => policy.subjectKey(site, subject) as number))];
        group = rows[i + 1]?.subjects === whose ? index.newGroup() : undefined;
        subjects = subjectsText(keys, group);
        tombstones = keys.length === 0 ? NO_TOMBSTONES : this.#withdrawn.since(keys, site, row.decidedAt, policy);
      }
      const id = routes.nextId(row.route);
      results.push('stored');
      // A hit may reach one process just after its visitor's withdrawal has reached another, and a back end may be late.
      if (tombstones.some((tombstone) => !stays(row, row.decidedAt, tombstone, policy))) {
        this.#rows.unmark(mark, row.route);
        work.purged.push({ route: row.route, id });
        continue;
      }
      const stored = storedOf(row, id, subjects, mark);
      this.#rows.insert(stored, keys, group);
      work.add(stored);
    }
    return results;
  }
}

/** A row as it is stored. */
function storedOf(row: OutboxRow, id: number, subjects: string, mark: number): StoredRow {
  const { route, acceptedAt, expiresAt, policy, signals, fields, envelope, element } = row;
  return { id, route, event: '', acceptedAt, expiresAt, policy, signals, fields, subjects, envelope, element, mark };
}
