import { hexOf, sha256Hex, type KeyedHash } from '../core/hash.ts';
import type { Gateway } from '../policy/gateway.ts';

/** Subjects of one site whose keys are remembered: one hit names the same ones for every route. */
const REMEMBERED = 4_096;
/** Characters from which on one is not: what is remembered has a bound. */
const LONG = 256;

/**
 * Keyed hashes of subjects, cut to 52 bits so that they are exact numbers; two visitors of a queue of a million share
 * one with a chance below one in a thousand million. Undefined for a site that is not configured.
 * @param sha256 SHA-256 of a text in hex: that of the runtime where it has a faster one
 */
export function subjectKeys(
  gateway: Gateway,
  sha256: (text: string) => string = sha256Hex,
): (site: string, subject: string) => number | undefined {
  const keysOf = new Map(gateway.sites.map((site) => [site.name, remembering(site.keys.subject, sha256)]));
  return (site, subject) => keysOf.get(site)?.(subject);
}

/**
 * The site's keyed hash makes the key, once; with it a plain SHA-256 does the work: that of Node, at a tenth of the price.
 * A prefix as key is sound here: its length is fixed, and the result is cut so that it cannot be extended.
 */
function remembering(keyed: KeyedHash, sha256: (text: string) => string): (text: string) => number {
  const key = hexOf(keyed('outbox subjects'));
  const known = new Map<string, number>();
  const made = (text: string): number => Number.parseInt(sha256(key + text).slice(0, 13), 16);
  return (text) => {
    if (text.length > LONG) return made(text);
    let subject = known.get(text);
    if (subject === undefined) {
      if (known.size >= REMEMBERED) known.clear();
      subject = made(text);
      known.set(text, subject);
    }
    return subject;
  };
}
