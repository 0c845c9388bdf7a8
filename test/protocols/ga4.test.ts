import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RawEvent } from '../../src/core/fields.ts';
import { readCollect } from '../../src/protocols/ga4/read.ts';
import { decodePart } from '../../src/protocols/percent.ts';
import { expectLinear } from '../support/growth.ts';
import { AT, expectProblem, expectReading, hitOf, VISITOR } from './reading.ts';

const BASE = 'v=2&tid=G-TEST000001';

function read(query: string, body = '') {
  return expectReading(readCollect(hitOf({ query, body }), VISITOR));
}

/** The event of a hit that has one. */
function one(query: string, body = ''): RawEvent {
  const { events } = read(`${BASE}&${query}`, body);
  expect(events).toHaveLength(1);
  return events[0]?.raw ?? {};
}

describe('transport', () => {
  // The captured hit of `destinations/ga4.md` 3.9.
  const QUERY =
    'v=2&tid=G-TEST000001&gtm=45je61d1v900000001za200&_p=1795169690123&gcs=G111&gcd=13r3r3r2r5l1&npa=0&dma=1&dma_cps=syphamo&cid=482310557.1795100000&ecid=183000001&ul=de-de&sr=1440x900&uaa=x86&uab=64&uafvl=Chromium%3B143.0.7499.193%7CNot%2520A(Brand%3B24.0.0.0&uamb=0&uam=&uap=macOS&uapv=15.1.0&uaw=0&are=1&pae=1&frm=0&pscdl=noapi&_eu=AAAAAAQ&_s=2&sid=1795168000&sct=4&seg=1&dl=https%3A%2F%2Fshop.example%2Fcheckout&dr=&dt=Checkout&tfd=4210&tag_exp=103116026~103200004';
  const LINES = [
    'en=begin_checkout&_c=1&cu=EUR&epn.value=55&pr1=idSKU-1~nmMug~pr27.5~qt2&_et=28',
    'en=scroll&epn.percent_scrolled=90&_et=1200',
  ];
  const SHARED = {
    event_time: AT,
    page_load_id: '1795169690123',
    consent_mode: { gcs: 'G111', gcd: '13r3r3r2r5l1', npa: '0', dma: '1', dma_cps: 'syphamo', pscdl: 'noapi' },
    client_id: '482310557.1795100000',
    language: 'de-de',
    screen_resolution: '1440x900',
    client_hints: {
      uaa: 'x86',
      uab: '64',
      uafvl: 'Chromium;143.0.7499.193|Not%20A(Brand;24.0.0.0',
      uamb: '0',
      uap: 'macOS',
      uapv: '15.1.0',
      uaw: '0',
    },
    session_id: '1795168000',
    session_number: '4',
    page_location: 'https://shop.example/checkout',
    page_title: 'Checkout',
  };
  const TRANSPORT = {
    gtm: '45je61d1v900000001za200',
    are: '1',
    pae: '1',
    frm: '0',
    _eu: 'AAAAAAQ',
    _s: '2',
    seg: '1',
    tfd: '4210',
    tag_exp: '103116026~103200004',
  };
  const CHECKOUT = {
    ...SHARED,
    ga4_transport: { ...TRANSPORT, _c: '1' },
    event_name: 'begin_checkout',
    currency: 'EUR',
    value: 55,
    items: [{ item_id: 'SKU-1', item_name: 'Mug', price: 27.5, quantity: 2 }],
    engagement_time_msec: 28,
  };
  const SCROLL = {
    ...SHARED,
    ga4_transport: TRANSPORT,
    event_name: 'scroll',
    params: { percent_scrolled: 90 },
    engagement_time_msec: 1200,
  };

  it.each(['\n', '\r\n'])('reads one event a line, parted by %j', (separator) => {
    const reading = read(QUERY, LINES.join(separator));
    expect(reading.stream).toBe('G-TEST000001');
    expect(reading.events.map(({ raw }) => raw)).toEqual([CHECKOUT, SCROLL]);
    // `ecid`: an identifier made in the browser, dropped.
    expect(reading.unknownKeys).toBe(1);
  });

  it('skips empty lines', () => {
    expect(read(QUERY, `\r\n${LINES[0]}\n\n${LINES[1]}\r\n`).events).toHaveLength(2);
  });

  it('finds the only event in the query of a POST without a body and of a GET', () => {
    expect(one('en=page_view&dt=Hei')).toMatchObject({ event_name: 'page_view', page_title: 'Hei' });
    const get = readCollect(hitOf({ method: 'GET', query: `${BASE}&en=scroll`, body: 'en=purchase' }), VISITOR);
    expect(expectReading(get).events.map(({ raw }) => raw.event_name)).toEqual(['scroll']);
  });

  it('lets a line override the query, for itself alone', () => {
    const { events } = read(
      `${BASE}&en=page_view&dt=Shared&ep.a=1&ep.b=2&cu=NOK&pr1=idA&_s=1`,
      'dt=Own&ep.b=3&cu=&pr1=idB&_s=2\nep.c=4',
    );
    expect(events.map(({ raw }) => raw)).toEqual([
      {
        event_time: AT,
        event_name: 'page_view',
        page_title: 'Own',
        params: { a: '1', b: '3' },
        currency: '',
        items: [{ item_id: 'B' }],
        ga4_transport: { _s: '2' },
      },
      {
        event_time: AT,
        event_name: 'page_view',
        page_title: 'Shared',
        params: { a: '1', b: '2', c: '4' },
        currency: 'NOK',
        items: [{ item_id: 'A' }],
        ga4_transport: { _s: '1' },
      },
    ]);
  });

  it('keeps what an event is nothing without, whatever a line leaves empty', () => {
    const { events } = read(`${BASE}&en=page_view&cid=7.8&dl=https%3A%2F%2Fshop.example.no%2F`, 'en=&cid=&dl=&dt=Own');
    expect(events.map(({ raw }) => raw)).toMatchObject([
      { event_name: 'page_view', client_id: '7.8', page_location: 'https://shop.example.no/', page_title: 'Own' },
    ]);
  });

  it('gives every event the visitor of the request', () => {
    for (const { visitor } of read(QUERY, LINES.join('\n')).events) expect(visitor).toBe(VISITOR);
  });
});

