import { describe, expect, it } from 'vitest';
import floodlight from '../../../destinations/floodlight/index.ts';
import { DAY, outcomesOf, World } from '../../support/delivery.ts';
import { gatewayOf } from '../../support/hits.ts';
import { planOne } from '../../support/plan-one.ts';

// Conversions that Google has taken wait for its verdict (floodlight.md 2, 7; google-ads.md 2.5, 2.7), also over a
// restart. What may be sent again has the same order number.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SETTINGS = {
  floodlight_config_id: '8031234',
  activities: {
    purchase: { id: '14567890', count: 'transactions' },
    generate_lead: { id: '14567891', count: 'standard' },
  },
  credentials: '${FLOODLIGHT_CREDENTIALS}',
};
const gateway = gatewayOf(`
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      floodlight: ${JSON.stringify(SETTINGS)}
`);

type Status = 'PROCESSING' | 'SUCCESS' | 'TOO_RECENT_CLICK' | 'INTERNAL_ERROR' | 'USER_ID_NOT_FOUND_FOR_DCLID';

/** What Google says of a request, `records` events of it. */
function statusOf(word: Status, records: number): string {
  const known = word === 'PROCESSING' || word === 'SUCCESS';
  const errorCounts = known ? [] : [{ recordCount: String(records), reason: `PROCESSING_ERROR_REASON_${word}` }];
  const status = {
    requestStatus: known ? word : 'FAILED',
    errorInfo: { errorCounts },
    eventsIngestionStatus: { recordCount: String(records) },
  };
  return JSON.stringify({ requestStatusPerDestination: [status] });
}

/** A world with a sale and a counter that wait to be sent; `says` answers the nth question. */
function started(says: (n: number) => Status) {
  const [route] = gateway.routeOf.values();
  if (route === undefined) throw new Error('no route');
  const world = new World();
  let asked = 0;
  let taken = 0;
  world.secrets = { value: () => Promise.resolve('ya29.token'), forget: () => {} };
  world.answer = ({ request }) =>
    request.method === 'GET'
      ? { status: 200, body: statusOf(says(++asked), 2) }
      : { status: 200, body: `{"requestId":"r-${++taken}"}` };
  const events = [
    { event_name: 'purchase', event_id: 'e-1', transaction_id: 'ORD-1', currency: 'NOK', value: 599 },
    { event_name: 'generate_lead', event_id: 'lead-1' },
  ];
  for (const event of events) {
    const plan = planOne(floodlight, {
      settings: SETTINGS,
      granted: ['ad_storage', 'ad_user_data', 'ad_personalization'],
      event: { ...event, dclid: 'CNExampleDclid' },
    });
    if ('skip' in plan) throw new Error(plan.skip.code);
    const told = { type: 'floodlight', expiresAt: 9 * DAY, policy: gateway.policy, acceptedAt: 0 };
    world.store.add('floodlight', plan.element, { ...told, envelope: plan.envelope });
  }
  world.store.records.set(route.key, world.store.records.get('shop/floodlight') ?? new Map());
  const start = () => {
    const drain = world.start(gateway);
    drain.rowsAdded([route.key]);
    return drain;
  };
  return { world, start, key: route.key };
}

const sendings = (world: World) => world.sent.filter(({ request }) => request.method === 'POST');
const questions = (world: World) => world.sent.filter(({ request }) => request.method === 'GET');
const orders = (body: string | undefined) =>
  [...(body ?? '').matchAll(/"transactionId":"([^"]+)"/g)].map(([, id]) => id);

describe('Floodlight: a request that was taken', () => {
  it('is asked about every half hour, and its conversions are delivered when Google has used them', async () => {
    const { world, start, key } = started((n) => (n < 3 ? 'PROCESSING' : 'SUCCESS'));
    const drain = start();
    await world.pass(HOUR + MINUTE);
    expect([outcomesOf(drain, 'floodlight'), drain.counters()[key]?.awaiting]).toEqual([{}, 2]);
    await world.pass(HOUR);
    expect(questions(world).map(({ request }) => new URL(request.url).searchParams.get('requestId'))).toEqual(
      Array(3).fill('r-1'),
    );
    expect(drain.counters()[key]?.outcomes).toEqual({ delivered: { 'delivered.accepted': 2 } });
    expect(sendings(world)).toHaveLength(1);
  });

  it('is known by whoever starts next: nothing is sent twice', async () => {
    let done = false;
    const { world, start, key } = started(() => (done ? 'SUCCESS' : 'PROCESSING'));
    const first = start();
    await world.pass(HOUR + MINUTE);
    void first.stop(0);
    await world.pass(MINUTE);
    const before = questions(world).length;
    const second = start();
    await world.pass(HOUR);
    expect(questions(world).length).toBeGreaterThan(before);
    expect(second.counters()[key]?.awaiting).toBe(2);
    done = true;
    await world.pass(HOUR);
    expect(second.counters()[key]?.outcomes).toEqual({ delivered: { 'delivered.accepted': 2 } });
    expect(sendings(world)).toHaveLength(1);
  });

  it.each([
    ['TOO_RECENT_CLICK', 6 * HOUR],
    ['INTERNAL_ERROR', HOUR / 2],
  ] as const)(
    '%s: all of it is sent once more, in time and under the same numbers, over a restart',
    async (word, pause) => {
      const { world, start, key } = started((n) => (n === 1 ? word : 'SUCCESS'));
      const first = start();
      await world.pass(HOUR / 2 + MINUTE);
      expect([questions(world).length, sendings(world).length]).toEqual([1, 1]);
      void first.stop(0);
      await world.pass(MINUTE);
      const second = start();
      await world.pass(pause - 5 * MINUTE);
      expect(sendings(world)).toHaveLength(1);
      await world.pass(10 * MINUTE);
      const [once, again] = sendings(world).map(({ request }) => request.body);
      expect(orders(once)).toEqual(['ORD-1', 'lead-1']);
      expect(again).toBe(once);
      await world.pass(HOUR);
      expect(second.counters()[key]?.outcomes).toEqual({ delivered: { 'delivered.accepted': 2 } });
      expect(sendings(world)).toHaveLength(2);
    },
  );

  it('of which Google has used nothing makes dead letters', async () => {
    const { world, start, key } = started(() => 'USER_ID_NOT_FOUND_FOR_DCLID');
    const drain = start();
    await world.pass(HOUR);
    expect(drain.counters()[key]?.followUps).toEqual({ USER_ID_NOT_FOUND_FOR_DCLID: 2 });
    expect(drain.counters()[key]?.outcomes).toEqual({ dead: { 'vendor.refused': 2 } });
    expect(sendings(world)).toHaveLength(1);
  });
});
