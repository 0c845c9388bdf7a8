import { createRequire } from 'node:module';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  browserCookie,
  hashCity,
  hashCountry,
  hashEmail,
  hashExternalId,
  hashName,
  hashPhone,
  hashPostalCode,
  hashRegion,
} from '../../../destinations/meta/normalise.ts';
import { sha256Hex } from '../../../src/core/hash.ts';

/** Texts made of these letters. */
function text(letters: string, length: { minLength?: number; maxLength: number }): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...Array.from(letters)), ...length });
}

/** `destinations/meta.md` 11. Its last two rows (birth date, gender) have no field in this gateway. */
const VECTORS: readonly (readonly [(value: string) => string | undefined, string, string, string])[] = [
  [
    hashEmail,
    ' Jane.Doe@Example.com',
    'jane.doe@example.com',
    '86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d',
  ],
  [
    hashEmail,
    'john_smith@gmail.com',
    'john_smith@gmail.com',
    '62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f',
  ],
  [hashPhone, '+1 (650) 555-1212', '16505551212', 'e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176'],
  [hashPhone, '+49 30 901820', '4930901820', 'c03f76216358b07b09a300613908002987efc1ae9a2ef2a85d57d5a971bf821a'],
  [hashName, 'José', 'josé', 'd994e1d001886fe5b45b1267bd1fa2b752ac50742579bd3dad7b2a2aa0ed6866'],
  [hashCity, 'Berlin', 'berlin', 'fb38a93fd89e1a5fc7852a5d7109e321d23a721a1899292273ac5a21dc4db378'],
  [hashCountry, 'DE', 'de', '959a45d44e6fcf58361ed004681556fe50129f2109e817dec098c00c9e5d2578'],
  [hashPostalCode, '12345-6789', '12345', '5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5'],
];

describe('the vectors of meta.md 11', () => {
  it.each(VECTORS)('%o %j', (hash, input, normal, expected) => {
    expect(hash(input)).toBe(expected);
    expect(sha256Hex(normal)).toBe(expected);
  });
});

describe('the rules of meta.md 4.1', () => {
  it.each([
    [
      'strips neither dots nor plus parts',
      hashEmail,
      ' Kari.Nordmann+nett@Example.no ',
      'kari.nordmann+nett@example.no',
    ],
    ['00 is +', hashPhone, '0049 30 901820', '4930901820'],
    ['(0) is never dialled from abroad', hashPhone, '+44 (0)20 7946 0018', '442079460018'],
    ['punctuation goes', hashName, " O'Brien-Smith ", 'obriensmith'],
    ['the same letter, composed or not', hashName, 'Jose\u0301', 'josé'],
    ['Korean stays', hashName, '정', '정'],
    ['umlauts vanish, as in Meta’s builder', hashCity, 'München', 'mnchen'],
    ['spaces vanish', hashCity, 'San Francisco', 'sanfrancisco'],
    ['a US state by name', hashRegion, 'New York', 'ny'],
    ['a US state by letters', hashRegion, 'CA', 'ca'],
    ['a Canadian province', hashRegion, 'Québec', 'qc'],
    ['a region elsewhere', hashRegion, 'Nordrhein-Westfalen', 'nordrheinwestfalen'],
    ['a British postcode', hashPostalCode, 'M1 1AE', 'm11ae'],
    ['a Norwegian postcode', hashPostalCode, '0150', '0150'],
    ['an own id', hashExternalId, ' CRM 8841 ', 'crm8841'],
  ] as const)('%s', (_what, hash, input, normal) => {
    expect(hash(input)).toBe(sha256Hex(normal));
  });

  it.each([
    ['no address', hashEmail, 'not an address'],
    ['two at signs', hashEmail, 'a@b@example.com'],
    ['no dotted host', hashEmail, 'kari@localhost'],
    ['an empty label', hashEmail, 'kari@example..com'],
    ['a host that begins with a hyphen', hashEmail, 'kari@-example.com'],
    ['nobody', hashEmail, '@example.com'],
    ['more than an address can have', hashEmail, `${'k'.repeat(250)}@example.no`],
    ['a space in the middle', hashEmail, 'kari nordmann@example.no'],
    ['a national number, which is somebody else abroad', hashPhone, '030 901820'],
    ['a number without its plus, which could be a national one', hashPhone, '47 400 00 000'],
    ['too short for a number with a country code', hashPhone, '+47 12'],
    ['too long for E.164', hashPhone, '+47 1234 5678 9012 345'],
    ['no digits', hashPhone, 'call me'],
    ['no letters left', hashName, ' . '],
    ['a city in other letters', hashCity, '東京'],
    ['a city of digits', hashCity, '1234'],
    ['a one-letter postcode', hashPostalCode, 'x'],
    ['a country by name', hashCountry, 'Norway'],
    ['an empty id', hashExternalId, '  '],
  ] as const)('leaves out %s', (_what, hash, input) => {
    expect(hash(input)).toBeUndefined();
  });

  it('passes hashes through, lower-cased, and never hashes twice (4.4)', () => {
    const hash = sha256Hex('kari@example.no');
    for (const as of [hashEmail, hashPhone, hashName, hashCity, hashRegion, hashPostalCode, hashExternalId]) {
      expect(as(` ${hash.toUpperCase()} `)).toBe(hash);
      expect(as(as('16505551212') ?? hash)).toMatch(/^[0-9a-f]{64}$/);
    }
    const once = hashEmail('kari@example.no') ?? '';
    expect(hashEmail(once)).toBe(once);
  });

  it('never gives back anything but a hash', () => {
    fc.assert(
      fc.property(text('aBéÀ@.+-_0 9東\u0301\u0000\ud83d', { maxLength: 80 }), (value) => {
        for (const as of [
          hashEmail,
          hashPhone,
          hashName,
          hashCity,
          hashRegion,
          hashPostalCode,
          hashCountry,
          hashExternalId,
        ]) {
          expect(as(value) ?? '0'.repeat(64)).toMatch(/^[0-9a-f]{64}$/);
        }
      }),
    );
  });
});

