import type { Cookies } from './cookie-header.ts';
import { findCookies, readRecords } from './plan.ts';
import type { ConsentReaders } from './readers.ts';

/**
 * Consent platforms whose record is among the cookies though the site does not read them (`consent.cmp`): most often
 * the reason why nobody seems to consent. Only records that can be read count; a name alone could be anybody's cookie.
 */
export function unlistedPlatforms(cookies: Cookies, { site, everyPlatform }: ConsentReaders): readonly string[] {
  if (everyPlatform === undefined) return NONE;
  const found = findCookies(everyPlatform, cookies);
  if (found.length === 0) return NONE;
  const sources = readRecords(everyPlatform, found)
    .filter(({ source, status, onlyTakes }) => onlyTakes !== true && status !== 'none' && !site.cmp.includes(source))
    .map(({ source }) => source);
  return [...new Set(sources)];
}

const NONE: readonly string[] = [];
