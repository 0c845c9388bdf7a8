import { describe, expect, it } from 'vitest';
import { recordsOf } from '../../src/delivery/records.ts';
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
