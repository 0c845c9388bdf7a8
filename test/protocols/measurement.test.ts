import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import type { Ports } from '../../src/http/ports.ts';
import { createRateLimit } from '../../src/http/rate-limit.ts';
import { webHit } from '../../src/http/web-hit.ts';
import { Counters } from '../../src/ledger/counters.ts';
import type { RawEvent } from '../../src/core/fields.ts';
import { sha256Hex } from '../../src/core/hash.ts';
import { BIT, SIGNALS } from '../../src/core/signals.ts';
import { readMeasurement } from '../../src/protocols/measurement/read.ts';
import { decideRequest } from '../../src/decide/request.ts';
import type { Hit, HitReading } from '../../src/protocols/hit.ts';
import { LIMITS } from '../../src/protocols/limits.ts';
import { expectLinear } from '../support/growth.ts';
import { cookiebot, gatewayOf, NOW, webHit as browserHit } from '../support/hits.ts';
import { AT, expectProblem, expectReading, hitOf } from './reading.ts';

// How a body of the Measurement Protocol is read (`protocols/measurement-protocol.md` 3, 4), and what a body must not
// be able to do.

const MICROS = (AT - 60_000) * 1000;
const hit = (body: unknown, query = 'measurement_id=G-TEST000001') =>
  hitOf({ path: '/mp/collect', query, body: typeof body === 'string' ? body : JSON.stringify(body) });
const read = (body: object): HitReading =>
  expectReading(readMeasurement(hit({ client_id: '1.2', events: [{ name: 'x' }], ...body })));
const raw = (body: object): RawEvent => read(body).events[0]?.raw ?? {};
const stated = (body: object) => read(body).events[0]?.visitor.stated;
const hash = (text: string) => sha256Hex(text);

