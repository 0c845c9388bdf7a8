import { describe, expect, it } from 'vitest';
import { sign, verify } from '../../src/cookies/signing.ts';
import { ADS, ANALYTICS, DAY, HOST, HOUR, NOW, SETTINGS, seconds, signingKey, visit } from './visit.ts';
import { parseSetCookie } from './browser.ts';

const S = seconds(NOW - HOUR);
const GA = `_ga=GA1.1.482310557.${S}`;
const FBP = `_fbp=fb.1.${NOW - HOUR}.1098115397`;

const setOf = (set: readonly string[], name: string) =>
  set.map(parseSetCookie).find((cookie) => cookie.name === name && cookie.attributes['Max-Age'] !== '0');

describe('a hit with none of ours', () => {
  it('reads, sets and withdraws nothing', () => {
    const nothing = { identifiers: {}, subjects: [], carried: [], set: [] };
    for (const granted of [0, 127]) {
      expect(visit('CookieConsent={stamp:1}; lang=nb; _cfuvid=x', { granted, landing: {} })).toEqual(nothing);
      expect(visit('', { granted, landing: { gclid: undefined } })).toEqual(nothing);
    }
  });
});

describe('subjects and withdrawal (design 3, R16)', () => {
  it('names the visitor by everything that may be left when the others are deleted', () => {
    expect(visit(`${GA}; ${FBP}; _gcl_aw=GCL.${S}.abc1; _fbc=fb.1.${NOW - HOUR}.IwAR`).subjects).toEqual([
      `ga:482310557.${S}`,
      `fbp:fb.1.${NOW - HOUR}.1098115397`,
      'gclid:abc1',
      'fbc:IwAR',
    ]);
  });

  it('names a click by its id, whoever wrote the cookie and when', () => {
    const landing = visit('', { granted: ADS, landing: { fbclid: 'IwAR' } });
    expect(landing.subjects).toEqual(['fbc:IwAR']);
    expect(visit(`_fbc=fb.1.${NOW - HOUR}.IwAR`, { granted: 0 }).withdrawn).toEqual(['fbc:IwAR']);
  });

  it('takes at most eight, one of every kind before a second of any', () => {
    const twins = Array.from({ length: 390 }, (_, i) => `_ga=GA1.1.${i}.${S}`).join('; ');
    const { subjects, withdrawn = [] } = visit(`${twins}; ${FBP}; _fbc=fb.1.${NOW - HOUR}.IwAR`);
    expect(subjects).toHaveLength(8);
    expect(subjects).toEqual(expect.arrayContaining([`fbp:fb.1.${NOW - HOUR}.1098115397`, 'fbc:IwAR']));
    expect(withdrawn).toEqual([]);
  });

  it.each([
    [
      'a hundred governed cookies before it',
      `${Array.from({ length: 100 }, (_, i) => `_ga_${i}=1`).join('; ')}; ${GA}`,
    ],
    ['a cookie over 8 kB beside it', `big=${'x'.repeat(9_000)}; ${GA}`],
    ['hundreds of cookies before it', `${Array.from({ length: 450 }, (_, i) => `c${i}=1`).join('; ')}; ${GA}`],
    ['a control character in the header', `a=\x01; ${GA}`],
    [
      'a header that is too long',
      `${Array.from({ length: 9 }, (_, i) => `c${i}=${'x'.repeat(4_000)}`).join('; ')}; ${GA}`,
    ],
  ])('limits do not keep a withdrawal from being seen: %s', (_, header) => {
    const { withdrawn, set } = visit(header, { granted: 0 });
    expect(withdrawn).toContain(`ga:482310557.${S}`);
    expect(set.some((cookie) => cookie.startsWith('_ga=;'))).toBe(true);
  });

  it('names a visitor with nothing else by the click ids, so that these events can be found again', () => {
    const marketing = visit(`_gcl_aw=GCL.${S}.abc1`, { granted: ADS });
    expect(marketing.subjects).toEqual(['gclid:abc1']);
    expect(visit(`_gcl_aw=GCL.${S}.abc1`, { granted: 0 }).withdrawn).toEqual(['gclid:abc1']);
    const landing = visit('', { granted: ADS, landing: { gclid: 'abc1' } });
    expect(landing.subjects).toEqual(['gclid:abc1']);
  });

  it('withdraws every value that came, under both names of one cookie', () => {
    const { withdrawn } = visit(`${GA}; _ga=GA1.1.777.${S}; ${FBP}`, { granted: 0 });
    expect(new Set(withdrawn)).toEqual(
      new Set([`ga:482310557.${S}`, `ga:777.${S}`, `fbp:fb.1.${NOW - HOUR}.1098115397`]),
    );
  });

  it('withdraws the client id, too, when only marketing is taken back: ad events are filed under it', () => {
    const reading = visit(`${GA}; _gcl_au=1.1.5.${S}`, { granted: ANALYTICS });
    expect(reading.withdrawn).toEqual([`gclau:1.1.5.${S}`, `ga:482310557.${S}`]);
    expect(reading.identifiers).toEqual({ client_id: `482310557.${S}` });
  });

  it('withdraws nothing while every cookie has its signal', () => {
    expect(visit(`${GA}; ${FBP}`).withdrawn).toBeUndefined();
    expect(visit(GA, { granted: ANALYTICS }).withdrawn).toBeUndefined();
  });

  it('names a visitor whose id is too old to be used, and one whose id has no time', () => {
    const old = `482310557.${seconds(NOW - 8 * DAY)}`;
    expect(visit(`_ga=GA1.1.${old}`)).toMatchObject({ identifiers: {}, subjects: [`ga:${old}`] });
    expect(visit('_ga=GA1.1.12345.678')).toMatchObject({ identifiers: {}, subjects: ['ga:12345.678'] });
  });
});

