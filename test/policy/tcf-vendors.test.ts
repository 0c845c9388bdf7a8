import { RestrictionType } from '@iabtechlabtcf/core';
import { describe, expect, it } from 'vitest';
import { decideRequest } from '../../src/decide/request.ts';
import { gatewayOf, NOW, webHit } from '../support/hits.ts';
import { encodeTcString, type TcWish } from '../support/tc-string.ts';

// Expectations follow requirement R90 and `consent.md` 1.1: a vendor needs its purposes, and a purpose that the
// publisher restricts for it is not there for it. Google is 755, LinkedIn 804, Microsoft 1126.

const CONFIG = `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    privacy: { ip: truncate }
    consent: { cmp: [tcf], mapping: { tcf: { purposes: { vendorless: LISTED } } } }
    purposes: { analytics: { basis: BASIS } }
    destinations:
      ga4: { measurement_id: G-TEST000001 }
      floodlight:
        floodlight_config_id: "8031234"
        activities: { purchase: { id: "1", count: transactions } }
        credentials: \${TOKEN}
      meta: { pixel_id: "123456789012345", access_token: "\${TOKEN}" }
      linkedin: { conversions: { purchase: "104012" }, access_token: "\${TOKEN}" }
      hubspot: { custom_events: { purchase: { name: pe1234567_purchase } }, access_token: "\${TOKEN}" }
      microsoft_ads: { tag_id: "97000001", access_token: "\${TOKEN}" }
      pinterest: { ad_account_id: "549757463328", access_token: "\${TOKEN}" }
      reddit: { pixel_id: a2_exampleabc, access_token: "\${TOKEN}" }
      snapchat: { pixel_id: 1ec32188-754e-4be2-8e55-c949a984a39f, access_token: "\${TOKEN}" }
      tiktok: { pixel_id: D6AP4E3C77U3L7SP8O7G, access_token: "\${TOKEN}" }
`;
const gateway = (basis: string, listed: string) => gatewayOf(CONFIG.replace('BASIS', basis).replace('LISTED', listed));
const onConsent = gateway('consent', '[]');
const onInterest = gateway('legitimate_interest', '[]');

const { NOT_ALLOWED, REQUIRE_CONSENT, REQUIRE_LI } = RestrictionType;
const ALL = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
// 986 is ByteDance's ad network for apps, and not TikTok's pixel (`destinations/tiktok.md` 12).
const VENDORS = [755, 804, 986, 1126];

type Restriction = TcWish['restrictions'][number];

/** What becomes of a purchase under these restrictions, by route. */
function outcomes(restrictions: readonly Restriction[], purposes = ALL, asked = onConsent): Record<string, string> {
  const string = encodeTcString({
    purposes,
    interests: [],
    consents: VENDORS,
    vendorInterests: [],
    disclosed: VENDORS,
    restrictions,
    cmpId: 28,
    treatment: false,
    lastUpdated: NOW - 24 * 3_600_000,
  });
  const seconds = Math.floor(NOW / 1000) - 3_600;
  const hit = webHit(
    { v: '2', tid: 'G-TEST000001', en: 'purchase', cid: `482310557.${seconds}`, cu: 'NOK', 'epn.value': '599' },
    {
      headers: { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0' },
      cookies: `euconsent-v2=${string}; _fbp=fb.1.${seconds}000.1098115397; li_fat_id=0a1b2c3d-0000-4000-8000-000000000000; _uetmsclkid=_uet0a1b2c3d4e5f60718293a4b5c6d7e8f9; hubspotutk=0f1e2d3c4b5a69788796a5b4c3d2e1f0; _epik=dj0yExample; _rdt_uuid=${seconds}000.0b4c1f0a-6d1e-4c7e-9a55-2d5b3c1e7f90; _ttp=2F7h37YkS1j57AYSKTI7IHhJPYH; _gcl_dc=GCL.${seconds}.CNExampleDclid`,
    },
  );
  const done = decideRequest(hit, asked);
  if ('problem' in done) throw new Error(done.problem.detail);
  const routes = done.trace.events[0]?.routes ?? [];
  return Object.fromEntries(routes.map(({ route, outcome }) => [route.key.split('/')[1], outcome]));
}

// Meta, HubSpot, Pinterest, Reddit, Snap and TikTok are on no vendor list.
const EVERYBODY = {
  ga4: 'planned',
  floodlight: 'planned',
  meta: 'blocked',
  linkedin: 'planned',
  hubspot: 'blocked',
  microsoft_ads: 'planned',
  pinterest: 'blocked',
  reddit: 'blocked',
  snapchat: 'blocked',
  tiktok: 'blocked',
};

describe('publisher restrictions (R90)', () => {
  it('are not there: everybody gets the event', () => {
    expect(outcomes([])).toEqual(EVERYBODY);
  });

  it.each([
    ['storage', 1, 755, ['ga4', 'floodlight']],
    ['measurement', 8, 755, ['ga4']],
    ['measuring advertising', 7, 755, ['floodlight']],
    ['profiles for advertising', 3, 804, ['linkedin']],
    ['measuring advertising', 7, 1126, ['microsoft_ads']],
  ] as const)('forbid one vendor %s: it gets nothing, the others do', (_what, purpose, vendor, routes) => {
    const blocked = Object.fromEntries(routes.map((route) => [route, 'blocked']));
    expect(outcomes([{ purpose, vendor, type: NOT_ALLOWED }])).toEqual({ ...EVERYBODY, ...blocked });
  });

  it('tie a purpose to legitimate interest: consent does not count for it', () => {
    expect(outcomes([{ purpose: 4, vendor: 804, type: REQUIRE_LI }])).toEqual({ ...EVERYBODY, linkedin: 'blocked' });
  });

  it('tie a purpose to the consent that was given: nothing changes', () => {
    expect(outcomes([{ purpose: 8, vendor: 755, type: REQUIRE_CONSENT }])).toEqual(EVERYBODY);
  });

  it('on purposes of another category, or of none here, take nothing', () => {
    expect(outcomes([{ purpose: 5, vendor: 755, type: NOT_ALLOWED }])).toEqual(EVERYBODY);
    expect(outcomes([{ purpose: 8, vendor: 804, type: NOT_ALLOWED }])).toEqual(EVERYBODY);
    expect(outcomes([{ purpose: 11, vendor: 755, type: NOT_ALLOWED }])).toEqual(EVERYBODY);
  });

  it('where statistics rest on legitimate interest, what is tied to it stays and what is forbidden goes', () => {
    const ga4 = (type: RestrictionType) => outcomes([{ purpose: 8, vendor: 755, type }], ALL, onInterest)['ga4'];
    expect(ga4(REQUIRE_LI)).toBe('planned');
    expect(ga4(NOT_ALLOWED)).toBe('blocked');
  });
});

describe('a vendor without an id behind a TC string alone (design 3)', () => {
  it.each([
    ['nothing is listed for it', '[]', 'blocked'],
    ['something else is', '[statistics]', 'blocked'],
    ['what it needs is', '[marketing]', 'planned'],
  ] as const)('%s', (_what, listed, outcome) => {
    expect(outcomes([], ALL, gateway('consent', listed))).toMatchObject({
      meta: outcome,
      hubspot: outcome,
      pinterest: outcome,
      reddit: outcome,
      tiktok: outcome,
    });
  });
});
