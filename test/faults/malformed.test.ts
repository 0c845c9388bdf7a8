import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Text } from '../../src/core/secret.ts';
import { decideRequest as decide } from '../../src/decide/request.ts';
import type { Processed } from '../../src/decide/trace.ts';
import type { Hit } from '../../src/protocols/hit.ts';
import { saysYes } from '../canary/mutate.ts';
import { PLATFORMS } from '../canary/consents.ts';
import { cookiebot, gatewayOf, jsonHit, NOW, webHit } from '../support/hits.ts';
import { CONFIG } from './hits.ts';

// Random bytes: `decideHit` never throws, and nothing is planned without consent.

const gateway = gatewayOf(CONFIG.replace('cmp: [cookiebot]', 'cmp: auto'));
const RUNS = { numRuns: 4000 };

/** Bytes as Node hands them over, text, and what parsers stumble over. */
const bytes = fc.uint8Array({ maxLength: 200 }).map((list) => String.fromCharCode(...list));
const nasty = fc.constantFrom(
  '__proto__',
  'constructor',
  'toString',
  '%',
  '%%',
  '%zz',
  '%00',
  '\0',
  '\r\n',
  '\ud800',
  '\u{1f4a9}',
  '＠',
  '=',
  '&',
  '&&',
  ';',
  '~',
  '~~',
  'k0',
  'pr1',
  'pr201',
  'ep.',
  'epn.x',
  'up.',
  'NaN',
  'Infinity',
  '1e999',
  '-0',
  '{}',
  '[]',
  '"',
  '\\',
  'null',
  'https://',
  '//',
  '#',
  '?',
  'http://[',
  'javascript:1',
  'x'.repeat(5000),
);
const junk = fc.oneof(
  bytes,
  nasty,
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.array(nasty, { maxLength: 6 }).map((list) => list.join('')),
);

const KEYS = [
  'v',
  'tid',
  'en',
  'cid',
  'uid',
  'sid',
  'sct',
  '_p',
  'dl',
  'dr',
  'dt',
  'ul',
  'sr',
  'em',
  'gcs',
  'gcd',
  'dma',
  'gcu',
  'cu',
  'epn.value',
  'ep.transaction_id',
  'ep.event_id',
  'ep.x',
  'up.x',
  'pr1',
  'pr200',
  '_et',
  'gtm',
  'uafvl',
  '_uip',
];
const pairs = fc.array(fc.tuple(fc.oneof(fc.constantFrom(...KEYS), junk), junk), { maxLength: 12 });
const list = pairs.map((all) => all.map(([key, value]) => `${key}=${value}`).join('&'));
const HEADERS = [
  'origin',
  'referer',
  'host',
  'user-agent',
  'sec-gpc',
  'sec-fetch-site',
  'x-forwarded-for',
  'authorization',
  'content-type',
  'cookie',
];
const headers = fc.dictionary(fc.constantFrom(...HEADERS), junk, { maxKeys: 6 });

function sentBy(processed: Processed) {
  if (!('trace' in processed)) return [];
  return processed.trace.events.flatMap(({ routes }) =>
    routes.flatMap(({ route, plan }) =>
      plan === undefined ? [] : [{ route, request: route.bound.request(plan.envelope, [plan.element]) }],
    ),
  );
}

const plain = (text: Text): string =>
  typeof text === 'string' ? text : text.parts.map((part) => (typeof part === 'string' ? part : 'SECRET')).join('');

/** Nothing that could end a line or a text early (R69), a declared host, a body its vendor can parse. */
function expectWellFormed(processed: Processed): void {
  for (const { route, request } of sentBy(processed)) {
    const url = new URL(plain(request.url));
    expect(route.bound.hosts).toContain(url.host);
    expect(url.protocol).toBe('https:');
    expect(plain(request.url)).toMatch(/^[\x21-\x7e]+$/);
    for (const [name, value] of Object.entries(request.headers)) {
      expect(name).toMatch(/^[a-z-]+$/);
      expect(plain(value)).toMatch(/^[\x20-\x7e]*$/);
    }
    const { body } = request;
    if (body === undefined) continue;
    if (request.headers['content-type'] === 'application/json') expect(() => JSON.parse(body) as unknown).not.toThrow();
    else expect(body).toMatch(/^[\x21-\x7e]*$/);
    expect(body.isWellFormed()).toBe(true);
  }
}