describe('what is read', () => {
  it('takes the example of the page', () => {
    const purchase = { transaction_id: 'ORD-20261120-7', currency: 'EUR', value: 59.9 };
    const { stream, events, remarks } = read({
      client_id: '1098115397.1795100000',
      timestamp_micros: `${MICROS}`,
      consent: { ad_user_data: 'GRANTED', ad_personalization: 'DENIED' },
      events: [{ name: 'purchase', params: { ...purchase, session_id: '1795169000', engagement_time_msec: 1 } }],
      portvakt: { visitor: { cookies: 'CookieConsent=x; _ga=GA1.1.1098115397.1795100000', gpc: false } },
    });
    expect(stream).toBe('G-TEST000001');
    expect(remarks).toEqual([]);
    expect(events).toMatchObject([
      {
        raw: {
          event_name: 'purchase',
          event_time: AT - 60_000,
          session_id: '1795169000',
          engagement_time_msec: 1,
          ...purchase,
        },
        visitor: {
          cookies: 'CookieConsent=x; _ga=GA1.1.1098115397.1795100000',
          gpc: false,
          clientId: '1098115397.1795100000',
          stated: { record: undefined, withheld: BIT.ad_personalization },
        },
      },
    ]);
  });

  it.each([
    ['the user', { user_id: 'crm-1' }, { user_id: 'crm-1' }],
    ['a user with a number', { user_id: 8841 }, { user_id: '8841' }],
    ['a user that is none', { user_id: { id: 1 } }, {}],
    [
      'properties',
      { user_properties: { a: { value: 1 }, b: { value: 'x' }, c: { value: null } } },
      { user_properties: { a: 1, b: 'x' } },
    ],
    ['a number that is none', '{"user_properties":{"a":{"value":1e999}}}', {}],
    [
      'language and screen',
      { device: { language: 'nb', screen_resolution: '1x2', model: 'X' } },
      { language: 'nb', screen_resolution: '1x2' },
    ],
    [
      'user data',
      {
        user_data: {
          sha256_email_address: [hash('a'), 'kari@example.no'],
          sha256_phone_number: hash('b').toUpperCase(),
          address: [
            {
              sha256_first_name: hash('c'),
              sha256_last_name: 'Nordmann',
              city: 'oslo',
              country: 'NO',
              postal_code: '0150~x',
            },
          ],
        },
      },
      { google_user_data: `tv.1~em.${hash('a')}~pn.${hash('b')}~fn0.${hash('c')}~ct0.oslo~co0.NO` },
    ],
    ['user data that is none', { user_data: 'kari@example.no' }, {}],
  ])('%s', (_name, body, expected) => {
    const given = typeof body === 'string' ? (JSON.parse(body) as object) : body;
    const { event_name: _, event_time: __, ...rest } = raw(given);
    expect(rest).toEqual(expected);
  });

  it.each([
    ['no time', {}, AT, false],
    ['the time of the request', { timestamp_micros: MICROS }, AT - 60_000, true],
    [
      'the time of the event',
      { timestamp_micros: 1e15, events: [{ name: 'x', timestamp_micros: `${MICROS}` }] },
      AT - 60_000,
      true,
    ],
    [
      'a time among the parameters',
      { events: [{ name: 'x', params: { timestamp_micros: MICROS } }] },
      AT - 60_000,
      true,
    ],
    ['the future', { timestamp_micros: (AT + 9e9) * 1000 }, AT, true],
  ])('%s', (_name, body, at, retry) => {
    const { event_time, retry_key } = raw(body);
    expect([event_time, retry_key !== undefined]).toEqual([at, retry]);
  });

  it('the key of a repeat is of this client, name, time and place', () => {
    const events = [{ name: 'x' }, { name: 'x' }, { name: 'y' }];
    const keys = (body: object) =>
      read({ timestamp_micros: MICROS, events, ...body }).events.map((one) => one.raw.retry_key);
    const all = [...keys({}), ...keys({ client_id: '1.3' }), ...keys({ timestamp_micros: MICROS + 1 })];
    expect(new Set(all).size).toBe(9);
    expect(keys({})).toEqual(keys({ timestamp_micros: `${MICROS}` }));
    expect(all.join()).not.toContain('1.2');
  });

  it.each([
    ['the network of the visitor', { ip_override: '203.0.113.9' }, { address: '203.0.113.9' }],
    ['the country of the visitor', { user_location: { country_id: 'UK' } }, { country: 'GB' }],
    ['no country', { user_location: { country_id: 'Norge' } }, { country: undefined }],
    ['the browser', { user_agent: 'Mozilla/5.0' }, { userAgent: 'Mozilla/5.0' }],
    [
      'what our key says',
      { client_id: undefined, portvakt: { visitor: { client_id: '7.8', ip: '::1' } } },
      { clientId: '7.8', address: '::1' },
    ],
    ['Google first', { portvakt: { visitor: { client_id: '7.8' } } }, { clientId: '1.2' }],
  ])('%s', (_name, body, visitor) => {
    expect(read(body).events[0]?.visitor).toMatchObject(visitor);
  });
});

describe('what is said of consent', () => {
  const at = '2026-11-20T10:00:00Z';
  it.each([
    ['nothing', {}, undefined],
    ['two grants', { consent: { ad_user_data: 'GRANTED', ad_personalization: 'GRANTED' } }, undefined],
    ['absent words', { consent: { ad_user_data: null } }, undefined],
    ['a denial', { consent: { ad_user_data: 'DENIED' } }, { withheld: BIT.ad_user_data }],
    ['small letters', { consent: { ad_user_data: 'granted' } }, { withheld: BIT.ad_user_data }],
    ['true', { consent: { ad_personalization: true } }, { withheld: BIT.ad_personalization }],
    ['a list', { consent: [] }, { withheld: BIT.ad_user_data | BIT.ad_personalization }],
    ['not personalised', { non_personalized_ads: true }, { withheld: BIT.ad_personalization }],
    ['not personalised, as text', { non_personalized_ads: 'true' }, { withheld: BIT.ad_personalization }],
    ['personalised', { non_personalized_ads: false }, undefined],
    [
      'a record',
      { portvakt: { consent: { analytics_storage: 'GRANTED', ad_storage: 'denied', time: at } } },
      { record: { granted: BIT.analytics_storage, refused: BIT.ad_storage, at: Date.parse(at) }, withheld: 0 },
    ],
  ])('%s', (_name, body, expected) => {
    if (expected === undefined) expect(stated(body)).toBeUndefined();
    else expect(stated(body)).toMatchObject(expected);
  });

  it.each([
    ['no object', 'yes'],
    ['an unknown key', { consents: {} }],
    ['a record of nothing', { consent: { time: at } }],
    ['a record without a time', { consent: { ad_storage: 'GRANTED' } }],
    ['a record with a time of no zone', { consent: { ad_storage: 'GRANTED', time: '2026-11-20' } }],
    ['a word that is none', { consent: { ad_storage: true, time: at } }],
    ['a signal that is none', { consent: { marketing: 'GRANTED', time: at } }],
    ['a cookie header that is none', { visitor: { cookies: 'CookieConsent' } }],
  ])('%s is a mistake', (_name, portvakt) => {
    const problem = expectProblem(readMeasurement(hit({ client_id: '1.2', events: [{ name: 'x' }], portvakt })));
    expect(problem.status).toBe(400);
    expect(problem.remarks?.[0]?.at).toMatch(/^portvakt/);
  });
});

