import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { destinations } from '../../destinations/index.ts';
import { loadConfig } from '../../src/config/load.ts';
import { errors, load, NOW, yaml } from './support.ts';

const reference = readFileSync(join(import.meta.dirname, '../../config/gateway.yaml'), 'utf8');

describe('the reference configuration', () => {
  it('loads, with nothing to say against it but what a tag may do to it', () => {
    expect(load(reference).notes.map(({ kind, code }) => `${kind} ${code}`)).toEqual(['note vendor']);
    expect(load(reference).notes[0]?.message).toContain('`npa=1`');
  });

  it('means what its comments say', () => {
    const { server, sites, delivery, limits } = load(reference).config;
    const [site] = sites;
    expect(server).toEqual({ trusted_proxies: [], address_header: 'x-forwarded-for' });
    expect(site?.hosts).toEqual(['metrics.example.no', 'shop.example.no', '127.0.0.1', 'localhost']);
    expect(site?.consent).toEqual({
      cmp: ['cookiebot', 'cookie-information', 'onetrust', 'tcf'],
      honour: ['gpc', 'consent-mode'],
      custom: {},
      mapping: {},
      segment: 'cookies',
      services: {},
      without_choice: 'denied',
    });
    expect(site?.purposes).toEqual({ analytics: { basis: 'consent' }, ads: { basis: 'consent' } });
    expect(site?.cookies).toEqual({
      domain: 'example.no',
      analytics: 7 * 86_400_000,
      ads: 30 * 86_400_000,
      own_id: false,
      keys: [],
    });
    // One whose host a person writes is in `config/examples`.
    const fixed = Object.values(destinations).filter(({ recipient }) => recipient === undefined);
    expect([...(site?.destinations.keys() ?? [])].sort()).toEqual(fixed.map(({ name }) => name).sort());
    expect(delivery).toEqual({
      outbox: 'sqlite',
      max_age: 72 * 3_600_000,
      max_size: 2e9,
      dead_letters: 72 * 3_600_000,
      // Not in the reference; `docs/decision-log.md`.
      decisions: 90 * 86_400_000,
    });
    expect(limits).toEqual({ per_client: 'off' });
  });

  it('loads with every key that is commented out in it', () => {
    const all = reference
      .replace('trusted_proxies: []', 'trusted_proxies: [10.0.0.0/8]')
      .replace(/# (country_header|ingest_keys|mp_secrets|mp|mapping|max_age|segment|own_id|keys):/g, '$1:');
    const { server, sites } = load(all).config;
    expect(server.country_header).toBe('cf-ipcountry');
    expect(sites[0]?.ingest_keys).toEqual([{ env: 'INGEST_KEY' }]);
    expect(sites[0]?.mp_secrets).toEqual([{ env: 'MP_SECRET' }]);
    expect(sites[0]?.mp.consent).toBe('asserted');
    expect(sites[0]?.consent.segment).toBe('asserted');
    expect(sites[0]?.consent.max_age).toBe(365 * 86_400_000);
    expect(sites[0]?.cookies.own_id).toBe(true);
    expect(sites[0]?.cookies.keys).toEqual([{ env: 'COOKIE_KEY' }]);
  });
});

describe('findings', () => {
  it.each([
    ['a mistyped key of the site', 'sites:\n  - hots: [a.no]\n    country: NO\n', 2, 5, 'unknown-key', 'hosts'],
    [
      'a mistyped key of a section',
      yaml({ privacy: '{ ip: none, url_qurey: [q] }' }),
      6,
      26,
      'unknown-key',
      'url_query',
    ],
    [
      'a mistyped setting of a vendor',
      yaml({ destinations: '\n      meta:\n        pixelid: "1"\n        access_token: ${T}' }),
      7,
      9,
      'unknown-key',
      'pixel_id',
    ],
    [
      'a mistyped common key of a route',
      yaml({
        destinations:
          '\n      ga4:\n        measurement_id: G-TEST000001\n        api_secret: ${T}\n        with_consent: limited',
      }),
      9,
      9,
      'unknown-key',
      'without_consent',
    ],
    [
      'a mistyped destination',
      yaml({ destinations: '\n      microsoft:\n        tag_id: "1"' }),
      6,
      7,
      'value',
      'microsoft_ads',
    ],
    ['a mistyped platform', yaml({ consent: '{ cmp: [cookibot] }' }), 6, 22, 'value', 'cookiebot'],
    ['a section with nothing in it', yaml({ consent: '# cmp: [tcf]' }), 6, 5, 'type', undefined],
    ['a platform without its brackets', yaml({ consent: '{ cmp: cookiebot }' }), 6, 21, 'value', 'a list'],
    ['the European Union as a country', yaml({ country: 'EU' }), 4, 14, 'value', 'NO'],
    ['a country in small letters', yaml({ country: 'no' }), 4, 14, 'value', 'NO'],
    ['the United Kingdom by its other name', yaml({ country: 'UK' }), 4, 14, 'value', 'GB'],
    [
      'a number where text is meant',
      yaml({ destinations: '\n      meta:\n        pixel_id: 123456789012345\n        access_token: ${T}' }),
      7,
      19,
      'type',
      'quotes',
    ],
    [
      'a literal secret',
      yaml({
        destinations: '\n      meta:\n        pixel_id: "123456789012345"\n        access_token: EAAB0secretvalue',
      }),
      8,
      23,
      'secret',
      '${',
    ],
    ['a literal ingest key', yaml({ ingest_keys: '[hunter2hunter2]' }), 6, 19, 'secret', '${'],
    [
      'an origin with a slash',
      yaml({ origins: '[https://shop.example.no/]' }),
      3,
      15,
      'value',
      'https://shop.example.no',
    ],
    ['a key twice', yaml({ country: 'NO\n    country: SE' }), 5, 5, 'yaml', undefined],
    ['a tag', yaml({ country: '!!js/function "x"' }), 4, 14, 'yaml', undefined],
    ['a tag YAML knows', yaml({ country: '!!binary "Tk8="' }), 4, 14, 'yaml', undefined],
    ['a merge key', `x: &x { country: NO }\n${yaml({ privacy: '{ <<: *x }' })}`, 1, 1, 'unknown-key', undefined],
    ['a duration without a unit', yaml({ cookies: '{ analytics: 7 }' }), 6, 27, 'type', undefined],
    ['an outbox that does not exist', yaml({}, 'delivery: { outbox: sqllite }'), 6, 21, 'value', 'sqlite'],
  ])('%s', (_, text, line, column, code, instead) => {
    const [first] = errors(text);
    expect({ line: first?.line, column: first?.column, code: first?.code }).toEqual({ line, column, code });
    expect(first?.instead ?? '').toContain(instead ?? '');
    expect(first?.file).toBe('gateway.yaml');
  });

  it('names every missing key at the place it belongs to', () => {
    const found = errors(yaml({ destinations: '\n      meta: {}' }));
    expect(found.map(({ code, line, message }) => [code, line, message.slice(0, 25)])).toEqual([
      ['missing-key', 6, '`pixel_id` is missing: Id'],
      ['missing-key', 6, '`access_token` is missing'],
    ]);
  });

  it('tells all that is wrong at once, in the order of the file', () => {
    const found = errors(yaml({ country: 'EU', privacy: '{ ip: some }', cookies: '{ ads: x }' }));
    expect(found.map(({ line }) => line)).toEqual([4, 6, 7]);
  });

  it('never repeats what might be a secret', () => {
    const secret = 'EAABsbCS1234567890abcdef';
    const text = yaml({
      ingest_keys: `[${secret}]`,
      cookies: `{ keys: [${secret}] }`,
      destinations: `\n      meta:\n        pixel_id: "123456789012345"\n        access_token: ${secret}\n      ga4:\n        measurement_id: G-TEST000001\n        api_secret: { deep: ${secret} }`,
    });
    expect(errors(text)).toHaveLength(4);
    expect(JSON.stringify(errors(text))).not.toContain(secret);
  });
});

describe('references to secrets', () => {
  it('may stand unquoted in a list, in a map and after a key, without moving columns', () => {
    const text = yaml({
      ingest_keys: '[${INGEST_KEY}, file:/run/secrets/key]',
      cookies: '{ keys: [${COOKIE_KEY}], adz: 1d }',
    });
    const [finding] = errors(text);
    expect([finding?.line, finding?.column, finding?.instead]).toEqual([7, 39, 'ads']);
    const { sites } = load(text.replace(', adz: 1d', '')).config;
    expect(sites[0]?.ingest_keys).toEqual([{ env: 'INGEST_KEY' }, { file: '/run/secrets/key' }]);
    expect(sites[0]?.cookies.keys).toEqual([{ env: 'COOKIE_KEY' }]);
  });

  it('are names: nothing of the environment becomes structure', () => {
    const { sites } = load(yaml({ ingest_keys: '["${A}"]' })).config;
    expect(sites[0]?.ingest_keys).toEqual([{ env: 'A' }]);
    expect(errors(yaml({ ingest_keys: '["${A}x"]' }))[0]?.code).toBe('secret');
    expect(errors(yaml({ ingest_keys: '[file:relative]' }))[0]?.code).toBe('secret');
  });
});

describe('hostile files', () => {
  it('a billion laughs', () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`,
    );
    const [first] = errors(`l0: &l0 [x]\n${levels.join('\n')}\n`);
    expect(first).toMatchObject({ code: 'yaml', message: 'too many aliases' });
  });

  it('absurd nesting', () => {
    expect(errors('['.repeat(100_000))[0]?.code).toBe('yaml');
  });

  it('a huge file', () => {
    expect(errors(`# ${'x'.repeat(300_000)}`)[0]).toMatchObject({ code: 'yaml', line: 1 });
  });

  it('a directive', () => {
    expect(errors(`%YAML 1.1\n---\n${yaml()}`)[0]?.code).toBe('yaml');
  });

  it('keys that name the prototype', () => {
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      expect(errors(yaml({ destinations: `{ ${key}: { measurement_id: G-TEST000001 } }` })).length).toBeGreaterThan(0);
      expect(errors(yaml({ [key]: '{ ip: none }' }))[0]?.code).toMatch(/^(unknown-key|yaml)$/);
    }
    expect(({} as { ip?: string }).ip).toBeUndefined();
  });

  it('anything at all gets an answer with a place in the file', () => {
    const word = fc.constantFrom(
      'sites',
      'hosts',
      'ga4',
      'destinations',
      '${X}',
      '- ',
      ': ',
      '[',
      ']',
      '{',
      '}',
      '\n',
      '  ',
      '&a',
      '*a',
      '!x',
      '#',
      '"',
      "'",
      'NO',
      '|',
      '>',
      '%',
      '\u{0}',
      '\u{FDD0}',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (words) => {
        const loaded = loadConfig(words.join(''), 'x.yaml', NOW);
        expect(
          'findings' in loaded ? loaded.findings.every(({ line, column }) => line >= 1 && column >= 1) : true,
        ).toBe(true);
        expect('findings' in loaded ? loaded.findings.length : 1).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });

  it('an edit that cuts the reference configuration anywhere is refused or harmless, never an exception', () => {
    fc.assert(
      fc.property(fc.nat(reference.length), fc.nat(30), (at, length) => {
        const loaded = loadConfig(reference.slice(0, at) + reference.slice(at + length), 'x.yaml', NOW);
        expect('config' in loaded || loaded.findings.some(({ kind }) => kind === 'error')).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
