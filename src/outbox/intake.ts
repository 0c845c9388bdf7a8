import { narrowBody } from '../delivery/event-body.ts';
import type { OutboxRecord, Stored } from '../delivery/outbox.ts';
import type { Purged } from '../delivery/store.ts';
import { siteOf, storedOf, type StoredRecord, type StoredRoute } from './record.ts';
import type { StorePolicy } from './store-policy.ts';
import { stays, type Tombstone } from './tombstone.ts';

/** What an engine knows when an event comes. */
export interface Known {
  /** For an id of a site's record, which is used up even where nothing of it is stored. */
  readonly nextId: (site: string) => number;
  /** Marks the event as stored for a route; false if it was already. `mark`: its key, 0 = it has none. */
  readonly claim: (mark: number, route: string, lasting: boolean) => boolean;
  /** The event did not reach the route after all. */
  readonly forget: (mark: number, route: string) => void;
  /** What these subjects of a site have withdrawn at `since`, unix milliseconds, or later. */
  readonly withdrawn: (subjects: readonly number[], site: string, since: number) => readonly Tombstone[];
}

/** What became of a record that came in. */
export interface TakenIn {
  /** For each of its routes. */
  readonly results: readonly Stored[];
  /** What is to be stored, with what its routes may have; undefined = nothing. */
  readonly record: StoredRecord | undefined;
  /** Routes to which a withdrawal had closed it already. */
  readonly purged: readonly Purged[];
}

/**
 * What of a record is stored: not for routes that had the event before, and not what its visitor has withdrawn.
 * @throws Error for a route that is not configured
 */
export function takeIn(record: OutboxRecord, policy: StorePolicy, known: Known): TakenIn {
  const { acceptedAt, decidedAt, consentDay } = record;
  const site = siteOf(record, policy);
  const subjects = [...new Set(record.subjects.map((subject) => policy.subjectKey(site, subject) as number))];
  const tombstones = subjects.length === 0 ? NONE : known.withdrawn(subjects, site, decidedAt);
  const id = known.nextId(site);
  const routes: StoredRoute[] = [];
  const purged: Purged[] = [];
  const results = record.routes.map((route): Stored => {
    const { route: key } = route;
    const mark = route.mark === '' ? 0 : (policy.subjectKey(site, `mark|${route.mark}`) as number);
    if (!known.claim(mark, key, record.lasting)) return 'duplicate';
    // A hit may reach one process just after its visitor's withdrawal has reached another, and a back end may be late.
    if (tombstones.every((tombstone) => stays(route, decidedAt, tombstone, policy))) routes.push(storedOf(route, mark));
    else {
      known.forget(mark, key);
      purged.push({ route: key, id });
    }
    return 'stored';
  });
  if (routes.length === 0) return { results, record: undefined, purged };
  const body = routes.length === record.routes.length ? record.body : narrowBody(record.body, routes);
  const decided = { acceptedAt, decidedAt: Math.min(decidedAt, acceptedAt), consentDay, policy: record.policy };
  return { results, record: { id, site, ...decided, subjects, routes, body }, purged };
}

const NONE: readonly Tombstone[] = [];
