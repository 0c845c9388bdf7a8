import type * as z from 'zod';
import type { FieldName, Fields } from './fields.ts';
import { reason, type CodeOf, type Reason } from './reason.ts';
import type { GateSignal, SignalMask } from './signals.ts';

/** How a destination reads one field. */
export interface Read<F extends FieldName = FieldName, O = unknown> {
  /** Signals that unlock this field, all of them, beyond `needs` of the destination. */
  readonly needs?: readonly GateSignal[];
  /**
   * Makes the value that the plan gets, e.g. a hash: the raw value never enters vendor code. Undefined = the value is
   * unusable, and the field is left out.
   */
  readonly as?: (value: Fields[F]) => O;
  /** The field of the event that is read. Default: the field of the same name. */
  readonly from?: FieldName;
  /**
   * The value goes out in the clear and identifies a person. So it waits sealed, and is opened only for the request.
   * The value after `as` is a text.
   */
  readonly sealed?: true;
}

/** The only fields that a destination gets. */
export type Reads = { readonly [F in FieldName]?: Read<F> };

/** The argument of `plan`: the declared fields that this consent unlocks, hashed where declared so. */
export type View<R extends Reads> = {
  readonly [F in keyof R & FieldName]?: R[F] extends { readonly as: (value: never) => infer O }
    ? Exclude<O, undefined>
    : Fields[F];
};

/** The view with its type closed over: what travels between `project` and a bound form. */
export type AnyView = Readonly<Record<string, unknown>>;

/** The data that a plan gets in addition to the event. Time and random numbers are values in it, so a plan is pure. */
export interface PlanContext {
  /** The signals in force for this route: never more than the hit, the cookies and the policy allow. */
  readonly signals: SignalMask;
  /** The signals that the visitor refused expressly. A signal nobody asked about is not among them. */
  readonly refused: SignalMask;
  /** The hit's id: 32 random lower-case hex digits. Derived numbers are made of it. */
  readonly hitId: string;
  /** When the hit arrived, unix milliseconds. */
  readonly at: number;
  /** The name of the protocol (`src/protocols`) the event came by. */
  readonly source: string;
  /** Where the site is aimed, ISO 3166-1 alpha-2. */
  readonly siteCountry: string;
}

/**
 * One event in the vendor's form. Elements of one route with the same envelope may share a request. Both parts are
 * stored, so neither may hold a secret.
 */
export interface Element {
  readonly envelope: string;
  readonly element: string;
}

export type SkipReason = Reason<CodeOf<'skipped'>>;

export interface Skip {
  readonly skip: SkipReason;
}

/** One event in the vendor's form, or why there is no form. */
export type Plan = Element | Skip;

/** Which events a form takes, by name, and what the vendor calls each: a name, an action, the id of a conversion. */
export interface Wants {
  /** Undefined = the settings switch this event off. */
  readonly names: ReadonlyMap<string, string | undefined>;
  /** Events that are not in `names` are sent too, under their own name. */
  readonly others?: boolean;
  /** The events in `names` are conversions: repeats of them are recognised for longer than repeats of other events. */
  readonly conversions?: boolean;
}

/** Fields without which the vendor refuses an event. */
export interface Requirement<F extends string = string> {
  /** Only for the event with this name. */
  readonly event?: string;
  /** Only for events with this name at the vendor (`Wants`). */
  readonly becomes?: string;
  readonly fields: readonly [F, ...F[]];
}

type FieldOf<R extends Reads> = keyof R & FieldName;

/**
 * One form of the events for a vendor. `wants`, `skips`, `matchesOn` and `requires` say, in this order, which events
 * are never sent. No other part does. They are decided when the event comes, without `plan`.
 */
export interface Form<S extends z.ZodType, R extends Reads> {
  readonly reads: R;
  /** Default: every event, under its own name. */
  readonly wants?: (settings: z.output<S>) => Wants;
  /** For what the other parts cannot say: a time window, or a setting that only some events need. Pure. */
  readonly skips?: (view: View<R>, settings: z.output<S>, context: PlanContext) => SkipReason | undefined;
  /** Groups of fields by which the vendor finds the person. An event must have all fields of one group, after `as`. */
  readonly matchesOn?: (settings: z.output<S>) => readonly (readonly FieldOf<R>[])[];
  readonly requires?: readonly Requirement<FieldOf<R>>[];
  /** Pure. It is called only for events that are sent. `name` is what the vendor calls the event. */
  readonly plan: (view: View<R>, settings: z.output<S>, context: PlanContext, name: string) => Element;
}

/** A form with one route's settings in place. */
export interface BoundForm {
  readonly wants: Wants;
  /** Undefined = the vendor needs no such fields. */
  readonly matchesOn: readonly (readonly string[])[] | undefined;
  readonly requires: readonly Requirement[];
  /** What the vendor calls an event of this name; undefined = the vendor does not get it. */
  readonly nameOf: (event: string) => string | undefined;
  /** Why nothing of an event leaves in this form; undefined = something leaves. It makes no request. */
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
  // Loops, not `some` and `every`: this runs for every event and route, and loops leave nothing for the garbage
  // collector.
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

/** The site's own name of the event; '' = the event has none. */
export function eventOf({ event_name }: AnyView): string {
  return typeof event_name === 'string' ? event_name : '';
}

function isMatched(view: AnyView, groups: readonly (readonly string[])[]): boolean {
  for (const group of groups) if (hasAll(view, group)) return true;
  return false;
}

/** An empty text counts as no value. */
function hasAll(view: AnyView, fields: readonly string[]): boolean {
  for (const field of fields) {
    const value = view[field];
    if (value === undefined || value === '') return false;
  }
  return true;
}
