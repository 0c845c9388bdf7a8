import { describe, expect, it } from 'vitest';
import matomo from '../../destinations/matomo/index.ts';
import piwikPro from '../../destinations/piwik-pro/index.ts';
import { judgeStatus } from '../../src/core/destination.ts';
import { DAY, outcomesOf, testGateway, World } from '../support/delivery.ts';

// `at_most_once` (`destinations/matomo.md` 6, `destinations/piwik-pro.md` 5): an event that the vendor may have, and
// would count twice, is not sent again. An order may be sent again, because its number is recognised.

const HOUR = 3_600_000;
const ELEMENTS = ['page', 'order ec_id=1', 'search'];

/** A route whose vendor recognises orders only; `once` = it is set so. */
function failing(once: boolean, set: (world: World) => void) {
  const world = new World();
  set(world);
  const repeatable = (element: string): boolean => element.startsWith('order');
  const drain = world.start(
    testGateway([{ name: 'a', maxBatch: 10, judge: judgeStatus, ...(once && { repeatable }) }]),
  );
  const ids = ELEMENTS.map((element) => world.store.add('a', element, { expiresAt: 2 * DAY, type: 'a' }));
  drain.rowsAdded(['shop/a']);
  return { world, drain, ids };
}

/** Fails the first request in this way; later ones are taken. */
const first = (answer: number | Error) => (world: World) => {
  world.answer = () => (world.sent.length === 1 ? answer : 204);
};
const noAnswer = (code: string): Error => Object.assign(new Error('no answer'), { code });

describe('at most once', () => {
  it.each<[string, number | Error, string]>([
    ['no answer in time', noAnswer('ETIMEDOUT'), 'vendor.unanswered{error=ETIMEDOUT}'],
    ['a connection that broke off', noAnswer('ECONNRESET'), 'vendor.unanswered{error=ECONNRESET}'],
    ['a proxy whose own request had no answer', 504, 'vendor.unanswered{status=504}'],
    ['a fault of the vendor', 500, 'vendor.unanswered{status=500}'],
  ])('%s: orders go again, everything else is a dead letter', async (_, answer, why) => {
    const { world, drain, ids } = failing(true, first(answer));
    await world.pass(HOUR);
    expect(world.sent.map(({ elements }) => elements)).toEqual([ELEMENTS, ['order ec_id=1']]);
    expect(outcomesOf(drain, 'a')).toEqual({ dead: 2, delivered: 1 });
    expect(ids.map((id) => world.store.dead.get(id))).toEqual([why, undefined, why]);
    expect(world.store.waiting).toBe(0);
  });

  it.each<[string, (world: World) => void]>([
    ['a vendor that says it is busy', first(429)],
    ['a vendor that says it is closed', first(503)],
    [
      'a vendor to which there was no connection',
      (world) => {
        first(noAnswer('ECONNREFUSED'))(world);
        world.connects = () => world.sent.length > 1;
      },
    ],
  ])('%s has taken nothing: everything goes again', async (_, set) => {
    const { world, drain } = failing(true, set);
    await world.pass(HOUR);
    expect(world.sent.map(({ elements }) => elements)).toEqual([ELEMENTS, ELEMENTS]);
    expect(outcomesOf(drain, 'a')).toEqual({ delivered: 3 });
  });

  it('is off by default: everything goes again', async () => {
    const { world, drain } = failing(false, first(noAnswer('ETIMEDOUT')));
    await world.pass(HOUR);
    expect(world.sent.map(({ elements }) => elements)).toEqual([ELEMENTS, ELEMENTS]);
    expect(outcomesOf(drain, 'a')).toEqual({ delivered: 3 });
  });

  const MATOMO = { host: 'stats.example.no', site_id: '3', currency: 'NOK' };
  const PIWIK = { host: 'example.piwik.pro', app_id: '892d04bd-0000-4000-8000-000000000001', currency: 'NOK' };
  it.each([
    ['matomo', matomo, MATOMO],
    ['piwik_pro', piwikPro, PIWIK],
  ])('%s: only what has the number of an order, and only where it is set', (_, destination, settings) => {
    const bind = (more: object) => destination.bind(destination.settings.parse({ ...settings, ...more }));
    expect(bind({}).repeatable).toBeUndefined();
    const { repeatable } = bind({ at_most_once: true });
    expect(repeatable?.('idsite=3&rec=1&idgoal=0&ec_id=ORD-1&revenue=59.9')).toBe(true);
    // A text of the visitor's is percent-encoded: it is no pair.
    expect(repeatable?.('idsite=3&rec=1&action_name=Krus%26ec_id%3D1')).toBe(false);
    expect(repeatable?.('idsite=3&rec=1&idgoal=5&revenue=59.9')).toBe(false);
  });
});
