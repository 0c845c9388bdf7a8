import { missingConsent, reason, type CodeOf, type Reason } from '../../core/reason.ts';
import { isFor } from '../../core/recipient.ts';
import { GATE_MASK, NO_SIGNALS, type SignalMask } from '../../core/signals.ts';
import { isWithin } from '../../policy/field-set.ts';
import type { Gateway, Route } from '../../policy/gateway.ts';
import type { QueuedRecord } from '../store.ts';

/** Why a row may not be sent. */
export type Refusal = Reason<CodeOf<'skipped' | 'expired' | 'blocked'>>;

const ROUTE_REMOVED = reason('skip.route_removed');
/** It was stored for another recipient than its route has now. */
export const ROUTE_CHANGED = reason('skip.route_changed');
const EXPIRED = reason('expired.waited');
const TIGHTENED = reason('blocked.policy_tightened');

/** The part of a row that consent decides about. */
export type Decided = Pick<QueuedRecord, 'signals' | 'fields' | 'limited'>;

/**
 * Whether the policy in force would also make this row under `signals`: not blocked, the same form, and no field in it
 * that is not open now.
 */
export function stillAllowed(route: Route, row: Decided, signals: SignalMask): Refusal | undefined {
  const now = route.permits[signals & row.signals & GATE_MASK];
  if (now === undefined || now.verdict === 'blocked') return missingConsent(now?.missing ?? NO_SIGNALS);
  const limited = row.limited ?? route.permits[row.signals & GATE_MASK]?.verdict === 'limited';
  if (now.verdict === 'limited' && !limited) {
    return missingConsent(now.missing);
  }
  if (row.fields === now.bits) return undefined;
  return isWithin(row.fields, now.bits) ? undefined : TIGHTENED;
}

const DAY = 86_400_000;

/**
 * The signals of a row that its route may use now. If the choice is older than the route's `since`, only signals that rest
 * on legitimate interest are left, as in `routeSignals`. A form that identifies nobody rests on no choice.
 */
function coveredSignals(
  { siteOf }: Gateway,
  { since, site }: Route,
  { signals, limited, acceptedAt, consentDay }: Decided & Pick<QueuedRecord, 'acceptedAt' | 'consentDay'>,
): SignalMask {
  if (since === undefined || limited === true) return signals;
  // What an earlier version did not write down was made before the event came.
  const day = consentDay ?? Math.floor(acceptedAt / DAY);
  return day * DAY >= since ? signals : signals & (siteOf.get(site)?.legitimateInterest ?? NO_SIGNALS);
}

/** The check each time a row is about to be sent (design 2): route, age, and consent under the policy in force. */
export function refusal(
  gateway: Gateway,
  route: Route | undefined,
  row: Decided & Pick<QueuedRecord, 'acceptedAt' | 'consentDay' | 'expiresAt' | 'policy' | 'type'>,
  now: number,
): Refusal | undefined {
  if (route === undefined) return ROUTE_REMOVED;
  if (!isFor(row.type, route.bound.recipient)) return ROUTE_CHANGED;
  if (now >= row.expiresAt || now >= row.acceptedAt + route.maxAge) return EXPIRED;
  // The policy has not changed since the row was decided, so the decision still holds.
  return row.policy === gateway.policy ? undefined : stillAllowed(route, row, coveredSignals(gateway, route, row));
}