describe('any body', () => {
  const KEY = 'ingest-key-of-the-measurement-unit-0123456789';
  const ports = (consent: string) => {
    const gateway = gatewayOf(
      `
sites:
  - hosts: [shop.example.no]
    mp_secrets: ["\${MP_SECRET}"]
    mp: { consent: ${consent} }
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: "\${GA4_API_SECRET}", params: all }
      meta: { pixel_id: "123456789012345", access_token: "\${META_TOKEN}" }
`,
      undefined,
      KEY,
    );
    const append = vi.fn<Ports['outbox']['append']>((records) =>
      Promise.resolve(records.flatMap(({ routes }) => routes.map(() => 'stored'))),
    );
    const counters = new Counters();
    const app = createApp({
      gateway: () => gateway,
      outbox: { append, pending: 0, shared: false, ready: true },
      stopped: () => 0,
      overloaded: () => false,
      toHit: (c) => webHit(c.req.raw),
      counters,
      rateLimit: createRateLimit(() => new Uint8Array(32)),
      watcher: () => undefined,
    });
    const send = async (body: string, path = '/mp/collect') => {
      append.mockClear();
      const answer = await app.request(
        `http://shop.example.no${path}?measurement_id=G-TEST000001&api_secret=${encodeURIComponent(KEY)}`,
        { method: 'POST', headers: { 'content-type': 'application/json' }, body },
      );
      return {
        status: answer.status,
        text: await answer.text(),
        rows: append.mock.calls.flatMap(([records]) => records.flatMap(({ routes }) => routes)),
        appended: append.mock.calls.length,
      };
    };
    return { send, counters };
  };
  const cookies = cookiebot({ preferences: true, statistics: true, marketing: true }, Date.now() - 60_000);
  const good = {
    client_id: `482310557.${Math.floor(Date.now() / 1000) - 86_400}`,
    user_id: 'crm-1',
    timestamp_micros: (Date.now() - 1000) * 1000,
    user_properties: { plan: { value: 'gold' } },
    user_data: { sha256_email_address: [hash('a')] },
    consent: { ad_user_data: 'GRANTED', ad_personalization: 'GRANTED' },
    non_personalized_ads: false,
    device: { language: 'nb' },
    events: [
      { name: 'purchase', params: { currency: 'NOK', value: 1, transaction_id: 'T-1', items: [{ item_id: 'S' }] } },
    ],
    portvakt: { visitor: { cookies, user_agent: 'Mozilla/5.0' } },
  };

  it('that is right is stored for both', async () => {
    const { status, rows } = await ports('cookies').send(JSON.stringify(good));
    expect([status, rows.length]).toEqual([204, 2]);
  });

  it('is answered, and where it cannot be read nothing is stored', async () => {
    const { send, counters } = ports('asserted');
    const places = fc.constantFrom<readonly (string | number)[]>(
      [],
      ...Object.keys(good).map((key) => [key]),
      ['events', 0],
      ['events', 0, 'name'],
      ['events', 0, 'timestamp_micros'],
      ['events', 0, 'params'],
      ['events', 0, 'params', 'items'],
      ['events', 0, 'params', 'value'],
      ['events', 0, 'params', 'page_location'],
      ['user_data', 'sha256_email_address'],
      ['user_data', 'address'],
      ['user_properties', 'plan'],
      ['portvakt', 'visitor'],
      ['portvakt', 'visitor', 'cookies'],
      ['portvakt', 'consent'],
    );
    await fc.assert(
      fc.asyncProperty(places, fc.jsonValue({ maxDepth: 3 }), async (place, value) => {
        const body = JSON.stringify(replaced(good, place, value));
        const { status, rows } = await send(body);
        expect([204, 400]).toContain(status);
        if (status === 400) expect(rows).toEqual([]);
        const looked = await send(body, '/debug/mp/collect');
        expect([looked.status, looked.appended]).toEqual([200, 0]);
        expect(Object.keys(JSON.parse(looked.text) as object)).toEqual(['validationMessages']);
      }),
      { numRuns: 300 },
    );
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 200 }), async (text) => {
        const { status, appended } = await send(text);
        expect([status, appended]).toEqual([400, 0]);
      }),
      { numRuns: 200 },
    );
    expect([...counters.faults.entries()]).toEqual([]);
  });

  it("without the visitor's cookies opens nothing, whatever Google's keys say", async () => {
    const { send } = ports('cookies');
    const word = fc.oneof(fc.constantFrom('GRANTED', 'granted', true, 1), fc.jsonValue({ maxDepth: 1 }));
    const said = fc.dictionary(fc.constantFrom(...SIGNALS, 'all', 'time'), word);
    await fc.assert(
      fc.asyncProperty(said, fc.jsonValue({ maxDepth: 1 }), said, async (consent, npa, record) => {
        const { portvakt: _, ...bare } = good;
        const body = { ...bare, consent, non_personalized_ads: npa, portvakt: { consent: record } };
        const { rows } = await send(JSON.stringify(body));
        expect(rows).toEqual([]);
        expect((await send(JSON.stringify({ ...bare, consent, non_personalized_ads: npa }))).rows).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('takes time in proportion to its length', () => {
    const many = (size: number) => {
      const params = Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`p${i}`, 'x'.repeat(size / 4000)]));
      return hit({ client_id: '1.2', events: Array.from({ length: LIMITS.events }, () => ({ name: 'x', params })) });
    };
    expectLinear((size) => {
      const one = many(size);
      return () => readMeasurement(one);
    }, 64_000);
  });
});

