import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decideRequest } from '../../src/decide/request.ts';
import type { Trace } from '../../src/decide/trace.ts';
import { markOf, type EndedRow } from '../../src/delivery/ends.ts';
import { recordsOf } from '../../src/delivery/records.ts';
import { deadInfos, retryDead } from '../../src/outbox/sql/outbox-inspect.ts';
import type { Gateway, Route } from '../../src/policy/gateway.ts';
import { previewRecord } from '../../src/http/preview.ts';
import { Runner } from '../../src/runtimes/node/delivery/delivery-runner.ts';
import { cookiebot, gatewayOf, webHit } from '../support/hits.ts';
import { until } from '../support/metrics.ts';
import { temporary } from '../support/serve.ts';

// A fault of the gateway when it sends: the event waits for a person, and is sent after the fault was corrected
// (docs/decisions/one-record-an-event.md).

const config = (deadLetters: string) => `
delivery: { dead_letters: ${deadLetters} }
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001 }
`;
const GATEWAY = gatewayOf(config('30d'));
const KEY = 'shop.example.no/ga4';

const broken = (): never => {
  throw new Error('kari@example.no');
};

/** The same gateway with a fault in the route's module; `at` is where it stumbles. */
function faulty(gateway: Gateway, change: (route: Route) => Partial<Route>): Gateway {
  const route = gateway.routeOf.get(KEY) as Route;
  const bad = { ...route, ...change(route) };
  const sites = gateway.sites.map((site) => ({ ...site, routes: [bad], feeds: [bad] }));
  const siteOf = new Map(sites.map((site) => [site.name, site]));
  return { ...gateway, sites, siteOf, routeOf: new Map([[KEY, bad]]) };
}

const inPlan = ({ bound }: Route): Partial<Route> => ({ bound: { ...bound, full: { ...bound.full, plan: broken } } });
const inRequest = ({ bound }: Route): Partial<Route> => ({ bound: { ...bound, request: broken } });
const inView = ({ permits }: Route): Partial<Route> => ({
  // With a field more than was accepted, so that the view is made anew.
  permits: permits.map((one) => Object.defineProperty({ ...one, bits: `${one.bits}.more` }, 'open', { get: broken })),
});
const leaking = ({ bound }: Route): Partial<Route> => ({
  bound: {
    ...bound,
    request: (...args) => {
      const request = bound.request(...args);
      return typeof request.url === 'string' ? { ...request, url: `${request.url}&uid=kari` } : request;
    },
  },
});

let dir: string;
let sent: string[];
let ended: EndedRow[];
let logged: string[];
beforeEach(() => {
  dir = temporary();
  [sent, ended, logged] = [[], [], []];
});
afterEach(() => rmSync(dir, { recursive: true }));

function start(gateway: Gateway): Runner {
  return new Runner(gateway, {
    dir,
    name: 'outbox',
    send: async ({ url }) => {
      sent.push(url);
      return { status: 204, at: Date.now(), headers: {}, body: '' };
    },
    secrets: { value: async () => 'secret', forget: () => {} },
    log: (level, msg, fields) => void (level === 'error' && logged.push(JSON.stringify({ msg, ...fields }))),
    changed: () => {},
    ended: () => (row) => void ended.push(row),
  });
}

/** A purchase as a hit brings it. */
function bought(order: string, gateway = GATEWAY): Trace {
  const query = {
    v: '2',
    tid: 'G-TEST000001',
    cid: '1234567890.1795400000',
    en: 'purchase',
    'ep.transaction_id': order,
    _p: '1795169690123',
  };
  const done = decideRequest(webHit(query, { cookies: cookiebot({ statistics: true }), at: Date.now() }), gateway);
  if (!('trace' in done)) throw new Error('refused');
  return done.trace;
}

async function purchase(runner: Runner, order: string): Promise<void> {
  const { records } = recordsOf(bought(order), GATEWAY.policy);
  await new Promise<void>((resolve) => runner.append({ records, withdrawals: [] }, () => resolve()));
}

const outcomes = (runner: Runner) => runner.report().routes[KEY]?.outcomes ?? {};

