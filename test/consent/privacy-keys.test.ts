import { GppModel } from '@iabgpp/cmpapi';
import { describe, expect, it } from 'vitest';
import type { Consent, SiteConsent } from '../../src/consent/types.ts';
import { AD_SIGNALS, BIT } from '../../src/core/signals.ts';
import { decideRequest } from '../../src/decide/request.ts';
import { cookiebot, gatewayOf, NOW, webHit } from '../support/hits.ts';
import { encodeTcString } from '../support/tc-string.ts';
import { inputOf, M, P, S, siteOf, readConsent } from './site.ts';

// Privacy strings inside a web hit (`destinations/consent-mode.md` 5 and 8): they take away and never grant.

const ALL = 'pv_consent=1.p1s1m1.1789371065';
const site = siteOf(['bridge']);
const DAY = 86_400_000;

function read(privacy: Record<string, string>, at: SiteConsent = site, npa?: string): Consent {
  return readConsent(inputOf(ALL, { privacy, npa }), at);
}

/** What is taken of a visitor who granted everything: `n` nothing, else ads or a mask; and whether it is an objection. */
function taken(privacy: Record<string, string>, npa?: string): string {
  const { granted, refused, withheld } = read(privacy, site, npa);
  const lost = (P | S | M) & ~granted;
  const what =
    lost === 0 ? 'nothing' : lost === AD_SIGNALS ? 'ads' : lost === BIT.ad_personalization ? 'personal' : `${lost}`;
  if (lost === 0) return what;
  return `${what}, ${refused === lost ? 'objected' : withheld === lost ? 'withheld' : 'mixed'}`;
}

const tcString = (purposes: readonly number[], more: { vendors?: readonly number[]; at?: number } = {}) =>
  encodeTcString({
    purposes,
    interests: [],
    consents: more.vendors ?? [755],
    vendorInterests: [],
    disclosed: [755],
    restrictions: [],
    cmpId: 7,
    treatment: false,
    lastUpdated: more.at ?? Date.parse('2026-11-20T00:00:00Z'),
  });
const EVERY = Array.from({ length: 11 }, (_, i) => i + 1);

function gpp(name: string, fields: Record<string, number>): string {
  const model = new GppModel();
  for (const [field, value] of Object.entries(fields)) model.setFieldValue(name, field, value);
  return model.encode();
}

describe('US Privacy strings in a hit', () => {
  it.each([
    ['1YYN', 'ads, objected'],
    ['1yyn', 'ads, objected'],
    ['1YNN', 'nothing'],
    ['1YNY', 'nothing'],
    ['1---', 'nothing'],
    ['', 'nothing'],
    ['null', 'nothing'],
    ['1Y--', 'ads, withheld'],
    ['2YNN', 'ads, withheld'],
    ['yes', 'ads, withheld'],
  ])('%j takes %s', (text, expected) => {
    expect(taken({ us_privacy: text })).toBe(expected);
    expect(taken({ sst_us_privacy: text })).toBe(expected);
  });
});

describe('npa', () => {
  it.each([
    ['0', 'nothing'],
    ['', 'nothing'],
    ['1', 'personal, withheld'],
    ['!', 'ads, withheld'],
  ])('%j takes %s', (npa, expected) => {
    expect(taken({}, npa)).toBe(expected);
  });

  it('is nobody’s objection', () => {
    expect(read({}, site, '1')).toMatchObject({ refused: 0, byDefault: BIT.ad_personalization });
  });
});

describe('gdpr_consent', () => {
  it.each([
    ['every purpose', EVERY, {}, 'nothing'],
    ['no purpose', [], {}, 'ads, objected'],
    ['statistics only', [1, 8, 9], {}, 'ads, objected'],
    ['marketing, not statistics', [1, 2, 3, 4, 7], {}, 'nothing'],
  ])('%s', (_, purposes, more, expected) => {
    expect(taken({ gdpr: '1', gdpr_consent: tcString(purposes, more) })).toBe(expected);
    expect(taken({ gdpr_consent: tcString(purposes, more) })).toBe(expected);
    expect(taken({ gdpr: '0', gdpr_consent: tcString(purposes, more) })).toBe('nothing');
  });

  it.each([
    ['text', 'CQRemoved', 'ads, withheld'],
    ['two strings', '!', 'ads, withheld'],
    ['a string of next week', tcString(EVERY, { at: NOW + 9 * DAY }), 'ads, withheld'],
    ['nothing', '', 'nothing'],
  ])('%s', (_, gdpr_consent, expected) => {
    expect(taken({ gdpr_consent })).toBe(expected);
  });

  it('speaks of statistics only where the site reads TCF', () => {
    const gdpr_consent = tcString([]);
    const granting = `${ALL}; euconsent-v2=${tcString(EVERY)}`;
    const consent = readConsent(inputOf(granting, { privacy: { gdpr_consent } }), siteOf(['bridge', 'tcf']));
    expect(consent.granted & (S | M)).toBe(0);
    expect(read({ gdpr_consent }).granted & S).toBe(S);
  });

  it('closes a vendor it does not consent to, for advertising', () => {
    const routes = [
      {
        name: 'ads',
        vendor: 'google',
        tcfVendor: 755,
        acProvider: undefined,
        needs: AD_SIGNALS,
        service: 'google-ads',
      },
    ];
    const keys = { gdpr_consent: tcString(EVERY, { vendors: [] }) };
    const { terms, vendorless } = read(keys, siteOf(['bridge'], { routes }));
    expect((terms?.get('ads')?.consented ?? 0) & (S | M)).toBe(S);
    // Vendors without an id have no say in it.
    expect(vendorless & M).toBe(M);
  });
});

