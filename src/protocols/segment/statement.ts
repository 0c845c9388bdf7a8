import type { StatedPreferences } from '../../core/values.ts';
import { asObject } from '../../core/reply.ts';
import type { LeftOutVendors } from '../hit.ts';

/** What a call says of consent, and of the vendors it is meant for (`protocols/segment.md` 3, 4). */

type Fields = Readonly<Record<string, unknown>>;

/** No category or vendor has a longer name. */
const LONGEST = 64;

/**
 * `context.consent.categoryPreferences`; undefined = there is none. Anything but an object of true and false counts as
 * unreadable, and only a category that is `true` is allowed.
 */
export function preferencesIn(
  consent: unknown,
  about: Omit<StatedPreferences, 'categories'>,
): StatedPreferences | undefined {
  if (consent === undefined || consent === null) return undefined;
  const given = asObject(consent);
  if (given === undefined) return { ...about, categories: undefined };
  const { categoryPreferences } = given;
  if (categoryPreferences === undefined || categoryPreferences === null) return undefined;
  const preferences = asObject(categoryPreferences);
  if (preferences === undefined) return { ...about, categories: undefined };
  const categories = new Map<string, boolean>();
  for (const [name, allowed] of Object.entries(preferences)) {
    if (name.length <= LONGEST) categories.set(name, allowed === true);
  }
  return { ...about, categories };
}

const ALL = 'all';
/** The way here itself. */
const OWN: ReadonlySet<string> = new Set(['segment.io', 'segment']);
/** Segment's names for vendors where no banner uses the same. */
const ALSO: ReadonlyMap<string, string> = new Map([
  ['google data manager', 'Google Ads'],
  ['google analytic 4', 'Google Analytics 4'],
]);
/** What Segment writes around vendor names to say how events get there. */
const MODE = /^actions |(?: (?:cloud|web|server|classic|new|destination|\(actions\)))+$/g;

/**
 * The context of a call with that of its batch below it. Null says nothing, and a call that states no categories has those
 * of the batch.
 */
export function mergedContext(batch: Fields | undefined, call: Fields | undefined): Fields {
  const said = Object.entries(call ?? {}).filter(([, value]) => value !== undefined && value !== null);
  const context: Record<string, unknown> = { ...batch, ...Object.fromEntries(said) };
  if (batch !== undefined && isSilent(context['consent'])) context['consent'] = batch['consent'];
  return context;
}

/** Consent without categories: some SDKs write `consent: {}`. */
function isSilent(consent: unknown): boolean {
  const given = asObject(consent);
  return given !== undefined && (given['categoryPreferences'] ?? undefined) === undefined;
}

/**
 * Vendors that a call and its batch leave out; undefined = none. What either leaves out is left out: a name that one of them
 * allows is an exception to its own `All: false` alone. `true` and settings open nothing.
 */
export function leftOutBy(...said: readonly unknown[]): LeftOutVendors | undefined {
  const given = said.flatMap((integrations) => leftOutIn(integrations) ?? []);
  const [first, ...others] = given.filter(({ all }) => all).map(({ but }) => but);
  const but = (first ?? []).filter((name) => others.every((other) => other.includes(name)));
  const names = given.flatMap((one) => one.names);
  return given.length > 0 ? { all: first !== undefined, names, but } : undefined;
}

/** The same of one `integrations`. */
function leftOutIn(integrations: unknown): LeftOutVendors | undefined {
  if (integrations === undefined || integrations === null) return undefined;
  const given = asObject(integrations);
  if (given === undefined) return EVERYBODY;
  let all = false;
  const names: string[] = [];
  const but: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    const isOn = value === true || (typeof value === 'object' && value !== null);
    const lower = name.toLowerCase();
    if (OWN.has(lower) || name.length > LONGEST) continue;
    if (lower === ALL) all ||= !isOn;
    else (isOn ? but : names).push(vendorCalled(lower));
  }
  return all || names.length > 0 ? { all, names, but } : undefined;
}

const EVERYBODY: LeftOutVendors = { all: true, names: [], but: [] };

function vendorCalled(lower: string): string {
  const name = lower.replace(MODE, '');
  return ALSO.get(name) ?? name;
}
