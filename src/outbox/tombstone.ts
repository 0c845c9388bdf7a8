import type { Decided } from '../delivery/egress/allowed.ts';
import { leftTo } from '../policy/closed-routes.ts';
import type { Withdrawal } from '../delivery/outbox.ts';
import { ALL_SIGNALS, GATE_MASK, type SignalMask } from '../core/signals.ts';
import { keyOf, type StoredRecord, type StoredRoute } from './record.ts';
import type { StorePolicy } from './store-policy.ts';

/**
 * A record whose time of acceptance is that far ahead of the clock was accepted before the clock was set back,
 * milliseconds.
 */
const AHEAD = 2_000;

/**
 * What one subject has withdrawn, and when: for each signal that decides what may leave, and for each closed route, the
 * last time. This is enough, however often a visitor changes the choice: an event that was decided before such a time
 * may not use the signal, and a later one may. Two tombstones of one subject are joined into one (`merge`).
 */
export interface Tombstone {
  /** Keyed hash. */
  readonly subject: number;
  /** By bit of the signal, unix milliseconds; 0 = never withdrawn. */
  readonly gone: readonly [number, number, number, number];
  /** By `Route.key`, unix milliseconds. */
  readonly closed: Readonly<Record<string, number>>;
}

const NONE_CLOSED: Tombstone['closed'] = {};

export function tombstoneOf(subject: number, { signals, closedRoutes, at }: Withdrawal): Tombstone {
  const time = (bit: number): number => ((signals >> bit) & 1 ? 0 : at);
  const closed = closedRoutes.length === 0 ? NONE_CLOSED : Object.fromEntries(closedRoutes.map((key) => [key, at]));
  return { subject, gone: [time(0), time(1), time(2), time(3)], closed };
}

export function merge(one: Tombstone, other: Tombstone): Tombstone {
  const gone = one.gone.map((at, bit) => Math.max(at, other.gone[bit] ?? 0)) as unknown as Tombstone['gone'];
  const closed: Record<string, number> = { ...one.closed };
  for (const [key, at] of Object.entries(other.closed)) closed[key] = Math.max(at, closed[key] ?? 0);
  return { subject: one.subject, gone, closed };
}

/** Whether it takes away anything that `known` does not take away at any time. */
export function saysMore({ gone, closed }: Tombstone, known: Tombstone | undefined): boolean {
  if (known === undefined) return true;
  for (let bit = 0; bit < gone.length; bit++) if (gone[bit] !== 0 && known.gone[bit] === 0) return true;
  for (const key in closed) if (known.closed[key] === undefined) return true;
  return false;
}

/** The same tombstone, with times after `now` set to `now`. */
export function noLaterThan({ subject, gone, closed }: Tombstone, now: number): Tombstone {
  const times = gone.map((at) => Math.min(at, now)) as unknown as Tombstone['gone'];
  return {
    subject,
    gone: times,
    closed: Object.fromEntries(Object.entries(closed).map(([k, at]) => [k, Math.min(at, now)])),
  };
}

/** The time of the last withdrawal. */
export function lastOf({ gone, closed }: Tombstone): number {
  return Math.max(...gone, ...Object.values(closed));
}

/** The signals that remain for an event decided at `at`. */
export function leftBy({ gone }: Tombstone, at: number): SignalMask {
  let left = ALL_SIGNALS;
  for (let bit = 0; bit < gone.length; bit++) if ((gone[bit] as number) >= at) left &= ~(1 << bit);
  return left;
}

/** Whether it takes away anything from an event decided at `at` for this route. */
export function concerns(tombstone: Tombstone, route: string, at: number): boolean {
  const left = leftTo(route, tombstone.closed, at);
  return left === undefined || (leftBy(tombstone, at) & left & GATE_MASK) !== GATE_MASK;
}

/** Whether an event that was decided at `at` may stay for a route after this withdrawal. */
export function stays(
  event: Decided & { readonly route: string },
  at: number,
  tombstone: Tombstone,
  policy: StorePolicy,
): boolean {
  if (!concerns(tombstone, event.route, at)) return true;
  const left = leftTo(event.route, tombstone.closed, at);
  return left !== undefined && policy.mayStay(event.route, event, leftBy(tombstone, at) & left);
}

/**
 * The time of a record's consent. If it is in the future, the clock was set back since, and the record counts as older
 * than that.
 */
export function agedAt({ acceptedAt, decidedAt }: Pick<StoredRecord, 'acceptedAt' | 'decidedAt'>, now: number): number {
  return acceptedAt > now + AHEAD ? 0 : decidedAt;
}

/** The routes that a withdrawal closes to a record; `now` in unix milliseconds. */
export function closedBy(
  tombstone: Tombstone,
  record: Omit<StoredRecord, 'body'>,
  now: number,
  policy: StorePolicy,
): readonly StoredRoute[] {
  const at = agedAt(record, now);
  return record.routes.filter((route) => !stays({ ...route, route: keyOf(record, route) }, at, tombstone, policy));
}
