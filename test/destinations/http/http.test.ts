import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import http from '../../../destinations/http/index.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { Event } from '../../../src/core/fields.ts';
import { BIT, maskOf } from '../../../src/core/signals.ts';
import { permitTable } from '../../../src/policy/permit.ts';
import { egressViolation, type RowFacts } from '../../../src/delivery/egress/index.ts';
import { tableOf } from '../../support/egress.ts';
import { AT, planOne } from '../../support/plan-one.ts';

const RECIPIENT = { name: 'Example AS', country: 'NO', purpose: 'orders' };
const BASE = { host: 'hooks.example.com', path: '/in', needs: ['ad_storage', 'ad_user_data'], recipient: RECIPIENT };
const OAUTH = { host: 'login.example.com', path: '/token', client_id: 'shop', client_secret: '${SECRET}' };
const EVERYTHING = ['ad_storage', 'analytics_storage', 'ad_user_data', 'ad_personalization'] as const;

/** What is wrong with a route of these settings, as a person reads it. */
function findings(route: object): string[] {
  const text = JSON.stringify({
    sites: [
      {
        hosts: ['shop.example.no'],
        origins: ['https://shop.example.no'],
        country: 'NO',
        destinations: { crm: { type: 'http', ...route } },
      },
    ],
  });
  const loaded = loadConfig(text, 'gateway.yaml');
  return 'findings' in loaded ? loaded.findings.map(({ message }) => message) : [];
}

/** The body of one event with these settings. */
function bodyOf(settings: object, event: Event, granted: readonly (typeof EVERYTHING)[number][] = EVERYTHING): unknown {
  const all = { ...BASE, ...settings };
  const plan = planOne(http, { settings: all, granted, event });
  if ('skip' in plan) throw new Error(plan.skip.code);
  const { body = '' } = http.bind(http.settings.parse(all)).request(plan.envelope, [plan.element]);
  return JSON.parse(body);
}

