import { detached, type Recent } from '../core/recent.ts';
import type { StatedConsent } from '../core/values.ts';
import { combine } from './combine.ts';
import { readConsentMode } from './standards/consent-mode.ts';
import { readGpc } from './standards/gpc.ts';
import { findCookies, readRecords, type FoundCookie, type ReadingPlan } from './plan.ts';
import type { Context } from './platform.ts';
import { readPrivacyKeys } from './standards/privacy-keys.ts';
import type { ConsentReader, ConsentReaders, Remembered } from './readers.ts';
import { lapsed, misdated, MOST_AHEAD, unreadable } from './reading.ts';
import { readStated } from './stated.ts';
import type { Consent, ConsentInput, Reading, SiteConsent } from './types.ts';

export { knownPlatforms, type KnownPlatform } from './platforms/index.ts';

/** What the visitor has chosen, from every source the site reads. Never throws; what cannot be read is not granted. */
export function readConsent(input: ConsentInput, readers: ConsentReaders): Consent {
  const { site } = readers;
  const { plan, tcf, defaults, cache } = readerFor(input, readers);
  const found = findCookies(plan, input.cookies);
  const readings = found.length === 0 ? NO_READINGS : current(cached(plan, cache, found), input.at, site.maxAge);
  const all = withSignals(readings, input, site, tcf);
  if (input.stated === undefined) return combine(all, defaults);
  return combine([...all, ...statedOf(input.stated, input.at, site, readings)], defaults);
}

const NO_READINGS: readonly Reading[] = [];

/** What a sender states can be too old, like any choice. */
function statedOf(
  stated: StatedConsent,
  now: number,
  site: SiteConsent,
  fromCookies: readonly Reading[],
): readonly Reading[] {
  return current(readStated(stated, site, fromCookies), now, site.maxAge);
}

const HEADER_UNREADABLE = unreadable('cookies', {}, 'the cookie header is unreadable');

/** If the country is known, a site's opt-out regime holds only for visitors of the United States. */
function readerFor({ country }: ConsentInput, { optIn, optOut }: ConsentReaders): ConsentReader {
  return optOut !== undefined && (country === undefined || country === 'US') ? optOut : optIn;
}

function cached(plan: ReadingPlan, cache: Recent<Remembered>, found: readonly FoundCookie[]): readonly Reading[] {
  const values = joined(found, 'value');
  const names = joined(found, 'name');
  const known = cache.get(values);
  if (known !== undefined && known.names === names) return known.readings;
  const readings = readRecords(plan, found);
  if (readings.some(({ status }) => status === 'given')) {
    cache.set(values, { names: detached(names), readings: readings.map(detachedReading) });
  }
  return readings;
}

/** Different cookies give different texts, because no name and no value has a `;` in it. */
function joined(found: readonly FoundCookie[], part: 'name' | 'value'): string {
  let text = (found[0] as FoundCookie)[part];
  for (let i = 1; i < found.length; i++) text += `;${(found[i] as FoundCookie)[part]}`;
  return text;
}

function detachedReading(reading: Reading): Reading {
  return reading.id === undefined ? reading : { ...reading, id: detached(reading.id) };
}

/** Readings as of now: what is dated in the future, expired or too old does not grant. */
function current(readings: readonly Reading[], now: number, maxAge: number | undefined): readonly Reading[] {
  let changed: Reading[] | undefined;
  for (let i = 0; i < readings.length; i++) {
    const reading = readings[i] as Reading;
    const judged = judge(reading, now, maxAge);
    if (judged !== reading) (changed ??= [...readings])[i] = judged;
  }
  return changed ?? readings;
}

function judge(found: Reading, now: number, maxAge: number | undefined): Reading {
  if (found.at !== undefined && found.at > now + MOST_AHEAD) return misdated(found);
  // The browser's clock may run ahead; a choice is never later than its hit.
  const reading = found.at !== undefined && found.at > now ? { ...found, at: now } : found;
  const { at, until, status } = reading;
  if (until !== undefined && until <= now) return lapsed(reading, 'expired by its own date');
  if (maxAge === undefined || (status !== 'given' && status !== 'denied')) return reading;
  if (at === undefined) return lapsed(reading, 'without a readable time, and the site limits the age');
  return at < now - maxAge ? lapsed(reading, 'older than the site allows') : reading;
}

/** Adds what comes beside the cookies; all of it can only take away. */
function withSignals(
  readings: readonly Reading[],
  input: ConsentInput,
  site: SiteConsent,
  tcf: Context,
): readonly Reading[] {
  const mode = site.honourConsentMode ? readConsentMode(input.gcs, input.gcd) : undefined;
  const keys =
    site.honourConsentMode && (input.privacy !== undefined || (input.npa !== undefined && input.npa !== '0'))
      ? readPrivacyKeys(input.npa, input.privacy, tcf, input.at)
      : NO_READINGS;
  if (mode === undefined && keys.length === 0 && !input.gpc && input.cookies.unreadable !== true) return readings;
  // The usual case: only the tag's consent mode.
  if (mode !== undefined && keys.length === 0 && !input.gpc && input.cookies.unreadable !== true) {
    return [...readings, mode];
  }
  const all = [...readings];
  if (input.cookies.unreadable === true) all.push(HEADER_UNREADABLE);
  if (input.gpc) all.push(readGpc(site.honourGpc));
  if (mode !== undefined) all.push(mode);
  all.push(...keys);
  return all;
}
