import type { ConditionConfig } from './rule-fields.ts';
import type { RuleConfig } from './rule-schema.ts';

/** A member of `events`: the name of an event, or a rule. */
export type EventConfig = string | RuleConfig;

/** A rule with its place in `events`, from 1. Parts that it does not state are empty. */
export interface NumberedRule extends Omit<RuleConfig, 'when' | 'set'> {
  readonly place: number;
  readonly when: readonly ConditionConfig[];
  readonly set: Readonly<Record<string, string | number | boolean>>;
}

/** The event names in `events`, each once. */
export function namesIn(events: readonly EventConfig[]): readonly string[] {
  return [...new Set(events.map((one) => (typeof one === 'string' ? one : one.event)))];
}

/** The rules in `events`, where a name is a rule without conditions; undefined where there are only names. */
export function rulesIn(events: readonly EventConfig[] | undefined): readonly NumberedRule[] | undefined {
  if (events === undefined || events.every((one) => typeof one === 'string')) return undefined;
  return events.map((one, i) => numbered(typeof one === 'string' ? { event: one } : one, i));
}

function numbered({ when = [], set = {}, ...rule }: RuleConfig, i: number): NumberedRule {
  return { ...rule, when, set, place: i + 1 };
}

/** The same rule with its conditions and their values in a fixed order. */
export function inOneOrder(rule: NumberedRule): NumberedRule {
  const when = rule.when.map((one) => (one.is === undefined ? one : { ...one, is: [...one.is].sort() }));
  return { ...rule, when: when.sort((a, b) => (a.on < b.on ? -1 : 1)) };
}

/** A rule in words: `purchase when value >= 1000, as Purchase`. */
export function ruleWords({ event, when, as, conversion, set }: NumberedRule): string {
  const given = Object.entries(set).map(([name, value]) => `${name} = ${value}`);
  return [
    when.length === 0 ? event : `${event} when ${when.map(conditionWords).join(' and ')}`,
    ...(as === undefined ? [] : [`as ${as}`]),
    ...(conversion === undefined ? [] : [`as conversion ${conversion}`]),
    ...(given.length === 0 ? [] : [`with ${given.join(' and ')}`]),
  ].join(', ');
}

function conditionWords({ on, is, atLeast, below, prefix, exists }: ConditionConfig): string {
  return [
    ...(is === undefined ? [] : [is.length === 1 ? `${on} = ${is[0]}` : `${on} is one of ${is.join(', ')}`]),
    ...(atLeast === undefined ? [] : [`${on} >= ${atLeast}`]),
    ...(below === undefined ? [] : [`${on} < ${below}`]),
    ...(prefix === undefined ? [] : [`${on} begins with ${prefix}`]),
    ...(exists === undefined ? [] : [`${on} is ${exists ? '' : 'not '}there`]),
  ].join(' and ');
}
