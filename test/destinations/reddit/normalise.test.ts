import { describe, expect, it } from 'vitest';
import { identifiers } from '../../../destinations/reddit/identifiers.ts';
import { browserId, clickId, hashEmail, hashExternalId, hashPhone } from '../../../destinations/reddit/normalise.ts';
import { sha256Hex } from '../../../src/core/hash.ts';

describe('user data (reddit.md 4)', () => {
  it.each([
    [hashEmail, 'Al.ice$+Apple@Example.Com', 'ff8d9819fc0e12bf0d24892e45987e249a28dce836a85cad60e28eaaa8c6d976'],
    [hashEmail, 'Jane.Doe+shop@Example.com', 'c4d25e9c90ff23e9145397bc6fbd5385ca5fbe78211222ccbecd0b369ebb19a6'],
    [hashPhone, '+49 30 901820', '4db5829924ee5c466cbd9ac69b2a6af527f758614fa3b3aec8c89b16a709a678'],
  ] as const)('hashes to the vectors of section 10', (hash, input, expected) => {
    expect(hash(input)).toBe(expected);
  });

  it.each([
    ['the host keeps its hyphens and dots', hashEmail, 'k_a-r.i@my-shop.example.no', 'kari@my-shop.example.no'],
    ['digits stay', hashEmail, 'kari.47@gmail.com', 'kari47@gmail.com'],
    ['an own id, trimmed', hashExternalId, ' CRM 8841 ', 'CRM 8841'],
  ] as const)('%s', (_what, hash, input, normal) => {
    expect(hash(input)).toBe(sha256Hex(normal));
  });

  it.each([
    ['no address', hashEmail, 'kari'],
    ['an address of which nothing stays', hashEmail, '.+x@example.no'],
    ['letters that may count or not', hashEmail, 'kåre@example.no'],
    ['a hash of an address, made another way', hashEmail, sha256Hex('kari@example.no')],
    ['a number without its country', hashPhone, '400 00 000'],
    ['an empty id', hashExternalId, '  '],
  ] as const)('leaves out %s', (_what, hash, input) => {
    expect(hash(input)).toBeUndefined();
  });
});

describe('ids (8)', () => {
  it.each(['ExampleClick', 'aB-c_1.~', 'x'.repeat(512)])('takes the click id %s as it came', (id) => {
    expect(clickId(id)).toBe(id);
  });

  it.each(['', 'abc', 'a b c d', 'kari@example.no', 'x'.repeat(513), 'abcd\n'])('leaves out %j', (id) => {
    expect(clickId(id)).toBeUndefined();
  });

  it('takes a UUID for a browser id, and nothing else', () => {
    expect(browserId('0b4c1f0a-6d1e-4c7e-9a55-2d5b3c1e7f90')).toBe('0b4c1f0a-6d1e-4c7e-9a55-2d5b3c1e7f90');
    expect(browserId('1795169700000')).toBeUndefined();
  });

  it('reads the time and the id of `_rdt_uuid`', () => {
    const parse = identifiers.find(({ field }) => field === 'rdt_uuid')?.cookie?.parse;
    const uuid = '0b4c1f0a-6d1e-4c7e-9a55-2d5b3c1e7f90';
    expect(parse?.(`1795169700000.${uuid}`)).toEqual({ issued: 1795169700000, id: uuid });
    for (const value of [uuid, `1795169700.${uuid}`, '1795169700000.kari', `.${uuid}`, ''])
      expect(parse?.(value)).toEqual({ issued: undefined, id: undefined });
  });
});
