import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyedHash } from '../../src/core/hash.ts';
import { fpidTime, gaClientId, gaSessionId } from '../../destinations/ga4/identifiers.ts';
import { gclAuTime, gclClickId, gclTime } from '../../destinations/google-ads/identifiers.ts';
import { fbClickId, fbTime } from '../../destinations/meta/identifiers.ts';
import { clientIdTime } from '../../src/core/issue-time.ts';
import { presentableClientId } from '../../src/privacy/identifiers.ts';

const DAY = 86_400_000;
const MINUTE = 60_000;
const NOW = Date.UTC(2026, 10, 23);

describe('GA identifiers (ga4.md 7)', () => {
  it('takes the last two parts of _ga as the client id, at any level', () => {
    expect(gaClientId('GA1.1.482310557.1795100000')).toBe('482310557.1795100000');
    expect(gaClientId('GA1.2.482310557.1795100000')).toBe('482310557.1795100000');
    expect(gaClientId('GA1.3-2.482310557.1795100000')).toBe('482310557.1795100000');
  });

  it.each([
    '',
    'GA1',
    'GA1.1',
    'GA1.1.482310557',
    'GA1.1.482310557.',
    'GA1.1..1795100000',
    'GA1.1.482310557.1795100000.9',
    'GA1.1.4823x0557.1795100000',
    'GA1.1.482310557.-795100000',
    'GA1.1. 482310557.1795100000',
    'GA1.1.amp-abcdef',
    'GA2.1.482310557.1795100000',
    'ga1.1.482310557.1795100000',
    'GA1.1.482310557.1795100000 ',
    `GA1.1.${'9'.repeat(400)}.1795100000`,
  ])('reads no client id out of %j', (value) => {
    expect(gaClientId(value)).toBeUndefined();
  });

  it('finds the issue time in a client id, in milliseconds', () => {
    expect(clientIdTime('482310557.1795100000')).toBe(1_795_100_000_000);
  });

  it.each(['', '482310557', '.1795100000', '482310557.', '482310557.42', '482310557.1795100000000', 'a.1795100000'])(
    'finds no issue time in %j',
    (cid) => {
      expect(clientIdTime(cid)).toBeUndefined();
    },
  );

  it('takes no time from before web analytics for an issue time', () => {
    // 1000000000 = September 2001.
    expect(clientIdTime('482310557.1000000000')).toBeUndefined();
  });

  it('reads the session id of both forms of _ga_<stream>', () => {
    expect(gaSessionId('GS1.1.1795168000.3.1.1795168100.60.0.0')).toBe('1795168000');
    expect(gaSessionId('GS2.1.s1795168000$o3$g1$t1795168100$j60$l0$h0')).toBe('1795168000');
    expect(gaSessionId('GS2.1.s1795168000$o3$g1$t1795168100$j60$l0$h0$dAbc')).toBe('1795168000');
  });

  it('does not mind unknown segments before the session', () => {
    expect(gaSessionId('GS2.1.x1$s1795168000$o3')).toBe('1795168000');
  });

  it.each([
    '',
    'GS2.1',
    'GS2.1.o3$g1',
    'GS2.1.s$o3',
    'GS2.1.sabc$o3',
    'GS1.1.abc.3',
    'GS3.1.s1795168000$o3',
    'GS1.1.12.3',
  ])('reads no session out of %j', (value) => {
    expect(gaSessionId(value)).toBeUndefined();
  });

  it('reads the time at the end of FPID', () => {
    expect(fpidTime('FPID2.2.AbC%2Bd%3D.1795100000')).toBe(1_795_100_000_000);
    expect(fpidTime('FPID2')).toBeUndefined();
  });
});

describe('Google Ads cookies (google-ads.md 5)', () => {
  it('reads GCL.<unix s>.<id>', () => {
    expect(gclTime('GCL.1795100000.Cj0KExample_aBc')).toBe(1_795_100_000_000);
    expect(gclClickId('GCL.1795100000.Cj0KExample_aBc')).toBe('Cj0KExample_aBc');
  });

  it('reads the newer 2.1. form', () => {
    expect(gclTime('2.1.kBraid-002$i1795100000')).toBe(1_795_100_000_000);
    expect(gclClickId('2.1.kBraid-002$i1795100000')).toBe('Braid-002');
    expect(gclTime('2.1.k1$i1795100000$u180406437')).toBe(1_795_100_000_000);
  });

  it('reads _gac_ and _gcl_au', () => {
    expect(gclTime('1.1795100000.Cj0KExample_aBc')).toBe(1_795_100_000_000);
    expect(gclAuTime('1.1.139790349.1795100000')).toBe(1_795_100_000_000);
    expect(gclAuTime('1.1.139790349.1795100000.77.x')).toBe(1_795_100_000_000);
  });

  it.each(['', 'GCL', 'GCL.', 'GCL.1795100000', 'GCL.abc.id', 'GCL..id', 'gcl.1795100000.id', '2.1.kid', '2.1', 'id'])(
    'reads no click id out of %j',
    (value) => {
      expect(gclClickId(value)).toBeUndefined();
    },
  );
});