describe('a route to a receiver of one’s own (`destinations/http.md` 1)', () => {
  const right = { ...BASE, events: ['purchase'] };

  it('starts with what it has to say', () => {
    expect(findings(right)).toEqual([]);
  });

  it('takes of the custom parameters only what its map names, so no other is stored for it', () => {
    const map = { form: 'params.form_id', sum: 'params.value', a: { b: 'params.plan' }, c: 'const:web' };
    const settings = http.settings.parse({ ...BASE, fields: ['params', 'value'], body: 'json', map });
    expect([...(http.bind(settings).params ?? [])]).toEqual(['form_id', 'plan']);
    expect(http.bind(http.settings.parse({ ...BASE, fields: ['params'] })).params).toBeUndefined();
  });

  it.each([
    ['/abcd1234efgh5678ijkl', 1],
    ['/hooks/catch/1234567/abc123def456ghi789?source=web', 1],
    ['/${HOOK}', 0],
    ['/services/data/v62.0/sobjects/Lead', 0],
    ['/pubapi/v1.2/?accountID=${ID}&source=portvakt-of-our-shop', 0],
  ])('is told of a key that anybody can read in its path: %s', (path, warnings) => {
    expect(http.bind(http.settings.parse({ ...BASE, path })).warnings(0)).toHaveLength(warnings);
  });

  it.each<[string, object, RegExp]>([
    ['without signals', { ...right, needs: undefined }, /needs/],
    ['with no signal', { ...right, needs: [] }, /name at least one signal/],
    ['with a signal that is none', { ...right, needs: ['marketing'] }, /ad_storage/],
    ['without events', { ...right, events: undefined }, /name the events/],
    ['without a recipient', { ...right, recipient: undefined }, /recipient/],
    ['with a field in the clear', { ...right, fields: ['first_name'] }, /user_data: \{ first_name: plain \}/],
    ['with the name of a field that only the gateway has', { ...right, fields: ['plain_email'] }, /expected one of/],
    ['with user data in a form there is none of', { ...right, user_data: { email: 'raw' } }, /plain/],
    ['with user data there is none of', { ...right, user_data: { shoe_size: 'plain' } }, /shoe_size/],
    [
      'with a map to user data that it does not name',
      { ...right, body: 'json', fields: ['email'], map: { a: 'user.email' } },
      /user_data: \{ email: plain \}/,
    ],
    ['with a secret in a header', { ...right, headers: { Authorization: 'Bearer abc' } }, /a secret in a header/],
    ['with a key in a header', { ...right, headers: { 'X-Api-Key': '0123456789abcdef' } }, /a secret in a header/],
    ['with the click id of a vendor', { ...right, fields: ['gclid'] }, /expected one of/],
    ['with an address in the own network', { ...right, host: '10.1.2.3' }, /public host/],
    ['with a name of this machine', { ...right, host: 'db.internal' }, /public host/],
    ['with a port', { ...right, host: 'hooks.example.com:8443' }, /public host/],
    ['with a user in the host', { ...right, host: 'kari@hooks.example.com' }, /public host/],
    ['with a path that climbs', { ...right, path: '/in/../admin' }, /`\.\.`/],
    ['with an escape that is none', { ...right, path: '/in?a=%zz' }, /hexadecimal/],
    ['with a fragment', { ...right, path: '/in#x' }, /begins with/],
    ['with a header that is not to be set', { ...right, headers: { Host: 'x' } }, /not for a configuration/],
    ['with a signature of its own', { ...right, headers: { 'Webhook-Signature': 'x' } }, /not for a configuration/],
    ['with a line break in a header', { ...right, headers: { 'X-A': 'a\r\nb: c' } }, /line breaks/],
    [
      'with two ways to say who it is',
      { ...right, auth: { oauth2: OAUTH }, headers: { authorization: 'Bearer ${T}' } },
      /remove it from `headers`/,
    ],
    ['with a client secret as it is', { ...right, auth: { oauth2: { ...OAUTH, client_secret: 'x' } } }, /never as/],
    ['with a client id by name', { ...right, auth: { oauth2: { ...OAUTH, client_id: '${ID}' } } }, /no secret/],
    ['with tokens of the own network', { ...right, auth: { oauth2: { ...OAUTH, host: '169.254.169.254' } } }, /public/],
    ['with tokens of a local name', { ...right, auth: { oauth2: { ...OAUTH, host: 'idp.internal' } } }, /public host/],
    ['with an address for a path', { ...right, auth: { oauth2: { ...OAUTH, path: 'https://a.no/t' } } }, /begins with/],
    ['with a secret as it is', { ...right, sign: { secret: 'whsec_AAAA' } }, /never as the value/],
    ['with a map and no use of it', { ...right, map: { a: 'event.name' } }, /`map` is for/],
    ['with no map', { ...right, body: 'json' }, /needs a `map`/],
    ['with a path that is none', { ...right, body: 'json', map: { a: 'user.shoe_size' } }, /no path/],
    ['with a pipe that is none', { ...right, body: 'json', map: { a: 'event.name | eval' } }, /expected `const/],
    [
      'with a path to what it does not list',
      { ...right, body: 'json', map: { a: 'user.email_sha256' } },
      /does not list `email`/,
    ],
    [
      'with objects six deep',
      { ...right, body: 'json', map: { a: { b: { c: { d: { e: { f: 'event.id' } } } } } } },
      /levels/,
    ],
    [
      'with a list of something else',
      { ...right, body: 'json', map: { a: { each: 'params', map: {} } } },
      /each: items/,
    ],
    [
      'with a list of one in a list',
      {
        ...right,
        body: 'json',
        fields: ['items'],
        map: { a: { each: 'items', map: { b: { each: 'event', map: {} } } } },
      },
      /each: event/,
    ],
    ['with too large batches', { ...right, batch: 501 }, /500/],
    ['with a key in the path that says who', { ...right, path: '/a/{user.id}' }, /`\{event.id\}`/],
    ['with a key in the path that is a custom parameter', { ...right, path: '/a/{params.x}' }, /`\{event.id\}`/],
    ['with half a part of the path', { ...right, path: '/a/x-{event.id}' }, /whole part/],
    ['with two in one part', { ...right, path: '/a/{event.id}{event.id}' }, /whole part/],
    ['with a key in the query', { ...right, path: '/a?id={event.id}' }, /whole part/],
    ['with a key in the host', { ...right, host: '{event.id}.example.com' }, /public host/],
    ['with a key it does not list', { ...right, path: '/{params.transaction_id}', fields: ['value'] }, /does not list/],
    ['with a key in the path of a batch', { ...right, path: '/{event.id}', batch: 2 }, /one event/],
    ['with a method that is none', { ...right, method: 'DELETE' }, /PATCH/],
    ['with a form of several events', { ...right, body: 'form', map: { a: 'event.id' }, batch: 2 }, /one event/],
    ['with a form of objects', { ...right, body: 'form', map: { a: { b: 'event.id' } } }, /one value/],
    ['with a form of lists', { ...right, body: 'form', map: { a: { each: 'items', map: {} } } }, /one value/],
    [
      'with a form whose field has no name',
      { ...right, body: 'form', map: { 'a&b*': 'event.id' } },
      /a name of letters/,
    ],
    ['with no success', { ...right, success: [] }, /list is empty/],
    ['with a success that is none', { ...right, success: ['200-499'] }, /of 200 to 299/],
    ['with a success that asks for patience', { ...right, success: [429] }, /of 200 to 299/],
    ['with a success that hides a fault', { ...right, success: [500] }, /of 200 to 299/],
    ['with a success that leads elsewhere', { ...right, success: [302] }, /of 200 to 299/],
    ['with refusals by the dozen', { ...right, success: ['400-499'] }, /of 200 to 299|one by one/],
    ['with a range that holds them', { ...right, success: ['404-410'] }, /of 200 to 299|one by one/],
    ['with too long a wait', { ...right, timeout: '31s' }, /`30s`/],
    ['with a key of the receiver in the address', { ...right, path: '/?accountID=1&secretKey=abc' }, /as `\$\{NAME\}`/],
    ['with a token in the address', { ...right, path: '/in?access_token=abc' }, /as `\$\{NAME\}`/],
    ['with a place that is none', { ...right, fail_if: [{ at: 'error' }] }, /place in the answer/],
  ])('refuses to start %s', (_, route, says) => {
    expect(findings(route).join('\n')).toMatch(says);
  });
});

describe('what a route takes', () => {
  const event: Event = {
    event_name: 'purchase',
    event_id: 'e-1',
    event_time: AT,
    value: 599,
    currency: 'NOK',
    params: { note: 'x' },
    page_location: 'https://shop.example.no/',
    email: 'kari@example.no',
    own_id: 'GGhKSD1iyS_d7Oo4pgYvPg',
  };

  it('is what its `fields` list, in every state of consent', () => {
    const settings = http.settings.parse({
      ...BASE,
      needs: ['analytics_storage'],
      fields: ['value', 'email', 'own_id'],
    });
    const bound = http.bind(settings);
    permitTable(http, { withoutConsent: 'limited', alsoNeeds: bound.needs, only: bound.fields }).forEach(
      (permit, signals) => {
        const analytics = (signals & BIT.analytics_storage) !== 0;
        expect(permit.verdict).toBe(analytics ? 'full' : 'blocked');
        const user = maskOf(['ad_storage', 'ad_user_data']);
        expect(permit.open.map(({ field }) => field)).toEqual(
          analytics
            ? [
                'event_name',
                'event_id',
                'event_time',
                'value',
                'own_id',
                ...((signals & user) === user ? ['email'] : []),
              ]
            : [],
        );
      },
    );
  });

  it('is never user data without its own consent, whatever the route needs', () => {
    const settings = { needs: ['analytics_storage'], fields: ['email', 'phone', 'user_id', 'own_id'] };
    const granted = ['analytics_storage', 'ad_storage', 'ad_personalization'] as const;
    expect(JSON.stringify(bodyOf(settings, event, granted))).not.toMatch(/user|[0-9a-f]{64}/);
  });

  it('is user data in the clear only where it is named, with the signals of the route and of user data', () => {
    const settings = http.settings.parse({
      ...BASE,
      needs: ['analytics_storage'],
      fields: ['email'],
      user_data: { email: 'plain', last_name: 'plain' },
    });
    const bound = http.bind(settings);
    permitTable(http, { withoutConsent: 'block', alsoNeeds: bound.needs, only: bound.fields }).forEach(
      (permit, signals) => {
        const all = BIT.analytics_storage | BIT.ad_storage | BIT.ad_user_data;
        expect(permit.sealed).toEqual((signals & all) === all ? ['plain_email', 'plain_last_name'] : []);
        // What is sealed is a field of its own: the hash beside it is another.
        expect(permit.prepared).toEqual((signals & all) === all ? ['email'] : []);
      },
    );
  });

  it.each([
    ['email', ' Kari.Nordmann@Example.no ', 'kari.nordmann@example.no'],
    ['email', 'Kari <mailto:kari@example.no>', 'kari@example.no'],
    ['email', 'kari', undefined],
    ['email', 'd71c8fef81d1773deb0bd7cbf293ba355532f7164e211e81b25d977831f47430', undefined],
    ['phone', '+47 400 00 000', '+4740000000'],
    ['phone', '12', undefined],
    ['first_name', '  Kari\n Anne ', 'Kari Anne'],
    ['last_name', ' ', undefined],
    ['last_name', 'A'.repeat(201), undefined],
    ['last_name', 'd71c8fef81d1773deb0bd7cbf293ba355532f7164e211e81b25d977831f47430', undefined],
    ['city', 'Bodø', 'Bodø'],
  ])('in the clear `%s` is %j: %j', (name, value, seen) => {
    const user = { [name === 'country' ? 'user_country' : name]: value };
    const settings = { fields: ['value'], user_data: { [name]: 'plain' }, body: 'json', map: { x: `user.${name}` } };
    expect(bodyOf(settings, { event_name: 'purchase', event_id: 'e-1', ...user })).toEqual(
      seen === undefined ? {} : { x: seen },
    );
    const standard = bodyOf(
      { fields: ['value'], user_data: { [name]: 'plain' } },
      { event_name: 'purchase', event_id: 'e-1', ...user },
    );
    expect(standard).toMatchObject({ data: seen === undefined ? {} : { user: { [name]: seen } } });
    if (seen === undefined) expect(standard).not.toHaveProperty('data.user');
  });

  it('has an address only as its hash: trimmed, in small letters', () => {
    const settings = { fields: ['email'], body: 'json', map: { e: 'user.email_sha256' } };
    // SHA-256 of kari.nordmann@example.no
    expect(bodyOf(settings, { ...event, email: ' Kari.Nordmann@Example.no ' })).toEqual({
      e: 'd71c8fef81d1773deb0bd7cbf293ba355532f7164e211e81b25d977831f47430',
    });
    expect(bodyOf(settings, { ...event, email: 'kari' })).toEqual({});
  });
});

describe('a mapping (`destinations/http.md` 5)', () => {
  const event: Event = {
    event_name: 'purchase',
    event_id: 'e-1',
    event_time: AT,
    value: 599,
    params: { tall: '7', Navn: 'X', list: 'a' },
    items: [{ item_id: 'A', quantity: 2, custom: { colour: 'red' } }, { item_id: 'B' }],
  };
  const made = (map: object) => bodyOf({ fields: ['params', 'value', 'currency', 'items'], body: 'json', map }, event);

  it.each<[string, unknown]>([
    ['event.name', 'purchase'],
    ['event.time', AT],
    ['event.time | iso', '2026-11-20T10:15:00.000Z'],
    ['event.time | unix', AT / 1000],
    ['event.time | unix | string', String(AT / 1000)],
    ['params.value', 599],
    ['params.value | string', '599'],
    ['params.tall', '7'],
    ['params.tall | number', 7],
    ['params.Navn | lower', 'x'],
    ['params.Navn | number', undefined],
    ['params.Navn | unix', undefined],
    ['params.currency', undefined],
    ['params.currency | lower', undefined],
    ['params.currency | default:NOK', 'NOK'],
    ['params.nobody', undefined],
    ['params.constructor', undefined],
    ['params.list | first', 'a'],
    ['params.value | json', '599'],
    ['consent.ad_storage', true],
    ['const:web', 'web'],
    ['const:', ''],
    ['const:a | b', 'a | b'],
  ])('%s', (source, expected) => {
    expect(made({ key: source })).toEqual(expected === undefined ? {} : { key: expected });
  });

  it('makes objects, leaves empty ones out, and makes one for each item', () => {
    expect(
      made({
        a: { b: { c: 'event.id' }, d: { e: 'params.currency' } },
        rows: { each: 'items', map: { sku: 'item_id', n: 'quantity', colour: 'colour' } },
      }),
    ).toEqual({
      a: { b: { c: 'e-1' } },
      rows: [{ sku: 'A', n: 2, colour: 'red' }, { sku: 'B' }],
    });
    expect(made({ list: { each: 'event', map: { id: 'event.id', none: 'params.currency' } } })).toEqual({
      list: [{ id: 'e-1' }],
    });
  });

  it('lets nothing through the last check that stands anywhere but in its place', () => {
    const settings = http.settings.parse({
      ...BASE,
      fields: ['email'],
      body: 'ndjson',
      batch: 10,
      map: { e: 'user.email_sha256', n: 'event.name' },
    });
    const bound = http.bind(settings);
    const row: RowFacts = { verdict: 'full', signals: 15, acceptedAt: AT };
    const check = (body: string, rows = [row]) => {
      const planned = bound.request('10', [`msg_${'0'.repeat(32)} x`]);
      return egressViolation(tableOf(bound.egress), rows, { ...planned, body });
    };
    const hash = 'd71c8fef81d1773deb0bd7cbf293ba355532f7164e211e81b25d977831f47430';
    expect(check(`{"e":"${hash}","n":"purchase"}`)).toBeUndefined();
    expect(check(`{"n":"a"}\n{"n":"b"}`, [row, row])).toBeUndefined();
    expect(check('{"e":"kari@example.no"}')).toBeDefined();
    expect(check('{"n":"a","x":1}')).toBeDefined();
    expect(check('{"n":"a"}\n{"n":"b"}')).toBeDefined();
    expect(check('[{"n":"a"}]')).toBeDefined();
    // Each line by the consent of its own event.
    const less: RowFacts = { ...row, signals: 3 };
    expect(check(`{"e":"${hash}"}\n{"n":"b"}`, [row, { ...less, signals: 7 }])).toBeUndefined();
    expect(check(`{"n":"a"}\n{"e":"${hash}"}`, [row, less])).toBeDefined();
  });
});

describe('the last check (`destinations/http.md` 1)', () => {
  const plain = (map: object) => {
    const bound = http.bind(
      http.settings.parse({ ...BASE, user_data: { email: 'plain', phone: 'plain' }, body: 'json', map }),
    );
    return (body: string, signals = 15) => {
      const row: RowFacts = { verdict: 'full', signals, acceptedAt: AT };
      return egressViolation(tableOf(bound.egress), [row], {
        ...bound.request('1', [`msg_${'0'.repeat(32)} x`]),
        body,
      });
    };
  };

  it('lets user data in the clear stand in its own place, under its own consent, and nowhere else', () => {
    const check = plain({ mail: 'user.email', tel: 'user.phone', n: 'event.name' });
    expect(check('{"mail":"kari@example.no","tel":"+4740000000","n":"a"}')).toBeUndefined();
    expect(check('{"mail":"kari"}')).toBe('mail: value not allowed');
    expect(check('{"tel":"kari@example.no"}')).toBe('tel: value not allowed');
    expect(check('{"mail":"kari@example.no"}', BIT.ad_storage | BIT.ad_user_data)).toBeUndefined();
    for (const signals of [BIT.ad_storage, BIT.ad_user_data, BIT.ad_storage | BIT.analytics_storage])
      expect(check('{"mail":"kari@example.no"}', signals)).toBeDefined();
  });
});

describe('several events in one request (`destinations/http.md` 6)', () => {
  const plans = (settings: object, ...ids: readonly string[]) => {
    const all = { ...BASE, batch: 3, ...settings };
    const made = ids.map((event_id, i) =>
      planOne(http, {
        settings: all,
        granted: EVERYTHING,
        event: { event_name: 'purchase', event_id, event_time: AT + i * 1000 },
      }),
    );
    const elements = made.map((plan) => ('skip' in plan ? '' : plan.element));
    return http.bind(http.settings.parse(all)).request('3', elements);
  };

  it('are a batch of the standard, a list, or a line each', () => {
    expect(JSON.parse(plans({}, 'a', 'b').body ?? '')).toMatchObject({
      type: 'batch',
      timestamp: '2026-11-20T10:15:01.000Z',
      data: [{ data: { event_id: 'a' } }, { data: { event_id: 'b' } }],
    });
    const map = { id: 'event.id' };
    expect(plans({ body: 'json', map }, 'a', 'b').body).toBe('[{"id":"a"},{"id":"b"}]');
    expect(plans({ body: 'json', map }, 'a').body).toBe('[{"id":"a"}]');
    expect(plans({ body: 'ndjson', map }, 'a', 'b').body).toBe('{"id":"a"}\n{"id":"b"}');
  });

  it('have a mark that is the same for the same events, and for no others', () => {
    const mark = (...ids: readonly string[]) => plans({}, ...ids).headers['webhook-id'];
    expect(mark('a', 'b')).toBe(mark('a', 'b'));
    expect(new Set([mark('a'), mark('b'), mark('a', 'b'), mark('b', 'a')]).size).toBe(4);
    expect(mark('a')).toMatch(/^msg_[0-9a-f]{32}$/);
  });
});

describe('a record under a key of the sender’s (`destinations/http.md` 9)', () => {
  const settings = {
    ...BASE,
    path: '/v1/${TENANT}/orders/{params.transaction_id}/notes/{event.id}?q=1',
    method: 'PUT',
    fields: ['transaction_id'],
  };
  const bound = http.bind(http.settings.parse(settings));
  const row: RowFacts = { verdict: 'full', signals: 15, acceptedAt: AT };
  const urlOf = (transaction_id: string, event_id = 'e-1') => {
    const event = { event_name: 'purchase', event_id, event_time: AT, transaction_id };
    const plan = planOne(http, { settings, granted: EVERYTHING, event });
    if ('skip' in plan) return plan.skip.code;
    const planned = bound.request(plan.envelope, [plan.element]);
    expect(planned.method).toBe('PUT');
    expect(egressViolation(tableOf(bound.egress), [row], planned)).toBeUndefined();
    return typeof planned.url === 'string'
      ? planned.url
      : planned.url.parts.map((part) => (typeof part === 'string' ? part : '<secret>')).join('');
  };
  const HEAD = 'https://hooks.example.com/v1/<secret>/orders';

  it.each([
    ['T-1', 'e-1', `${HEAD}/T-1/notes/e-1?q=1`],
    ['a/../b', 'e-1', `${HEAD}/a%2F..%2Fb/notes/e-1?q=1`],
    ['?x=1#y', '@evil.example', `${HEAD}/%3Fx%3D1%23y/notes/%40evil.example?q=1`],
    ['æ ø', '{event.id}', `${HEAD}/%C3%A6%20%C3%B8/notes/%7Bevent.id%7D?q=1`],
    ['...', '$', `${HEAD}/.../notes/%24?q=1`],
    ['.', 'e-1', 'skip.lacks'],
    ['..', 'e-1', 'skip.lacks'],
    ['T-1', '..', 'skip.lacks'],
    ['', 'e-1', 'skip.lacks'],
  ])('%s and %s: %s', (number, id, url) => {
    expect(urlOf(number, id)).toBe(url);
  });

  it('is never another address, whatever the event says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (number) => {
        const url = urlOf(number.toWellFormed());
        if (url === 'skip.lacks') return;
        const read = new URL(url.replace('<secret>', 'x'));
        expect([read.host, read.search, read.hash]).toEqual(['hooks.example.com', '?q=1', '']);
        expect(read.pathname.split('/').map(decodeURIComponent)).toEqual([
          '',
          'v1',
          'x',
          'orders',
          number.toWellFormed(),
          'notes',
          'e-1',
        ]);
      }),
    );
  });

  it('lets no other path through the last check', () => {
    const planned = bound.request('1', [`msg_${'0'.repeat(32)}/T-1/e-1 {}`]);
    const check = (path: string) => {
      const url = { parts: [`https://hooks.example.com/v1/`, { env: 'TENANT' }, `/orders/${path}?q=1`] };
      return egressViolation(tableOf(bound.egress), [row], { ...planned, url, body: standardBody });
    };
    expect(check('T-1/notes/e-1')).toBeUndefined();
    for (const path of ['../notes/e-1', './notes/e-1', '/notes/e-1', 'a/b/notes/e-1', 'a b/notes/e-1', 'T-1/notes/..'])
      expect(check(path), path).toBe('unknown host or path');
  });
  const standardBody =
    '{"type":"purchase","timestamp":"2026-11-20T10:15:00.000Z","data":{"event_id":"e-1","name":"purchase"}}';
});

