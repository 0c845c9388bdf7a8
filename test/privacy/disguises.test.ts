import { describe, expect, it } from 'vitest';
import { parseCookies } from '../../src/consent/cookie-header.ts';
import { Cleaner } from '../../src/privacy/cleaner.ts';
import { isIdName } from '../../src/privacy/id-names.ts';
import { OwnIds } from '../../src/privacy/own-ids.ts';
import { scrub } from '../../src/privacy/pii/scrub.ts';
import { cleanPath } from '../../src/privacy/url/url-path.ts';
import { compileUrlPolicy, readUrl } from '../../src/privacy/url/url.ts';
import { expectLinear } from '../support/growth.ts';

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

  it('whose parts have gone is the same when it is read again: a tag names nothing', () => {
    for (const path of ['/.1.2.3.4/.1.2.3.4%3E%C3%A9%3E', '/kari@example.no/ABC123def456ghi789'])
      expect(cleanPath(cleanPath(path))).toBe(cleanPath(path));
  });

  it.each(['95.5.4.9', '1.2.3.4', '10.0.0.1.'])('with an IP address of few digits: %s', (address) => {
    expect(cleanPath(`/krus/${address}`)).toContain('[ip]');
  });

  it('with a click id in which there are no digits', () => {
    expect(cleanPath('/krus/EAIaIQobChMIabcdefgh')).toBe('/krus/[id]');
  });

  it.each([
    '/krus/%7B%5C%22dclid%5C%22:%5C%22abcdefghijkl%5C%22%7D',
    '/krus/%257B%255C%2522dclid%255C%2522%253A%255C%2522abcdefghijk1%255C%2522%257D',
    '/krus/%7B%22fbclid%22:%22abcdefghijkl%22%7D',
  ])('with an id in JSON whose quotes are encoded, so that they have digits: %s', (path) => {
    expect(cleanPath(path)).not.toContain('abcdefghijk');
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
    const cleaner = cleanerOf(`_uetmsclkid=_uet${id}`);
    // In a text it is a token before it is the visitor's id.
    expect(cleaner.text(`Krus ${id}`)).toBe('Krus [token]');
    expect([cleaner.article(id), cleaner.isId(id)]).toEqual(['[id]', false]);
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

describe('an id in a text', () => {
  it.each([
    ['gclid|abc123secretX', 'gclid|[id]'],
    ['gclid%7C%22abc123secretX', 'gclid%7C%22[id]'],
    ['gclid%255C%2522abc123secretX', 'gclid%255C%2522[id]'],
    ['gclid/abc123secretX', 'gclid/[id]'],
    ['gclid is abc123secretX', 'gclid is [id]'],
    ['fbclid => abc123secretX', 'fbclid => [id]'],
    ['["gclid","abc123secretX"]', '["gclid","[id]"]'],
    ['{"key":"msclkid","value":"abc123secretX"}', '{"key":"msclkid","value":"[id]"}'],
    ['<gclid>abc123secretX</gclid>', '<gclid>[id]</gclid>'],
  ])('behind its name, whatever stands between: %s', (text, clean) => {
    expect(scrub(text)).toBe(clean);
  });

  it.each([
    'amp_1a2b3c=Zx81secretX9abcdefghij',
    'AMP_1a2b3c4d5e=JTdCJTIyZGV2aWNlSWQlMjI',
    'mp_0a1b2c3d4e_mixpanel=17f0c1a2b3c4d5',
    'ph_phc_a1b2c3_posthog=0190aaaa-bbbb-7ccc',
    '_sp_id.1fff=d0a2f5b0-9d5a-4b3d-8e0f-1c2d3e4f5a6b',
    '_pk_id.1.1fff=0a1b2c3d4e5f6071.1764000000',
    '_hjSessionUser_123456=eyJpZCI6ImFiYyJ9',
  ])('in a cookie whose name ends in a key of the site: %s', (text) => {
    expect(scrub(text)).toBe('');
  });

  it.each([
    'xfb.1.1764000000000.1234567890',
    'E.C.P.CrABqKZ8pU6u7wVb',
    '2-4kzwq8x9j3l5m7n1p0r2t6v',
    'oeu1764000000000r0.123456789',
    'MCMID|12345678901234567890123456789012345678',
    '0AAAAADabcdef1234GHIJKL',
    'AfmBOoqsecretABCdefghijk',
    '1*1abcdef*_ga*MTIzNDU2Nzg5LjE3NjQwMDAwMDA.*_ga_ABC*czE3',
  ])('by its form: %s', (text) => {
    expect(scrub(`Krus ${text} i blått`)).toMatch(/^Krus x?\[id\] i blått$/);
  });

  it.each([
    'Hva er gclid? Guide for 2026',
    'gclid: slik virker den',
    '2-pack-kopper',
    'E.C.P. og annet',
    'dclid og fbclid',
  ])('is not what only speaks of one: %s', (text) => {
    expect(scrub(text)).toBe(text);
  });

  it.each(['gclid', 'gclid ', 'gclid|a', 'gclid1', 'a1:', '1.1.1.1:a', 'abcdef:x', '@uid:'])(
    'is found in linear time: %s',
    (text) => {
      expectLinear((length) => {
        const long = text.repeat(length / text.length);
        return () => scrub(long);
      }, 16_000);
    },
  );
});

describe('what is said of a person in a text', () => {
  it.each([
    ['password=hemmelig 123&x=1', 'x=1'],
    ['fornavn=Kari&etternavn=Nordmann Hansen&side=2', 'side=2'],
    [
      '{"first_name":"Kari Anne","last_name":"Nordmann","name":"Krus"}',
      '{"first_name":"[id]","last_name":"[id]","name":"Krus"}',
    ],
    ['{"email":"kari","size":"M"}', '{"email":"[id]","size":"M"}'],
    ['{\\"phone\\":\\"40001234\\"}', '{\\"phone\\":\\"[id]\\"}'],
  ])('goes by its name: %s', (text, clean) => {
    expect(scrub(text)).toBe(clean);
  });

  it.each([
    'name=Krus&code=SOMMER',
    '{"name":"Krus","key":"farge","code":"SOMMER20"}',
    'Kontakt: post',
    'Adresse: Oslo',
  ])('is none where things are called so: %s', (text) => {
    expect(scrub(text)).toBe(text);
  });
});

describe('an e-mail address', () => {
  it.each([
    'kari(at)example.no',
    'kari (at) example.no',
    'kari [at] example [dot] no',
    'kari.nordmann at example dot no',
    'kari{a}example.no',
    'kari (alfakrøll) example.no',
    'kari snabel-a example.no',
    'kari-at-example.no',
    'kari_at_example.no',
    'kari @ example.no',
    'kari@ example.no',
    'kari@example . no',
    'kari@@example.no',
    'kari@example,no',
    'kari@gmail',
    'kari@hotmailcom',
    'kari@example。no',
    'kari＠example．no',
    'kari%20%28at%29%20example.no',
    'a2FyaUBleGFtcGxlLm5v',
    'YTJGeWFVQmxlR0Z0Y0d4bExtNXY',
    'eyJlIjoia2FyaUBleGFtcGxlLm5vIn0',
    '6b617269406578616d706c652e6e6f',
  ])('spelled, slipped or encoded: %s', (address) => {
    const clean = scrub(`Fra ${address} i dag`);
    expect(clean).toMatch(/\[(?:email|token)\]/);
    expect(clean).not.toContain(address);
    expect(clean).not.toMatch(/kari|example|a2Fya/);
  });

  it.each([
    'Følg @krus.no',
    'Salt@Home kopp',
    'Sonett Mac@Work',
    '2@1 såpe og balsam',
    'Look (at) me! T-skjorte',
    'Look at the dot net framework',
    'Meet me at example.no',
    'look-at-me-krus',
    'Møt oss @ messen 2026',
    'Krus (a) 12,50 kr.',
    'CollectionSummerKopperXL2026',
    'ABCDEFGHIJKLMNOP',
    'd0a2f5b0-9d5a-4b3d-8e0f-1c2d3e4f5a6b',
    '40404040404040404040',
  ])('is not in what is only like one: %s', (text) => {
    expect(scrub(text)).toBe(text);
  });

  it.each(['a @ ', 'a(at)b.', 'kari at b dot ', 'a@@', 'a@b,', 'a@b . ', 'QUJD', 'a-at-b.c'])(
    'is found in linear time: %s',
    (text) => {
      expectLinear((length) => {
        const long = text.repeat(length / text.length);
        return () => scrub(long);
      }, 16_000);
    },
  );

  it('in base64 or hexadecimal makes no id of an order', () => {
    const cleaner = cleanerOf('');
    expect(cleaner.isId('a2FyaUBleGFtcGxlLm5v')).toBe(false);
    expect(cleaner.isId('6b617269406578616d706c652e6e6f')).toBe(false);
    expect(cleaner.article('a2FyaUBleGFtcGxlLm5v')).toBe('[token]');
    expect(cleaner.isId('1760044298197_17643404997032')).toBe(true);
  });
});

describe('a number', () => {
  it.each([
    ['4111.1111.1111.1111', '[card]'],
    ['4111/1111/1111/1111', '[card]'],
    ['4111_1111_1111_1111', '[card]'],
    ['8601.11.17947', '[iban]'],
    ['8601 11 17947', '[iban]'],
    ['00:1B:44:11:3A:B7', '[id]'],
    ['+٤٧٤٠٠٠١٢٣٤', '[phone]'],
    ['https://wa.me/4740001234', 'https://wa.me/[phone]'],
    ['203.0.113.7:80:443x', '[ip]:80:443x'],
  ])('in another form: %s', (text, clean) => {
    expect(scrub(text)).toBe(clean);
  });

  it.each(['8601.11.17946', '1234.56.78901', '4111.1111', '12:30:45:10:20:30', '1.2.3.4a', 'varenr 8601.11.17947'])(
    'that is none of a person stays: %s',
    (text) => {
      expect(scrub(text)).toBe(text);
    },
  );
});

describe('a page address', () => {
  it.each([
    ['https://x.example/bruker/kari\\u0040example.no', 'https://x.example/bruker/[email]'],
    ['https://x.example/bruker/kari\\x40example.no', 'https://x.example/bruker/[email]'],
    ['https://x.example/bruker/kari&#64;example.no', 'https://x.example/bruker/[email]'],
    ['https://x.example/bruker/kari(at)example.no', 'https://x.example/bruker/[email]'],
    ['https://x.example/krus/R&#s', 'https://x.example/krus/R&'],
  ])('with the sign of an address written otherwise: %s', (raw, clean) => {
    expect(readUrl(raw, policy)?.url).toBe(clean);
  });
});

describe('a click id behind its name', () => {
  it('makes no id of an order or an article, and goes from a path and a listed key', () => {
    expect(cleanerOf('').isId('gclid_abc123secretX')).toBe(false);
    expect(cleanerOf('').article('gclid_abc123secretX')).toBe('gclid[id]');
    expect(cleanPath('/krus/gclid-abc123secretX')).toBe('/krus/gclid[id]');
    const listed = compileUrlPolicy({ query: ['q'], referrer: 'none', neverForward: [] });
    expect(readUrl('https://x.example/?q=AfmBOoqsecretABCdefghijk', listed)?.url).toBe('https://x.example/?q=[id]');
    expect(readUrl('https://x.example/?q=kari-at-example.no', listed)?.url).toBe('https://x.example/?q=[email]');
  });
});
