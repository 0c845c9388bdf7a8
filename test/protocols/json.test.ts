import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RawEvent } from '../../src/core/fields.ts';
import { readJson } from '../../src/protocols/json/read.ts';
import { AT, expectProblem, expectReading, hitOf, VISITOR } from './reading.ts';

function result(body: unknown, from: 'browser' | 'backend' = 'browser') {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return readJson(hitOf({ path: '/v1/events', body: text }), from, VISITOR);
}

/** The only event of a body. */
function one(event: Readonly<Record<string, unknown>>): RawEvent {
  const { events } = expectReading(result({ events: [{ name: 'x', ...event }] }));
  expect(events).toHaveLength(1);
  return events[0]?.raw ?? {};
}

/** What a back end is told; a browser's bad event only ends itself. */
function detail(body: unknown, from: 'browser' | 'backend' = 'backend'): string {
  const problem = expectProblem(result(body, from));
  expect(problem.status).toBe(400);
  return problem.detail;
}

describe('what is read', () => {
  it('takes the contract', () => {
    const body = readFileSync(join(import.meta.dirname, '../fixtures/event.json'), 'utf8');
    const reading = expectReading(result(body));
    expect(reading).toEqual({
      stream: undefined,
      unknownKeys: 0,
      leftOut: undefined,
      events: [
        {
          visitor: VISITOR,
          raw: {
            event_name: 'purchase',
            event_id: 'ord-20261120-7',
            event_time: AT,
            page_location:
              'https://shop.example.no/takk?utm_source=google&gclid=Cj0KExample_aBc&epost=kari%40example.no',
            page_referrer: 'https://www.google.com/search?q=krus',
            page_title: 'Takk for kjøpet',
            currency: 'NOK',
            value: 599,
            transaction_id: 'ORD-20261120-7',
            items: [{ item_id: 'SKU-1', item_name: 'Krus', price: 299.5, quantity: 2 }],
            user_id: 'crm-8841',
            email: ' Kari.Nordmann+nett@Example.no ',
            phone: '+47 400 00 000',
          },
        },
      ],
    });
  });

  it.each<[string, Readonly<Record<string, unknown>>, RawEvent]>([
    ['an ISO time', { time: '2026-11-20T10:00:00Z' }, { event_time: Date.UTC(2026, 10, 20, 10) }],
    ['a zone', { time: '2026-11-20T11:00:00.5+01:00' }, { event_time: Date.UTC(2026, 10, 20, 10, 0, 0, 500) }],
    ['unix milliseconds', { time: AT - 1000 }, { event_time: AT - 1000 }],
    ['a fraction of one', { time: AT - 0.5 }, { event_time: AT - 1 }],
    ['a time long ago', { time: '1999-12-31T23:59:59Z' }, { event_time: Date.UTC(1999, 11, 31, 23, 59, 59) }],
    ['the future is now', { time: AT + 1 }, { event_time: AT }],
    ['no time is now', {}, { event_time: AT }],
    ['ids that are numbers', { id: 7, params: { transaction_id: 12 } }, { event_id: '7', transaction_id: '12' }],
    ['null is absent', { page: { title: null }, params: { value: null, x: null }, user: null }, {}],
    ['zero is a value', { params: { value: 0, tax: 0 } }, { value: 0, tax: 0 }],
    ['debug mode', { params: { debug_mode: 1 } }, { debug_mode: true }],
    ['debug mode switched off', { params: { debug_mode: false } }, {}],
    [
      'parameters of the site',
      { params: { method: 'google', score: 7, gift: true } },
      { params: { method: 'google', score: 7, gift: true } },
    ],
    [
      'user properties',
      { user_properties: { tier: 'gold', orders: 3 } },
      { user_properties: { tier: 'gold', orders: 3 } },
    ],
    [
      'items: known names have their types, others are custom',
      { params: { items: [{ item_id: 7, price: 0, colour: 'blue', weight: 2, gift: true, coupon: null }] } },
      { items: [{ item_id: '7', price: 0, custom: { colour: 'blue', weight: 2, gift: 'true' } }] },
    ],
    [
      'session and screen',
      { client_id: '1.2', session_id: 1795168000, screen: '1440x900', language: 'nb-NO' },
      { client_id: '1.2', session_id: '1795168000', screen_resolution: '1440x900', language: 'nb-NO' },
    ],
    ['half a surrogate pair', { page: { title: 'a\ud800b' } }, { page_title: 'a\ufffdb' }],
  ])('%s', (_, event, expected) => {
    expect(one(event)).toEqual({ event_name: 'x', event_time: AT, ...expected });
  });

  it('lets a byte order mark pass', () => {
    expect(result('\ufeff{"events":[{"name":"x"}]}')).toMatchObject({ events: [{ raw: { event_name: 'x' } }] });
  });

  it('takes 25 events', () => {
    const events = Array.from({ length: 25 }, (_, i) => ({ name: `e${i}` }));
    expect(expectReading(result({ events })).events.map(({ raw }) => raw.event_name)).toEqual(
      events.map(({ name }) => name),
    );
  });

  it('leaves out and counts what a browser sends beyond them', () => {
    const events = Array.from({ length: 27 }, (_, i) => ({ name: `e${i}` }));
    const reading = expectReading(result({ events }, 'browser'));
    expect(reading.events.map(({ raw }) => raw.event_name)).toEqual(events.slice(0, 25).map(({ name }) => name));
    expect(reading.leftOut).toEqual({ events: 2 });
  });
});

