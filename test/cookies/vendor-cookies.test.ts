import { describe, expect, it } from 'vitest';
import { governs } from '../../src/cookies/vendor-cookies.ts';
import { ADS, ANALYTICS, DAY, HOUR, NOW, SETTINGS, seconds, visit } from './visit.ts';
import { sign } from '../../src/cookies/signing.ts';
import { HOST } from './visit.ts';

const T = NOW - HOUR;
const S = seconds(T);

/**
 * Every cookie of the sheets, with a value issued an hour ago, what it says, and how its age is known: written in it,
 * first seen now, or not capped.
 */
const rows = [
  ['_ga', ANALYTICS, `GA1.1.482310557.${S}`, { client_id: `482310557.${S}` }, 'written'],
  ['_ga_TEST000001', ANALYTICS, `GS2.1.s${S}$o1$g0$t${S}$j60$l0$h0`, { session_id: S }, 'written'],
  ['_ga_OLD', ANALYTICS, `GS1.1.${S}.1.0.${S}.60.0.0`, { session_id: S }, 'written'],
  ['FPID', ANALYTICS, `FPID2.2.Hash%3D.${S}`, {}, 'written'],
  ['FPLC', ANALYTICS, 'linker', {}, 'session'],
  ['_gcl_au', ADS, `1.1.139790349.${S}`, {}, 'written'],
  ['_gcl_aw', ADS, `GCL.${S}.Cj0KExample_aBc`, { gclid: 'Cj0KExample_aBc' }, 'written'],
  ['_gcl_gb', ADS, `GCL.${S}.Wbraid-1`, { wbraid: 'Wbraid-1' }, 'written'],
  ['_gcl_ag', ADS, `2.1.kGbraid-1$i${S}`, { gbraid: 'Gbraid-1' }, 'written'],
  ['_gcl_dc', ADS, `GCL.${S}.Dclid-1`, { dclid: 'Dclid-1' }, 'written'],
  ['_gcl_gs', ADS, `2.1.k1$i${S}$u180406437`, {}, 'written'],
  ['_gcl_ha', ADS, `GCL.${S}.hotel`, {}, 'written'],
  ['_gac_UA-1-1', ADS, `1.${S}.Cj0KExample_aBc`, {}, 'written'],
  ['FPAU', ADS, `1.2.2125246221.${S}`, {}, 'written'],
  ['FPGCLAW', ADS, `2.1.kCj0K$i${S}`, {}, 'written'],
  ['FPGSID', ADS, '1.1.1754977083.1754977871.G-X.abc', {}, 'session'],
  ['_fbp', ADS, `fb.1.${T}.1098115397`, { fbp: `fb.1.${T}.1098115397` }, 'written'],
  ['_fbc', ADS, `fb.1.${T}.IwAR2Ex.AQQCAQIB`, { fbc: `fb.1.${T}.IwAR2Ex.AQQCAQIB` }, 'written'],
  ['_fbi', ADS, '203.0.113.7.BA', {}, 'seen'],
  ['_uetsid', ADS, 'f0e1', {}, 'session'],
  ['_uetvid', ADS, 'f0e1d2', {}, 'seen'],
  ['_uetmsclkid', ADS, '_uet0123456789abcdef0123456789abcdef', { msclkid: '0123456789abcdef0123456789abcdef' }, 'seen'],
  ['li_fat_id', ADS, 'df5gf5-gh6t7-ph4j7h-fgf6n1', { li_fat_id: 'df5gf5-gh6t7-ph4j7h-fgf6n1' }, 'seen'],
  ['_epik', ADS, 'dj0yExample', { epik: 'dj0yExample' }, 'seen'],
  ['_derived_epik', ADS, 'dj0yDerived', {}, 'seen'],
  ['_pin_unauth', ADS, 'dWlkPUExample', {}, 'seen'],
  [
    '_rdt_uuid',
    ADS,
    `${T}.0b4c1f0a-6d1e-4c7e-9a55-2d5b3c1e7f90`,
    { rdt_uuid: '0b4c1f0a-6d1e-4c7e-9a55-2d5b3c1e7f90' },
    'written',
  ],
  ['_rdt_cid', ADS, 'ExampleClick', { rdt_cid: 'ExampleClick' }, 'seen'],
  ['rdt_cid', ADS, 'ExampleClick', {}, 'seen'],
  ['_rdt_em', ADS, 'c4d25e9c90ff23e9145397bc6fbd5385ca5fbe78211222ccbecd0b369ebb19a6', {}, 'seen'],
  ['hubspotutk', ADS, '0f1e2d3c4b5a69788796a5b4c3d2e1f0', { hubspotutk: '0f1e2d3c4b5a69788796a5b4c3d2e1f0' }, 'seen'],
  ['__hstc', ADS, `1.0f1e2d3c4b5a69788796a5b4c3d2e1f0.${T}.${T}.${T}.1`, {}, 'written'],
  ['__hssc', ADS, `1.1.${T}`, {}, 'session'],
  ['_pk_id.3.1fff', ANALYTICS, `0123456789abcdef.${S}.`, { pk_id: '0123456789abcdef' }, 'written'],
  ['_pk_ses.3.1fff', ANALYTICS, '1', {}, 'session'],
  ['_scclid', ADS, 'ExampleClick1', { sccid: 'ExampleClick1' }, 'seen'],
  ['_scid', ADS, '0b4c1f0a-6d1e-4c7e-9a55-2d5b3c1e7f90', { scid: '0b4c1f0a-6d1e-4c7e-9a55-2d5b3c1e7f90' }, 'seen'],
  ['_scid_r', ADS, '0b4c1f0a-6d1e-4c7e-9a55-2d5b3c1e7f90', {}, 'seen'],
  ['ttclid', ADS, 'E.C.P.Click1', { ttclid: 'E.C.P.Click1' }, 'seen'],
  ['_ttp', ADS, '2F7h37YkS1j57AYSKTI7IHhJPYH', { ttp: '2F7h37YkS1j57AYSKTI7IHhJPYH' }, 'seen'],
  ['_tt_enable_cookie', ADS, '1', {}, 'seen'],
  ['ttcsid_D6AP4E3C77U3L7SP8O7G', ADS, `${T}::abc1.1`, {}, 'seen'],
] as const;

