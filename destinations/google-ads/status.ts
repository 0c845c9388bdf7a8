import { ingestVerdicts, laterIngest, probeIngest } from '../../src/core/data-manager/status.ts';
import type { Later, Probe } from '../../src/core/destination.ts';
import { destinationOf } from './conversion.ts';
import type { Settings } from './settings.ts';

export const VERDICTS = ingestVerdicts();

/** Google says half an hour later what it made of the conversions (`destinations/google-ads.md` 2.5). */
export function later({ credentials }: Settings): Later {
  return laterIngest(credentials);
}

/** Validates the credentials, the account and the conversion actions; counts nothing. */
export function probe(settings: Settings): Probe {
  const actions = [...new Set(Object.values(settings.conversions))];
  return probeIngest(
    actions.map((action) => destinationOf(action, settings)),
    settings.credentials,
    'the credentials, the account and the conversion actions',
  );
}
