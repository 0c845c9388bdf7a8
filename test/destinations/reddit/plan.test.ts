import { describe, expect, it } from 'vitest';
import reddit from '../../../destinations/reddit/index.ts';
import type { PlannedRequest, Skip } from '../../../src/core/destination.ts';
import type { Event } from '../../../src/core/fields.ts';
import { sha256Hex } from '../../../src/core/hash.ts';
import { reason } from '../../../src/core/reason.ts';
import type { GateSignal } from '../../../src/core/signals.ts';
import { permitTable } from '../../../src/policy/permit.ts';
import { planOne, requestOne } from '../../support/plan-one.ts';
import { asRecorded, asReply } from '../../vendors/as-recorded.ts';
import { createReddit } from '../../vendors/reddit.ts';

const SETTINGS = { pixel_id: 'a2_exampleabc', access_token: '${REDDIT_ACCESS_TOKEN}' };
const GRANTED: readonly GateSignal[] = ['ad_storage', 'ad_user_data', 'ad_personalization'];
const UUID = '0b4c1f0a-6d1e-4c7e-9a55-2d5b3c1e7f90';
const PURCHASE: Event = {
  event_name: 'purchase',
  event_id: 'e-1',
  event_time: 1795169700000,
  currency: 'NOK',
  value: 599,
  rdt_uuid: UUID,
};

