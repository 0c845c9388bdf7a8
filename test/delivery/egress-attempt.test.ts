import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlannedRequest } from '../../src/core/destination.ts';
import { decideRequest as decide } from '../../src/decide/request.ts';
import { readBody } from '../../src/delivery/event-body.ts';
import { rowOf } from '../../src/delivery/lane/row.ts';
import { goesToOutbox, recordOf } from '../../src/delivery/records.ts';
import type { Gateway, Route } from '../../src/policy/gateway.ts';
import { createSend } from '../../src/runtimes/node/vendors/send.ts';
import { attempt } from '../support/egress.ts';
import { outcomesOf, World } from '../support/delivery.ts';
import { cookiebot, gatewayOf, NOW, webHit } from '../support/hits.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';

// Negative control: a module that leaks is stopped before the socket, and what others send goes on.

const GATEWAY = gatewayOf(`
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001 }
      meta: { pixel_id: "123456789012345", access_token: "\${META_ACCESS_TOKEN}" }
`);

const CID = `482310557.${NOW / 1000 - 86_400}`;

/** A stored web purchase as it is sent. */
function rowFor(name: string, said: Parameters<typeof cookiebot>[0], order: string) {
  const hit = webHit(
    {
      v: '2',
      tid: 'G-TEST000001',
      cid: CID,
      en: 'purchase',
      uid: 'crm-8841',
      'ep.transaction_id': order,
      cu: 'NOK',
      'epn.value': '599',
    },
    { cookies: `${cookiebot(said)}; _fbp=fb.1.${NOW - 86_400_000}.1098115397` },
  );
  const done = decide(hit, GATEWAY);
  if (!('trace' in done)) throw new Error('refused');
  for (const event of done.trace.events) {
    for (const decision of event.routes) {
      if (decision.route.name !== name || !goesToOutbox(decision)) continue;
      const { routes, body, ...record } = recordOf(done.trace, event, [decision], GATEWAY.policy);
      const [own] = routes;
      if (own === undefined) throw new Error('a record without a route');
      return rowOf({ ...record, ...own, id: 1, size: body.length, body: () => readBody(body) }, decision.route);
    }
  }
  throw new Error('not planned');
}

/** The gateway under the route keys of the test's store, with one route's requests changed on their way out. */
function leaking(name: string, leak: (request: PlannedRequest) => PlannedRequest): { gateway: Gateway; route: Route } {
  const route = GATEWAY.sites[0]?.routes.find((one) => one.name === name);
  if (route === undefined) throw new Error('no route');
  const { bound } = route;
  const bad: Route = {
    ...route,
    key: `shop/${name}`,
    bound: { ...bound, request: (...args) => leak(bound.request(...args)) },
  };
  return { gateway: { ...GATEWAY, routeOf: new Map([[bad.key, bad]]) }, route: bad };
}

const withUserId = (request: PlannedRequest): PlannedRequest => ({
  ...request,
  url: typeof request.url === 'string' ? `${request.url}&uid=crm-8841` : request.url,
});

describe('a module that leaks', () => {
  let recorder: Recorder;
  beforeAll(async () => {
    recorder = await startRecorder();
  });
  afterAll(() => recorder.close());

  it('is stopped before the socket, with the real sender', async () => {
    const send = createSend({ sink: recorder.url, version: 'test' });
    const row = rowFor('ga4', { statistics: true }, 'T-1');
    const { route } = leaking('ga4', withUserId);
    const secrets = { value: () => Promise.reject(new Error('asked for a secret')), forget: () => {} };
    expect(await attempt(route, row.envelope, [row], { send, secrets, now: Date.now })).toEqual({
      fault: { code: 'failed.egress_check', params: { rule: 'uid: not granted' } },
    });
    expect(recorder.requests).toEqual([]);
    // The same row by the unchanged module: the recorder does receive it.
    const good = leaking('ga4', (request) => request);
    expect(await attempt(good.route, row.envelope, [row], { send, secrets, now: Date.now })).toHaveProperty(
      'verdict.kind',
      'delivered',
    );
    expect(recorder.requests).toHaveLength(1);
    send.close();
  });

  it('makes a dead letter of the event, counts it, and says once a minute which rule, but nothing of the event', async () => {
    const { gateway } = leaking('ga4', withUserId);
    const world = new World();
    world.clock = NOW;
    const drain = world.start(gateway);
    for (const order of ['T-1', 'T-2', 'T-3']) {
      const { element, envelope, signals, fields, policy, acceptedAt, expiresAt } = rowFor(
        'ga4',
        { statistics: true },
        order,
      );
      world.store.add('ga4', element, { envelope, signals, fields, policy, acceptedAt, expiresAt });
    }
    drain.rowsAdded(['shop/ga4']);
    await world.pass(1000);
    expect(world.sent).toEqual([]);
    expect(outcomesOf(drain, 'ga4')).toEqual({ dead: 3 });
    expect(drain.counters()['shop/ga4']?.outcomes['dead']).toEqual({ 'failed.egress_check': 3 });
    expect(world.logged.filter(({ level }) => level === 'error')).toEqual([
      {
        level: 'error',
        msg: 'events could not be sent because of a fault of the gateway: they wait in the dead letters',
        fields: {
          route: 'shop/ga4',
          code: 'failed.egress_check{rule=uid: not granted}',
          reason: expect.stringContaining('uid: not granted'),
        },
      },
    ]);
  });

  it('takes only its own event with it: the rest of the batch is sent', async () => {
    const all = { statistics: true, marketing: true };
    // The address of the order T-2 stands in the clear where a hash belongs.
    const { gateway } = leaking('meta', (request) => ({
      ...request,
      body: request.body?.replace('"order_id":"T-2"', '"order_id":"T-2","email":"kari@example.no"') ?? '',
    }));
    const world = new World();
    world.clock = NOW;
    world.answer = ({ elements }) => {
      const { data } = JSON.parse(elements.join('\n')) as { data: unknown[] };
      return { status: 200, body: JSON.stringify({ events_received: data.length }) };
    };
    world.secrets = { value: () => Promise.resolve('token'), forget: () => {} };
    const drain = world.start(gateway);
    for (const order of ['T-1', 'T-2', 'T-3', 'T-4']) {
      const { element, envelope, signals, fields, policy, acceptedAt, expiresAt } = rowFor('meta', all, order);
      world.store.add('meta', element, { envelope, signals, fields, policy, acceptedAt, expiresAt });
    }
    drain.rowsAdded(['shop/meta']);
    await world.pass(60_000);
    expect(outcomesOf(drain, 'meta')).toEqual({ dead: 1, delivered: 3 });
    const bodies = world.sent.flatMap(({ elements }) => elements).join('\n');
    expect(['T-1', 'T-2', 'T-3', 'T-4'].filter((order) => bodies.includes(`"${order}"`))).toEqual([
      'T-1',
      'T-3',
      'T-4',
    ]);
    expect(bodies).not.toContain('kari');
  });
});
