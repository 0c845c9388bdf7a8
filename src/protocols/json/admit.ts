import { keyId, notAdmitted, UNLISTED, type SentBy, type Senders } from '../admission.ts';
import type { Hit, Problem } from '../hit.ts';

const NEITHER = notAdmitted(
  'Send events from a page whose origin is listed in `origins`, or from a back end with `Authorization: Bearer` and one of the `ingest_keys`.',
  'refused.key',
);
const BAD_KEY: Problem = {
  ...notAdmitted('The bearer key is not one of the `ingest_keys` of this site.', 'refused.key'),
  guessed: true,
};

/** Decides who sent JSON events: a listed page, or a back end with an ingest key. */
export function admitEvents(hit: Hit, site: Senders): SentBy | Problem {
  const { origin, authorization } = hit.headers;
  if (origin !== undefined) return site.origins.has(origin) ? 'browser' : UNLISTED;
  if (authorization === undefined) return NEITHER;
  const key = /^Bearer +([\x21-\x7e]{1,512}) *$/i.exec(authorization)?.[1];
  if (key === undefined || !site.ingestKeys.has(keyId('ingest_keys', key))) return BAD_KEY;
  return 'backend';
}
