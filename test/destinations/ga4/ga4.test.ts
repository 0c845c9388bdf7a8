import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import ga4Destination from '../../../destinations/ga4/index.ts';
import type { PlannedRequest, Reply } from '../../../src/core/destination.ts';
import type { Event } from '../../../src/core/fields.ts';
import { GATE_STATES, signalsOf, type GateSignal } from '../../../src/core/signals.ts';
import type { Item } from '../../../src/core/values.ts';
import { reason } from '../../../src/core/reason.ts';
import { readCollect } from '../../../src/protocols/ga4/read.ts';
import { expectReading, hitOf, VISITOR } from '../../protocols/reading.ts';
import { AT, planOne, requestOne, type Case } from '../../support/plan-one.ts';
import { asRecorded, asReply } from '../../vendors/as-recorded.ts';
import { ga4, violations, webEvents } from '../../vendors/ga4.ts';

const SETTINGS = { measurement_id: 'G-TEST000001', api_secret: '${GA4_API_SECRET}', region: 'eu' };
const ALL: readonly GateSignal[] = ['ad_storage', 'analytics_storage', 'ad_user_data', 'ad_personalization'];
const ANALYTICS: readonly GateSignal[] = ['analytics_storage'];
const CID = '482310557.1795100000';

beforeEach(() => {
  violations.length = 0;
});

/** The request of one event, looked at by the fake vendor. */
async function sent(one: Partial<Case> & { readonly event: Event }): Promise<PlannedRequest> {
  const request = requestOne(ga4Destination, { settings: SETTINGS, granted: ALL, ...one });
  if ('skip' in request) throw new Error(`skipped: ${request.skip.code}`);
  await ga4.answer(asRecorded(request));
  expect(violations).toEqual([]);
  return request;
}

/** The keys of a web hit with one event. */
async function web(one: Partial<Case> & { readonly event: Event }): Promise<Readonly<Record<string, string>>> {
  const [keys = {}] = webEvents(asRecorded(await sent(one)));
  return keys;
}

interface Measurement {
  readonly [key: string]: unknown;
  readonly events: readonly { readonly name: string; readonly params: Readonly<Record<string, unknown>> }[];
}

async function measured(one: Partial<Case> & { readonly event: Event }): Promise<Measurement> {
  return JSON.parse((await sent({ ...one, source: 'json' })).body ?? '') as Measurement;
}

/** One event with something in every field there is. */
const EVERYTHING: Event = {
  event_name: 'purchase',
  event_id: 'evt-1',
  event_time: AT,
  currency: 'NOK',
  value: 599,
  tax: 119.8,
  shipping: 0,
  coupon: 'MAI',
  transaction_id: 'ORD-1',
  search_term: 'krus',
  items: [{ item_id: 'SKU-1', price: 299.5, quantity: 2 }],
  params: { method: 'vipps' },
  user_properties: { tier: 'gold' },
  engagement_time_msec: 28,
  debug_mode: true,
  repeat: true,
  ga4_transport: { gtm: '45je', _s: '2' },
  page_location: 'https://shop.example.no/takk?utm_source=google',
  page_referrer: 'https://www.google.com/',
  page_title: 'Takk',
  campaign: { source: 'google' },
  user_agent: 'FULL-AGENT',
  user_agent_family: 'FAMILY-AGENT',
  device: { category: 'desktop', browser: 'Chrome', browser_version: '143', operating_system: 'Windows' },
  language: 'nb-NO',
  screen_resolution: '1440x900',
  client_hints: { uaa: 'x86' },
  ip: '203.0.113.0',
  country: 'NO',
  session_id: '1795168000',
  session_number: '4',
  page_load_id: '1795169690123',
  client_id: CID,
  user_id: 'crm-8841',
  own_id: 'OWN-CANARY',
  fbp: 'FBP-CANARY',
  google_click_params: 'gclid=GCLID-CANARY',
  gclid: 'GCLID-CANARY',
  fbc: 'FBC-CANARY',
  msclkid: 'MS-CANARY',
  li_fat_id: 'LI-CANARY',
  email: 'kari@example.no',
  phone: '+4740000000',
  first_name: 'Kari',
  last_name: 'Nordmann',
  street: 'Storgata 1',
  city: 'Oslo',
  region: 'Oslo',
  postal_code: '0150',
  user_country: 'NO',
  google_user_data: 'tv.1~em.1hFzBkhe0OUK-rOshx6Y-BaZFR8wKBUn1j_18jNlbGk',
  consent_mode: { gcs: 'G111', gcd: '13r3r3r2r5l1', npa: '0', dma: '1', dma_cps: 'syphamo', pscdl: 'noapi' },
};

