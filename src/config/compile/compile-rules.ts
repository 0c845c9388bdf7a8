import type { AnyView, BoundForm, Reads } from '../../core/destination.ts';
import type { FieldName } from '../../core/fields.ts';
import { sha256Hex } from '../../core/hash.ts';
import { reason } from '../../core/reason.ts';
import { maskOf, type SignalMask } from '../../core/signals.ts';
import { FIELDS } from '../../policy/fields.ts';
import type { Route } from '../../policy/gateway.ts';
import type { Permit } from '../../policy/permit.ts';
import type { Candidate, Candidates, Condition, Place, RouteRules } from '../../policy/rules.ts';
import { ruledPlace, type ConditionConfig } from './rule-fields.ts';
import { renamedTo, settingsUnder } from './rule-names.ts';
import type { RouteConfig } from './routes.ts';
import { inOneOrder, rulesIn, ruleWords, type NumberedRule } from './rules-in.ts';

type BaseRoute = Omit<Route, 'rules' | 'rule'>;

/** A rule with the route as it has it. */
interface Compiled {
  readonly rule: NumberedRule;
  readonly conditions: readonly Condition[];
  readonly first: Route;
  readonly further: Route;
}

/**
 * The rules of a route; undefined where `events` only lists names, which costs nothing then.
 * @param params those that rules may look at, whether the vendor gets them or not
 */
export function compileRules(base: BaseRoute, config: RouteConfig, params: Route['params']): RouteRules | undefined {
  const rules = rulesIn(config.events);
  if (rules === undefined) return undefined;
  const keys = keysOf(rules);
  const compiled = rules.map((rule, i) => variantsOf(base, config, rule, keys[i] as string));
  const variants = compiled.flatMap(({ first, further }) => (first === further ? [first] : [first, further]));
  return {
    variants: compiled.map(({ first }) => first),
    under: base.permits.map((permit) => candidatesUnder(permit, { ...base, params }, compiled)),
    byKey: new Map(variants.flatMap((one) => (one.rule?.key === undefined ? [] : [[one.rule.key, one] as const]))),
  };
}

/**
 * The key by which a stored event finds its rule again. It is made of the event and the conditions, so that the name or
 * the values of a rule can be corrected while events wait. Where several rules have the same conditions, their number
 * is in it too.
 */
function keysOf(rules: readonly NumberedRule[]): readonly string[] {
  const seen = new Map<string, number>();
  return rules.map(inOneOrder).map(({ event, when }) => {
    const asks = sha256Hex(JSON.stringify([event, when])).slice(0, 12);
    const times = seen.get(asks) ?? 0;
    seen.set(asks, times + 1);
    return times === 0 ? asks : `${asks}.${times}`;
  });
}

/** The route for the events of one rule: its forms contain the vendor's name of the event and the values that the rule sets. */
function variantsOf(base: BaseRoute, config: RouteConfig, rule: NumberedRule, key: string): Compiled {
  const { destination } = base;
  const bound = destination.bind(settingsUnder(config, rule));
  const rename = renamedTo(config, rule);
  const variant = (further: boolean): Route => {
    const form = (own: BoundForm, reads: Reads): BoundForm =>
      ruled(own, {
        event: rule.event,
        rename,
        given: givenTo(reads, rule, base),
        mark: further ? nameIn(own, rule, rename) : undefined,
      });
    const full = form(bound.full, destination.reads);
    const limited = bound.limited && form(bound.limited, destination.limited?.reads ?? {});
    const plain = rule.as === undefined && rule.conversion === undefined && Object.keys(rule.set).length === 0;
    return {
      ...base,
      bound: { ...base.bound, full, limited },
      rules: undefined,
      rule: {
        place: rule.place,
        words: ruleWords(rule),
        key: plain && !further ? undefined : further ? `${key}+` : key,
        identity: {
          full: identityOf(full, base.bound.full, rule.event),
          limited: identityOf(limited, base.bound.limited, rule.event),
        },
      },
    };
  };
  const first = variant(false);
  const further = destination.dedupesByIdAlone ? variant(true) : first;
  return { rule, conditions: rule.when.map(conditionFrom), first, further };
}

function nameIn(form: BoundForm, { event }: NumberedRule, rename: string | undefined): string {
  return form.nameOf(rename ?? event) ?? '';
}

/** For the vendor, an event with another name than the route's own is another event. */
function identityOf(form: BoundForm | undefined, base: BoundForm | undefined, event: string): string {
  const name = form?.nameOf(event);
  return name === undefined || name === base?.nameOf(event) ? '' : `|as|${name}`;
}