describe('where cookies are expired (R32)', () => {
  const domains = (host: string, domain: string | undefined) =>
    visit(FBP, { granted: 0, host, settings: { ...SETTINGS, domain } }).set.map(
      (header) => parseSetCookie(header).attributes['Domain'],
    );

  it('at home, host-only, and on every domain from the host up to two labels', () => {
    expect(domains('a.b.example.no', 'b.example.no')).toEqual([
      'b.example.no',
      undefined,
      'example.no',
      'a.b.example.no',
    ]);
    expect(domains('shop.example.co.uk', undefined)).toEqual([
      undefined,
      'co.uk',
      'example.co.uk',
      'shop.example.co.uk',
    ]);
  });

  it('host-only where there are no parents', () => {
    for (const host of ['localhost', '127.0.0.1', '[::1]']) expect(domains(host, undefined)).toEqual([undefined]);
  });

  it('at home also when a proxy has renamed the host', () => {
    expect(domains('127.0.0.1', 'example.no')).toEqual(['example.no', undefined]);
  });

  it('never lets a host into the header that is not one', () => {
    expect(domains('x; Domain=evil.example', undefined)).toEqual([undefined]);
  });
});

describe('where cookies are kept', () => {
  it('host-only on a host without parents', () => {
    const { set } = visit(GA, { host: 'localhost', settings: { ...SETTINGS, domain: undefined } });
    expect(set).toEqual([`${GA}; Max-Age=${(7 * DAY - HOUR) / 1000}; Path=/; Secure; SameSite=Lax`]);
  });

  it('not at all where nobody can say on which domain the page wrote them: a second copy would mislead the tag', () => {
    const reading = visit(GA, { settings: { ...SETTINGS, domain: undefined } });
    expect(reading.set).toEqual([]);
    expect(reading.identifiers).toEqual({ client_id: `482310557.${S}` });
  });
});