describe.each(rows)('%s', (name, signal, value, identifiers, age) => {
  const other = signal === ANALYTICS ? ADS : ANALYTICS;
  const cap = signal === ANALYTICS ? SETTINGS.analytics : SETTINGS.ads;

  it('is read with its signal, whatever else is denied', () => {
    expect(visit(`${name}=${value}`, { granted: signal }).identifiers).toEqual(identifiers);
  });

  it('is neither read nor kept without it, whatever else is granted', () => {
    for (const granted of [0, other, 127 & ~signal]) {
      const { identifiers: read, subjects, set } = visit(`${name}=${value}`, { granted });
      expect(read).toEqual({});
      expect(subjects).toEqual([]);
      expect(set).toEqual([
        `${name}=; Max-Age=0; Domain=example.no; Path=/; Secure; SameSite=Lax`,
        `${name}=; Max-Age=0; Path=/; Secure; SameSite=Lax`,
        `${name}=; Max-Age=0; Domain=metrics.example.no; Path=/; Secure; SameSite=Lax`,
      ]);
    }
  });

  it('is cut back to what is left of its life, same value, readable for the page', () => {
    const set = visit(`${name}=${value}`).set.filter((header) => !header.startsWith('pv_seen='));
    // The first-seen time is kept in whole hours; NOW is one.
    const left = { written: cap - HOUR, seen: cap, session: undefined }[age];
    const kept = `${name}=${value}; Max-Age=${Number(left) / 1000}; Domain=example.no; Path=/; Secure; SameSite=Lax`;
    expect(set).toEqual(left === undefined ? [] : [kept]);
  });

  it.runIf(age === 'written')('is not used and expired when its life is over', () => {
    const end = T + cap;
    const before = visit(`${name}=${value}`, { at: end - 1000 });
    expect(before.identifiers).toEqual(identifiers);
    expect(before.set).toEqual([`${name}=${value}; Max-Age=1; Domain=example.no; Path=/; Secure; SameSite=Lax`]);
    const after = visit(`${name}=${value}`, { at: end });
    expect(after.identifiers).toEqual({});
    expect(after.set.every((header) => header.startsWith(`${name}=; Max-Age=0;`))).toBe(true);
    expect(after.set).toHaveLength(3);
    // Old, not refused: nothing is withdrawn.
    expect(after.withdrawn).toBeUndefined();
  });

  it.runIf(age === 'written')('is not used and expired when it is from the future', () => {
    const ahead = visit(`${name}=${value}`, { at: T - 5 * 60_000 - 1000 });
    expect(ahead.identifiers).toEqual({});
    expect(ahead.set.every((header) => header.startsWith(`${name}=; Max-Age=0;`))).toBe(true);
    const skewed = visit(`${name}=${value}`, { at: T - 5 * 60_000 + 1000 });
    expect(skewed.identifiers).toEqual(identifiers);
    expect(skewed.set).toEqual([
      `${name}=${value}; Max-Age=${cap / 1000}; Domain=example.no; Path=/; Secure; SameSite=Lax`,
    ]);
  });

  it('is not used and expired when it comes twice with two values', () => {
    const twin = value.replace(/[1-9]/, (digit) => String(10 - Number(digit))).concat('9');
    const reading = visit(`${name}=${value}; ${name}=${twin}`);
    expect(reading.identifiers).toEqual({});
    expect(reading.set.filter((header) => header.startsWith(`${name}=;`))).toHaveLength(3);
    expect(reading.set.some((header) => header.startsWith(`${name}=${value}`))).toBe(false);
  });

  it('is one cookie when it comes twice with one value', () => {
    expect(visit(`${name}=${value}; ${name}=${value}`)).toEqual(visit(`${name}=${value}`));
  });
});