describe('web hits', () => {
  it('go to the host of the region', async () => {
    const event = { event_name: 'x', client_id: CID };
    expect((await sent({ event })).url).toMatch(/^https:\/\/region1\.google-analytics\.com\/g\/collect\?/);
    const { region: _, ...noRegion } = SETTINGS;
    expect((await sent({ event, settings: noRegion })).url).toMatch(
      /^https:\/\/www\.google-analytics\.com\/g\/collect\?/,
    );
  });

  it('need no secret', async () => {
    const event = { event_name: 'x', client_id: CID };
    expect(await web({ settings: { measurement_id: 'G-TEST000001' }, event })).toMatchObject({ cid: CID });
  });

  it('carry each group of values only with its signals', async () => {
    // Design 3: what analytics_storage alone does not unlock, and what does.
    const guarded: readonly [string, readonly GateSignal[]][] = [
      ['GCLID-CANARY', ['ad_storage']],
      ['crm-8841', ['ad_storage', 'ad_user_data']],
      ['1hFzBkhe0OUK', ['ad_storage', 'ad_user_data']],
      ['FULL-AGENT', ALL],
      ['uaa=x86', ALL],
    ];
    for (let signals = 0; signals < GATE_STATES; signals++) {
      const granted = signalsOf(signals) as GateSignal[];
      if (!granted.includes('analytics_storage')) continue;
      const request = await sent({ granted, event: EVERYTHING });
      const wire = JSON.stringify(request);
      for (const [canary, needs] of guarded) {
        expect(wire.includes(canary), `${canary} with ${granted.join()}`).toBe(needs.every((n) => granted.includes(n)));
      }
      expect(wire).toContain(CID);
      for (const never of ['OWN-CANARY', 'FBP', 'FBC', 'MS-CANARY', 'LI-CANARY', 'kari', '40000000', 'Nordmann'])
        expect(wire).not.toContain(never);
      const full = granted.length === ALL.length;
      expect(request.headers).toEqual({ 'user-agent': full ? 'FULL-AGENT' : 'FAMILY-AGENT' });
    }
  });

  it('relay a repeat without saying so', async () => {
    expect(await web({ event: EVERYTHING })).not.toHaveProperty('gcu');
  });

  it('carry an id of the event only where the site gave one', async () => {
    const event = { event_name: 'x', client_id: CID };
    expect((await web({ event: { ...event, event_id: 'e-1' } }))['ep.event_id']).toBe('e-1');
    for (const own of ['0123456789abcdef0123456789abcdef-0', 'ORD-1'])
      expect(await web({ event: { ...event, event_id: own, transaction_id: 'ORD-1' } })).not.toHaveProperty(
        'ep.event_id',
      );
  });

  it('join click parameters to an address with or without a query', async () => {
    const event = { event_name: 'x', client_id: CID, google_click_params: 'gclid=A_b' };
    const dl = async (page_location: string) => (await web({ event: { ...event, page_location } }))['dl'];
    expect(await dl('https://shop.example.no/')).toBe('https://shop.example.no/?gclid=A_b');
    expect(await dl('https://shop.example.no/?utm_source=x')).toBe('https://shop.example.no/?utm_source=x&gclid=A_b');
    expect(await web({ event })).not.toHaveProperty('dl');
  });

  it('go as POST when they are long, shared keys in the query and the event in the body', async () => {
    const items = Array.from({ length: 200 }, (_, i) => ({
      item_id: `SKU-${i}`,
      item_name: 'En ganske vanlig krus',
      price: i,
    }));
    const request = await sent({ event: { ...EVERYTHING, items } });
    expect(request.method).toBe('POST');
    expect(request.headers).toEqual({ 'content-type': 'text/plain;charset=UTF-8', 'user-agent': 'FULL-AGENT' });
    expect(request.url).toContain('&gcs=G111');
    expect(request.body).toMatch(/^en=purchase&/);
    const [keys = {}] = webEvents(asRecorded(request));
    expect(keys['pr200']).toBe('idSKU-199~nmEn ganske vanlig krus~pr199');
  });

  it('hold no line break or control character but encoded', async () => {
    const event = { event_name: 'a\r\nb', client_id: CID, page_title: 'x\ny', user_agent_family: 'a\r\nX-Evil: 1' };
    const request = await sent({ event });
    expect(JSON.stringify(request)).not.toMatch(/\\[rn]/);
    expect(request.headers['user-agent']).toBe('aX-Evil: 1');
    expect((await web({ event }))['dt']).toBe('x\ny');
  });

  it('are skipped without a client id', () => {
    expect(planOne(ga4Destination, { settings: SETTINGS, granted: ALL, event: { event_name: 'x' } })).toEqual({
      skip: reason('skip.lacks', { fields: 'client_id' }),
    });
  });

  it('say the same to the reader as the hit they are made of', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 });
    const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (n === 0 ? 0 : n));
    const name = fc.stringMatching(/^zz[a-z_]{1,10}$/);
    const item = fc.record(
      {
        item_id: text,
        item_name: text,
        item_variant: text,
        price: number.map((amount) => Number(amount.toFixed(6)) + 0),
        index: number,
        custom: fc.dictionary(name, text, { minKeys: 1, maxKeys: 14 }),
      },
      { requiredKeys: ['item_id'] },
    ) as fc.Arbitrary<Item>;
    const event = fc.record({
      event_name: name,
      currency: fc.constantFrom('NOK', 'EUR', 'JPY'),
      value: number.map((amount) => Number(amount.toFixed(6)) + 0),
      transaction_id: text,
      params: fc.dictionary(name, fc.oneof(text, number), { minKeys: 1 }),
      user_properties: fc.dictionary(name, fc.oneof(text, number), { minKeys: 1 }),
      items: fc.array(item, { minLength: 1, maxLength: 5 }),
      page_title: text,
      campaign: fc.record({ source: text, content: text }),
    });
    fc.assert(
      fc.property(event, (wanted) => {
        const request = requestOne(ga4Destination, {
          settings: SETTINGS,
          granted: ALL,
          event: { ...wanted, client_id: CID },
        });
        if ('skip' in request) throw new Error(request.skip.code);
        const { query, body, method } = asRecorded(request);
        const [read] = expectReading(readCollect(hitOf({ query, body, method }), VISITOR)).events;
        const { event_time, client_id, consent_mode, ...raw } = read?.raw ?? {};
        expect(client_id).toBe(CID);
        expect(consent_mode?.gcs).toBe('G111');
        expect(event_time).toBeTypeOf('number');
        expect(structuredClone(raw)).toEqual(structuredClone(wanted));
      }),
    );
  });
});

