import { describe, expect, it } from 'vitest';
import { accountOf } from '../../src/ledger/account.ts';
import { Decisions, type LoggedDecision } from '../../src/ledger/decisions.ts';
import { decideRequest as decide } from '../../src/decide/request.ts';
import type { Hit } from '../../src/protocols/hit.ts';
import { cookiebot, gatewayOf, jsonHit, NOW, webHit } from '../support/hits.ts';

const HOUR = 3_600_000;
const gateway = gatewayOf(`
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot, onetrust] }
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: "\${A}", without_consent: limited }
      meta: { pixel_id: "123456789012345", access_token: "\${B}" }
`);

const CID = `482310557.${NOW / 1000 - 86_400}`;
const PERSONAL = {
  cid: CID,
  uid: 'crm-8841',
  em: 'tv.1~em.1hFzBkhe0OUK-rOshx6Y-BaZFR8wKBUn1j_18jNlbGk',
  sid: '1795168000',
  dl: 'https://shop.example.no/takk?gclid=Cj0KExample_aBc',
  'ep.transaction_id': 'ORD-20261120-7',
};

const purchase = (cookies: string, more: Parameters<typeof webHit>[1] = {}): Hit =>
  webHit(
    { v: '2', tid: 'G-TEST000001', en: 'purchase', cu: 'NOK', 'epn.value': '599', ...PERSONAL },
    { cookies, ...more },
  );

function add(log: Decisions, hit: Hit, stored: 'stored' | 'duplicate' = 'stored'): void {
  const done = decide(hit, gateway);
  if (!('trace' in done)) throw new Error('refused');
  const planned = done.trace.events.flatMap(({ routes }) => routes.filter(({ outcome }) => outcome === 'planned'));
  log.add(
    accountOf(done.trace, true),
    planned.map(() => stored),
    gateway.policy,
  );
}

const of = (lines: readonly LoggedDecision[], route: string): LoggedDecision[] =>
  lines.filter((line) => line.route === `shop.example.no/${route}`);