interface Sent {
  readonly [key: string]: unknown;
  readonly user: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

function sent(event: Event, settings: Readonly<Record<string, unknown>> = {}): Sent {
  const plan = planOne(reddit, { settings: { ...SETTINGS, ...settings }, granted: GRANTED, event });
  if ('skip' in plan) throw new Error(`skipped: ${plan.skip.code}`);
  return JSON.parse(plan.element) as Sent;
}

function skipped(event: Event, settings: Readonly<Record<string, unknown>> = {}): Skip['skip'] | undefined {
  const plan = planOne(reddit, { settings: { ...SETTINGS, ...settings }, granted: GRANTED, event });
  return 'skip' in plan ? plan.skip : undefined;
}

/** The body as values, so that the order of keys does not matter. */
function parsed(request: PlannedRequest | Skip): unknown {
  return 'skip' in request ? request : { ...request, body: JSON.parse(request.body ?? '') as unknown };
}

describe('the examples', () => {
  it.each(reddit.examples.map((example) => [example.title, example] as const))('%s', (_title, example) => {
    expect(parsed(requestOne(reddit, example))).toEqual(parsed(example.expect));
  });

  it('suit the vendor', () => {
    const vendor = createReddit({ now: () => 1795169800000 });
    for (const example of reddit.examples) {
      const request = requestOne(reddit, example);
      if ('url' in request) vendor.answer(asRecorded(request));
    }
    expect(vendor.violations).toEqual([]);
    expect([...vendor.taken.keys()]).toEqual(['PURCHASE ord-20261120-7', 'LEAD lead-91', 'CUSTOM q-17']);
  });
});

describe('consent (7)', () => {
  it('needs all three advertising signals, and has no limited form and no id on the vendor list (11)', () => {
    for (const withoutConsent of ['block', 'limited'] as const) {
      permitTable(reddit, { withoutConsent }).forEach((permit, mask) => {
        // Bits: ad_storage 1, analytics_storage 2, ad_user_data 4, ad_personalization 8.
        const all = (mask & 1) !== 0 && (mask & 4) !== 0 && (mask & 8) !== 0;
        expect(permit.verdict).toBe(all ? 'full' : 'blocked');
      });
    }
    expect(reddit.limited).toBeUndefined();
    expect([reddit.tcfVendor, reddit.acProvider]).toEqual([undefined, undefined]);
  });

  it('lets no raw user data through, no address, and nothing the site did not list (4, R14)', () => {
    const event = {
      ...PURCHASE,
      email: 'Kari.Nordmann+nett@Example.no',
      phone: '+47 400 00 000',
      user_id: 'crm-8841',
      first_name: 'Kari',
      ip: '203.0.113.0',
    };
    expect(sent(event).user).toEqual({
      email: sha256Hex('karinordmann@example.no'),
      phone_number: sha256Hex('+4740000000'),
      external_id: sha256Hex('crm-8841'),
      uuid: UUID,
    });
    expect(JSON.stringify(sent(event)).toLowerCase()).not.toMatch(/kari|nordmann|400 ?00|crm-8841|203\.0/);
    expect(sent(event, { user_data: ['phone'] }).user).toEqual({ phone_number: sha256Hex('+4740000000'), uuid: UUID });
    expect(sent(event, { user_data: [] }).user).toEqual({ uuid: UUID });
  });

  it('takes the hash of a phone number from the site, whose form leaves no choice, and none of an address', () => {
    const hash = sha256Hex('+4740000000');
    expect(sent({ ...PURCHASE, phone_sha256: hash.toUpperCase(), email_sha256: hash }).user).toEqual({
      phone_number: hash,
      uuid: UUID,
    });
  });
});

describe('who it is about (4)', () => {
  const view: Event = { event_name: 'page_view', event_id: 'e-2', page_location: 'https://shop.example.no/' };

  it.each<[string, Event]>([
    ['nothing', {}],
    ['a user agent and an address', { user_agent: 'Mozilla/5.0', ip: '203.0.113.0' }],
    ['a click id without a user agent', { rdt_cid: 'ExampleClick' }],
    ['a click id that is none', { rdt_cid: 'kari@example.no', user_agent: 'Mozilla/5.0' }],
    ['a browser id that is none', { rdt_uuid: 'kari' }],
    ['an address that is none', { email: 'kari at example.no' }],
    ['an address of which nothing stays', { email: '+nett@example.no' }],
  ])('skips what has only %s', (_what, more) => {
    expect(skipped({ ...view, ...more })).toMatchObject({ code: 'skip.nothing_to_match' });
  });

  it.each<[string, Event, string]>([
    ['a browser id', { rdt_uuid: UUID }, 'uuid'],
    ['a click id and a user agent', { rdt_cid: 'ExampleClick', user_agent_family: 'Mozilla/5.0' }, 'user_agent'],
    ['an e-mail address', { email: 'kari@example.no' }, 'email'],
    ['a phone number', { phone: '+47 400 00 000' }, 'phone_number'],
    ['an own id', { user_id: 'crm-8841' }, 'external_id'],
  ])('sends with %s', (_what, more, key) => {
    expect(Object.keys(sent({ ...view, ...more }).user)).toEqual([key]);
  });

  it('sends the click id as it came', () => {
    expect(sent({ ...PURCHASE, rdt_cid: 'aB-c_1.~' })['click_id']).toBe('aB-c_1.~');
  });
});

describe('what happened (3, 5)', () => {
  it.each([
    ['page_view', 'PAGE_VISIT'],
    ['view_item', 'VIEW_CONTENT'],
    ['search', 'SEARCH'],
    ['view_search_results', 'SEARCH'],
    ['add_to_cart', 'ADD_TO_CART'],
    ['add_to_wishlist', 'ADD_TO_WISHLIST'],
    ['purchase', 'PURCHASE'],
    ['generate_lead', 'LEAD'],
    ['sign_up', 'SIGN_UP'],
  ])('%s is %s', (ga4, type) => {
    const event = sent({ ...PURCHASE, event_name: ga4 });
    expect(event).toMatchObject({ type: { tracking_type: type }, action_source: 'WEBSITE' });
    expect(event['type']).not.toHaveProperty('custom_event_name');
    expect(event.metadata['conversion_id']).toBe('e-1');
  });

  it.each(['begin_checkout', 'add_payment_info', 'CUSTOM', 'constructor', '__proto__', ''])(
    '%j has no type at Reddit unless the site gives it one',
    (name) => {
      expect(skipped({ ...PURCHASE, event_name: name })).toEqual(reason('skip.not_mapped'));
    },
  );

  it('takes types of the site, CUSTOM with the own name, and null to switch one off', () => {
    const event_names = { my_event: 'CUSTOM', begin_checkout: 'ADD_TO_CART', page_view: null };
    const type = (event_name: string) => sent({ ...PURCHASE, event_name }, { event_names })['type'];
    expect(type('my_event')).toEqual({ tracking_type: 'CUSTOM', custom_event_name: 'my_event' });
    expect(type('begin_checkout')).toEqual({ tracking_type: 'ADD_TO_CART' });
    expect(skipped({ ...PURCHASE, event_name: 'page_view' }, { event_names })).toEqual(reason('skip.not_mapped'));
  });

  it('needs an event id, and gives milliseconds', () => {
    const { event_id: _, ...nameless } = PURCHASE;
    expect(skipped(nameless)).toEqual(reason('skip.lacks', { fields: 'event_id' }));
    expect(sent({ ...PURCHASE, event_time: 1795169700000.5 })['event_at']).toBe(1795169700000);
  });

  it.each<[Event, object]>([
    [
      { value: 59.9, currency: 'eur' },
      { value: 59.9, currency: 'EUR' },
    ],
    [
      { value: 0, currency: 'NOK' },
      { value: 0, currency: 'NOK' },
    ],
    [{ value: 599 }, {}],
    [{ value: 599, currency: 'kroner' }, {}],
    [{ currency: 'NOK' }, {}],
    [{ value: Number.NaN, currency: 'NOK' }, {}],
  ])('value and currency only together: %j', (money, expected) => {
    const event: Event = { event_name: 'purchase', event_id: 'e-1', rdt_uuid: UUID, ...money };
    expect(sent(event).metadata).toEqual({ conversion_id: 'e-1', ...expected });
  });

  it('tells what something is worth for the types only that every source takes it for', () => {
    const items = [{ item_id: 'SKU-1', item_name: 'Mug', price: 27.5, quantity: 2 }];
    const worth = (event_name: string) => Object.keys(sent({ ...PURCHASE, items, event_name }).metadata);
    const all = ['conversion_id', 'currency', 'value', 'item_count', 'products'];
    for (const name of ['purchase', 'add_to_cart', 'view_item']) expect(worth(name)).toEqual(all);
    for (const name of ['generate_lead', 'sign_up', 'search', 'page_view', 'add_to_wishlist'])
      expect(worth(name)).toEqual(['conversion_id']);
  });

  it('lists products by id, with whole pieces and unit price, and without names', () => {
    const items = [
      { item_id: 'SKU-1', item_name: 'Mug', price: 27.5, quantity: 2 },
      { item_id: 'SKU-2', item_name: 'Cloth', quantity: 0.5 },
      { item_name: 'No id at all', price: 5 },
    ];
    expect(sent({ ...PURCHASE, items }).metadata).toMatchObject({
      item_count: 3,
      products: [
        { id: 'SKU-1', quantity: 2, item_price: 27.5 },
        { id: 'SKU-2', quantity: 1 },
      ],
    });
  });
});

describe('the request (1, 2)', () => {
  it('joins a thousand events at most, and the vendor takes them', () => {
    const bound = reddit.bind(reddit.settings.parse({ ...SETTINGS, test_id: 't2_exampletest' }));
    const vendor = createReddit();
    const elements = Array.from({ length: 1000 }, (_, i) => JSON.stringify(sent({ ...PURCHASE, event_id: `e-${i}` })));
    const reply = vendor.answer(asRecorded(bound.request('', elements)));
    expect(vendor.violations).toEqual([]);
    expect(vendor.taken.size).toBe(1000);
    expect([reddit.maxBatch(''), reddit.maxAge]).toEqual([1000, 7 * 24 * 3600 * 1000]);
    expect(bound.judge(asReply(reply), 1000, '')).toEqual({ kind: 'delivered' });
  });

  it('probes without an event', () => {
    const probe = reddit.bind(reddit.settings.parse(SETTINGS)).probe();
    if (probe === undefined) throw new Error('no probe');
    const vendor = createReddit();
    expect(probe.request.body).toBe('{"data":{"events":[]}}');
    expect(probe.read(asReply(vendor.answer(asRecorded(probe.request))))).toMatchObject({ ok: true });
    for (const name of ['unauthorized', 'forbidden', 'noPixel', 'unavailable'] as const) {
      vendor.respondWith(name);
      expect(probe.read(asReply(vendor.answer(asRecorded(probe.request))))).toMatchObject({ ok: false });
    }
    expect([vendor.violations, vendor.taken.size]).toEqual([[], 0]);
  });
});

describe('settings', () => {
  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['a pasted token', { access_token: 'eyJhbGciOi' }],
    ['the id of something else', { pixel_id: 'G-TEST000001' }],
    ['a path for an id', { pixel_id: 'a2_x/../y' }],
    ['an unknown key', { account_id: 't2_x' }],
    ['a name of v2', { event_names: { a: 'PageVisit' } }],
    ['user data Reddit does not take', { user_data: ['first_name'] }],
    ['a test id that is none', { test_id: 'TEST 1' }],
  ])('refuses %s', (_what, more) => {
    expect(reddit.settings.safeParse({ ...SETTINGS, ...more }).success).toBe(false);
  });

  it('warns of a test id', () => {
    const warn = (more: object) => reddit.bind(reddit.settings.parse({ ...SETTINGS, ...more })).warnings(0);
    expect(warn({})).toEqual([]);
    expect(warn({ test_id: 't2_exampletest' })[0]).toContain('test_id');
  });
});
