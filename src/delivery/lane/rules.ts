import type { Reply } from '../../core/destination.ts';
import { answered, reason, type VendorReason } from '../../core/reason.ts';
import type { Route } from '../../policy/gateway.ts';
import type { Judged } from './attempt.ts';
import { FORMLESS, type QueuedRow } from './row.ts';
import { PAGE } from './window.ts';

/** How many rows of an envelope make a full batch. If the module throws, each row goes alone and ends alone. */
export function fullBatch(destination: Route['destination'] | undefined, envelope: string): number {
  if (destination === undefined || envelope === FORMLESS) return PAGE;
  try {
    return Math.max(1, destination.maxBatch(envelope)) || 1;
  } catch {
    return 1;
  }
}

/** The time, if it is finite; undefined = never. */
export function finite(at: number): number | undefined {
  return at === Infinity ? undefined : at;
}

const POISON = reason('vendor.poison');

/** Why an event that fails again and again becomes a dead letter, with what the last answer said. */
export function poison({ params }: VendorReason, reply: Reply | undefined): VendorReason {
  return reply === undefined ? POISON : answered('vendor.poison', reply.status, ...(params['code'] ?? '').split(' '));
}

/**
 * Events that the vendor may have, and would count twice (`Destination.repeatable`). A vendor that is busy (429, 503) has
 * taken nothing.
 */
export function neverAgain(
  route: Route | undefined,
  rows: readonly QueuedRow[],
  { reply, begun }: Judged,
): readonly QueuedRow[] {
  const repeatable = route?.bound.repeatable;
  if (repeatable === undefined) return [];
  const unclear = reply === undefined ? begun : reply.status >= 500 && reply.status !== 503;
  return unclear ? rows.filter(({ element }) => !may(repeatable, element)) : [];
}

/** If the module throws, the event is not sent again. */
function may(repeatable: (element: string) => boolean, element: string): boolean {
  try {
    return repeatable(element);
  } catch {
    return false;
  }
}

/** When the oldest of these rows was accepted, unix milliseconds; Infinity = there is none. */
export function oldestOf(lists: readonly Iterable<QueuedRow>[]): number {
  let oldest = Infinity;
  for (const rows of lists) for (const { acceptedAt } of rows) oldest = Math.min(oldest, acceptedAt);
  return oldest;
}