describe('gpp', () => {
  const optedOut = gpp('usnat', { SaleOptOut: 1, SharingOptOut: 2, TargetedAdvertisingOptOut: 2 });
  const notOptedOut = gpp('usnat', { SaleOptOut: 2, SharingOptOut: 2, TargetedAdvertisingOptOut: 2 });

  it.each([
    ['an opt-out', optedOut, '7', 'ads, objected'],
    ['an opt-out, without a list of sections', optedOut, '', 'ads, objected'],
    ['an opt-out in a section that is said to be not in force', optedOut, '2', 'ads, objected'],
    ['no opt-out', notOptedOut, '7', 'nothing'],
    ['a string nobody can read', 'DBABLA', '7', 'ads, withheld'],
    ['a section nobody can read', 'DBABLA~A', '7', 'ads, withheld'],
    ['a section nobody can read, not in force', 'DBABLA~A', '2', 'nothing'],
    ['nothing', '', '7', 'nothing'],
  ])('%s', (_, text, gpp_sid, expected) => {
    expect(taken({ gpp: text, gpp_sid })).toBe(expected);
  });
});

it('are left alone where the site does not honour what the tag says', () => {
  const deaf = siteOf(['bridge'], { honourConsentMode: false });
  const keys = { us_privacy: '1YYN', gdpr_consent: 'x', gpp: 'x' };
  expect(read(keys, deaf, '1').granted).toBe(P | S | M);
});

it('grant nothing', () => {
  const keys = { us_privacy: '1NNN', gdpr_consent: tcString(EVERY) };
  expect(readConsent(inputOf('', { privacy: keys, npa: '0' }), site).granted).toBe(0);
});

describe('in a web hit', () => {
  const gateway = gatewayOf(`
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001 }
      meta: { pixel_id: "123456789012345", access_token: "\${T}" }
`);
  const page = {
    v: '2',
    tid: 'G-TEST000001',
    cid: `482310557.${NOW / 1000 - 60}`,
    dl: 'https://shop.example.no/',
    en: 'purchase',
    cu: 'NOK',
    'epn.value': '10',
    'ep.transaction_id': 'T-1',
  };
  const verdicts = (query: Record<string, string>, body = '') => {
    const done = decideRequest(
      webHit(
        { ...page, ...query },
        { cookies: cookiebot({ preferences: true, statistics: true, marketing: true }), body },
      ),
      gateway,
    );
    if (!('trace' in done)) throw new Error(JSON.stringify(done.problem));
    return done.trace.events.map(({ routes }) => routes.map(({ permit }) => permit.verdict));
  };

  it.each([
    ['us_privacy', { us_privacy: '1YYN' }],
    ['sst.us_privacy', { 'sst.us_privacy': '1YYN' }],
    ['gdpr_consent', { gdpr: '1', gdpr_consent: 'CQRemoved' }],
    ['gpp', { gpp: 'x', gpp_sid: '7' }],
    ['npa', { npa: '1', gcs: 'G111' }],
  ])('%s closes Meta and leaves GA4 open', (_, query) => {
    expect(verdicts({})).toEqual([['full', 'full']]);
    expect(verdicts(query)).toEqual([['full', 'blocked']]);
  });

  it('count for the line they are in, and in the query for all', () => {
    const body = 'en=a&us_privacy=1YYN\r\nen=b\r\n';
    expect(verdicts({}, body)).toEqual([
      ['full', 'blocked'],
      ['full', 'full'],
    ]);
    expect(verdicts({ us_privacy: '1YYN' }, 'en=a\r\nen=b&us_privacy=1YNN\r\n')).toEqual([
      ['full', 'blocked'],
      ['full', 'blocked'],
    ]);
  });
});
