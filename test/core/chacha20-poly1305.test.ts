import { createCipheriv, createDecipheriv } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { KEY_BYTES, NONCE_BYTES, openBytes, sealBytes } from '../../src/core/chacha20-poly1305.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));

it('gives what RFC 8439 (2.8.2) gives', () => {
  const key = Uint8Array.from({ length: KEY_BYTES }, (_, i) => 0x80 + i);
  const text = new TextEncoder().encode(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  );
  const sealed = sealBytes(key, bytes('07000000 4041424344454647'), text, bytes('50515253c0c1c2c3c4c5c6c7'));
  expect(Buffer.from(sealed).toString('hex')).toBe(
    'd31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6' +
      '3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36' +
      '92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc' +
      '3ff4def08e4b7a9de576d26586cec64b6116' +
      '1ae10b594f09e26a7e902ecbd0600691',
  );
});

const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

it('gives what OpenSSL gives, and opens what OpenSSL has sealed, whatever the key, the text and the place', () => {
  fc.assert(
    fc.property(
      exactly(KEY_BYTES),
      exactly(NONCE_BYTES),
      fc.uint8Array({ maxLength: 200 }),
      fc.uint8Array({ maxLength: 60 }),
      (key, nonce, text, place) => {
        const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
        cipher.setAAD(place, { plaintextLength: text.length });
        const theirs = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
        expect(Buffer.from(sealBytes(key, nonce, text, place))).toEqual(theirs);
        expect(Buffer.from(openBytes(key, nonce, theirs, place))).toEqual(Buffer.from(text));
        const decipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
        decipher.setAAD(place, { plaintextLength: text.length });
        decipher.setAuthTag(theirs.subarray(-16));
        expect(Buffer.concat([decipher.update(theirs.subarray(0, -16)), decipher.final()])).toEqual(Buffer.from(text));
      },
    ),
    { numRuns: 300 },
  );
});
