import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RawEvent } from '../../src/core/fields.ts';
import { readJson } from '../../src/sources/json.ts';
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

function detail(body: unknown, from: 'browser' | 'backend' = 'browser'): string {
  const problem = expectProblem(result(body, from));
  expect(problem.status).toBe(400);
  return problem.detail;
}

describe('what is read', () => {
  it('takes the contract', () => {
    const body = readFileSync(join(import.meta.dirname, '../fixtures/event.json'), 'utf8');
    const reading = expectReading(result(body));
    expect(reading).toEqual({
      source: 'json',
      stream: undefined,
      unknownKeys: 0,
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
    expect(result('\ufeff{"events":[{"name":"x"}]}')).toMatchObject({ source: 'json' });
  });

  it('takes 25 events', () => {
    const events = Array.from({ length: 25 }, (_, i) => ({ name: `e${i}` }));
    expect(expectReading(result({ events })).events.map(({ raw }) => raw.event_name)).toEqual(
      events.map(({ name }) => name),
    );
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

  it('refuses a browser that states a visitor', () => {
    expect(detail({ events: [{ name: 'x' }, { name: 'x', visitor }] })).toMatch(/^events\[1\]\.visitor: .*back end/);
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
    ['a number as text', params({ value: '599.00' }), 'events[0].params.value: expected a finite number'],
    [
      'an infinite number',
      '{"events":[{"name":"x","params":{"value":1e999}}]}',
      /params\.value: expected a finite number/,
    ],
    ['an infinite custom number', '{"events":[{"name":"x","params":{"n":-1e999}}]}', /params\.n: .*finite number/],
    ['nesting in parameters', params({ a: { b: 1 } }), /^events\[0\]\.params\.a: .*nested/],
    ['a list in parameters', params({ a: [1] }), /^events\[0\]\.params\.a: .*nested/],
    ['nesting in an item', params({ items: [{ a: {} }] }), /^events\[0\]\.params\.items\[0\]\.a: .*nested/],
    [
      'an item price as text',
      params({ items: [{ price: '3' }] }),
      'events[0].params.items[0].price: expected a finite number',
    ],
    [
      '201 items',
      params({ items: Array.from({ length: 201 }, () => ({ item_id: 'a' })) }),
      /items: expected at most 200/,
    ],
    [
      'a reserved parameter',
      params({ firebase_conversion: 1 }),
      /^events\[0\]\.params\.firebase_conversion: .*reserved/,
    ],
    ['an identifier among parameters', params({ client_id: '1.2' }), /^events\[0\]\.params\.client_id: /],
    ['a long text', { events: [{ name: 'x', page: { title: 'a'.repeat(4097) } }] }, /page\.title: .*4096/],
    ['a long custom text', params({ a: 'a'.repeat(4097) }), /params\.a: .*4096/],
    ['201 keys', params(Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`p${i}`, 1]))), /200 keys/],
    ['a time in seconds', { events: [{ name: 'x', time: 1795169700 }] }, /^events\[0\]\.time: .*not seconds/],
    ['a time without zone', { events: [{ name: 'x', time: '2026-11-20T10:00:00' }] }, /^events\[0\]\.time: /],
    ['a day that is none', { events: [{ name: 'x', time: '2026-13-20T10:00:00Z' }] }, /^events\[0\]\.time: /],
    ['a long user property', { events: [{ name: 'x', user_properties: { ['a'.repeat(25)]: 1 } }] }, /24 characters/],
    ['nine levels', nested(9), 'The body is nested deeper than 8 levels.'],
    ['very many levels', nested(30_000), 'The body is nested deeper than 8 levels.'],
    ['the same key twice', '{"events":[{"name":"x","name":"y"}]}', /`name` is there twice/],
    ['the same key twice, once escaped', '{"events":[{"name":"x","n\\u0061me":"y"}]}', /`name` is there twice/],
    ['__proto__', '{"events":[{"name":"x","__proto__":{"a":1}}]}', /A key is not a name/],
    ['__proto__, escaped', '{"events":[{"name":"x","params":{"\\u005f_proto__":1}}]}', /A key is not a name/],
    ['constructor', '{"events":[{"name":"x","params":{"constructor":1}}]}', /A key is not a name/],
    ['a key with a space', params({ 'my key': 1 }), /A key is not a name/],
  ])('%s', (_, body, expected) => {
    const matches = typeof expected === 'string' ? detail(body) === expected : expected.test(detail(body));
    expect({ detail: detail(body), matches }).toEqual({ detail: detail(body), matches: true });
  });

  it('repeats no value of the body', () => {
    for (const body of [
      { events: [{ name: 'kari@example.no' }] },
      { events: [{ name: 'x', time: 'kari@example.no' }] },
      { events: [{ name: 'x', params: { value: 'kari@example.no' } }] },
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
        expect('status' in read ? read.status : read.source).toBe('status' in read ? 400 : 'json');
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });
});
