import type { Gateway } from '../policy/gateway.ts';
import type { IdWindows } from '../privacy/replaced-id.ts';
import { mediaProblem, notAllowed, notFound } from '../protocols/doors.ts';
import type { Hit, Problem } from '../protocols/hit.ts';
import type { Method } from '../protocols/protocol.ts';
import { decideHit } from './index.ts';
import type { Processed } from './trace.ts';

/** What a path answers to everybody, without a look at the request. */
const FIXED: Omit<Problem, 'status'> = {
  title: 'A fixed answer',
  detail: 'This path answers everybody the same. Nothing of the request is read, and nothing goes anywhere.',
};

/** Decides about a request that no listener has routed: for `explain` and cases, by the same rules as the listeners. */
export function decideRequest(hit: Hit, gateway: Gateway, windows?: IdWindows): Processed {
  const way = gateway.doors(hit.path);
  if (way === undefined) return { problem: notFound(gateway.prefix) };
  const { door, protocol } = way;
  if (!door.methods.includes(hit.method as Method)) return { problem: notAllowed(door.methods) };
  if (typeof door.does === 'object') return { problem: { ...FIXED, status: door.does.status } };
  const media = mediaProblem(hit, way);
  return media === undefined ? decideHit(hit, protocol, gateway, windows) : { problem: media };
}
