import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeConsentMode } from '../../src/core/consent-mode.ts';
import { gcd as gcdClaim, gcs as gcsClaim } from '../../src/core/egress-claims.ts';
import { BIT, maskOf, type GateSignal } from '../../src/core/signals.ts';
import type { ConsentModeKeys } from '../../src/core/values.ts';

const ALL: readonly GateSignal[] = ['ad_storage', 'analytics_storage', 'ad_user_data', 'ad_personalization'];

function written(
  came: ConsentModeKeys | undefined,
  granted: readonly GateSignal[],
  refused: readonly GateSignal[] = [],
  siteCountry = 'NO',
) {
  return writeConsentMode(came, { signals: maskOf(granted), refused: maskOf(refused), siteCountry });
}

describe('gcs (2)', () => {
  it.each<[readonly GateSignal[], string]>([
    [[], 'G100'],
    [['analytics_storage'], 'G101'],
    [['ad_storage'], 'G110'],
    [['ad_storage', 'analytics_storage'], 'G111'],
    [['ad_user_data', 'ad_personalization'], 'G100'],
  ])('%j -> %s', (granted, gcs) => {
    for (const came of [undefined, 'G111', 'G1--'])
      expect(written(came === undefined ? undefined : { gcs: came }, granted).gcs).toBe(gcs);
  });

  it.each(['G100', 'G110', 'G101', 'garbage', '!'])('says what was decided where the tag said %s', (came) => {
    expect(written({ gcs: came }, ALL).gcs).toBe('G111');
    expect(written({ gcs: came }, []).gcs).toBe('G100');
  });
});

describe('gcd (3.6)', () => {
  it.each<[string, string | undefined, readonly GateSignal[], readonly GateSignal[], string]>([
    // The sheet's vectors (3.5), under the decision they stand for: nothing to rewrite.
    ['2023 form, denied by default', '11p1p1p1p5', [], [], '11p1p1p1p5'],
    ['denied by default', '13p3p3p2p5l1', [], [], '13p3p3p2p5l1'],
    ['opted in', '13r3r3r2r5l1', ALL, [], '13r3r3r2r5l1'],
    ['analytics only', '13q3r3q2q5l1', ['analytics_storage'], ['ad_storage'], '13q3r3q2q5l1'],
    ['granted twice', '13v3v3v2v5l1', ALL, [], '13v3v3v2v5l1'],
    ['opted out of ads', '13u3v3u2u5l1', ['analytics_storage'], [], '13u3v3u2u5l1'],
    // A decision that only tightens: letters change, digits stay.
    ['the cookie says less', '13r3r3r3r5l1', ['analytics_storage'], [], '13p3r3p3p5l1'],
    ['the visitor refused', '11t1t1t1t5', ['analytics_storage'], ['ad_storage', 'ad_user_data'], '11q1t1q1p5'],
    ['not set, and granted by the cookie', '13l3l3l3l1l1', ALL, [], '13r3r3r3r1l1'],
    ['not set, and denied', '13l3l3l3l1l1', [], [], '13p3p3p3p1l1'],
    ['a letter of another row', '13t3t3Z2t5l1', ALL, [], '13t3t3r2t5l1'],
    ['the tag says less, and is not honoured', '13q3v3v2v5l1', ALL, [], '13r3v3v2v5l1'],
    ['flags that are letters', '13t3tPt2t5l1', ALL, [], '13t3tPt2t5l1'],
    ['flags that are letters, denied', '1aQaQaQaQalZ', [], ['ad_storage'], '1aqapapapalZ'],
    ['more pairs than tags write', '13r3r3r2r5l1l1', ALL, [], '13r3r3r2r5l1'],
    // Without a readable one: the gateway's own form; 2 before the last letter where the DMA applies.
    ['absent', undefined, ALL, [], '13r3r3r2r5l1'],
    ['absent, denied', undefined, ['analytics_storage'], ['ad_storage'], '13q3r3p2p5l1'],
    ['garbage', 'garbage', [], [], '13p3p3p2p5l1'],
    ['an id in the tail', `13r3r3r2r5${'a1'.repeat(8)}`, ALL, [], '13r3r3r2r5l1'],
  ])('%s', (_, came, granted, refused, expected) => {
    expect(written(came === undefined ? undefined : { gcd: came }, granted, refused).gcd).toBe(expected);
  });

  it('has a 3 there where it does not', () => {
    expect(written(undefined, [], [], 'US').gcd).toBe('13p3p3p3p5l1');
    expect(written({ dma: '0' }, [], [], 'NO').gcd).toBe('13p3p3p3p5l1');
  });
});