describe('sessions (ga4.md 7)', () => {
  const session = (stream: string, start: number) =>
    `_ga_${stream}=GS2.1.s${seconds(start)}$o1$g0$t${seconds(start)}$j60$l0$h0`;
  const two = `${GA}; ${session('AAA', NOW - HOUR)}; ${session('BBB', NOW - 2 * HOUR)}`;

  it('come from the first stream of the list that has one', () => {
    expect(visit(two, { streams: ['G-AAA', 'G-BBB'] }).identifiers.session_id).toBe(seconds(NOW - HOUR));
    expect(visit(two, { streams: ['G-ZZZ', 'G-BBB'] }).identifiers.session_id).toBe(seconds(NOW - 2 * HOUR));
    expect(visit(two, { streams: ['G-ZZZ'] }).identifiers.session_id).toBeUndefined();
  });

  it('without a list, only when all streams agree', () => {
    expect(visit(two).identifiers.session_id).toBeUndefined();
    const agreed = `${GA}; ${session('AAA', NOW - HOUR)}; ${session('BBB', NOW - HOUR)}`;
    expect(visit(agreed).identifiers.session_id).toBe(seconds(NOW - HOUR));
  });

  it('live no longer than the client id they belong to', () => {
    const old = `_ga=GA1.1.5.${seconds(NOW - 6 * DAY)}`;
    const { set } = visit(`${old}; ${session('AAA', NOW - HOUR)}`);
    expect(setOf(set, '_ga_AAA')?.attributes['Max-Age']).toBe(String(DAY / 1000));
    const gone = visit(`_ga=GA1.1.5.${seconds(NOW - 7 * DAY)}; ${session('AAA', NOW - HOUR)}`);
    expect(gone.identifiers).toEqual({});
    expect(gone.set.filter((header) => header.startsWith('_ga_AAA=; Max-Age=0'))).toHaveLength(3);
  });

  it('go by their own start when two client ids came', () => {
    const { set } = visit(`${GA}; _ga=GA1.1.5.${seconds(NOW - 6 * DAY)}; ${session('AAA', NOW - HOUR)}`);
    expect(setOf(set, '_ga_AAA')?.attributes['Max-Age']).toBe(String((7 * DAY - HOUR) / 1000));
    const turned = visit(`_ga=GA1.1.5.${seconds(NOW - 6 * DAY)}; ${GA}; ${session('AAA', NOW - HOUR)}`);
    expect(setOf(turned.set, '_ga_AAA')?.attributes['Max-Age']).toBe(String((7 * DAY - HOUR) / 1000));
  });

  it('in a form of the future go by the age of the client id', () => {
    const { set } = visit(`${GA}; _ga_AAA=GS3.1.unknown`);
    expect(setOf(set, '_ga_AAA')?.attributes['Max-Age']).toBe(String((7 * DAY - HOUR) / 1000));
  });
});