describe('Meta cookies (meta.md 6)', () => {
  it('reads the creation time of four- and five-part values', () => {
    expect(fbTime('fb.1.1795100000123.1098115397')).toBe(1_795_100_000_123);
    expect(fbTime('fb.2.1795100000123.1098115397.BA')).toBe(1_795_100_000_123);
    expect(fbTime('fb.1.1795100000123.1098115397.AQQCAQIB')).toBe(1_795_100_000_123);
  });

  it('reads the fbclid without the appendix, case kept', () => {
    expect(fbClickId('fb.1.1795100000123.IwAR2ExampleClickId')).toBe('IwAR2ExampleClickId');
    expect(fbClickId('fb.1.1795100000123.IwAR2ExampleClickId.AQQCAQIB')).toBe('IwAR2ExampleClickId');
  });

  it.each([
    '',
    'fb.1.1795100000123',
    'fb.1.1795100000123.',
    'fb..1795100000123.5',
    'fb.x.1795100000123.5',
    'fb.1.1795100000.5',
    'fb.1.1795100000123.5.ZZ',
    'fb.1.1795100000123.5.toolongappendix',
    'fb.1.1795100000123.5.AQ.AQ',
    'FB.1.1795100000123.5',
  ])('takes nothing of %j, as Meta itself would not', (value) => {
    expect(fbTime(value)).toBeUndefined();
    expect(fbClickId(value)).toBeUndefined();
  });
});

describe('presentableClientId (design 3a, age of an identifier)', () => {
  const hash = keyedHash(new Uint8Array(32).fill(1));
  const present = (cid: string, page = 'p1', at = NOW, cap = 7 * DAY) => presentableClientId(cid, page, at, cap, hash);
  const issued = (time: number) => `482310557.${Math.floor(time / 1000)}`;

  it('passes an id within its cap as it is', () => {
    const cid = issued(NOW - 7 * DAY + 1000);
    expect(present(cid)).toEqual({ value: cid, kind: 'own' });
  });

  it('passes an id of a clock that runs up to five minutes ahead', () => {
    expect(present(issued(NOW + 5 * MINUTE)).kind).toBe('own');
    expect(present(issued(NOW + 5 * MINUTE + 1000)).kind).toBe('rotating');
  });

  it('gives an expired id another value on every page, the same on one page', () => {
    const cid = issued(NOW - 7 * DAY);
    const first = present(cid, 'p1');
    expect(first.kind).toBe('expired');
    expect(present(cid, 'p1')).toEqual(first);
    expect(present(cid, 'p2').value).not.toBe(first.value);
  });

  it.each(['some-id', '482310557.42', issued(NOW + 60 * DAY)])('rotates %j with every window of the cap', (cid) => {
    const cap = 7 * DAY;
    const start = Math.floor(NOW / cap) * cap;
    const values = [start, start + cap - 1, start + cap, start + 2 * cap].map((at) => present(cid, 'p', at, cap).value);
    expect(values[1]).toBe(values[0]);
    expect(new Set(values).size).toBe(3);
    expect(present(cid, 'another page', start, cap).value).toBe(values[0]);
  });

  it('makes pseudonyms that look like a client id issued when the window began', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.integer({ min: NOW, max: NOW + 400 * DAY }), (cid, page, at) => {
        const { value, kind } = present(cid, page, at);
        fc.pre(kind !== 'own');
        const [random, time] = value.split('.') as [string, string];
        expect(String(Number(random))).toBe(random);
        expect(Number.isSafeInteger(Number(random))).toBe(true);
        expect(Number(time)).toBe((Math.floor(at / (7 * DAY)) * 7 * DAY) / 1000);
        expect(clientIdTime(value)).toBe(Number(time) * 1000);
      }),
    );
  });

  it('depends on the key, and never repeats the id', () => {
    const other = keyedHash(new Uint8Array(32).fill(2));
    const cid = issued(NOW - 30 * DAY);
    expect(presentableClientId(cid, 'p1', NOW, 7 * DAY, other).value).not.toBe(present(cid).value);
    expect(present(cid).value).not.toContain('482310557');
  });

  it('lets no id live longer than the cap, whatever it says', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.integer({ min: 0, max: 4_000_000_000 }).map((s) => `1.${s}`),
        ),
        fc.integer({ min: NOW, max: NOW + 400 * DAY }),
        (cid, at) => {
          expect(present(cid, 'a', at).value).not.toBe(present(cid, 'b', at + 7 * DAY + 6 * MINUTE).value);
        },
      ),
    );
  });
});
