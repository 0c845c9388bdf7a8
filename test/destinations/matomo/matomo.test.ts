import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import matomo from '../../../destinations/matomo/index.ts';
import type { Verdict } from '../../../src/core/destination.ts';
import type { Event } from '../../../src/core/fields.ts';
import { answered, showReason } from '../../../src/core/reason.ts';
import { keyedHash, hexOf } from '../../../src/core/hash.ts';
import { secretText } from '../../../src/core/secret.ts';
import { GATE_STATES } from '../../../src/core/signals.ts';
import { egressViolation, type RowFacts } from '../../../src/delivery/egress/index.ts';
import { tableOf } from '../../support/egress.ts';
import type { FakeReply } from '../../support/recorder.ts';
import { AT, planOne, requestOne } from '../../support/plan-one.ts';
import { asRecorded, asReply } from '../../vendors/as-recorded.ts';
import { MATOMO_HOST, matomoVendor, replies, violations } from '../../vendors/matomo.ts';

// Expectations from `destinations/matomo.md`.

const SETTINGS = { host: MATOMO_HOST, site_id: '3', currency: 'EUR', token: '${MATOMO_TOKEN}' };
const GRANTED = ['analytics_storage'] as const;
const bound = matomo.bind(matomo.settings.parse(SETTINGS));

/** The pairs of one event. */
function pairsOf(event: Event, more: object = {}, limited = false): Record<string, string> {
  const plan = planOne(matomo, { settings: { ...SETTINGS, ...more }, granted: limited ? [] : GRANTED, limited, event });
  if ('skip' in plan) throw new Error(plan.skip.code);
  return Object.fromEntries(new URLSearchParams(plan.element));
}

