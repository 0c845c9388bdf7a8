import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCookieJson, type Json } from '../../src/consent/json.ts';

/** Our objects as the built-in parser would give them. */
function plain(json: Json | undefined): unknown {
  if (json instanceof Map) return Object.fromEntries([...json].map(([key, value]) => [key, plain(value)]));
  return Array.isArray(json) ? json.map(plain) : json;
}

function builtIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

describe('parseJson against JSON.parse', () => {
  it('reads what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5, noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value);
        // `__proto__` is an ordinary key in a Map, and not one in an object literal.
        fc.pre(!text.includes('__proto__'));
        expect(plain(parseCookieJson(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  it('reads nothing that JSON.parse refuses', () => {
    const part = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"b"',
      '1',
      '-',
      '.5',
      'true',
      'nul',
      '\\',
      '"',
      ' ',
      'e',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 14 }), (parts) => {
        const text = parts.join('');
        const ours = parseCookieJson(text);
        expect(plain(ours)).toEqual(ours === undefined ? undefined : builtIn(text));
      }),
      { numRuns: 20_000 },
    );
  });

  it.each([
    '01',
    '+1',
    '1.',
    '.5',
    '1e',
    'tru',
    'nulll',
    '"a',
    '"\\x"',
    '{"a":1,}',
    '[1,]',
    '{a:1}',
    "{'a':1}",
    '',
    ' ',
    '{} {}',
  ])('refuses %j', (text) => {
    expect(builtIn(text)).toBeUndefined();
    expect(parseCookieJson(text)).toBeUndefined();
  });
});

describe('parseJson where JSON.parse is too kind', () => {
  it('refuses a repeated key, at any depth, unless it says the same (README 0, rule 4)', () => {
    expect(parseCookieJson('{"marketing":false,"marketing":true}')).toBeUndefined();
    expect(parseCookieJson('{"a":{"b":[{"c":1,"c":"1"}]}}')).toBeUndefined();
    expect(parseCookieJson('{"a":[],"a":[]}')).toBeUndefined();
    expect(parseCookieJson('{"a":null,"a":null}')).toBeUndefined();
    expect(parseCookieJson('{"implicit":false,"b":1,"implicit":false}')).toEqual(
      new Map<string, unknown>([
        ['implicit', false],
        ['b', 1],
      ]),
    );
    expect(parseCookieJson('{"a":1,"\\u0061":2}')).toBeUndefined();
  });

  it('refuses to nest deeper than a consent ever does', () => {
    expect(parseCookieJson('['.repeat(15) + ']'.repeat(15))).toBeDefined();
    expect(parseCookieJson('['.repeat(17) + ']'.repeat(17))).toBeUndefined();
    expect(parseCookieJson('['.repeat(8_000))).toBeUndefined();
  });

  it('has no inherited keys', () => {
    const json = parseCookieJson('{"__proto__":{"marketing":true}}');
    expect(json instanceof Map && [...json.keys()]).toEqual(['__proto__']);
    expect(json instanceof Map && json.get('marketing')).toBeUndefined();
  });
});
