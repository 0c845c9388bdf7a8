import * as fc from 'fast-check';
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { base64url, sign, verify } from '../../src/cookies/signing.ts';
import { NOW, signingKey } from './visit.ts';

const old = signingKey('k1', 1);
const fresh = signingKey('k2', 2);
const SITE = 'metrics.example.no';
const signed = sign('pv_id', 'abc', NOW, SITE, [old]) as string;

describe('signed cookie values (R27)', () => {
  it('are <issued base 36>.<value>.<key id>.<first 128 bits of the HMAC, base64url>', () => {
    const time = (NOW / 1000).toString(36);
    const mac = createHmac('sha256', new Uint8Array(32).fill(1)).update(`pv_id|${time}|abc|${SITE}`).digest();
    expect(signed).toBe(`${time}.abc.k1.${mac.subarray(0, 16).toString('base64url')}`);
    expect(signed.split('.')[3]).toHaveLength(22);
  });

  it('tell value and issue time back', () => {
    expect(verify('pv_id', signed, SITE, [old])).toEqual({ value: 'abc', issued: NOW, stale: false });
  });

  it('are refused with any single bit flipped', () => {
    for (let i = 0; i < signed.length; i++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped =
          signed.slice(0, i) + String.fromCharCode(signed.charCodeAt(i) ^ (1 << bit)) + signed.slice(i + 1);
        expect(verify('pv_id', flipped, SITE, [old]), `${i}/${bit}`).toBeUndefined();
      }
    }
  });

  it('are refused under another name, for another site, or when cut short', () => {
    expect(verify('pv_seen', signed, SITE, [old])).toBeUndefined();
    expect(verify('pv_id', signed, 'shop.example.no', [old])).toBeUndefined();
    for (let end = 0; end < signed.length; end++) {
      expect(verify('pv_id', signed.slice(0, end), SITE, [old])).toBeUndefined();
    }
    expect(verify('pv_id', `${signed}A`, SITE, [old])).toBeUndefined();
    expect(verify('pv_id', `${signed}.`, SITE, [old])).toBeUndefined();
  });

  it('survive a rotation while both keys live, and not after', () => {
    expect(verify('pv_id', signed, SITE, [fresh, old])).toEqual({ value: 'abc', issued: NOW, stale: true });
    expect(verify('pv_id', signed, SITE, [fresh])).toBeUndefined();
    expect(sign('pv_id', 'abc', NOW, SITE, [fresh, old])).toBe(sign('pv_id', 'abc', NOW, SITE, [fresh]));
  });

  it('cannot be made by one key in the name of another', () => {
    const [time, value, , mac] = signed.split('.') as [string, string, string, string];
    expect(verify('pv_id', `${time}.${value}.k2.${mac}`, SITE, [fresh, old])).toBeUndefined();
  });

  it('are not made without a key', () => {
    expect(sign('pv_id', 'abc', NOW, SITE, [])).toBeUndefined();
  });

  it('never accept what was not signed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(verify('pv_id', text, SITE, [old])).toBeUndefined();
      }),
    );
  });
});

describe('base64url', () => {
  it('agrees with the platform', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
        expect(base64url(bytes, bytes.length)).toBe(Buffer.from(bytes).toString('base64url'));
      }),
    );
  });
});
