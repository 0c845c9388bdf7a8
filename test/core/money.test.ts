import { describe, expect, it } from 'vitest';
import { countryCode } from '../../src/core/countries.ts';
import { currencyCode, roundAmount } from '../../src/core/money.ts';
import { isPlaceholder } from '../../src/core/placeholders.ts';

describe('currencies (ISO 4217)', () => {
  it.each([
    ['NOK', 'NOK'],
    ['nok', 'NOK'],
    [' Eur ', 'EUR'],
    ['kr', undefined],
    ['€', undefined],
    ['NKR', undefined],
    ['Nkr.', undefined],
    [' NO', undefined],
    ['XXX', undefined],
    ['XAU', undefined],
    ['', undefined],
    ['constructor', undefined],
  ])('%j is %s', (text, code) => {
    expect(currencyCode(text)).toBe(code);
  });

  it('are known to the platform, all but the newest, and so are those of every country of Europe', () => {
    const known = new Set(Intl.supportedValuesOf('currency'));
    const ours = [...known].filter((code) => currencyCode(code) !== undefined);
    expect(ours.length).toBeGreaterThan(150);
    for (const code of 'NOK SEK DKK ISK EUR GBP CHF PLN CZK HUF RON RSD TRY UAH USD'.split(' '))
      expect(currencyCode(code)).toBe(code);
    // Ended: the kuna, the lev, the mark.
    for (const code of ['HRK', 'BGN', 'DEM']) expect(currencyCode(code)).toBeUndefined();
  });
});

it.each([
  [0.1 + 0.2, 0.3],
  [1.0000004, 1],
  [1.0000006, 1.000001],
  [-19.99, -19.99],
  [0, 0],
  [599, 599],
  [1e21, 1e21],
])('rounds %d to %d', (amount, rounded) => {
  expect(roundAmount(amount)).toBe(rounded);
});

it.each([
  ['NO', 'NO'],
  ['no', 'NO'],
  [' se ', 'SE'],
  ['UK', 'GB'],
  ['uk', 'GB'],
  ['EL', 'GR'],
  ['EU', undefined],
  ['XX', undefined],
  ['T1', undefined],
  ['Norway', undefined],
  ['NOR', undefined],
  ['', undefined],
])('%j is the country %s', (text, code) => {
  expect(countryCode(text)).toBe(code);
});

it.each([
  ['', true],
  ['undefined', true],
  ['NULL', true],
  ['NaN', true],
  ['[object Object]', true],
  ['(not set)', true],
  ['(none)', true],
  ['0', true],
  ['{{order_id}}', true],
  ['%%ORDER%%', true],
  ['ORD-1', false],
  ['_14:37:53', false],
])('%j stands for nothing: %s', (id, nothing) => {
  expect(isPlaceholder(id)).toBe(nothing);
});