describe('the decision log', () => {
  it('says on what it was decided and what of the visitor did not pass', () => {
    const log = new Decisions();
    add(log, purchase(cookiebot({ statistics: true })));
    const lines = log.take(Infinity);
    expect(of(lines, 'ga4')).toEqual([
      {
        hour: '2026-11-23T12',
        site: 'shop.example.no',
        policy: gateway.policy,
        source: 'ga4-collect',
        platform: 'cookiebot',
        version: '1',
        conflict: false,
        signals: ['analytics_storage'],
        interest: [],
        route: 'shop.example.no/ga4',
        verdict: 'full',
        outcome: 'stored',
        reason: null,
        removed: ['user_id', 'google_click_params', 'google_user_data'],
        count: 1,
      },
    ]);
    expect(of(lines, 'meta')).toMatchObject([
      { verdict: 'blocked', outcome: 'blocked', reason: 'blocked.consent', removed: [] },
    ]);
  });

  it('names every identifier the limited form went without', () => {
    const log = new Decisions();
    add(log, purchase(cookiebot({})));
    expect(of(log.take(Infinity), 'ga4')).toMatchObject([
      {
        verdict: 'limited',
        signals: [],
        interest: [],
        removed: ['transaction_id', 'session_id', 'client_id', 'user_id', 'google_click_params', 'google_user_data'],
      },
    ]);
  });

  it('removes nothing where everything was allowed', () => {
    const log = new Decisions();
    add(log, purchase(cookiebot({ statistics: true, marketing: true, preferences: true })));
    expect(log.take(Infinity).flatMap(({ removed }) => removed)).toEqual([]);
  });

  it('counts alike what was decided alike, and apart what was not', () => {
    const log = new Decisions();
    for (let i = 0; i < 5; i++) add(log, purchase(cookiebot({ statistics: true }), { id: `${i}`.padStart(32, '0') }));
    add(log, purchase(cookiebot({ statistics: true })), 'duplicate');
    add(log, purchase(cookiebot({ statistics: true, preferences: true })));
    add(
      log,
      jsonHit({ events: [{ name: 'page_view', client_id: CID }] }, { cookies: cookiebot({ statistics: true }) }),
    );
    const lines = of(log.take(Infinity), 'ga4');
    expect(
      lines.map(({ source, signals, outcome, reason, count }) => [source, signals.length, outcome, reason, count]),
    ).toEqual([
      ['ga4-collect', 1, 'stored', null, 5],
      ['ga4-collect', 1, 'skipped', 'skip.duplicate', 1],
      ['ga4-collect', 3, 'stored', null, 1],
      ['json', 1, 'stored', null, 1],
    ]);
  });

  it('says that sources disagreed', () => {
    const log = new Decisions();
    const both = `${cookiebot({ statistics: true, marketing: true })}; OptanonConsent=${encodeURIComponent('groups=C0001:1,C0002:0,C0004:0&version=202411.1.0&interactionCount=1')}; OptanonAlertBoxClosed=2026-11-22T10:00:00.000Z`;
    add(log, purchase(both));
    expect(of(log.take(Infinity), 'ga4')).toMatchObject([{ conflict: true }]);
  });

  it('gives out an hour when it is over, once', () => {
    const log = new Decisions();
    add(log, purchase(cookiebot({ statistics: true })));
    add(log, purchase(cookiebot({ statistics: true }), { at: NOW + HOUR }));
    expect(log.take(NOW + HOUR - 1)).toEqual([]);
    expect(new Set(log.take(NOW + HOUR).map(({ hour }) => hour))).toEqual(new Set(['2026-11-23T12']));
    expect(new Set(log.take(Infinity).map(({ hour }) => hour))).toEqual(new Set(['2026-11-23T13']));
    expect(log.take(Infinity)).toEqual([]);
  });

  it('keeps nothing that came with a hit', () => {
    const log = new Decisions();
    for (const choice of [{}, { statistics: true }, { statistics: true, marketing: true }]) {
      add(
        log,
        purchase(`${cookiebot(choice)}; _fbp=fb.1.1763600000000.1098115397`, {
          headers: { 'user-agent': 'Canary/1.2.3' },
        }),
      );
    }
    const text = JSON.stringify(log.take(Infinity));
    for (const value of [
      ...Object.values(PERSONAL),
      '482310557',
      'Cj0K',
      '1098115397',
      'Canary',
      '203.0.113',
      'purchase',
      '599',
      '5Hr2bVbFoT0qZr1o1Zs9A',
    ])
      expect([value, text.includes(value)]).toEqual([value, false]);
  });

  it('stays small, whatever versions are made up: the platform is kept, and every decision is counted', () => {
    const log = new Decisions();
    const forged = (ver: string): string => cookiebot({ statistics: true }).replace('ver:1', `ver:${ver}`);
    for (let i = 0; i < 500; i++) add(log, purchase(forged(`${i}`)));
    const lines = of(log.take(Infinity), 'ga4');
    expect(lines.length).toBeLessThan(64);
    expect(lines.reduce((sum, { count }) => sum + count, 0)).toBe(500);
    expect(lines.filter(({ platform }) => platform !== 'cookiebot')).toEqual([]);
  });

  it.each(['kari@example.no', 'kari nordmann', '1'.repeat(33), 'æ', ''])(
    'keeps no version that does not look like one: %s',
    (version) => {
      const log = new Decisions();
      const done = decide(purchase(cookiebot({})), gateway);
      if (!('trace' in done)) throw new Error('refused');
      const account = accountOf(done.trace, true);
      const events = account.events.map((event) => ({ ...event, consent: { ...event.consent, version } }));
      log.add({ ...account, events }, ['stored'], gateway.policy);
      expect(log.take(Infinity).map((line) => [line.platform, line.version])).toEqual([
        ['cookiebot', null],
        ['cookiebot', null],
      ]);
    },
  );
});