function conditionFrom({ on, is, atLeast, below, prefix, exists }: ConditionConfig): Condition {
  return { ...ruledPlace(on), is: is && new Set(is), atLeast, below, prefix, exists };
}

/** For each event name, the rules that this permit allows to judge: every field in their conditions is open. */
function candidatesUnder(
  permit: Permit,
  seen: Pick<Route, 'params' | 'bound' | 'destination'>,
  compiled: readonly Compiled[],
): ReadonlyMap<string, Candidates> {
  const byName = Map.groupBy(compiled, ({ rule }) => rule.event);
  return new Map(
    [...byName].map(([event, all]): [string, Candidates] => {
      const closed = new Set<string>();
      const rules = all.flatMap(({ rule, conditions, first, further }): Candidate[] => {
        const shut = rule.when.filter(({ on }) => !isOpen(ruledPlace(on), permit, seen));
        for (const { on } of shut) closed.add(on);
        const form = permit.verdict === 'limited' ? first.bound.limited : first.bound.full;
        return shut.length > 0 ? [] : [{ conditions, name: form?.nameOf(event) ?? '', first, further }];
      });
      const none = reason('skip.no_rule', {
        name: event,
        closed: closed.size === 0 ? undefined : [...closed].join(', '),
      });
      return [event, { rules, none }];
    }),
  );
}

/**
 * Whether a rule may look at something under this permit: what the permit opens; and in full, what says of the event or
 * its page what happened, which no consent of its own is asked for, sent or not. A route whose owner lists its fields has
 * no others.
 */
export function isOpen(
  { field, param }: Place,
  permit: Permit,
  route: Pick<Route, 'params' | 'bound' | 'destination'>,
): boolean {
  if (param !== undefined && route.params?.has(param) === false) return false;
  if (permit.open.some((one) => one.field === field)) return true;
  if (permit.verdict !== 'full' || route.bound.listsFields) return false;
  const ofTheEvent = FIELDS[field].class === 'event' || FIELDS[field].class === 'page';
  return ofTheEvent && route.destination.reads[field]?.needs === undefined;
}

/** A value that a rule gives an event, and the signals without which the vendor may not have the field. */
export interface Given {
  readonly field: FieldName;
  readonly value: unknown;
  readonly needs: SignalMask;
}

/** The values that a rule gives, as the form gets them: only fields that the form reads, prepared in the same way. */
export function givenTo(
  reads: Reads,
  { set }: NumberedRule,
  { bound, params }: Pick<BaseRoute, 'bound' | 'params'>,
): readonly Given[] {
  const values = new Map<FieldName, unknown>();
  const own: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(set)) {
    const { field, param } = ruledPlace(name);
    if (param === undefined) values.set(field, value);
    else if (params?.has(param) !== false) own[param] = value;
  }
  if (Object.keys(own).length > 0) values.set('params', own);
  return [...values].flatMap(([field, value]) => {
    const read = reads[field];
    if (read === undefined || bound.fields?.has(field) === false) return [];
    const seen: unknown = read.as === undefined ? value : read.as(value as never);
    return seen === undefined ? [] : [{ field, value: seen, needs: maskOf(read.needs ?? []) }];
  });
}

interface Said {
  readonly event: string;
  readonly rename: string | undefined;
  readonly given: readonly Given[];
  /** An id that differs from the event's own id, for a vendor that recognises repeats by the id alone. */
  readonly mark: string | undefined;
}

/** A form whose events are shown to it as a rule has changed them. */
function ruled(form: BoundForm, { event, rename, given, mark }: Said): BoundForm {
  const shown = (view: AnyView, signals: SignalMask): AnyView => {
    const seen: Record<string, unknown> = { ...view };
    if (rename !== undefined) seen['event_name'] = rename;
    if (mark !== undefined && typeof seen['event_id'] === 'string') seen['event_id'] = `${seen['event_id']}.${mark}`;
    for (const { field, value, needs } of given) {
      if ((signals & needs) !== needs) continue;
      seen[field] = field === 'params' ? { ...(seen['params'] as object | undefined), ...(value as object) } : value;
    }
    return seen;
  };
  return {
    ...form,
    nameOf: (name) => form.nameOf(name === event && rename !== undefined ? rename : name),
    skip: (view, context) => form.skip(shown(view, context.signals), context),
    plan: (view, context) => form.plan(shown(view, context.signals), context),
  };
}
