import { narrowBody } from '../delivery/event-body.ts';
import type { OutboxRecord, Stored } from '../delivery/outbox.ts';
import type { Purged } from '../delivery/store.ts';
import { siteOf, storedOf, type StoredRecord, type StoredRoute } from './record.ts';
import type { StorePolicy } from './store-policy.ts';
import { stays, type Tombstone } from './tombstone.ts';

/** The functions of an engine that the intake of a record uses. */
export interface Known {
  /** The next id of a site's record. It is used up even if nothing of the record is stored. */
  readonly nextId: (site: string) => number;
  /** Marks the event as stored for a route; false if it was stored already. `mark`: its key, 0 = it has none. */
  readonly claim: (mark: number, route: string, lasting: boolean) => boolean;
  /** The event did not reach the route after all, so its mark is removed. */
  readonly forget: (mark: number, route: string) => void;
  /** What these subjects of a site have withdrawn at `since`, unix milliseconds, or later. */
  readonly withdrawn: (subjects: readonly number[], site: string, since: number) => readonly Tombstone[];
}

/** The result for a record that came in. */
export interface TakenIn {
  /** The result for each of its routes. */
  readonly results: readonly Stored[];
  /** The part that is stored, with the fields its routes may have; undefined = nothing. */
  readonly record: StoredRecord | undefined;
  /** Routes that an earlier withdrawal had closed to it. */
  readonly purged: readonly Purged[];
}

/**
 * The part of a record that is stored: without routes that had the event before, and without what its visitor has
 * withdrawn.
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
    // A hit may reach one process just after its visitor's withdrawal has reached another, and events of a back end may
    // be late.
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
