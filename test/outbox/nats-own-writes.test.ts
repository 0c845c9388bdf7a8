import { expect, it } from 'vitest';
import { OwnWrites } from '../../src/outbox/nats/own-writes.ts';
import type { KeptRecord } from '../../src/outbox/nats/written.ts';

// A record that a gateway has stored itself is not opened again when the brokers deliver it, if it is exactly the same.

const KEPT = { site: 'shop.example.no', routes: [] } as unknown as KeptRecord;
const bytes = (text: string): Uint8Array => Buffer.from(text);

function wanted(): OwnWrites {
  const own = new OwnWrites();
  own.switch(true);
  return own;
}

it('gives what was stored, once', () => {
  const own = wanted();
  own.add('a', bytes('sealed'), KEPT);
  expect([own.take('a', bytes('sealed')), own.take('a', bytes('sealed'))]).toEqual([KEPT, undefined]);
});

it.each([
  ['other bytes', (own: OwnWrites) => own.take('a', bytes('sealeD'))],
  ['fewer bytes', (own: OwnWrites) => own.take('a', bytes(''))],
  ['another key', (own: OwnWrites) => own.take('b', bytes('sealed'))],
  ['what was not stored after all', (own: OwnWrites) => (own.drop([undefined, 'a']), own.take('a', bytes('sealed')))],
  ['what another gateway delivers', (own: OwnWrites) => (own.switch(false), own.take('a', bytes('sealed')))],
])('gives nothing for %s', (_, take) => {
  const own = wanted();
  own.add('a', bytes('sealed'), KEPT);
  expect(take(own)).toBeUndefined();
});
