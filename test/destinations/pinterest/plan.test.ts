import { describe, expect, it } from 'vitest';
import pinterest from '../../../destinations/pinterest/index.ts';
import type { PlannedRequest, Skip } from '../../../src/core/destination.ts';
import type { Event } from '../../../src/core/fields.ts';
import { sha256Hex } from '../../../src/core/hash.ts';
import { reason } from '../../../src/core/reason.ts';
import type { GateSignal } from '../../../src/core/signals.ts';
import { permitTable } from '../../../src/policy/permit.ts';
import { planOne, requestOne } from '../../support/plan-one.ts';
import { asRecorded, asReply } from '../../vendors/as-recorded.ts';
import { createPinterest } from '../../vendors/pinterest.ts';

const SETTINGS = { ad_account_id: '549757463328', access_token: '${PINTEREST_ACCESS_TOKEN}' };
const GRANTED: readonly GateSignal[] = ['ad_storage', 'ad_user_data', 'ad_personalization'];
const MAIL = sha256Hex('kari@example.no');
const PURCHASE: Event = {
  event_name: 'purchase',
  event_id: 'e-1',
  event_time: 1795169700000,
  currency: 'NOK',
  value: 599,
  email: 'kari@example.no',
};
/** What makes an address and user agent count (4). */
const PAIR: Event = { ip: '203.0.113.0', user_agent_family: 'Mozilla/5.0 (compatible)' };

interface Sent {
  readonly [key: string]: unknown;
  readonly user_data: Readonly<Record<string, unknown>>;
  readonly custom_data?: Readonly<Record<string, unknown>>;
}

function sent(event: Event, settings: Readonly<Record<string, unknown>> = {}): Sent {
  const plan = planOne(pinterest, { settings: { ...SETTINGS, ...settings }, granted: GRANTED, event });
  if ('skip' in plan) throw new Error(`skipped: ${plan.skip.code}`);
  return JSON.parse(plan.element) as Sent;
}

function skipped(event: Event, settings: Readonly<Record<string, unknown>> = {}): Skip['skip'] | undefined {
  const plan = planOne(pinterest, { settings: { ...SETTINGS, ...settings }, granted: GRANTED, event });
  return 'skip' in plan ? plan.skip : undefined;
}

/** The body as values, so that the order of keys does not matter. */
function parsed(request: PlannedRequest | Skip): unknown {
  return 'skip' in request ? request : { ...request, body: JSON.parse(request.body ?? '') as unknown };
}

describe('the examples', () => {
  it.each(pinterest.examples.map((example) => [example.title, example] as const))('%s', (_title, example) => {
    expect(parsed(requestOne(pinterest, example))).toEqual(parsed(example.expect));
  });

  it('suit the vendor, which records none that is a test', () => {
    const vendor = createPinterest();
    for (const example of pinterest.examples) {
      const request = requestOne(pinterest, example);
      if ('url' in request) vendor.answer(asRecorded(request));
    }
    expect(vendor.violations).toEqual([]);
    expect([...vendor.taken.keys()]).toEqual(['checkout ord-20261120-7', 'page_visit pv-1']);
  });
});

describe('consent (7)', () => {
  it('needs all three advertising signals, and has no limited form and no id on the vendor list (11)', () => {
    for (const withoutConsent of ['block', 'limited'] as const) {
      permitTable(pinterest, { withoutConsent }).forEach((permit, mask) => {
        // Bits: ad_storage 1, analytics_storage 2, ad_user_data 4, ad_personalization 8.
        const all = (mask & 1) !== 0 && (mask & 4) !== 0 && (mask & 8) !== 0;
        expect(permit.verdict).toBe(all ? 'full' : 'blocked');
        expect(permit.open.length > 0).toBe(all);
      });
    }
    expect(pinterest.limited).toBeUndefined();
    expect([pinterest.tcfVendor, pinterest.acProvider]).toEqual([undefined, undefined]);
  });

  it('lets no raw user data through (4)', () => {
    const raw = {
      email: 'Kari.Nordmann+nett@Example.no',
      phone: '+47 400 00 000',
      first_name: 'Kari',
      last_name: 'Nordmann',
      city: 'Mo i Rana',
      region: 'CA',
      postal_code: '8607',
      user_country: 'NO',
      user_id: 'crm-8841',
    };
    const event = sent({ ...PURCHASE, ...raw, street: 'Munkegata 1' });
    const text = JSON.stringify(event).toLowerCase();
    for (const value of ['nordmann', 'kari', '40000000', 'rana', '8607', 'crm-8841', 'munkegata'])
      expect(text).not.toContain(value);
    expect(event.user_data).toEqual({
      em: [sha256Hex('kari.nordmann+nett@example.no')],
      ph: [sha256Hex('4740000000')],
      fn: [sha256Hex('kari')],
      ln: [sha256Hex('nordmann')],
      ct: [sha256Hex('moirana')],
      st: [sha256Hex('ca')],
      zp: [sha256Hex('8607')],
      country: [sha256Hex('no')],
      external_id: [sha256Hex('crm-8841')],
    });
  });

  it('sends only the user data the site lists (R14)', () => {
    const event = { ...PURCHASE, ...PAIR, epik: 'dj0yExample', phone: '+47 400 00 000', user_id: 'crm-8841' };
    expect(sent(event, { user_data: ['email'] }).user_data).toMatchObject({ em: [MAIL], click_id: 'dj0yExample' });
    expect(sent(event, { user_data: [] }).user_data).toEqual({
      client_ip_address: '203.0.113.0',
      client_user_agent: 'Mozilla/5.0 (compatible)',
      click_id: 'dj0yExample',
    });
  });
});

