import type { AnyView, Reads } from './destination.ts';
import type { Event, FieldName } from './fields.ts';
import { maskOf, type SignalMask } from './signals.ts';

/** One field a route may read under one consent, with what is done to it on the way. */
export interface Passage {
  readonly field: FieldName;
  readonly as: ((value: never) => unknown) | undefined;
  /** The field of the event that it is made of. */
  readonly from: FieldName;
  /** It is stored sealed. */
  readonly sealed: boolean;
}

/** Stands in place of a sealed value everywhere but in the request. */
const SEALED = '(sealed)';

/** The fields of `reads` that these signals unlock, in declaration order. Done when the configuration loads. */
export function passages(reads: Reads, granted: SignalMask): readonly Passage[] {
  const open: Passage[] = [];
  for (const [field, read] of Object.entries(reads)) {
    const needs = maskOf(read.needs ?? []);
    if ((granted & needs) !== needs) continue;
    const { as, from = field as FieldName, sealed = false } = read;
    open.push({ field: field as FieldName, as, from, sealed });
  }
  return open;
}

/**
 * The event as one route may see it: only the unlocked fields, hashed where declared so. A field that is not in it was
 * not read.
 */
export function project(event: Event, open: readonly Passage[]): AnyView {
  const view: Record<string, unknown> = {};
  for (const { field, as, from } of open) {
    const value: unknown = event[from];
    if (value === undefined) continue;
    const seen = as === undefined ? value : as(value as never);
    if (seen !== undefined) view[field] = seen;
  }
  return view;
}

/** The view without what is sealed in it. */
export function masked(view: AnyView, sealed: readonly FieldName[]): AnyView {
  if (sealed.length === 0) return view;
  const seen: Record<string, unknown> = { ...view };
  for (const field of sealed) if (field in seen) seen[field] = SEALED;
  return seen;
}
