import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cookieValues, parseCookies } from '../../src/consent/cookie-header.ts';

const pairs = (header: string) => {
  const { names, values } = parseCookies(header);
  return names.map((name, i) => [name, values[i]]);
};

describe('parseCookies (consent.md 0, rule 1)', () => {
  it.each([
    [
      'a=1; b=2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    [
      'a=1;b=2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['a=b==; c', [['a', 'b==']]],
    [';; a =x; ; b', [['a', 'x']]],
    [
      'a="x"; b="; c=""',
      [
        ['a', 'x'],
        ['b', '"'],
        ['c', ''],
      ],
    ],
    ['a={"k":"v, w"}', [['a', '{"k":"v, w"}']]],
    [
      'a=1; a=2',
      [
        ['a', '1'],
        ['a', '2'],
      ],
    ],
    ['a=%41', [['a', '%41']]],
    // Unicode space is part of a name (R29).
    ['\u2000a=1', [['\u2000a', '1']]],
    ['\u0085a=1', [['\u0085a', '1']]],
  ])('%j', (header, expected) => {
    expect(pairs(header)).toEqual(expected);
  });

  it('is unreadable past its limits and with control characters, as a whole', () => {
    const long = `a=${'b'.repeat(8_192)}`;
    expect(pairs(long)).toHaveLength(1);
    for (const header of [
      `${long}b`,
      'a=1; '.repeat(401),
      `a=1; ${'b'.repeat(32_768)}=1`,
      'a=1\u0000',
      'a=1\r',
      'a=\u007f',
    ]) {
      // The header itself stays for what is taken back: limits hold for grants only.
      expect(parseCookies(header)).toEqual({ names: [], values: [], unreadable: true, header });
    }
    expect(parseCookies('').unreadable).toBeUndefined();
  });

  it('reads back what was joined', () => {
    const token = fc.stringMatching(/^[A-Za-z0-9_.-]{1,12}$/);
    const value = fc.stringMatching(/^[A-Za-z0-9=%:{},'-]{0,20}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(token, value), { maxLength: 30 }), (cookies) => {
        expect(pairs(cookies.map(([name, text]) => `${name}=${text}`).join('; '))).toEqual(cookies);
      }),
    );
  });

  it('finds all values of a name, in order, by its exact spelling', () => {
    const cookies = parseCookies('a=1; A=2; a=3');
    expect(cookieValues(cookies, 'a')).toEqual(['1', '3']);
    expect(cookieValues(cookies, 'b')).toEqual([]);
  });
});
