import { sha256Hex } from './hash.ts';

/*
 * Who gets the events of a route, as it is written down with each of them: the kind of vendor, and where its host is a
 * setting, a fingerprint of the host and of whose account there it is. What was stored for one recipient is not sent to
 * another.
 */

const SEPARATOR = '@';
/** Hexadecimal digits of a fingerprint: enough that two settings of one route are told apart. */
const DIGITS = 12;

/**
 * The recipient of a route.
 * @param name `Destination.name`
 * @param told hosts and settings that say who it is; undefined where they are the vendor's own for every route
 */
export function recipientOf(name: string, told: readonly (readonly [string, unknown])[] | undefined): string {
  return told === undefined ? name : `${name}${SEPARATOR}${sha256Hex(JSON.stringify(told)).slice(0, DIGITS)}`;
}

/** The kind of vendor of a recipient: `Destination.name`. */
export function vendorOf(recipient: string): string {
  const at = recipient.indexOf(SEPARATOR);
  return at === -1 ? recipient : recipient.slice(0, at);
}

/**
 * Whether what was stored for `stored` may go to `recipient`. An earlier version did not write a fingerprint down, and one
 * before it not even the kind: '' and a bare name say no more than they say.
 */
export function isFor(stored: string, recipient: string): boolean {
  return stored === recipient || stored === '' || stored === vendorOf(recipient);
}
