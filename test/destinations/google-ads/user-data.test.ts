import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressOf,
  googleEmailHash,
  nameHash,
  googlePhoneHash,
  postalCode,
  readUserParts,
} from '../../../src/core/data-manager/user-data.ts';
import { googleClickId } from '../../../src/core/data-manager/ingest.ts';
import { sha256Hex } from '../../../src/core/hash.ts';
import peers from '../../fixtures/google-ads-peers.json' with { type: 'json' };

// destinations/google-ads.md 6
const JANE_GMAIL = 'd6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69';
const JANE_EXAMPLE = '86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d';
const BERLIN = '4db5829924ee5c466cbd9ac69b2a6af527f758614fa3b3aec8c89b16a709a678';
const JANE = '81f8f6dde88365f3928796ec7aa53f72820b06db8664f5fe76a7eb13e24546a2';
const DOE = '799ef92a11af918e3fb741df42934f3b568ed2d93ac1df74f1b8d41a27932a6f';

describe('the vectors of the sheet', () => {
  it.each([
    [' Jane.Doe+shop@GMAIL.com ', JANE_GMAIL],
    ['j.a.n.e.d.o.e@gmail.com', JANE_GMAIL],
    ['Jane.Doe@Example.com', JANE_EXAMPLE],
  ])('hashes the address %j', (raw, hash) => expect(googleEmailHash(raw)).toBe(hash));

  it.each(['+4930901820', '+49 30 901820', '0049-30/901820', '+49 (0)30 901820', ' +49 (30) 90.18.20 '])(
    'hashes the number %j',
    (raw) => expect(googlePhoneHash(raw)).toBe(BERLIN),
  );

  it.each([
    ['Jane', JANE],
    [' JANE. ', JANE],
    ["D'oe", DOE],
  ])('hashes the name %j', (raw, hash) => expect(nameHash(raw)).toBe(hash));
});

describe('what is unusable is left out', () => {
  it.each([
    '',
    'kari',
    '@example.no',
    'kari@',
    'kari@localhost',
    'a@b@example.no',
    'kari nordmann@example.no',
    '...+x@gmail.com',
  ])('address %j', (raw) => expect(googleEmailHash(raw)).toBeUndefined());

  // Without a country code nobody knows whose number it is. The sheet's `030 901820` + DE is one of these.
  it.each([
    '030 901820',
    '40000000',
    '+47',
    '+0 12345678',
    '+1234567890123456',
    '+47 400 00 000 ext. 8',
    '12+34567890',
    '',
  ])('number %j', (raw) => expect(googlePhoneHash(raw)).toBeUndefined());

  it('a name of signs only', () => expect(nameHash(' -. ')).toBeUndefined());

  it.each(['kari@example.no', 'a b', '', 'x'.repeat(513)])('click id %.20j', (raw) =>
    expect(googleClickId(raw)).toBeUndefined(),
  );
  it('and a click id is not touched', () => expect(googleClickId('Cj0KExample_aBc-1')).toBe('Cj0KExample_aBc-1'));
});

it('differs from an address in capitals and blanks in nothing', () => {
  fc.assert(
    fc.property(fc.emailAddress(), (address) => {
      expect(googleEmailHash(` ${address.toUpperCase()}\n`)).toBe(googleEmailHash(address.toLowerCase()));
    }),
  );
});

describe('addresses are whole or absent (2.4)', () => {
  it('takes all four', () => {
    expect(addressOf(JANE, DOE, 'DE', '10115')).toEqual({
      givenName: JANE,
      familyName: DOE,
      regionCode: 'DE',
      postalCode: '10115',
    });
  });
  it.each<Parameters<typeof addressOf>>([
    [undefined, DOE, 'DE', '10115'],
    [JANE, undefined, 'DE', '10115'],
    [JANE, DOE, undefined, '10115'],
    [JANE, DOE, 'DE', undefined],
  ])('not %j %j %j %j', (...parts) => expect(addressOf(...parts)).toBeUndefined());

  it.each([
    [' 10115 ', '10115'],
    ['SW1A 1AA', 'SW1A 1AA'],
    ['', undefined],
    ['kari@example.no', undefined],
  ])('a postal code of %j is %j', (raw, code) => expect(postalCode(raw)).toBe(code));
});

describe("GA4's em", () => {
  const base64url = (text: string) => Buffer.from(sha256Hex(text), 'hex').toString('base64url');

  it('is decoded from base64url to hex (ga4.md 3.8)', () => {
    expect(readUserParts('tv.1~em.1hFzBkhe0OUK-rOshx6Y-BaZFR8wKBUn1j_18jNlbGk~co0.DE')).toEqual([
      { emailAddress: JANE_GMAIL },
    ]);
  });
  it('may repeat, may be hex, and may hold an address', () => {
    const text = `tv.1~em.${JANE_EXAMPLE.toUpperCase()}~em.${base64url('a@b.no')}~pn.${base64url('+4930901820')}~fn0.${base64url('jane')}~ln0.${base64url('doe')}~ct0.berlin~pc0.10115~co0.DE`;
    expect(readUserParts(text)).toEqual([
      { emailAddress: JANE_EXAMPLE },
      { emailAddress: sha256Hex('a@b.no') },
      { phoneNumber: BERLIN },
      { address: { givenName: JANE, familyName: DOE, regionCode: 'DE', postalCode: '10115' } },
    ]);
  });
  it.each([
    '',
    'tv.1',
    'tv.1~em.e2~ec.e3',
    'em.1hFzBkhe0OUK-rOshx6Y-BaZFR8wKBUn1j_18jNlbGk',
    'tv.2~em.x',
    'tv.1~em.kari@example.no',
    'tv.1~em',
  ])('is nothing in %j', (text) => expect(readUserParts(text)).toBeUndefined());
  it('never lets anything but hashes, a country and a postal code through', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom('em', 'pn', 'fn0', 'co0', 'pc0'))), (parts) => {
        for (const identifier of readUserParts(`tv.1~${parts.join('~')}~em.${parts.join('.')}`) ?? []) {
          for (const value of Object.values(identifier)) expect(value).toMatch(/^[0-9a-f]{64}$/);
        }
      }),
    );
  });
});

describe("Segment's recorded calls", () => {
  const hashed = /^[0-9a-f]{64}$/;
  const theirs = (call: (typeof peers.segment)[number]) => call.userIdentifiers.map((one) => Object.values(one)[0]);

  it.each(peers.segment.filter((call) => !hashed.test(call.email)))('$test: the same address', (call) => {
    expect(googleEmailHash(call.email)).toBe(theirs(call)[0]);
  });

  // The sheet does not say that a hash may be given, and whose way it was normalised cannot be seen: addresses only.
  it.each(peers.segment.filter((call) => hashed.test(call.email)))('$test: passed on by them, not by us', (call) => {
    expect(theirs(call)).toEqual([call.email, call.phone]);
    expect([googleEmailHash(call.email), googlePhoneHash(call.phone ?? '')]).toEqual([undefined, undefined]);
  });

  // Segment puts +1 before every number, the Australian one too: hashes nobody has. Ours takes a number at its word,
  // and one without a country code not at all.
  it.each([
    ['+6161729102', sha256Hex('+6161729102')],
    ['6161729102', undefined],
  ])('%s is American to them', (phone, ours) => {
    const call = peers.segment.find((one) => one.phone === phone);
    expect(call === undefined ? [] : theirs(call)[1]).toBe(sha256Hex('+16161729102'));
    expect(googlePhoneHash(phone)).toBe(ours);
  });
});