describe('any bytes at all', () => {
  const hit = fc.record({
    id: fc.constant('0123456789abcdef0123456789abcdef'),
    at: fc.constant(NOW),
    method: fc.constantFrom('GET', 'POST'),
    path: fc.constantFrom('/g/collect', '/v1/events'),
    query: fc.oneof(junk, list),
    host: fc.oneof(fc.constant('shop.example.no'), junk),
    headers: headers.chain((some) => fc.constantFrom(some, { ...some, origin: 'https://shop.example.no' })),
    body: fc.oneof(
      junk,
      list,
      fc.json(),
      list.map((line) => `${line}\r\n${line}`),
    ),
    peer: fc.option(junk, { nil: undefined }),
  });

  it('are refused or traced, and without a consent nothing is planned', () => {
    fc.assert(
      fc.property(hit, (any: Hit) => {
        fc.pre(!PLATFORMS.some((platform) => saysYes(platform, any.headers['cookie'] ?? '')));
        const processed = decide(any, gateway);
        expect(sentBy(processed)).toEqual([]);
        if ('problem' in processed) expect(processed.problem.status).toBeGreaterThanOrEqual(400);
      }),
      RUNS,
    );
  });
});

describe('any bytes under a full consent', () => {
  const cookies = cookiebot({ preferences: true, statistics: true, marketing: true });

  it('in a web hit lead to whole requests or to none', () => {
    let planned = 0;
    fc.assert(
      fc.property(pairs, junk, pairs, (shared, agent, line) => {
        const base = webHit(
          { v: '2', tid: 'G-TEST000001', en: 'purchase', cid: `482310557.${NOW / 1000 - 60}` },
          { cookies },
        );
        const text = (all: typeof shared): string =>
          all
            .filter(([key]) => !['v', 'tid', 'gcs', 'gcd'].includes(key))
            .map(([key, value]) => `${key}=${encodeURIComponent(value.toWellFormed())}`)
            .join('&');
        const processed = decide(
          {
            ...base,
            query: `${base.query}&${text(shared)}`,
            body: text(line),
            headers: { ...base.headers, 'user-agent': agent },
          },
          gateway,
        );
        planned += sentBy(processed).length;
        expectWellFormed(processed);
      }),
      RUNS,
    );
    expect(planned).toBeGreaterThan(RUNS.numRuns / 4);
  });

  it('in a JSON event lead to whole requests or to none', () => {
    let planned = 0;
    const text = junk.map((value) => value.slice(0, 200));
    const event = fc.record(
      {
        name: fc.constantFrom('purchase', 'page_view', 'x'),
        id: text,
        page: fc.record({ url: text, referrer: text, title: text }, { requiredKeys: [] }),
        params: fc.dictionary(
          fc.constantFrom('value', 'currency', 'transaction_id', 'coupon', 'x', 'note'),
          fc.oneof(text, fc.double()),
          { maxKeys: 4 },
        ),
        user: fc.record(
          { id: text, email: text, phone: text, first_name: text, postal_code: text },
          { requiredKeys: [] },
        ),
        user_properties: fc.dictionary(fc.constantFrom('a', 'b'), text),
        session_id: text,
        language: text,
      },
      { requiredKeys: ['name'] },
    );
    fc.assert(
      fc.property(event, (one) => {
        const processed = decide(
          jsonHit({ events: [{ ...one, client_id: `482310557.${NOW / 1000 - 60}` }] }, { cookies }),
          gateway,
        );
        planned += sentBy(processed).length;
        expectWellFormed(processed);
      }),
      RUNS,
    );
    expect(planned).toBeGreaterThan(RUNS.numRuns / 4);
  });
});