describe('keys', () => {
  it.each<[string, string, RawEvent]>([
    ['user id', 'uid=crm-8841', { user_id: 'crm-8841' }],
    ['user data, an identifier all the same', 'em=tv.1~em.1hFz~co0.DE', { google_user_data: 'tv.1~em.1hFz~co0.DE' }],
    ['a repeat after consent (`gcu`)', 'gcu=1', { repeat: true }],
    ['debug mode', '_dbg=1', { debug_mode: true }],
    ['referrer', 'dr=https%3A%2F%2Fwww.google.com%2F', { page_referrer: 'https://www.google.com/' }],
    ['empty values are none', 'dr=&dt=&cid=&uam=', {}],
    [
      'a key that comes again without a value says nothing',
      'v=&tid=&cid=7.8&cid=&sid=1795168000&sid=&dl=https%3A%2F%2Fshop.example.no%2F&dl=&dt=Krus&dt=&cu=NOK&cu=&ep.transaction_id=T-1&ep.transaction_id=',
      {
        client_id: '7.8',
        session_id: '1795168000',
        page_location: 'https://shop.example.no/',
        page_title: 'Krus',
        currency: 'NOK',
        transaction_id: 'T-1',
      },
    ],
    [
      'an empty consent key beside another is absent (`docs/spec/consent.md`)',
      'gcs=G111&gcs=&gcd=&gcd=13r3r3r2r5l1&us_privacy=1YNN&us_privacy=',
      { consent_mode: { gcs: 'G111', gcd: '13r3r3r2r5l1' }, privacy_keys: { us_privacy: '1YNN' } },
    ],
    ['order-level numbers (3.7)', 'epn.value=0&epn.tax=-1.5&epn.shipping=4.90', { value: 0, tax: -1.5, shipping: 4.9 }],
    ['the order', 'ep.transaction_id=T-1&ep.coupon=WELCOME10', { transaction_id: 'T-1', coupon: 'WELCOME10' }],
    ['an order number that is a number', 'epn.transaction_id=12345', { transaction_id: '12345' }],
    ['a value sent as text', 'ep.value=59.90', { value: 59.9 }],
    ['currency as key or parameter', 'ep.currency=EUR', { currency: 'EUR' }],
    ['search term', 'ep.search_term=bl%C3%A5+krus', { search_term: 'blå krus' }],
    ['event id', 'ep.event_id=e-1', { event_id: 'e-1' }],
    ['affiliation has no field', 'ep.affiliation=web', { params: { affiliation: 'web' } }],
    ['parameters of the site', 'ep.method=google&epn.score=7', { params: { method: 'google', score: 7 } }],
    ['user properties', 'up.tier=gold&upn.orders=3', { user_properties: { tier: 'gold', orders: 3 } }],
    [
      'promotions outside items (3.7)',
      'pi=P1&pn=Summer&li=L1',
      { params: { promotion_id: 'P1', promotion_name: 'Summer', item_list_id: 'L1' } },
    ],
    [
      'campaign overrides (3.5)',
      'cs=newsletter&cm=email&cn=may&cc=top&ct=mugs&ci=42&ccf=video&cmt=retargeting',
      {
        campaign: {
          source: 'newsletter',
          medium: 'email',
          name: 'may',
          content: 'top',
          term: 'mugs',
          id: '42',
          creative_format: 'video',
          marketing_tactic: 'retargeting',
        },
      },
    ],
    ['encoded keys', 'e%70.x=1&%63id=7.8', { params: { x: '1' }, client_id: '7.8' }],
    ['a key without a value', 'richsstsse&_p=5', { page_load_id: '5' }],
    ['`=` in a value', 'ep.q=a=b', { params: { q: 'a=b' } }],
    ['percent signs that encode nothing', 'ep.q=100%&ep.r=%zz%E6%41', { params: { q: '100%', r: '%zz%E6A' } }],
    ['overlong and surrogate sequences stay', 'ep.q=%C0%AF%ED%A0%80', { params: { q: '%C0%AF%ED%A0%80' } }],
    ['four-byte characters', 'ep.q=%F0%9F%8E%81', { params: { q: '🎁' } }],
    [
      'names of prototypes are plain names',
      'ep.constructor=x&ep.toString=y',
      { params: { constructor: 'x', toString: 'y' } },
    ],
  ])('%s', (_, query, expected) => {
    expect(one(`en=x&${query}`)).toEqual({ event_time: AT, event_name: 'x', ...expected });
  });

  it.each([
    'ecid=1',
    'ecsid=1.2',
    '_fid=x',
    '_fplc=x',
    '_uip=203.0.113.7',
    '_uc=NO',
    'auid=1.2',
    'gap.x=1',
    'sst.uc=NO',
    '_z=f',
    'gcut=2',
    'dh=shop',
    'dp=/x',
    '_rnd=1',
    'transport_url=https://evil.example',
    'api_secret=x',
    'ep=1',
    'epn.=1',
    'ep.=1',
    'ups.x=1',
    'pr0=idA',
    'pr201=idA',
    'prx=idA',
    'pr=idA',
    'epn.score=',
    'epn.score=abc',
    'epn.score=Infinity',
    'epn.score=1e999',
    '_et=x',
    // Identifiers that hide in parameters have fields of their own, with consent on them.
    'ep.client_id=1.2',
    'ep.gclid=x',
    'up.user_id=crm-8841',
    'ep.fbclid=x',
    // A transport key with a value it never has could carry anything.
    'seg=kari@example.no',
    '_c=1234567',
    `gtm=${'a'.repeat(129)}`,
  ])('drops and counts %s', (pair) => {
    const reading = read(`${BASE}&en=x&${pair}`);
    expect(reading.events.map(({ raw }) => raw)).toEqual([{ event_time: AT, event_name: 'x' }]);
    expect(reading.unknownKeys).toBe(1);
  });

  it('takes a consent key that says two things as unreadable', () => {
    expect(one('en=x&gcs=G111&gcs=G100').consent_mode?.gcs).toBe('!');
    expect(one('gcs=G111&gcd=13r3r3r2r5l1', 'en=x&gcs=G100&gcd=13r3r3r2r5l1').consent_mode).toEqual({
      gcs: '!',
      gcd: '13r3r3r2r5l1',
    });
  });
});