describe('a sale that page and back end report', () => {
  const KEY = 'secret-of-the-sale';
  const gateway = gatewayOf(
    `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    mp_secrets: ["\${MP_SECRET}"]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: "\${GA4_API_SECRET}" }
`,
    undefined,
    KEY,
  );
  const cookies = cookiebot({ statistics: true });
  const keyOf = (hit: Hit) => {
    const done = decideRequest(hit, gateway);
    return 'trace' in done ? done.trace.events[0]?.key?.own : undefined;
  };
  const page = keyOf(
    browserHit(
      { v: '2', tid: 'G-TEST000001', cid: '1.1795100000', en: 'purchase', 'ep.transaction_id': 'T-1' },
      { cookies },
    ),
  );
  const backEnd = (client_id: string, transaction_id: string) => {
    const events = [{ name: 'purchase', params: { transaction_id } }];
    const body = JSON.stringify({
      client_id,
      timestamp_micros: (NOW - 1000) * 1000,
      events,
      portvakt: { visitor: { cookies } },
    });
    return keyOf({
      ...browserHit({ measurement_id: 'G-TEST000001', api_secret: KEY }, { body }),
      path: '/mp/collect',
      headers: {},
    });
  };

  it.each([
    ['is one, where both say the client and the order', '1.1795100000', 'T-1', true],
    ['is two of two clients', '2.1795100000', 'T-1', false],
    ['is two with two orders', '1.1795100000', 'T-2', false],
  ])('%s', (_name, client, order, same) => {
    expect(page).toBeDefined();
    const other = backEnd(client, order);
    expect(other).toBeDefined();
    expect(other === page).toBe(same);
  });
});

/** The body with another value at one place. */
function replaced(body: unknown, [first, ...rest]: readonly (string | number)[], value: unknown): unknown {
  if (first === undefined) return value;
  if (Array.isArray(body)) return body.map((one, i) => (i === first ? replaced(one, rest, value) : (one as unknown)));
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Readonly<Record<string, unknown>>;
  return { ...fields, [first]: replaced(fields[first], rest, value) };
}
