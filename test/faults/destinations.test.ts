import { describe, expect, it, vi } from 'vitest';
import { attempt } from '../support/egress.ts';
import { decideRequest as decide } from '../../src/decide/request.ts';
import type { Gateway, Route } from '../../src/policy/gateway.ts';
import { gatewayOf } from '../support/hits.ts';
import { CONFIG, jsonPurchase, webPurchase } from './hits.ts';

// R80 for the vendors: a module that fails stops its own route and no other.

const gateway = gatewayOf(CONFIG);
const [site] = gateway.sites;
if (site === undefined) throw new Error('no site');

function fault(): never {
  throw new Error('a fault with kari@example.no in it');
}

/** The gateway with one route whose module breaks when it makes its form of an event, or when it is asked about one. */
function withBroken(name: string, part: 'plan' | 'skip' = 'plan'): Gateway {
  if (site === undefined) return gateway;
  const broken = (route: Route): Route => {
    const { full, limited } = route.bound;
    const bound = {
      ...route.bound,
      full: { ...full, [part]: fault },
      limited: limited && { ...limited, [part]: fault },
    };
    return route.name === name ? { ...route, bound } : route;
  };
  const changed = { ...site, routes: site.routes.map(broken), feeds: site.feeds.map(broken) };
  return { ...gateway, sites: [changed], siteOf: new Map([['shop.example.no', changed]]) };
}

describe.each(site.routes.map(({ name }) => name))('%s breaks', (name) => {
  it.each([
    ['plans a web hit', 'plan', webPurchase],
    ['plans a JSON event', 'plan', jsonPurchase],
    ['is asked about a web hit', 'skip', webPurchase],
    ['is asked about a JSON event', 'skip', jsonPurchase],
  ] as const)('while it %s: it fails, the others go on', (_, part, make) => {
    const done = decide(make(), withBroken(name, part));
    if (!('trace' in done)) throw new Error('refused');
    const routes = done.trace.events.flatMap((event) => event.routes);
    expect(routes).toHaveLength(site.routes.length);
    // The plan first: it is made when it is asked for.
    for (const { plan, route, outcome, reason } of routes) {
      expect([route.name, outcome]).toEqual([route.name, route.name === name ? 'failed' : 'planned']);
      expect(plan === undefined).toBe(route.name === name);
      expect(JSON.stringify(reason) ?? '').not.toContain('kari');
    }
  });

  it('while it makes the request: nothing is sent, no secret is asked for, and the fault tells nothing', async () => {
    const route = site.routes.find((one) => one.name === name);
    if (route === undefined) throw new Error('no route');
    const send = vi.fn();
    const value = vi.fn();
    const ended = await attempt(
      { ...route, bound: { ...route.bound, request: fault } },
      'envelope',
      [{ element: 'element', signals: 15, acceptedAt: 0 }],
      { send, secrets: { value, forget: vi.fn() }, now: () => 0 },
    );
    expect(ended).toHaveProperty('fault');
    expect(JSON.stringify(ended)).not.toContain('kari');
    expect(send).not.toHaveBeenCalled();
    expect(value).not.toHaveBeenCalled();
  });
});
