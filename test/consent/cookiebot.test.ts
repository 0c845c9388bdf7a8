import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cookiebot, readAny } from '../../src/consent/platforms/cookiebot.ts';
import type { Context } from '../../src/consent/platform.ts';
import { ServiceBook } from '../../src/consent/services.ts';
import { CATEGORY_SIGNALS } from '../../src/core/signals.ts';

// An explicit choice in the platform's own spelling is read in one step. The result must be the same as that of reading
// it piece by piece, also for texts that are nearly spelled like that.

const CONTEXT: Context = {
  source: 'cookiebot',
  categories: CATEGORY_SIGNALS,
  all: 127 & ~64,
  purposes: undefined,
  revision: undefined,
  optIn: false,
  regime: 'opt-in',
  honourGpc: true,
  readsTcf: false,
  listed: true,
  vendors: [],
  routes: [],
  book: new ServiceBook([], { own: new Map(), usual: new Map() }),
};

const flag = fc.constantFrom('true', 'false', 'tru', 'TRUE', '1', '');
const digits = fc.oneof(
  fc.constantFrom('0', '-1', '', '1e3', '1795169690123', '999999999999999', '1000000000000000'),
  fc.nat().map(String),
);
const stamp = fc.oneof(
  fc.constantFrom('k5Hr2bVbFoT0qZr1o1Zs9A==', '-1', '0', 'short', '%2B%2B%2B', 'a'.repeat(129)),
  fc.stringMatching(/^[A-Za-z0-9+/]{16,128}={0,3}$/),
);
const method = fc.constantFrom('explicit', 'implied', 'other', '');
const region = fc.constantFrom('no', 'de', 'us-06', 'US', '', "n'o", 'a'.repeat(17));

/** The cookie as the platform writes it, with these parts. */
const written = fc
  .tuple(stamp, flag, flag, flag, flag, method, digits, digits, region)
  .map(
    ([s, necessary, preferences, statistics, marketing, m, ver, utc, r]) =>
      `{stamp:%27${s}%27%2Cnecessary:${necessary}%2Cpreferences:${preferences}%2Cstatistics:${statistics}%2Cmarketing:${marketing}%2Cmethod:%27${m}%27%2Cver:${ver}%2Cutc:${utc}%2Cregion:%27${r}%27}`,
  );
/** Cut, doubled, with one character changed, decoded, or as it was. */
const damaged = fc
  .tuple(
    written,
    fc.nat(),
    fc.nat(),
    fc.constantFrom('cut', 'double', 'change', 'decode', 'leave'),
    fc.string({ maxLength: 3 }),
  )
  .map(([text, a, b, how, put]) => {
    const at = a % (text.length + 1);
    if (how === 'cut') return text.slice(0, at) + text.slice(at + (b % 12));
    if (how === 'double') return text.slice(0, at) + text.slice(at, at + (b % 40)) + text.slice(at);
    if (how === 'change') return text.slice(0, at) + put + text.slice(at + 1);
    return how === 'decode' ? text.replaceAll('%27', "'").replaceAll('%2C', ',') : text;
  });

describe('an explicit choice as Cookiebot spells it', () => {
  it('is read in one go as it is piece by piece', () => {
    fc.assert(
      fc.property(damaged, (value) => {
        expect(cookiebot.read({ names: ['CookieConsent'], values: [value] }, CONTEXT)).toEqual([
          readAny(value, CONTEXT),
        ]);
      }),
      { numRuns: 5000 },
    );
  });

  it.each(['true', 'false'])('says who chose, when and what: marketing %s', (marketing) => {
    const value = `{stamp:%27k5Hr2bVbFoT0qZr1o1Zs9A==%27%2Cnecessary:true%2Cpreferences:false%2Cstatistics:true%2Cmarketing:${marketing}%2Cmethod:%27explicit%27%2Cver:3%2Cutc:1795169690123%2Cregion:%27no%27}`;
    const { preferences, statistics, marketing: ads } = CATEGORY_SIGNALS;
    expect(cookiebot.read({ names: ['CookieConsent'], values: [value] }, CONTEXT)).toEqual([
      expect.objectContaining({
        status: 'given',
        granted: marketing === 'true' ? statistics | ads : statistics,
        refused: marketing === 'true' ? preferences : preferences | ads,
        withheld: 0,
        at: 1_795_169_690_123,
        version: '3',
        id: 'k5Hr2bVbFoT0qZr1o1Zs9A==',
      }),
    ]);
  });
});
