import { describe, expect, it } from 'vitest';
import {
  browserId,
  clickId,
  hashCity,
  hashCountry,
  hashEmail,
  hashExternalId,
  hashName,
  hashPhone,
  hashPostalCode,
  hashRegion,
} from '../../../destinations/snapchat/normalise.ts';
import { sha256Hex } from '../../../src/core/hash.ts';

/** `destinations/snapchat.md` 11. */
const VECTORS = [
  [
    hashEmail,
    'Person@Example.com',
    'person@example.com',
    '542d240129883c019e106e3b1b2d3f3cb3537c43c425364de8e951d5a3083345',
  ],
  [hashPhone, '+44 844 412 4653', '448444124653', 'dc008fda46e2e64002cf2f82a4906236282d431c4f75e5b60bfe79fc48546383'],
  [hashPhone, '0049 (0)30 901820', '4930901820', 'c03f76216358b07b09a300613908002987efc1ae9a2ef2a85d57d5a971bf821a'],
  [hashCity, 'Berlin', 'berlin', 'fb38a93fd89e1a5fc7852a5d7109e321d23a721a1899292273ac5a21dc4db378'],
] as const;

describe('the vectors of snapchat.md 11', () => {
  it.each(VECTORS)('%o %j', (hash, input, normal, expected) => {
    expect(hash(input)).toBe(expected);
    expect(sha256Hex(normal)).toBe(expected);
  });
});

describe('the rules of snapchat.md 4', () => {
  it.each([
    ['blanks go from a name', hashName, ' Anne Marie ', 'annemarie'],
    ['marks go from a city', hashCity, 'St. John’s', 'stjohns'],
    ['a region of two letters', hashRegion, 'CA', 'ca'],
    ['five digits', hashPostalCode, '12345-6789', '12345'],
    ['a country', hashCountry, 'DE', 'de'],
    ['an own id in small letters', hashExternalId, ' CRM 8841 ', 'crm 8841'],
  ] as const)('%s', (_what, hash, input, normal) => {
    expect(hash(input)).toBe(sha256Hex(normal));
  });

  it.each([
    ['no address', hashEmail, 'kari'],
    ['a national number', hashPhone, '030 901820'],
    ['a region by name', hashRegion, 'Bavaria'],
    ['a postcode of four digits', hashPostalCode, '0150'],
    ['a British postcode', hashPostalCode, 'M1 1AE'],
    ['a country by name', hashCountry, 'Norway'],
  ] as const)('leaves out %s', (_what, hash, input) => {
    expect(hash(input)).toBeUndefined();
  });
});

describe('ids (8)', () => {
  it('are taken untouched, capitals too', () => {
    expect(clickId('ExampleClick_-1')).toBe('ExampleClick_-1');
    expect(browserId('0b4c1f0a-6d1e-4c7e-9a55-2d5b3c1e7f90')).toBe('0b4c1f0a-6d1e-4c7e-9a55-2d5b3c1e7f90');
  });

  it.each(['', 'abc', 'a b c d', 'kari@example.no', 'x'.repeat(501)])('%j is no click id', (value) => {
    expect(clickId(value)).toBeUndefined();
  });

  it.each(['', '1', '0b4c1f0a6d1e4c7e9a552d5b3c1e7f90', '0b4c1f0a-6d1e-4c7e-9a55-2d5b3c1e7f90x'])(
    '%j is no browser id',
    (value) => {
      expect(browserId(value)).toBeUndefined();
    },
  );
});