describe('what is sent (3)', () => {
  const item = { item_id: 'SKU-1', item_name: 'Mug', item_category: 'Home', item_category2: 'Cups', price: 27.5 };

  it.each<[string, Event, Record<string, string>]>([
    [
      'a product',
      { event_name: 'view_item', items: [item] },
      {
        e_c: 'Ecommerce',
        e_a: 'view_item',
        e_n: 'Mug',
        ca: '1',
        _pks: 'SKU-1',
        _pkn: 'Mug',
        _pkc: '["Home","Cups"]',
        _pkp: '27.5',
      },
    ],
    [
      'a cart',
      { event_name: 'begin_checkout', value: 55, currency: 'EUR', items: [{ ...item, quantity: 2 }] },
      { idgoal: '0', revenue: '55', ec_items: '[["SKU-1","Mug",["Home","Cups"],27.5,2]]' },
    ],
    ['a search', { event_name: 'view_search_results', search_term: 'krus' }, { search: 'krus' }],
    [
      'a file',
      { event_name: 'file_download', params: { link_url: 'https://shop.example/a.pdf' } },
      { download: 'https://shop.example/a.pdf', url: 'https://shop.example/a.pdf' },
    ],
    [
      'a link',
      { event_name: 'click', params: { link_url: 'https://partner.example/' } },
      { link: 'https://partner.example/', url: 'https://partner.example/' },
    ],
    [
      'a link to a mail address',
      { event_name: 'click', params: { link_url: 'mailto:[email]' } },
      { e_c: 'GA4', e_a: 'click', ca: '1' },
    ],
    ['time on the page', { event_name: 'user_engagement' }, { ping: '1' }],
    [
      'an event of the site',
      { event_name: 'ny_kunde', params: { method: 'bankid' }, value: 0 },
      { e_c: 'GA4', e_a: 'ny_kunde', e_n: 'bankid', e_v: '0', ca: '1' },
    ],
  ])('%s', (_, event, expected) => {
    expect(pairsOf(event)).toEqual({
      idsite: '3',
      rec: '1',
      apiv: '1',
      send_image: '0',
      rand: '19088743',
      cdt: String(AT / 1000),
      ...expected,
    });
  });

  it('an order: what its value holds is said by the settings', () => {
    const order = { event_name: 'purchase', transaction_id: 'A', currency: 'EUR', value: 100, tax: 20, shipping: 5 };
    const amounts = (more: object) => {
      const { revenue, ec_st, ec_tx, ec_sh } = pairsOf(order, more);
      return { revenue, ec_st, ec_tx, ec_sh };
    };
    expect(amounts({})).toEqual({ revenue: '100', ec_st: '75', ec_tx: '20', ec_sh: '5' });
    expect(amounts({ value_includes: [] })).toEqual({ revenue: '125', ec_st: '100', ec_tx: '20', ec_sh: '5' });
    expect(amounts({ value_includes: ['tax'] })).toEqual({ revenue: '105', ec_st: '80', ec_tx: '20', ec_sh: '5' });
    expect(amounts({ currency: 'NOK' })).toEqual({
      revenue: '0',
      ec_st: undefined,
      ec_tx: undefined,
      ec_sh: undefined,
    });
  });

  it('the id is that of its own script, else the first 16 digits of the keyed hash; the vector of 2', () => {
    const hash = hexOf(keyedHash(new TextEncoder().encode('k'))('1098115397.1795100000'));
    const page = { event_name: 'page_view', page_location: 'https://shop.example/', visitor_hash: hash };
    expect(pairsOf(page)['_id']).toBe('2ee7db68e927c732');
    expect(pairsOf({ ...page, pk_id: '0123456789abcdef' })['_id']).toBe('0123456789abcdef');
    expect(pairsOf({ ...page, pk_id: '0123456789abcdef' }, {}, true)).not.toHaveProperty('_id');
  });

  it('its own id of a visitor only where the site says so, and with the consent for it', () => {
    const event = { event_name: 'login', user_id: 'crm-8841' };
    const uid = (more: object, granted: readonly ('analytics_storage' | 'ad_storage' | 'ad_user_data')[]) => {
      const plan = planOne(matomo, { settings: { ...SETTINGS, ...more }, granted, event });
      return 'skip' in plan ? undefined : new URLSearchParams(plan.element).get('uid');
    };
    const all = ['analytics_storage', 'ad_storage', 'ad_user_data'] as const;
    expect(uid({ user_id: true }, all)).toBe('crm-8841');
    expect(uid({}, all)).toBeNull();
    expect(uid({ user_id: true }, ['analytics_storage', 'ad_storage'])).toBeNull();
  });

  it('without a token neither address nor country', () => {
    const event = { event_name: 'login', ip: '203.0.113.0', country: 'NO' };
    expect(pairsOf(event)).toMatchObject({ cip: '203.0.113.0', country: 'no' });
    const bare = pairsOf(event, { token: undefined });
    expect(bare).not.toHaveProperty('cip');
    expect(bare).not.toHaveProperty('country');
  });

  it('Matomo finds nothing wrong with any event', () => {
    const texts = fc.option(fc.string({ maxLength: 20 }), { nil: undefined });
    const numbers = fc.option(fc.double(), { nil: undefined });
    const event = fc.record({
      event_name: fc.constantFrom(
        'page_view',
        'purchase',
        'view_item',
        'view_cart',
        'click',
        'search',
        'ny',
        'user_engagement',
      ),
      page_location: fc.constantFrom('https://shop.example/', 'https://shop.example/a?b=1'),
      page_title: texts,
      search_term: texts,
      transaction_id: texts,
      currency: fc.constantFrom('EUR', 'NOK', 'kr'),
      value: numbers,
      tax: numbers,
      shipping: numbers,
      items: fc.array(fc.record({ item_id: texts, item_name: texts, price: numbers }), { maxLength: 3 }),
      params: fc.dictionary(fc.constantFrom('link_url', 'link_text', 'method', 'a'), fc.string()),
      pk_id: fc.constantFrom('0123456789abcdef', undefined),
      ip: fc.constantFrom('203.0.113.0', undefined),
    });
    violations.length = 0;
    fc.assert(
      fc.property(event, fc.boolean(), (one, limited) => {
        const settings = { ...SETTINGS, dimensions: { '1': 'a' } };
        const found = { settings, granted: limited ? [] : GRANTED, limited, event: one as Event };
        const request = requestOne(matomo, found);
        if ('skip' in request) return;
        void matomoVendor.answer(asRecorded(request));
        expect(violations).toEqual([]);
        const row: RowFacts = { signals: limited ? 0 : 2, acceptedAt: AT, verdict: limited ? 'limited' : 'full' };
        expect(
          egressViolation(tableOf(matomo.bind(matomo.settings.parse(settings)).egress), [row], request),
        ).toBeUndefined();
      }),
    );
  });
});