describe('who it is about (4)', () => {
  const view: Event = { event_name: 'page_view', event_id: 'e-2', page_location: 'https://shop.example.no/' };

  it.each<[string, Event]>([
    ['nothing', {}],
    ['a click id alone', { epik: 'dj0yExample' }],
    ['a click id and a user agent', { epik: 'dj0yExample', user_agent: 'Mozilla/5.0' }],
    ['a phone number and an own id', { phone: '+47 400 00 000', user_id: 'crm-8841' }],
    ['address and user agent: the address is truncated', PAIR],
    ['places and names beside them', { ...PAIR, city: 'Oslo', country: 'NO', first_name: 'Kari' }],
    ['a click id that is none', { ...PAIR, epik: 'kari@example.no' }],
    ['an e-mail address that is none', { email: 'kari at example.no' }],
  ])('skips what has only %s', (_what, more) => {
    expect(skipped({ ...view, ...more })).toMatchObject({ code: 'skip.nothing_to_match' });
  });

  it.each<[string, Event, string]>([
    ['an e-mail address', { email: 'kari@example.no' }, 'em'],
    ['its hash', { email_sha256: MAIL.toUpperCase() }, 'em'],
    ['a click id', { ...PAIR, epik: 'dj0yExample' }, 'click_id'],
    ['a phone number', { ...PAIR, phone: '+47 400 00 000' }, 'ph'],
    ['an own id', { ...PAIR, user_id: 'crm-8841' }, 'external_id'],
  ])('sends with %s', (_what, more, key) => {
    expect(Object.keys(sent({ ...view, ...more }).user_data)).toContain(key);
  });

  it('prefers the full user agent and the country the visitor gave', () => {
    const event = { ...PURCHASE, ...PAIR, user_agent: 'full', country: 'SE', user_country: 'NO' };
    expect(sent(event).user_data).toMatchObject({ client_user_agent: 'full', country: [sha256Hex('no')] });
  });
});

describe('what happened (3, 5)', () => {
  it.each([
    ['page_view', 'page_visit'],
    ['view_item', 'view_content'],
    ['view_item_list', 'view_category'],
    ['search', 'search'],
    ['view_search_results', 'search'],
    ['add_to_cart', 'add_to_cart'],
    ['add_to_wishlist', 'add_to_wishlist'],
    ['begin_checkout', 'initiate_checkout'],
    ['add_payment_info', 'add_payment_info'],
    ['purchase', 'checkout'],
    ['generate_lead', 'lead'],
    ['sign_up', 'signup'],
    ['subscribe', 'subscribe'],
    ['video_start', 'watch_video'],
    ['video_complete', 'watch_video'],
  ])('%s is %s', (ga4, name) => {
    expect(sent({ ...PURCHASE, event_name: ga4 })).toMatchObject({
      event_name: name,
      event_id: 'e-1',
      action_source: 'web',
    });
  });

  it.each(['scroll', 'contact', 'start_trial', 'custom', 'constructor', '__proto__', ''])(
    '%j has no name at Pinterest unless the site gives it one',
    (name) => {
      expect(skipped({ ...PURCHASE, event_name: name })).toEqual(reason('skip.not_mapped'));
    },
  );

  it('takes names of the site, and null to switch one off', () => {
    const event_names = { my_event: 'custom', view_item: 'page_visit', page_view: null };
    expect(sent({ ...PURCHASE, event_name: 'my_event' }, { event_names })['event_name']).toBe('custom');
    expect(sent({ ...PURCHASE, event_name: 'view_item' }, { event_names })['event_name']).toBe('page_visit');
    expect(skipped({ ...PURCHASE, event_name: 'page_view' }, { event_names })).toEqual(reason('skip.not_mapped'));
  });

  it('needs an event id, and gives whole seconds', () => {
    const { event_id: _, ...nameless } = PURCHASE;
    expect(skipped(nameless)).toEqual(reason('skip.lacks', { fields: 'event_id' }));
    expect(sent({ ...PURCHASE, event_time: 1795169700999 })['event_time']).toBe(1795169700);
  });

  it.each<[Event, Record<string, string> | undefined]>([
    [
      { value: 59.9, currency: 'eur' },
      { currency: 'EUR', value: '59.9' },
    ],
    [
      { value: 0, currency: 'NOK' },
      { currency: 'NOK', value: '0' },
    ],
    [
      { value: 0.1 + 0.2, currency: 'NOK' },
      { currency: 'NOK', value: '0.3' },
    ],
    // In the account's currency, which is what Pinterest makes of it; in one that is none it would be, too.
    [{ value: 599 }, { value: '599' }],
    [{ value: 599, currency: 'kroner' }, undefined],
    [{ value: Number.NaN, currency: 'NOK' }, undefined],
    [{ value: 1e21, currency: 'NOK' }, undefined],
    [{ currency: 'NOK' }, undefined],
  ])('money: %j', (money, expected) => {
    const event: Event = { event_name: 'purchase', event_id: 'e-1', email: 'kari@example.no', ...money };
    expect(sent(event).custom_data).toEqual(expected);
  });

  it('lists products by id, with quantity and price as Pinterest has them, and without names', () => {
    const items = [
      { item_id: 'SKU-1', item_name: 'Mug', price: 27.5, quantity: 2 },
      { item_id: 'SKU-2', item_name: 'Cloth', price: 0, quantity: 0.5 },
      { item_name: 'No id at all', price: 5 },
      { item_id: '' },
    ];
    expect(sent({ ...PURCHASE, items, transaction_id: 'ORD-1', search_term: 'krus' }).custom_data).toEqual({
      currency: 'NOK',
      value: '599',
      order_id: 'ORD-1',
      num_items: 3,
      content_ids: ['SKU-1', 'SKU-2'],
      contents: [
        { id: 'SKU-1', item_price: '27.5', quantity: 2 },
        { id: 'SKU-2', item_price: '0', quantity: 1 },
      ],
      search_string: 'krus',
    });
  });
});