describe('whose event it is (design 3a)', () => {
  const visitor = {
    cookies: 'CookieConsent=yes; _ga=GA1.1.1.2',
    client_id: '1.2',
    session_id: '3',
    ip: '203.0.113.7',
    user_agent: 'Mozilla/5.0',
    gpc: true,
  };

  it.each([
    ['CookieConsent=yes; _ga=GA1.1.1.2'],
    ['Cookie: CookieConsent=yes; _ga=GA1.1.1.2'],
    ['cookie:CookieConsent=yes; _ga=GA1.1.1.2'],
    [['CookieConsent=yes', '_ga=GA1.1.1.2']],
    [encodeURIComponent('CookieConsent=yes; _ga=GA1.1.1.2')],
    [encodeURIComponent('Cookie: CookieConsent=yes; _ga=GA1.1.1.2')],
  ])('takes the cookies of a visitor as servers hand them over: %j', (cookies) => {
    const { events } = expectReading(result({ events: [{ name: 'x', visitor: { cookies } }] }, 'backend'));
    expect(events[0]?.visitor.cookies.trim()).toBe('CookieConsent=yes; _ga=GA1.1.1.2');
  });

  it.each([
    [true, true],
    [1, true],
    ['1', true],
    ['1, 1', true],
    ['0, 1', true],
    [false, false],
    [0, false],
    ['0', false],
    ['', false],
    [null, false],
  ])('takes %j for the signal of the browser: %s', (gpc, objects) => {
    const { events } = expectReading(result({ events: [{ name: 'x', visitor: { gpc } }] }, 'backend'));
    expect(events[0]?.visitor.gpc).toBe(objects);
  });

  it('leaves the encoding of single values to who reads them', () => {
    const cookies = 'a=%7B%22x%22%3A1%7D; b=c%3Dd';
    const { events } = expectReading(result({ events: [{ name: 'x', visitor: { cookies } }] }, 'backend'));
    expect(events[0]?.visitor.cookies).toBe(cookies);
  });

  it('believes a back end about its visitors, and not its own request', () => {
    const { events } = expectReading(result({ events: [{ name: 'x', visitor }, { name: 'y' }] }, 'backend'));
    expect(events.map((event) => event.visitor)).toEqual([
      {
        cookies: 'CookieConsent=yes; _ga=GA1.1.1.2',
        gpc: true,
        userAgent: 'Mozilla/5.0',
        address: '203.0.113.7',
        country: undefined,
        clientId: '1.2',
        sessionId: '3',
      },
      // Absent: nothing is known, so nothing is allowed.
      {
        cookies: '',
        gpc: false,
        userAgent: undefined,
        address: undefined,
        country: undefined,
        clientId: undefined,
        sessionId: undefined,
      },
    ]);
  });

  it('takes no event of a browser that states a visitor', () => {
    const { events } = expectReading(result({ events: [{ name: 'x' }, { name: 'x', visitor }] }));
    expect(events.map(({ invalid }) => invalid?.says)).toEqual([
      undefined,
      expect.stringMatching(/^events\[1\]\.visitor: .*back end/),
    ]);
    expect(events[1]?.visitor).toBe(VISITOR);
  });

  it('takes a Cookie header longer than other texts', () => {
    const cookies = `euconsent-v2=${'C'.repeat(10_000)}`;
    const { events } = expectReading(result({ events: [{ name: 'x', visitor: { cookies } }] }, 'backend'));
    expect(events[0]?.visitor.cookies).toBe(cookies);
  });
});

