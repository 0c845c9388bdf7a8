import { sha256Hex } from '../core/hash.ts';
import type { Hit, Problem, RefusedCode } from './hit.ts';

/** Whose hit it is (design 3a): consent and identifiers come from the request, or from what a back end says. */
export type SentBy = 'browser' | 'backend';

/**
 * Kinds of keys of back ends, named as the configuration lists them: a bearer key, and a key in an address, where more
 * people can see it. A key of one kind is never accepted as the other.
 */
export type KeyKind = (typeof KEY_KINDS)[number];

export const KEY_KINDS = ['ingest_keys', 'mp_secrets'] as const;

/** The id of a key. Keys are compared by their hash, so that the time it takes reveals nothing. */
export function keyId(kind: KeyKind, key: string): string {
  return kind === 'ingest_keys' ? sha256Hex(key) : `${kind}:${sha256Hex(key)}`;
}

/** Who may send to a site. */
export interface Senders {
  /** `scheme://host[:port]` of its pages. */
  readonly origins: ReadonlySet<string>;
  /** Every key of its back ends, as `keyId` has it. */
  readonly ingestKeys: ReadonlySet<string>;
}

/** 403: this request may not send to the site. */
export function notAdmitted(detail: string, code: RefusedCode = 'refused.origin'): Problem {
  return { status: 403, title: 'Not an allowed sender', detail, code };
}

/** A page of an origin the site does not list. */
export const UNLISTED = notAdmitted(
  'The Origin of this page is not listed. Add it to `origins` of the site in the gateway configuration.',
);
const CROSS_SITE = notAdmitted('A request without Origin must come from the same site; this one came from elsewhere.');

/**
 * Admits browsers on pages of the site. Without `Origin` (same-origin GETs have none) `Sec-Fetch-Site` decides, without
 * that a `Referer`, if there is one, must be a listed origin.
 */
export function admitPage(hit: Hit, site: Senders): SentBy | Problem {
  const { origin, referer } = hit.headers;
  if (origin !== undefined) return site.origins.has(origin) ? 'browser' : UNLISTED;
  const fetchSite = hit.headers['sec-fetch-site'];
  if (fetchSite !== undefined) return fetchSite === 'same-origin' || fetchSite === 'same-site' ? 'browser' : CROSS_SITE;
  if (referer !== undefined) return site.origins.has(originOf(referer)) ? 'browser' : UNLISTED;
  return 'browser';
}

/** `scheme://host[:port]` of an address, or an empty text no origin is equal to. */
function originOf(address: string): string {
  try {
    return new URL(address).origin;
  } catch {
    return '';
  }
}
