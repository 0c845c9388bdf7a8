import type * as z from 'zod';
import type { FieldName, Fields } from './fields.ts';
import { reason, type CodeOf, type Reason } from './reason.ts';
import type { GateSignal, SignalMask } from './signals.ts';

/** How a destination reads one field. */
export interface Read<F extends FieldName = FieldName, O = unknown> {
  /** Signals that unlock this field, all of them, beyond the destination's own `needs`. */
  readonly needs?: readonly GateSignal[];
  /**
   * What the plan gets instead of the value, e.g. its hash: the raw value never enters vendor code.
   * Undefined = unusable, the field is left out.
   */
  readonly as?: (value: Fields[F]) => O;
  /** The field of the event that is read for it. Default: the one of its own name. */
  readonly from?: FieldName;
  /**
   * It goes out in the clear and names somebody: it waits sealed, and is opened for the request alone. The value after `as`
   * is a text.
   */
  readonly sealed?: true;
}

/** The only fields a destination ever sees. */
export type Reads = { readonly [F in FieldName]?: Read<F> };

/** What `plan` is handed: the declared fields that this consent unlocks, hashed where declared so. */
export type View<R extends Reads> = {
  readonly [F in keyof R & FieldName]?: R[F] extends { readonly as: (value: never) => infer O }
    ? Exclude<O, undefined>
    : Fields[F];
};

/** The view with its type closed over: what travels between `project` and a bound form. */
export type AnyView = Readonly<Record<string, unknown>>;

/** What a plan may know beside the event. Time and chance are values in it, so a plan stays pure. */
export interface PlanContext {
  /** The signals in force for this route: never more than the hit, the cookies and the policy allow. */
  readonly signals: SignalMask;
  /** The signals the visitor refused in so many words, as opposed to never having been asked. */
  readonly refused: SignalMask;
  /** The hit's id: 32 lower-case hex digits, random; what derived numbers are made of. */
  readonly hitId: string;
  /** When the hit arrived, unix milliseconds. */
  readonly at: number;
  /** The way in it came by: the name of a protocol (`src/protocols`). */
  readonly source: string;
  /** Where the site is aimed, ISO 3166-1 alpha-2. */
  readonly siteCountry: string;
}

/**
 * One event in the vendor's form. `envelope` says what may share a request with it: elements of one route with the
 * same envelope are batched. Both are stored, so neither may hold a secret.
 */
export interface Element {
  readonly envelope: string;
  readonly element: string;
}

export type SkipReason = Reason<CodeOf<'skipped'>>;

export interface Skip {
  readonly skip: SkipReason;
}

/** One event in the vendor's form, or why there is none. */
export type Plan = Element | Skip;

/** Which events a form takes, by name, and what the vendor calls them: a name, an action, the id of a conversion. */
export interface Wants {
  /** Undefined = the settings switch this event off. */
  readonly names: ReadonlyMap<string, string | undefined>;
  /** Events that are not in `names` go too, under their own name. */
  readonly others?: boolean;
  /** What is in `names` are conversions: their repeats are told for longer than those of other events. */
  readonly conversions?: boolean;
}

/** Fields that the vendor refuses an event without. */
export interface Requirement<F extends string = string> {
  /** Only of the event with this name. */
  readonly event?: string;
  /** Only of events that the vendor calls so (`Wants`). */
  readonly becomes?: string;
  readonly fields: readonly [F, ...F[]];
}

type FieldOf<R extends Reads> = keyof R & FieldName;

/**
 * One form of what a vendor is told. What is never sent is said by `wants`, `skips`, `matchesOn` and `requires`, in
 * this order, and nowhere else: it is decided when the event comes, without `plan`.
 */