describe('items (3.7)', () => {
  it.each<[string, string, object]>([
    [
      'the example of the sheet',
      'idSKU-1~nmMug~caHome~pr27.5~qt2~k0colour~v0blue',
      {
        item_id: 'SKU-1',
        item_name: 'Mug',
        item_category: 'Home',
        price: 27.5,
        quantity: 2,
        custom: { colour: 'blue' },
      },
    ],
    [
      'every key',
      'ida~nmb~brc~cad~c2e~c3f~c4g~c5h~lni~lp1~pr2~qt3~vaj~cpk~ds4~lil~afm~lon~cno~csp~piq~pnr',
      {
        item_id: 'a',
        item_name: 'b',
        item_brand: 'c',
        item_category: 'd',
        item_category2: 'e',
        item_category3: 'f',
        item_category4: 'g',
        item_category5: 'h',
        item_list_name: 'i',
        index: 1,
        price: 2,
        quantity: 3,
        item_variant: 'j',
        coupon: 'k',
        discount: 4,
        item_list_id: 'l',
        affiliation: 'm',
        location_id: 'n',
        creative_name: 'o',
        creative_slot: 'p',
        promotion_id: 'q',
        promotion_name: 'r',
      },
    ],
    ['a doubled tilde', 'idA~~B~nmC~~~pr1', { item_id: 'A~B', item_name: 'C~', price: 1 }],
    ['more than ten custom parameters', 'k9a~v91~k10b~v102', { custom: { a: '1', b: '2' } }],
    ['zero is a value', 'pr0~lp0', { price: 0, index: 0 }],
    ['a custom value without a name, a number that is none', 'idA~v0x~prfree', { item_id: 'A' }],
    ['a name that reaches a prototype', 'idA~k0__proto__~v0x', { item_id: 'A' }],
  ])('%s', (_, text, expected) => {
    expect(one(`en=x&pr1=${encodeURIComponent(text)}`).items).toEqual([expected]);
  });

  it('keeps 200 items in order of position, beside the keys of the event', () => {
    const items = Array.from({ length: 200 }, (_, i) => `pr${200 - i}=id${200 - i}`);
    const keys = Array.from({ length: 190 }, (_, i) => `ep.p${i}=1`);
    const raw = one(`en=x&${[...keys, ...items].join('&')}`);
    expect(raw.items?.map(({ item_id }) => item_id)).toEqual(Array.from({ length: 200 }, (_, i) => String(i + 1)));
  });

  it('closes gaps', () => {
    expect(one('en=x&pr7=idB&pr2=idA').items).toEqual([{ item_id: 'A' }, { item_id: 'B' }]);
  });
});

