import type { OutboxRecord, Stored } from '../../delivery/outbox.ts';
import type { Work } from '../commit.ts';
import { takeIn, type Known } from '../intake.ts';
import type { StorePolicy } from '../store-policy.ts';
import type { Beside, Records } from './records.ts';
import type { Withdrawn } from './withdrawn.ts';

/** Writes those records of a hit that are to be stored. */
export class RecordWriter {
  readonly #records: Records;
  readonly #withdrawn: Withdrawn;
  readonly #beside: Pick<Beside, 'routes' | 'sites' | 'marks' | 'now'>;

  constructor(records: Records, withdrawn: Withdrawn, beside: Pick<Beside, 'routes' | 'sites' | 'marks' | 'now'>) {
    this.#records = records;
    this.#withdrawn = withdrawn;
    this.#beside = beside;
  }

  /** Returns the result for each route of each record.\n@throws Error for a route that is not configured */
  write(records: readonly OutboxRecord[], policy: StorePolicy, work: Work): readonly Stored[] {
    const known = this.#known(policy);
    return records.flatMap((one) => {
      const { results, record, purged } = takeIn(one, policy, known);
      work.purged.push(...purged);
      if (record !== undefined) {
        this.#records.insert(record);
        work.add(record);
      }
      return results;
    });
  }

  #known(policy: StorePolicy): Known {
    const { sites, marks, routes, now } = this.#beside;
    return {
      nextId: (site) => sites.nextId(site),
      claim: (mark, route, lasting) => mark === 0 || marks.claim(mark, routes.number(route), lasting, now()),
      forget: (mark, route) => this.#records.unmark(mark, route),
      withdrawn: (subjects, site, since) => this.#withdrawn.since(subjects, site, since, policy),
    };
  }
}
