import { describe, expect, it } from 'vitest';
import { outboxRow } from '../../src/delivery/rows.ts';
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
  const [event] = trace.events;
  const [decision] = event?.routes ?? [];
  if (event === undefined || decision === undefined) throw new Error('nothing decided');
  return { verdict: decision.permit.verdict, row: outboxRow(trace, event, decision, gateway.policy) };
}

const HIT = '0123456789abcdef0123456789abcdef';

describe('how a repeat is told', () => {
  it('by the order number where the visitor has agreed', () => {
    const { verdict, row: stored } = row('ORD-1', { statistics: true }, HIT);
    expect([verdict, stored.mark]).toEqual(['full', expect.stringContaining('ORD-1')]);
    expect(row('ORD-1', { statistics: true }, 'f'.repeat(32)).row.mark).toBe(stored.mark);
  });

  it('without naming the order in the form that identifies nobody', () => {
    const { verdict, row: stored } = row('ORD-1', {}, HIT);
    expect(verdict).toBe('limited');
    // The mark names it, in memory: what is stored of that is a keyed hash.
    const { mark, ...rest } = stored;
    expect(JSON.stringify(rest)).not.toContain('ORD-1');
    expect(row('ORD-1', {}, 'f'.repeat(32)).row.mark).toBe(mark);
    expect(row('ORD-2', {}, HIT).row.mark).not.toBe(mark);
  });
});
