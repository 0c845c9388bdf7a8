import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import googleAds from '../../../destinations/google-ads/index.ts';
import type { PlannedRequest } from '../../../src/core/destination.ts';
import type { Event } from '../../../src/core/fields.ts';
import { sha256Hex } from '../../../src/core/hash.ts';
import type { GateSignal } from '../../../src/core/signals.ts';
import { reason } from '../../../src/core/reason.ts';
import peers from '../../fixtures/google-ads-peers.json' with { type: 'json' };
import { planOne, requestOne, type Case } from '../../support/plan-one.ts';
import { googleAdsVendor, violations } from '../../vendors/google-ads.ts';

const settings = {
  customer_id: '1234567890',
  conversions: { purchase: '700123456', generate_lead: '700123457' },
  credentials: '${GOOGLE_ADS_CREDENTIALS}',
};
const granted: GateSignal[] = ['ad_storage', 'analytics_storage', 'ad_user_data', 'ad_personalization'];
const purchase: Event = {
  event_name: 'purchase',
  event_id: 'e-1',
  event_time: Date.UTC(2026, 10, 20),
  gclid: 'Cj0K_a',
};

function element(event: Event, more: Partial<Case> = {}): Record<string, unknown> {
  const plan = planOne(googleAds, { settings, granted, event, ...more });
  if ('skip' in plan) throw new Error(plan.skip.code);
  return JSON.parse(plan.element) as Record<string, unknown>;
}

