import type { Hit } from '../protocols/hit.ts';
import { LIMITS } from '../protocols/limits.ts';
import type { WayIn } from '../protocols/doors.ts';
import type { Ports } from './ports.ts';

/** How many bytes the body of a request may have: `head` is the request without it. */
export type MostBytes = (head: () => Hit) => number;

const AS_ANYBODY: MostBytes = () => LIMITS.body;

/**
 * How long bodies of a door may be. Where back ends may send longer ones, the key is checked before the body is read, so
 * that senders without a key cannot fill the memory.
 */
export function mostBytesOf({ door: { backendBytes }, protocol }: WayIn, ports: Ports): MostBytes {
  if (backendBytes === undefined) return AS_ANYBODY;
  return (head) => {
    const hit = head();
    const site = ports.gateway().siteOf.get(hit.host);
    return site !== undefined && protocol.admit(hit, site) === 'backend' ? backendBytes : LIMITS.body;
  };
}
