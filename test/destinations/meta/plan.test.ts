import { describe, expect, it } from 'vitest';
import meta from '../../../destinations/meta/index.ts';
import { sha256Hex } from '../../../src/core/hash.ts';
import { permitTable } from '../../../src/policy/permit.ts';
import type { PlannedRequest, Skip } from '../../../src/core/destination.ts';
import type { Event } from '../../../src/core/fields.ts';
import type { GateSignal } from '../../../src/core/signals.ts';
import { reason } from '../../../src/core/reason.ts';
import { planOne, requestOne } from '../../support/plan-one.ts';
import { asRecorded, asReply } from '../../vendors/as-recorded.ts';
import { createMeta } from '../../vendors/meta.ts';

const SETTINGS = { pixel_id: '1234567890', access_token: '${META_ACCESS_TOKEN}' };
const GRANTED: readonly GateSignal[] = ['ad_storage', 'ad_user_data', 'ad_personalization'];
const FBP = 'fb.1.1795100000123.1098115397';
const PURCHASE: Event = {
  event_name: 'purchase',
  event_id: 'e-1',
  event_time: 1795169700000,
  currency: 'NOK',
  value: 599,
  fbp: FBP,
};

interface Sent {
  readonly [key: string]: unknown;
  readonly user_data: Readonly<Record<string, unknown>>;
  readonly custom_data?: Readonly<Record<string, unknown>>;
}

/** The one element of an event, parsed. */
function sent(event: Event, settings: Readonly<Record<string, unknown>> = {}): Sent {
  const plan = planOne(meta, { settings: { ...SETTINGS, ...settings }, granted: GRANTED, event });
  if ('skip' in plan) throw new Error(`skipped: ${plan.skip.code}`);
  return JSON.parse(plan.element) as Sent;
}

function skipped(event: Event, settings: Readonly<Record<string, unknown>> = {}): Skip['skip'] | undefined {
  const plan = planOne(meta, { settings: { ...SETTINGS, ...settings }, granted: GRANTED, event });
  return 'skip' in plan ? plan.skip : undefined;
}

/** The body as values, so that the order of keys does not matter. */
function parsed(request: PlannedRequest | Skip): unknown {
  return 'skip' in request ? request : { ...request, body: JSON.parse(request.body ?? '') as unknown };
}

describe('the examples', () => {
  it.each(meta.examples.map((example) => [example.title, example] as const))('%s', (_title, example) => {
    expect(parsed(requestOne(meta, example))).toEqual(parsed(example.expect));
  });

  it('suit the vendor', () => {
    const vendor = createMeta({ pixelId: '1234567890' });
    for (const example of meta.examples) {
      const request = requestOne(meta, example);
      if ('url' in request) vendor.answer(asRecorded(request));
    }
    expect(vendor.violations).toEqual([]);
    expect(vendor.taken.size).toBe(4);
  });
});