describe('refusals', () => {
  it.each([
    ['nothing', '', '', /`v=2`/],
    ['version 1', 'v=1&tid=G-TEST000001&en=x', '', /`v=2`/],
    ['two versions', `${BASE}&v=1&en=x`, '', /`v`/],
    ['no measurement id', 'v=2&en=x', '', /`tid`/],
    ['two measurement ids', `${BASE}&tid=G-OTHER00001&en=x`, '', /`tid`/],
  ])('%s', (_, query, body, detail) => {
    const problem = expectProblem(readCollect(hitOf({ query, body }), VISITOR));
    expect(problem.status).toBe(400);
    expect(problem.detail).toMatch(detail);
  });

  it('lines past the 25th are left out and counted, and cost the others nothing', () => {
    const lines = Array.from({ length: 27 }, (_, i) => `en=e${i}`).join('\n');
    const { events, leftOut } = read(BASE, lines);
    expect(events.map(({ raw }) => raw.event_name)).toEqual(Array.from({ length: 25 }, (_, i) => `e${i}`));
    expect(leftOut).toEqual({ events: 2 });
  });

  const keys = (count: number) => Array.from({ length: count }, (_, i) => `ep.p${i}=1`).join('&');

  it.each([
    ['a line without a name', BASE, 'ep.a=1', /`en`/],
    ['a line with 201 keys', BASE, `en=x&${keys(198)}`, /200 keys/],
    ['a line of another tag', BASE, 'en=y&tid=G-OTHER00001', /`tid`/],
    ['a line of another version', BASE, 'en=y&v=1', /`v`/],
  ])('%s ends by itself', (_, query, line, detail) => {
    const { events } = read(query, `en=a\n${line}\nen=b`);
    expect(events.map(({ raw, invalid }) => (invalid === undefined ? raw.event_name : 'invalid'))).toEqual([
      'a',
      'invalid',
      'b',
    ]);
    expect(events[1]?.invalid?.says).toMatch(detail);
  });

  it.each([
    ['no name', BASE, /`en`/],
    ['201 keys', `${BASE}&en=x&${keys(198)}`, /200 keys/],
  ])('an only event with %s ends, and the hit is answered', (_, query, detail) => {
    const { events } = read(query);
    expect(events.map(({ invalid }) => invalid?.says)).toEqual([expect.stringMatching(detail)]);
  });

  it('reads what takes consent away behind any number of keys', () => {
    const [event] = read(`${BASE}&en=x&${keys(300)}&gcs=G100`).events;
    expect(event?.raw.consent_mode).toEqual({ gcs: 'G100' });
  });

  it('leaves out a name that is too long or reaches a prototype', () => {
    for (const pair of [`${'a'.repeat(4097)}=1`, 'ep.__proto__=1', 'ep.%5F_proto__=1', 'up.__proto__=1']) {
      const reading = read(`${BASE}&en=x&${pair}`);
      expect(reading.events).toEqual([{ raw: { event_time: AT, event_name: 'x' }, visitor: VISITOR }]);
      expect(reading.unknownKeys).toBe(1);
    }
  });

  it('cuts a value that is too long', () => {
    const reading = read(`${BASE}&en=x&ep.a=${'a'.repeat(5000)}`);
    expect(reading.events[0]?.raw.params).toEqual({ a: 'a'.repeat(4096) });
    expect(reading.leftOut).toEqual({ cut: 1 });
  });

  it('cuts no pair of an address in half: half of a click id is another one', () => {
    const page = `https://shop.example.no/krus?a=${'a'.repeat(4000)}&gclid=${'b'.repeat(100)}`;
    const reading = read(`${BASE}&en=x&dl=${encodeURIComponent(page)}`);
    expect(reading.events[0]?.raw.page_location).toBe(page.slice(0, page.indexOf('&gclid')));
  });

  it.each<[string, RawEvent, object | undefined]>([
    ['cu=NOK&ep.value=45.42', { currency: 'NOK', value: 45.42 }, undefined],
    ['cu=nok&epn.value=1', { currency: 'NOK', value: 1 }, undefined],
    ['cu=NOK&epn.value=599%2C00', {}, { number: 1 }],
    ['epn.value=%2B&cu=NOK', {}, { number: 1 }],
    ['cu=kr&epn.value=599', {}, { currency: 1 }],
    ['cu=&epn.value=599', { value: 599 }, undefined],
    ['cu=NOK&epn.value=', { currency: 'NOK' }, undefined],
    [
      'cu=NOK&epn.value=5&ep.tax=free&epn.shipping=0.30000000000000004',
      { currency: 'NOK', value: 5, shipping: 0.3 },
      { number: 1 },
    ],
    ['epn.value=0x10&cu=NOK', {}, { number: 1 }],
    ['pr1=idA~pr0.30000000000000004', { items: [{ item_id: 'A', price: 0.3 }] }, undefined],
  ])('reads the money of %s', (query, expected, leftOut) => {
    const reading = read(`${BASE}&en=x&${query}`);
    expect(reading.events[0]?.raw).toEqual({ event_time: AT, event_name: 'x', ...expected });
    expect(reading.leftOut).toEqual(leftOut);
  });

  it('takes the limits themselves', () => {
    expect(read(BASE, Array.from({ length: 25 }, () => 'en=x').join('\n')).events).toHaveLength(25);
    expect(Object.keys(one(`en=x&${keys(197)}`).params ?? {})).toHaveLength(197);
    expect(one(`en=x&ep.a=${'a'.repeat(4096)}`).params?.['a']).toHaveLength(4096);
  });

  it('repeats nothing of the hit', () => {
    const problem = expectProblem(readCollect(hitOf({ query: 'v=kari%40example.no&en=kari' }), VISITOR));
    expect(JSON.stringify(problem)).not.toContain('kari');
  });
});