describe('a fault of the gateway when it sends', () => {
  it.each<[string, string, (route: Route) => Partial<Route>]>([
    ['plan', 'failed.destination{module=ga4; step=plan}', inPlan],
    ['the view', 'failed.destination{module=ga4; step=plan}', inView],
    ['request', 'failed.request', inRequest],
    ['what the last check before the socket stops', 'failed.egress_check{rule=uid: not granted}', leaking],
  ])('in %s: a dead letter that says %s, and is sent when it is mended and asked for', async (_, code, fault) => {
    const runner = start(faulty(GATEWAY, fault));
    try {
      await purchase(runner, 'ORD-1');
      await purchase(runner, 'ORD-2');
      await until('two dead letters', () => runner.report().queues[KEY]?.dead === 2);
      expect(outcomes(runner)).toEqual({ dead: { [code.replace(/\{.*/, '')]: 2 } });
      expect(sent).toEqual([]);
      const letters = deadInfos(dir);
      expect(letters.map(({ route, reason }) => [route, reason])).toEqual([
        [KEY, code],
        [KEY, code],
      ]);
      // The preview shows it, and it is logged once.
      expect(ended.map(({ state, words }) => [state, words.includes(`[${code}]`)])).toEqual([
        ['dead', true],
        ['dead', true],
      ]);
      expect(logged).toEqual([expect.stringContaining('they wait in the dead letters')]);
      for (const said of [letters, ended, logged])
        for (const word of ['kari', 'ORD-', '1234567890']) expect(JSON.stringify(said)).not.toContain(word);

      // Asked for before it is mended, it is where it was.
      expect(retryDead(dir, { id: letters[0]?.id ?? 0 })).toBe(1);
      await until('it has died again', () => Object.values(outcomes(runner)['dead'] ?? {})[0] === 3);
      runner.reload(GATEWAY);
      expect(retryDead(dir)).toBe(2);
      await until('both are sent', () => sent.length === 2);
      await until('nothing waits', () => runner.pending === 0);
      const { reopened, outcomes: all } = runner.report().routes[KEY] ?? {};
      expect([reopened, all?.['delivered']]).toEqual([3, { 'delivered.accepted': 2 }]);
      expect(['ORD-1', 'ORD-2'].every((order) => sent.some((url) => url.includes(order)))).toBe(true);
    } finally {
      await runner.stop(0);
    }
  });

  it('is a dead letter that a withdrawal still finds', async () => {
    const runner = start(faulty(GATEWAY, inPlan));
    try {
      await purchase(runner, 'ORD-1');
      await until('a dead letter', () => runner.report().queues[KEY]?.dead === 1);
      const withdrawal = { site: 'shop.example.no', subject: '*', signals: 0, closedRoutes: [], at: Date.now() };
      await new Promise<void>((resolve) => runner.append({ records: [], withdrawals: [withdrawal] }, () => resolve()));
      expect([runner.pending, deadInfos(dir)]).toEqual([0, []]);
    } finally {
      await runner.stop(0);
    }
  });

  it('is found by the preview among what it has shown', async () => {
    const trace = bought('ORD-1', faulty(GATEWAY, inPlan));
    const [event] = trace.events;
    if (event === undefined) throw new Error('no event');
    const { records } = recordsOf(trace, GATEWAY.policy);
    const [shown] = previewRecord(trace, event).routes;
    expect(shown).toMatchObject({ outcome: 'failed', sent: '', mark: markOf(KEY, trace.hit.at, '') });
    const runner = start(faulty(GATEWAY, inPlan));
    try {
      await new Promise<void>((resolve) => runner.append({ records, withdrawals: [] }, () => resolve()));
      await until('its end is told', () => ended.length > 0);
      expect(ended).toMatchObject([{ mark: shown?.mark, state: 'dead' }]);
    } finally {
      await runner.stop(0);
    }
  });

  it('ends the event where no dead letters are kept', async () => {
    const runner = start(faulty(gatewayOf(config('0d')), inPlan));
    try {
      await purchase(runner, 'ORD-1');
      await until('it has ended', () => 'failed' in outcomes(runner));
      expect(outcomes(runner)).toEqual({ failed: { 'failed.destination': 1 } });
      expect(deadInfos(dir)).toEqual([]);
      expect(logged).toEqual([expect.stringContaining('an event was dropped')]);
    } finally {
      await runner.stop(0);
    }
  });

  it('that the settings before had is none of those in force', async () => {
    const runner = start(
      faulty(GATEWAY, (route) => ({ ...inPlan(route), bound: { ...inPlan(route).bound!, firstAfterMs: 3_600_000 } })),
    );
    try {
      await purchase(runner, 'ORD-1');
      runner.reload(GATEWAY);
      await until('it is sent', () => sent.length === 1);
      await until('it has ended', () => 'delivered' in outcomes(runner));
      expect(outcomes(runner)).toEqual({ delivered: { 'delivered.accepted': 1 } });
    } finally {
      await runner.stop(0);
    }
  });
});
