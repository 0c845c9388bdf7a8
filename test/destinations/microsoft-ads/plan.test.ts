import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import microsoftAds from '../../../destinations/microsoft-ads/index.ts';
import type { PlannedRequest, Skip } from '../../../src/core/destination.ts';
import type { Event } from '../../../src/core/fields.ts';
import { reason } from '../../../src/core/reason.ts';
import type { GateSignal } from '../../../src/core/signals.ts';
import peers from '../../fixtures/microsoft-ads-peers.json' with { type: 'json' };
import { planOne, requestOne, type Case } from '../../support/plan-one.ts';
import { microsoftAdsVendor, violations } from '../../vendors/microsoft-ads.ts';

const NOTHING = reason('skip.nothing_to_match', { fields: 'msclkid, email, phone, phone_sha256' });

const settings = { tag_id: '97000001', access_token: '${MICROSOFT_UET_TOKEN}' };
const granted: GateSignal[] = ['ad_storage', 'ad_user_data', 'ad_personalization'];
const msclkid = 'cdd4afcccb1c9a4cad9544dd7e5006d5';
const purchase: Event = { event_name: 'purchase', event_id: 'e-1', event_time: Date.UTC(2026, 10, 20), msclkid };

function element(event: Event, more: Partial<Case> = {}): Record<string, unknown> {
  const plan = planOne(microsoftAds, { settings, granted, event, ...more });
  if ('skip' in plan) throw new Error(plan.skip.code);
  return JSON.parse(plan.element) as Record<string, unknown>;
}

/** Shows the fake vendor a planned request, as the sink would. */
async function show(request: PlannedRequest): Promise<void> {
  const url = new URL(request.url as string);
  const authorization = 'authorization' in request.headers ? { authorization: 'Bearer sink' } : {};
  await microsoftAdsVendor.answer({
    at: 0,
    method: request.method,
    host: url.host,
    path: url.pathname,
    query: url.search.slice(1),
    headers: { ...(request.headers as Record<string, string>), ...authorization },
    body: request.body ?? '',
  });
}

beforeEach(() => void violations.splice(0));

describe('examples', () => {
  for (const example of microsoftAds.examples) {
    it(`${example.title} (${example.from})`, async () => {
      const request = requestOne(microsoftAds, example);
      expect(request).toEqual(example.expect);
      if (!('skip' in request)) await show(request);
      expect(violations).toEqual([]);
    });
  }
});

describe('consent', () => {
  it.each([
    [['ad_storage', 'ad_personalization'], 'G'],
    // Cannot happen while `needs` stands; if it did, the visitor's no would go with the event.
    [['ad_personalization', 'ad_user_data'], 'D'],
  ] as const)('%j is written out as %s', (signals, word) => {
    expect(element(purchase, { granted: signals })['adStorageConsent']).toBe(word);
  });

  it('unlocks hashes only with ad_user_data (design 3)', () => {
    const event = { ...purchase, email: 'john@contoso.com', phone: '+14255551234' };
    expect(element(event, { granted: ['ad_storage', 'ad_personalization'] })['userData']).toEqual({ msclkid });
    expect(element(event)['userData']).toEqual({
      msclkid,
      em: 'ec81f3ac7b2b19675bab9d54cf416f9f18cff87c97da5cca82c0f0891bc40602',
      ph: 'c59475d96e9f01d7d18d06cfad84dd02333207f02c0c2c5663ef2782cda0390e',
    });
  });
});

describe('what is not sent', () => {
  it('identifiers of others, raw user data, addresses and whole user agents', () => {
    const canary = 'KANARIcanary';
    const event: Event = {
      ...purchase,
      gclid: canary,
      fbp: canary,
      client_id: canary,
      session_id: canary,
      user_id: canary,
      own_id: canary,
      google_user_data: canary,
      email: `${canary}@example.no`,
      first_name: canary,
      user_agent: canary,
      ip: canary,
      page_title: canary,
      page_referrer: canary,
      params: { canary },
      user_properties: { canary },
    };
    expect(JSON.stringify(requestOne(microsoftAds, { settings, granted, event }))).not.toContain(canary);
  });

  it.each<[Event, Skip['skip']]>([
    [{ event_name: 'purchase', user_agent_family: 'Mozilla/5.0', page_load_id: '1' }, NOTHING],
    [{ event_name: 'purchase', msclkid: 'N', email: 'john', phone: '40000000' }, NOTHING],
    [{ event_name: 'page_view', msclkid }, reason('skip.lacks', { fields: 'page_location' })],
    [{ msclkid }, reason('skip.lacks', { fields: 'event_name' })],
  ])('%j', (event, skip) => expect(planOne(microsoftAds, { settings, granted, event })).toEqual({ skip }));
});

