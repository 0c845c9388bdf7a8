import type { Destination, SourceName } from '../core/destination.ts';
import { GATE_STATES, maskOf, type GateSignal, type SignalMask } from '../core/signals.ts';
import { passages, type Passage } from '../core/view.ts';

/** What one route may have under one consent. */
export interface Permit {
  readonly verdict: 'full' | 'limited' | 'blocked';
  /** The fields that pass, with what is done to each on the way. Nothing else is ever read. */
  readonly open: readonly Passage[];
  /** What the full form lacks. */
  readonly missing: SignalMask;
  /** Sources the verdict holds for; events of others are blocked. Undefined = all. */
  readonly sources: readonly SourceName[] | undefined;
}

/** What the operator decided for a route. It can only tighten what the module declares. */
export interface RouteChoice {
  readonly withoutConsent: 'block' | 'limited';
  /** Signals demanded beyond the module's own. */
  readonly alsoNeeds?: readonly GateSignal[];
}

/**
 * The permits of a route for all 16 states of the four gate signals; the index is the granted mask. An event leaves
 * in full only if every one of `needs` is granted (all, never any), in the limited form only if the operator chose it
 * and the module has one, and otherwise not at all (design 3).
 */
export function permitTable(destination: Destination, choice: RouteChoice): readonly Permit[] {
  const needs = maskOf([...destination.needs, ...(choice.alsoNeeds ?? [])]);
  const table: Permit[] = [];
  for (let granted = 0; granted < GATE_STATES; granted++) {
    const missing = needs & ~granted;
    if (missing === 0) {
      table.push({ verdict: 'full', open: passages(destination.reads, granted), missing, sources: undefined });
    } else if (choice.withoutConsent === 'limited' && destination.limited !== undefined) {
      const { reads, sources } = destination.limited;
      table.push({ verdict: 'limited', open: passages(reads, granted), missing, sources });
    } else {
      table.push({ verdict: 'blocked', open: [], missing, sources: undefined });
    }
  }
  return table;
}
