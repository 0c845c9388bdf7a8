import { createDecipheriv } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { deriveKey } from '../../src/core/hash.ts';
import { aesSealing } from '../../src/runtimes/node/process/sealing.ts';
import { webSealing } from '../../src/runtimes/web/sealing.ts';

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);

describe.each([
  ['on Node', aesSealing],
  ['where there are web standards alone', webSealing],
])('what is sealed %s', (_, sealing) => {
  const { seal, open } = sealing(KEY);
  const opens = (sealed: string, place: string, by = sealing(KEY)): boolean => {
    try {
      by.open(sealed, place);
      return true;
    } catch {
      return false;
    }
  };

  it.each(['kari@example.no', '', 'Bjørn Åge 🦊', 'x'.repeat(10_000)])('is opened as it was: %.20s', (text) => {
    expect(open(seal(text, 'hit|email'), 'hit|email')).toBe(text);
  });

  it('is never the same twice, and says nothing of the text', () => {
    const texts = Array.from({ length: 100 }, () => seal('kari@example.no', 'place'));
    expect(new Set(texts.map((text) => text.slice(0, 16))).size).toBe(100);
    expect(texts.join()).toMatch(/^[\w-]+(?:,[\w-]+)+$/);
  });

  it('opens in its own place, under its own key, and as it was written only', () => {
    const sealed = seal('kari@example.no', 'hit|email');
    expect(opens(sealed, 'hit|phone')).toBe(false);
    expect(opens(sealed, 'another|email')).toBe(false);
    expect(opens(sealed, 'hit|email', sealing(new Uint8Array(32)))).toBe(false);
    const bytes = Buffer.from(sealed, 'base64url');
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(i) ^ 1, i);
      expect(opens(changed.toString('base64url'), 'hit|email')).toBe(false);
    }
    for (const text of ['', 'kari@example.no', sealed.slice(0, 20), sealed.slice(2)])
      expect(opens(text, 'hit|email')).toBe(false);
  });
});

it('on Node it is AES-256-GCM, as another implementation reads it: a nonce of 12 bytes, the text, a tag of 16', async () => {
  const bytes = Buffer.from(aesSealing(KEY).seal('kari@example.no', 'place'), 'base64url');
  const key = await crypto.subtle.importKey('raw', KEY, 'AES-GCM', false, ['decrypt']);
  const parts = { name: 'AES-GCM', iv: bytes.subarray(0, 12), additionalData: Buffer.from('place'), tagLength: 128 };
  const text = await crypto.subtle.decrypt(parts, key, bytes.subarray(12));
  expect(Buffer.from(text).toString()).toBe('kari@example.no');
});

it('where there are web standards alone it is ChaCha20-Poly1305, as OpenSSL reads it', () => {
  const bytes = Buffer.from(webSealing(KEY).seal('kari@example.no', 'place'), 'base64url');
  const key = deriveKey(KEY, 'ChaCha20-Poly1305');
  const cipher = createDecipheriv('chacha20-poly1305', key, bytes.subarray(0, 12), { authTagLength: 16 });
  cipher.setAAD(Buffer.from('place'), { plaintextLength: bytes.length - 28 });
  cipher.setAuthTag(bytes.subarray(-16));
  expect(Buffer.concat([cipher.update(bytes.subarray(12, -16)), cipher.final()]).toString()).toBe('kari@example.no');
});

it('neither opens what the other has sealed under the same key', () => {
  for (const [one, other] of [
    [aesSealing, webSealing],
    [webSealing, aesSealing],
  ] as const)
    expect(() => other(KEY).open(one(KEY).seal('kari@example.no', 'place'), 'place')).toThrow(/tag|authenticate/);
});