describe('the event', () => {
  it.each([
    [
      { value: 0, currency: 'nok' },
      { value: 0, currency: 'NOK' },
    ],
    [{ value: 599 }, { value: 599 }],
    [{ currency: 'NOK' }, undefined],
    [{ value: 599, currency: 'kroner' }, undefined],
    [{ value: Number.POSITIVE_INFINITY, currency: 'NOK' }, undefined],
    [{ items: [{ item_name: 'Krus', price: 0 }, { quantity: 2 }] }, { items: [{ name: 'Krus', price: 0 }] }],
    [{ items: [] }, undefined],
    [{ search_term: 'krus' }, { searchTerm: 'krus' }],
  ])('%j is %j', (given, sent) => {
    expect(element({ ...purchase, event_name: 'my_event', ...given })['customData']).toEqual(sent);
  });

  it.each([
    ['purchase', 'purchase'],
    ['view_item', 'product'],
    ['view_item_list', 'category'],
    ['view_cart', 'cart'],
    ['view_search_results', 'searchresults'],
  ])('%s has the page type %s (A.3)', (name, pageType) => {
    expect(element({ ...purchase, event_name: name })['customData']).toEqual({ pageType });
  });

  it('is renamed where the goals say otherwise, and not by the prototype', () => {
    const names = { ...settings, event_names: { purchase: 'order' } };
    expect(element(purchase, { settings: names })['eventName']).toBe('order');
    expect(element({ ...purchase, event_name: 'constructor' }, { settings: names })['eventName']).toBe('constructor');
  });

  it('counts whole seconds', () => {
    expect(element({ ...purchase, event_time: 1_795_169_700_999 })['eventTime']).toBe(1_795_169_700);
  });

  it('shares its page load with the others of that page, and with nobody else', () => {
    const id = (event: Event) => element(event)['pageLoadId'];
    const here: Event = { ...purchase, page_load_id: '1763633700' };
    const view: Event = { ...here, event_name: 'page_view', page_location: 'https://shop.example/' };
    expect(id(view)).toBe(id(here));
    expect(id({ ...here, page_load_id: '1763633701' })).not.toBe(id(here));
    expect(id({ ...here, msclkid: '00000000000000000000000000000000' })).not.toBe(id(here));
  });
});

it('satisfies the vendor whatever the event holds', async () => {
  const any = fc.record<Partial<Record<keyof Event, unknown>>>(
    {
      event_name: fc.constantFrom('purchase', 'page_view', 'search', 'x'),
      event_time: fc.integer({ min: 1_600_000_000_000, max: 2_000_000_000_000 }),
      transaction_id: fc.string(),
      search_term: fc.string(),
      value: fc.double(),
      currency: fc.string({ maxLength: 4 }),
      page_location: fc.webUrl(),
      page_load_id: fc.string(),
      msclkid: fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f]{32}$/)),
      email: fc.oneof(fc.string(), fc.emailAddress()),
      phone: fc.string(),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(any, async (fields) => {
      const request = requestOne(microsoftAds, { settings, granted, event: fields as Event });
      if (!('skip' in request)) await show(request);
      expect(violations).toEqual([]);
    }),
  );
});

it('joins a batch into one body (A.2)', async () => {
  const plan = planOne(microsoftAds, { settings, granted, event: purchase });
  if ('skip' in plan) throw new Error(plan.skip.code);
  const bound = microsoftAds.bind(microsoftAds.settings.parse(settings));
  const request = bound.request(plan.envelope, [plan.element, plan.element]);
  expect(JSON.parse(request.body ?? '')).toMatchObject({ continueOnValidationError: true, data: [{}, {}] });
  await show(request);
  expect(violations).toEqual([]);
  expect(microsoftAds.maxBatch(plan.envelope)).toBe(1000);
});

