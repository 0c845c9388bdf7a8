import { ALL_SIGNALS, GATE_MASK, type SignalMask } from '../core/signals.ts';

/**
 * An entry of `Withdrawal.closedRoutes` for a route that stays open with less than the site's signals, because a vendor or
 * service beside its own was refused: the signals it may still have stand behind its key.
 */
export function narrowedEntry(route: string, left: SignalMask): string {
  return `${route} ${left & GATE_MASK}`;
}

/**
 * What is left to a route of what was decided at `since`, by the entries of its visitor's withdrawals and when they were
 * last made, unix milliseconds; undefined = it was closed.
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
    // Damage may have made anything of it.
    left &= Number.isInteger(mask) ? mask | ~GATE_MASK : ~GATE_MASK;
  }
  return left;
}
