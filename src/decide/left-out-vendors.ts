import { routesCalled } from '../consent/route-names.ts';
import { reason } from '../core/reason.ts';
import { ended, type RouteTrace } from '../policy/decide.ts';
import type { Site } from '../policy/gateway.ts';
import type { LeftOutVendors } from '../protocols/hit.ts';
import { isPlanned } from './trace.ts';

const LEFT_OUT = reason('skip.left_out');

/** What was decided, without what would go to vendors that the sender leaves out. */
export function withoutLeftOut(
  decided: RouteTrace[],
  { consentReaders }: Site,
  { all, names, but }: LeftOutVendors,
): RouteTrace[] {
  const out = routesCalled(names, consentReaders);
  const meant = all ? routesCalled(but, consentReaders) : undefined;
  return decided.map((one) => {
    const { name } = one.route;
    const isOut = out.has(name) || (meant !== undefined && !meant.has(name));
    return isOut && isPlanned(one) ? ended(one.route, one.signals, LEFT_OUT) : one;
  });
}
