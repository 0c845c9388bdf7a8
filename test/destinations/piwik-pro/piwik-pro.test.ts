import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import piwikPro from '../../../destinations/piwik-pro/index.ts';
import type { Verdict } from '../../../src/core/destination.ts';
import type { Event } from '../../../src/core/fields.ts';
import { answered } from '../../../src/core/reason.ts';
import { egressViolation, type RowFacts } from '../../../src/delivery/egress/index.ts';
import { tableOf } from '../../support/egress.ts';
import type { FakeReply } from '../../support/recorder.ts';
import { AT, planOne, requestOne } from '../../support/plan-one.ts';
import { asRecorded, asReply } from '../../vendors/as-recorded.ts';
import { PIWIK_PRO_HOST, piwikProVendor, replies, violations } from '../../vendors/piwik-pro.ts';

// Expectations from `destinations/piwik-pro.md`.

const APP = '892d04bd-0000-4000-8000-000000000001';
const SETTINGS = { host: PIWIK_PRO_HOST, app_id: APP, currency: 'EUR' };
const GRANTED = ['analytics_storage'] as const;
const bound = piwikPro.bind(piwikPro.settings.parse(SETTINGS));

/** The pairs of one event. */
function pairsOf(event: Event, more: object = {}, limited = false): Record<string, string> {
  const settings = { ...SETTINGS, ...more };
  const plan = planOne(piwikPro, { settings, granted: limited ? [] : GRANTED, limited, event });
  if ('skip' in plan) throw new Error(plan.skip.code);
  return Object.fromEntries(new URLSearchParams(plan.element));
}

const COMMON = { idsite: APP, rec: '1', r: '19088743', cdt: String(AT / 1000), ts_n: 'portvakt', ts_v: '0.1.0' };

describe('what is sent (3)', () => {
  const items = [{ item_id: 'SKU-1', item_name: 'Mug', item_category: 'Home', item_category2: 'Cups', price: 27.5 }];
  const ec_products = '[["SKU-1","Mug",["Home","Cups"],27.5,1]]';

  it.each<[string, Event, Record<string, string>]>([
    ['a product', { event_name: 'view_item', items }, { e_t: 'product-detail-view', ec_products }],
    ['out of the cart', { event_name: 'remove_from_cart', items }, { e_t: 'remove-from-cart', ec_products }],
    [
      'a cart',
      { event_name: 'view_cart', value: 27.5, currency: 'EUR', items },
      { e_t: 'cart-update', revenue: '27.5', ec_products },
    ],
    ['a search', { event_name: 'search', search_term: 'krus' }, { search: 'krus' }],
    [
      'a file',
      { event_name: 'file_download', params: { link_url: 'https://shop.example/a.pdf' } },
      { download: 'https://shop.example/a.pdf', url: 'https://shop.example/a.pdf' },
    ],
    ['an event of the site', { event_name: 'ny_kunde', value: 5 }, { e_c: 'GA4', e_a: 'ny_kunde', e_v: '5' }],
    ['a value below zero', { event_name: 'ny_kunde', value: -5 }, { e_c: 'GA4', e_a: 'ny_kunde' }],
  ])('%s', (_, event, expected) => {
    expect(pairsOf(event)).toEqual({ ...COMMON, rmip: '1', ...expected });
  });

  it('without consent it is the anonymous form of the vendor, all four words of it (2, 4)', () => {
    const event = { event_name: 'purchase', transaction_id: 'A', visitor_hash: '0'.repeat(32), ip: '203.0.113.0' };
    expect(pairsOf(event, {}, true)).toEqual({
      ...COMMON,
      e_t: 'order',
      revenue: '0',
      uia: '1',
      dda: '1',
      rmip: '1',
      sh: '0',
    });
  });

  it('Piwik PRO finds nothing wrong with any event, nor does the check before the socket', () => {
    const texts = fc.option(fc.string({ maxLength: 20 }), { nil: undefined });
    const numbers = fc.option(fc.double(), { nil: undefined });
    const event = fc.record({
      event_name: fc.constantFrom('page_view', 'purchase', 'view_item', 'view_cart', 'click', 'search', 'ny'),
      page_location: fc.constantFrom('https://shop.example/', 'https://shop.example/a?b=1'),
      page_title: texts,
      search_term: texts,
      transaction_id: texts,
      currency: fc.constantFrom('EUR', 'NOK', 'kr'),
      value: numbers,
      tax: numbers,
      items: fc.array(fc.record({ item_id: texts, item_name: texts, item_brand: texts, price: numbers }), {
        maxLength: 3,
      }),
      params: fc.dictionary(fc.constantFrom('link_url', 'link_text', 'method', 'a'), fc.string()),
      visitor_hash: fc.constantFrom('0123456789abcdef0123456789abcdef', undefined),
      ip: fc.constantFrom('203.0.113.0', undefined),
    });
    violations.length = 0;
    fc.assert(
      fc.property(event, fc.boolean(), (one, limited) => {
        const settings = { ...SETTINGS, dimensions: { '1': 'a' } };
        const found = { settings, granted: limited ? [] : GRANTED, limited, event: one as Event };
        const request = requestOne(piwikPro, found);
        if ('skip' in request) return;
        void piwikProVendor.answer(asRecorded(request));
        expect(violations).toEqual([]);
        const row: RowFacts = { signals: limited ? 0 : 2, acceptedAt: AT, verdict: limited ? 'limited' : 'full' };
        expect(egressViolation(tableOf(bound.egress), [row], request)).toBeUndefined();
      }),
    );
  });
});

