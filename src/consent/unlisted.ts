import type { Cookies } from './cookie-header.ts';
import { knownPlatforms } from './platforms/index.ts';
import { findCookies, planOf, readRecords, type ReadingPlan } from './plan.ts';
import type { SiteConsent } from './types.ts';

/** The plan with every platform, for a site that reads only some; made once per site. */
const plans = new WeakMap<SiteConsent, ReadingPlan>();

/**
 * Consent platforms whose record is among the cookies though the site does not read them (`consent.cmp`): most often
 * the reason why nobody seems to consent. Only records that can be read count; a name alone could be anybody's cookie.
 */
export function unlistedPlatforms(cookies: Cookies, site: SiteConsent): readonly string[] {
  const listed = new Set(site.cmp);
  if (knownPlatforms.every(({ name }) => listed.has(name))) return NONE;
  let plan = plans.get(site);
  if (plan === undefined) {
    plan = planOf({ ...site, cmp: knownPlatforms.map(({ name }) => name), custom: [] }, 'opt-in');
    plans.set(site, plan);
  }
  const found = findCookies(plan, cookies);
  if (found.length === 0) return NONE;
  const sources = readRecords(plan, found)
    .filter(({ source, status, onlyTakes }) => onlyTakes !== true && status !== 'none' && !listed.has(source))
    .map(({ source }) => source);
  return [...new Set(sources)];
}

const NONE: readonly string[] = [];
