import { describe, expect, it } from 'vitest';
import { readConsentMode } from '../../src/consent/standards/consent-mode.ts';
import { ALL_SIGNALS, BIT, GATE_MASK, type GateSignal } from '../../src/core/signals.ts';
import { inputOf, M, P, S, siteOf, readConsent } from './site.ts';

const ORDER = ['ad_storage', 'analytics_storage', 'ad_user_data', 'ad_personalization'] as const;

/** What takes away and how: r = refused by the visitor, w = withheld, d = merely denied by default, - = nothing. */
function taken(gcs: string | undefined, gcd: string | undefined): string {
  const reading = readConsentMode(gcs, gcd);
  return ORDER.map((signal) => {
    if (((reading?.refused ?? 0) & BIT[signal]) !== 0) return 'r';
    if (((reading?.withheld ?? 0) & BIT[signal]) === 0) return '-';
    return ((reading?.byDefault ?? 0) & BIT[signal]) !== 0 ? 'd' : 'w';
  }).join('');
}

describe('gcd (destinations/consent-mode.md 3.5, design 3)', () => {
  it.each([
    ['11p1p1p1p5', 'dddd'],
    ['13l3l3l3l1l1', '----'],
    ['13p3p3p2p5l1', 'dddd'],
    ['13r3r3r2r5l1', '----'],
    ['13q3r3q2q5l1', 'r-rr'],
    ['13t3t3Z2t5l1', '----'],
    ['13l3l3R3l5l1', '----'],
    // Flags that are letters, as real tags write them since 2024.
    ['13t3tPt2t5l1', '----'],
    ['13q3rPq2q5l1', 'r-rr'],
    ['1aplplplpl', 'dddd'],
    ['', '----'],
    ['13v3v3v2v5l1', '----'],
    ['13u3v3u2u5l1', 'r-rr'],
    ['garbage', 'wwww'],
  ])('%s takes %s', (gcd, expected) => {
    expect(taken(undefined, gcd)).toBe(expected);
  });

  it.each([
    ...Array.from('lnrtvRXZ', (letter) => [letter, '-'] as const),
    ...Array.from('pPV', (letter) => [letter, 'd'] as const),
    ...Array.from('mquMQUSWa', (letter) => [letter, 'r'] as const),
  ])('letter %s (3.2) means %s, in each of the four places', (letter, expected) => {
    ORDER.forEach((_, place) => {
      const letters = ['r', 'r', 'r', 'r'].with(place, letter);
      const gcd = `13${letters[0]}3${letters[1]}3${letters[2]}2${letters[3]}5l1`;
      expect(taken(undefined, gcd)).toBe('----'.split('').with(place, expected).join(''));
    });
  });

  it('takes nothing on a letter that is not known, and says so', () => {
    for (const letter of Array.from('bcdefghijkoswxyzABCDEFGHIJKLNOTY')) {
      const reading = readConsentMode(undefined, `13${letter}3r3r2r5`);
      expect(taken(undefined, `13${letter}3r3r2r5`)).toBe('----');
      expect(reading).toMatchObject({ unknownLetter: true, note: expect.stringContaining('not known') });
    }
    expect(readConsentMode(undefined, '13r3r3r2r5l1')).not.toHaveProperty('unknownLetter');
    // Later pairs are about signals that are not read.
    expect(readConsentMode(undefined, '13r3r3r2r5k1')).not.toHaveProperty('unknownLetter');
  });

  it.each([
    '13',
    '13r3r3r2r',
    '23r3r3r2r5l1',
    'a3r3r3r2r5l1',
    '13r3r332r5l1',
    '13r3r3r2',
    'r3r3r3r5l1',
    '13r3r3r2r5l',
    '13r3r3r2rr5',
    '13r3r3r2r5 ',
    '13r3r3rr2r5',
    ' 13r3r3r2r5',
    '13r3r3r2r5-1',
    '13é3r3r2r5',
    `13r3r3r2r5${'l1'.repeat(40)}`,
  ])('denies all four on %j', (gcd) => {
    expect(taken(undefined, gcd)).toBe('wwww');
    expect(readConsentMode(undefined, gcd)).toMatchObject({ status: 'none', note: 'cannot be read' });
  });
});

describe('gcs (destinations/consent-mode.md 2)', () => {
  it.each([
    ['G111', '----'],
    ['G110', '-d--'],
    ['G101', 'd---'],
    ['G100', 'dd--'],
    ['G1--', '----'],
    ['G1-1', '----'],
    ['G11-', '----'],
    ['G1-0', '-d--'],
    ['G10-', 'd---'],
    ['', '----'],
    ['G1', 'wwww'],
    ['G112', 'wwww'],
    ['G211', 'wwww'],
    ['g111', 'wwww'],
    ['G1111', 'wwww'],
  ])('%j takes %s', (gcs, expected) => {
    expect(taken(gcs, undefined)).toBe(expected);
  });

  it('is an objection only where gcd says who denied', () => {
    expect(taken('G100', '13q3q3q2q5l1')).toBe('rrrr');
    expect(taken('G100', '13p3p3p2p5l1')).toBe('dddd');
    expect(taken('G100', '13r3r3r2r5l1')).toBe('dd--');
  });

  it('says nothing where both are absent', () => {
    expect(readConsentMode(undefined, undefined)).toBeUndefined();
  });
});

describe('consent mode in a consent', () => {
  const given = 'pv_consent=1.p1s1m1.1789371065';
  const grantedWith = (gcs: string | undefined, gcd: string | undefined, site = siteOf(['bridge'])) =>
    readConsent(inputOf(given, { gcs, gcd }), site).granted;

  it('takes away what it denies, and only that', () => {
    expect(grantedWith('G111', '13r3r3r2r5l1')).toBe(P | S | M);
    expect(grantedWith('G101', '13q3r3q2q5l1')).toBe(P | S);
    expect(grantedWith(undefined, '13r3r3q2r5l1')).toBe((P | S | M) & ~BIT.ad_user_data);
    expect(grantedWith('nonsense', undefined)).toBe(P);
  });

  it('never grants', () => {
    const consent = readConsent(inputOf('', { gcs: 'G111', gcd: '13v3v3v2v5l1' }), siteOf(['bridge']));
    expect(consent.granted).toBe(0);
  });

  it('is left alone where the site does not honour it', () => {
    expect(grantedWith('G100', '13q3q3q2q5l1', siteOf(['bridge'], { honourConsentMode: false }))).toBe(P | S | M);
  });

  it('keeps refusing and withholding apart', () => {
    const consent = readConsent(inputOf(given, { gcs: 'G100', gcd: '13q3p3r2r5l1' }), siteOf(['bridge']));
    const bits = (signals: readonly GateSignal[]) => signals.reduce((mask, signal) => mask | BIT[signal], 0);
    expect(consent.refused).toBe(bits(['ad_storage']));
    expect(consent.withheld).toBe(bits(['analytics_storage']));
    expect(consent.granted & GATE_MASK).toBe(bits(['ad_user_data', 'ad_personalization']));
    expect(consent.granted & (consent.refused | consent.withheld) & ALL_SIGNALS).toBe(0);
  });
});
