import type { PlannedRequest, Reply } from '../../src/core/destination.ts';
import { SECRET as IN_BODY } from '../../src/core/egress.ts';
import type { Text } from '../../src/core/secret.ts';
import type { FakeReply, Recorded } from '../support/recorder.ts';

/** Every secret has this value on the way to a fake vendor. */
export const SECRET = 'EXAMPLE-TOKEN';

function written(text: Text): string {
  return typeof text === 'string'
    ? text
    : text.parts.map((part) => (typeof part === 'string' ? part : SECRET)).join('');
}

/** A planned request as a vendor sees it, without a network between. */
export function asRecorded(request: PlannedRequest, at = 0): Recorded {
  const url = new URL(written(request.url));
  return {
    at,
    method: request.method,
    host: url.host,
    path: url.pathname,
    query: url.search.slice(1),
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), written(value)]),
    ),
    body: (request.body ?? '').replace(JSON.stringify(IN_BODY), JSON.stringify(SECRET)),
  };
}

/** A vendor's answer as the gateway gets it. */
export function asReply(reply: FakeReply, at = 0): Reply {
  return { status: reply.status, at, headers: reply.headers ?? {}, body: reply.body ?? '' };
}
