import { keyId, notAdmitted, type SentBy, type Senders } from '../admission.ts';
import type { Hit, Problem } from '../hit.ts';

const FROM_A_PAGE = notAdmitted(
  'The Measurement Protocol is for back ends: everybody can read a key in a page. Send from your server.',
  'refused.key',
);
const BAD_KEY: Problem = {
  ...notAdmitted('`api_secret` is not one of the `mp_secrets` of this site.', 'refused.key'),
  guessed: true,
};
const NO_KEY = notAdmitted('Send `api_secret` with one of the `mp_secrets` of the site.', 'refused.key');

/** A longer key is refused without being hashed. */
const LONGEST_KEY = 512;

/** Admits back ends by `api_secret`. It is compared by its hash, so that the time it takes reveals nothing. */
export function admitMeasurement(hit: Hit, site: Senders): SentBy | Problem {
  if (hit.headers['origin'] !== undefined) return FROM_A_PAGE;
  const [key, ...others] = new URLSearchParams(hit.query).getAll('api_secret');
  if (key === undefined) return NO_KEY;
  if (others.length > 0 || key.length > LONGEST_KEY) return BAD_KEY;
  return site.ingestKeys.has(keyId('mp_secrets', key)) ? 'backend' : BAD_KEY;
}
