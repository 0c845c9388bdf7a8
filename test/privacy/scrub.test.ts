import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scrub, scrubCounted } from '../../src/privacy/pii/scrub.ts';
import { KINDS } from '../../src/privacy/pii/findings.ts';
import { expectLinear } from '../support/growth.ts';
import * as corpus from './corpus.ts';

describe('detectors (R42)', () => {
  it.each([
    ['email', 'kari.nordmann+nett@example.no'],
    ['email', 'kåre@blåbærsyltetøy.no'],
    ['email', 'x@xn--blbrsyltety-y8ao3x.xn--p1ai'],
    ['iban', 'NO9386011117947'],
    ['iban', 'NO93 8601 1117 947'],
    ['iban', 'GB29NWBK60161331926819'],
    ['iban', 'de89 3704 0044 0532 0130 00'],
    ['iban', 'FI2112345600000785'],
    ['iban', 'SE4550000000058398257466'],
    ['iban', 'IS140159260076545510730339'],
    ['card', '4111111111111111'],
    ['card', '4111 1111 1111 1111'],
    ['card', '5555-5555-5555-4444'],
    ['card', '3782 822463 10005'],
    ['card', '30569309025904'],
    ['card', '6011111111111117'],
    ['hetu', '131052-308T'],
    ['hetu', '131052a308t'],
    ['personnummer', '811228-9874'],
    ['personnummer', '811228+9874'],
    ['personnummer', '19811228-9874'],
    ['cpr', '010190-1234'],
    ['phone', '+47 400 00 000'],
    ['phone', '+4740000000'],
    ['phone', '+1 (555) 010-9999'],
    // https://en.wikipedia.org/wiki/Documento_Nacional_de_Identidad_(Spain): the number modulo 23.
    ['id', '12345678Z'],
    ['id', '12345678-z'],
    ['id', '12.345.678-Z'],
    ['id', 'X1234567L'],
    ['id', 'Y-1234567-X'],
    ['id', 'MRTMTT91D08F205J'],
    ['id', 'mllsnt82p65z404u'],
    ['id', 'L898902C36UTO7408122F1204159ZE184226B<<<<<10'],
    ['id', '7408122F1204159UTO<<<<<<<<<<<6'],
    ['id', 'P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<'],
    ['id', '3C-22-FB-12-34-56'],
    // https://en.wikipedia.org/wiki/National_identification_number and the pages of the countries there.
    ['id', 'HEGG560427MVZRRL04'],
    ['id', '85.07.30-033.28'],
    ['id', '185057800608491'],
    ['id', '1 85 05 78 006 084 91'],
    ['id', '756.9217.0769.85'],
    ['id', '7569217076985'],
    ['id', '736028/5163'],
    ['id', '12.345.678-5'],
    ['id', '3c-22-fb-aa-bb-cc'],
    ['token', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.'],
    ['token', 'd41d8cd98f00b204e9800998ecf8427e'],
    // Few changes between letters and digits.
    ['token', '9af8959743528661970273c054531939'],
    ['token', '9AF8959743528661970273C054531939'],
    ['token', 'aaaaaaaaaaaaaaaabbbbbbbbbbbbbbb1'],
  ])('%s: %s', (kind, value) => {
    expect(scrub(value)).toBe(`[${kind}]`);
    expect(scrub(`Hei (${value}), takk`)).toBe(`Hei ([${kind}]), takk`);
    expect(scrubCounted(value).found[kind as 'email']).toBe(1);
  });

  it.each([
    ['Tlf: 40 00 00 00', 'Tlf: [phone]'],
    ['tel:40000000', 'tel:[phone]'],
    ['kari.nordmann at gmail.com', '[email]'],
    ['kort 4111 1111 1111 1111, cvc 123', 'kort [card], cvc [token]'],
    ['VIN: WVWZZZ1JZXW000001', 'VIN: [id]'],
    ['pasientnr 12345', 'pasientnr [id]'],
    // A wine of that year.
    ['vin 2019 rød', 'vin 2019 rød'],
    ['IDFA 6D92078A-8246-4BA4-AE5B-76104861E7DC', 'IDFA [id]'],
    ['puhelin 040 123 4567', 'puhelin [phone]'],
    ['CPR 0101901234', 'CPR [cpr]'],
    ['cpr-nr. 010190 1234', 'cpr-nr. [cpr]'],
    ['personnummer 8112289874', 'personnummer [personnummer]'],
    ['personnummer: 198112289874', 'personnummer: [personnummer]'],
    ['kennitala 120174-3399', 'kennitala [kennitala]'],
    ['kt. 1201743399', 'kt. [kennitala]'],
  ])('with its keyword: %s', (text, expected) => {
    expect(scrub(text)).toBe(expected);
  });

  const next = corpus.random(1);
  it.each([
    ['classic', corpus.fodselsnummer(next, 0)],
    ['the rule of 2032, rest 1', corpus.fodselsnummer(next, 1)],
    ['the rule of 2032, rest 2', corpus.fodselsnummer(next, 2)],
    ['the rule of 2032, rest 3', corpus.fodselsnummer(next, 3)],
    ['a D-number', corpus.fodselsnummer(next, 0, 40)],
    ['an H-number', corpus.fodselsnummer(next, 0, 0, 40)],
    ['Test-Norge', corpus.fodselsnummer(next, 0, 0, 80)],
    ['a D-number of Test-Norge', corpus.fodselsnummer(next, 2, 40, 80)],
  ])('fødselsnummer, %s', (_, id) => {
    expect(scrub(id)).toBe('[fnr]');
    expect(scrub(`${id.slice(0, 6)} ${id.slice(6)}`)).toBe('[fnr]');
    expect(scrub(`${id.slice(0, 2)}.${id.slice(2, 4)}.${id.slice(4, 6)}-${id.slice(6)}`)).toBe('[fnr]');
    expect(scrub(`Født: ${id}!`)).toBe('Født: [fnr]!');
  });

  it('refuses a fødselsnummer whose first check leaves 4 or more', () => {
    for (const rest of [4, 5, 6, 7, 8, 9, 10]) {
      const id = corpus.fodselsnummer(corpus.random(rest), rest);
      expect(scrub(id)).toBe(id);
    }
  });

  it.each([
    'Takk for kjøpet',
    'iPhone 15 Pro 256GB 2025',
    'Følg oss: @kari.no',
    'kari@localhost',
    'a @ b',
    'Vi er åpne 2026-11-23 kl. 10.00',
    '1 299,00 kr',
    'ORD-20261120-7',
    // Date, four digits and a check digit that happens to fit: an order number.
    'ORD-20121212-1212',
    // Without separator or keyword these are numbers like others.
    '0101901234',
    '8112289874',
    '1201743399',
    '40000000',
    '1795168000',
    // One digit wrong.
    '4111111111111112',
    'NO9386011117948',
    '131052-308S',
    '811228-9873 '.replace('811228', '813228'),
    '482310557.1795100000',
    'this-is-a-long-product-name-with-many-words-2024-and-more',
    '123e4567-e89b-12d3-a456-426614174000',
    'AntiDisestablishmentarianismForBeginners',
    '/Kategori/Underkategori/Produkt-Navn/Variant-12',
    'Mobil: Samsung Galaxy',
    '[phone] 40000000',
    // Another check sign than the one that belongs to it, a day, an order and an article.
    '12345678A',
    'X1234567M',
    'MRTMTT91D08F205K',
    '20261130Q',
    'ORD-12345678Z',
    'art. 12345678Z',
    'varenr 12345678Z',
    'ABC12345678Z',
    '12345678ZA',
    '1234567X7654321',
    'HEGG560427MVZRRL05',
    '85.07.30-033.29',
    '185057800608492',
    '756.9217.0769.86',
    '736028/5164',
    '12.345.678-6',
    // A GTIN is none of them. The number of an article is none, too.
    '7610200337450',
    'art.nr. 7569217076985',
    'Login at outlook.com',
    '12-12-12-12-12-12',
    '3C-22-FB-12-34-56-78',
    'A << B << C',
    'KRUS<<KOPP',
    '100% bomull & ull',
    'Rabatt 50%25',
    '',
  ])('leaves %j alone', (text) => {
    expect(scrub(text)).toBe(text);
    expect(Object.values(scrubCounted(text).found).every((count) => count === 0)).toBe(true);
  });

  it('counts per kind', () => {
    const { text, found } = scrubCounted('a@example.no, b@example.no og +4740000000');
    expect(text).toBe('[email], [email] og [phone]');
    expect(found).toEqual({ ...scrubCounted('').found, email: 2, phone: 1 });
  });
});

const ENCODINGS: Readonly<Record<string, (text: string) => string>> = {
  plain: (text) => text,
  mailto: (text) => `mailto:${text}`,
  percent: percent,
  'percent, twice': (text) => percent(percent(text)),
  'percent, three times': (text) => encodeURIComponent(encodeURIComponent(percent(text))),
  'as browsers encode it': encodeURIComponent,
  form: (text) => encodeURIComponent(text).replaceAll('%20', '+'),
  '%u': (text) => text.replaceAll(/[^]/g, (char) => `%u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
  'decimal entities': (text) => text.replaceAll(/[^]/g, (char) => `&#${char.charCodeAt(0)};`),
  'hexadecimal entities': (text) => text.replaceAll(/[^]/g, (char) => `&#x${char.charCodeAt(0).toString(16)};`),
  'entity for the punctuation': (text) =>
    text.replaceAll('@', '&commat;').replaceAll('.', '&period;').replaceAll('+', '&plus;'),
  'full width': (text) => text.replaceAll(/[!-~]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0)),
  'no-break spaces': (text) => text.replaceAll(' ', '\u00a0'),
  'zero-width space inside': (text) => `${text.slice(0, -2)}\u200b${text.slice(-2)}`,
  'after a broken sequence': (text) => `100% %zz %E0%A4 ${percent(text)}`,
};

function percent(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}

describe('decoding (R41)', () => {
  it.each(Object.entries(ENCODINGS))('no identifier escapes: %s', (_, encode) => {
    const next = corpus.random(41);
    for (const [kind, make] of Object.entries(corpus.PERSONAL)) {
      for (let i = 0; i < 50; i++) {
        const value = make(next);
        const encoded = encode(value);
        const clean = scrub(encoded);
        // A number may be taken for another kind of number; it must be taken for one.
        expect(clean, `${kind} ${value} as ${encoded}`).toMatch(/\[[a-z]+\]/);
        expect(clean).not.toContain(value);
        expect(clean).not.toContain(encoded);
      }
    }
  });

  it('gives up the whole value when personal data only shows after decoding', () => {
    expect(scrub('Kari Nordmann, kari%40example.no, Storgata 1')).toBe('[email]');
    expect(scrub('ola@example.no og kari%40example.no')).toBe('[email]');
  });

  it('is done after one pass', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'a1 @.%40+-[]&#;Aé＠0'.split(''), 'no', 'tlf', '%25', 'eyJ') }),
        (text) => {
          const once = scrub(text);
          expect(scrub(once)).toBe(once);
        },
      ),
      { numRuns: 5000, examples: [['a@a@a.no'], ['a@a@a.eyJ']] },
    );
  });

  it('takes any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(typeof scrub(text)).toBe('string');
      }),
      { numRuns: 3000 },
    );
  });

  it('leaves nothing personal wherever it stands in a text', () => {
    const word = fc.constantFrom('takk', 'hei,', '(se', '2025', 'kl.', '–', 'og');
    fc.assert(
      fc.property(
        fc.nat(),
        fc.constantFrom(...Object.values(corpus.PERSONAL)),
        fc.array(word),
        fc.array(word),
        (seed, make, before, after) => {
          const value = make(corpus.random(seed));
          expect(scrub([...before, 'xyz', value, 'xyz', ...after].join(' '))).not.toContain(value);
        },
      ),
      { seed: 44, numRuns: 3000 },
    );
  });
});

