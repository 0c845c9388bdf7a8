import { sha256Hex } from '../core/hash.ts';
import type { Hit, Problem, RefusedCode } from './hit.ts';

/** Whose hit it is (design 3a): consent and identifiers come from the request, or from what a back end says. */
export type Sender = 'browser' | 'backend';

/** Who may send to a site. */
export interface Senders {
  /** `scheme://host[:port]` of its pages. */
  readonly origins: ReadonlySet<string>;
  /** SHA-256 (hex) of each ingest key. */
  readonly ingestKeys: ReadonlySet<string>;
}

const refuse = (detail: string, code: RefusedCode = 'refused.origin'): Problem => {
  return { status: 403, title: 'Not an allowed sender', detail, code };
};

/** A page of an origin the site does not list. */
export const UNLISTED = refuse(
  'The Origin of this page is not listed. Add it to `origins` of the site in the gateway configuration.',
);
const CROSS_SITE = refuse('A request without Origin must come from the same site; this one came from elsewhere.');
const NEITHER = refuse(
  'Send events from a page whose origin is listed in `origins`, or from a back end with `Authorization: Bearer` and one of the `ingest_keys`.',
  'refused.key',
);
const BAD_KEY = refuse('The bearer key is not one of the `ingest_keys` of this site.', 'refused.key');

/**
 * Decides who sent a web hit. Without `Origin` (same-origin GETs have none) `Sec-Fetch-Site` decides, without that a
 * `Referer`, if there is one, must be a listed origin.
 */
export function admitCollect(hit: Hit, site: Senders): Sender | Problem {
  const { origin, referer } = hit.headers;
  if (origin !== undefined) return site.origins.has(origin) ? 'browser' : UNLISTED;
  const fetchSite = hit.headers['sec-fetch-site'];
  if (fetchSite !== undefined) return fetchSite === 'same-origin' || fetchSite === 'same-site' ? 'browser' : CROSS_SITE;
  if (referer !== undefined) return site.origins.has(originOf(referer)) ? 'browser' : UNLISTED;
  return 'browser';
}

/** Decides who sent JSON events: a listed page, or a back end with an ingest key. */
export function admitEvents(hit: Hit, site: Senders): Sender | Problem {
  const { origin, authorization } = hit.headers;
  if (origin !== undefined) return site.origins.has(origin) ? 'browser' : UNLISTED;
  if (authorization === undefined) return NEITHER;
  const key = /^Bearer +([\x21-\x7e]{1,512}) *$/i.exec(authorization)?.[1];
  if (key === undefined || !site.ingestKeys.has(sha256Hex(key))) return BAD_KEY;
  return 'backend';
}

/** `scheme://host[:port]` of an address, or an empty text no origin is equal to. */
function originOf(address: string): string {
  try {
    return new URL(address).origin;
  } catch {
    return '';
  }
}
