import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isFor, recipientOf, vendorOf } from '../../src/core/recipient.ts';
import { narrowBody, readBody, writeBody, type Planned } from '../../src/delivery/event-body.ts';
import { deadInfos, retryDead } from '../../src/outbox/sql/outbox-inspect.ts';
import { fieldSet } from '../../src/policy/field-set.ts';
import type { Gateway, Route } from '../../src/policy/gateway.ts';
import { Runner } from '../../src/runtimes/node/delivery/delivery-runner.ts';
import { courierRoute, gatewayWith, PURCHASE } from '../support/courier.ts';
import { DAY, outboxRecord, outcomesOf, World } from '../support/delivery.ts';
import { until } from '../support/metrics.ts';
import { temporary } from '../support/serve.ts';

// What was stored for one recipient does not go to another one; after a correction for the same recipient it does go
// out (docs/decisions/one-record-an-event.md). Tested with the invented vendor whose host is a setting.

const SETTINGS = { host: 'crm.example.com', account: 'nord', signing_secret: { env: 'COURIER_SECRET' } };
const route = (more: object = {}) => courierRoute({ ...SETTINGS, ...more });
const KEY = 'shop/courier';
const type = route().bound.recipient;

function courierWorld(): World {
  const world = new World();
  world.secrets = { value: () => Promise.resolve(`whsec_${'a'.repeat(32)}`), forget: () => {} };
  return world;
}

describe('the recipient of a route', () => {
  it('is the kind of vendor, and for a host of the settings host and account, which no word of it tells', () => {
    expect(type).toMatch(/^courier@[0-9a-f]{12}$/);
    expect(route({ account: undefined }).bound.recipient).not.toBe(type);
    expect(route({ host: 'other.example.com' }).bound.recipient).not.toBe(type);
    expect(recipientOf('ga4', undefined)).toBe('ga4');
    expect([vendorOf(type), vendorOf('ga4')]).toEqual(['courier', 'ga4']);
  });

  it('is not told by tokens and mappings', () => {
    const mended = route({ signing_secret: { env: 'NEW' }, previous_secret: { env: 'OLD' }, wait_minutes: 9 });
    expect(mended.bound.recipient).toBe(type);
  });

  it('of what an earlier version stored is not known, and it is kept', () => {
    expect(isFor('', type)).toBe(true);
    expect(isFor('courier', type)).toBe(true);
    expect(isFor('ga4', type)).toBe(false);
    expect(isFor(type, 'courier')).toBe(false);
  });
});

describe('what waits when the configuration loads', () => {
  /** One that waits to be old enough, one that was tried, and many behind what is in memory. */
  async function waiting(next: Gateway, count = 5_000): Promise<{ world: World; outcomes: Record<string, number> }> {
    const world = courierWorld();
    world.answer = () => 503;
    const drain = world.start(gatewayWith(route()));
    for (let i = 0; i < count; i++) world.store.add('courier', PURCHASE, { type, expiresAt: DAY });
    drain.rowsAdded([KEY]);
    await world.pass(60_000);
    expect(world.sent.length).toBeGreaterThan(0);
    expect(outcomesOf(drain, 'courier')).toEqual({});
    world.answer = () => 204;
    world.sent.length = 0;
    drain.reload(next);
    await world.pass(1_000);
    return { world, outcomes: outcomesOf(drain, 'courier') };
  }

  it.each<[string, object]>([
    ['another host', { host: 'other.example.com' }],
    ['another account there', { account: 'sor' }],
    ['another host whose events wait until they are old enough', { host: 'other.example.com', wait_minutes: 600 }],
  ])('ends as skipped for %s, all of it at once, and nothing is sent', async (_, more) => {
    const { world, outcomes } = await waiting(gatewayWith(route(more)));
    expect(outcomes).toEqual({ skipped: 5_000 });
    expect(world.sent).toEqual([]);
    expect(world.store.waiting).toBe(0);
  });

  it('ends as skipped for a route that is gone', async () => {
    const { world, outcomes } = await waiting({ ...gatewayWith(route()), routeOf: new Map() });
    expect([outcomes, world.sent]).toEqual([{ skipped: 5_000 }, []]);
  });

  it('is sent to the same recipient with another token', async () => {
    const { world, outcomes } = await waiting(gatewayWith(route({ signing_secret: { env: 'NEW' } })), 300);
    expect([outcomes, world.sent.length]).toEqual([{ delivered: 300 }, 300]);
  });

  it('and was under way to the old recipient when it failed goes to nobody else', async () => {
    const world = courierWorld();
    world.latency = 5_000;
    world.answer = () => 503;
    const drain = world.start(gatewayWith(route()));
    world.store.add('courier', PURCHASE, { type, expiresAt: DAY });
    drain.rowsAdded([KEY]);
    await world.pass(1_000);
    drain.reload(gatewayWith(route({ host: 'other.example.com' })));
    await world.pass(DAY / 2);
    expect(world.sent.map(({ host }) => host)).toEqual(['crm.example.com']);
    expect(drain.counters()[KEY]?.outcomes).toEqual({ skipped: { 'skip.route_changed': 1 } });
  });
});

describe('over a restart', () => {
  it('what waits, and a dead letter that is retried, do not go to another recipient', async () => {
    const dir = temporary();
    const sent: string[] = [];
    let status = 401;
    const start = (own: Route): Runner =>
      new Runner(gatewayWith(own), {
        dir,
        name: 'outbox',
        send: async ({ url }) => {
          sent.push(url);
          return { status, at: Date.now(), headers: {}, body: '' };
        },
        secrets: { value: () => Promise.resolve(`whsec_${'a'.repeat(32)}`), forget: () => {} },
        log: () => {},
        changed: () => {},
      });
    const add = (runner: Runner) =>
      new Promise<void>((resolve) =>
        runner.append({ records: [outboxRecord('courier', PURCHASE, { type })], withdrawals: [] }, () => resolve()),
      );
    const skips = (runner: Runner) => runner.report().routes[KEY]?.outcomes['skipped'];
    try {
      // A fault makes a dead letter; refused credentials keep the other one.
      const { bound, ...rest } = route();
      const request = (): never => {
        throw new Error('a fault');
      };
      const first = start({ ...rest, bound: { ...bound, request } });
      await add(first);
      await until('a dead letter', () => deadInfos(dir).length === 1);
      first.reload(gatewayWith(route()));
      await add(first);
      await until('it has stopped', () => KEY in first.stopped);
      await first.stop(0);
      status = 204;
      sent.length = 0;

      const second = start(route({ account: 'sor' }));
      await until('what waits has ended', () => second.report().queues[KEY]?.waiting === 0);
      expect(skips(second)).toEqual({ 'skip.route_changed': 1 });
      expect(retryDead(dir)).toBe(1);
      await until('the dead letter has ended', () => second.pending === 0);
      expect(skips(second)).toEqual({ 'skip.route_changed': 2 });
      expect(sent).toEqual([]);
      await second.stop(0);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

it('a record that is narrowed keeps the prepared values of a vendor whose recipient is written down', () => {
  const planned = {
    route: { destination: { name: 'courier' } },
    permit: { prepared: ['email'], sealed: [] },
    view: { email: 'the hash' },
    context: { refused: 0, hitId: 'hit', source: 'js', siteCountry: 'NO' },
  } as unknown as Planned;
  const body = writeBody({ email: 'kari@example.no' }, [planned]);
  const fields = fieldSet([{ field: 'email' }] as never);
  expect(readBody(narrowBody(body, [{ type, fields, params: undefined }]))).toMatchObject({
    prepared: { courier: { email: 'the hash' } },
  });
});