describe('the limited form', () => {
  const limited = { settings, limited: true, granted: [] } as const;

  it('reads nothing that could identify anybody', () => {
    expect(Object.keys(microsoftAds.limited?.reads ?? {}).sort()).toEqual([
      'currency',
      'event_name',
      'page_location',
      'value',
    ]);
  });

  it('says denied even where only personalisation is missing', () => {
    const request = requestOne(microsoftAds, { ...limited, granted: ['ad_storage'], event: purchase });
    expect('url' in request ? request.url : '').toContain('&asc=D');
  });

  it('is a page load for a page view, without revenue', () => {
    const event: Event = {
      event_name: 'page_view',
      value: 5,
      currency: 'NOK',
      page_location: 'https://shop.example.no/',
    };
    const request = requestOne(microsoftAds, { ...limited, event });
    expect('url' in request ? request.url : '').toMatch(/&evt=pageLoad&rn=\d{6}&msclkid=N&asc=D&p=[^&]+$/);
  });

  it('sends a value of zero', () => {
    const request = requestOne(microsoftAds, { ...limited, event: { ...purchase, value: 0, currency: 'NOK' } });
    expect('url' in request ? request.url : '').toContain('&gv=0&gc=NOK');
  });

  it('survives half a character', () => {
    const event: Event = { event_name: 'a\ud800', page_location: 'https://shop.example.no/\udc00' };
    const request = requestOne(microsoftAds, { ...limited, event });
    expect('url' in request ? request.url : '').toContain('&p=https%3A%2F%2Fshop.example.no%2F%EF%BF%BD&ea=a%EF%BF%BD');
  });

  it('holds no identifier, whoever the visitor is, and never uses the Conversions API', async () => {
    const canary = 'KANARI0canary';
    const event: Event = {
      ...purchase,
      value: 1,
      currency: 'NOK',
      page_location: `https://shop.example.no/takk?epost=${canary}#${canary}`,
      page_referrer: canary,
      page_title: canary,
      transaction_id: canary,
      event_id: canary,
      client_id: canary,
      user_id: canary,
      own_id: canary,
      session_id: canary,
      page_load_id: canary,
      email: `${canary}@example.no`,
      user_agent: canary,
      search_term: canary,
    };
    const request = requestOne(microsoftAds, { ...limited, event });
    if ('skip' in request) throw new Error(request.skip.code);
    expect(JSON.stringify(request)).not.toContain(canary);
    expect(JSON.stringify(request)).not.toContain(msclkid);
    expect(new URL(request.url as string).host).toBe('bat.bing.com');
    await show(request);
    expect(violations).toEqual([]);
  });
});

describe("walkerOS' step examples", () => {
  const step = (name: string) => {
    const found = peers.walkeros.find((one) => one.name === name);
    if (found === undefined) throw new Error(name);
    const theirs: Record<string, unknown> = { ...found.body.data[0] };
    return { theirs, event: { event_id: found.id, event_time: found.timestamp, page_location: found.url } };
  };

  it.each<[string, Event]>([
    ['pageView', { event_name: 'page_view' }],
    [
      'addToCart',
      {
        event_name: 'add_to_cart',
        value: 89.99,
        currency: 'EUR',
        items: [{ item_id: 'SKU-B2', item_name: 'Running Shoes', price: 89.99, quantity: 1 }],
      },
    ],
    ['lead', { event_name: 'lead', email: 'user@example.com' }],
    [
      'purchase',
      {
        event_name: 'purchase',
        value: 249.99,
        currency: 'EUR',
        transaction_id: 'ORD-300',
        items: [{ item_id: 'SKU-A1', item_name: 'Widget Pro', price: 124.99, quantity: 2 }],
      },
    ],
  ])('%s', (name, mapped) => {
    const { theirs, event } = step(name);
    // Theirs are sent without an identifier, or with the logged-in user's id in the clear, which the vendor refuses
    // or should not have; ours need one, so each gets a click id here. Their consent is a constant.
    const ours = element({ msclkid, ...event, ...mapped });
    const { userData: theirUser, ...same } = theirs;
    expect(ours).toMatchObject(same);
    expect(ours['userData']).toEqual({ ...(theirUser as object), externalId: undefined, msclkid });
    expect(Object.keys(ours).filter((key) => !(key in theirs))).toEqual(['pageLoadId']);
  });
});

describe('settings', () => {
  it.each([{ tag_id: 'UET-1' }, { access_token: 'tagtoken' }, { conversions: {} }, { event_names: { purchase: '' } }])(
    'refuse %j',
    (more) => expect(microsoftAds.settings.safeParse({ ...settings, ...more }).success).toBe(false),
  );
});