describe('the request (1, 2)', () => {
  it('joins 250 events, whose answer is read whole', () => {
    const bound = pinterest.bind(pinterest.settings.parse(SETTINGS));
    const vendor = createPinterest();
    const elements = Array.from({ length: 250 }, (_, i) => JSON.stringify(sent({ ...PURCHASE, event_id: `e-${i}` })));
    const reply = vendor.answer(asRecorded(bound.request('', elements)));
    expect(vendor.violations).toEqual([]);
    expect(vendor.taken.size).toBe(250);
    expect([pinterest.maxBatch(''), pinterest.maxAge]).toEqual([250, 7 * 24 * 3600 * 1000]);
    // A row with a warning of 150 characters, which is long for one, still fits (R74).
    expect((reply.body ?? '').length + 250 * 150).toBeLessThan(64 * 1024);
    expect(bound.judge(asReply(reply), 250, '')).toEqual({ kind: 'delivered' });
  });

  it('probes without an event, in the mode that records nothing', () => {
    const probe = pinterest.bind(pinterest.settings.parse(SETTINGS)).probe();
    if (probe === undefined) throw new Error('no probe');
    const vendor = createPinterest();
    expect(probe.request).toMatchObject({
      url: 'https://api.pinterest.com/v5/ad_accounts/549757463328/events?test=true',
      body: '{"data":[]}',
    });
    expect(probe.read(asReply(vendor.answer(asRecorded(probe.request))))).toMatchObject({ ok: true });
    for (const name of ['unauthorized', 'forbidden', 'noAccount', 'rampedDown'] as const) {
      vendor.respondWith(name);
      expect(probe.read(asReply(vendor.answer(asRecorded(probe.request))))).toMatchObject({ ok: false });
    }
    expect([vendor.violations, vendor.taken.size]).toEqual([[], 0]);
  });
});

describe('settings', () => {
  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['a pasted token', { access_token: 'pina_AEXAMPLE' }],
    ['a number for an id', { ad_account_id: 549757463328 }],
    ['a path for an id', { ad_account_id: '1/../2' }],
    ['an unknown key', { tag_id: '1' }],
    ['a name that Pinterest does not have', { event_names: { a: 'Purchase' } }],
    ['an event of an app', { event_names: { a: 'app_install' } }],
    ['user data that does not exist', { user_data: ['password'] }],
  ])('refuses %s', (_what, more) => {
    expect(pinterest.settings.safeParse({ ...SETTINGS, ...more }).success).toBe(false);
  });

  it('warns of the test mode, and where only an address can be matched on', () => {
    const warn = (more: object) => pinterest.bind(pinterest.settings.parse({ ...SETTINGS, ...more })).warnings(0);
    expect(warn({})).toEqual([]);
    expect(warn({ test: true })[0]).toContain('records nothing');
    expect(warn({ user_data: ['phone'] })[0]).toContain('privacy.ip: truncate');
  });
});
