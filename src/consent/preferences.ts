import { ALL_SIGNALS, type Category, BIT, type SignalMask } from '../core/signals.ts';
import type { StatedPreferences } from '../core/values.ts';
import { choice, restriction } from './reading.ts';
import type { Reading, SitePreferences } from './types.ts';

/** What consent platforms and Segment call their categories (`protocols/segment.md` 4), in small letters. */
const USUAL: Readonly<Record<string, Category | 'necessary'>> = {
  c0001: 'necessary',
  essential: 'necessary',
  necessary: 'necessary',
  c0002: 'statistics',
  analytics: 'statistics',
  performance: 'statistics',
  c0003: 'preferences',
  functional: 'preferences',
  c0004: 'marketing',
  c0005: 'marketing',
  advertising: 'marketing',
  marketing: 'marketing',
  targeting: 'marketing',
  social: 'marketing',
};

/** Category, in small letters -> signals: the usual ones, and over them what the site says of its own. */
export function categorySignals(
  categories: Readonly<Record<Category, SignalMask>>,
  own: ReadonlyMap<string, SignalMask> | undefined,
): ReadonlyMap<string, SignalMask> {
  const usual = Object.entries(USUAL).map(([name, category]): [string, SignalMask] => {
    return [name, category === 'necessary' ? BIT.security_storage : categories[category]];
  });
  const stated = Array.from(own ?? [], ([name, signals]): [string, SignalMask] => [name.toLowerCase(), signals]);
  return new Map([...usual, ...stated]);
}

const SOURCE = 'category-preferences';
const UNREADABLE = 'the categories that came with the event cannot be read';
const TAKEN = 'categories that came with the event';
const NOT_TAKEN = 'categories that came with the event, which this site does not take as a consent (`consent.segment`)';
const BESIDE = 'categories that came with the event, beside a record of the banner';

/**
 * What a sender says of the categories of the banner. It can always take away. It grants only where the site accepts this
 * from the sender and no record of a banner was read (`alone`). Undefined = it says nothing of any signal.
 */
export function readPreferences(
  { categories, byPage, chosenAt }: StatedPreferences,
  { takes, signals }: SitePreferences,
  alone: boolean,
): Reading | undefined {
  if (categories === undefined) return restriction(SOURCE, 'denied', 0, ALL_SIGNALS, UNREADABLE);
  let on: SignalMask = 0;
  let off: SignalMask = 0;
  for (const [name, allowed] of categories) {
    const about = signals.get(name.toLowerCase()) ?? 0;
    if (allowed) on |= about;
    else off |= about;
  }
  if ((on | off) === 0) return undefined;
  // Before a choice, banners have everything off; so "everything off" alone is no refusal.
  const refused = chosenAt === undefined ? 0 : off;
  const withheld = off & ~refused;
  const trusted = takes === 'trust' || (takes === 'asserted' && !byPage);
  if (!trusted || !alone) return restriction(SOURCE, 'denied', refused, withheld, trusted ? BESIDE : NOT_TAKEN);
  return { ...choice(SOURCE, on & ~off, refused, { at: chosenAt }, TAKEN), withheld, about: on | off };
}
