import { describe, expect, it } from 'vitest';
import { inTraceOrder, recordsOf } from '../../src/delivery/records.ts';
import { decideRequest as decide } from '../../src/decide/request.ts';
import { cookiebot, gatewayOf, webHit } from '../support/hits.ts';

const gateway = gatewayOf(`
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001, without_consent: limited }
`);

function row(order: string, choice: Parameters<typeof cookiebot>[0], id: string) {
  const query = {
    v: '2',
    tid: 'G-TEST000001',
    cid: '1234567890.1795400000',
    en: 'purchase',
    'ep.transaction_id': order,
    _p: '1795169690123',
  };
  const done = decide(webHit(query, { cookies: cookiebot(choice), id }), gateway);
  if (!('trace' in done)) throw new Error('refused');
  const { trace } = done;
  const [stored] = recordsOf(trace, gateway.policy).records;
  const [route] = stored?.routes ?? [];
  if (stored === undefined || route === undefined) throw new Error('nothing decided');
  return { verdict: route.limited === true ? 'limited' : 'full', record: stored, mark: route.mark };
}

const HIT = '0123456789abcdef0123456789abcdef';

describe('how a repeat is told', () => {
  it('by the order number where the visitor has agreed', () => {
    const { verdict, mark } = row('ORD-1', { statistics: true }, HIT);
    expect([verdict, mark]).toEqual(['full', expect.stringContaining('ORD-1')]);
    expect(row('ORD-1', { statistics: true }, 'f'.repeat(32)).mark).toBe(mark);
  });

  it('without naming the order in the form that identifies nobody', () => {
    const { verdict, mark, record } = row('ORD-1', {}, HIT);
    expect(verdict).toBe('limited');
    // The mark names it, in memory: what is stored of that is a keyed hash.
    const said = { ...record, routes: record.routes.map((route) => ({ ...route, mark: '' })) };
    expect(JSON.stringify(said)).not.toContain('ORD-1');
    expect(row('ORD-1', {}, 'f'.repeat(32)).mark).toBe(mark);
    expect(row('ORD-2', {}, HIT).mark).not.toBe(mark);
  });
});

describe('the answers of the outbox', () => {
  it('are told for the routes they are about, though limited forms are stored behind the full one', () => {
    const mixed = gatewayOf(`
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      google_ads:
        customer_id: "1234567890"
        conversions: { purchase: "1" }
        credentials: "\${SECRET}"
        conversion_id: "123"
        labels: { purchase: a }
        without_consent: limited
      ga4: { measurement_id: G-TEST000001 }
`);
    const query = {
      v: '2',
      tid: 'G-TEST000001',
      cid: '1234567890.1795400000',
      en: 'purchase',
      'ep.transaction_id': 'T-1',
    };
    const done = decide(webHit(query, { cookies: cookiebot({ statistics: true }) }), mixed);
    if (!('trace' in done)) throw new Error('refused');
    const stored = recordsOf(done.trace, mixed.policy);
    expect(stored.records.flatMap(({ routes }) => routes.map(({ type, limited }) => [type, limited]))).toEqual([
      ['ga4', false],
      ['google_ads', true],
    ]);
    const routes = done.trace.events.flatMap((event) => event.routes).filter(({ outcome }) => outcome === 'planned');
    const told = inTraceOrder(['duplicate', 'stored'], stored);
    expect(routes.map(({ route }, i) => [route.name, told[i]])).toEqual([
      ['google_ads', 'stored'],
      ['ga4', 'duplicate'],
    ]);
  });
});