describe('click ids of a landing page (design 3a)', () => {
  const at = NOW + 123;
  const land = (landing: Record<string, string>, header = '', more = {}) => visit(header, { at, landing, ...more });

  it.each([
    ['gclid', 'Cj0KExample_aBc', '_gcl_aw', `GCL.${seconds(at)}.Cj0KExample_aBc`, 'gclid', 'Cj0KExample_aBc'],
    ['wbraid', 'Wbraid-1', '_gcl_gb', `GCL.${seconds(at)}.Wbraid-1`, 'wbraid', 'Wbraid-1'],
    ['gbraid', 'Gbraid-1', '_gcl_ag', `2.1.kGbraid-1$i${seconds(at)}`, 'gbraid', 'Gbraid-1'],
    ['dclid', 'Dclid-1', '_gcl_dc', `GCL.${seconds(at)}.Dclid-1`, 'dclid', 'Dclid-1'],
    ['fbclid', 'IwAR2Ex', '_fbc', `fb.1.${at}.IwAR2Ex`, 'fbc', `fb.1.${at}.IwAR2Ex`],
    ['msclkid', '0a1b2c', '_uetmsclkid', '_uet0a1b2c', 'msclkid', '0a1b2c'],
    ['li_fat_id', 'df5g-1', 'li_fat_id', 'df5g-1', 'li_fat_id', 'df5g-1'],
    ['epik', 'dj0yExample', '_epik', 'dj0yExample', 'epik', 'dj0yExample'],
    ['rdt_cid', 'ExampleClick', '_rdt_cid', 'ExampleClick', 'rdt_cid', 'ExampleClick'],
    ['sccid', 'ScAb-1', '_scclid', 'ScAb-1', 'sccid', 'ScAb-1'],
    ['ttclid', 'E.C.P.aB-1', 'ttclid', 'E.C.P.aB-1', 'ttclid', 'E.C.P.aB-1'],
  ])('%s is used at once and kept in the vendor’s format', (param, id, name, value, field, used) => {
    const reading = land({ [param]: id });
    expect(reading.identifiers).toEqual({ [field]: used });
    const cookie = setOf(reading.set, name);
    expect(cookie?.value).toBe(value);
    expect(cookie?.attributes).toMatchObject({ Domain: 'example.no', Path: '/', Secure: true, SameSite: 'Lax' });
    expect(cookie?.attributes['HttpOnly']).toBeUndefined();
    const age = Number(cookie?.attributes['Max-Age']);
    expect(age).toBeLessThanOrEqual(SETTINGS.ads / 1000);
    expect(age).toBeGreaterThanOrEqual(SETTINGS.ads / 1000 - 1);
    // The conversion, an hour and some pages later.
    const later = visit(reading.set.map((header) => header.split(';')[0]).join('; '), { at: at + HOUR });
    expect(later.identifiers).toEqual({ [field]: used });
  });

  it('leaves no trace without ad_storage', () => {
    const landing = { gclid: 'abc1', fbclid: 'def1', msclkid: '0a', li_fat_id: 'x', epik: 'dj0y', rdt_cid: 'abcd' };
    for (const granted of [0, ANALYTICS, 127 & ~ADS]) {
      expect(visit('', { granted, landing })).toEqual({ identifiers: {}, subjects: [], carried: [], set: [] });
    }
  });

  it('does not make a kept click younger when the page is loaded again', () => {
    const stored = `_gcl_aw=GCL.${S}.abc1`;
    const { set, identifiers } = land({ gclid: 'abc1' }, stored);
    expect(identifiers.gclid).toBe('abc1');
    expect(set.map((header) => header.split(';')[0])).toEqual([stored]);
    expect(setOf(set, '_gcl_aw')?.attributes['Max-Age']).toBe(String(Math.floor((30 * DAY - HOUR - 123) / 1000)));
  });

  it('lets a new click take the place of the old one', () => {
    const { set, identifiers } = land({ gclid: 'new1' }, `_gcl_aw=GCL.${S}.old1`);
    expect(identifiers.gclid).toBe('new1');
    expect(set.map((header) => header.split(';')[0])).toEqual([`_gcl_aw=GCL.${seconds(at)}.new1`]);
  });

  it('leaves _fbc as it is, appendix included, while the fbclid is the same (meta.md 6.1)', () => {
    const stored = `fb.2.${NOW - HOUR}.IwAR2Ex.AQQCAQIB`;
    const same = land({ fbclid: 'IwAR2Ex' }, `_fbc=${stored}`);
    expect(same.identifiers.fbc).toBe(stored);
    expect(setOf(same.set, '_fbc')?.value).toBe(stored);
    const other = land({ fbclid: 'IwAR2ex' }, `_fbc=${stored}`);
    expect(other.identifiers.fbc).toBe(`fb.1.${at}.IwAR2ex`);
  });

  it('counts the labels of the cookie domain for _fbc', () => {
    const index = (domain: string | undefined, host: string) =>
      land({ fbclid: 'xyz1' }, '', { host, settings: { ...SETTINGS, domain } }).identifiers.fbc?.split('.')[1];
    expect(index('example.no', HOST)).toBe('1');
    expect(index('example.co.uk', 'www.example.co.uk')).toBe('2');
    expect(index(undefined, 'www.example.no')).toBe('2');
    expect(index(undefined, 'localhost')).toBe('0');
  });

  it.each(['', 'a b', 'a;b', 'a,b', 'a"b', 'a\r\nSet-Cookie: x=y', 'æ', 'x'.repeat(513)])(
    'takes no click id that would need quoting or is too long: %j',
    (id) => {
      const params = [
        'gclid',
        'gbraid',
        'wbraid',
        'dclid',
        'fbclid',
        'msclkid',
        'li_fat_id',
        'epik',
        'sccid',
        'ttclid',
      ];
      const reading = land(Object.fromEntries(params.map((param) => [param, id])));
      expect(reading).toEqual({ identifiers: {}, subjects: [], carried: [], set: [] });
    },
  );

  it('takes no click id that could not be read back out of its cookie', () => {
    expect(land({ fbclid: 'a.b' }).identifiers).toEqual({});
    expect(land({ gbraid: 'a$b' }).identifiers).toEqual({});
  });

  it('keeps a stored click when the one on the page is unusable', () => {
    expect(land({ gclid: 'a b' }, `_gcl_aw=GCL.${S}.old1`).identifiers.gclid).toBe('old1');
  });

  it('counts the gclid of a Floodlight click once', () => {
    expect(visit(`_gcl_aw=GCL.${S}.abc1; _gcl_dc=GCL.${S}.abc1`).identifiers).toEqual({ gclid: 'abc1' });
  });

  it.each<[string, string, Record<string, string>, object]>([
    ['the landing page over a cookie of another kind', `_gcl_aw=GCL.${S}.old1`, { wbraid: 'new1' }, { wbraid: 'new1' }],
    ['the same the other way round', `_gcl_gb=GCL.${S}.old1`, { gclid: 'new1' }, { gclid: 'new1' }],
    [
      'a click that is kept already',
      `_gcl_aw=GCL.${Number(S) - 9}.one1; _gcl_gb=GCL.${S}.two2`,
      { gclid: 'one1' },
      { gclid: 'one1' },
    ],
    [
      'all of one landing page',
      `_gcl_ag=2.1.kold1$i${S}`,
      { gclid: 'new1', wbraid: 'new2' },
      { gclid: 'new1', wbraid: 'new2' },
    ],
    ['the younger cookie', `_gcl_aw=GCL.${Number(S) - 9}.old1; _gcl_ag=2.1.knew1$i${S}`, {}, { gbraid: 'new1' }],
    [
      'whatever their order',
      `_gcl_ag=2.1.kold1$i${Number(S) - 9}; _gcl_gb=GCL.${Number(S) - 5}.mid1; _gcl_aw=GCL.${S}.new1`,
      {},
      { gclid: 'new1' },
    ],
    ['other vendors by themselves', `_gcl_aw=GCL.${S}.old1`, { msclkid: '0a0a' }, { gclid: 'old1', msclkid: '0a0a' }],
  ])('the newest click of Google wins: %s', (_, cookies, landing, expected) => {
    expect(land(landing, cookies).identifiers).toEqual(expected);
  });

  it.each([
    '',
    'abc',
    'test',
    'TEST',
    'undefined',
    'null',
    'NaN',
    '(not set)',
    '(none)',
    '0',
    '{gclid}',
    '{{gclid}}',
    '%%gclid%%',
    '[object Object]',
  ])('%j is no click, and takes the place of none', (id) => {
    const stored = `_gcl_aw=GCL.${S}.old1; _fbc=fb.1.${NOW - HOUR}.old1`;
    const { set, identifiers } = land({ gclid: id, wbraid: id, fbclid: id }, stored);
    expect(identifiers).toEqual({ gclid: 'old1', fbc: `fb.1.${NOW - HOUR}.old1` });
    expect(set.map((header) => header.split(';')[0])).toEqual(stored.split('; '));
    if (/^\w+$/.test(id))
      expect(visit(`_gcl_aw=GCL.${S}.${id}; _fbc=fb.1.${NOW - HOUR}.${id}`).identifiers).toEqual({});
  });

  it('takes a browser id of Meta by its number only', () => {
    expect(visit(`_fbp=fb.1.${NOW - HOUR}.undefined`).identifiers).toEqual({});
    expect(visit(`_fbp=fb.1.${NOW - HOUR}.1098115397.AQQCAQIB`).identifiers.fbp).toContain('1098115397');
  });
});

