import type { StatedConsent } from '../core/values.ts';
import { readPreferences } from './preferences.ts';
import { choice, restriction } from './reading.ts';
import type { Reading, SiteConsent } from './types.ts';

const SOURCE = 'back-end';

const NOT_TAKEN = 'asserted by the back end, which this site does not take (`mp.consent`)';

/**
 * What a sender says of a visitor's choice beside cookies (`protocols/measurement-protocol.md` 4, `protocols/segment.md`
 * 4). Its record grants only where the site accepts such records; what it says was refused or is to be withheld counts
 * everywhere.
 * @param fromCookies what the cookies of the visitor say
 */
export function readStated(
  { record, withheld, preferences }: StatedConsent,
  { takesAssertions: taken, preferences: own }: SiteConsent,
  fromCookies: readonly Reading[],
): readonly Reading[] {
  const readings: Reading[] = [];
  if (record !== undefined) {
    const { granted, refused, at } = record;
    readings.push(
      taken
        ? choice(SOURCE, granted, refused, { at }, 'asserted by the back end')
        : restriction(SOURCE, refused === 0 ? 'none' : 'denied', refused, 0, NOT_TAKEN),
    );
  }
  if (withheld !== 0) readings.push(restriction(SOURCE, 'denied', 0, withheld, 'denied for this event by its sender'));
  if (preferences !== undefined) {
    const alone = fromCookies.every(({ onlyTakes }) => onlyTakes === true);
    const said = readPreferences(preferences, own, alone);
    if (said !== undefined) readings.push(said);
  }
  return readings;
}