describe('own signed cookies', () => {
  const own = sign('pv_id', 'abc', T, HOST, SETTINGS.signing) as string;
  const seen = sign('pv_seen', '1_a', T, HOST, SETTINGS.signing) as string;

  it('go with their signals, too', () => {
    expect(visit(`pv_id=${own}`, { granted: ADS }).set).toHaveLength(3);
    expect(visit(`pv_id=${own}`, { granted: ADS }).withdrawn).toEqual(['own:abc']);
    expect(visit(`pv_seen=${seen}`, { granted: ANALYTICS }).set).toHaveLength(3);
  });

  it('go where the site does not issue an own id any more', () => {
    expect(visit(`pv_id=${own}`).set).toHaveLength(3);
    expect(visit(`pv_id=${own}`).withdrawn).toBeUndefined();
  });
});

describe('names', () => {
  it.each(['_ga', '_ga_X', '_gcl_x', '_gac_gb_X', 'FPGCLDC', 'pv_id', 'pv_seen'])('%s is governed', (name) => {
    expect(governs(name)).toBeDefined();
  });

  it.each([
    '',
    '_',
    '_g',
    '_GA',
    '_gaexp',
    '_ga_*',
    '_gcl_*',
    '_ga_a b',
    '_ga_ÿ',
    `_ga_${'X'.repeat(80)}`,
    '\u2000_ga',
    '_ga\u2000',
    '\u0085_ga',
    '$Version',
    '__Host-pv_id',
    'CookieConsent',
    'fbp',
    'lidc',
    '__proto__',
    'constructor',
  ])('%j is none of ours', (name) => {
    expect(governs(name)).toBeUndefined();
  });
});

describe('odd headers (R29)', () => {
  const ga = `GA1.1.482310557.${S}`;
  it.each([
    [`\u2000_ga=${ga}`, undefined],
    [`\u0085_ga=${ga}`, undefined],
    [`_ga\u00a0=${ga}`, undefined],
    [`$Version=1; _ga=${ga}`, `482310557.${S}`],
    [`_ga="${ga}`, undefined],
    [`a="b; _ga=${ga}; c=d"`, `482310557.${S}`],
    [`_ga=${ga}; _ga=`, undefined],
    [`_ga=${ga}; _ga=GA1.1.999.${S}`, undefined],
    [`_GA=${ga}`, undefined],
    [`_ga=${ga}\u0000`, undefined],
    [`_ga=${ga},x`, undefined],
    [`_ga=${ga} x`, undefined],
    [`_ga`, undefined],
  ])('%j', (header, clientId) => {
    expect(visit(header).identifiers.client_id).toBe(clientId);
  });

  it('never repeats a value that would need quoting', () => {
    for (const bad of ['a b', 'a,b', 'a"b', 'a\\b', 'aéb']) {
      const { set } = visit(`_uetvid=${bad}`);
      expect(set.filter((header) => !header.startsWith('_uetvid=; Max-Age=0'))).toEqual([]);
    }
  });

  it('looks at 64 names and stays within an answer of four kilobytes', () => {
    const header = Array.from({ length: 390 }, (_, i) => `_ga_S${i}=GS1.1.${S}.1.0.${S}.60.0.0`).join('; ');
    for (const granted of [0, ANALYTICS]) {
      const { set } = visit(header.slice(0, 32_000), { granted });
      const bytes = set.reduce((sum, value) => sum + 'Set-Cookie: \r\n'.length + value.length, 0);
      expect(set.length).toBeGreaterThan(20);
      expect(bytes).toBeLessThan(4096);
    }
  });

  it('sets no cookie of more than 4096 bytes', () => {
    const { set } = visit(`_uetvid=${'x'.repeat(5000)}`);
    expect(set.filter((header) => header.startsWith('_uetvid='))).toEqual([
      '_uetvid=; Max-Age=0; Domain=example.no; Path=/; Secure; SameSite=Lax',
      '_uetvid=; Max-Age=0; Path=/; Secure; SameSite=Lax',
      '_uetvid=; Max-Age=0; Domain=metrics.example.no; Path=/; Secure; SameSite=Lax',
    ]);
  });

  it('caps at 90 days for ads and 400 for anything, whatever is configured', () => {
    const endless = { ...SETTINGS, ads: 9999 * DAY, analytics: 9999 * DAY };
    expect(visit(`_gcl_au=1.1.1.${seconds(NOW)}`, { settings: endless }).set[0]).toContain(`Max-Age=${90 * 86_400};`);
    expect(visit(`_ga=GA1.1.1.${seconds(NOW)}`, { settings: endless }).set[0]).toContain(`Max-Age=${400 * 86_400};`);
  });
});
