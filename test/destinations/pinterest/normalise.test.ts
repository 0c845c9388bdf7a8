import { describe, expect, it } from 'vitest';
import {
  amountText,
  clickId,
  hashCity,
  hashCountry,
  hashEmail,
  hashExternalId,
  hashName,
  hashPhone,
  hashPostalCode,
  hashRegion,
} from '../../../destinations/pinterest/normalise.ts';
import { sha256Hex } from '../../../src/core/hash.ts';

describe('user data (pinterest.md 4)', () => {
  it.each([
    [hashEmail, ' Jane.Doe@Example.com', '86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d'],
    [hashPhone, '+49 30 901820', 'c03f76216358b07b09a300613908002987efc1ae9a2ef2a85d57d5a971bf821a'],
    [hashCountry, 'DE', '959a45d44e6fcf58361ed004681556fe50129f2109e817dec098c00c9e5d2578'],
    [hashExternalId, 'customer-4711', '85d0c1e318151f3beceed00efefeed7f3961b0b4a4db57e06746fd02733cd63d'],
  ] as const)('hashes to the vectors of section 10', (hash, input, expected) => {
    expect(hash(input)).toBe(expected);
  });

  it.each([
    ['dots and plus parts stay', hashEmail, 'k.a.r.i+x@gmail.com', 'k.a.r.i+x@gmail.com'],
    ['a name in small letters, and nothing else', hashName, " Anne-Marie O'Brien ", "anne-marie o'brien"],
    ['a city without spaces and punctuation', hashCity, 'St. Gallen', 'stgallen'],
    ['accents stay', hashCity, 'Tromso\u0308', 'tromsö'],
    ['a code of two letters', hashRegion, 'CA', 'ca'],
    ['digits', hashPostalCode, '0150', '0150'],
    ['digits with a space', hashPostalCode, '123 45', '12345'],
    ['an own id as it is', hashExternalId, 'CRM 8841', 'CRM 8841'],
  ] as const)('%s', (_what, hash, input, normal) => {
    expect(hash(input)).toBe(sha256Hex(normal));
  });

  it.each([
    ['no address', hashEmail, 'kari'],
    ['a number without its country', hashPhone, '400 00 000'],
    ['a region by name', hashRegion, 'California'],
    ['a code with letters, which would lose them', hashPostalCode, '1234 AB'],
    ['the same of Britain', hashPostalCode, 'SW1A 1AA'],
    ['a country by name', hashCountry, 'Norway'],
    ['an empty id', hashExternalId, '   '],
  ] as const)('leaves out %s', (_what, hash, input) => {
    expect(hash(input)).toBeUndefined();
  });

  it('follows the text where two examples of the API contradict it', () => {
    expect(hashCountry('US')).toBe(sha256Hex('us'));
  });
});

describe('click ids (8)', () => {
  it.each(['dj0yExample', 'dj0yJnU9Nl-_AbC', 'x'.repeat(512)])('takes %s unmodified', (id) => {
    expect(clickId(id)).toBe(id);
  });

  it.each(['', 'a b', 'kari@example.no', 'dj0', 'x'.repeat(513), 'dj0y\n'])('leaves out %j', (id) => {
    expect(clickId(id)).toBeUndefined();
  });
});

it.each([
  [59.9, '59.9'],
  [-12, '-12'],
  [-0, '0'],
  [1e-7, '0'],
  [0.1 + 0.2, '0.3'],
  [123456789.125, '123456789.125'],
  [1e15, undefined],
  [Number.NaN, undefined],
  [Number.POSITIVE_INFINITY, undefined],
])('%s is the amount %j (3)', (value, text) => {
  expect(amountText(value)).toBe(text);
});