describe('linear time (R44)', () => {
  const unit = (text: string) => (length: number) => text.repeat(Math.ceil(length / text.length)).slice(0, length);
  it.each([
    'a',
    '1',
    '@',
    'a@',
    'a@a.',
    'a.a@a.a',
    '1 ',
    '12 ',
    '1234 ',
    '1-',
    '+1',
    '+',
    'eyJ',
    'eyJ.',
    'a1',
    'A1b2',
    '%',
    '%2',
    '%25',
    '%40',
    '&',
    '&#',
    '&#6',
    '&amp',
    '%u',
    'NO93 ',
    'NO12',
    '010190-',
    'tlf',
    'tlf 4000000 ',
    '＠',
    '\u200b',
    '=',
    'æ',
    'kt.',
    '12-',
    '41-',
    '07-123 ',
    '0047',
    '010170_',
    '=',
    'ab=',
    'ab: ',
    '"a":',
    'gclid=',
    'gclid=x&',
    'fb.1.',
    'GCL.',
    '1.1.',
    '2.1.k',
    '1.2.',
    '1.2.3.4 ',
    'a:',
    '::',
    '2001:',
    '59.12345,',
    'født ',
    'born 1',
    'x.no/',
    'Cj0K',
    '\\',
    '\\u',
    '"@',
    '/@',
    'a/b@c.no',
    '@a.no-',
    '<<',
    'A<<7408122F1204159',
    '3C-22-',
    '12345678-X ',
    'RSSMRA85T10A562X',
    'HEGG560427M',
    '12.345.678-',
    '85.07.30-033.',
    '1 85 05 78 006 ',
  ])('%j repeated', (text) => {
    const make = unit(text);
    expectLinear((length) => {
      const input = make(length);
      return () => scrub(input);
    }, 32_768);
  });
});

it('has a made-up value of every kind to find', () => {
  expect([...KINDS].sort()).toEqual(Object.keys(corpus.PERSONAL).sort());
});
