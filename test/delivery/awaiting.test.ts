import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Later, LaterVerdict, Reply, Verdict } from '../../src/core/destination.ts';
import { reason } from '../../src/core/reason.ts';
import type { EndedRow } from '../../src/delivery/ends.ts';
import { deadInfos } from '../../src/outbox/sql/outbox-inspect.ts';
import { Runner } from '../../src/runtimes/node/delivery/delivery-runner.ts';
import { DAY, noSecrets, outboxRecord, outcomesOf, testGateway, World, type TestRoute } from '../support/delivery.ts';
import { gatewayOf } from '../support/hits.ts';
import { until } from '../support/metrics.ts';
import { temporary } from '../support/serve.ts';

// Vendors that take a request and say later what they made of it (google-ads.md 2.5, 2.7): the events stay until then.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const KEY = 'shop/a';

const later = (read: (reply: Reply, count: number) => LaterVerdict | undefined, more: Partial<Later> = {}): Later => ({
  everyMs: 30 * MINUTE,
  untilMs: DAY,
  request: (ticket) => ({ method: 'GET', url: `https://a.example.com/status/${ticket}`, headers: {} }),
  read,
  repeatable: (element) => element.startsWith('order'),
  ...more,
});

/** Answers to events carry a ticket in the body; what is asked for has none. */
const judge = ({ body }: Reply): Verdict => (body === '' ? { kind: 'delivered' } : { kind: 'awaiting', ticket: body });

const questions = (world: World) => world.sent.filter(({ request }) => request.method === 'GET');
const sendings = (world: World) => world.sent.filter(({ request }) => request.method === 'POST');

/** A world whose vendor gives tickets t1, t2, ... */
function asked(route: Partial<TestRoute>, elements: readonly string[]) {
  const world = new World();
  let tickets = 0;
  world.answer = ({ request }) => (request.method === 'GET' ? 200 : { status: 200, body: `t${++tickets}` });
  const gateway = testGateway([{ name: 'a', maxBatch: 10, judge, ...route }]);
  const drain = world.start(gateway);
  const ids = elements.map((element) => world.store.add('a', element, { expiresAt: 2 * DAY, type: 'a' }));
  drain.rowsAdded([KEY]);
  return { world, drain, ids, gateway };
}

