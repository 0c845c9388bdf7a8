import { GA4_EVENTS } from '../core/event-names.ts';
import { plain } from '../core/nearest.ts';
import { reason, type Reason } from '../core/reason.ts';

type Code = 'skip.not_mapped' | 'skip.not_listed';

/**
 * Why a route does not take an event, made once for every name that may be said: GA4's own, and names of the
 * configuration. Other names are the sender's text, so only the similar name of the route is said.
 */
export interface NameReasons {
  readonly byName: ReadonlyMap<string, Reason<Code>>;
  /** Another spelling of a name that the route takes. */
  readonly near: ReadonlyMap<string, Reason<Code>>;
  readonly other: Reason<Code>;
}

/** @param taken the names that the route takes */
export function nameReasons(code: Code, taken: Iterable<string>): NameReasons {
  const near = new Map<string, Reason<Code>>();
  for (const name of taken) near.set(shape(name), reason(code, { near: name }));
  const byName = new Map<string, Reason<Code>>();
  for (const name of GA4_EVENTS) byName.set(name, reason(code, { name, near: near.get(shape(name))?.params['near'] }));
  return { byName, near, other: reason(code) };
}

/** Why this event is not taken. */
export function nameReason({ byName, near, other }: NameReasons, name: string): Reason<Code> {
  return byName.get(name) ?? near.get(shape(name)) ?? other;
}

/** Case, separators and the plural are what people mix up. */
function shape(name: string): string {
  const word = plain(name);
  return word.endsWith('s') ? word.slice(0, -1) : word;
}
