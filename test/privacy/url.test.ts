import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitPlain, splitUrl } from '../../src/privacy/url/split-url.ts';
import { cleanText, compileUrlPolicy, readReferrer, readUrl, type UrlSettings } from '../../src/privacy/url/url.ts';
import { expectLinear } from '../support/growth.ts';

const SETTINGS: UrlSettings = {
  query: ['utm_source', 'utm_medium', 'q', 'next', 'filter[]'],
  referrer: 'origin',
  neverForward: ['/helse/**'],
};
const policy = compileUrlPolicy(SETTINGS);
const policyWith = (changes: Partial<UrlSettings>) => compileUrlPolicy({ ...SETTINGS, ...changes });
const urlOf = (raw: string): string | undefined => readUrl(raw, policy)?.url;

describe('readUrl (R40, R46, R49)', () => {
  it('keeps listed query keys and takes click ids out', () => {
    // The page of contract/event.json.
    const page = readUrl(
      'https://shop.example.no/takk?utm_source=google&gclid=Cj0KExample_aBc&epost=kari%40example.no',
      policy,
    );
    expect(page).toEqual({
      url: 'https://shop.example.no/takk?utm_source=google',
      path: '/takk',
      neverForward: false,
      clickIds: { gclid: 'Cj0KExample_aBc' },
      googleClickParams: 'gclid=Cj0KExample_aBc',
      stripped: 'https://shop.example.no/takk',
    });
  });

  it.each([
    ['https://x.example', 'https://x.example/'],
    ['https://x.example?utm_source=a', 'https://x.example/?utm_source=a'],
    ['https://x.example/a#utm_source=b', 'https://x.example/a'],
    ['https://u:p@x.example/a', 'https://x.example/a'],
    ['HTTPS://X.Example:443/A', 'https://x.example/A'],
    ['http://x.example:8080/a', 'http://x.example:8080/a'],
    ['https://x.example/a/../b/./c', 'https://x.example/b/c'],
    ['https://blåbærsyltetøy.example/a', 'https://xn--blbrsyltety-y8ao3x.example/a'],
    ['  https://x.example/a\n', 'https://x.example/a'],
    // Spellings of the query.
    ['https://x.example/?utm_source=a;utm_medium=b;x=1', 'https://x.example/?utm_source=a&utm_medium=b'],
    ['https://x.example/?x=1?utm_source=a', 'https://x.example/?utm_source=a'],
    ['https://x.example/?x=1&amp;utm_source=a', 'https://x.example/?utm_source=a'],
    ['https://x.example/?%75tm_source=a&UTM_MEDIUM=b', 'https://x.example/?%75tm_source=a&UTM_MEDIUM=b'],
    ['https://x.example/?utm_source=a&utm_source=b', 'https://x.example/?utm_source=a&utm_source=b'],
    ['https://x.example/?filter[]=a&filter%5B1%5D=b', 'https://x.example/?filter[]=a&filter%5B1%5D=b'],
    ['https://x.example/?q=r%C3%B8d+krus', 'https://x.example/?q=r%C3%B8d+krus'],
    ['https://x.example/?q', 'https://x.example/?q'],
    ['https://x.example/?', 'https://x.example/'],
    ['https://x.example/?=a&&', 'https://x.example/'],
    ['https://x.example/#?utm_source=a', 'https://x.example/'],
    // Parameters in the path.
    ['https://x.example/a;jsessionid=1A2B/b;v=1?q=x', 'https://x.example/a/b?q=x'],
    ['https://x.example/a%3Bjsessionid=1A2B', 'https://x.example/a'],
    ['https://x.example/a&gclid=abc', 'https://x.example/a'],
    ['https://x.example/a%3Fepost%3Dkari', 'https://x.example/a'],
    ['https://x.example/gclid=abc/b', 'https://x.example/gclid/b'],
    ['https://x.example/..;/a', 'https://x.example//a'],
    ['https://x.example/rock&roll', 'https://x.example/rock&roll'],
    // Personal data in path and values.
    ['https://x.example/bruker/kari%40example.no/ordre/12345', 'https://x.example/bruker/[email]/ordre/12345'],
    ['https://x.example/bruker/kari@example.no/', 'https://x.example/bruker/[email]/'],
    ['https://x.example/ring/+4740000000', 'https://x.example/ring/[phone]'],
    ['https://x.example/tlf/40000000', 'https://x.example/tlf/[token]'],
    ['https://x.example/reset/x8JdAqkR93jfsdPz', 'https://x.example/reset/[token]'],
    ['https://x.example/produkt/krus-12345', 'https://x.example/produkt/krus-12345'],
    ['https://x.example/2026/11/23/sak', 'https://x.example/2026/11/23/sak'],
    ['https://x.example/?q=hei+kari%40example.no', 'https://x.example/?q=hei%20[email]'],
    ['https://x.example/?q=kari%2540example.no', 'https://x.example/?q=[email]'],
    // URLs in values.
    [
      'https://x.example/?next=https%3A%2F%2Fy.example%2Fa%3Ftoken%3D1%26q%3Db',
      'https://x.example/?next=https://y.example/a%3Fq%3Db',
    ],
    ['https://x.example/?next=/takk?epost=kari', 'https://x.example/?next=/takk'],
    ['https://x.example/?next=%2Ftakk%3Fepost%3Dkari', 'https://x.example/?next=/takk'],
    ['https://x.example/?next=%252Ftakk%253Fepost%253Dkari', 'https://x.example/?next=/takk'],
    ['https://x.example/?next=//y.example/a%3Fb=c', 'https://x.example/?next=https://y.example/a'],
    ['https://x.example/?next=https://x.example/helse/a', 'https://x.example/'],
    ['https://x.example/?next=%2Fhelse%2Fa', 'https://x.example/'],
    ['https://x.example/?next=https://%zz', 'https://x.example/'],
  ])('%s becomes %s', (raw, expected) => {
    expect(urlOf(raw)).toBe(expected);
  });

  it.each([
    '',
    'x',
    '/takk',
    'www.x.example/',
    'ftp://x.example/',
    'javascript:alert(1)',
    'mailto:kari@example.no',
    'https://',
    'https://a b/',
    `https://x.example/${'a'.repeat(8192)}`,
  ])('%j is no page', (raw) => {
    expect(readUrl(raw, policy)).toBeUndefined();
    expect(readReferrer(raw, policy)).toBeUndefined();
  });

  it('reads click ids in any spelling of the key and keeps their case', () => {
    const page = readUrl(
      'https://x.example/?GCLID=aB-c_1&gclid=second&gbraid=0AAA&WBRAID=wbr1&dclid=Dcl1&fbclid=IwAR0_aem_x&msclkid=m123&li_fat_id=123e4567-e89b-12d3-a456-426614174000&gclsrc=aw.ds&gad_source=1&gad_campaignid=42&srsltid=Afm',
      policy,
    );
    expect(page?.clickIds).toEqual({
      gclid: 'aB-c_1',
      gbraid: '0AAA',
      wbraid: 'wbr1',
      dclid: 'Dcl1',
      fbclid: 'IwAR0_aem_x',
      msclkid: 'm123',
      li_fat_id: '123e4567-e89b-12d3-a456-426614174000',
    });
    expect(page?.googleClickParams).toBe(
      'gclid=aB-c_1&gclid=second&gbraid=0AAA&wbraid=wbr1&dclid=Dcl1&gclsrc=aw.ds&gad_source=1&gad_campaignid=42&srsltid=Afm',
    );
    expect(page?.url).toBe('https://x.example/');
  });

  it('finds a click id behind the fragment of a single-page application', () => {
    expect(readUrl('https://x.example/#/takk?gclid=abc1', policy)?.clickIds).toEqual({ gclid: 'abc1' });
    expect(readUrl('https://x.example/?gclid=first#?gclid=late', policy)?.clickIds).toEqual({ gclid: 'first' });
  });

  it('lets nothing travel under the name of a click id', () => {
    const page = readUrl(`https://x.example/?gclid=kari%40example.no&fbclid=${'a'.repeat(513)}&msclkid=`, policy);
    expect(page?.clickIds).toEqual({});
    expect(page?.googleClickParams).toBeUndefined();
  });

  // One or more of every kind in the list (R46).
  it.each(
    'gclid fbclid ttclid twclid ScCid awc irclickid ranSiteID _ga _gl __hstc pk_vid utm_userid mc_eid _hsenc mkt_tok vero_id sms_uph sid PHPSESSID jsessionid email user_email_address'.split(
      ' ',
    ),
  )('%s never stays, even where the site lists it', (name) => {
    const listing = policyWith({ query: [name, name.toLowerCase(), 'utm_source'] });
    for (const spelling of [
      name,
      name.toUpperCase(),
      `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`,
      `${name}[]`,
    ]) {
      expect(readUrl(`https://x.example/?${spelling}=abc&utm_source=b`, listing)?.url).toBe(
        'https://x.example/?utm_source=b',
      );
    }
  });

  it('keeps a campaign parameter that the site lists', () => {
    const listing = policyWith({ query: ['gad_source', 'utm_campaign'] });
    expect(readUrl('https://x.example/?gad_source=1&utm_campaign=c', listing)?.url).toBe(
      'https://x.example/?gad_source=1&utm_campaign=c',
    );
  });
});

