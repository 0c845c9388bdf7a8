import { describe, expect, it } from 'vitest';
import {
  browserId,
  clickId,
  country,
  hashEmail,
  hashExternalId,
  hashName,
  hashPhone,
  hashPostalCode,
  place,
} from '../../../destinations/tiktok/normalise.ts';
import { sha256Hex } from '../../../src/core/hash.ts';

/** `destinations/tiktok.md` 11. */
const VECTORS = [
  [
    hashEmail,
    ' Jane.Doe@Example.com',
    'jane.doe@example.com',
    '86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d',
  ],
  [hashPhone, '+49 30 901820', '+4930901820', '4db5829924ee5c466cbd9ac69b2a6af527f758614fa3b3aec8c89b16a709a678'],
  [
    hashExternalId,
    'customer-4711',
    'customer-4711',
    '85d0c1e318151f3beceed00efefeed7f3961b0b4a4db57e06746fd02733cd63d',
  ],
] as const;

describe('the vectors of tiktok.md 11', () => {
  it.each(VECTORS)('%o %j', (hash, input, normal, expected) => {
    expect(hash(input)).toBe(expected);
    expect(sha256Hex(normal)).toBe(expected);
  });
});

describe('the rules of tiktok.md 4', () => {
  it.each([
    ['neither dots nor plus parts go', hashEmail, 'Kari.Nordmann+nett@Example.no', 'kari.nordmann+nett@example.no'],
    ['00 is +', hashPhone, '0049 30 901820', '+4930901820'],
    ['blanks go, marks stay', hashName, " Anne Marie O'Brien ", "annemarieo'brien"],
    ['accents stay', hashName, 'José', 'josé'],
    ['a British postcode', hashPostalCode, ' M1 1AE ', 'm11ae'],
    ['an own id is only trimmed', hashExternalId, ' CRM 8841 ', 'CRM 8841'],
  ] as const)('%s', (_what, hash, input, normal) => {
    expect(hash(input)).toBe(sha256Hex(normal));
  });

  it.each([
    ['no address', hashEmail, 'kari'],
    ['a national number, which is somebody else abroad', hashPhone, '030 901820'],
    ['an empty id', hashExternalId, '  '],
    ['an empty name', hashName, ' '],
  ] as const)('leaves out %s', (_what, hash, input) => {
    expect(hash(input)).toBeUndefined();
  });

  it('never hashes twice', () => {
    const hash = sha256Hex('kari@example.no');
    for (const as of [hashEmail, hashPhone, hashName, hashExternalId]) expect(as(` ${hash.toUpperCase()}`)).toBe(hash);
  });

  it.each([
    ['San Francisco', 'sanfrancisco'],
    ['Ålesund', 'lesund'],
    ['CA', 'ca'],
    ['東京', undefined],
    ['1234', undefined],
    ['', undefined],
  ])('place %j is %j in the clear', (input, plain) => {
    expect(place(input)).toBe(plain);
  });

  it.each([
    ['NO', 'no'],
    ['UK', 'gb'],
    ['Norway', undefined],
  ])('country %j is %j', (input, plain) => {
    expect(country(input)).toBe(plain);
  });
});

describe('ids (7)', () => {
  it.each(['E.C.P.Example', 'E.C.P.CrABqKZ8pU6u7wVb_-', 'AbCd'])('takes the click id %j untouched', (value) => {
    expect(clickId(value)).toBe(value);
  });

  it.each(['', 'abc', 'a b c d', 'kari@example.no', 'x'.repeat(601), 'E.C.P.\n'])('takes no click id %j', (value) => {
    expect(clickId(value)).toBeUndefined();
  });

  it.each(['2F7h37YkS1j57AYSKTI7IHhJPYH', '01JBX7ZQ3GQ6PT0N3KQ8M3V7J2_.tt.1'])(
    'takes the browser id %j untouched',
    (value) => {
      expect(browserId(value)).toBe(value);
    },
  );

  it.each(['', '1', 'true', 'kari@example.no.example.com', '2F7h37YkS1j57AYSKTI7IHhJPYH;x', 'x'.repeat(65)])(
    'takes no browser id %j',
    (value) => {
      expect(browserId(value)).toBeUndefined();
    },
  );
});
