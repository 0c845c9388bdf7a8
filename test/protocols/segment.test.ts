import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyId } from '../../src/protocols/admission.ts';
import type { HitReading, SourceEvent, Visitor } from '../../src/protocols/hit.ts';
import { NAME } from '../../src/protocols/names.ts';
import { segment } from '../../src/protocols/segment/index.ts';
import { AT, expectProblem, expectReading, hitOf, VISITOR } from './reading.ts';

// What calls of Segment's SDKs are read as: `protocols/segment.md` 3-6.

const at = (path: string, body: unknown, sender: 'browser' | 'backend' = 'browser', visitor: Visitor = VISITOR) =>
  segment.read(hitOf({ path, body: typeof body === 'string' ? body : JSON.stringify(body) }), sender, visitor);
const one = (path: string, body: unknown, sender: 'browser' | 'backend' = 'browser'): SourceEvent => {
  const [event, ...others] = expectReading(at(path, body, sender)).events;
  expect(others).toEqual([]);
  return event as SourceEvent;
};
const track = (event: string, properties: object = {}, more: object = {}): SourceEvent =>
  one('/v1/t', { type: 'track', event, properties, ...more });
const batch = (calls: readonly unknown[], sender: 'browser' | 'backend' = 'browser', more: object = {}): HitReading =>
  expectReading(at('/v1/batch', { batch: calls, ...more }, sender));