describe('neverForward', () => {
  it.each([
    '/helse',
    '/helse/',
    '/helse/a',
    '/helse/a/b?q=1',
    '/HELSE/a',
    '/%68else/a',
    '/%2568else/a',
    '/helse%2Fa',
    '//helse//a',
    '/./helse/a',
    '/x/../helse/a',
    '/x/%2e%2e/helse/a',
    '/x/%2E./helse/a',
    '/x%2f..%2fhelse/a',
    '/helse;v=1/a',
    '\\helse\\a',
    '/ｈｅｌｓｅ/a',
    '/#/helse/a',
    '/#!/helse/a?x=1',
    '/helse%2F..%2Fx',
  ])('covers %s', (path) => {
    expect(readUrl(`https://x.example${path}`, policy)?.neverForward).toBe(true);
    expect(readReferrer(`https://other.example${path}`, policy)).toBeUndefined();
  });

  it.each(['/', '/helsekost', '/a/helse', '/helse.html', '/helse/../a', '/?next=/helse/a', '/#helse'])(
    'does not cover %s',
    (path) => {
      expect(readUrl(`https://x.example${path}`, policy)?.neverForward).toBe(false);
    },
  );

  it.each([
    ['/a', '/a', true],
    ['/a', '/a/b', false],
    ['/a/*', '/a/b', true],
    ['/a/*', '/a/b/c', false],
    ['/a/*', '/a', false],
    ['/a*', '/abc', true],
    ['/a*c', '/abbc', true],
    ['/a*c', '/abbd', false],
    ['/**/helse/**', '/no/x/helse/y', true],
    ['/**/helse/**', '/helse', true],
    ['/**/helse', '/helse/y', false],
    ['/a/**/z', '/a/z', true],
    ['/a/**/z', '/a/b/c/z', true],
    ['/a/**/z', '/a/b/c', false],
    ['/**', '/', true],
    ['/Åpning/**', '/%C3%A5pning/x', true],
    ['/åpning/**', '/a%CC%8Apning/x', true],
    ['https://x.example/a/**', '/a/b', true],
    ['https://y.example/a/**', '/a/b', false],
  ])('%s and %s: %s', (pattern, path, expected) => {
    expect(readUrl(`https://x.example${path}`, policyWith({ neverForward: [pattern] }))?.neverForward).toBe(expected);
  });

  it.each(['', 'helse/**', 'x.example/helse', 'https://x.example'])(
    'refuses the pattern %j and names it',
    (pattern) => {
      expect(() => policyWith({ neverForward: [pattern] })).toThrow(new RegExp(`^"${pattern.replaceAll('*', '\\*')}"`));
    },
  );
});

