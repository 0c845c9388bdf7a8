import { ALL_SIGNALS, GATE_MASK, type SignalMask } from '../core/signals.ts';

/**
 * An entry of `Withdrawal.closedRoutes` for a route that stays open with fewer signals than the site has, because another
 * vendor or service was refused. The entry is the route's key and the signals it may still have.
 */
export function narrowedEntry(route: string, left: SignalMask): string {
  return `${route} ${left & GATE_MASK}`;
}

/**
 * The signals that a route may still have for an event decided at `since`; undefined = the route was closed.
 * @param entries of its visitor's withdrawals, each with the time it was last made, unix milliseconds
 */
export function leftTo(
  route: string,
  entries: Readonly<Record<string, number>>,
  since: number,
): SignalMask | undefined {
  if ((entries[route] ?? 0) >= since) return undefined;
  let left = ALL_SIGNALS;
  for (const entry in entries) {
    if ((entries[entry] as number) < since || entry.charAt(route.length) !== ' ' || !entry.startsWith(route)) continue;
    const mask = Number(entry.slice(route.length + 1));
    // A damaged entry leaves no signal.
    left &= Number.isInteger(mask) ? mask | ~GATE_MASK : ~GATE_MASK;
  }
  return left;
}
