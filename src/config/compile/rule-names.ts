import * as z from 'zod';
import type { Destination } from '../../core/destination.ts';
import { isReservedEvent } from '../../protocols/names.ts';
import type { RouteConfig } from './routes.ts';
import type { EventConfig, NumberedRule } from './rules-in.ts';

/*
 * What a rule says the vendor calls an event stands in the place where the settings of its destination say it for all
 * events: a setting `event_names`, `conversions`, `goals` or `activities`. So a destination has nothing to do for rules, and its own schema
 * says what is wrong with a name.
 */

/** The key of a rule, and the setting whose values are of the same kind. */
const NAMED_BY = [
  { key: 'as', setting: 'event_names' },
  { key: 'conversion', setting: 'conversions' },
  { key: 'conversion', setting: 'goals' },
  { key: 'conversion', setting: 'activities' },
] as const;

type NamedBy = (typeof NAMED_BY)[number];
type Section = Readonly<Record<string, unknown>>;

/** How a destination names events; undefined = under their own names. */
function namedBy({ settings }: Pick<Destination, 'settings'>): NamedBy | undefined {
  const shape: Section = settings instanceof z.ZodObject ? settings.shape : {};
  return NAMED_BY.find(({ setting }) => Object.hasOwn(shape, setting));
}

/** The event's own name for the receiver, where `as` says one and the settings have no names. */
export function renamedTo(
  { namedIn }: Pick<RouteConfig, 'namedIn'>,
  { as }: Pick<NumberedRule, 'as'>,
): string | undefined {
  return namedIn === undefined ? as : undefined;
}

/** Takes the place of an event name in the settings. It begins with a character that no keyboard has. */
const standIn = (place: number): string => `\u2063${place}`;

/**
 * The written settings with the names from rules added, so that the destination's own schema reads them.
 * @param events as they are written
 */
export function withRuleNames(destination: Destination, written: Section, events: unknown): Section {
  const by = namedBy(destination);
  if (by === undefined || !Array.isArray(events)) return written;
  const names = events.flatMap((one: unknown, i) => {
    const name = isSection(one) ? one[by.key] : undefined;
    return name === undefined ? [] : [[standIn(i), name] as const];
  });
  const own = written[by.setting] ?? {};
  if (names.length === 0 || !isSection(own)) return written;
  return { ...written, [by.setting]: { ...own, ...Object.fromEntries(names) } };
}

/** The place where a wrong setting was written: a name from a rule is in the rule. */
export function placeWritten(path: readonly PropertyKey[]): readonly PropertyKey[] {
  const [setting, name] = path;
  const by = NAMED_BY.find((one) => one.setting === setting);
  if (by === undefined || typeof name !== 'string' || !name.startsWith('\u2063')) return path;
  return ['events', Number(name.slice(1)), by.key];
}

/** The parsed settings without the names from rules; these names, by the place of the rule; and the setting they belong into. */
export function apart(
  settings: unknown,
  destination: Destination,
): Pick<RouteConfig, 'settings' | 'named' | 'namedIn'> {
  const namedIn = namedBy(destination)?.setting;
  const section = namedIn === undefined ? undefined : (settings as Section)[namedIn];
  if (namedIn === undefined || !isSection(section)) return { settings, named: new Map(), namedIn };
  const all = Object.entries(section);
  const rules = all.filter(([name]) => name.startsWith('\u2063'));
  if (rules.length === 0) return { settings, named: new Map(), namedIn };
  const own = Object.fromEntries(all.filter(([name]) => !name.startsWith('\u2063')));
  const named = new Map(rules.map(([name, value]) => [Number(name.slice(1)) + 1, value] as const));
  return { settings: { ...(settings as Section), [namedIn]: own }, named, namedIn };
}

/** The settings of a route for the events of one rule. */
export function settingsUnder(
  { settings, named, namedIn }: Pick<RouteConfig, 'settings' | 'named' | 'namedIn'>,
  rule: NumberedRule,
): unknown {
  if (namedIn === undefined || !named.has(rule.place)) return settings;
  const own = (settings as Section)[namedIn] as Section;
  return { ...(settings as Section), [namedIn]: { ...own, [rule.event]: named.get(rule.place) } };
}

/** What is wrong with the vendor's name in a rule. */
export function misnamed(destination: Destination, one: EventConfig, i: number): z.core.$ZodIssue[] {
  if (typeof one === 'string') return [];
  const by = namedBy(destination);
  const wrong = (key: string, message: string, instead?: string): z.core.$ZodIssue[] => [
    { code: 'custom', path: ['events', i, key], message, params: { instead }, input: undefined },
  ];
  const { title } = destination;
  if (by?.key !== 'conversion' && one.conversion !== undefined)
    return wrong(
      'conversion',
      `${title} is told the name of an event, not the id of a conversion`,
      'the same as `as:`',
    );
  if (by?.key === 'conversion' && one.as !== undefined)
    return wrong(
      'as',
      `${title} is told the id of a conversion, not another name of the event`,
      'the id as `conversion:`',
    );
  if (by !== undefined || one.as === undefined) return [];
  if (one.as.length > 40) return wrong('as', 'expected the name of an event, 1 to 40 characters');
  return isReservedEvent(one.as)
    ? wrong(
        'as',
        `\`${one.as}\` is a name that Google Analytics keeps for itself`,
        "the name of an event of the site's own",
      )
    : [];
}

function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
