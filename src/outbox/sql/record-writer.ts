import { narrowBody } from '../../delivery/event-body.ts';
import type { OutboxRecord, RecordRoute, Stored } from '../../delivery/outbox.ts';
import type { Work } from '../commit.ts';
import type { Beside, Records } from './records.ts';
import type { StorePolicy } from '../store-policy.ts';
import { siteOf, storedOf, type StoredRecord, type StoredRoute } from '../record.ts';
import { NO_TOMBSTONES, type Withdrawn } from './withdrawn.ts';
import { stays } from '../tombstone.ts';

/** Writes the records of a hit: not for routes that had the event before, and not what their visitor has withdrawn. */
export class RecordWriter {
  readonly #records: Records;
  readonly #withdrawn: Withdrawn;
  readonly #beside: Pick<Beside, 'routes' | 'sites' | 'marks' | 'now'>;

  constructor(records: Records, withdrawn: Withdrawn, beside: Pick<Beside, 'routes' | 'sites' | 'marks' | 'now'>) {
    this.#records = records;
    this.#withdrawn = withdrawn;
    this.#beside = beside;
  }

  /** Answers for each route of each record with what became of it. @throws Error for a route that is not configured */
  write(records: readonly OutboxRecord[], policy: StorePolicy, work: Work): readonly Stored[] {
    const results: Stored[] = [];
    let whose: readonly string[] | undefined;
    let keys: readonly number[] = [];
    for (const record of records) {
      const site = siteOf(record, policy);
      // The records of one hit have one list of subjects between them.
      if (record.subjects !== whose) {
        whose = record.subjects;
        keys = [...new Set(whose.map((subject) => policy.subjectKey(site, subject) as number))];
      }
      this.#write(record, { site, keys, policy, work, results });
    }
    return results;
  }

  #write(record: OutboxRecord, { site, keys, policy, work, results }: Writing): void {
    const { sites } = this.#beside;
    const { decidedAt } = record;
    const tombstones = keys.length === 0 ? NO_TOMBSTONES : this.#withdrawn.since(keys, site, decidedAt, policy);
    const id = sites.nextId(site);
    const routes: StoredRoute[] = [];
    let marked = '';
    let mark = 0;
    for (const route of record.routes) {
      if (route.mark !== marked) {
        marked = route.mark;
        mark = marked === '' ? 0 : (policy.subjectKey(site, `mark|${marked}`) as number);
      }
      const result = this.#claim(mark, route, record.lasting);
      results.push(result);
      if (result === 'duplicate') continue;
      // A hit may reach one process just after its visitor's withdrawal has reached another, and a back end may be late.
      if (tombstones.some((tombstone) => !stays(route, decidedAt, tombstone, policy))) {
        this.#records.unmark(mark, route.route);
        work.purged.push({ route: route.route, id });
      } else routes.push(storedOf(route, mark));
    }
    if (routes.length === 0) return;
    const { acceptedAt, policy: decidedBy } = record;
    const stands = Math.min(decidedAt, acceptedAt);
    const body = routes.length === record.routes.length ? record.body : narrowBody(record.body, routes);
    const stored: StoredRecord = {
      id,
      site,
      acceptedAt,
      decidedAt: stands,
      policy: decidedBy,
      subjects: keys,
      routes,
      body,
    };
    this.#records.insert(stored);
    work.add(stored);
  }

  #claim(mark: number, { route }: RecordRoute, lasting: boolean): Stored {
    const { marks, routes, now } = this.#beside;
    return mark === 0 || marks.claim(mark, routes.number(route), lasting, now()) ? 'stored' : 'duplicate';
  }
}

/** What the records of one hit are written with. */
interface Writing {
  readonly site: string;
  readonly keys: readonly number[];
  readonly policy: StorePolicy;
  readonly work: Work;
  readonly results: Stored[];
}