describe('what may leave is said a second time (2, 4)', () => {
  const START = `?idsite=${APP}&rec=1&cdt=1795169700&ts_n=portvakt&ts_v=0.1.0`;
  const form = (pairs: string) => ({
    method: 'POST' as const,
    url: `https://${PIWIK_PRO_HOST}/ppms.php`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ requests: [START + pairs] }),
  });
  const ANONYMOUS = '&uia=1&dda=1&rmip=1&sh=0';
  const full: RowFacts = { signals: 2, acceptedAt: AT, verdict: 'full' };
  const limited: RowFacts = { signals: 0, acceptedAt: AT, verdict: 'limited' };

  it.each<[string, RowFacts, string, string | undefined]>([
    ['a visitor', full, '&_id=0123456789abcdef', undefined],
    ['nobody', limited, ANONYMOUS, undefined],
    ['one word too few', limited, '&uia=1&dda=1&sh=0', 'rmip: missing'],
    ['an id in the anonymous form', limited, `${ANONYMOUS}&_id=0123456789abcdef`, 'unknown key in the body'],
    ['an order number in it', limited, `${ANONYMOUS}&ec_id=A`, 'unknown key in the body'],
    ['a visitor tied to what was anonymous', full, '&ping=4', 'unknown key in the body'],
    ['a whole address', full, '&cip=203.0.113.7', 'cip: value not allowed'],
  ])('%s', (_, row, pairs, wrong) => {
    expect(egressViolation(tableOf(bound.egress), [row], form(pairs))).toBe(wrong);
  });
});

describe('answers (5)', () => {
  it.each<[string, FakeReply, Verdict]>([
    ['taken', { status: 202 }, { kind: 'delivered' }],
    ['malformed', replies.malformed, { kind: 'bisect', reason: answered('vendor.refused', 400) }],
    ['forbidden', replies.forbidden, { kind: 'stop', reason: answered('vendor.settings', 403) }],
    ['not there', replies.notThere, { kind: 'stop', reason: answered('vendor.settings', 404) }],
    ['too large', replies.tooLarge, { kind: 'bisect', reason: answered('vendor.refused', 413) }],
    ['throttled', replies.throttled, { kind: 'retry', reason: answered('vendor.busy', 429), afterMs: 17_000 }],
    ['broken', replies.server, { kind: 'retry', reason: answered('vendor.unavailable', 500) }],
    ['a page', replies.page, { kind: 'retry', reason: answered('vendor.unreadable', 200) }],
  ])('%s', (_, reply, verdict) => expect(bound.judge(asReply(reply), 3, 'full')).toEqual(verdict));

  it('alone, a refused event needs no halving', () => {
    const reason = answered('vendor.refused', 400);
    expect(bound.judge(asReply(replies.malformed), 1, 'full')).toEqual({ kind: 'rejected', reason });
  });
});
