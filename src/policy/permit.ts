import type { Destination } from '../core/destination.ts';
import type { FieldName } from '../core/fields.ts';
import { GATE_STATES, maskOf, type GateSignal, type SignalMask } from '../core/signals.ts';
import { passages, type Passage } from '../core/view.ts';
import { fieldSet } from './field-set.ts';
import { shutFields, type GuardedField } from './guarded.ts';

/** What one route may have under one consent. */
export interface Permit {
  readonly verdict: 'full' | 'limited' | 'blocked';
  /** The fields that pass, with what is done to each on the way. Nothing else is ever read. */
  readonly open: readonly Passage[];
  /** Those of them where the vendor gets something in place of the value. */
  readonly prepared: readonly FieldName[];
  /** Those of them that are stored sealed. */
  readonly sealed: readonly FieldName[];
  /** The fields about a visitor that the vendor reads elsewhere and that do not pass here: the proof names them. */
  readonly shut: readonly GuardedField[];
  /** The same set of fields as text, for the outbox (`field-set.ts`). */
  readonly bits: string;
  /** What the full form lacks. */
  readonly missing: SignalMask;
  /** Sources the verdict holds for; events of others are blocked. Undefined = all. */
  readonly sources: readonly string[] | undefined;
}

/** What the operator decided for a route. It can only tighten what the module declares. */
export interface RouteChoice {
  readonly withoutConsent: 'block' | 'limited';
  /** Signals demanded beyond the module's own. */
  readonly alsoNeeds?: readonly GateSignal[];
  /** Of the fields the full form reads only these. */
  readonly only?: ReadonlySet<FieldName> | undefined;
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
      const open = passages(destination.reads, granted);
      const { only } = choice;
      const taken = only === undefined ? open : open.filter(({ field }) => only.has(field));
      table.push(permit(destination, 'full', taken, missing));
    } else if (choice.withoutConsent === 'limited' && destination.limited !== undefined) {
      const { reads, sources } = destination.limited;
      table.push(permit(destination, 'limited', passages(reads, granted), missing, sources));
    } else {
      table.push(permit(destination, 'blocked', [], missing));
    }
  }
  return table;
}

function permit(
  destination: Destination,
  verdict: Permit['verdict'],
  open: readonly Passage[],
  missing: SignalMask,
  sources?: Permit['sources'],
): Permit {
  const prepared = open.filter(({ as, sealed }) => as !== undefined && !sealed).map(({ field }) => field);
  const sealed = open.filter((one) => one.sealed).map(({ field }) => field);
  return {
    verdict,
    open,
    prepared,
    sealed,
    shut: shutFields(destination, open),
    bits: fieldSet(open),
    missing,
    sources,
  };
}