describe('properties', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/);
  const value = fc.string({ minLength: 1, maxLength: 100, unit: 'grapheme' });

  it('reads back every parameter that was encoded', () => {
    const params = fc.dictionary(name, fc.oneof(value, fc.double({ noNaN: true, noDefaultInfinity: true })));
    fc.assert(
      fc.property(params, fc.boolean(), (wanted, inBody) => {
        const query = Object.entries(wanted)
          .map(([key, v]) => {
            const prefix = typeof v === 'number' ? 'epn' : 'ep';
            return `${prefix}.zz_${encodeURIComponent(key)}=${encodeURIComponent(String(v))}`;
          })
          .join('&');
        const raw = inBody ? one('', `en=x&${query}`) : one(`en=x&${query}`);
        const expected = Object.fromEntries(Object.entries(wanted).map(([key, v]) => [`zz_${key}`, v === 0 ? 0 : v]));
        expect({ ...raw.params }).toEqual(expected);
      }),
    );
  });

  it('decodes as the platform does where that throws nothing away', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
        const query = new URLSearchParams({ 'ep.zz': text }).toString();
        expect(one(`en=x&${query}`).params?.['zz']).toBe(text);
      }),
    );
  });

  it('never throws, and pollutes nothing', () => {
    const part = fc.oneof(
      fc.constantFrom(
        'ep.',
        'epn.',
        'up.',
        'pr1',
        'k0',
        '~',
        '%',
        '%F',
        '%E2%82',
        '+',
        '&',
        '=',
        '\n',
        '\r\n',
        '__proto__',
        'en=x',
        'v=2',
        'tid=G-1',
      ),
      fc.string({ maxLength: 8 }),
    );
    const text = fc.array(part, { maxLength: 40 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, text, (query, body) => {
        const result = readCollect(hitOf({ query, body }), VISITOR);
        expect('status' in result ? result.status : result.events.length > 0).toBe('status' in result ? 400 : true);
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });
});

// What a list of pairs is (`destinations/ga4.md` 3.1): split on `&`, then on the first `=`, then decoded.
describe('a list of pairs', () => {
  const chunk = fc.string({ unit: fc.constantFrom('=', '%', '+', '4', 'a', 'C', '3', 'ø'), maxLength: 12 });

  it('is read pair by pair, whatever marks are where, in the query and in a line', () => {
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 12 }), fc.boolean(), (chunks, inBody) => {
        const expected: Record<string, string> = {};
        for (const pair of chunks) {
          const equals = pair.includes('=') ? pair.indexOf('=') : pair.length;
          const name = decodePart(pair, 0, equals);
          if (name !== '') expected[name] = decodePart(pair, equals + 1, pair.length);
        }
        const list = ['en=x', ...chunks.map((pair) => `ep.${pair}`), ''].join('&');
        expect({ ...(inBody ? one('', `${list}\r\n`) : one(list)).params }).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });

  // Items are not counted, so that none of these ends at the limit of keys.
  it.each(['pr1=a', 'pr1', 'pr1=%', 'pr1=+', '%70r1=a'])('takes time in proportion to its length: %s', (pair) => {
    expectLinear((size) => {
      const hit = hitOf({ query: `${BASE}&en=x${`&${pair}`.repeat(size)}` });
      return () => readCollect(hit, VISITOR);
    }, 10_000);
  });
});

