import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPlaceholder } from '../../src/core/placeholders.ts';
import { recordsOf } from '../../src/delivery/records.ts';
import { decideRequest as decide } from '../../src/decide/request.ts';
import { sha256Hex } from '../../src/core/hash.ts';
import type { Hit } from '../../src/protocols/hit.ts';
import { compileGateway } from '../../src/config/compile/index.ts';
import { loadConfig } from '../../src/config/load.ts';
import { cookiebot, jsonHit, NOW, webHit } from '../support/hits.ts';

// What makes two events repeats (docs/duplicates.md): a stranger cannot turn an event of a shop into a duplicate.

const KEY = 'ingestkey0123456789abcdef0123456789';
const loaded = loadConfig(
  `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    ingest_keys: ["\${INGEST_KEY}"]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: "\${SECRET}" }
      meta: { pixel_id: "123456789012345", access_token: "\${SECRET}" }
      google_ads: { customer_id: "1234567890", conversions: { purchase: "1" }, credentials: "\${SECRET}", conversion_id: "123", labels: { purchase: a }, without_consent: limited }
`,
  'test.yaml',
  NOW,
);
if (!('config' in loaded)) throw new Error(JSON.stringify(loaded.findings));
const gateway = compileGateway(loaded.config, { value: () => KEY, rootKey: new Uint8Array(32).fill(7) });

/** The marks of what a hit stores, by route. */
function marksOf(hit: Hit): string[] {
  const done = decide(hit, gateway);
  if (!('trace' in done)) return [];
  const { trace } = done;
  return recordsOf(trace, 'p')
    .records.flatMap(({ routes }) => routes.map(({ route, mark }) => `${route} ${mark}`))
    .filter((mark) => !mark.endsWith(' '));
}

const GRANTED = cookiebot({ statistics: true, marketing: true });
const HERS = '482310557.1795400000';
const choices = fc.record({ statistics: fc.boolean(), marketing: fc.boolean() });
const word = fc.oneof(fc.constantFrom('backend', '', HERS.slice(1), 'p:1', 'hit:1', '1|1|backend'), fc.string());

describe('what a shop sends', () => {
  it('is no repeat of anything a stranger can send, who knows its order numbers and ids', () => {
    expect(gateway.sites[0]?.ingestKeys.has(sha256Hex(KEY))).toBe(true);
    fc.assert(
      fc.property(
        fc.record({
          cid: word.filter((text) => text !== HERS),
          page: fc.option(word),
          choice: choices,
          own: fc.constantFrom('', '; _fbp=fb.1.1795400000000.123456789', '; _ga=GA1.1.111.222'),
          json: fc.boolean(),
          repeat: fc.boolean(),
        }),
        fc.constantFrom('ORD-1', 'a|b', '7|purchase'),
        fc.constantFrom(
          {},
          { client_id: HERS },
          { cookies: `; _ga=GA1.1.${HERS}` },
          { cookies: '; _fbp=fb.1.1795400000001.987654321' },
        ),
        choices,
        (
          { cid, page, choice, own, json, repeat },
          order,
          visitor: { client_id?: string; cookies?: string },
          agreed,
        ) => {
          const cookies = `${cookiebot(choice)}${own}`;
          const strangers = json
            ? jsonHit(
                {
                  events: [
                    {
                      name: 'purchase',
                      id: order,
                      client_id: cid || undefined,
                      params: { transaction_id: order, value: 1, currency: 'NOK' },
                      page: { url: 'https://shop.example.no/' },
                    },
                  ],
                },
                { cookies },
              )
            : webHit(
                {
                  v: '2',
                  tid: 'G-TEST000001',
                  cid,
                  en: 'purchase',
                  'ep.transaction_id': order,
                  'ep.event_id': order,
                  ...(page === null ? {} : { _p: page }),
                  ...(repeat ? { gcu: '1' } : {}),
                },
                { cookies },
              );
          const shops = jsonHit(
            {
              events: [
                {
                  name: 'purchase',
                  id: order,
                  params: { transaction_id: order, value: 1, currency: 'NOK' },
                  page: { url: 'https://shop.example.no/' },
                  user: { email: 'kari@example.no' },
                  visitor: { ...visitor, cookies: `${cookiebot(agreed)}${visitor.cookies ?? ''}` },
                },
              ],
            },
            { id: 'f'.repeat(32) },
          );
          const backend = { ...shops, headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` } };
          const known = new Set(marksOf(strangers));
          expect(marksOf(backend).filter((mark) => known.has(mark))).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is its own repeat when it tries again, with every visitor and every choice', () => {
    fc.assert(
      fc.property(choices, fc.constantFrom(undefined, HERS), (choice, client_id) => {
        const hit = (id: string): Hit => ({
          ...jsonHit(
            {
              events: [
                {
                  name: 'purchase',
                  id: 'try',
                  page: { url: 'https://shop.example.no/' },
                  user: { email: 'kari@example.no' },
                  visitor: { cookies: cookiebot(choice), client_id },
                },
              ],
            },
            { id },
          ),
          headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
        });
        const [first, second] = [marksOf(hit('a'.repeat(32))), marksOf(hit('b'.repeat(32)))];
        expect(second).toEqual(first);
        if (choice.marketing) expect(first).not.toEqual([]);
      }),
    );
  });
});

it('no two events that differ in name, id or visitor are known by the same', () => {
  const part = fc.oneof(fc.constantFrom('a', 'a|', '|a', '1|a', 'a#repeat'), fc.stringMatching(/^[\w|:#-]{1,12}$/));
  const mark = (name: string, id: string, cid: string) =>
    marksOf(
      webHit(
        { v: '2', tid: 'G-TEST000001', cid, en: name, 'ep.event_id': id },
        { cookies: `${GRANTED}; _fbp=fb.1.1795400000000.123456789` },
      ),
    );
  fc.assert(
    fc.property(fc.tuple(part, part, part), fc.tuple(part, part, part), (one, other) => {
      fc.pre(one.some((text, i) => text !== other[i]));
      const known = new Set(mark(...one));
      expect(mark(...other).filter((text) => known.has(text))).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

describe('a placeholder', () => {
  it.each([
    '',
    '  ',
    'undefined',
    'UNDEFINED',
    'null',
    'NaN',
    '[object Object]',
    '[OBJECT window]',
    '(not set)',
    '(none)',
    '(NONE)',
    '0',
    '00',
    '0.00',
    '{{order}}',
    'order-{{ id }}',
    '%%ORDER_ID%%',
    '${id}',
    'None',
    'n/a',
  ])('%o is no id', (id) => expect(isPlaceholder(id)).toBe(true));
  it.each([
    'ORD-1',
    '10',
    '0x1',
    '0-1',
    'nullable',
    'undefined-7',
    '100%',
    '{id}',
    '(1) x',
    'NaN1',
    '[object',
    '%%',
    '{{',
    '}}a{{',
  ])('%o may be one', (id) => expect(isPlaceholder(id)).toBe(false));
});