describe('consent (design 3)', () => {
  it('needs all three advertising signals and has no limited form', () => {
    for (const withoutConsent of ['block', 'limited'] as const) {
      const table = permitTable(meta, { withoutConsent });
      // Bits: ad_storage 1, analytics_storage 2, ad_user_data 4, ad_personalization 8.
      table.forEach((permit, mask) => {
        const all = (mask & 1) !== 0 && (mask & 4) !== 0 && (mask & 8) !== 0;
        expect(permit.verdict).toBe(all ? 'full' : 'blocked');
        expect(permit.open.length > 0).toBe(all);
      });
    }
    expect(meta.limited).toBeUndefined();
    expect(meta.tcfVendor).toBeUndefined();
  });

  it('reads no identifier of another vendor and nothing GA4 hashed its own way (R47)', () => {
    const foreign = [
      'gclid',
      'gbraid',
      'wbraid',
      'dclid',
      'google_click_params',
      'msclkid',
      'li_fat_id',
      'client_id',
      'own_id',
      'google_user_data',
      'session_id',
      'params',
    ];
    expect(Object.keys(meta.reads).filter((field) => foreign.includes(field))).toEqual([]);
  });

  it('lets no raw user data through', () => {
    const raw = {
      email: 'Kari.Nordmann+nett@Example.no',
      phone: '+47 400 00 000',
      first_name: 'Kari',
      last_name: 'Nordmann',
      city: 'Trondheim',
      region: 'Trøndelag',
      postal_code: '7011',
      user_country: 'NO',
      user_id: 'crm-8841',
    };
    const event = sent({ ...PURCHASE, ...raw, street: 'Munkegata 1' });
    const text = JSON.stringify(event).toLowerCase();
    for (const value of [
      'nordmann',
      'kari',
      '400 00 000',
      '40000000',
      'trondheim',
      'trøndelag',
      '7011',
      'crm-8841',
      'munkegata',
    ]) {
      expect(text).not.toContain(value);
    }
    expect(event.user_data).toEqual({
      em: [sha256Hex('kari.nordmann+nett@example.no')],
      ph: [sha256Hex('4740000000')],
      fn: [sha256Hex('kari')],
      ln: [sha256Hex('nordmann')],
      ct: [sha256Hex('trondheim')],
      st: [sha256Hex('trøndelag')],
      zp: [sha256Hex('7011')],
      country: [sha256Hex('no')],
      external_id: [sha256Hex('crm-8841')],
      fbp: FBP,
    });
  });

  it('sends only the user data the site lists (R14)', () => {
    const event = {
      ...PURCHASE,
      email: 'kari@example.no',
      phone: '+47 400 00 000',
      user_id: 'crm-8841',
      country: 'NO',
    };
    expect(sent(event, { user_data: [] }).user_data).toEqual({ fbp: FBP });
    expect(sent(event, { user_data: ['phone'] }).user_data).toEqual({ ph: [sha256Hex('4740000000')], fbp: FBP });
    const { fbp: _, ...cookieless } = event;
    expect(skipped(cookieless, { user_data: [] })).toEqual(reason('skip.nothing_to_match', { fields: 'fbp, fbc' }));
  });

  it('says in so many words whether use is limited (8)', () => {
    expect(sent(PURCHASE)).toMatchObject({ data_processing_options: [] });
    expect(sent(PURCHASE)).not.toHaveProperty('data_processing_options_state');
    expect(sent(PURCHASE, { limited_data_use: { state: 1000 } })).toMatchObject({
      data_processing_options: ['LDU'],
      data_processing_options_country: 1,
      data_processing_options_state: 1000,
    });
    expect(sent(PURCHASE, { limited_data_use: { country: 0, state: 0 } })).toMatchObject({
      data_processing_options_country: 0,
      data_processing_options_state: 0,
    });
  });
});

describe('who it is about (4)', () => {
  const view: Event = { event_name: 'page_view', event_id: 'e-2', page_location: 'https://shop.example.no/' };

  it.each<[string, Event]>([
    ['nothing', {}],
    ['an address and a full user agent: the address is truncated', { ip: '203.0.113.0', user_agent: 'Mozilla/5.0' }],
    ['places', { city: 'Oslo', region: 'Oslo', postal_code: '0150', country: 'NO', user_country: 'NO' }],
    ['names', { first_name: 'Kari', last_name: 'Nordmann' }],
    ['cookies that Meta would ignore', { fbp: 'fb.1.x', fbc: 'fb.1.1795100000123.' }],
    ['an address that is none', { email: 'kari at example.no' }],
  ])('skips what has only %s', (_what, more) => {
    expect(skipped({ ...view, ...more })).toMatchObject({ code: 'skip.nothing_to_match' });
  });

  it.each<[string, Event, string]>([
    ['an e-mail address', { email: 'kari@example.no' }, 'em'],
    ['a phone number', { phone: '+47 400 00 000' }, 'ph'],
    ['an own id', { user_id: 'crm-8841' }, 'external_id'],
    ['_fbp', { fbp: FBP }, 'fbp'],
    ['_fbc', { fbc: 'fb.1.1795100000123.IwAR2ExampleClickId' }, 'fbc'],
  ])('sends with %s', (_what, more, key) => {
    expect(Object.keys(sent({ ...view, ...more }).user_data)).toEqual([key]);
  });

  it('prefers the full user agent and the country the visitor gave', () => {
    const user = sent({
      ...view,
      fbp: FBP,
      user_agent: 'full',
      user_agent_family: 'family',
      country: 'SE',
      user_country: 'NO',
    }).user_data;
    expect(user).toMatchObject({ client_user_agent: 'full', country: [sha256Hex('no')] });
    expect(sent({ ...view, fbp: FBP, user_agent_family: 'family', country: 'SE' }).user_data).toMatchObject({
      client_user_agent: 'family',
      country: [sha256Hex('se')],
    });
  });
});