/** Shows the fake vendor a planned request, as the sink would. */
async function show(request: PlannedRequest): Promise<void> {
  const url = new URL(request.url as string);
  const authorization = 'authorization' in request.headers ? { authorization: 'Bearer sink' } : {};
  await googleAdsVendor.answer({
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
  for (const example of googleAds.examples) {
    it(`${example.title} (${example.from})`, async () => {
      const request = requestOne(googleAds, example);
      expect(request).toEqual(example.expect);
      if (!('skip' in request)) await show(request);
      expect(violations).toEqual([]);
    });
  }
});

describe('consent', () => {
  it.each([
    [['ad_storage', 'ad_user_data'], 'CONSENT_DENIED'],
    [['ad_storage', 'ad_user_data', 'analytics_storage'], 'CONSENT_DENIED'],
    [['ad_storage', 'ad_user_data', 'ad_personalization'], 'CONSENT_GRANTED'],
  ] as const)('%j is mirrored, not assumed', (signals, adPersonalization) => {
    expect(element(purchase, { granted: signals })['consent']).toEqual({
      adUserData: 'CONSENT_GRANTED',
      adPersonalization,
    });
  });
});

describe('matching', () => {
  it.each([
    [{ gclid: 'g', wbraid: 'w', gbraid: 'b' }, { gclid: 'g' }],
    [{ wbraid: 'w', gbraid: 'b' }, { wbraid: 'w' }],
    [{ gbraid: 'b' }, { gbraid: 'b' }],
  ])('of %j only one click id is sent', (ids, sent) => {
    const { gclid: _, ...rest } = purchase;
    expect(element({ ...rest, ...ids })['adIdentifiers']).toEqual(sent);
  });

  it('takes the same address once, however often it came', () => {
    const event = {
      ...purchase,
      email: 'Jane.Doe+shop@gmail.com',
      google_user_data: 'tv.1~em.1hFzBkhe0OUK-rOshx6Y-BaZFR8wKBUn1j_18jNlbGk',
    };
    expect(element(event)['userData']).toEqual({
      userIdentifiers: [{ emailAddress: 'd6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69' }],
    });
  });

  it('sends ten identifiers at most (2.6)', () => {
    const em = Array.from({ length: 15 }, (_, i) => `em.${sha256Hex(`${i}@example.no`)}`).join('~');
    const { userIdentifiers } = element({ ...purchase, google_user_data: `tv.1~${em}` })['userData'] as {
      userIdentifiers: unknown[];
    };
    expect(userIdentifiers).toHaveLength(10);
  });

  it('does without user data that cannot be read, and says so when nothing is left', () => {
    const event: Event = {
      event_name: 'purchase',
      event_id: 'e',
      email: 'kari',
      phone: '400 00 000',
      first_name: 'Kari',
      last_name: 'N',
    };
    expect(planOne(googleAds, { settings, granted, event })).toMatchObject({ skip: { code: 'skip.nothing_to_match' } });
  });
});

describe('money', () => {
  it.each([
    [
      { value: 0, currency: 'NOK' },
      { conversionValue: 0, currency: 'NOK' },
    ],
    [
      { value: 599.5, currency: 'nok' },
      { conversionValue: 599.5, currency: 'NOK' },
    ],
    [{ value: 599 }, { conversionValue: 599, currency: undefined }],
    [{ currency: 'NOK' }, { conversionValue: undefined, currency: 'NOK' }],
    [
      { value: 599, currency: 'kroner' },
      { conversionValue: undefined, currency: undefined },
    ],
    [
      { value: Number.NaN, currency: 'NOK' },
      { conversionValue: undefined, currency: 'NOK' },
    ],
  ])('%j', (given, sent) => {
    const { conversionValue, currency } = element({ ...purchase, ...given });
    expect({ conversionValue, currency }).toEqual(sent);
  });
});

describe('transaction id', () => {
  const long = 'o'.repeat(65);
  it.each([
    [{ transaction_id: 'ORD-1' }, 'ORD-1'],
    [{ transaction_id: '' }, 'e-1'],
    [{}, 'e-1'],
    [{ transaction_id: 'o'.repeat(64) }, 'o'.repeat(64)],
    [{ transaction_id: long }, sha256Hex(long)],
  ])('%j', (given, id) => expect(element({ ...purchase, ...given })['transactionId']).toBe(id));
});

describe('cart data', () => {
  const items = [
    { item_id: 'SKU-1', item_name: 'Krus', price: 0, quantity: 2 },
    { item_name: 'without an id' },
    { item_id: 'SKU-2', price: 10 },
  ];
  const merchant = { id: '42', feed_label: 'NO', feed_language: 'nb' };

  it('does not leave unless a merchant is configured', () =>
    expect(element({ ...purchase, items })['cartData']).toBeUndefined());

  it('has the products that have an id, quantities as text', () => {
    expect(element({ ...purchase, items }, { settings: { ...settings, merchant } })['cartData']).toEqual({
      merchantId: '42',
      merchantFeedLabel: 'NO',
      merchantFeedLanguageCode: 'nb',
      items: [
        { merchantProductId: 'SKU-1', quantity: '2', unitPrice: 0 },
        { merchantProductId: 'SKU-2', quantity: '1', unitPrice: 10 },
      ],
    });
  });

  it('is not sent with a braid (2.3)', () => {
    const { gclid: _, ...rest } = purchase;
    expect(
      element({ ...rest, wbraid: 'w', items }, { settings: { ...settings, merchant } })['cartData'],
    ).toBeUndefined();
  });
});

describe('batches', () => {
  it('name each conversion action once, and the encoding only where there is a hash', async () => {
    const bound = googleAds.bind(googleAds.settings.parse(settings));
    const plans = [purchase, { ...purchase, event_name: 'generate_lead' }, purchase].map((event) => {
      const plan = planOne(googleAds, { settings, granted, event });
      if ('skip' in plan) throw new Error(plan.skip.code);
      return plan;
    });
    expect(new Set(plans.map(({ envelope }) => envelope)).size).toBe(1);
    const request = bound.request(
      plans[0]?.envelope ?? '',
      plans.map((plan) => plan.element),
    );
    const body = JSON.parse(request.body ?? '') as {
      destinations: { reference: string }[];
      events: unknown[];
      encoding?: string;
    };
    expect(body.destinations.map(({ reference }) => reference)).toEqual(['700123456', '700123457']);
    expect(body.events).toHaveLength(3);
    expect(body.encoding).toBeUndefined();
    await show(request);
    expect(violations).toEqual([]);
  });

  it('are not taken in by an order number that looks like a key', () => {
    const body = requestOne(googleAds, {
      settings,
      granted,
      event: { ...purchase, transaction_id: 'x","userData":{"' },
    });
    expect('body' in body ? JSON.parse(body.body ?? '') : {}).not.toHaveProperty('encoding');
  });
});

it('satisfies the vendor whatever the event holds', async () => {
  const any = fc.record<Partial<Record<keyof Event, unknown>>>(
    {
      transaction_id: fc.string(),
      value: fc.double(),
      currency: fc.string({ maxLength: 4 }),
      gclid: fc.string(),
      wbraid: fc.base64String(),
      email: fc.oneof(fc.string(), fc.emailAddress()),
      phone: fc.string(),
      first_name: fc.string(),
      last_name: fc.string(),
      postal_code: fc.string(),
      user_country: fc.string({ maxLength: 3 }),
      google_user_data: fc.string(),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(any, async (fields) => {
      const event = { event_name: 'purchase', event_id: 'e', ...fields } as Event;
      const request = requestOne(googleAds, { settings, granted, event });
      if (!('skip' in request)) await show(request);
      expect(violations).toEqual([]);
    }),
  );
});

describe('the limited form', () => {
  const limited = {
    settings: { ...settings, conversion_id: 'AW-1', labels: { purchase: 'L' } },
    limited: true,
  } as const;

  it('reads nothing that could identify anybody', () => {
    expect(Object.keys(googleAds.limited?.reads ?? {}).sort()).toEqual([
      'consent_mode',
      'currency',
      'event_name',
      'page_location',
      'value',
    ]);
  });

  it.each([
    [[], [], 'G100', '13p3p3p2p5l1'],
    [['analytics_storage'], [], 'G101', '13p3r3p2p5l1'],
    [['analytics_storage'], ['ad_storage', 'ad_user_data', 'ad_personalization'], 'G101', '13q3r3q2q5l1'],
    [['ad_storage'], ['ad_user_data'], 'G110', '13r3p3q2p5l1'],
  ] as const)('tells %j granted and %j refused as %s %s (consent-mode.md 2, 3.5)', (yes, no, gcs, gcd) => {
    const request = requestOne(googleAds, { ...limited, granted: yes, refused: no, event: purchase });
    const query = new URL('url' in request ? (request.url as string) : '').searchParams;
    expect([query.get('gcs'), query.get('gcd'), query.get('npa')]).toEqual([gcs, gcd, '1']);
  });

  it.each([
    [{ siteCountry: 'NO' }, '1'],
    [{ siteCountry: 'US' }, '0'],
    [{ siteCountry: 'NO', event: { ...purchase, consent_mode: { dma: '0' } } }, '0'],
    [{ siteCountry: 'US', event: { ...purchase, consent_mode: { dma: '<script>' } } }, '0'],
  ])('%j: dma=%s', (more, dma) => {
    const request = requestOne(googleAds, { ...limited, granted: [], event: purchase, ...more });
    expect(new URL('url' in request ? (request.url as string) : '').searchParams.get('dma')).toBe(dma);
  });

  it('sends a value of zero', () => {
    const request = requestOne(googleAds, {
      ...limited,
      granted: [],
      event: { ...purchase, value: 0, currency: 'nok' },
    });
    expect('url' in request ? request.url : '').toContain('&value=0&currency_code=NOK&');
  });

  it('skips events without a label', () => {
    const plan = planOne(googleAds, { ...limited, granted: [], event: { ...purchase, event_name: 'generate_lead' } });
    expect(plan).toEqual({ skip: reason('skip.not_mapped') });
  });

  it('holds no identifier, whoever the visitor is', async () => {
    const canary = 'KANARI0canary';
    const event: Event = {
      ...purchase,
      value: 1,
      currency: 'NOK',
      page_location: `https://shop.example.no/takk?epost=${canary}#${canary}`,
      page_referrer: canary,
      page_title: canary,
      transaction_id: canary,
      client_id: canary,
      user_id: canary,
      own_id: canary,
      session_id: canary,
      gclid: canary,
      wbraid: canary,
      email: `${canary}@example.no`,
      google_user_data: `tv.1~em.${canary}`,
      user_agent: canary,
      ip: '192.0.2.0',
    };
    const request = requestOne(googleAds, { ...limited, granted: [], event });
    if ('skip' in request) throw new Error(request.skip.code);
    expect(JSON.stringify(request)).not.toContain(canary);
    await show(request);
    expect(violations).toEqual([]);
  });
});

describe("walkerOS' step examples", () => {
  const step = (name: string) => {
    const found = peers.walkeros.find((one) => one.name === name);
    if (found === undefined) throw new Error(name);
    const { email } = found.user;
    const theirs: Record<string, unknown> = { ...found.body.events[0] };
    return {
      theirs,
      event: { event_id: found.id, event_time: found.timestamp, ...(email === undefined ? {} : { email }) },
    };
  };

  it.each<[string, Event]>([
    ['lead', { event_name: 'generate_lead', value: 10, currency: 'USD' }],
    ['purchase', { event_name: 'purchase', transaction_id: 'ORD-600', value: 149.99, currency: 'EUR' }],
  ])('%s', (name, mapped) => {
    const { theirs, event } = step(name);
    const ours = element({ ...event, ...mapped });
    // `eventName` and `userId` are for GA destinations only (2.3), and theirs says nothing of consent.
    const { eventName: _, userId: __, ...same } = theirs;
    expect(ours).toMatchObject(same);
    expect(Object.keys(ours).filter((key) => !(key in same))).toEqual(['destinationReferences', 'consent']);
  });

  it('ga4PageView: theirs is a GA event for an Ads account; ours sends conversions only', () => {
    const { event } = step('ga4PageView');
    expect(planOne(googleAds, { settings, granted, event: { ...event, event_name: 'page_view' } })).toEqual({
      skip: reason('skip.not_mapped'),
    });
  });
});

describe('settings', () => {
  const read = (more: object) => googleAds.settings.safeParse({ ...settings, ...more });
  it.each([
    [{ customer_id: '123' }],
    [{ conversions: {} }],
    [{ conversions: { purchase: 'AW-1' } }],
    [{ conversions: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`e${i}`, String(i)])) }],
    [{ credentials: '{"private_key":"x"}' }],
    [{ conversion_id: '1' }],
    [{ labels: { purchase: 'L' } }],
    [{ unknown: 1 }],
  ])('refuse %j', (more) => expect(read(more).success).toBe(false));

  it('take the ids as Google shows them', () => {
    expect(read({ customer_id: '123-456-7890', conversion_id: 'AW-1', labels: { purchase: 'L' } }).data).toMatchObject({
      customer_id: '1234567890',
      conversion_id: '1',
      credentials: { env: 'GOOGLE_ADS_CREDENTIALS' },
    });
  });

  it('do not find conversions on the prototype', () => {
    expect(planOne(googleAds, { settings, granted, event: { ...purchase, event_name: 'constructor' } })).toEqual({
      skip: reason('skip.not_mapped'),
    });
  });
});
