import { describe, expect, it } from 'vitest';
import tiktok from '../../../destinations/tiktok/index.ts';
import type { PlannedRequest, Skip } from '../../../src/core/destination.ts';
import type { Event } from '../../../src/core/fields.ts';
import { sha256Hex } from '../../../src/core/hash.ts';
import { reason } from '../../../src/core/reason.ts';
import type { GateSignal } from '../../../src/core/signals.ts';
import { permitTable } from '../../../src/policy/permit.ts';
import { planOne, requestOne } from '../../support/plan-one.ts';
import { asRecorded, asReply } from '../../vendors/as-recorded.ts';
import { createTikTok, replies } from '../../vendors/tiktok.ts';

const SETTINGS = { pixel_id: 'D6AP4E3C77U3L7SP8O7G', access_token: '${TIKTOK_ACCESS_TOKEN}' };
const GRANTED: readonly GateSignal[] = ['ad_storage', 'ad_user_data', 'ad_personalization'];
const CLICK = 'E.C.P.Example';
const LEAD: Event = { event_name: 'generate_lead', event_id: 'lead-91', event_time: 1795169760000, ttclid: CLICK };

type Json = Readonly<Record<string, unknown>>;

/** The one element of an event, parsed. */
function sent(event: Event, settings: Json = {}): Json {
  const plan = planOne(tiktok, { settings: { ...SETTINGS, ...settings }, granted: GRANTED, event });
  if ('skip' in plan) throw new Error(`skipped: ${plan.skip.code}`);
  return JSON.parse(plan.element) as Json;
}

function skipped(event: Event, settings: Json = {}): Skip['skip'] | undefined {
  const plan = planOne(tiktok, { settings: { ...SETTINGS, ...settings }, granted: GRANTED, event });
  return 'skip' in plan ? plan.skip : undefined;
}

/** The body as values, so that the order of keys does not matter. */
function parsed(request: PlannedRequest | Skip): unknown {
  return 'skip' in request ? request : { ...request, body: JSON.parse(request.body ?? '') as unknown };
}

describe('the examples', () => {
  it.each(tiktok.examples.map((example) => [example.title, example] as const))('%s', (_title, example) => {
    expect(parsed(requestOne(tiktok, example))).toEqual(parsed(example.expect));
  });

  it('suit the vendor', () => {
    const vendor = createTikTok();
    for (const example of tiktok.examples) {
      const request = requestOne(tiktok, example);
      if ('url' in request) vendor.answer(asRecorded(request));
    }
    expect(vendor.violations).toEqual([]);
    expect(vendor.taken.size).toBe(3);
  });
});

describe('consent (8)', () => {
  it('needs all three advertising signals and has no limited form', () => {
    for (const withoutConsent of ['block', 'limited'] as const) {
      // Bits: ad_storage 1, analytics_storage 2, ad_user_data 4, ad_personalization 8.
      permitTable(tiktok, { withoutConsent }).forEach((permit, mask) => {
        const all = (mask & 1) !== 0 && (mask & 4) !== 0 && (mask & 8) !== 0;
        expect(permit.verdict).toBe(all ? 'full' : 'blocked');
        expect(permit.open.length > 0).toBe(all);
      });
    }
    expect(tiktok.limited).toBeUndefined();
    // Section 12: the list's only entry of ByteDance is another product, and Google's list has none.
    expect(tiktok.tcfVendor).toBeUndefined();
    expect(tiktok.acProvider).toBeUndefined();
  });

  it('lets no raw user data through but places', () => {
    const user = {
      email: 'Kari.Nordmann+nett@Example.no',
      phone: '+47 400 00 000',
      first_name: 'Kari',
      last_name: 'Nordmann',
      city: 'Oslo',
      region: 'Oslo',
      postal_code: '0150',
      user_id: 'crm-8841',
      user_country: 'NO',
      street: 'Storgata 1',
    } as const;
    const all = ['email', 'phone', 'first_name', 'last_name', 'city', 'region', 'postal_code', 'country', 'user_id'];
    expect(sent({ ...LEAD, ...user }, { user_data: all })['user']).toEqual({
      email: sha256Hex('kari.nordmann+nett@example.no'),
      phone: sha256Hex('+4740000000'),
      first_name: sha256Hex('kari'),
      last_name: sha256Hex('nordmann'),
      city: 'oslo',
      state: 'oslo',
      zip_code: sha256Hex('0150'),
      country: 'no',
      external_id: sha256Hex('crm-8841'),
      ttclid: CLICK,
    });
    // Names only where they are listed (12).
    expect(sent({ ...LEAD, ...user })['user']).not.toHaveProperty('first_name');
    expect(sent({ ...LEAD, ...user })['user']).not.toHaveProperty('last_name');
    expect(sent({ ...LEAD, ...user }, { user_data: [] })['user']).toEqual({ ttclid: CLICK });
  });

  it('says limited use where the site says so, and nothing otherwise', () => {
    expect(sent(LEAD)).not.toHaveProperty('limited_data_use');
    expect(sent(LEAD, { limited_data_use: true })['limited_data_use']).toBe(true);
  });
});

