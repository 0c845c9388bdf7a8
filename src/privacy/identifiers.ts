import type { KeyedHash } from '../core/hash.ts';
import { clientIdTime } from '../core/issue-time.ts';

/** How far a visitor's clock may run ahead of ours before a time counts as being in the future, milliseconds. */
export const CLOCK_SKEW = 5 * 60_000;

/** A client id as it may leave, and what has been done to it. */
export interface PresentableClientId {
  readonly value: string;
  /** `own`: as it came. `rotating`: a pseudonym for one window of the cap. `expired`: one for a single page load. */
  readonly kind: 'own' | 'rotating' | 'expired';
}

/**
 * A client id as it may leave (design 3a, "Age of an identifier"): within `cap` milliseconds of its issue, as it is;
 * with no time in it, or a future one, as a keyed hash that changes every `cap`; too old, as a keyed hash of it and
 * the page load. Pseudonyms look like a client id that was issued when the window began.
 *
 * `pageLoadId` must be unknown to the next page load: where a hit has no `_p`, its own id.
 */
export function presentableClientId(
  cid: string,
  pageLoadId: string,
  at: number,
  cap: number,
  pseudonym: KeyedHash,
): PresentableClientId {
  const issued = clientIdTime(cid);
  const dated = issued !== undefined && issued <= at + CLOCK_SKEW;
  if (dated && at - issued < cap) return { value: cid, kind: 'own' };
  const window = Math.floor(at / cap);
  const began = Math.floor((window * cap) / 1000);
  const kind = dated ? 'expired' : 'rotating';
  const text = dated ? `page|${pageLoadId}|${cid}` : `window|${window}|${cid}`;
  return { value: `${number53(pseudonym(text))}.${began}`, kind };
}

/** The first 53 bits of a digest: the most that a JavaScript number holds exactly. */
function number53(digest: Uint8Array): number {
  let value = 0;
  for (let i = 0; i < 6; i++) value = value * 256 + (digest[i] as number);
  return value * 32 + ((digest[6] as number) >> 3);
}
