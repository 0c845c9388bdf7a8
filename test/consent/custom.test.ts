import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { compileGateway } from '../../src/config/compile/index.ts';
import { NO_SECRETS } from '../../src/config/compile/secrets.ts';
import type { SiteConsent } from '../../src/consent/types.ts';
import { BANNER_ROWS, CUSTOM } from './custom-banners.ts';
import { inputOf, M, NOW, P, S, readConsent } from './site.ts';

// Banners that a site describes itself (docs/custom-banners.md). What they write is from the libraries themselves, which
// test/browser/custom-banners.test.ts runs.

const ROUTES = `
      ga4: { measurement_id: G-TEST000001, api_secret: "\${A}" }
      meta: { pixel_id: "123456789012345", access_token: "\${B}" }
      linkedin: { conversions: { purchase: "104012" }, access_token: "\${C}" }`;

/** The consent section of a site with this in `custom`. */
function siteWith(custom: string, more = ''): SiteConsent {
  const text = `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent:
      cmp: []${more}
      custom:
${custom.replaceAll(/^/gm, '        ')}
    destinations:${ROUTES}
`;
  const loaded = loadConfig(text, 'gateway.yaml', NOW);
  if (!('config' in loaded)) throw new Error(JSON.stringify(loaded.findings, null, 1));
  const [site] = compileGateway(loaded.config, NO_SECRETS).sites;
  if (site === undefined) throw new Error('no site');
  return site.consent;
}

const granted = (site: SiteConsent, cookie: string) => readConsent(inputOf(cookie, { at: NOW }), site).granted;

describe.each(Object.entries(BANNER_ROWS))('%s', (name, { steps }) => {
  const site = siteWith(CUSTOM[name] ?? '');

  it.each(steps)('%s: %s', (_step, want, cookie) => {
    const on = granted(site, cookie);
    expect(`${(on & S) === S ? 'S' : '-'}${(on & M) === M ? 'M' : '-'}`).toBe(want);
    expect(on & ~(S | M | P)).toBe(0);
  });

  it('cut off anywhere, nothing more is granted (property)', () => {
    const cut = fc.property(fc.constantFrom(...steps), fc.nat(), (step, at) => {
      const [, , cookie] = step;
      const start = cookie.indexOf('=') + 1;
      const shorter = cookie.slice(0, start + (at % (cookie.length - start + 1)));
      return (granted(site, shorter) & ~granted(site, cookie)) === 0;
    });
    expect(fc.check(cut, { numRuns: 400 }).failed).toBe(false);
  });

  it('damaged, it never becomes a consent it was not (property)', () => {
    // No letter, no digit and no sign of a record: such damage cannot write another valid record.
    const piece = fc.constantFrom(
      '\u0001',
      '~',
      '%',
      '%2',
      '%00',
      '%25',
      '{',
      '}',
      '"',
      '[',
      '!',
      '*',
      '$',
      ' x',
      '\\',
      '+',
    );
    const damage = fc.property(fc.constantFrom(...steps), fc.nat(), piece, fc.nat(6), (step, at, inserted, taken) => {
      const [, , cookie] = step;
      const start = cookie.indexOf('=') + 1;
      const i = start + (at % (cookie.length - start + 1));
      const damaged = cookie.slice(0, i) + inserted + cookie.slice(i + taken);
      return (granted(site, damaged) & ~granted(site, cookie)) === 0;
    });
    expect(fc.check(damage, { numRuns: 1_000 }).failed).toBe(false);
  });

  it('whatever stands there, only a record grants (property)', () => {
    const [cookieName = ''] = steps[0]?.[2].split('=') ?? [];
    const any = fc.property(fc.oneof(fc.string(), fc.json(), fc.base64String(), fc.webQueryParameters()), (text) => {
      // The whole record of the simplest of them.
      fc.pre(!/^\W*true\W*$/.test(text));
      return granted(site, `${cookieName}=${text.replaceAll(';', '')}`) === 0;
    });
    expect(fc.check(any, { numRuns: 300 }).failed).toBe(false);
  });

  it('two copies that disagree grant what both do', () => {
    const [refusal, consent] = [steps.find(([, want]) => want === '--'), steps.find(([, want]) => want === 'SM')];
    for (const both of [
      [refusal, consent],
      [consent, refusal],
    ]) {
      expect(granted(site, both.map((one) => one?.[2]).join('; '))).toBe(0);
    }
  });
});

