import { ingestVerdicts, laterIngest, probeIngest } from '../../src/core/data-manager/status.ts';
import type { Later, Probe } from '../../src/core/destination.ts';
import { destinationOf } from './conversion.ts';
import type { Settings } from './settings.ts';

/** Reasons that only Floodlight has (`destinations/floodlight.md` 2). */
const REASONS: readonly string[] = [
  'MATCH_ID_NOT_FOUND',
  'USER_ID_NOT_FOUND_FOR_MATCH_ID',
  'USER_ID_NOT_FOUND_FOR_GCLID',
  'USER_ID_NOT_FOUND_FOR_DCLID',
  'USER_ID_NOT_FOUND_FOR_IMPRESSION_ID',
  'USER_ID_NOT_FOUND',
  'INVALID_AD_IDENTIFIERS',
  'INVALID_MOBILE_ID_FORMAT',
  'EVENT_ID_DECODE_ERROR',
];

export const VERDICTS = ingestVerdicts(REASONS);

/** Google says half an hour later what it made of the conversions (`destinations/google-ads.md` 2.5). */
export function later({ credentials }: Settings): Later {
  return laterIngest(credentials, REASONS);
}

/** Validates the credentials, the configuration and the activities; counts nothing. */
export function probe(settings: Settings): Probe {
  const activities = [...new Set(Object.values(settings.activities).map(({ id }) => id))];
  return probeIngest(
    activities.map((activity) => destinationOf(activity, settings)),
    settings.credentials,
    'the credentials, the Floodlight configuration and the activities',
  );
}