describe('the limited form (5)', () => {
  it.each<[readonly GateSignal[], string]>([
    [[], 'G100'],
    [['ad_storage'], 'G110'],
    [['ad_storage', 'ad_user_data', 'ad_personalization'], 'G110'],
  ])('has exactly the keys of the sheet with %j', async (granted, gcs) => {
    const request = await sent({ granted, limited: true, event: EVERYTHING });
    expect(request.headers).toEqual({});
    const [keys] = webEvents(asRecorded(request));
    expect(keys).toEqual({
      v: '2',
      tid: 'G-TEST000001',
      en: 'purchase',
      gcs,
      gcd: gcs === 'G110' ? '13r3p3p2p5l1' : '13p3p3p2p5l1',
      npa: '1',
      dma: '1',
      dma_cps: '-',
      pscdl: 'denied',
      dl: 'https://shop.example.no/takk',
      dt: 'Takk',
      ul: 'nb',
      cu: 'NOK',
      'epn.value': '599',
      // 0x01234567 of the hit's id, and its time, so that it is the same nowhere else.
      cid: `19088743.${AT / 1000}`,
    });
  });

  it('is for web hits only', () => {
    expect(ga4Destination.limited?.sources).toEqual(['ga4-collect']);
  });
});

describe('the Measurement Protocol', () => {
  it('carries user data and user id only with ad_storage and ad_user_data', async () => {
    for (let signals = 0; signals < GATE_STATES; signals++) {
      const granted = signalsOf(signals) as GateSignal[];
      if (!granted.includes('analytics_storage')) continue;
      const body = await measured({ granted, event: EVERYTHING });
      const may = granted.includes('ad_storage') && granted.includes('ad_user_data');
      expect('user_id' in body).toBe(may);
      expect('user_data' in body).toBe(may);
      expect(body['consent']).toEqual({
        ad_user_data: granted.includes('ad_user_data') ? 'GRANTED' : 'DENIED',
        ad_personalization: granted.includes('ad_personalization') ? 'GRANTED' : 'DENIED',
      });
      const wire = JSON.stringify(body);
      for (const never of ['CANARY', 'kari', '40000000', 'ordmann', 'torgata', '203.0.113', 'AGENT'])
        expect(wire).not.toContain(never);
    }
  });

  it('describes device and place in families and countries', async () => {
    const body = await measured({ granted: ANALYTICS, event: EVERYTHING });
    expect(body['user_location']).toEqual({ country_id: 'NO' });
    expect(body['device']).toEqual({
      category: 'desktop',
      language: 'nb',
      screen_resolution: '1440x900',
      operating_system: 'Windows',
      browser: 'Chrome',
      browser_version: '143',
    });
  });

  it('knows 0 from nothing, and sends no value without a currency', async () => {
    const params = async (event: Event) =>
      (await measured({ event: { ...event, event_name: 'x', client_id: CID } })).events[0]?.params;
    expect(await params({ value: 0, currency: 'NOK', tax: 0 })).toEqual({
      engagement_time_msec: 1,
      value: 0,
      currency: 'NOK',
      tax: 0,
    });
    expect(await params({ value: 5 })).toEqual({ engagement_time_msec: 1 });
    expect(await params({ transaction_id: '' })).toEqual({ engagement_time_msec: 1 });
    expect(await params({ debug_mode: false })).toEqual({ engagement_time_msec: 1 });
    expect(await params({ items: [{ price: 3 }] })).toEqual({ engagement_time_msec: 1 });
    expect(await params({ items: [{ item_id: 'A', custom: { item_id: 'B', colour: 'red' } }] })).toEqual({
      engagement_time_msec: 1,
      items: [{ item_id: 'A', colour: 'red' }],
    });
  });

  it('keeps within the limits of 2.4', async () => {
    const many = (prefix: string) =>
      Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`${prefix}${i}`, 'å🎁'.repeat(60)]));
    const body = await measured({
      event: {
        ...EVERYTHING,
        page_location: `https://shop.example.no/${'a'.repeat(2000)}`,
        page_title: 'a'.repeat(2000),
        params: { ...many('p'), toString: 'x', 'not a name': 'x' },
        user_properties: { ...many('u'), ['a'.repeat(25)]: 1 },
      },
    });
    expect(Object.keys(body.events[0]?.params ?? {})).toHaveLength(25);
    expect(body.events[0]?.params['p0']).toBe(`${'å🎁'.repeat(33)}å`);
    expect(Object.keys(body['user_properties'] as object)).toHaveLength(25);
  });

  it('batches events of one visitor and time, and sends a big one alone', async () => {
    const settings = ga4Destination.settings.parse(SETTINGS);
    const bound = ga4Destination.bind(settings);
    const plan = (event: Event) => {
      const made = planOne(ga4Destination, { settings: SETTINGS, granted: ALL, source: 'json', event });
      if ('skip' in made) throw new Error(made.skip.code);
      return made;
    };
    const a = plan({ ...EVERYTHING, event_name: 'add_to_cart' });
    const b = plan({ ...EVERYTHING, event_name: 'begin_checkout' });
    expect(b.envelope).toBe(a.envelope);
    expect(ga4Destination.maxBatch(a.envelope)).toBe(25);
    expect(plan({ ...EVERYTHING, client_id: '1.2' }).envelope).not.toBe(a.envelope);
    expect(plan({ ...EVERYTHING, event_time: AT + 1 }).envelope).not.toBe(a.envelope);
    const items = Array.from({ length: 200 }, (_, i) => ({ item_id: `SKU-${i}`, item_name: 'Krus' }));
    expect(ga4Destination.maxBatch(plan({ ...EVERYTHING, items }).envelope)).toBe(1);

    const request = bound.request(a.envelope, [a.element, ...Array.from({ length: 24 }, () => b.element)]);
    await ga4.answer(asRecorded(request));
    expect(violations).toEqual([]);
    const { events } = JSON.parse(request.body ?? '') as Measurement;
    expect(events.map(({ name }) => name)).toEqual([
      'add_to_cart',
      ...Array.from({ length: 24 }, () => 'begin_checkout'),
    ]);
  });

  it('holds its secret by name only', () => {
    const request = requestOne(ga4Destination, { settings: SETTINGS, granted: ALL, source: 'json', event: EVERYTHING });
    expect('url' in request && typeof request.url === 'object' && request.url.parts.at(-1)).toEqual({
      env: 'GA4_API_SECRET',
    });
    const plan = planOne(ga4Destination, { settings: SETTINGS, granted: ALL, source: 'json', event: EVERYTHING });
    expect(JSON.stringify(plan)).not.toContain('GA4_API_SECRET');
  });

  it('is skipped without a secret or a client id', () => {
    const { client_id: _, ...nobody } = EVERYTHING;
    const skip = (settings: Case['settings'], event: Event) =>
      planOne(ga4Destination, { settings, granted: ALL, source: 'json', event });
    expect(skip({ measurement_id: 'G-TEST000001' }, EVERYTHING)).toEqual({
      skip: reason('skip.not_configured', { key: 'api_secret' }),
    });
    expect(skip(SETTINGS, nobody)).toEqual({ skip: reason('skip.lacks', { fields: 'client_id' }) });
  });
});

