import { describe, expect, it } from 'vitest';
import { parseCookies } from '../../src/consent/cookie-header.ts';
import { Cleaner } from '../../src/privacy/cleaner.ts';
import { isIdName } from '../../src/privacy/id-names.ts';
import { OwnIds } from '../../src/privacy/own-ids.ts';
import { scrub } from '../../src/privacy/scrub.ts';
import { cleanPath } from '../../src/privacy/url-path.ts';
import { compileUrlPolicy } from '../../src/privacy/url.ts';

// What the canary search has found (docs/proof.md).

const NOW = Date.UTC(2026, 10, 23, 12);
const policy = compileUrlPolicy({ query: [], referrer: 'none', neverForward: [] });

function cleanerOf(cookies: string, userId?: string): Cleaner {
  return new Cleaner(
    policy,
    () => new OwnIds({ cookies: parseCookies(cookies), values: [], userIds: [userId], at: NOW }),
  );
}

describe('a path', () => {
  it.each(['/krus/kari&commat;example.no', '/krus/kari%26%2364%3Bexample.no', '/krus/kari&#64;example.no'])(
    'with the `@` of an address as a reference of HTML: %s',
    (path) => {
      expect(cleanPath(path)).toMatch(/\/\[email\]$/);
      expect(cleanPath(path)).not.toMatch(/kari|example/);
    },
  );

  it('with a click id in which there are no digits', () => {
    expect(cleanPath('/krus/EAIaIQobChMIabcdefgh')).toBe('/krus/[id]');
  });
});

describe('a text', () => {
  it('with an id in JSON in which there are no digits', () => {
    expect(scrub('{"yclid":"abcdefgh"}')).toBe('{"yclid":"[id]"}');
  });

  it('with a cookie whose separators are encoded: nothing behind them stays', () => {
    expect(scrub('GS2.1.s1795430000%2524o1%2524h7314210000043')).toBe('[id]');
    expect(scrub('GCL.1795430000.abc%2Dsecret')).toBe('[id]');
  });

  it('with the click id that `_uetmsclkid` keeps', () => {
    const id = 'ab73141800003cdef0123456789abcde';
    expect(cleanerOf(`_uetmsclkid=_uet${id}`).text(`Krus ${id}`)).toBe('Krus [id]');
  });
});

describe('a name', () => {
  it.each(['XExternalId', 'MYUserID', 'FBClickId'])('of an id behind capitals: %s', (name) => {
    expect(isIdName(name)).toBe(true);
  });
});

describe('the id of an event', () => {
  it("that is the site's id of its visitor is none", () => {
    expect(cleanerOf('', 'customer-4711').isId('Customer-4711')).toBe(false);
    expect(cleanerOf('', 'customer-4711').isId('order-1')).toBe(true);
  });
});