describe('pv_id (R25-R28)', () => {
  const settings = { ...SETTINGS, ownId: true };
  const hitId = 'ffeeddccbbaa99887766554433221100';
  const first = visit('', { settings, hitId });
  const cookie = first.set[0]?.split(';')[0] ?? '';

  it('is issued with 128 bits that do not tell the hit’s id, hidden from scripts, host-only', () => {
    expect(first.set).toHaveLength(1);
    const { value, attributes } = parseSetCookie(first.set[0] ?? '');
    expect(attributes).toEqual({
      'Max-Age': String(7 * 86_400),
      Path: '/',
      Secure: true,
      HttpOnly: true,
      SameSite: 'Lax',
    });
    const id = first.identifiers.own_id as string;
    expect(verify('pv_id', value, HOST, settings.signing)).toEqual({ value: id, issued: NOW, stale: false });
    expect(Buffer.from(id, 'base64url')).toHaveLength(16);
    expect(Buffer.from(id, 'base64url').toString('hex')).not.toBe(hitId);
    expect(first.subjects).toEqual([`own:${id}`]);
  });

  it('stays as it is within its cap, is not set again, and gives way to another one after it', () => {
    const within = visit(cookie, { settings, hitId: 'another', at: NOW + 7 * DAY - 1 });
    expect(within.identifiers).toEqual(first.identifiers);
    expect(within.set).toEqual([]);
    const after = visit(cookie, { settings, hitId: 'another', at: NOW + 7 * DAY });
    expect(after.identifiers.own_id).not.toBe(first.identifiers.own_id);
    expect(setOf(after.set, 'pv_id')?.attributes['Max-Age']).toBe(String(7 * 86_400));
  });

  it('is not issued without analytics_storage, without being asked for, or without a key', () => {
    expect(visit('', { settings, granted: ADS }).set).toEqual([]);
    expect(visit('').set).toEqual([]);
    expect(visit('', { settings: { ...settings, signing: [] } }).set).toEqual([]);
  });

  it('moves to a new key with the same id, issue time and end', () => {
    const rotated = { ...settings, signing: [signingKey('k2', 2), ...settings.signing] };
    const moved = visit(cookie, { settings: rotated, at: NOW + DAY });
    expect(moved.identifiers).toEqual(first.identifiers);
    const set = setOf(moved.set, 'pv_id');
    expect(set?.attributes['Max-Age']).toBe(String(6 * 86_400));
    const id = first.identifiers.own_id as string;
    expect(verify('pv_id', set?.value ?? '', HOST, [signingKey('k2', 2)])).toEqual({
      value: id,
      issued: NOW,
      stale: false,
    });
  });

  it.each([
    ['forged', (value: string) => `${value.slice(0, -1)}${value.endsWith('A') ? 'B' : 'A'}`],
    ['unsigned', () => 'abc1'],
    ['of another site', () => sign('pv_id', 'abc1', NOW, 'other.example', settings.signing) as string],
    ['from the future', () => sign('pv_id', 'abc1', NOW + DAY, HOST, settings.signing) as string],
    ['of a key that is gone', () => sign('pv_id', 'abc1', NOW, HOST, [signingKey('k0', 9)]) as string],
  ])('is absent and deleted when it is %s', (_, forge) => {
    const { identifiers, set } = visit(`pv_id=${forge(cookie.slice('pv_id='.length))}`, { settings, hitId: 'next' });
    expect(identifiers.own_id).toBe(visit('', { settings, hitId: 'next' }).identifiers.own_id);
    expect(set.slice(0, 3).every((header) => header.startsWith('pv_id=; Max-Age=0'))).toBe(true);
    // The browser works through them in order: the new one comes last.
    expect(set).toHaveLength(4);
    expect(set[3]).toMatch(/^pv_id=[^;]+; Max-Age=604800;/);
  });

  it('is absent and deleted when two values come, even if one is genuine', () => {
    const { identifiers } = visit(`${cookie}; pv_id=tossed`, { settings, hitId: 'next' });
    expect(identifiers.own_id).not.toBe(first.identifiers.own_id);
  });
});

