import type { Event, FieldName } from '../core/fields.ts';
import type { Reason } from '../core/reason.ts';
import type { Route } from './gateway.ts';

/*
 * Rules of a route, as data (docs/rules.md). Which rules may be judged under each permit is decided when the
 * configuration loads; for an event only comparisons are left, one after the other.
 */

type Scalar = string | number | boolean;

/** What a condition looks at: a field of the event, or one of its custom parameters. */
export interface Place {
  readonly field: FieldName;
  /** Only of `params`. */
  readonly param?: string | undefined;
}

/** What must be there, or not be there; all parts of it hold. */
export interface Condition extends Place {
  /** Any of these, as text. */
  readonly is: ReadonlySet<string> | undefined;
  readonly atLeast: number | undefined;
  readonly below: number | undefined;
  readonly prefix: string | undefined;
  /** False: it is not there. */
  readonly exists: boolean | undefined;
}

/** A rule, of the variant of a route that it makes. */
export interface RuleOf {
  /** Its place in `events`, from 1. */
  readonly place: number;
  /** What it says, in words. */
  readonly words: string;
  /** The key by which a stored event names it; undefined = the rule is not needed when the event is sent. */
  readonly key: string | undefined;
  /** Keeps its events apart from those of other rules when a repeat is looked for; '' = not kept apart. */
  readonly identity: Readonly<Record<'full' | 'limited', string>>;
}

/** A rule that a permit lets be judged. */
export interface Candidate {
  readonly conditions: readonly Condition[];
  /** What the vendor calls the event; it is sent once under one name. */
  readonly name: string;
  /** The route as this rule has it: for the first that applies to an event, and for every further one. */
  readonly first: Route;
  readonly further: Route;
}

/** The rules for one event name under one permit. */
export interface Candidates {
  readonly rules: readonly Candidate[];
  /** Why nothing is sent where none of them applies. */
  readonly none: Reason<'skip.no_rule'>;
}

/** The rules of a route, compiled. */
export interface RouteRules {
  /** In the order of `events`: the route as each rule has it. */
  readonly variants: readonly Route[];
  /** For each of the 16 signal states, by event name. */
  readonly under: readonly ReadonlyMap<string, Candidates>[];
  /** By `RuleOf.key`. */
  readonly byKey: ReadonlyMap<string, Route>;
}

/** The variants of the route whose rules apply to the event. If several give it the same name, only the first counts. */
export function applying({ rules }: Candidates, event: Event): readonly Route[] {
  const found: Route[] = [];
  const names = new Set<string>();
  for (const { conditions, name, first, further } of rules) {
    if (names.has(name) || !conditions.every((condition) => holds(condition, event))) continue;
    found.push(names.size === 0 ? first : further);
    names.add(name);
  }
  return found;
}

/** Whether an event meets a condition. An empty text counts as no value. */
export function holds({ field, param, is, atLeast, below, prefix, exists }: Condition, event: Event): boolean {
  const value = valueAt(event, field, param);
  if (value === undefined || value === '') return exists === false;
  if (exists === false) return false;
  if (is !== undefined && !is.has(textOf(value))) return false;
  if (prefix !== undefined && !textOf(value).startsWith(prefix)) return false;
  if (atLeast === undefined && below === undefined) return true;
  const number = numberIn(value);
  return number !== undefined && number >= (atLeast ?? -Infinity) && number < (below ?? Infinity);
}

/** A list of products is not compared as text. */
function textOf(value: Scalar | object): string {
  return typeof value === 'object' ? '' : String(value);
}

function valueAt(event: Event, field: FieldName, param: string | undefined): Scalar | object | undefined {
  if (param === undefined) return event[field];
  const { params } = event;
  return params !== undefined && Object.hasOwn(params, param) ? params[param] : undefined;
}

/** Shops also write amounts as texts; a text that can be read in more than one way counts as no amount. */
export function numberIn(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return typeof value === 'string' && /^-?\d{1,15}(?:\.\d{1,9})?$/.test(value) ? Number(value) : undefined;
}
