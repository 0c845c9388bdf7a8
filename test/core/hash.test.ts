import { hexToBytes } from '@noble/hashes/utils.js';
import { createHash, createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { keyedHash, sha256Hex } from '../../src/core/hash.ts';

it('gives the keyed hashes of RFC 4231', () => {
  // 4.3 (test case 2) and 4.8 (test case 7: a key longer than a block).
  const long = 'This is a test using a larger than block-size key and a larger than block-size data. ';
  const more = 'The key needs to be hashed before being used by the HMAC algorithm.';
  expect(keyedHash(new TextEncoder().encode('Jefe'))('what do ya want for nothing?')).toEqual(
    hexToBytes('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'),
  );
  expect(keyedHash(new Uint8Array(131).fill(0xaa))(long + more)).toEqual(
    hexToBytes('9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2'),
  );
});

it('hashes each text as if it were the first, whatever was hashed before and beside it', () => {
  const keys = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const hashes = keys.map(keyedHash);
  const kept: { readonly got: Uint8Array; readonly want: string }[] = [];
  fc.assert(
    fc.property(fc.nat(1), fc.string({ unit: 'binary', maxLength: 200 }), (i, text) => {
      const want = createHmac('sha256', keys[i] as Uint8Array)
        .update(Buffer.from(text, 'utf8'))
        .digest('hex');
      const got = hashes[i]?.(text) as Uint8Array;
      kept.push({ got, want });
      expect(sha256Hex(text)).toBe(createHash('sha256').update(Buffer.from(text, 'utf8')).digest('hex'));
    }),
  );
  // Looked at after all of them: no result is written over by a later one.
  for (const { got, want } of kept) expect(Buffer.from(got).toString('hex')).toBe(want);
});