describe('readReferrer', () => {
  const raw = 'https://user@www.google.example/search/kari%40example.no?q=krus&utm_source=a#x';
  it('none, origin or path', () => {
    expect(readReferrer(raw, policyWith({ referrer: 'none' }))).toBeUndefined();
    expect(readReferrer(raw, policyWith({ referrer: 'origin' }))).toBe('https://www.google.example/');
    // contract/gateway.yaml: query keys are kept in page URLs and referrers.
    expect(readReferrer(raw, policyWith({ referrer: 'path' }))).toBe(
      'https://www.google.example/search/[email]?q=krus&utm_source=a',
    );
  });
});

describe('cleanText', () => {
  it.each([
    ['Klær/Sko', 'Klær/Sko'],
    ['/ måned', '/ måned'],
    ['/klær/sko', '/klær/sko'],
    ['/takk?x=1&q=hei', '/takk?q=hei'],
    ['/bruker/kari@example.no', '/bruker/[email]'],
    ['mailto:kari@example.no', 'mailto:[email]'],
    ['tel:40000000', 'tel:[phone]'],
    ['https://x.example/a?token=1&gclid=x', 'https://x.example/a'],
    ['https%3A%2F%2Fx.example%2Fa%3Ftoken%3D1', 'https://x.example/a'],
    ['//x.example/a?token=1', 'https://x.example/a'],
    ['Les https://x.example/a?token=1 nå', 'Les https://x.example/a nå'],
    ['(se https://x.example/helse/b )', '(se  )'],
    ['Kari <kari@example.no> http://x.example/?e=1', 'Kari <[email]> http://x.example/'],
  ])('%j becomes %j', (text, expected) => {
    expect(cleanText(text, policy)).toBe(expected);
  });

  it.each(['https://x.example/helse/a', '/helse/a', '%2Fhelse%2Fa', 'https://[', 'https://x.example:99999/'])(
    'nothing of %j can stay',
    (text) => {
      expect(cleanText(text, policy)).toBeUndefined();
    },
  );
});