describe('the events of a shop', () => {
  const product = {
    product_id: 'P-1',
    sku: 'S-1',
    name: 'Krus',
    brand: 'B',
    category: 'C',
    variant: 'V',
    price: '27.50',
  };
  const item = {
    item_id: 'P-1',
    item_name: 'Krus',
    item_brand: 'B',
    item_category: 'C',
    item_variant: 'V',
    price: 27.5,
  };
  it.each([
    ['Products Searched', { query: 'krus' }, { event_name: 'search', search_term: 'krus' }],
    [
      'Product List Viewed',
      { list_id: 'l1', category: 'Kopper', products: [product] },
      { event_name: 'view_item_list', params: { item_list_id: 'l1', item_list_name: 'Kopper' }, items: [item] },
    ],
    ['Product List Filtered', { list_id: 'l1', filters: [{ type: 'a' }] }, { event_name: 'view_item_list' }],
    [
      'Promotion Viewed',
      { promotion_id: 'p', creative: 'c', name: 'n', position: 'top' },
      {
        event_name: 'view_promotion',
        params: { promotion_id: 'p', creative_name: 'c', promotion_name: 'n', creative_slot: 'top' },
      },
    ],
    ['Promotion Clicked', { promotion_id: 'p' }, { event_name: 'select_promotion' }],
    ['Product Clicked', { ...product, position: 3 }, { event_name: 'select_item', items: [{ ...item, index: 3 }] }],
    [
      'Product Viewed',
      { ...product, currency: 'nok', value: 27.5 },
      { event_name: 'view_item', currency: 'NOK', value: 27.5 },
    ],
    [
      'Product Added',
      { ...product, quantity: 2 },
      { event_name: 'add_to_cart', value: 55, items: [{ ...item, quantity: 2 }] },
    ],
    ['Product Added', { ...product, quantity: 2, value: 7 }, { event_name: 'add_to_cart', value: 7 }],
    ['Product Removed', product, { event_name: 'remove_from_cart', value: 27.5 }],
    [
      'Cart Viewed',
      { cart_id: 'k', products: [product] },
      { event_name: 'view_cart', items: [item], params: { cart_id: 'k' } },
    ],
    ['Checkout Started', { order_id: 'O', value: 1 }, { event_name: 'begin_checkout', value: 1 }],
    [
      'Payment Info Entered',
      { payment_method: 'Visa', shipping_method: 'Post', order_id: 'O' },
      { event_name: 'add_payment_info', params: { payment_type: 'Visa', shipping_tier: 'Post' } },
    ],
    [
      'Order Completed',
      {
        order_id: 'O-1',
        total: 110,
        revenue: 80,
        tax: 20,
        shipping: 10,
        discount: 5,
        coupon: 'JUL',
        currency: 'NOK',
        affiliation: 'Nett',
        products: [product],
      },
      {
        event_name: 'purchase',
        transaction_id: 'O-1',
        value: 80,
        tax: 20,
        shipping: 10,
        coupon: 'JUL',
        currency: 'NOK',
        params: { discount: 5, affiliation: 'Nett' },
        items: [item],
      },
    ],
    ['Order Completed', { order_id: 'O-1', total: '110' }, { event_name: 'purchase', value: 110 }],
    ['order_completed', { order_id: 'O-1' }, { event_name: 'purchase', transaction_id: 'O-1' }],
    // Other spellings of the list, and its older names: github.com/segmentio/analytics-events, index.js.
    ['OrderCompleted', { order_id: 'O-1' }, { event_name: 'purchase', transaction_id: 'O-1' }],
    ['orderCompleted', { order_id: 'O-1' }, { event_name: 'purchase', transaction_id: 'O-1' }],
    ['Completed Order', { order_id: 'O-1', total: 9 }, { event_name: 'purchase', transaction_id: 'O-1', value: 9 }],
    ['Refunded Order', { order_id: 'O-1' }, { event_name: 'refund', transaction_id: 'O-1' }],
    ['Viewed Product', product, { event_name: 'view_item', items: [item] }],
    ['viewed_product', product, { event_name: 'view_item', items: [item] }],
    ['Clicked Product', product, { event_name: 'select_item', items: [item] }],
    ['Added Product', { ...product, quantity: 2 }, { event_name: 'add_to_cart', value: 55 }],
    ['Removed Product', product, { event_name: 'remove_from_cart' }],
    ['Viewed Product Category', { category: 'Kopper' }, { event_name: 'view_item_list' }],
    ['Viewed Promotion', { promotion_id: 'p' }, { event_name: 'view_promotion' }],
    ['Clicked Promotion', { promotion_id: 'p' }, { event_name: 'select_promotion' }],
    ['Payment Info Added', { payment_method: 'Visa' }, { event_name: 'add_payment_info' }],
    // Their reader takes `orderId` for `order_id`, and `id` is the older name of a product's id: github.com/segmentio/facade.
    [
      'Order Completed',
      { orderId: 'O-1', total: 9, products: [{ productId: 'P-1' }, { id: 'P-2', price: 3 }] },
      { transaction_id: 'O-1', items: [{ item_id: 'P-1' }, { item_id: 'P-2', price: 3 }] },
    ],
    ['Order Completed', { orderId: 'O-2', order_id: 'O-1' }, { transaction_id: 'O-1' }],
    ['Order Refunded', { order_id: 'O-1', total: 3 }, { event_name: 'refund', transaction_id: 'O-1', value: 3 }],
    ['Product Added to Wishlist', { ...product, wishlist_id: 'w' }, { event_name: 'add_to_wishlist', items: [item] }],
    [
      'Product Shared',
      { ...product, share_via: 'email', share_message: 'Hei', recipient: 'kari@example.no' },
      { event_name: 'share', params: { method: 'email' } },
    ],
    ['Cart Shared', { share_via: 'x' }, { event_name: 'share', params: { method: 'x' } }],
    ['Signed Up', { method: 'form' }, { event_name: 'sign_up', params: { method: 'form' } }],
    ['Signed In', {}, { event_name: 'login' }],
    ['Lead Generated', {}, { event_name: 'generate_lead' }],
    ['Generate Lead', {}, { event_name: 'generate_lead' }],
    ['Form Submitted', {}, { event_name: 'generate_lead' }],
    ['Subscription Created', {}, { event_name: 'subscribe' }],
    ['Trial Started', {}, { event_name: 'start_trial' }],
    ['Checkout Step Viewed', { step: 2 }, { event_name: 'checkout_step_viewed', params: { step: 2 } }],
    ['Checkout Step Completed', { step: 2 }, { event_name: 'checkout_step_completed', params: { step: 2 } }],
    [
      'Product Removed from Wishlist',
      { ...product, wishlist_id: 'w' },
      { event_name: 'product_removed_from_wishlist', items: [item], params: { wishlist_id: 'w' } },
    ],
    [
      'Wishlist Product Added to Cart',
      { ...product, quantity: 2 },
      { event_name: 'wishlist_product_added_to_cart', items: [{ ...item, quantity: 2 }] },
    ],
    [
      'Product Reviewed',
      { ...product, rating: 5 },
      { event_name: 'product_reviewed', items: [item], params: { rating: 5 } },
    ],
    ['Coupon Entered', { coupon_id: 'JUL' }, { event_name: 'coupon_entered', params: { coupon_id: 'JUL' } }],
    ['Coupon Applied', { coupon_name: 'Jul', discount: 5 }, { event_name: 'coupon_applied', params: { discount: 5 } }],
    ['Coupon Denied', { reason: 'ended' }, { event_name: 'coupon_denied', params: { reason: 'ended' } }],
    ['Coupon Removed', { coupon_id: 'JUL' }, { event_name: 'coupon_removed' }],
    ['Order Updated', {}, { event_name: 'order_updated' }],
    ['Order Cancelled', {}, { event_name: 'order_cancelled' }],
  ])('%s %j', (event, properties, expected) => {
    expect(track(event, properties).raw).toMatchObject(expected);
  });

  it('the number of an order is not told before there is one', () => {
    for (const event of ['Checkout Started', 'Payment Info Entered']) {
      expect(JSON.stringify(track(event, { order_id: 'O-1' }).raw)).not.toContain('O-1');
    }
  });

  it('an item has the sku where it has no id, and nothing of its addresses', () => {
    const product = { sku: 'S-1', url: 'https://x.example', image_url: 'https://y.example' };
    for (const name of ['Product Viewed', 'Product Reviewed', 'Product Removed from Wishlist']) {
      const { raw } = track(name, product);
      expect([raw.items, raw.params]).toEqual([[{ item_id: 'S-1' }], undefined]);
    }
    const { raw } = track('Product Viewed', product);
    expect(raw.items).toEqual([{ item_id: 'S-1' }]);
    expect(raw.params).toBeUndefined();
  });

  it('a detail that cannot be used does not cost the order', () => {
    const { raw, invalid } = track('Order Completed', {
      order_id: 'O-1',
      revenue: '599,00',
      currency: 'NOK',
      coupon: false,
      tax: true,
      products: ['x', { product_id: 'P-1', price: true }],
      deep: { er: 1 },
    });
    expect(invalid).toBeUndefined();
    expect(raw).toMatchObject({ event_name: 'purchase', transaction_id: 'O-1', items: [{ item_id: 'P-1' }] });
    expect([raw.value, raw.currency, raw.coupon, raw.tax]).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe("names of the site's own", () => {
  it.each([
    ['Added To Bag', 'added_to_bag'],
    ['addedToBag', 'addedToBag'],
    ['Purchase', 'purchase'],
    ['[Amplitude] Page Viewed', 'amplitude_page_viewed'],
    ['Kjøp fullført', 'kjop_fullfort'],
    ['404 Viewed', 'event_404_viewed'],
    ['iPhone Viewed', 'iPhone_viewed'],
    ['Handlekurv: åpnet!', 'handlekurv_apnet'],
    ['x'.repeat(20) + ' ' + 'y'.repeat(24), `${'x'.repeat(20)}_${'y'.repeat(19)}`],
    ['Order 12345678 Viewed', 'order_viewed'],
    ['Clicked IwAR2Test_hIjKlMn3', 'clicked_hijklmn3'],
    ['Seen fba58c7c-b2b0-40b9-916d-82a92f283598', 'seen'],
  ])('%s -> %s', (event, name) => {
    expect(track(event).raw.event_name).toBe(name.replace('clicked_hijklmn3', 'clicked'));
  });

  it.each([
    ['kari@example.no signed up'],
    ['gclid=Cj0KCQ'],
    ['https://shop.example.no/takk'],
    ['fb.1.1795000000000.1098115397'],
    ['kari&#x40;example no'],
    ['kari%40example.no'],
    ['日本'],
    [''],
    [7],
    [undefined],
    ['session_start'],
  ])('%j is none', (event) => {
    expect(track(event as string).invalid?.field).toBe('name');
  });

  it('whatever is said, the name is one that GA4 takes, or the event is invalid (property)', () => {
    const holds = fc.property(fc.oneof(fc.string(), fc.string({ unit: 'grapheme' })), (said) => {
      const { raw, invalid } = track(said);
      return invalid !== undefined || NAME.test(raw.event_name ?? '');
    });
    expect(fc.check(holds).failed).toBe(false);
  });

  it('properties keep their names, or get one that is', () => {
    const { raw } = track('A', {
      'Order Total': 3,
      plan: 'x',
      'kari@example.no': 1,
      '2 x': 1,
      user_id: 'u',
      ga_x: 1,
      'fb.1.2.3': 'x',
      'customerName of it': 1,
    });
    // The capitals stay, because the cleaner recognises the owner of the name by them.
    expect(raw.params).toEqual({ order_total: 3, plan: 'x', p_2_x: 1, customerName_of_it: 1 });
  });
});

describe('a page', () => {
  const properties = {
    url: 'https://shop.example.no/a',
    title: 'A',
    referrer: 'https://x.example',
    path: '/a',
    search: '?q',
    plan: 1,
  };
  it('is a page view at the address it names', () => {
    const { raw } = one('/v1/p', { type: 'page', properties, context: { page: { url: 'https://shop.example.no/b' } } });
    expect(raw).toMatchObject({
      event_name: 'page_view',
      page_location: properties.url,
      page_title: 'A',
      page_referrer: properties.referrer,
      params: { plan: 1 },
    });
  });

  it('is called by its name where it has no title', () => {
    const named = {
      type: 'page',
      name: 'Kasse',
      category: 'Butikk',
      context: { page: { url: 'https://shop.example.no/b' } },
    };
    expect(one('/v1/p', named).raw).toMatchObject({ page_title: 'Kasse', page_location: 'https://shop.example.no/b' });
    expect(one('/v1/page', { category: 'Butikk' }).raw.page_title).toBe('Butikk');
  });
});

describe('when it happened', () => {
  const iso = (ms: number) => new Date(ms).toISOString();
  it.each([
    [
      'as long before it came as before it was sent',
      { timestamp: iso(AT - 90_000), sentAt: iso(AT - 60_000) },
      AT - 30_000,
    ],
    ['by a clock that is an hour ahead', { timestamp: iso(AT + 3_600_000), sentAt: iso(AT + 3_605_000) }, AT - 5_000],
    ['by its own clock where nobody says when it was sent', { timestamp: iso(AT - 90_000) }, AT - 90_000],
    ['by the time it had at first', { originalTimestamp: iso(AT - 90_000) }, AT - 90_000],
    ['not in the future', { timestamp: iso(AT + 90_000) }, AT],
    ['not after it was sent', { timestamp: iso(AT), sentAt: iso(AT - 60_000) }, AT],
    // Numbers and texts, with and without a zone: github.com/segmentio/new-date.
    ['in seconds', { timestamp: Math.floor(AT / 1000) - 90 }, Math.floor(AT / 1000) * 1000 - 90_000],
    ['in seconds, as a text', { timestamp: String(Math.floor(AT / 1000) - 90) }, Math.floor(AT / 1000) * 1000 - 90_000],
    ['in milliseconds, as a text', { timestamp: String(AT - 90_000) }, AT - 90_000],
    ['in UTC, where it has no zone', { timestamp: iso(AT - 90_000).replace('Z', '') }, AT - 90_000],
    ['with a space in it', { timestamp: iso(AT - 90_000).replace('T', ' ') }, AT - 90_000],
    ['on a day', { timestamp: iso(AT - 86_400_000).slice(0, 10) }, Date.parse(iso(AT - 86_400_000).slice(0, 10))],
    ['now, where it is unreadable', { timestamp: 'yesterday', sentAt: iso(AT) }, AT],
    ['now, where nobody says', {}, AT],
  ])('%s', (_name, times, expected) => {
    expect(track('A', {}, times).raw.event_time).toBe(expected);
  });

  it('a batch says for all of its calls when it was sent', () => {
    const { events } = batch([{ type: 'track', event: 'A', timestamp: iso(AT - 90_000) }], 'browser', {
      sentAt: iso(AT - 60_000),
    });
    expect(events[0]?.raw.event_time).toBe(AT - 30_000);
  });
});

describe('who it is about', () => {
  const ids = { anonymousId: 'a1b2', userId: 'u-7', messageId: 'ajs-next-1795-x' };
  const cookies = (text: string): Visitor => ({ ...VISITOR, cookies: text });
  const first = (visitor: Visitor, more: object = {}) =>
    expectReading(at('/v1/t', { event: 'A', ...ids, ...more }, 'browser', visitor)).events[0]?.raw;

  it("is the SDK's id where Google's tag has none", () => {
    expect(first(VISITOR)).toMatchObject({ client_id: 'a1b2', user_id: 'u-7', event_id: 'ajs-next-1795-x' });
    expect(first(cookies('x_ga=1; _gat=2'))?.client_id).toBe('a1b2');
    expect(first(cookies('a=b; _ga=GA1.1.1.2'))?.client_id).toBeUndefined();
  });

  it("is the id of Google's tag where the call has it", () => {
    const more = { integrations: { 'Google Analytics 4': { clientId: '1.2', sessionId: 1795169000 } } };
    expect(first(cookies('_ga=GA1.1.1.2'), more)).toMatchObject({ client_id: '1.2', session_id: '1795169000' });
    expect(first(VISITOR, { context: { 'Google Analytics': { clientId: '3.4' } } })?.client_id).toBe('3.4');
  });

  // github.com/PostHog/posthog/issues/12008: Segment calls came with such ids, and many people became one.
  it.each(['undefined', 'null', '[object Object]', 'NaN', '{{userId}}'])('%s is nobody', (id) => {
    const raw = first(VISITOR, {
      anonymousId: id,
      userId: id,
      integrations: { 'Google Analytics 4': { clientId: id } },
    });
    expect([raw?.client_id, raw?.user_id, raw?.other_ids]).toEqual([undefined, undefined, undefined]);
    const { events } = batch([
      { type: 'identify', userId: id, traits: { email: 'kari@example.no' } },
      { type: 'track', event: 'A', userId: id },
    ]);
    expect(events[1]?.raw.email).toBeUndefined();
  });

  it('traits of the context, and of who is identified in the same request, are user data', () => {
    const identify = {
      type: 'identify',
      userId: 'u-7',
      traits: { email: 'kari@example.no', phone: 4740000000, firstName: 'Kari' },
    };
    const { events } = batch([
      {
        type: 'track',
        event: 'A',
        userId: 'u-7',
        context: {
          traits: {
            email: 'own@example.no',
            address: { city: 'Oslo', postalCode: '0150', country: 'no', street: 'S 1', state: 'O' },
          },
        },
      },
      identify,
      { type: 'track', event: 'B', userId: 'u-8' },
    ]);
    expect(events[0]?.raw).toMatchObject({
      email: 'own@example.no',
      phone: '4740000000',
      first_name: 'Kari',
      city: 'Oslo',
      postal_code: '0150',
      user_country: 'NO',
      street: 'S 1',
      region: 'O',
    });
    expect(events[1]).toMatchObject({ noEvent: true });
    expect(events[1]?.raw.email).toBeUndefined();
    expect(events[2]?.raw.email).toBeUndefined();
  });

  it.each(['identify', 'group', 'alias', 'screen'])('%s is no event', (type) => {
    expect(one(`/v1/${type}`, { type, userId: 'u', traits: { email: 'kari@example.no' } })).toMatchObject({
      noEvent: true,
    });
    expect(one(`/v1/${type.charAt(0)}`, { userId: 'u' }).noEvent).toBe(true);
  });

  it("a page's browser says what it is; a back end says it of its visitor", () => {
    const context = {
      ip: '203.0.113.9',
      userAgent: 'UA',
      portvakt: { visitor: { cookies: 'a=b', gpc: '1', client_id: '5.6' } },
      locale: 'nb-NO',
      screen: { width: 1280, height: 720 },
      campaign: { source: 'newsletter', medium: 'email', nested: {}, name: 'jul' },
    };
    const call = { event: 'A', anonymousId: 'a1', context };
    expect(one('/v1/t', call).visitor).toEqual(VISITOR);
    const { visitor, raw } = one('/v1/track', call, 'backend');
    expect(visitor).toMatchObject({
      cookies: 'a=b',
      gpc: true,
      userAgent: 'UA',
      address: '203.0.113.9',
      clientId: '5.6',
    });
    expect(raw).toMatchObject({
      language: 'nb-NO',
      screen_resolution: '1280x720',
      campaign: { source: 'newsletter', medium: 'email', name: 'jul' },
    });
    expect(raw.client_id).toBeUndefined();
  });
});

describe('what it says of consent', () => {
  const consent = (categoryPreferences: unknown) => ({ context: { consent: { categoryPreferences } } });
  it('is passed on as it is; what is not true is not allowed', () => {
    const { visitor } = track('A', {}, consent({ C0002: true, C0004: false, C0005: 'true' }));
    expect(visitor.stated?.preferences).toEqual({
      byPage: true,
      chosenAt: undefined,
      categories: new Map([
        ['C0002', true],
        ['C0004', false],
        ['C0005', false],
      ]),
    });
  });

  it.each([['yes'], [['C0002']], [true], [1]])('%j cannot be read', (preferences) => {
    expect(track('A', {}, consent(preferences)).visitor.stated?.preferences?.categories).toBeUndefined();
    expect(track('A', {}, consent(preferences)).visitor.stated?.preferences).toBeDefined();
  });

  it('is nothing where it is absent', () => {
    expect(track('A', {}, consent(undefined)).visitor.stated).toBeUndefined();
    expect(track('A', {}, { context: { consent: null } }).visitor.stated).toBeUndefined();
  });

  // The name that the SDKs themselves write: github.com/segmentio/analytics-next, packages/consent/consent-tools.
  it.each([
    'Segment Consent Preference',
    'Segment Consent Preference Updated',
    'segment_consent_preference_updated',
    'SegmentConsentPreferenceUpdated',
  ])('%s is the notice of a choice', (name) => {
    const source = track(name, {}, { context: { consent: { categoryPreferences: { Analytics: false } } } });
    expect([source.noEvent, source.raw.event_name]).toEqual([true, 'consent']);
    expect(source.visitor.stated?.preferences?.chosenAt).toBeDefined();
  });

  it.each(['Segment Consent', 'My Segment Consent Preference', 'Segment Consent Preference Center Opened'])(
    '%s is an event of the site',
    (name) => {
      expect(track(name).noEvent).toBeUndefined();
    },
  );

  it('the notice of a choice is no event, and tells when it was made', () => {
    const source = track('Segment Consent Preference Updated', {}, consent({ Analytics: false }));
    expect(source.noEvent).toBe(true);
    expect(source.visitor.stated?.preferences?.chosenAt).toBe(AT);
  });

  it('calls that say the same share their visitor', () => {
    const call = (allowed: boolean) => ({ type: 'track', event: 'A', ...consent({ C0002: allowed }) });
    const [a, b, c] = batch([call(true), call(true), call(false)]).events;
    expect(a?.visitor).toBe(b?.visitor);
    expect(c?.visitor).not.toBe(b?.visitor);
  });

  it.each([
    [{ All: true, 'Segment.io': false }, undefined],
    [{ 'Google Analytics 4': { clientId: '1.2' } }, undefined],
    [{ 'Google Analytics 4 Web': false }, { all: false, names: ['google analytics 4'], but: [] }],
    [
      { all: false, 'Facebook Pixel': true },
      { all: true, names: [], but: ['facebook pixel'] },
    ],
    [{ 'Bing Ads': null }, { all: false, names: ['bing ads'], but: [] }],
    [{ constructor: false }, { all: false, names: ['constructor'], but: [] }],
    ['none', { all: true, names: [], but: [] }],
    // The name in Segment's own code: github.com/segmentio/action-destinations.
    [{ 'Actions Google Analytic 4': false }, { all: false, names: ['Google Analytics 4'], but: [] }],
  ])('integrations %j leave out %j', (integrations, expected) => {
    expect(track('A', {}, { integrations }).leftOut).toEqual(expected);
  });
});

describe('what a batch says for its calls', () => {
  const call = (more: object) => ({ type: 'track', event: 'A', ...more });
  const refused = { categoryPreferences: { C0002: false } };

  it.each([[{}], [{ 'Segment.io': true }], [{ All: true }], [undefined]])(
    'whom it leaves out is left out, where a call says %j',
    (integrations) => {
      const { events } = batch([call({ integrations })], 'browser', { integrations: { All: false } });
      expect(events[0]?.leftOut?.all).toBe(true);
    },
  );

  it.each([
    // docs/segment.md: what a batch leaves out is left out of all its calls, whatever a call says.
    [{ All: false }, { 'Facebook Pixel': true }, []],
    [{ All: false }, { 'Facebook Pixel': { pixelId: '1' } }, []],
    [{ All: false, 'Bing Ads': true }, { All: false, 'Facebook Pixel': true }, []],
    [{ All: false, 'Bing Ads': true }, { 'Facebook Pixel': true }, ['bing ads']],
    [{ 'Facebook Pixel': true }, { All: false }, []],
  ])('a batch that says %j, and a call %j', (integrations, own, but) => {
    const { events } = batch([call({ integrations: own })], 'browser', { integrations });
    expect(events[0]?.leftOut).toEqual({ all: true, names: [], but });
  });

  it.each([[null], [{}], [{ categoryPreferences: null }], [undefined]])(
    'the categories it states count, where a call states %j',
    (consent) => {
      const { events } = batch([call({ context: { consent } })], 'browser', { context: { consent: refused } });
      expect(events[0]?.visitor.stated?.preferences?.categories).toEqual(new Map([['C0002', false]]));
    },
  );

  it('and those of the call count where it states some', () => {
    const context = { consent: { categoryPreferences: { C0004: true } } };
    const { events } = batch([call({ context })], 'browser', { context: { consent: refused } });
    expect(events[0]?.visitor.stated?.preferences?.categories).toEqual(new Map([['C0004', true]]));
  });
});

describe('what cannot be read', () => {
  it.each([
    ['no JSON', '/v1/batch', '{'],
    ['a list', '/v1/t', '[]'],
    ['an empty batch', '/v1/batch', { batch: [] }],
    ['a batch that is none', '/v1/b', { batch: 'x' }],
    ['a key that reaches a prototype', '/v1/t', '{"event":"A","properties":{"__proto__":1}}'],
    ['a key twice', '/v1/t', '{"event":"A","event":"B"}'],
    ['nested too deep', '/v1/t', `{"event":"A","p":${'['.repeat(40)}${']'.repeat(40)}}`],
    ['a key twice beside the batch', '/v1/batch', '{"batch":[{"type":"track","event":"A"}],"a":1,"a":2}'],
  ])('%s', (_name, path, body) => {
    const problem = expectProblem(at(path, body));
    expect(problem.status).toBe(400);
    expect(problem.detail).not.toMatch(/[[{]"/);
  });

  it('in a batch costs the call it is in', () => {
    const { events } = batch(
      [{ type: 'track', event: 'A' }, 'x', { type: 'walk' }, { type: 'track' }, { type: 'page' }],
      'backend',
    );
    expect(events.map(({ invalid }) => invalid?.says.slice(0, 9))).toEqual([
      undefined,
      'batch[1]:',
      'batch[2]:',
      'batch[3]:',
      undefined,
    ]);
    const read = expectReading(at('/v1/b', '{"batch":[{"type":"page"},{"type":"page","a":1,"a":2}]}'));
    expect(read.events.map(({ invalid }) => invalid !== undefined)).toEqual([false, true]);
  });

  it('a back end that sends one call is told', () => {
    expect(expectProblem(at('/v1/track', { event: 7 }, 'backend')).status).toBe(400);
    const context = { portvakt: { visitor: { cookie: 'a=b' } } };
    expect(expectProblem(at('/v1/track', { event: 'A', context }, 'backend')).detail).toContain('`cookie`');
    expect(track('A', {}, { context }).invalid).toBeUndefined();
  });

  it('too much: 25 calls of a browser are read, 2,500 of a back end, of 32 KiB each', () => {
    const calls = Array.from({ length: 27 }, () => ({ type: 'page' }));
    const read = batch(calls);
    expect([read.events.length, read.leftOut]).toEqual([25, { events: 2 }]);
    expect(batch(calls, 'backend').events.length).toBe(27);
    const many = Array.from({ length: 2_501 }, () => ({ type: 'page' }));
    expect(expectProblem(at('/v1/batch', { batch: many }, 'backend')).status).toBe(400);
    const long = { type: 'track', event: 'A', properties: { text: 'ø'.repeat(17_000) } };
    expect(batch([long, { type: 'page' }], 'backend').events.map(({ invalid }) => invalid !== undefined)).toEqual([
      true,
      false,
    ]);
    expect(batch([long]).events[0]?.invalid).toBeUndefined();
    expect(expectProblem(at('/v1/track', long, 'backend')).detail).toContain('32 KiB');
  });

  it('is never thrown, whatever comes (property)', () => {
    const json = fc.json({ maxDepth: 6 });
    const call = fc.record(
      {
        type: fc.constantFrom('track', 'page', 'identify', 'x', 7),
        event: fc.oneof(fc.string(), fc.jsonValue()),
        properties: fc.jsonValue(),
        context: fc.oneof(
          fc.jsonValue(),
          fc.record({ consent: fc.jsonValue(), page: fc.jsonValue(), traits: fc.jsonValue(), screen: fc.jsonValue() }),
        ),
        integrations: fc.jsonValue(),
        timestamp: fc.jsonValue(),
        messageId: fc.jsonValue(),
        traits: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          json,
          fc.array(call).map((batch) => JSON.stringify({ batch })),
        ),
        fc.boolean(),
        (body, backend) => {
          const done = at('/v1/batch', body, backend ? 'backend' : 'browser');
          expect('status' in done ? done.status : 200).toBeLessThanOrEqual(400);
        },
      ),
    );
  });
});

describe('who may send', () => {
  const KEY = 'ingest-key-of-the-test-0123456789';
  const site = { origins: new Set(['https://shop.example.no']), ingestKeys: new Set([keyId('ingest_keys', KEY)]) };
  const basic = (text: string) => `Basic ${btoa(text)}`;
  const admit = (headers: Record<string, string>) => {
    const done = segment.admit(hitOf({ headers }), site);
    return typeof done === 'string' ? done : done.status;
  };
  const origin = 'https://shop.example.no';
  it.each([
    ['a page', { origin, authorization: basic('PUBLIC:') }, 'browser'],
    ['a page of another site, with a key', { origin: 'https://evil.example', authorization: basic(`${KEY}:`) }, 403],
    ['a page with a key is a page', { origin, authorization: basic(`${KEY}:`) }, 'browser'],
    ['a key as a user', { authorization: basic(`${KEY}:`) }, 'backend'],
    ['a key as a user with a password', { authorization: basic(`${KEY}:x`) }, 'backend'],
    ['a key as a bearer', { authorization: `Bearer ${KEY}` }, 'backend'],
    ['a scheme in small letters', { authorization: `basic ${btoa(`${KEY}:`)}` }, 'backend'],
    ['another key', { authorization: basic(`${KEY}x:`) }, 403],
    ['a key without its colon', { authorization: basic(KEY) }, 403],
    ['no base64', { authorization: 'Basic %%%' }, 403],
    ['another scheme', { authorization: `Digest ${KEY}` }, 403],
    ['nobody', {}, 403],
  ])('%s', (_name, headers, expected) => {
    expect(admit(headers as Record<string, string>)).toBe(expected);
  });
});

describe('what is answered', () => {
  const [door] = segment.doors;
  const refused = (status: number) =>
    segment.answer({ kind: 'refused', problem: { status, title: 't', detail: 'd' } }, door);
  it('is what SDKs take for success, and statuses by which they send again or give up', () => {
    expect(segment.answer({ kind: 'accepted' }, door)).toEqual({
      status: 200,
      type: 'application/json',
      body: '{"success":true}',
    });
    expect([400, 403, 408, 413, 415, 421, 429, 503].map((status) => refused(status).status)).toEqual([
      400, 403, 408, 400, 415, 421, 429, 429,
    ]);
    expect(JSON.parse(refused(503).body ?? '')).toMatchObject({ status: 429, detail: 'd' });
  });

  it('the settings are made of the address they are asked at', () => {
    const settings = segment.doors.find(({ below }) => below?.[0] === '/v1/projects/')?.does;
    if (typeof settings !== 'object' || !('replyTo' in settings)) throw new Error('no settings');
    const reply = settings.replyTo({ base: 'https://m.shop.example:8443/sgtm', path: '/v1/projects/KEY_1-a/settings' });
    expect(JSON.parse(reply.body ?? '')).toMatchObject({
      integrations: { 'Segment.io': { apiKey: 'KEY_1-a', apiHost: 'm.shop.example:8443/sgtm/v1', protocol: 'https' } },
      metrics: { sampleRate: 0 },
      remotePlugins: [],
    });
    for (const path of [
      '/v1/projects/',
      '/v1/projects/a"b/settings',
      '/v1/projects/a/b/settings',
      '/v1/projects/a/settings/',
    ]) {
      expect(settings.replyTo({ base: 'https://m.shop.example', path }).status).toBe(404);
    }
  });
});