describe('a form (`destinations/http.md` 5)', () => {
  const bound = http.bind(
    http.settings.parse({
      ...BASE,
      fields: ['email', 'params'],
      body: 'form',
      map: { e: 'user.email_sha256', 'f[x]': 'params.note', k: 'const:1' },
    }),
  );
  const check = (body: string, signals = 15) => {
    const row: RowFacts = { verdict: 'full', signals, acceptedAt: AT };
    return egressViolation(tableOf(bound.egress), [row], { ...bound.request('1', [`msg_${'0'.repeat(32)} x`]), body });
  };

  it('holds what it lists and nothing else', () => {
    expect(check(`e=${'a'.repeat(64)}&f%5Bx%5D=a%20b&k=1`)).toBeUndefined();
    expect(check('')).toBeUndefined();
    expect(check('e=kari%40example.no')).toBeDefined();
    expect(check('k=2')).toBeDefined();
    expect(check('x=1')).toBe('unknown key in the form');
    expect(check('k=1&k=1')).toBe('k: twice');
    expect(check('f%5Bx%5D=%E6')).toBeDefined();
    expect(check(`e=${'a'.repeat(64)}`, BIT.ad_storage | BIT.analytics_storage)).toBeDefined();
  });
});

describe('an answer (`destinations/http.md` 3, 7)', () => {
  const judged = (status: number, body = '', fail_if: readonly object[] = [], success?: readonly unknown[]) => {
    const bound = http.bind(http.settings.parse({ ...BASE, fail_if, success }));
    const { kind, ...more } = bound.judge({ status, at: AT, headers: {}, body }, 1, '1');
    return 'finalAfter' in more && more.finalAfter !== undefined
      ? `${kind}, final`
      : 'afterMs' in more
        ? `${kind} ${more.afterMs}`
        : kind;
  };

  it.each([
    [200, 'delivered'],
    [204, 'delivered'],
    [302, 'rejected'],
    [400, 'retry, final'],
    [401, 'stop 3600000'],
    [403, 'stop 3600000'],
    [404, 'retry, final'],
    [405, 'retry, final'],
    // Make and Zapier, when the hook was deleted.
    [410, 'stop Infinity'],
    [413, 'retry, final'],
    [415, 'retry, final'],
    [422, 'retry, final'],
    [429, 'retry'],
    [500, 'retry'],
    [502, 'retry'],
    [504, 'retry'],
  ])('of %i: %s', (status, verdict) => {
    expect(judged(status)).toBe(verdict);
  });

  it.each([
    [200, [200], 'delivered'],
    [201, [200], 'retry, final'],
    [204, ['200-202', 204], 'delivered'],
    [203, ['200-202', 204], 'retry, final'],
    [409, ['200-299', 409], 'delivered'],
    [409, ['200-299'], 'rejected'],
    [404, ['200-299', 409], 'retry, final'],
    [429, ['200-299', 409], 'retry'],
    [500, ['200-299', 409], 'retry'],
  ])('of %i, where %o is a success: %s', (status, success, verdict) => {
    expect(judged(status, '', [], success)).toBe(verdict);
  });

  it.each<[string, object, string]>([
    ['{"result":{"ok":true},"error":[]}', { at: '$.error' }, 'delivered'],
    ['{"result":null,"error":null}', { at: '$.error' }, 'delivered'],
    ['{"error":{}}', { at: '$.error' }, 'delivered'],
    ['{"error":{"code":102,"message":"Header missing request ID"}}', { at: '$.error' }, 'retry, final'],
    ['{"error":["x"]}', { at: '$.error' }, 'retry, final'],
    ['{"ok":false}', { at: '$.ok', is: false }, 'retry, final'],
    ['{"ok":true}', { at: '$.ok', is: false }, 'delivered'],
    ['{"a":{"b":{"c":"bad"}}}', { at: '$.a.b.c', is: 'bad' }, 'retry, final'],
    ['{"a":1}', { at: '$.constructor.name' }, 'delivered'],
    ['Accepted', { at: '$.error' }, 'retry, final'],
    ['[]', { at: '$.error' }, 'retry, final'],
  ])('of 200 with %s, where %o is a refusal: %s', (body, fail, verdict) => {
    expect(judged(200, body, [fail])).toBe(verdict);
  });

  it('is judged without a fault, whatever it is', () => {
    fc.assert(
      fc.property(fc.json(), (body) => {
        expect(['delivered', 'retry, final']).toContain(judged(200, body, [{ at: '$.a.b' }, { at: '$.c', is: 1 }]));
      }),
    );
  });
});
