import * as z from 'zod';
import { destinations } from '../../../destinations/index.ts';
import { eventNameSetting } from '../../core/event-name-setting.ts';
import type { Destination } from '../../core/destination.ts';
import { day } from '../units.ts';
import { apart, misnamed, placeWritten, withRuleNames } from './rule-names.ts';
import { ruleSchema } from './rule-schema.ts';

const name = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, 'expected a name: letters, digits and `_`, a letter first');

/** Keys that every route may have beside the settings of its destination. */
export const commonKeys = z.strictObject({
  type: z
    .enum(Object.keys(destinations))
    .optional()
    .describe('The destination of this route; defaults to the name of the route.'),
  events: z
    .array(z.union([eventNameSetting(), ruleSchema]))
    .min(1)
    .max(200)
    .optional()
    .describe('Only these events; by default all. A member is a name, or a rule (docs/rules.md).'),
  params: z
    .union([z.literal('all'), z.array(name).min(1)])
    .optional()
    .describe(
      'Only these custom parameters are sent. By default all that the destination takes, including those that a tag or a plug-in adds; `all` states this on purpose.',
    ),
  primary: z
    .boolean()
    .optional()
    .describe('ga4: if several tags run on a page, only the hits of this one are sent to the other vendors.'),
  since: day()
    .optional()
    .describe('The day on which this route was added to the policy. Older consents do not cover the route.'),
  services: z
    .array(z.string().min(1).max(64))
    .min(1)
    .optional()
    .describe(
      "The name that the site's banner has for this route's service, in addition to the usual names. If the banner lists services, the route needs this one.",
    ),
  without_consent: z
    .enum(['block', 'limited'])
    .default('block')
    .describe(
      'What the vendor gets without consent. `limited`: its form without identifiers, if it has one. `block`: nothing.',
    ),
});

/** One route of a site: a destination with its settings. */
export interface RouteConfig extends Omit<z.output<typeof commonKeys>, 'type'> {
  readonly destination: Destination;
  /** As the destination's own schema returned them: secrets are names. */
  readonly settings: unknown;
  /**
   * The names that rules give their events, as the settings have them. Key = the place of the rule in `events`, from 1.
   */
  readonly named: ReadonlyMap<number, unknown>;
  /**
   * The setting that has such names; undefined = the destination has none. It is here because a worker has no schema to
   * find it in.
   */
  readonly namedIn: string | undefined;
}

/** The custom parameters that a route takes; undefined = all. `replaced`: the site replaces ids. */
export function routeParams(
  { params }: Pick<RouteConfig, 'params'>,
  replaced: boolean,
): ReadonlySet<string> | undefined {
  if (Array.isArray(params)) return new Set(params);
  // Where ids are replaced, a custom parameter could still identify the visitor, so only listed ones are taken (R9).
  return replaced ? new Set() : undefined;
}

/** Those of them that are of use to the route. @param used undefined = all */
export function paramsOfUse(
  taken: ReadonlySet<string> | undefined,
  used: ReadonlySet<string> | undefined,
): ReadonlySet<string> | undefined {
  if (taken === undefined || used === undefined) return taken ?? used;
  return new Set([...used].filter((name) => taken.has(name)));
}

type Issue = z.core.$ZodRawIssue;

/**
 * Issues of the settings, each at the place where it was written. Issues of rules are left out where the rules cannot
 * be read anyway.
 */
function placedIssues(issues: readonly z.core.$ZodIssue[], readsRules: boolean): z.core.$ZodIssue[] {
  const placed = issues.map((one) => ({ ...one, path: [...placeWritten(one.path)] }));
  return readsRules ? placed : placed.filter(({ path: [key] }) => key !== 'events');
}

/**
 * Zod compiles code for each object by default. For a schema that is used once, compiling takes longer than it saves.
 */
export const ONCE = { jitless: true } as const;

/** The routes of a site. Issues of every route are reported, each with its path. */
export function readRoutes(
  sections: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  context: { readonly issues: Issue[] },
): ReadonlyMap<string, RouteConfig> {
  const routes = new Map<string, RouteConfig>();
  for (const [routeName, section] of Object.entries(sections)) {
    const report = (issues: readonly z.core.$ZodIssue[]) => {
      for (const issue of issues) {
        context.issues.push({ ...issue, path: [routeName, ...issue.path], input: undefined });
      }
    };
    const own: Record<string, unknown> = {};
    const settings: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(section)) {
      if (Object.hasOwn(commonKeys.shape, key)) own[key] = value;
      else settings[key] = value;
    }
    own['type'] ??= routeName;
    const common = commonKeys.safeParse(own, ONCE);
    if (!common.success) report(common.error.issues);
    const destination = Object.hasOwn(destinations, String(own['type']))
      ? destinations[String(own['type'])]
      : undefined;
    if (destination === undefined) continue;
    const parsed = destination.settings.safeParse(withRuleNames(destination, settings, own['events']), ONCE);
    if (!parsed.success) report(placedIssues(parsed.error.issues, common.success));
    const events = (common.success ? common.data.events : undefined) ?? [];
    const wrong = events.flatMap((one, i) => misnamed(destination, one, i));
    report(wrong);
    if (common.success && destination.listsEvents && common.data.events === undefined) {
      const message =
        'name the events that the receiver gets, e.g. `events: [generate_lead, purchase]`; there is no default';
      context.issues.push({ code: 'custom', path: [routeName], message, input: undefined });
      continue;
    }
    if (!common.success || !parsed.success || wrong.length > 0) continue;
    const { type: _, ...rest } = common.data;
    routes.set(routeName, { ...rest, destination, ...apart(parsed.data, destination) });
  }
  return routes;
}
