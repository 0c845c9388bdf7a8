import { describe, expect, it, vi } from 'vitest';
import type { Plan } from '../../src/core/destination.ts';
import { decideRequest } from '../../src/decide/request.ts';
import type { RouteTrace } from '../../src/policy/decide.ts';
import type { Gateway, Route } from '../../src/policy/gateway.ts';
import { collector } from '../../src/http/collect.ts';
import type { Ports } from '../../src/http/ports.ts';
import { Counters } from '../../src/ledger/counters.ts';
import { readBody } from '../../src/delivery/event-body.ts';
import { rowOf } from '../../src/delivery/lane/row.ts';
import type { OutboxRecord } from '../../src/delivery/outbox.ts';
import { WAYS_IN } from '../../src/protocols/doors.ts';
import type { Hit } from '../../src/protocols/hit.ts';
import { cookiebot, gatewayOf, jsonHit } from '../support/hits.ts';

// Whether anything goes to a vendor is decided without the vendor's form. The form is made only when it is shown or
// sent.

const gateway = gatewayOf(`
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      google_ads:
        customer_id: "1234567890"
        conversions: { purchase: "700123456", Ny_kunde: "700123457" }
        credentials: "\${A}"
        conversion_id: AW-123
        labels: { sign_up: AbC }
        without_consent: limited
      meta: { pixel_id: "123456789012345", access_token: "\${B}", event_names: { search: null } }
      microsoft_ads: { tag_id: "97000001", access_token: "\${C}" }
`);
const ALL = { preferences: true, statistics: true, marketing: true };

const hitOf = (name: string, choice: Parameters<typeof cookiebot>[0] = ALL): Hit =>
  jsonHit(
    { events: [{ name, params: { value: 599, currency: 'NOK' }, user: { email: 'kari@example.no' } }] },
    { cookies: cookiebot(choice) },
  );

/** The gateway with its routes changed. */
function changed(change: (route: Route) => Route): Gateway {
  const sites = gateway.sites.map((site) => ({
    ...site,
    routes: site.routes.map(change),
    feeds: site.feeds.map(change),
  }));
  return { ...gateway, sites, siteOf: new Map(sites.map((site) => [site.name, site])) };
}

/** The gateway with another `plan` on one route. */
function planning(name: string, plan: () => Plan): Gateway {
  return changed((route) =>
    route.name === name ? { ...route, bound: { ...route.bound, full: { ...route.bound.full, plan } } } : route,
  );
}

function routesOf(hit: Hit, at = gateway): Readonly<Record<string, RouteTrace>> {
  const done = decideRequest(hit, at);
  if (!('trace' in done)) throw new Error(JSON.stringify(done.problem));
  const routes = done.trace.events[0]?.routes ?? [];
  return Object.fromEntries(routes.map((route) => [route.route.name, route]));
}

describe('an event without a name at the vendor', () => {
  it.each([
    ['google_ads', 'purchases', { near: 'purchase' }],
    ['google_ads', 'ny_kunde', { near: 'Ny_kunde' }],
    ['google_ads', 'page_view', { name: 'page_view' }],
    // The label is for the form without consent only.
    ['google_ads', 'sign_up', { name: 'sign_up' }],
    ['meta', 'Purchase', { near: 'purchase' }],
    ['meta', 'search', { name: 'search' }],
    ['meta', 'min_hendelse', {}],
  ])('%s, %s: says which one was meant', (route, name, params) => {
    expect(routesOf(hitOf(name))[route]).toMatchObject({
      outcome: 'skipped',
      reason: { code: 'skip.not_mapped', params },
    });
  });

  it('is one without a label where consent is missing', () => {
    expect(routesOf(hitOf('sign_up', {}))['google_ads']?.plan?.element).toContain('label=AbC');
    expect(routesOf(hitOf('purchase', {}))['google_ads']?.reason).toEqual({
      code: 'skip.not_mapped',
      params: { name: 'purchase' },
    });
  });

  it('has no value of it prepared', () => {
    const prepared = vi.fn();
    const watched = changed((route) => ({
      ...route,
      permits: route.permits.map((permit) => ({
        ...permit,
        open: permit.open.map((passage) => ({ ...passage, as: () => void prepared(route.name, passage.field) })),
      })),
    }));
    routesOf(hitOf('login'), watched);
    const routes = new Set(prepared.mock.calls.map(([route]) => String(route)));
    expect([...routes]).toEqual(['microsoft_ads']);
  });
});

describe("the vendor's form of an event", () => {
  const element = { envelope: '', element: 'made' };

  it('is made when somebody looks, and once', () => {
    const plan = vi.fn(() => element);
    const { meta } = routesOf(hitOf('purchase'), planning('meta', plan));
    expect(meta?.outcome).toBe('planned');
    expect(plan).not.toHaveBeenCalled();
    expect(meta?.plan).toBe(element);
    expect(meta?.plan).toBe(element);
    expect(plan).toHaveBeenCalledTimes(1);
  });

  it.each<[string, () => Plan, string, string]>([
    [
      'fails',
      () => {
        throw new Error('kari@example.no');
      },
      'failed',
      'failed.destination',
    ],
    [
      'is none after all',
      () => ({ skip: { code: 'skip.nothing_to_match', params: {} } }),
      'skipped',
      'skip.nothing_to_match',
    ],
  ])('that %s ends when it is to be sent, and repeats nothing of the event', async (_, plan, outcome, code) => {
    const at = planning('meta', plan);
    const { meta } = routesOf(hitOf('purchase'), at);
    expect(meta?.plan).toBeUndefined();
    expect(meta).toMatchObject({ outcome, reason: { code } });
    expect(JSON.stringify(meta?.reason)).not.toContain('kari');

    const records: OutboxRecord[] = [];
    const ports = portsOf(at, new Counters(), records);
    const way = WAYS_IN.find(({ door }) => door.paths.includes('/v1/events'));
    if (way === undefined) throw new Error('no door');
    const answer = await collector(ports, way)(hitOf('purchase'), 'shop.example.no', undefined);
    expect(answer.status).toBe(204);
    const formed = records.flatMap(({ routes, body, ...record }) =>
      routes.map((own) => {
        const queued = { ...record, ...own, id: 1, size: body.length, body: () => readBody(body) };
        return [own.route, rowOf(queued, routeAt(at, own.route)).formless?.code];
      }),
    );
    expect(formed).toEqual([
      ['shop.example.no/google_ads', undefined],
      ['shop.example.no/meta', code],
      ['shop.example.no/microsoft_ads', undefined],
    ]);
  });
});

function routeAt({ sites }: Gateway, key: string): Route | undefined {
  return sites.flatMap(({ routes }) => routes).find((route) => route.key === key);
}

function portsOf(at: Gateway, counters: Counters, records: OutboxRecord[]): Ports {
  return {
    gateway: () => at,
    outbox: {
      append: (more) => {
        records.push(...more);
        return Promise.resolve(more.flatMap(({ routes }) => routes.map(() => 'stored' as const)));
      },
      pending: 0,
      shared: false,
      ready: true,
    },
    stopped: () => 0,
    overloaded: () => false,
    toHit: () => {
      throw new Error('hits come as values here');
    },
    counters,
    rateLimit: { take: () => undefined, failed: () => undefined },
    watcher: () => undefined,
  };
}