// Data of another project, decoded to another vocabulary: names and values of GA4 must be the same.
describe('walkerOS decode examples', () => {
  interface Step {
    readonly in: { readonly url: string; readonly body?: string };
    readonly out: readonly (readonly [string, { readonly data?: Readonly<Record<string, unknown>> } | false])[];
  }
  const fixture = JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/ga4-walkeros.json'), 'utf8')) as {
    readonly ga4: Readonly<Record<string, Step>>;
  };

  /** Their name of a value -> where it is in ours. `id` is the order in a purchase and the address in a page view. */
  const SAME: Readonly<Record<string, (raw: RawEvent) => unknown>> = {
    currency: (raw) => raw.currency,
    value: (raw) => raw.value,
    total: (raw) => raw.value,
    tax: (raw) => raw.tax,
    shipping: (raw) => raw.shipping,
    coupon: (raw) => raw.coupon,
    term: (raw) => raw.search_term,
    percent: (raw) => raw.params?.['percent_scrolled'],
    method: (raw) => raw.params?.['method'],
    title: (raw) => raw.page_title,
    referrer: (raw) => raw.page_referrer,
    event_name: (raw) => raw.event_name,
    id: (raw) => raw.transaction_id ?? raw.page_location,
  };

  it.each(Object.entries(fixture.ga4))('%s', (_, step) => {
    const url = new URL(step.in.url);
    const { events, stream, unknownKeys } = read(url.search.slice(1), step.in.body);
    expect(stream).toBe('G-EXAMPLE');
    expect(unknownKeys).toBe(0);
    // They drop `user_engagement` as noise; here it is relayed, because GA4 counts engagement with it.
    expect(events).toHaveLength(step.out.length);
    for (const [i, [, theirs]] of step.out.entries()) {
      const raw = events[i]?.raw ?? {};
      expect(raw).toMatchObject({ client_id: 'cid-1', session_id: '1700000000', page_load_id: 'p1' });
      // They take the session's start for the event's time; here it is the time of arrival.
      expect(raw.event_time).toBe(AT);
      if (theirs === false) continue;
      const { data = {} } = theirs;
      expect(Object.fromEntries(Object.keys(data).map((key) => [key, SAME[key]?.(raw)]))).toEqual(data);
    }
  });
});
