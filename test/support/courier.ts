import type { Gateway, Route } from '../../src/policy/gateway.ts';
import { permitTable } from '../../src/policy/permit.ts';
import { courier } from '../fixtures/courier/index.ts';
import { DAY, testGateway } from './delivery.ts';

/** A route of the invented vendor, as the configuration would make it of these settings. */
export function courierRoute(settings: object): Route {
  return {
    ...(testGateway([{ name: 'courier' }]).routeOf.get('shop/courier') as Route),
    destination: courier,
    bound: courier.bind({ wait_minutes: 0, ...settings }),
    permits: permitTable(courier, { withoutConsent: 'block' }),
    maxAge: Math.min(DAY, courier.maxAge),
  };
}

/** A gateway with this one route. */
export function gatewayWith(route: Route): Gateway {
  return { ...testGateway([]), routeOf: new Map([[route.key, route]]) };
}

/** What is stored of a purchase: `destinations/http.md` 2 has the bytes. */
export const PURCHASE =
  '{"type":"purchase","timestamp":"2026-11-20T10:15:00.000Z","data":{"event_id":"ord-20261120-7","name":"purchase","params":{"currency":"EUR","transaction_id":"ORD-20261120-7","value":59.9}}}';
