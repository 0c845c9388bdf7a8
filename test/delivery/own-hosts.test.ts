import { afterEach, describe, expect, it } from 'vitest';
import { attempt } from '../support/egress.ts';
import { AddressRefused, type Secrets } from '../../src/delivery/lane/ports.ts';
import { createSend } from '../../src/runtimes/node/vendors/send.ts';
import { courierRoute, gatewayWith, PURCHASE } from '../support/courier.ts';
import { World } from '../support/delivery.ts';
import { startRecorder } from '../support/recorder.ts';

// A vendor whose host follows from the settings (`destinations/http.md` 4): where its requests may go, and what becomes of
// the events when they may not.

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of cleanUp.splice(0).toReversed()) await end();
});

const secrets: Secrets = { value: () => Promise.resolve(`whsec_${'a'.repeat(32)}`), forget: () => {} };
const ROW = { element: PURCHASE, signals: 15, acceptedAt: Date.parse('2026-11-20T10:15:00Z') };
const at = (host: string) => courierRoute({ host, signing_secret: { env: 'COURIER_SECRET' } });

describe('a host of the settings', () => {
  it('is sent to, and at a sink on this machine the sink is', async () => {
    const recorder = await startRecorder();
    cleanUp.push(recorder.close);
    const send = createSend({ sink: recorder.url, version: '0' });
    cleanUp.push(() => send.close());
    const sent = await attempt(at('crm.example.com'), '', [ROW], { send, secrets, now: Date.now });
    expect(sent).toHaveProperty('verdict.kind', 'delivered');
    expect(recorder.requests).toMatchObject([{ host: 'crm.example.com', path: '/events', body: PURCHASE }]);
  });

  it('that leads to this machine is not connected to: the route stops', async () => {
    const send = createSend({ version: '0' });
    cleanUp.push(() => send.close());
    // The settings of a configuration refuse this name (test/core/host-setting.test.ts); it stands
    // for any that leads here.
    expect(await attempt(at('localhost'), '', [ROW], { send, secrets, now: Date.now })).toEqual({
      verdict: { kind: 'stop', reason: { code: 'vendor.address_refused', params: {} } },
      reply: undefined,
      begun: false,
    });
  });

  it('whose name leads into the own network keeps its events, is counted and said, and delivers when it is mended', async () => {
    const world = new World();
    world.secrets = secrets;
    world.answer = () => new AddressRefused();
    const drain = world.start(gatewayWith(at('crm.example.com')));
    world.store.add('courier', PURCHASE, { signals: 15 });
    drain.rowsAdded(['shop/courier']);
    await world.pass(60_000);
    expect(world.store.waiting).toBe(1);
    expect(world.store.dead.size).toBe(0);
    const counted = drain.counters()['shop/courier'];
    expect(counted).toMatchObject({ state: 'stopped', detail: 'vendor.address_refused' });
    expect(counted?.stops).toEqual({ 'vendor.address_refused': 1 });
    expect(counted?.outcomes).toEqual({});
    expect(world.logged).toMatchObject([{ level: 'error', fields: { code: 'vendor.address_refused' } }]);

    world.answer = () => 204;
    await world.pass(5 * 60_000);
    expect(world.store.waiting).toBe(0);
    expect(drain.counters()['shop/courier']).toMatchObject({ state: 'closed', outcomes: { delivered: {} } });
  });
});