describe('what may leave is said a second time', () => {
  const TOKEN = '"token_auth":"\\u0000"';
  const body = (...requests: readonly string[]) => ({ body: `{"requests":${JSON.stringify(requests)},${TOKEN}}` });
  const START = '?idsite=3&rec=1&cdt=1795169700';
  const form = (pairs: string, more: object = {}) => ({
    method: 'POST' as const,
    url: `https://${MATOMO_HOST}/matomo.php`,
    headers: { 'content-type': 'application/json' },
    ...body(`${START}${pairs}`),
    bodySecret: { env: 'MATOMO_TOKEN' },
    ...more,
  });
  const full: RowFacts = { signals: 2, acceptedAt: AT, verdict: 'full' };
  const limited: RowFacts = { signals: 0, acceptedAt: AT, verdict: 'limited' };

  it.each<[string, RowFacts, object, string | undefined]>([
    ['as it should be', full, form('&_id=0123456789abcdef'), undefined],
    ['an id without consent', limited, form('&_id=0123456789abcdef'), 'unknown key in the body'],
    ['a user id without consent to its use', full, form('&uid=crm-1'), 'uid: not granted'],
    ['a key of nobody', full, form('&cid=0123456789abcdef'), 'unknown key in the body'],
    ['a key twice', full, form('&rec=1'), 'rec: twice'],
    ['a click id', full, form('&url=https%3A%2F%2Fa.example%2F%3Fgclid%3Dx'), 'url: value not allowed'],
    ['a whole address', full, form('&cip=203.0.113.7'), 'cip: value not allowed'],
    ['an address without consent', limited, form('&cip=203.0.113.0'), 'cip: value not allowed'],
    ['another site', full, form('', body('?idsite=4&rec=1&cdt=1795169700')), 'idsite: value not allowed'],
    ['no time', full, form('', body('?idsite=3&rec=1')), 'cdt: missing'],
    ['a fragment', full, form('&url=https%3A%2F%2Fa.example#b'), 'requests: value not allowed'],
    ['no query', full, form('', body('idsite=3')), 'requests: value not allowed'],
    [
      'the token in an address',
      full,
      form('', { url: secretText`https://${MATOMO_HOST}/matomo.php?token_auth=${{ env: 'A' }}` }),
      'unknown key in the query',
    ],
    ['no token', full, form('', { body: `{"requests":["${START}"]}`, bodySecret: undefined }), 'token_auth: missing'],
    [
      'a token as it is',
      full,
      form('', { body: `{"requests":["${START}"],"token_auth":"x"}`, bodySecret: undefined }),
      'token_auth: a secret in the wrong place',
    ],
    [
      'a token in another place, too',
      full,
      form('', { body: `{"requests":["\\u0000"],${TOKEN}}` }),
      'body: a secret in the wrong place',
    ],
    ['two events of one visitor', full, form('', body(START, START)), 'requests: not one for each event'],
  ])('%s', (_, row, request, wrong) => {
    expect(egressViolation(tableOf(bound.egress), [row], request as Parameters<typeof egressViolation>[2])).toBe(wrong);
  });
});

describe('answers (6)', () => {
  const judged = (reply: FakeReply, count = 3) => bound.judge(asReply(reply), count, 'full');
  const refused = answered('vendor.refused', 200, 'invalid');

  it.each<[string, FakeReply, Verdict]>([
    ['all taken', { status: 200, body: '{"status":"success","tracked":3,"invalid":0}' }, { kind: 'delivered' }],
    ['one named', replies.invalid(1)(3), { kind: 'partly', rejected: new Map([[1, refused]]), rest: 'delivered' }],
    ['one not named', replies.unnamed, { kind: 'bisect', reason: refused }],
    ['an index beyond', replies.invalid(7)(3), { kind: 'bisect', reason: refused }],
    ['malformed', replies.malformed, { kind: 'bisect', reason: answered('vendor.refused', 400) }],
    ['unauthorized', replies.unauthorized, { kind: 'stop', reason: answered('vendor.credentials', 401) }],
    ['forbidden', replies.forbidden, { kind: 'stop', reason: answered('vendor.credentials', 403) }],
    ['wrong path', replies.wrongPath, { kind: 'stop', reason: answered('vendor.settings', 404) }],
    ['too large', replies.tooLarge, { kind: 'bisect', reason: answered('vendor.refused', 413) }],
    ['throttled', replies.throttled, { kind: 'retry', reason: answered('vendor.busy', 429), afterMs: 17_000 }],
    ['broken', replies.server, { kind: 'retry', reason: answered('vendor.unavailable', 500) }],
    ['maintenance', replies.maintenance, { kind: 'retry', reason: answered('vendor.unreadable', 200) }],
    ['maintenance, 503', replies.maintenance503, { kind: 'retry', reason: answered('vendor.unavailable', 503) }],
    ['taken without a word', { status: 204 }, { kind: 'delivered' }],
  ])('%s', (_, reply, verdict) => expect(judged(reply)).toEqual(verdict));

  it('alone, a refused event needs no halving', () => {
    expect(judged(replies.malformed, 1)).toEqual({ kind: 'rejected', reason: answered('vendor.refused', 400) });
  });

  it('nothing of an answer gets into a reason', () => {
    fc.assert(
      fc.property(fc.constantFrom(200, 400, 401, 404, 500), fc.string(), (status, text) => {
        const verdict = judged({ status, body: JSON.stringify({ status: text, message: `kari${text}` }) });
        expect('reason' in verdict ? showReason(verdict.reason) : '').not.toContain('kari');
      }),
    );
  });
});

it('no consent but that to statistics opens it', () => {
  expect(bound.needs).toEqual(['analytics_storage']);
  expect(GATE_STATES).toBe(16);
});