describe('what is described', () => {
  const json = (value: unknown) => encodeURIComponent(JSON.stringify(value));
  it.each([
    [
      'flags with words of their own',
      'a: { cookie: c, encoding: json, granted: [1], refused: [0], flags: { s: statistics, m: marketing } }',
      `c=${json({ s: 1, m: 0 })}`,
      S,
    ],
    [
      'a word of another type is none',
      'a: { cookie: c, encoding: json, granted: [1], refused: [0], flags: { s: statistics } }',
      `c=${json({ s: '1' })}`,
      0,
    ],
    [
      'a flag that is neither',
      'a: { cookie: c, encoding: json, flags: { s: statistics, m: marketing } }',
      `c=${json({ s: true, m: 'maybe' })}`,
      0,
    ],
    [
      'a flag that is missing',
      'a: { cookie: c, encoding: json, flags: { s: statistics, m: marketing } }',
      `c=${json({ s: true })}`,
      0,
    ],
    [
      'a flag that is missing and so refused',
      'a: { cookie: c, encoding: json, absent: refused, flags: { s: statistics, m: marketing } }',
      `c=${json({ s: true })}`,
      S,
    ],
    [
      'two flags of one signal, one of them off',
      'a: { cookie: c, encoding: json, flags: { a: statistics, b: [statistics, marketing] } }',
      `c=${json({ a: true, b: false })}`,
      0,
    ],
    [
      'deep in it',
      'a: { cookie: c, encoding: json, flags: { x.y.z: statistics } }',
      `c=${json({ x: { y: { z: true } } })}`,
      S,
    ],
    [
      'a list in JSON',
      'a: { cookie: c, encoding: json, list: { at: x.on, names: { s: statistics, m: marketing } } }',
      `c=${json({ x: { on: ['s', 'other'] } })}`,
      S,
    ],
    [
      'a list that is the whole JSON',
      'a: { cookie: c, encoding: json, list: { names: { s: statistics } } }',
      `c=${json(['s'])}`,
      S,
    ],
    [
      'a list with something else in it',
      'a: { cookie: c, encoding: json, list: { names: { s: statistics } } }',
      `c=${json(['s', 1])}`,
      0,
    ],
    ['a list with a name twice', 'a: { cookie: c, list: { names: { s: statistics } } }', 'c=s,s', 0],
    ['a list as text', 'a: { cookie: c, between: "|", list: { names: { s: statistics, m: marketing } } }', 'c=x|m', M],
    ['a key twice', 'a: { cookie: c, encoding: json, flags: { s: statistics } }', 'c={"s":false,"s":true}', 0],
    [
      'entries with a key twice',
      'a: { cookie: c, granted: ["1"], refused: ["0"], flags: { s: statistics } }',
      'c=s:0,s:1',
      0,
    ],
    ['base64', `a: { cookie: c, encoding: base64, value: statistics }`, `c=${btoa('true')}`, S],
    [
      'JSON in base64',
      `a: { cookie: c, encoding: [base64, json], flags: { s: statistics } }`,
      `c=${btoa('{"s":true}')}`,
      S,
    ],
    [
      'a list in base64',
      `a: { cookie: c, encoding: [base64, json], list: { names: { s: statistics } } }`,
      `c=${btoa('["s"]')}`,
      S,
    ],
    ['JSON where a text was described', 'a: { cookie: c, value: statistics }', `c=${json(true)}x`, 0],
    [
      'encoded once more',
      'a: { cookie: c, encoding: json, flags: { s: statistics } }',
      `c=${encodeURIComponent(json({ s: true }))}`,
      S,
    ],
    ['another cookie', 'a: { cookie: c, value: statistics }', 'cc=true', 0],
    ['a number of YAML, as text', 'a: { cookie: c, granted: [1], refused: [0], value: statistics }', 'c=1', S],
  ])('%s', (_name, custom, cookie, expected) => {
    expect(granted(siteWith(custom), cookie)).toBe(expected);
  });

  it('a choice says when it was made, and one that is too old counts as none', () => {
    const timed = (unit: string, value: unknown) => {
      const site = siteWith(
        `a: { cookie: c, encoding: json, flags: { s: statistics }, time: { at: t, unit: ${unit} } }`,
        '\n      max_age: 30d',
      );
      return readConsent(inputOf(`c=${json({ s: true, t: value })}`, { at: NOW }), site);
    };
    const day = 86_400_000;
    expect(timed('ms', NOW - day)).toMatchObject({ granted: S, at: NOW - day });
    expect(timed('s', String((NOW - day) / 1000))).toMatchObject({ granted: S, at: NOW - day });
    expect(timed('iso', new Date(NOW - day).toISOString()).granted).toBe(S);
    expect(timed('ms', NOW - 31 * day).granted).toBe(0);
    expect(timed('ms', 'yesterday').granted).toBe(0);
    expect(timed('ms', NOW + 3 * day).granted).toBe(0);
  });

  it('a service that was refused closes its routes, beside a category that was accepted', () => {
    const site = siteWith('a: { cookie: c, encoding: json, flags: { ads: marketing }, services: { at: services } }');
    const consent = readConsent(
      inputOf(`c=${json({ ads: true, services: { 'Facebook Pixel': false, LinkedIn: true } })}`, { at: NOW }),
      site,
    );
    expect(consent.granted).toBe(M);
    expect(consent.terms?.get('meta')?.open).toBe(0);
    expect(consent.terms?.get('linkedin')).toBeUndefined();
  });

  it('services alone stand for signals', () => {
    const site = siteWith(
      'a: { cookie: c, encoding: json, services: { at: d, signals: { Google Analytics: statistics, Facebook Pixel: marketing } } }',
    );
    expect(granted(site, `c=${json({ d: { 'Google Analytics': true, 'Facebook Pixel': false } })}`)).toBe(S);
    expect(granted(site, `c=${json({ d: { 'Google Analytics': 'on' } })}`)).toBe(0);
  });

  it('what is refused in it is an objection; what cannot be read takes away from others', () => {
    const site = siteWith('a: { cookie: c, value: statistics }\nb: { cookie: d, value: [statistics, marketing] }');
    expect(readConsent(inputOf('c=false', { at: NOW }), site)).toMatchObject({ refused: S, granted: 0 });
    expect(granted(site, 'd=true')).toBe(S | M);
    expect(granted(site, 'd=true; c=maybe')).toBe(0);
  });
});