describe('refusals', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  const params = (fields: unknown) => ({ events: [{ name: 'x', params: fields }] });

  it.each<[string, unknown, string | RegExp]>([
    ['nothing', '', 'The body is not valid JSON.'],
    ['half of it', '{"events":[{"name":"x"}', 'The body is not valid JSON.'],
    ['a list', [], /events/],
    ['no events', {}, 'events: expected a list of events'],
    ['an empty list', { events: [] }, 'events: expected at least one event'],
    ['26 events', { events: Array.from({ length: 26 }, () => ({ name: 'x' })) }, 'events: expected at most 25 events'],
    ['a nameless event', { events: [{}] }, 'events[0].name: expected the name of the event'],
    ['a name with a space', { events: [{ name: 'my event' }] }, /^events\[0\]\.name: /],
    ['a name that starts with a digit', { events: [{ name: '1st' }] }, /^events\[0\]\.name: /],
    ['a name of 41 characters', { events: [{ name: 'a'.repeat(41) }] }, /^events\[0\]\.name: /],
    ['a reserved name', { events: [{ name: 'session_start' }] }, /reserved/],
    ['a reserved family of names', { events: [{ name: 'notification_open' }] }, /reserved/],
    ['a reserved prefix', { events: [{ name: 'ga_thing' }] }, /reserved/],
    ['an unknown key', { events: [{ name: 'x', colour: 'red' }] }, 'events[0]: unknown key `colour`'],
    ['an unknown key at the top', { events: [{ name: 'x' }], consent: {} }, 'unknown key `consent`'],
    [
      'a value that is neither number nor text',
      params({ value: true }),
      'events[0].params.value: expected a finite number',
    ],
    [
      'an infinite number',
      '{"events":[{"name":"x","params":{"value":1e999}}]}',
      /params\.value: expected a finite number/,
    ],
    ['an infinite custom number', '{"events":[{"name":"x","params":{"n":-1e999}}]}', /params\.n: .*finite number/],
    [
      'a list as a user property',
      { events: [{ name: 'x', user_properties: { a: [1] } }] },
      /user_properties\.a: .*nested/,
    ],
    ['an item that is none', params({ items: ['SKU-1'] }), /^events\[0\]\.params\.items\[0\]: expected an item/],
    ['items that are no list', params({ items: { a: 1 } }), /^events\[0\]\.params\.items: expected a list/],
    [
      'an item price that is neither number nor text',
      params({ items: [{ price: false }] }),
      'events[0].params.items[0].price: expected a finite number',
    ],
    [
      'a hash that is none',
      { events: [{ name: 'x', user: { email_sha256: 'kari' } }] },
      /user\.email_sha256: .*64 digits/,
    ],
    [
      'a Cookie header that is too long',
      { events: [{ name: 'x', visitor: { cookies: 'a'.repeat(32_769) } }] },
      /visitor\.cookies: .*32768/,
    ],
    [
      'cookies that are none',
      { events: [{ name: 'x', visitor: { cookies: 'granted' } }] },
      /visitor\.cookies: .*name=value/,
    ],
    [
      'cookies taken apart',
      { events: [{ name: 'x', visitor: { cookies: { CookieConsent: 'yes' } } }] },
      /visitor\.cookies: .*list of `name=value`/,
    ],
    [
      'a reserved parameter',
      params({ firebase_conversion: 1 }),
      /^events\[0\]\.params\.firebase_conversion: .*reserved/,
    ],
    ['an identifier among parameters', params({ client_id: '1.2' }), /^events\[0\]\.params\.client_id: /],
    ['201 keys', params(Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`p${i}`, 1]))), /200 keys/],
    ['a time in seconds', { events: [{ name: 'x', time: 1795169700 }] }, /^events\[0\]\.time: .*not seconds/],
    ['a time without zone', { events: [{ name: 'x', time: '2026-11-20T10:00:00' }] }, /^events\[0\]\.time: /],
    ['a day that is none', { events: [{ name: 'x', time: '2026-13-20T10:00:00Z' }] }, /^events\[0\]\.time: /],
    ['a long user property', { events: [{ name: 'x', user_properties: { ['a'.repeat(25)]: 1 } }] }, /24 characters/],
    ['nine levels', nested(9), /nested deeper than 8 levels/],
    ['very many levels', nested(30_000), /nested deeper than 8 levels/],
    ['nine levels in an event', params({ a: { b: { c: { d: { e: {} } } } } }), /^events\[0\]\..*nested deeper/],
    ['the same key twice', '{"events":[{"name":"x","name":"y"}]}', /`name` is there twice/],
    ['the same key twice, once escaped', '{"events":[{"name":"x","n\\u0061me":"y"}]}', /`name` is there twice/],
    ['__proto__', '{"events":[{"name":"x","__proto__":{"a":1}}]}', /a key is not a name/],
    ['__proto__, escaped', '{"events":[{"name":"x","params":{"\\u005f_proto__":1}}]}', /a key is not a name/],
    ['constructor', '{"events":[{"name":"x","params":{"constructor":1}}]}', /a key is not a name/],
    ['a key with a space', params({ 'my key': 1 }), /a key is not a name/],
  ])('%s', (_, body, expected) => {
    const matches = typeof expected === 'string' ? detail(body) === expected : expected.test(detail(body));
    expect({ detail: detail(body), matches }).toEqual({ detail: detail(body), matches: true });
  });

  it('names every mistake, and nothing of the body is used', () => {
    const body = {
      events: [
        { name: 'purchase', params: { value: true, items: [{ price: [] }, { price: false }] } },
        { name: 'kjøp', time: 'yesterday', colour: 'red' },
        { name: 'x', user_properties: { a: {} }, 'my key': 1 },
      ],
    };
    expect(
      detail(body)
        .split('; ')
        .filter((one) => one.startsWith('events'))
        .map((one) => one.split(': ')[0]),
    ).toEqual([
      'events[0].params.value',
      'events[0].params.items[1].price',
      'events[1].name',
      'events[1].time',
      'events[1]',
      'events[2]',
      'events[2].user_properties.a',
    ]);
  });

  it('repeats no value of the body', () => {
    for (const body of [
      { events: [{ name: 'kari@example.no' }] },
      { events: [{ name: 'x', time: 'kari@example.no' }] },
      { events: [{ name: 'x', params: { value: true, coupon: 'kari@example.no' } }] },
      { events: [{ name: 'x', 'kari@example.no': 1 }] },
      '{"kari@example.no',
    ]) {
      expect(detail(body)).not.toContain('kari');
    }
  });

  it('does not take keys for texts that look like them', () => {
    const raw = one({ params: { a: '__proto__', b: '{"x":1,"x":2}', c: 'a:b', d: '"', e: '\\' } });
    expect(raw.params).toEqual({ a: '__proto__', b: '{"x":1,"x":2}', c: 'a:b', d: '"', e: '\\' });
  });
});