describe('whose it is (4)', () => {
  const { ttclid: _, ...nobody } = LEAD;

  it.each<[string, Event]>([
    ['nothing', {}],
    ['a country', { country: 'NO', user_country: 'NO' }],
    ['names', { first_name: 'Kari', last_name: 'Nordmann' }],
    ['an address', { ip: '203.0.113.0' }],
    ['an address and what thousands share', { ip: '203.0.113.0', user_agent_family: 'Mozilla/5.0' }],
    ['a User-Agent', { user_agent: 'Mozilla/5.0 whole' }],
    ['a click id that is none', { ttclid: 'kari@example.no' }],
    ['a browser id that is none', { ttp: '1' }],
  ])('skips what has only %s', (_what, more) => {
    expect(skipped({ ...nobody, ...more })).toMatchObject({ code: 'skip.nothing_to_match' });
  });

  it.each<[string, Event, Json]>([
    ['ttclid', { ttclid: CLICK }, { ttclid: CLICK }],
    ['ttp', { ttp: '2F7h37YkS1j57AYSKTI7IHhJPYH' }, { ttp: '2F7h37YkS1j57AYSKTI7IHhJPYH' }],
    ['email', { email: 'kari@example.no' }, { email: sha256Hex('kari@example.no') }],
    ['email_sha256', { email_sha256: sha256Hex('kari@example.no') }, { email: sha256Hex('kari@example.no') }],
    ['phone', { phone: '+4740000000' }, { phone: sha256Hex('+4740000000') }],
    ['phone_sha256', { phone_sha256: sha256Hex('+4740000000') }, { phone: sha256Hex('+4740000000') }],
    ['user_id', { user_id: 'crm-8841' }, { external_id: sha256Hex('crm-8841') }],
    ['ip and user_agent', { ip: '203.0.113.0', user_agent: 'whole' }, { ip: '203.0.113.0', user_agent: 'whole' }],
  ])('takes %s', (_what, more, user) => {
    expect(sent({ ...nobody, ...more })['user']).toEqual(user);
  });
});

describe('what happened (3, 5)', () => {
  it.each([
    ['view_item', 'ViewContent'],
    ['search', 'Search'],
    ['view_search_results', 'Search'],
    ['add_to_wishlist', 'AddToWishlist'],
    ['add_to_cart', 'AddToCart'],
    ['begin_checkout', 'InitiateCheckout'],
    ['add_payment_info', 'AddPaymentInfo'],
    ['purchase', 'Purchase'],
    ['sign_up', 'CompleteRegistration'],
    ['generate_lead', 'Lead'],
    ['file_download', 'Download'],
    ['start_trial', 'StartTrial'],
    ['subscribe', 'Subscribe'],
    ['schedule', 'Schedule'],
    ['contact', 'Contact'],
  ])('%s is %s', (event_name, name) => {
    expect(sent({ ...LEAD, event_name })['event']).toBe(name);
  });

  it.each(['page_view', 'refund', 'my_event', 'constructor', '__proto__', ''])('%j has no name', (event_name) => {
    expect(skipped({ ...LEAD, event_name })).toEqual(reason('skip.not_mapped'));
  });

  it('is called as the settings say', () => {
    expect(sent({ ...LEAD, event_name: 'page_view' }, { event_names: { page_view: 'Pageview' } })['event']).toBe(
      'Pageview',
    );
    expect(skipped(LEAD, { event_names: { generate_lead: null } })).toEqual(reason('skip.not_mapped'));
  });

  it('has seconds, of the hit where the event has no time', () => {
    expect(sent({ ...LEAD, event_time: 1795169760999 })['event_time']).toBe(1795169760);
    const { event_time: _, ...timeless } = LEAD;
    const plan = planOne(tiktok, { settings: SETTINGS, granted: GRANTED, event: timeless, at: 1795000000000 });
    expect('element' in plan && JSON.parse(plan.element)).toMatchObject({ event_time: 1795000000 });
  });

  it('has an amount with its currency, zero too', () => {
    const money = (event: Event) => sent({ ...LEAD, ...event })['properties'];
    expect(money({ value: 599, currency: 'nok' })).toEqual({ currency: 'NOK', value: 599 });
    expect(money({ value: 0, currency: 'NOK' })).toEqual({ currency: 'NOK', value: 0 });
    expect(money({ value: 599 })).toBeUndefined();
    expect(money({ value: 599, currency: 'kroner' })).toBeUndefined();
    expect(money({ value: Number.NaN, currency: 'NOK' })).toEqual({ currency: 'NOK' });
  });

  it('has products that have an id', () => {
    const items = [{ item_name: 'nameless' }, { item_id: '' }, { item_id: 'SKU-1', price: 1 }];
    expect(sent({ ...LEAD, items })['properties']).toEqual({
      content_type: 'product',
      contents: [{ content_id: 'SKU-1', quantity: 1, price: 1 }],
    });
    expect(sent({ ...LEAD, items: [{ item_id: '' }] })).not.toHaveProperty('properties');
  });
});

