import { GATE_MASK } from '../core/signals.ts';
import { isExpiry } from '../cookies/index.ts';
import type { Gateway } from '../policy/gateway.ts';
import { admitPage } from '../protocols/admission.ts';
import type { Hit, HitReading } from '../protocols/hit.ts';
import type { SourceName } from '../protocols/index.ts';
import type { Protocol } from '../protocols/protocol.ts';
import { browserVisitor } from './browser-visitor.ts';
import { traceOf } from './trace-hit.ts';
import type { Trace } from './trace.ts';

/**
 * What the cookies of a browser's request withdraw; undefined = nothing. A withdrawal counts even if the rest of the
 * request is wrong. From a page of another site the browser sends only some cookies, so there only an express refusal
 * counts; on the site's own pages a missing consent cookie counts as it does in any hit.
 */
export function takenBack(hit: Hit, protocol: Protocol<SourceName>, gateway: Gateway): Trace | undefined {
  const site = gateway.siteOf.get(hit.host);
  if (site === undefined || hit.headers['cookie'] === undefined) return undefined;
  const reading: HitReading = {
    stream: undefined,
    events: [{ raw: {}, visitor: browserVisitor(hit, site, gateway) }],
    unknownKeys: 0,
    leftOut: {},
  };
  const trace = traceOf(
    { hit, site, protocol, sender: 'browser', routes: [], window: undefined, withdrawnSince: () => undefined },
    reading,
  );
  const { withdrawn } = trace;
  if (withdrawn.length === 0) return undefined;
  const stated =
    withdrawn.some(({ closedRoutes }) => closedRoutes.length > 0) ||
    trace.events.some(({ consent }) => (consent.refused & GATE_MASK) !== 0);
  if (!stated && admitPage(hit, site) !== 'browser') return undefined;
  return { ...trace, setCookies: trace.setCookies.filter(isExpiry) };
}