describe('npa (5)', () => {
  it.each<[string | undefined, readonly GateSignal[], string]>([
    [undefined, ALL, '0'],
    ['0', ALL, '0'],
    // What it takes away is out of the decision, where the site honours it.
    ['1', ALL, '0'],
    ['!', ALL, '0'],
    ['0', ['ad_storage', 'ad_user_data', 'analytics_storage'], '1'],
    ['0', ['ad_personalization', 'analytics_storage'], '1'],
    ['0', [], '1'],
  ])('%s with %j -> %s', (npa, granted, expected) => {
    expect(written(npa === undefined ? undefined : { npa }, granted).npa).toBe(expected);
  });
});

describe('dma and dma_cps (6)', () => {
  it.each<[string | undefined, string, string]>([
    ['1', 'US', '1'],
    ['0', 'NO', '0'],
    [undefined, 'NO', '1'],
    [undefined, 'DE', '1'],
    [undefined, 'GB', '0'],
    [undefined, 'US', '0'],
    ['x', 'NO', '1'],
  ])('dma=%s in %s -> %s', (dma, country, expected) => {
    expect(written(dma === undefined ? undefined : { dma }, [], [], country).dma).toBe(expected);
  });

  it.each<[string | undefined, readonly GateSignal[], string]>([
    ['syphamo', ALL, 'syphamo'],
    ['a', ALL, 'a'],
    ['-', ALL, '-'],
    [undefined, ALL, 'a'],
    ['kari@example.no', ALL, '-'],
    ['!', ALL, '-'],
    ['syphamo', ['ad_storage', 'analytics_storage', 'ad_personalization'], '-'],
    [undefined, [], '-'],
  ])('dma_cps=%s with %j -> %s', (dma_cps, granted, expected) => {
    expect(written(dma_cps === undefined ? undefined : { dma_cps }, granted).dma_cps).toBe(expected);
  });
});

describe('pscdl (7)', () => {
  it.each<[string | undefined, readonly GateSignal[], string | undefined]>([
    ['noapi', ALL, 'noapi'],
    ['error', ALL, 'error'],
    ['empty', ALL, 'empty'],
    // A label is a group of visitors.
    ['label_only_3', ALL, undefined],
    ['denied', ALL, undefined],
    [undefined, ALL, undefined],
    ['noapi', ['analytics_storage'], 'denied'],
    [undefined, [], 'denied'],
  ])('%s with %j -> %s', (pscdl, granted, expected) => {
    expect(written(pscdl === undefined ? undefined : { pscdl }, granted).pscdl).toBe(expected);
  });
});

it('claims exactly what was decided, whatever came', () => {
  const came = fc.record(
    {
      gcs: fc.string(),
      gcd: fc.oneof(fc.string(), fc.stringMatching(/^1[0-9A-Za-z]([a-zA-Z][0-9A-Za-z]){4}(l1)?$/)),
      npa: fc.constantFrom('0', '1', 'x'),
      dma: fc.constantFrom('0', '1', 'x'),
      dma_cps: fc.oneof(fc.string(), fc.stringMatching(/^[a-z]{1,7}$/)),
      pscdl: fc.constantFrom('noapi', 'denied', 'label'),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(came, fc.nat(15), fc.nat(15), (keys, signals, refused) => {
      const out = writeConsentMode(keys, { signals, refused, siteCountry: 'NO' });
      const letters = /^1[0-9A-Za-z]([a-z])[0-9A-Za-z]([a-z])[0-9A-Za-z]([a-z])[0-9A-Za-z]([a-z])/
        .exec(out.gcd)
        ?.slice(1);
      const bits = [BIT.ad_storage, BIT.analytics_storage, BIT.ad_user_data, BIT.ad_personalization];
      expect(letters).toHaveLength(4);
      letters?.forEach((letter, i) =>
        expect((signals & (bits[i] as number)) === 0 ? 'mpqu' : 'nrtv').toContain(letter),
      );
      const facts = { signals, acceptedAt: undefined };
      expect([gcsClaim(out.gcs, facts), gcdClaim(out.gcd, facts)]).toEqual([true, true]);
      expect(out.gcs[2] === '1').toBe((signals & BIT.ad_storage) !== 0);
      expect(out.gcs[3] === '1').toBe((signals & BIT.analytics_storage) !== 0);
      expect((signals & BIT.ad_user_data) !== 0 || out.dma_cps === '-').toBe(true);
      const personalised = BIT.ad_storage | BIT.ad_personalization;
      expect(out.npa).toBe((signals & personalised) === personalised ? '0' : '1');
    }),
  );
});
