import { narrowBody, readBody } from '../delivery/event-body.ts';
import type { OutboxRecord, RecordRoute } from '../delivery/outbox.ts';
import type { Awaiting, QueuedRecord } from '../delivery/store.ts';
import type { StorePolicy } from './store-policy.ts';

/** What one route may have of a record. */
export interface StoredRoute extends Omit<RecordRoute, 'route' | 'mark'> {
  /** Its name within the site. */
  readonly name: string;
  /** Key of the event's mark for it (`marks.ts`), 0 = none. */
  readonly mark: number;
  /** Undefined = the vendor has not taken it. */
  readonly awaiting?: Awaiting | undefined;
}

/** A record as it is stored. */
export interface StoredRecord {
  readonly id: number;
  readonly site: string;
  /** Unix milliseconds. */
  readonly acceptedAt: number;
  /** The time of its consent, never later than its acceptance: a withdrawal since then concerns it. */
  readonly decidedAt: number;
  /** `OutboxRecord.consentDay`. */
  readonly consentDay: number | undefined;
  readonly policy: string;
  /** Keys of its subjects. */
  readonly subjects: readonly number[];
  /** The routes that it still waits for. */
  readonly routes: readonly StoredRoute[];
  readonly body: string;
}

/** `Route.key`. */
export function keyOf({ site }: Pick<StoredRecord, 'site'>, { name }: Pick<StoredRoute, 'name'>): string {
  return `${site}/${name}`;
}

/** A route's key, split. */
export function partsOf(key: string): { readonly site: string; readonly name: string } {
  const at = key.indexOf('/');
  return { site: key.slice(0, at), name: key.slice(at + 1) };
}

/** A record as each of these routes reads it. The body is read once for all of them, and is kept until each has read it. */
export function queuedOf(record: StoredRecord, routes: readonly StoredRoute[]): QueuedRecord[] {
  let read: ReturnType<typeof readBody> | undefined;
  let unread = routes.length;
  const body = (): ReturnType<typeof readBody> => {
    const own = (read ??= readBody(record.body));
    // A waiting event is kept as its text alone: what was read of it is several times as long.
    if (--unread <= 0) read = undefined;
    return own;
  };
  const { id, acceptedAt, consentDay, policy } = record;
  const size = record.body.length;
  const alone = record.routes.length === 1;
  return routes.map(({ type, signals, fields, limited, params, rule, expiresAt, awaiting }) => {
    const event = { id, acceptedAt, consentDay, policy, size, body, alone, stored: record };
    return { ...event, type, signals, fields, limited, params, rule, expiresAt, awaiting };
  });
}

/** A record with some of its routes, and the part of its event that these may have. */
export function narrowed(record: StoredRecord, routes: readonly StoredRoute[]): StoredRecord {
  if (routes.length === record.routes.length) return record;
  return { ...record, routes, body: narrowBody(record.body, routes) };
}

/** A record that one of its routes has dealt with so far. */
export function heldOn<R extends Pick<StoredRecord, 'routes'>>(
  record: R,
  name: string,
  awaiting: Awaiting | undefined,
): R {
  return { ...record, routes: record.routes.map((route) => (route.name === name ? { ...route, awaiting } : route)) };
}

/** The site of a record.\n@throws Error where one of its routes is not configured, or belongs to another site */
export function siteOf({ routes }: OutboxRecord, policy: StorePolicy): string {
  const sites = new Set(routes.map(({ route }) => policy.siteOf(route)));
  const [site] = sites;
  if (site === undefined || sites.size > 1) throw new Error('a record of a route that is not configured');
  return site;
}

/** The stored part of a route; `mark`: the key of its mark. */
export function storedOf(route: RecordRoute, mark: number): StoredRoute {
  const { type, signals, fields, limited, params, rule, expiresAt } = route;
  return { name: partsOf(route.route).name, type, signals, fields, limited, params, rule, expiresAt, mark };
}
