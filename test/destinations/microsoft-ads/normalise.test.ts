import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clickId, hexDigits, emailHash, phoneHash, uuid } from '../../../destinations/microsoft-ads/normalise.ts';
import { sha256Hex } from '../../../src/core/hash.ts';
import peers from '../../fixtures/microsoft-ads-peers.json' with { type: 'json' };

// destinations/microsoft.md A.3
const JOHN = 'ec81f3ac7b2b19675bab9d54cf416f9f18cff87c97da5cca82c0f0891bc40602';
const JANE = '62a8040a00736e70808e43009b5c63c4f6229ced98f486d0968441b292b9858a';
const PHONE = 'c59475d96e9f01d7d18d06cfad84dd02333207f02c0c2c5663ef2782cda0390e';

describe('the vectors of the sheet', () => {
  it.each([
    ['john@contoso.com', JOHN],
    [' J.o.h.n+a+b@Contoso.COM ', JOHN],
    ['Jane.Doe+news@contoso.com', JANE],
  ])('hashes the address %j', (raw, hash) => expect(emailHash(raw)).toBe(hash));

  it.each(['+14255551234', '+1 (425) 555-1234', '001 425 555 1234'])('hashes the number %j', (raw) =>
    expect(phoneHash(raw)).toBe(PHONE),
  );
});

describe('what is unusable is left out', () => {
  it.each(['', 'john', '@contoso.com', '+news@contoso.com', 'john@contoso', 'a@b@contoso.com', 'jo hn@contoso.com'])(
    'address %j',
    (raw) => expect(emailHash(raw)).toBeUndefined(),
  );
  it.each(['425 555 1234', '+1', '+0 4255551234', '+1 425 555 1234 ext. 8'])('number %j', (raw) =>
    expect(phoneHash(raw)).toBeUndefined(),
  );
  it.each(['N', 'cdd4afcccb1c9a4cad9544dd7e5006d5-0', 'john@contoso.com', ''])('click id %j', (raw) =>
    expect(clickId(raw)).toBeUndefined(),
  );
  it('and a click id is not touched', () => {
    expect(clickId('CDD4afcccb1c9a4cad9544dd7e5006d5')).toBe('CDD4afcccb1c9a4cad9544dd7e5006d5');
  });
});

it('removes dots and the suffix for every domain, and only before the @', () => {
  const word = fc.stringMatching(/^[a-z0-9]{1,10}$/);
  fc.assert(
    fc.property(word, word, word, word, (a, b, tag, domain) => {
      expect(emailHash(`${a}.${b}+${tag}@${domain}.co.no`)).toBe(sha256Hex(`${a}${b}@${domain}.co.no`));
    }),
  );
});

it('makes version 4 UUIDs that differ where the digits do', () => {
  const hex = fc.stringMatching(/^[0-9a-f]{32}$/);
  fc.assert(
    fc.property(hex, (digits) => {
      expect(uuid(digits)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }),
  );
  expect(uuid('0123456789abcdef0123456789abcdef')).toBe('01234567-89ab-4def-8123-456789abcdef');
});

describe("Segment's recorded calls", () => {
  const cases = peers.segment.map(({ test, userData, request }) => ({
    test,
    userData,
    sent: request.data[0]?.userData,
  }));

  it.each(cases.filter(({ userData }) => userData.em !== undefined))(
    '$test: the same address',
    ({ userData, sent }) => {
      expect(emailHash(userData.em ?? '')).toBe(sent?.em);
    },
  );

  // They hash without the plus, which is not what the official vector above is made of; and they keep the digits of
  // the extension, a number nobody has.
  it.each([
    ['+1 (415) 555-0000', '14155550000', sha256Hex('+14155550000')],
    ['+1 (555) 123-4567 ext.89', '1555123456789', undefined],
  ])('the number %s', (phone, theirs, ours) => {
    expect(cases.find(({ userData }) => userData.ph === phone)?.sent?.ph).toBe(sha256Hex(theirs));
    expect(phoneHash(phone)).toBe(ours);
  });
});

it('spreads a text by FNV-1a', () => {
  // FNV-1a of 32 bits: '' = 811c9dc5, 'a' = e40c292c, 'foobar' = bf9cf968 (its authors' test vectors); then the upper
  // half is mixed into the lower.
  const mixed = (hash: number): string => ((hash ^ (hash >>> 15)) >>> 0).toString(16).padStart(8, '0');
  for (const [text, hash] of [
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['foobar', 0xbf9cf968],
  ] as const)
    expect(hexDigits(text).slice(0, 8)).toBe(mixed(hash));
  // Four seeds, none of which gives what another does; always 32 digits.
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(hexDigits(text)).toMatch(/^[0-9a-f]{32}$/);
      expect(new Set(hexDigits(text).match(/.{8}/g)).size).toBe(4);
    }),
  );
});