describe('a verdict that comes later', () => {
  it('is asked for until it is known, and counted; the events are delivered then and not before', async () => {
    let n = 0;
    const read = () => (++n < 3 ? undefined : { counts: { SUCCESS: 4, FAILED: 1 } });
    const { world, drain } = asked({ later: later(read) }, ['1', '2', '3', '4', '5']);
    await world.pass(80 * MINUTE);
    expect(questions(world).map(({ at, request }) => [Math.round(at / MINUTE), request.url])).toEqual([
      [30, 'https://a.example.com/status/t1'],
      [60, 'https://a.example.com/status/t1'],
    ]);
    expect([outcomesOf(drain, 'a'), drain.counters()[KEY]?.awaiting]).toEqual([{}, 5]);
    await world.pass(HOUR);
    expect(questions(world)).toHaveLength(3);
    expect(drain.counters()[KEY]?.followUps).toEqual({ SUCCESS: 4, FAILED: 1 });
    expect([outcomesOf(drain, 'a'), drain.counters()[KEY]?.awaiting]).toEqual([{ delivered: 5 }, 0]);
    expect(world.store.waiting).toBe(0);
    expect(sendings(world)).toHaveLength(1);
  });

  it('that is never known counts as delivered after a day', async () => {
    const { world, drain } = asked({ later: later(() => undefined) }, ['1']);
    await world.pass(DAY - MINUTE);
    expect(outcomesOf(drain, 'a')).toEqual({});
    expect(questions(world)).toHaveLength(47);
    await world.pass(2 * MINUTE);
    expect(outcomesOf(drain, 'a')).toEqual({ delivered: 1 });
    expect(drain.counters()[KEY]?.followUps).toEqual({ unknown: 1 });
    await world.pass(DAY);
    expect(questions(world)).toHaveLength(47);
  });

  it('that says that none was used makes dead letters', async () => {
    const rejected = reason('vendor.refused', { status: '200', code: 'INVALID_GCLID' });
    const { world, drain, ids } = asked({ later: later(() => ({ counts: { no: 2 }, rejected })) }, ['1', '2']);
    await world.pass(HOUR);
    expect(outcomesOf(drain, 'a')).toEqual({ dead: 2 });
    expect(ids.map((id) => world.store.dead.get(id))).toEqual(
      Array(2).fill('vendor.refused{status=200; code=INVALID_GCLID}'),
    );
  });

  it('that came too soon is sent once more, in time, as it was; what would count twice is not', async () => {
    const read = () => ({ counts: { TOO_SOON: 1 }, againAfterMs: 6 * HOUR });
    const { world, drain } = asked({ later: later(read) }, ['order 1', 'no number', 'order 2']);
    await world.pass(HOUR);
    expect(outcomesOf(drain, 'a')).toEqual({ delivered: 1 });
    expect(drain.counters()[KEY]?.awaiting).toBe(2);
    await world.pass(4 * HOUR);
    expect(sendings(world)).toHaveLength(1);
    await world.pass(2 * HOUR);
    expect(sendings(world).map(({ elements, at }) => [elements, Math.round(at / MINUTE)])).toEqual([
      [['order 1', 'no number', 'order 2'], 0],
      [['order 1', 'order 2'], 390],
    ]);
    await world.pass(DAY);
    // Too soon again: it is not sent a third time.
    expect(sendings(world)).toHaveLength(2);
    expect(questions(world).map(({ request }) => request.url.slice(-2))).toEqual(['t1', 't2']);
    expect(outcomesOf(drain, 'a')).toEqual({ delivered: 3 });
    expect(world.store.waiting).toBe(0);
  });

  it('leaves what would be too old by then as it is', async () => {
    const read = () => ({ counts: {}, againAfterMs: 6 * HOUR });
    const { world, drain } = asked({ later: later(read), maxAge: 6 * HOUR }, ['order 1']);
    await world.pass(DAY);
    expect([sendings(world).length, outcomesOf(drain, 'a')]).toEqual([1, { delivered: 1 }]);
  });

  it('is not asked for what was taken back, nor is that sent again', async () => {
    let soon = false;
    const read = () => (soon ? { counts: {}, againAfterMs: 6 * HOUR } : undefined);
    const { world, drain, ids } = asked({ later: later(read), maxBatch: 1 }, ['order 1', 'order 2']);
    await world.pass(HOUR + MINUTE);
    expect(questions(world)).toHaveLength(4);
    const back = (id: number | undefined) => {
      world.store.records.get(KEY)?.delete(id ?? 0);
      drain.withdrawn([{ route: KEY, id: id ?? 0 }]);
    };
    back(ids[0]);
    soon = true;
    await world.pass(HOUR);
    expect(
      questions(world)
        .map(({ request }) => request.url.slice(-2))
        .slice(4),
    ).toEqual(['t2']);
    back(ids[1]);
    await world.pass(DAY);
    expect([sendings(world).length, questions(world).length]).toEqual([2, 5]);
    expect(outcomesOf(drain, 'a')).toEqual({ withdrawn: 2 });
    expect(drain.counters()[KEY]?.awaiting).toBe(0);
  });

  it('is asked of nobody else when the route goes to somebody else, or is gone', async () => {
    for (const next of [[], [{ name: 'a', judge, later: later(() => undefined) }]]) {
      const { world, drain } = asked({ later: later(() => undefined) }, ['order 1']);
      await world.pass(MINUTE);
      const gateway = testGateway(next);
      const route = gateway.routeOf.get(KEY);
      drain.reload(
        route === undefined
          ? gateway
          : { ...gateway, routeOf: new Map([[KEY, { ...route, bound: { ...route.bound, recipient: 'other' } }]]) },
      );
      await world.pass(2 * DAY);
      expect(questions(world)).toEqual([]);
      expect(outcomesOf(drain, 'a')).toEqual({ delivered: 1 });
    }
  });

  it('takes no room from what is to be sent: thousands may wait', async () => {
    const elements = Array.from({ length: 12_000 }, (_, i) => `order ${i}`);
    const { world, drain } = asked({ later: later(() => ({ counts: {} })), maxBatch: 2_000 }, elements);
    await world.pass(10 * MINUTE);
    expect([sendings(world).flatMap((sent) => sent.elements).length, drain.counters()[KEY]?.awaiting]).toEqual([
      12_000, 12_000,
    ]);
    await world.pass(HOUR);
    expect(outcomesOf(drain, 'a')).toEqual({ delivered: 12_000 });
  });

  it('is known by whoever starts next: nothing is sent twice, and the day runs on', async () => {
    const { world, drain, gateway } = asked({ later: later(() => undefined) }, ['1', '2']);
    await world.pass(20 * HOUR);
    void drain.stop(0);
    await world.pass(MINUTE);
    world.sent.length = 0;
    const next = world.start(gateway);
    next.rowsAdded([KEY]);
    await world.pass(3 * HOUR + 50 * MINUTE);
    expect([sendings(world).length, questions(world).length > 0, outcomesOf(next, 'a')]).toEqual([0, true, {}]);
    await world.pass(20 * MINUTE);
    expect(outcomesOf(next, 'a')).toEqual({ delivered: 2 });
  });
});