export interface Form<S extends z.ZodType, R extends Reads> {
  readonly reads: R;
  /** Default: every event, under its own name. */
  readonly wants?: (settings: z.output<S>) => Wants;
  /** What the others cannot say: a time window, or a setting that only some events need. Pure. */
  readonly skips?: (view: View<R>, settings: z.output<S>, context: PlanContext) => SkipReason | undefined;
  /** Groups of fields, one of which must be there in full, after `as`: what the vendor tells by whose the event is. */
  readonly matchesOn?: (settings: z.output<S>) => readonly (readonly FieldOf<R>[])[];
  readonly requires?: readonly Requirement<FieldOf<R>>[];
  /** Pure. Only called with events that go. `name` is what the vendor calls this one. */
  readonly plan: (view: View<R>, settings: z.output<S>, context: PlanContext, name: string) => Element;
}

/** A form with one route's settings in place. */
export interface BoundForm {
  readonly wants: Wants;
  /** Undefined = this vendor can tell anything by itself. */
  readonly matchesOn: readonly (readonly string[])[] | undefined;
  readonly requires: readonly Requirement[];
  /** What the vendor calls an event of this name; undefined = it does not get it. */
  readonly nameOf: (event: string) => string | undefined;
  /** Why nothing of an event leaves in this form; undefined = something does. Makes nothing of the vendor's. */
  readonly skip: (view: AnyView, context: PlanContext) => SkipReason | undefined;
  /** The event in the vendor's form, or what `skip` says. */
  readonly plan: (view: AnyView, context: PlanContext) => Plan;
}

const EVERY_EVENT: Wants = { names: new Map(), others: true };
const NOT_MAPPED = reason('skip.not_mapped');

/** Compiles a form for the settings of one route. */
export function bindForm<S extends z.ZodType, R extends Reads>(form: Form<S, R>, settings: z.output<S>): BoundForm {
  const wants = form.wants?.(settings) ?? EVERY_EVENT;
  const matchesOn = form.matchesOn?.(settings);
  const groups = matchesOn?.map((group) => group.join(' + ')).join(', ');
  const nothingToMatch = reason('skip.nothing_to_match', { fields: groups });
  const requires = form.requires ?? [];
  const lacks = requires.map(({ fields }) => reason('skip.lacks', { fields: fields.join(', ') }));
  const nameOf = (event: string): string | undefined => {
    const name = wants.names.get(event);
    return name === undefined && wants.others === true && !wants.names.has(event) ? event : name;
  };
  // Loops, not `some` and `every`: this is asked for every event and route, and leaves nothing to be collected.
  const refusal = (view: AnyView, event: string, name: string, context: PlanContext): SkipReason | undefined => {
    const skip = form.skips?.(view as View<R>, settings, context);
    if (skip !== undefined) return skip;
    if (matchesOn !== undefined && !isMatched(view, matchesOn)) return nothingToMatch;
    for (let i = 0; i < requires.length; i++) {
      const one = requires[i] as Requirement;
      if (one.event !== undefined && one.event !== event) continue;
      if (one.becomes !== undefined && one.becomes !== name) continue;
      if (!hasAll(view, one.fields)) return lacks[i];
    }
    return undefined;
  };
  return {
    wants,
    matchesOn,
    requires,
    nameOf,
    skip(view, context) {
      const event = eventOf(view);
      const name = nameOf(event);
      return name === undefined ? NOT_MAPPED : refusal(view, event, name, context);
    },
    plan(view, context) {
      const event = eventOf(view);
      const name = nameOf(event);
      if (name === undefined) return { skip: NOT_MAPPED };
      const skip = refusal(view, event, name, context);
      // `project` built the view from `reads`, which is what View<R> says.
      return skip === undefined ? form.plan(view as View<R>, settings, context, name) : { skip };
    },
  };
}

/** The site's own name of the event; '' = it has none. */
export function eventOf({ event_name }: AnyView): string {
  return typeof event_name === 'string' ? event_name : '';
}

function isMatched(view: AnyView, groups: readonly (readonly string[])[]): boolean {
  for (const group of groups) if (hasAll(view, group)) return true;
  return false;
}

/** An empty text is no value. */
function hasAll(view: AnyView, fields: readonly string[]): boolean {
  for (const field of fields) {
    const value = view[field];
    if (value === undefined || value === '') return false;
  }
  return true;
}