interface Builder {
  getNormalizedAndHashedPII: (value: string, type: string) => string | null;
  processRequest: (host: string, query: object, cookies: object) => unknown;
  getFbp: () => string | null;
  getFbc: () => string | null;
}
const require = createRequire(import.meta.url);
const { ParamBuilder } = require('capi-param-builder-nodejs') as { ParamBuilder: new (domains: string[]) => Builder };

describe('against Meta’s own parameter builder', () => {
  const builder = new ParamBuilder(['example.com']);
  /** The builder adds an appendix of its own after the hash (6.2). */
  const theirs = (value: string, type: string) => builder.getNormalizedAndHashedPII(value, type)?.split('.')[0];
  const word = text("abzAZ09éÅß '-_.東", { minLength: 1, maxLength: 12 });

  it('hashes the same addresses to the same values', () => {
    const atom = text('abZ09_+-!', { minLength: 1, maxLength: 8 });
    const address = fc
      .tuple(
        fc.array(atom, { minLength: 1, maxLength: 3 }),
        fc.constantFrom('Example.com', 'sub.example.no', 'x-y.example.org'),
      )
      .map(([local, host]) => ` ${local.join('.')}@${host} `);
    fc.assert(
      fc.property(address, (value) => {
        expect(hashEmail(value)).toBe(theirs(value, 'email'));
      }),
    );
  });

  it('refuses what it refuses as an address', () => {
    const almost = text('ab@.- é', { maxLength: 16 });
    fc.assert(
      fc.property(almost, (value) => {
        expect(hashEmail(value)).toBe(theirs(value, 'email'));
      }),
    );
  });

  it('hashes the same names, cities, ids and numbers to the same values', () => {
    const composed = word.map((value) => value.normalize('NFC'));
    fc.assert(
      fc.property(composed, (value) => {
        expect(hashName(value)).toBe(theirs(value, 'first_name'));
        expect(hashExternalId(value)).toBe(theirs(value, 'external_id'));
      }),
    );
    fc.assert(
      fc.property(word, (value) => {
        expect(hashCity(value)).toBe(theirs(value, 'city'));
      }),
    );
    // North America has ten digits behind its 1, and nobody dials a zero behind a country code.
    const digits = text('23456789', { minLength: 7, maxLength: 15 });
    fc.assert(
      fc.property(digits, (value) => {
        expect(hashPhone(`+${value}`)).toBe(theirs(`+${value}`, 'phone'));
      }),
    );
  });

  it('takes exactly the cookies that it takes, and leaves them untouched (6.2)', () => {
    const part = fc.oneof(
      fc.constantFrom(
        'fb',
        'FB',
        '1',
        '1795100000123',
        '',
        'IwAR2-_x',
        'AQ',
        'Ag',
        'BA',
        'Bz',
        'AQQCAQIB',
        'AQQCAQIBx',
        'AgQCAQIB',
      ),
      text('AEQZabgz09-_', { minLength: 8, maxLength: 8 }),
      text('EFQYZabcDA', { minLength: 6, maxLength: 6 }).map((rest) => `AQ${rest}`),
    );
    const cookie = fc.oneof(
      fc.array(part, { minLength: 2, maxLength: 6 }).map((parts) => parts.join('.')),
      fc.array(part, { minLength: 1, maxLength: 2 }).map((parts) => `fb.1.1795100000123.${parts.join('.')}`),
    );
    let taken = 0;
    fc.assert(
      fc.property(cookie, (value) => {
        const other = new ParamBuilder(['example.com']);
        other.processRequest('www.example.com', {}, { _fbc: value });
        const valid = other.getFbc() !== null;
        if (valid) taken++;
        // The index counts the labels of a host; the builder takes any number for one.
        const counts = !/^fb\.\d{4,}\./.test(value);
        expect(browserCookie(value)).toBe(valid && counts ? value : undefined);
      }),
      { numRuns: 1000 },
    );
    expect(taken).toBeGreaterThan(50);
  });
});

describe('browser cookies', () => {
  it.each([
    'fb.1.1795100000123.1098115397',
    'fb.2.1795100000123.1098115397.BA',
    'fb.1.1795100000123.1098115397.AQQCAQIB',
    'fb.1.1795100000123.IwAR2ExampleClickId_aem_x-Y',
  ])('passes %s', (value) => {
    expect(browserCookie(value)).toBe(value);
  });

  it.each([
    'fb.1.1795100000123',
    'fb.1.1795100000123.',
    'fb.x.1795100000123.1',
    'gb.1.1795100000123.1',
    'fb.1.1795100000123.1.XY',
    'fb.1.1795100000123.1.AQQCAQIB.x',
    'fb.1.1795100000123.kari@example.no',
    ' fb.1.1795100000123.1',
    'fb.1.1795100000123.1\n',
    '',
  ])('leaves out %j', (value) => {
    expect(browserCookie(value)).toBeUndefined();
  });
});
