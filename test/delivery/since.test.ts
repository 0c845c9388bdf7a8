import { expect, it } from 'vitest';
import { decideRequest } from '../../src/decide/request.ts';
import { recordsOf } from '../../src/delivery/records.ts';
import { readBody } from '../../src/delivery/event-body.ts';
import type { OutboxRecord } from '../../src/delivery/outbox.ts';
import type { QueuedRecord } from '../../src/delivery/store.ts';
import type { Gateway } from '../../src/policy/gateway.ts';
import { World } from '../support/delivery.ts';
import { cookiebot, gatewayOf, NOW, webHit } from '../support/hits.ts';

// `since` of a route is looked at again when what waits is to be sent (design.md 3, "Time"; requirements.md R94): the day may
// have been added, or be a later one, since the event was accepted.

const CHOICE = Date.parse('2026-11-10T15:00:00Z');
const KEY = 'shop.example.no/ga4';

const gatewaySince = (since: string | undefined, interest = ''): Gateway =>
  gatewayOf(`
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    ${interest}
    destinations:
      ga4: { measurement_id: G-TEST000001, without_consent: limited${since === undefined ? '' : `, since: ${since}`} }
`);

const INTEREST = 'purposes: { analytics: { basis: legitimate_interest } }';

/** What is stored of a page view under this gateway; `cookies`: what the visitor has chosen. */
function stored(gateway: Gateway, cookies: string): OutboxRecord {
  const query = { v: '2', tid: 'G-TEST000001', cid: '1234567890.1795400000', en: 'page_view', _p: '1795169690123' };
  const done = decideRequest(webHit(query, { cookies }), gateway);
  if (!('trace' in done)) throw new Error('refused');
  const [record] = recordsOf(done.trace, gateway.policy).records;
  if (record === undefined) throw new Error('nothing stored');
  return record;
}

/** How a stored event ends when this gateway is in force. */
async function endOf(record: OutboxRecord, gateway: Gateway): Promise<string> {
  const world = new World();
  world.clock = NOW;
  const [own] = record.routes;
  if (own === undefined) throw new Error('no route');
  const queued: QueuedRecord = { ...record, ...own, id: 1, size: 1, body: () => readBody(record.body) };
  world.store.records.set(KEY, new Map([[1, queued]]));
  const drain = world.start(gateway);
  drain.rowsAdded([KEY]);
  await world.pass(1_000);
  const ends = Object.values(drain.counters()[KEY]?.outcomes ?? {}).flatMap((reasons) => Object.keys(reasons));
  expect(world.sent.length).toBe(ends[0] === 'delivered.accepted' ? 1 : 0);
  return ends.join();
}

const agreed = cookiebot({ statistics: true }, CHOICE);

it('a choice that is older than a day that was added meanwhile does not cover what waits; a newer one does', async () => {
  const record = stored(gatewaySince(undefined), agreed);
  expect(await endOf(record, gatewaySince('2026-11-10'))).toBe('delivered.accepted');
  expect(await endOf(record, gatewaySince('2026-11-11'))).toBe('blocked.consent');
  expect(await endOf(record, gatewaySince(undefined))).toBe('delivered.accepted');
});

it('a later day than that which was decided by counts, an earlier one opens nothing', async () => {
  const record = stored(gatewaySince('2026-11-01'), agreed);
  expect(record.routes[0]?.limited).toBe(false);
  expect(await endOf(record, gatewaySince('2026-11-15'))).toBe('blocked.consent');
  const closed = stored(gatewaySince('2026-11-15'), agreed);
  expect(closed.routes[0]?.limited).toBe(true);
});

it('a choice without a readable time covers no route that has a day', async () => {
  const record = stored(gatewaySince(undefined), agreed.replace(`utc:${CHOICE}`, 'utc:none'));
  expect(record.consentDay).toBe(0);
  expect(await endOf(record, gatewaySince('2000-01-01'))).toBe('blocked.consent');
});

it('what rests on legitimate interest does not depend on the day of a choice', async () => {
  const record = stored(gatewaySince(undefined, INTEREST), agreed);
  expect(await endOf(record, gatewaySince('2026-11-15', INTEREST))).toBe('delivered.accepted');
});

it('a form that identifies nobody does not depend on it either, and says no day', async () => {
  const record = stored(gatewaySince(undefined), cookiebot({}, CHOICE));
  expect([record.routes[0]?.limited, record.consentDay]).toEqual([true, undefined]);
  expect(await endOf(record, gatewaySince('2026-11-15'))).toBe('delivered.accepted');
});

it('the choice of what an earlier version stored was made before the event came', async () => {
  const record = { ...stored(gatewaySince(undefined), agreed), consentDay: undefined };
  expect(await endOf(record, gatewaySince('2026-11-23'))).toBe('delivered.accepted');
  expect(await endOf(record, gatewaySince('2026-11-24'))).toBe('blocked.consent');
});

it('only the day of the choice is stored, which a moment would tell one visitor by', () => {
  expect(stored(gatewaySince(undefined), agreed).consentDay).toBe(Date.parse('2026-11-10') / 86_400_000);
});