it('over a restart with the file: what waits for its verdict is neither lost nor sent twice, and whoever looks on is told', async () => {
  const dir = temporary();
  const sent: string[] = [];
  const ended: EndedRow[] = [];
  let done = false;
  const start = () =>
    new Runner(
      testGateway([
        { name: 'a', judge, later: later(() => (done ? { counts: { ok: 1 } } : undefined), { everyMs: 100 }) },
      ]),
      {
        dir,
        name: 'outbox',
        send: async ({ method, body }) => {
          sent.push(`${method} ${body ?? ''}`);
          return { status: 200, at: Date.now(), headers: {}, body: method === 'POST' ? 't1' : '' };
        },
        secrets: noSecrets,
        log: () => {},
        changed: () => {},
        ended: () => (row) => void ended.push(row),
      },
    );
  try {
    const first = start();
    const records = [outboxRecord('a', 'order 1')];
    await new Promise<void>((resolve) => first.append({ records, withdrawals: [] }, () => resolve()));
    await until('it has been asked', () => sent.includes('GET '));
    expect(first.report().queues[KEY]?.waiting).toBe(1);
    await first.stop(0);

    const second = start();
    const before = sent.length;
    await until('it is asked again', () => sent.length > before);
    expect(second.report().routes[KEY]).toMatchObject({ awaiting: 1, outcomes: {} });
    done = true;
    await until('nothing waits', () => second.pending === 0);
    expect(second.report().routes[KEY]?.outcomes).toEqual({ delivered: { 'delivered.accepted': 1 } });
    expect(sent.filter((text) => text.startsWith('POST'))).toEqual(['POST order 1']);
    expect(ended.map(({ state }) => state)).toEqual(['awaiting', 'delivered']);
    expect(new Set(ended.map(({ mark }) => mark)).size).toBe(1);
    expect(deadInfos(dir)).toEqual([]);
    await second.stop(0);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

it('Google Ads: conversions wait as long as the setting says and are overdue only then, pings go at once', async () => {
  const gateway = gatewayOf(`
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      google_ads:
        customer_id: "1234567890"
        conversions: { purchase: "700123456" }
        credentials: \${GOOGLE_ADS_CREDENTIALS}
        conversion_id: AW-123456789
        labels: { purchase: AbC-D_efG }
        wait_hours: 6
        without_consent: limited
`);
  const [route] = gateway.routeOf.values();
  if (route === undefined) throw new Error('no route');
  const world = new World();
  world.secrets = { value: () => Promise.resolve('ya29.token'), forget: () => {} };
  world.answer = ({ request }) => {
    if (request.method !== 'GET' || !request.url.includes('requestStatus'))
      return { status: 200, body: '{"requestId":"r-1"}' };
    const errorCounts = [{ recordCount: '1', reason: 'PROCESSING_ERROR_REASON_TOO_RECENT_CLICK' }];
    const status = { requestStatus: 'FAILED', errorInfo: { errorCounts } };
    return { status: 200, body: JSON.stringify({ requestStatusPerDestination: [status] }) };
  };
  const drain = world.start(gateway);
  const element = (order: string) =>
    `{"destinationReferences":["700123456"],"transactionId":"${order}","eventTimestamp":"2026-11-20T10:15:00.000Z","eventSource":"WEB","consent":{"adUserData":"CONSENT_GRANTED","adPersonalization":"CONSENT_GRANTED"},"adIdentifiers":{"gclid":"Cj0KExample_aBc"}}`;
  const told = { type: 'google_ads', expiresAt: 9 * DAY, policy: gateway.policy, acceptedAt: 0 };
  world.store.add('google_ads', element('ORD-1'), { ...told, envelope: 'conversions' });
  const waiting = world.store.records.get('shop/google_ads');
  world.store.records.set(route.key, waiting ?? new Map());
  drain.rowsAdded([route.key]);
  await world.pass(5 * HOUR);
  expect([world.sent.length, drain.counters()[route.key]?.overdueMs]).toEqual([0, 0]);
  await world.pass(2 * HOUR);
  // Sent after six hours, asked half an hour later: it came too soon all the same.
  expect(world.sent.map(({ request }) => new URL(request.url).pathname)).toEqual([
    '/v1/events:ingest',
    '/v1/requestStatus:retrieve',
  ]);
  await world.pass(DAY);
  const [first, , second, ...rest] = world.sent.map(({ request }) => request.body);
  expect(second).toBe(first);
  expect(first).toContain('"transactionId":"ORD-1"');
  expect(rest).toHaveLength(1);
  expect(drain.counters()[route.key]?.followUps).toEqual({ TOO_RECENT_CLICK: 2 });
  expect(outcomesOf(drain, 'google_ads')).toEqual({});
  expect(drain.counters()[route.key]?.outcomes).toEqual({ dead: { 'vendor.refused': 1 } });
});

it('what does not wait goes at once beside what does', async () => {
  const world = new World();
  const gateway = testGateway([{ name: 'a', firstAfterMs: HOUR }]);
  const [route] = gateway.routeOf.values();
  if (route === undefined) throw new Error('no route');
  const destination = { ...route.destination, atOnce: (envelope: string) => envelope === 'ping' };
  const drain = world.start({ ...gateway, routeOf: new Map([[KEY, { ...route, destination }]]) });
  world.store.add('a', 'late', { envelope: 'e', expiresAt: DAY });
  world.store.add('a', 'now', { envelope: 'ping', expiresAt: DAY });
  drain.rowsAdded([KEY]);
  await world.pass(MINUTE);
  expect(world.sent.map(({ elements }) => elements)).toEqual([['now']]);
  await world.pass(HOUR);
  expect(outcomesOf(drain, 'a')).toEqual({ delivered: 2 });
});
