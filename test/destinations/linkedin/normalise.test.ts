import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countryCode } from '../../../src/core/countries.ts';
import { clickId, decimal, hashEmail, hashExternalId, hashName } from '../../../destinations/linkedin/normalise.ts';
import { sha256Hex } from '../../../src/core/hash.ts';

describe('user data (linkedin.md 3)', () => {
  it('hashes the address of the example to the value of the example (10)', () => {
    expect(hashEmail('Jane.Doe@Example.com')).toBe('86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d');
  });

  it.each([
    ['all whitespace goes', hashEmail, ' Kari. Nordmann+nett\t@Example.no\n', 'kari.nordmann+nett@example.no'],
    ['dots and plus parts stay', hashEmail, 'k.a.r.i+x@gmail.com', 'k.a.r.i+x@gmail.com'],
    ['a name without case, spaces and punctuation', hashName, " Anne-Marie O'Brien ", 'annemarieobrien'],
    ['accents stay', hashName, 'José', 'josé'],
    ['composed or not', hashName, 'Jose\u0301', 'josé'],
    ['an own id as it is', hashExternalId, 'CRM 8841', 'CRM 8841'],
  ] as const)('%s', (_what, hash, input, normal) => {
    expect(hash(input)).toBe(sha256Hex(normal));
  });

  it.each([
    ['no address', hashEmail, 'kari'],
    ['nobody', hashEmail, '@example.no'],
    ['two at signs', hashEmail, 'a@b@example.no'],
    ['no dotted host', hashEmail, 'kari@localhost'],
    ['a host that ends with a dot', hashEmail, 'kari@example.'],
    ['punctuation for a name', hashName, '. - .'],
    ['an empty id', hashExternalId, '   '],
  ] as const)('leaves out %s', (_what, hash, input) => {
    expect(hash(input)).toBeUndefined();
  });

  it('never hashes twice', () => {
    const hash = sha256Hex('kari@example.no');
    for (const as of [hashEmail, hashName, hashExternalId]) expect(as(` ${hash.toUpperCase()}`)).toBe(hash);
  });

  it.each(['df5gf5-gh6t7-ph4j7h-fgf6n1', 'a1b2c3d4-0000-4000-8000-0123456789ab'])(
    'takes the click id %s untouched',
    (id) => {
      expect(clickId(id)).toBe(id);
    },
  );

  it.each(['', 'kari@example.no', 'one', 'a b-c', '-a-b', 'a--b', `a-${'b'.repeat(63)}`, 'a-b\n'])(
    'leaves out %j: LinkedIn would take it without a look',
    (id) => {
      expect(clickId(id)).toBeUndefined();
    },
  );

  it('gives countries as two upper-case letters or not at all', () => {
    expect(['NO', 'de', 'Norway', ''].map(countryCode)).toEqual(['NO', 'DE', undefined, undefined]);
  });
});

describe('amounts are decimal texts (3)', () => {
  it.each([
    [59.9, '59.90'],
    [599, '599.00'],
    [0, '0.00'],
    [-0, '0.00'],
    [0.1 + 0.2, '0.30'],
    [1.005, '1.005'],
    [0.000001, '0.000001'],
    [0.0000001, '0.00'],
    [-0.0000001, '0.00'],
    [-12.5, '-12.50'],
    [123456789012, '123456789012.00'],
  ])('%d is %s', (value, text) => {
    expect(decimal(value)).toBe(text);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1e15, -1e21])('%d is no price', (value) => {
    expect(decimal(value)).toBeUndefined();
  });

  it('keeps every price to the cent, without an exponent', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e11, max: 1e11 }), (cents) => {
        const text = decimal(cents / 100) ?? '';
        expect(text).toMatch(/^-?\d+\.\d{2}$/);
        expect(Math.round(Number(text) * 100)).toBe(cents === 0 ? 0 : cents);
      }),
    );
  });
});
