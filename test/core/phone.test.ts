import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { e164 } from '../../src/core/phone.ts';

// Formats: ITU-T E.123 and E.164; national rules: ITU-T E.129, as the numbering authorities publish them.

describe('what is certain', () => {
  it.each<[string, string | undefined, string]>([
    ['+4740000000', undefined, '+4740000000'],
    ['+47 400 00 000', undefined, '+4740000000'],
    ['0047.400.00.000', undefined, '+4740000000'],
    ['(+47) 40 00 00 00', undefined, '+4740000000'],
    ['+47‑400‑00‑000', undefined, '+4740000000'],
    ['+47\u00a0400\u00a000\u00a0000', undefined, '+4740000000'],
    ['tel:+4740000000', undefined, '+4740000000'],
    ['\u202a+47 400 00 000\u202c', undefined, '+4740000000'],
    ['＋４７ ４００ ００ ０００', undefined, '+4740000000'],
    ['+49 (0)30 901820', undefined, '+4930901820'],
    ['0049 (0) 30/901820', undefined, '+4930901820'],
    ['+46 070-123 45 67', undefined, '+46701234567'],
    ['+36 (06) 1 234 5678', undefined, '+3612345678'],
    ['+39 (0)6 1234 5678', undefined, '+390612345678'],
    ['+39 06 1234 5678', undefined, '+390612345678'],
    ['+90 (0) 212 123 45 67', undefined, '+902121234567'],
    ['+1 (425) 555-1234', undefined, '+14255551234'],
    ['+47 400 00 000', 'SE', '+4740000000'],
    ['91 23 45 67', 'NO', '+4791234567'],
    ['91234567', 'no', '+4791234567'],
    ['20 12 34 56', 'DK', '+4520123456'],
    ['070-123 45 67', 'SE', '+46701234567'],
    ['040 123 4567', 'FI', '+358401234567'],
    ['581 2345', 'IS', '+3545812345'],
    ['(030) 90 18 20', 'DE', '+4930901820'],
    ['06 12 34 56 78', 'FR', '+33612345678'],
    ['020 7946 0018', 'UK', '+442079460018'],
    ['06-12345678', 'NL', '+31612345678'],
    ['06 1234 5678', 'IT', '+390612345678'],
    ['347 123 4567', 'IT', '+393471234567'],
    ['06 30 123 4567', 'HU', '+36301234567'],
    ['510 555 0011', 'US', '+15105550011'],
    ['1-510-555-0011', 'CA', '+15105550011'],
    ['011 47 400 00 000', 'US', '+4740000000'],
    ['0011 47 400 00 000', 'AU', '+4740000000'],
  ])('%s in %s', (number, country, expected) => {
    expect(e164(number, country)).toBe(expected);
  });
});

describe('what is not', () => {
  it.each<[string, string, string | undefined]>([
    ['a national number of nobody knows where', '91234567', undefined],
    ['the same with a country that is none', '91234567', 'Norway'],
    ['a national number of a country whose rules are not known here', '0212 123 45 67', 'TR'],
    ['a country code without its plus', '4791234567', 'NO'],
    ['a digit too few', '9123456', 'NO'],
    ['a number that begins as none does there', '12345678', 'NO'],
    ['a trunk zero where there is none', '091234567', 'NO'],
    ['a number without its trunk zero', '701234567', 'SE'],
    ['an extension', '+1 (555) 123-4567 ext.89', undefined],
    ['an extension by letter', '+47 22 00 00 00 x12', undefined],
    ['an extension by sign', '+47 22 00 00 00 #12', undefined],
    ['an extension of RFC 3966', '+47-22000000;ext=12', undefined],
    ['letters', '1-800-FLOWERS', 'US'],
    ['a word in front', 'Tlf. 91234567', 'NO'],
    ['two numbers', '+47 91234567 / 92345678', undefined],
    ['two numbers at home', '91234567 / 92345678', 'NO'],
    ['two plus signs', '+47 +91234567', undefined],
    ['a plus inside', '47+91234567', undefined],
    ['a country code that begins with zero', '+0 4255551234', undefined],
    ['too short', '+47 12', undefined],
    ['too long', '+47 1234 5678 9012 345', undefined],
    ['eleven digits in North America', '+1 425 555 12345', undefined],
    ['an area of North America that is none', '00 11 47 400 00 00', undefined],
    ['nothing', '', 'NO'],
    ['a word', 'undefined', 'NO'],
    ['forty-one characters', `+47${' '.repeat(31)}40000000`, undefined],
  ])('%s', (_, number, country) => {
    expect(e164(number, country)).toBeUndefined();
  });
});

it('gives E.164 or nothing, and the same for what it gave', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^(?:\+|00)?[0-9 ().-]{0,20}$/));
  fc.assert(
    fc.property(text, fc.constantFrom(undefined, 'NO', 'SE', 'IT', 'US', 'AU', 'HU', 'LT'), (number, country) => {
      const found = e164(number, country);
      if (found === undefined) return;
      expect(found).toMatch(/^\+[1-9]\d{6,14}$/);
      expect(e164(found)).toBe(found);
      expect(e164(found, 'DE')).toBe(found);
    }),
    { numRuns: 5000 },
  );
});