describe('what happened (3, 5)', () => {
  it.each([
    ['page_view', 'PageView'],
    ['view_item', 'ViewContent'],
    ['search', 'Search'],
    ['view_search_results', 'Search'],
    ['add_to_wishlist', 'AddToWishlist'],
    ['add_to_cart', 'AddToCart'],
    ['begin_checkout', 'InitiateCheckout'],
    ['add_payment_info', 'AddPaymentInfo'],
    ['purchase', 'Purchase'],
    ['generate_lead', 'Lead'],
    ['sign_up', 'CompleteRegistration'],
  ])('%s is %s', (ga4, name) => {
    expect(sent({ ...PURCHASE, event_name: ga4 })).toMatchObject({
      event_name: name,
      event_id: 'e-1',
      action_source: 'website',
    });
  });

  it.each(['scroll', 'user_engagement', 'my_event', 'constructor', '__proto__', 'toString', ''])(
    '%j has no name at Meta',
    (name) => {
      expect(skipped({ ...PURCHASE, event_name: name })).toEqual(reason('skip.not_mapped'));
    },
  );

  it('takes names of the site, and null to switch one off', () => {
    const event_names = { my_event: 'Contact', generate_lead: 'Qualified lead', page_view: null };
    expect(sent({ ...PURCHASE, event_name: 'my_event' }, { event_names })['event_name']).toBe('Contact');
    expect(sent({ ...PURCHASE, event_name: 'generate_lead' }, { event_names })['event_name']).toBe('Qualified lead');
    expect(skipped({ ...PURCHASE, event_name: 'page_view' }, { event_names })).toEqual(reason('skip.not_mapped'));
    expect(sent(PURCHASE, { event_names })['event_name']).toBe('Purchase');
  });

  it('gives whole seconds, of the event or else of the hit', () => {
    expect(sent({ ...PURCHASE, event_time: 1795169700999 })['event_time']).toBe(1795169700);
    const { event_time: _, ...timeless } = PURCHASE;
    const plan = planOne(meta, { settings: SETTINGS, granted: GRANTED, event: timeless, at: 1795000000500 });
    expect('element' in plan && JSON.parse(plan.element)).toMatchObject({ event_time: 1795000000 });
  });

  it('takes zero for an amount', () => {
    expect(sent({ ...PURCHASE, value: 0 }).custom_data).toEqual({ currency: 'NOK', value: 0 });
  });

  it.each<[string, Event]>([
    ['no value', { currency: 'NOK' }],
    ['no currency', { value: 599 }],
    ['no such currency', { value: 599, currency: 'kroner' }],
    ['no number', { value: Number.NaN, currency: 'NOK' }],
    ['endless', { value: Number.POSITIVE_INFINITY, currency: 'NOK' }],
  ])('does not send a purchase that Meta refuses: %s', (_what, money) => {
    const event: Event = { event_name: 'purchase', event_id: 'e-1', fbp: FBP, ...money };
    expect(skipped(event)).toEqual(reason('skip.lacks', { fields: 'value, currency' }));
    expect(sent({ ...event, event_name: 'add_to_cart' }).custom_data?.['value']).toBeUndefined();
  });

  it('lists products by id, with quantity and unit price', () => {
    const items = [
      { item_id: 'SKU-1', item_name: 'Mug', price: 27.5, quantity: 2 },
      { item_id: 'SKU-2', item_name: 'Sample', price: 0 },
      { item_name: 'No id at all', price: 5 },
      { item_id: '' },
    ];
    const products = {
      content_type: 'product',
      content_ids: ['SKU-1', 'SKU-2'],
      contents: [
        { id: 'SKU-1', quantity: 2, item_price: 27.5 },
        { id: 'SKU-2', quantity: 1, item_price: 0 },
      ],
    };
    const { custom_data } = sent({ ...PURCHASE, items, transaction_id: 'ORD-1' });
    expect(custom_data).toEqual({ currency: 'NOK', value: 599, order_id: 'ORD-1', ...products });
    expect(sent({ event_name: 'begin_checkout', fbp: FBP, items }).custom_data).toEqual({ ...products, num_items: 3 });
  });

  it('sends a search term, and no empty custom_data', () => {
    expect(sent({ event_name: 'search', fbp: FBP, search_term: 'krus' }).custom_data).toEqual({
      search_string: 'krus',
    });
    expect(sent({ event_name: 'page_view', fbp: FBP, items: [] })).not.toHaveProperty('custom_data');
  });
});