describe('replies (2.2)', () => {
  const bound = ga4Destination.bind(ga4Destination.settings.parse(SETTINGS));
  const reply = (status: number, headers = {}): Reply => asReply({ status, headers });

  it('takes every 2xx for delivered: there is no error to read', () => {
    for (const status of [200, 202, 204]) expect(bound.judge(reply(status), 1, 'web')).toEqual({ kind: 'delivered' });
  });

  it('tries again what did not arrive', () => {
    for (const status of [408, 429, 500, 503]) expect(bound.judge(reply(status), 1, 'web').kind).toBe('retry');
    expect(bound.judge(reply(429, { 'retry-after': '7' }), 1, 'web')).toMatchObject({ afterMs: 7000 });
  });
});

describe('settings', () => {
  it.each([
    [{ measurement_id: 'UA-12345-1' }],
    [{ measurement_id: 'g-test000001' }],
    [{ measurement_id: 'G-TEST000001', region: 'us' }],
    [{ measurement_id: 'G-TEST000001', api_secret: 'a-literal-secret' }],
    [{ measurement_id: 'G-TEST000001&api_secret=x' }],
    [{}],
  ])('refuse %j', (settings) => {
    const parsed = ga4Destination.settings.safeParse(settings);
    expect(parsed.success).toBe(false);
    expect(JSON.stringify(parsed.error?.issues)).not.toContain('a-literal-secret');
  });

  it('name the stream whose web hits the route takes', () => {
    expect(ga4Destination.stream?.(ga4Destination.settings.parse(SETTINGS))).toBe('G-TEST000001');
  });
});