describe('the request (1, 2)', () => {
  it('joins a thousand events at most, and the vendor takes them', () => {
    const bound = tiktok.bind(tiktok.settings.parse(SETTINGS));
    const vendor = createTikTok({ now: () => 1795169760000 });
    const element = JSON.stringify(sent(LEAD));
    const elements = Array.from({ length: 1000 }, (_, i) => element.replace('lead-91', `lead-${i}`));
    const reply = vendor.answer(asRecorded(bound.request('', elements)));
    expect(vendor.violations).toEqual([]);
    expect(vendor.taken.size).toBe(1000);
    expect(bound.judge(asReply(reply), 1000, '')).toEqual({ kind: 'delivered' });
    expect(tiktok.maxBatch('')).toBe(1000);
    expect(tiktok.maxAge).toBe(7 * 24 * 3600 * 1000);
  });

  it('has a probe with no events, which a good token and a bad one answer differently (10)', () => {
    const probe = tiktok.bind(tiktok.settings.parse(SETTINGS)).probe();
    expect(JSON.parse(probe?.request.body ?? '')).toMatchObject({ data: [] });
    const vendor = createTikTok();
    const ask = () => probe?.read(asReply(vendor.answer(asRecorded(probe.request))));
    expect(ask()).toEqual({ ok: true, message: 'the access token works' });
    for (const bad of ['badToken', 'permission', 'throttled', 'system', 'unknown', 'html'] as const) {
      vendor.respondWith(bad);
      expect(ask()?.ok).toBe(false);
    }
    expect(vendor.taken.size).toBe(0);
    expect(replies.badToken.status).toBe(200);
  });
});

describe('settings', () => {
  const parse = (more: Json) => tiktok.settings.safeParse({ ...SETTINGS, ...more }).success;

  it('takes the reference configuration’s keys', () => {
    expect(parse({})).toBe(true);
  });

  it.each<[string, Json]>([
    ['a pasted token', { access_token: 'abcdef' }],
    ['no pixel', { pixel_id: undefined }],
    ['a pixel of another vendor', { pixel_id: '123456789012345' }],
    ['a pixel in small letters', { pixel_id: 'd6ap4e3c77u3l7sp8o7g' }],
    ['an event without a name', { event_names: { purchase: '' } }],
    ['limited use of nothing', { limited_data_use: false }],
    ['an unknown key', { event_name: {} }],
    ['user data that does not exist', { user_data: ['street'] }],
  ])('refuses %s', (_what, more) => {
    expect(parse(more)).toBe(false);
  });

  it('warns of test events', () => {
    const warn = (more: Json) => tiktok.bind(tiktok.settings.parse({ ...SETTINGS, ...more })).warnings(0);
    expect(warn({})).toEqual([]);
    expect(warn({ test_event_code: 'TEST1' })[0]).toContain('test_event_code');
  });
});