describe('pv_seen: ad cookies without a time of their own', () => {
  const cookie = (set: readonly string[]) => `pv_seen=${setOf(set, 'pv_seen')?.value}`;
  const first = visit('_uetvid=abc');

  it('is written once, hidden, and tells neither name nor value', () => {
    const seen = setOf(first.set, 'pv_seen');
    expect(seen?.value).toMatch(/^\w+\.\w+\.k1\.[\w-]{22}$/);
    expect(seen?.value).not.toMatch(/abc|uet/);
    expect(seen?.attributes).toMatchObject({ HttpOnly: true, Secure: true, Path: '/' });
    expect(seen?.attributes['Domain']).toBeUndefined();
    const again = visit(`_uetvid=abc; ${cookie(first.set)}`, { at: NOW + HOUR });
    expect(setOf(again.set, 'pv_seen')).toBeUndefined();
    expect(setOf(again.set, '_uetvid')?.attributes['Max-Age']).toBe(String((30 * DAY - HOUR) / 1000));
  });

  it('ends the cookie after the cap, and again when a script restores it', () => {
    for (const days of [30, 31, 45]) {
      const late = visit(`_uetvid=abc; ${cookie(first.set)}`, { at: NOW + days * DAY });
      expect(late.set.filter((header) => header.startsWith('_uetvid=; Max-Age=0'))).toHaveLength(3);
      expect(setOf(late.set, '_uetvid')).toBeUndefined();
    }
  });

  it('gives a new value a life of its own', () => {
    const later = visit(`_uetvid=def; ${cookie(first.set)}`, { at: NOW + 29 * DAY });
    expect(setOf(later.set, '_uetvid')?.attributes['Max-Age']).toBe(String((30 * DAY) / 1000));
  });

  it('does not let a click id live longer by being clicked again', () => {
    const landed = visit('', { landing: { li_fat_id: 'x-123' } });
    const again = visit(cookie(landed.set), { landing: { li_fat_id: 'x-123' }, at: NOW + 20 * DAY });
    expect(setOf(again.set, 'li_fat_id')?.attributes['Max-Age']).toBe(String(10 * 86_400));
    const late = visit(cookie(landed.set), { landing: { li_fat_id: 'x-123' }, at: NOW + 31 * DAY });
    expect(setOf(late.set, 'li_fat_id')).toBeUndefined();
  });

  it('is believed only when signed: a forged one does not make anything younger or older', () => {
    const forged = visit(`_uetvid=abc; pv_seen=1_zzzz.k1.AAAAAAAAAAAAAAAAAAAAAA`);
    expect(setOf(forged.set, '_uetvid')?.attributes['Max-Age']).toBe(String((30 * DAY) / 1000));
    expect(setOf(forged.set, 'pv_seen')).toBeDefined();
  });

  it('stays small: 24 entries, the youngest', () => {
    let header = '';
    for (let i = 0; i < 60; i++) {
      const at = NOW + i * HOUR;
      header = cookie(visit(`_uetvid=v${i}; ${header}`, { at }).set);
    }
    expect(header.length).toBeLessThan(400);
    const last = visit(`_uetvid=v59; ${header}`, { at: NOW + 60 * HOUR });
    expect(setOf(last.set, '_uetvid')?.attributes['Max-Age']).toBe(String((30 * DAY - HOUR) / 1000));
  });

  it('lives no longer than the cap, and is written anew half-way', () => {
    expect(setOf(first.set, 'pv_seen')?.attributes['Max-Age']).toBe(String(30 * 86_400));
    const at = (days: number) => visit(`_uetvid=abc; ${cookie(first.set)}`, { at: NOW + days * DAY }).set;
    expect(setOf(at(14), 'pv_seen')).toBeUndefined();
    expect(setOf(at(15), 'pv_seen')?.attributes['Max-Age']).toBe(String(30 * 86_400));
  });

  it('keeps an entry for twice the cap, and forgets older ones when it is written', () => {
    const entries = (set: readonly string[]) => setOf(set, 'pv_seen')?.value.split('.')[1]?.split('-').length;
    expect(entries(visit(`_uetvid=def; ${cookie(first.set)}`, { at: NOW + 60 * DAY - HOUR }).set)).toBe(2);
    expect(entries(visit(`_uetvid=def; ${cookie(first.set)}`, { at: NOW + 60 * DAY }).set)).toBe(1);
  });

  it('moves to a new key with its entries', () => {
    const rotated = { ...SETTINGS, signing: [signingKey('k2', 2), ...SETTINGS.signing] };
    const moved = visit(`_uetvid=abc; ${cookie(first.set)}`, { at: NOW + DAY, settings: rotated });
    const alone = { ...SETTINGS, signing: [signingKey('k2', 2)] };
    const later = visit(`_uetvid=abc; ${cookie(moved.set)}`, { at: NOW + 2 * DAY, settings: alone });
    expect(setOf(later.set, '_uetvid')?.attributes['Max-Age']).toBe(String(28 * 86_400));
  });

  it('is absent and deleted when two values come', () => {
    const { set } = visit(`_uetvid=abc; ${cookie(first.set)}; pv_seen=tossed`, { at: NOW + DAY });
    expect(set.filter((header) => header.startsWith('pv_seen=; Max-Age=0'))).toHaveLength(3);
    expect(setOf(set, '_uetvid')?.attributes['Max-Age']).toBe(String(30 * 86_400));
  });

  it('takes an hour in the future for the mistake of a clock', () => {
    const ahead = visit('_uetvid=abc', { at: NOW + DAY });
    const { set } = visit(`_uetvid=abc; ${cookie(ahead.set)}`);
    expect(setOf(set, '_uetvid')?.attributes['Max-Age']).toBe(String(30 * 86_400));
  });

  it('cannot be kept without a key: then such cookies go', () => {
    const { set } = visit('_uetvid=abc', { settings: { ...SETTINGS, signing: [] } });
    expect(set).toHaveLength(3);
    expect(set.every((header) => header.startsWith('_uetvid=; Max-Age=0'))).toBe(true);
  });

  it('also caps a dated cookie whose time cannot be read, which is not used', () => {
    const { identifiers, set } = visit('_fbp=fb.9.new-format');
    expect(identifiers).toEqual({});
    expect(setOf(set, '_fbp')?.attributes['Max-Age']).toBe(String((30 * DAY) / 1000));
  });
});
