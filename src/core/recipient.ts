import { sha256Hex } from './hash.ts';

/*
 * Who gets the events of a route, as it is stored with each event: the name of the destination; and where the host is a
 * setting, a fingerprint of the host and of the account there. Events stored for one recipient are not sent to another.
 */

const SEPARATOR = '@';
/** Hexadecimal digits of a fingerprint: enough to tell two settings of one route apart. */
const DIGITS = 12;

/**
 * The recipient of a route.
 * @param name `Destination.name`
 * @param told hosts and settings that say who the recipient is; undefined where the vendor has the same hosts for every
 * route
 */
export function recipientOf(name: string, told: readonly (readonly [string, unknown])[] | undefined): string {
  return told === undefined ? name : `${name}${SEPARATOR}${sha256Hex(JSON.stringify(told)).slice(0, DIGITS)}`;
}

/**
 * Hosts and settings that tell one recipient from another, where a person writes the host. The order never changes.
 * @param names settings that say, beside the host, who owns the events there; undefined = every host is the vendor's
 */
export function recipientSettings(
  names: readonly string[] | undefined,
  hosts: readonly string[],
  settings: unknown,
): readonly (readonly [string, unknown])[] | undefined {
  if (names === undefined) return undefined;
  const values = settings as Readonly<Record<string, unknown>>;
  return [['hosts', [...hosts].sort()], ...[...names].sort().map((name) => [name, values[name] ?? null] as const)];
}

/** The destination of a recipient: `Destination.name`. */
export function vendorOf(recipient: string): string {
  const at = recipient.indexOf(SEPARATOR);
  return at === -1 ? recipient : recipient.slice(0, at);
}

/**
 * Whether events stored for `stored` may go to `recipient`. An earlier version stored no fingerprint, and the one
 * before it not even the name. So '' fits every recipient, and a bare name every recipient of that name.
 */
export function isFor(stored: string, recipient: string): boolean {
  return stored === recipient || stored === '' || stored === vendorOf(recipient);
}
