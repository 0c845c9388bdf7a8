import type { Destination, Plan, PlannedRequest, Skip } from '../../src/core/destination.ts';
import type { Event } from '../../src/core/fields.ts';
import { maskOf, type GateSignal } from '../../src/core/signals.ts';
import { passages, project } from '../../src/core/view.ts';

/** The id of every hit in these tests; derived numbers in expectations are made of it. */
export const HIT_ID = '0123456789abcdef0123456789abcdef';
/** When it arrived: the time of the sheets' examples. */
export const AT = Date.UTC(2026, 10, 20, 10, 15);

export interface Case {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly granted: readonly GateSignal[];
  readonly refused?: readonly GateSignal[];
  readonly limited?: boolean;
  readonly source?: string;
  readonly siteCountry?: string;
  readonly at?: number;
  readonly event: Event;
}

/** One event's way through one destination, as the gateway would take it: only what is unlocked reaches the plan. */
export function planOne(destination: Destination, one: Case): Plan {
  const bound = destination.bind(destination.settings.parse(one.settings));
  const granted = maskOf(one.granted);
  const reads = one.limited === true ? (destination.limited?.reads ?? {}) : destination.reads;
  const form = one.limited === true ? bound.limited : bound.full;
  if (form === undefined) throw new Error(`${destination.name} has no limited form`);
  // What the route does not list is not read for it.
  const open = passages(reads, granted).filter(
    ({ field }) => one.limited === true || bound.fields?.has(field) !== false,
  );
  return form.plan(project(one.event, open), {
    signals: granted,
    refused: maskOf(one.refused ?? []),
    hitId: HIT_ID,
    at: one.at ?? AT,
    source: one.source ?? 'ga4-collect',
    siteCountry: one.siteCountry ?? 'NO',
  });
}

/** The request that event leads to, alone in its batch; or why there is none. */
export function requestOne(destination: Destination, one: Case): PlannedRequest | Skip {
  const plan = planOne(destination, one);
  if ('skip' in plan) return plan;
  return destination.bind(destination.settings.parse(one.settings)).request(plan.envelope, [plan.element]);
}
