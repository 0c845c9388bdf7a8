import { keyId, notAdmitted, UNLISTED, type SentBy, type Senders } from '../admission.ts';
import type { Hit, Problem } from '../hit.ts';

const NEITHER = notAdmitted(
  'Send from a page whose origin is listed in `origins`, or from a back end with one of the `ingest_keys` as the write key.',
  'refused.key',
);
const BAD_KEY: Problem = {
  ...notAdmitted('The write key of a back end has to be one of the `ingest_keys` of this site.', 'refused.key'),
  guessed: true,
};

/** A longer header is not decoded. */
const LONGEST = 1_024;

/**
 * Decides who sent a call: a listed page, whose write key is public and proves nothing; or a back end with an ingest key,
 * as the user of HTTP Basic, where server libraries put their write key, or as a bearer.
 */
export function admitCalls(hit: Hit, site: Senders): SentBy | Problem {
  const { origin, authorization } = hit.headers;
  if (origin !== undefined) return site.origins.has(origin) ? 'browser' : UNLISTED;
  if (authorization === undefined) return NEITHER;
  const key = keyOf(authorization);
  return key !== undefined && site.ingestKeys.has(keyId('ingest_keys', key)) ? 'backend' : BAD_KEY;
}

function keyOf(authorization: string): string | undefined {
  if (authorization.length > LONGEST) return undefined;
  const [, scheme = '', shown = ''] = /^(basic|bearer) +([\x21-\x7e]+) *$/i.exec(authorization) ?? [];
  if (scheme === '') return undefined;
  return scheme.toLowerCase() === 'bearer' ? shown : userOf(shown);
}

/** The user of Basic (RFC 7617 2), which is all before the first colon. */
function userOf(encoded: string): string | undefined {
  let text: string;
  try {
    text = atob(encoded);
  } catch {
    return undefined;
  }
  const colon = text.indexOf(':');
  return colon === -1 ? undefined : text.slice(0, colon);
}
