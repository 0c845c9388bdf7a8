import { FIELDS } from '../../policy/fields.ts';
import { type Permit, permitTable } from '../../policy/permit.ts';
import type { Route } from '../../policy/gateway.ts';
import { numberIn } from '../../policy/rules.ts';
import { nearest } from '../../core/nearest.ts';
import { GATE_MASK } from '../../core/signals.ts';
import { LEFT } from '../../privacy/replaced-event.ts';
import { givenTo, isOpen } from '../compile/compile-rules.ts';
import { paramsOfUse, routeParams, type RouteConfig } from '../compile/routes.ts';
import { ruledPlace, type ConditionConfig } from '../compile/rule-fields.ts';
import { renamedTo, settingsUnder } from '../compile/rule-names.ts';
import { rulesIn, type NumberedRule } from '../compile/rules-in.ts';
import type { SiteConfig } from '../schema.ts';
import { contradiction, suspicious, type ConfigPath, type Remark } from './finding.ts';

/** Rules that never apply, or that give a value the vendor does not take. */
export function lintRules(route: RouteConfig, path: ConfigPath, { privacy }: SiteConfig): Remark[] {
  const rules = rulesIn(route.events);
  if (rules === undefined) return [];
  const { destination, settings } = route;
  const bound = destination.bind(settings);
  const all = permitTable(destination, { withoutConsent: 'block', alsoNeeds: bound.needs, only: bound.fields });
  const params = routeParams(route, privacy.replaced_ids !== undefined);
  const shown: Shown = { destination, bound, params, privacy, permit: all[GATE_MASK] as Permit };
  const named = rules.map((rule): Named => ({ rule, name: nameUnder(rule, route) }));
  return named.flatMap(({ rule, name }, i) => {
    const at = [...path, 'events', i];
    return [
      ...rule.when.flatMap((condition) => lintCondition(condition, shown, [...at, 'when', condition.on])),
      ...lintSet(rule, shown, [...at, 'set']),
      ...lintReach(
        rule,
        named.slice(0, i).filter((one) => one.name === name),
        at,
      ),
    ];
  });
}

/** The fields that a vendor may see with full consent. */
interface Shown extends Pick<Route, 'destination' | 'bound' | 'params'> {
  readonly permit: Permit;
  readonly privacy: SiteConfig['privacy'];
}

function lintCondition(condition: ConditionConfig, shown: Shown, path: ConfigPath): Remark[] {
  const { on } = condition;
  if (isImpossible(condition))
    return [contradiction(path, `no value of \`${on}\` is like that: the rule never applies`)];
  if (!isOpen(ruledPlace(on), shown.permit, shown))
    return [contradiction(path, whyShut(on, shown), meantOfList(on, shown.params))];
  const kept = keptBy(on, shown.privacy);
  if (kept === undefined) return [];
  return [
    contradiction(
      path,
      `\`${kept}\` removes \`${on}\` from every event of the site, so it is unknown whether it was there`,
    ),
  ];
}

/** The setting of the site because of which no event has such a field. */
function keptBy(on: string, { ip, referrer, replaced_ids }: SiteConfig['privacy']): string | undefined {
  const { field } = ruledPlace(on);
  if (replaced_ids !== undefined && !LEFT.has(field)) return 'privacy.replaced_ids';
  if (field === 'page_referrer' && referrer === 'none') return 'privacy.referrer: none';
  return field === 'country' && ip !== 'country' ? `privacy.ip: ${ip}` : undefined;
}

function whyShut(on: string, { destination, bound, params }: Shown): string {
  const { field, param } = ruledPlace(on);
  const never = 'so the rule never applies';
  if (param !== undefined && params?.has(param) === false)
    return `the route does not list \`${param}\` in \`params\`, ${never}`;
  if (bound.listsFields && bound.fields?.has(field) === false)
    return `the route does not list \`${on}\` in \`fields\`, ${never}`;
  const what = FIELDS[field].description;
  return `${destination.title} may not have \`${on}\` (${what}), whatever the visitor allows, ${never}`;
}