describe('from a browser', () => {
  it('ends a bad event by itself: the others are taken', () => {
    const body =
      '{"events":[{"name":"a"},{"name":"kjøp"},{"name":"b","params":{"my key":1}},{"name":"c","params":{"value":true}},' +
      '{"name":"d","name":"e"},7,{"name":"f","__proto__":{}},{"name":"g","params":{"value":1}}]}';
    const { events } = expectReading(result(body));
    expect(events.map(({ raw, invalid }) => (invalid === undefined ? raw.event_name : 'invalid'))).toEqual([
      'a',
      ...Array.from({ length: 6 }, () => 'invalid'),
      'g',
    ]);
    expect(events[1]?.invalid?.says).toMatch(/^events\[1\]\.name: /);
    for (const { raw, invalid } of events) if (invalid !== undefined) expect(raw).toEqual({ event_time: AT });
  });

  it('finds the bad event behind very many mistakes of another', () => {
    const many = Array.from({ length: 150 }, () => '{"my key":1}').join(',');
    const { events } = expectReading(result(`{"events":[{"name":"a","params":{"x":[${many}]}},{"name":"b","b c":1}]}`));
    expect(events.map(({ invalid }) => invalid === undefined)).toEqual([false, false]);
  });

  it.each(['', '[]', '{}', '{"events":[]}', '{"events":[{"name":"x"}],"more":1}'])('has no event in %j', (body) => {
    expect(expectProblem(result(body)).status).toBe(400);
  });
});