describe('the request (1, 2)', () => {
  it('joins a thousand events at most, and the vendor takes them', () => {
    const bound = meta.bind(meta.settings.parse({ ...SETTINGS, test_event_code: 'TEST12345' }));
    const vendor = createMeta({ now: () => 1795169760000, pixelId: '1234567890' });
    const elements = Array.from({ length: 1000 }, (_, i) => JSON.stringify(sent({ ...PURCHASE, event_id: `e-${i}` })));
    const reply = vendor.answer(asRecorded(bound.request('', elements)));
    expect(vendor.violations).toEqual([]);
    expect(vendor.taken.size).toBe(1000);
    expect(meta.maxBatch('')).toBe(1000);
    expect(meta.maxAge).toBe(7 * 24 * 3600 * 1000);
    expect(bound.judge(asReply(reply), 1000, '')).toEqual({ kind: 'delivered' });
  });

  it('keeps ids and version of the settings, whatever the event says (R67)', () => {
    const request = requestOne(meta, {
      settings: { ...SETTINGS, api_version: 'v25.0' },
      granted: GRANTED,
      event: { ...PURCHASE, params: { pixel_id: '999', access_token: 'x', url: 'https://evil.example' } },
    });
    expect(request).toMatchObject({ url: 'https://graph.facebook.com/v25.0/1234567890/events' });
    expect(JSON.stringify(request)).not.toMatch(/999|evil/);
  });

  it('probes without an event', () => {
    const probe = meta.bind(meta.settings.parse(SETTINGS)).probe();
    const vendor = createMeta();
    const reply = vendor.answer(asRecorded(probe?.request ?? { method: 'GET', url: 'https://x.example', headers: {} }));
    expect(vendor.taken.size).toBe(0);
    expect(probe?.read(asReply(reply))).toEqual({ ok: true, message: 'the access token works' });
    vendor.respondWith('token');
    const refused = vendor.answer(
      asRecorded(probe?.request ?? { method: 'GET', url: 'https://x.example', headers: {} }),
    );
    expect(probe?.read(asReply(refused))).toMatchObject({ ok: false });
  });
});

describe('settings', () => {
  const parse = (more: Readonly<Record<string, unknown>>) => meta.settings.safeParse({ ...SETTINGS, ...more }).success;

  it('takes the reference configuration’s keys', () => {
    expect(meta.settings.safeParse({ pixel_id: '123456789012345', access_token: '${META_ACCESS_TOKEN}' }).success).toBe(
      true,
    );
    expect(parse({ access_token: 'file:/run/secrets/meta' })).toBe(true);
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['a pasted token', { access_token: 'EAABsbCS1iHgBA' }],
    ['a number for an id', { pixel_id: 123456789012345 }],
    ['a path for an id', { pixel_id: '1/../2' }],
    ['an unknown key', { pixelid: '1' }],
    ['a version that is none', { api_version: 'v26.0/../me' }],
    ['a name over 50 characters', { event_names: { a: 'x'.repeat(51) } }],
    ['user data that does not exist', { user_data: ['password'] }],
    ['a state by name', { limited_data_use: { state: 'California' } }],
  ])('refuses %s', (_what, more) => {
    expect(parse(more)).toBe(false);
  });

  it('says nothing of a pasted token in the error', () => {
    const result = meta.settings.safeParse({ ...SETTINGS, access_token: 'EAABsbCS1iHgBA' });
    expect(JSON.stringify(result.error?.issues)).not.toContain('EAABsbCS1iHgBA');
  });

  const warn = (more: Readonly<Record<string, unknown>>, day: string) =>
    meta.bind(meta.settings.parse({ ...SETTINGS, ...more })).warnings(Date.parse(day));

  it('warns 60 days before a version ends, and after (1)', () => {
    expect(warn({}, '2026-11-23')).toEqual([]);
    expect(warn({ api_version: 'v21.0' }, '2026-11-21')).toEqual([]);
    expect(warn({ api_version: 'v21.0' }, '2026-11-22')[0]).toContain('v21.0 ends on 2027-01-21');
    expect(warn({ api_version: 'v21.0' }, '2027-01-21')[0]).toContain('v21.0 has ended');
    expect(warn({ api_version: 'v20.0' }, '2026-11-23')[0]).toContain('v20.0 has ended');
    expect(warn({ api_version: 'v19.0' }, '2026-11-23')[0]).toContain('v19.0 has ended');
    expect(warn({ api_version: 'v27.0' }, '2026-11-23')).toEqual([]);
  });

  it('warns of a test code and of geolocation', () => {
    expect(warn({ test_event_code: 'TEST1' }, '2026-11-23')[0]).toContain('test_event_code');
    expect(warn({ limited_data_use: { country: 1, state: 0 } }, '2026-11-23')[0]).toContain('limited_data_use');
    expect(warn({ limited_data_use: { country: 1, state: 1000 } }, '2026-11-23')).toEqual([]);
  });
});