/** The listed parameter that resembles one that is not. */
function meantOfList(on: string, params: Shown['params']): string | undefined {
  const { param } = ruledPlace(on);
  const meant = param === undefined || params?.has(param) !== false ? undefined : nearest(param, params);
  return meant === undefined ? undefined : `params.${meant}`;
}

function isImpossible({ is, atLeast, below, prefix, exists }: ConditionConfig): boolean {
  if (exists === false) return (is ?? atLeast ?? below ?? prefix) !== undefined;
  if (atLeast !== undefined && below !== undefined && atLeast >= below) return true;
  return is?.every((text) => !text.startsWith(prefix ?? '') || !isBetween(text, atLeast, below)) === true;
}

function isBetween(text: string, atLeast: number | undefined, below: number | undefined): boolean {
  if (atLeast === undefined && below === undefined) return true;
  const number = numberIn(text);
  return number !== undefined && number >= (atLeast ?? -Infinity) && number < (below ?? Infinity);
}

function lintSet(rule: NumberedRule, { destination, bound, params }: Shown, path: ConfigPath): Remark[] {
  const untaken = Object.entries(rule.set).flatMap(([name, value]) => {
    const sent = paramsOfUse(params, bound.params);
    if (givenTo(destination.reads, { ...rule, set: { [name]: value } }, { bound, params: sent }).length > 0) return [];
    const { param } = ruledPlace(name);
    const listed = param === undefined || params?.has(param) !== false;
    const why = listed
      ? `${destination.title} does not take \`${name}\``
      : `the route does not list \`${param}\` in \`params\``;
    return [contradiction([...path, name], `${why}, so it is never sent`)];
  });
  const { currency, value } = rule.set;
  if (currency === undefined || value !== undefined) return untaken;
  const message = 'an amount of the event would count in this currency, although it may be in another one';
  return [...untaken, suspicious([...path, 'currency'], message, 'a `value` beside it')];
}

/** A rule, and the vendor's name for its events. */
interface Named {
  readonly rule: NumberedRule;
  readonly name: string | undefined;
}

/** A rule never applies if an earlier one applies to all its events and gives the same name. */
function lintReach(rule: NumberedRule, earlier: readonly Named[], path: ConfigPath): Remark[] {
  const before = earlier
    .map((one) => one.rule)
    .find(({ event, when }) => event === rule.event && when.every((asked) => isImplied(asked, rule)));
  if (before === undefined) return [];
  const same = rule.when.every((asked) => isImplied(asked, before));
  const why = same ? 'asks the same' : 'applies wherever this one does';
  const message = `never applies: rule ${before.place} of the route ${why}, and an event is sent once under one name`;
  return [contradiction(path, message, same ? 'one of the two' : `this rule above rule ${before.place}`)];
}

function nameUnder(rule: NumberedRule, route: RouteConfig): string | undefined {
  const { full } = route.destination.bind(settingsUnder(route, rule));
  return full.nameOf(renamedTo(route, rule) ?? rule.event);
}

/** Whether every event that fulfils `rule` also fulfils `asked`. */
function isImplied({ on, is, atLeast, below, prefix, exists }: ConditionConfig, { when }: NumberedRule): boolean {
  const own = when.find((one) => one.on === on);
  if (own === undefined) return false;
  if (exists === false) return own.exists === false;
  if (own.exists === false) return false;
  const each = (fits: (text: string) => boolean): boolean => own.is?.every(fits) === true;
  return (
    (is === undefined || each((text) => is.includes(text))) &&
    (prefix === undefined || own.prefix?.startsWith(prefix) === true || each((text) => text.startsWith(prefix))) &&
    (atLeast === undefined ||
      (own.atLeast ?? -Infinity) >= atLeast ||
      each((text) => isBetween(text, atLeast, undefined))) &&
    (below === undefined || (own.below ?? Infinity) <= below || each((text) => isBetween(text, undefined, below)))
  );
}