describe('what is understood all the same, whoever sends it', () => {
  const params = (fields: object) => expectReading(result({ events: [{ name: 'x', params: fields }] }, 'backend'));

  it.each<[string, object, RawEvent, object | undefined]>([
    ['a number as text', { value: '599.00', currency: 'nok' }, { value: 599, currency: 'NOK' }, undefined],
    ['blanks around it', { value: ' 100 ' }, { value: 100 }, undefined],
    ['a decimal comma', { value: '599,00', currency: 'NOK' }, {}, { number: 1 }],
    ['a value with its currency', { value: '599 kr', currency: 'NOK', coupon: 'A' }, { coupon: 'A' }, { number: 1 }],
    ['a nested value', { value: { amount: 5 }, currency: 'NOK' }, {}, { nested: 1, number: 1 }],
    ['a currency that is none', { value: 599, currency: 'NKR' }, {}, { currency: 1 }],
    ['a sign for one', { value: 599, currency: '€', tax: '10.5' }, { tax: 10.5 }, { currency: 1 }],
    ['an empty currency', { value: 599, currency: '' }, { value: 599 }, undefined],
    [
      'a tax that cannot be read',
      { value: 1, currency: 'EUR', tax: 'free' },
      { value: 1, currency: 'EUR' },
      { number: 1 },
    ],
    ['binary remainders', { value: 0.1 + 0.2, shipping: 1e-7 }, { value: 0.3, shipping: 0 }, undefined],
    [
      'item numbers as text',
      {
        items: [
          { item_id: 'S', price: '35.99', quantity: '1' },
          null,
          { item_id: 'T', price: '3,5', discount: 0.1 + 0.2 },
        ],
      },
      {
        items: [
          { item_id: 'S', price: 35.99, quantity: 1 },
          { item_id: 'T', discount: 0.3 },
        ],
      },
      { number: 1 },
    ],
    [
      'nested parameters',
      { a: [1], b: { c: 1 }, d: 1, items: [{ item_id: 'S', e: {} }] },
      { params: { d: 1 }, items: [{ item_id: 'S' }] },
      { nested: 3 },
    ],
    [
      'ids and texts that are numbers',
      { transaction_id: 7, coupon: 5 },
      { transaction_id: '7', coupon: '5' },
      undefined,
    ],
    ['a switch as text', { debug_mode: 'true' }, { debug_mode: true }, undefined],
  ])('%s', (_, fields, expected, leftOut) => {
    const reading = params(fields);
    expect(reading.events[0]?.raw).toEqual({ event_name: 'x', event_time: AT, ...expected });
    expect(reading.leftOut).toEqual(leftOut);
  });

  it('cuts what is too long, and never half a character', () => {
    const { events, leftOut } = params({ a: `${'a'.repeat(4095)}😀`, b: 'b'.repeat(4096) });
    expect(events[0]?.raw.params).toEqual({ a: 'a'.repeat(4095), b: 'b'.repeat(4096) });
    expect(leftOut).toEqual({ cut: 1 });
  });

  it('takes the first 200 items', () => {
    const { events, leftOut } = params({ items: Array.from({ length: 203 }, (_, i) => ({ item_id: `${i}` })) });
    expect(events[0]?.raw.items).toHaveLength(200);
    expect(leftOut).toEqual({ items: 3 });
  });

  it('takes user data as systems keep it', () => {
    const user = {
      phone: 40000000,
      postal_code: 150,
      country: ' uk',
      email_sha256: ` ${'AB'.repeat(32)} `,
      phone_sha256: '',
    };
    const { events, leftOut } = expectReading(
      result({
        events: [
          { name: 'x', user },
          { name: 'x', user: { country: 'Norway' } },
        ],
      }),
    );
    expect(events.map(({ raw }) => raw)).toEqual([
      {
        event_name: 'x',
        event_time: AT,
        phone: '40000000',
        postal_code: '150',
        user_country: 'GB',
        email_sha256: 'ab'.repeat(32),
      },
      { event_name: 'x', event_time: AT },
    ]);
    expect(leftOut).toEqual({ country: 1 });
  });
});

describe('properties', () => {
  it('reads back what was written', () => {
    const name = fc.stringMatching(/^zz[a-z0-9_]{0,20}$/);
    const scalar = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 50 }),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (n === 0 ? 0 : n)),
      fc.boolean(),
    );
    fc.assert(
      fc.property(fc.dictionary(name, scalar, { minKeys: 1 }), (params) => {
        expect({ ...one({ params }).params }).toEqual({ ...params });
      }),
    );
  });

  it('answers every text with a reading or a 400, and pollutes nothing', () => {
    const mangled = fc
      .tuple(fc.json({ maxDepth: 4 }), fc.nat(200), fc.string({ maxLength: 4 }))
      .map(([json, at, noise]) => json.slice(0, at) + noise + json.slice(at));
    const body = fc.oneof(
      mangled,
      fc.json().map((json) => `{"events":[{"name":"x","params":${json}}]}`),
      fc.string(),
    );
    fc.assert(
      fc.property(body, (text) => {
        const read = result(text);
        expect('status' in read ? read.status : read.events.length > 0).toBe('status' in read ? 400 : true);
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });
});