describe('probe (2.9)', () => {
  const bound = ga4Destination.bind(ga4Destination.settings.parse(SETTINGS));

  it('asks the validation host with a valid event', async () => {
    const probe = bound.probe();
    if (probe === undefined) throw new Error('no probe');
    const recorded = asRecorded(probe.request);
    expect(`https://${recorded.host}${recorded.path}`).toBe('https://region1.google-analytics.com/debug/mp/collect');
    expect(probe.read(asReply(await ga4.answer(recorded))).ok).toBe(true);
  });

  it.each([
    [
      { status: 200, body: '{"validationMessages":[{"validationCode":"NAME_RESERVED","description":"kari"}]}' },
      'NAME_RESERVED',
    ],
    [{ status: 200, body: '{"validationMessages":[{"validationCode":"kari@example.no"}]}' }, 'UNKNOWN'],
    [{ status: 200, body: '<html>kari' }, 'did not answer'],
    [{ status: 200, body: 'null' }, 'did not answer'],
    [{ status: 503, body: 'kari' }, 'HTTP 503'],
  ])('says what went wrong: %j', (reply, expected) => {
    const read = bound.probe()?.read(asReply(reply));
    expect(read?.ok).toBe(false);
    expect(read?.message).toContain(expected);
    expect(read?.message).not.toContain('kari');
  });
});