const URL_CHARACTERS = fc.constantFrom(
  ...'aZ09.-_~/?#&=;:@!$\'()*+,%[]|^`{}"<> \\\t\né'.split(''),
  '//',
  '/.',
  '/..',
  '%2e',
  '%2E',
  '--',
  'xn--',
  '.0x1',
  '1.2.3.4',
  ':443',
  ':80',
  'utm_source=',
  'gclid=',
  '%40',
);
const anyUrl = fc.oneof(
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc
    .tuple(
      fc.constantFrom('https://', 'http://', 'HTTPS://'),
      fc.constantFrom('x.example', 'x', ''),
      fc.string({ unit: URL_CHARACTERS }),
    )
    .map((parts) => parts.join('')),
);

describe('what stands in brackets behind a listed key', () => {
  it.each(['kari@example.no', 'kari%40example.no', 'kari%2540example.no', 'tlf 40000000'])(
    '%s: the pair goes',
    (text) => {
      expect(readUrl(`https://x.example/?filter[${text}]=a&q=b`, policy)?.url).toBe('https://x.example/?q=b');
      expect(readUrl(`https://x.example/?filter%5B${text}%5D=a`, policy)?.url).toBe('https://x.example/');
    },
  );

  it('stays where it names nobody', () => {
    const url = 'https://x.example/?filter[colour][0]=a';
    expect(readUrl(url, policy)?.url).toBe(url);
  });
});

describe('every URL', () => {
  it('is split as the WHATWG parser splits it, wherever the short way is taken', () => {
    fc.assert(
      fc.property(anyUrl, (raw) => {
        const url = URL.parse(raw);
        const parsed = url && {
          origin: url.origin,
          host: url.hostname,
          path: url.pathname,
          search: url.search,
          hash: url.hash,
        };
        expect(splitPlain(raw) ?? parsed).toEqual(parsed);
      }),
      { numRuns: 30_000 },
    );
  });

  it('takes the short way for what pages send', () => {
    for (const raw of [
      'https://shop.example.no/takk?utm_source=google&gclid=Cj0K_a-B#x',
      'http://example.com/a/b-c_d.html',
      'https://example.com',
    ]) {
      expect(splitPlain(raw)).toEqual(splitUrl(raw));
      expect(splitPlain(raw)).toBeDefined();
    }
  });

  /** What stands in the place of a finding may look like a name: of these, a second reading took more. */
  const SAID_TWICE: [string][] = [
    ['https://x.example\\1.2.3.4=a'],
    ['https://x.example/1.2.3.4:80é'],
    ['https://x.example/.1.2.3.4=a'],
    ['https://x.example/x1.2.3.4=a'],
    ['https://x.example/xeyJhbGciOiJ9.eyJzdWIi.abcd=a'],
    ['https://x.example/..gclid=&éutm_source='],
  ];
  it('comes out clean, as a URL, and the same when read again', () => {
    fc.assert(
      fc.property(anyUrl, (raw) => {
        const page = readUrl(raw, policy);
        if (page === undefined) return;
        const url = new URL(page.url);
        const keys = [...url.searchParams.keys()].map((key) => key.trim().toLowerCase().replace(/\[.*$/, ''));
        expect(['utm_source', 'utm_medium', 'q', 'next', 'filter']).toEqual(expect.arrayContaining(keys));
        expect([url.username, url.password, url.hash]).toEqual(['', '', '']);
        expect(page.url.startsWith(page.stripped)).toBe(true);
        expect(readUrl(page.url, policy)?.url).toBe(page.url);
      }),
      { numRuns: 20_000, examples: SAID_TWICE },
    );
  });

  it.each(['/', '/a1', '?', '&', ';', 'a=', 'q=%25', 'q=/', '%2f', '%3f', '[', '/..', '/%2e', 'q=https://'])(
    'is read in linear time at the longest: %s',
    (text) => {
      expectLinear((length) => {
        const raw = `https://x.example/?${text.repeat(length / text.length)}`;
        const path = raw.replace('?', '');
        return () => [readUrl(raw, policy), readUrl(path, policy)];
      }, 8_100);
    },
  );
});
