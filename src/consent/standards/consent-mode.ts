import { TAKEN, takenAway, type TakenAway } from '../../core/consent-mode.ts';
import { restriction } from '../reading.ts';
import type { Reading } from '../types.ts';

/** Consent mode as the tag on the page wrote it, as one more reading. It can only take away. */
export function readConsentMode(gcs: string | undefined, gcd: string | undefined): Reading | undefined {
  if (gcs === undefined && gcd === undefined) return undefined;
  return READINGS.get(takenAway(gcs, gcd));
}

function readingOf({ refused, withheld, byDefault, unreadable, unknown }: TakenAway): Reading {
  const words = unreadable
    ? 'cannot be read'
    : (refused | withheld) === 0
      ? 'takes nothing away'
      : 'denied by the tag on the page';
  const note = unknown ? `${words}; a letter of gcd is not known, which takes nothing away` : words;
  const status = unreadable || (refused | withheld) === 0 ? 'none' : 'denied';
  const reading = { ...restriction('consent-mode', status, refused, withheld, note), byDefault };
  return unknown ? { ...reading, unknownLetter: true } : reading;
}

/** A reading for each possible result. */
const READINGS: ReadonlyMap<TakenAway, Reading> = new Map(TAKEN.map((taken) => [taken, readingOf(taken)]));
