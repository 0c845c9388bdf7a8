import { describe, expect, it } from 'vitest';
import { decideRequest } from '../../../src/decide/request.ts';
import { gatewayOf, jsonHit, NOW } from '../../support/hits.ts';
import { encodeTcString } from '../../support/tc-string.ts';

// Through the front door: which records of banners open the route. `destinations/snapchat.md` 12 says why.

const CONFIG = (consent: string) => `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: ${consent}
    destinations:
      linkedin: { conversions: { purchase: "104012" }, access_token: "\${TOKEN}" }
      snapchat: { pixel_id: 1ec32188-754e-4be2-8e55-c949a984a39f, access_token: "\${TOKEN}" }
`;

/** What becomes of a purchase, by route, and the cookies that are set. */
function decided(consent: string, cookie: string) {
  const event = {
    name: 'purchase',
    id: 'o-1',
    page: { url: 'https://shop.example.no/takk?ScCid=ExampleClick' },
    params: { value: 1, currency: 'NOK' },
    user: { email: 'kari@example.no' },
  };
  const cookies = `${cookie}; _scid=0b4c1f0a-6d1e-4c7e-9a55-2d5b3c1e7f90`;
  const done = decideRequest(jsonHit({ events: [event] }, { cookies }), gatewayOf(CONFIG(consent)));
  if ('problem' in done) throw new Error(done.problem.detail);
  const { events, setCookies } = done.trace;
  const outcome = (name: string) => events[0]?.routes.find(({ route }) => route.name === name)?.outcome;
  return { snapchat: outcome('snapchat'), linkedin: outcome('linkedin'), cookies: setCookies };
}

const TC = `euconsent-v2=${encodeTcString({
  purposes: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
  interests: [],
  consents: [755, 804],
  vendorInterests: [],
  disclosed: [755, 804],
  restrictions: [],
  cmpId: 28,
  treatment: false,
  lastUpdated: NOW - 24 * 3_600_000,
})}`;
const LISTED = '{ cmp: [tcf], mapping: { tcf: { purposes: { vendorless: [marketing] } } } }';

describe('strings of the IAB and of Google', () => {
  it('a TC string alone never opens it, nor an Additional Consent that accepts it', () => {
    expect(decided('{ cmp: [tcf] }', TC)).toMatchObject({ snapchat: 'blocked', linkedin: 'planned' });
    expect(decided('{ cmp: [tcf] }', `${TC}; addtl_consent=2~2572~dv.2572`).snapchat).toBe('blocked');
  });

  it.each([
    ['that says nothing of it', '2~89~dv.89', 'planned'],
    ['that discloses and accepts it', '2~89.2572~dv.89', 'planned'],
    ['that discloses it and does not accept it', '2~89~dv.2572', 'blocked'],
  ])('where the site lists the signals, an Additional Consent %s', (_what, string, outcome) => {
    const got = decided(LISTED, `${TC}; addtl_consent=${string}`);
    expect(got).toMatchObject({ snapchat: outcome, linkedin: 'planned' });
  });
});

describe('a service', () => {
  it.each(['snapchat', 'snapchat-pixel', 'Snap Pixel'])('%j that was refused closes its route and no other', (name) => {
    const M = '[ad_storage, ad_user_data, ad_personalization]';
    const consent = `{ cmp: [klaro], mapping: { klaro: { purposes: { linkedin: ${M}, "${name}": ${M} } } } }`;
    const klaro = (snap: boolean) => `klaro=${encodeURIComponent(JSON.stringify({ linkedin: true, [name]: snap }))}`;
    const both = decided(consent, klaro(true));
    expect(both).toMatchObject({ snapchat: 'planned', linkedin: 'planned' });
    // The name of the parameter is known in any case; its value keeps its capitals.
    expect(both.cookies.some((line) => line.startsWith('_scclid=ExampleClick;'))).toBe(true);
    const refused = decided(consent, klaro(false));
    expect(refused).toMatchObject({ snapchat: 'blocked', linkedin: 'planned' });
    expect(refused.cookies.filter((line) => /^_sc(?:id|clid)=[^;]/.test(line))).toEqual([]);
    expect(refused.cookies.some((line) => line.startsWith('_scid=; Max-Age=0'))).toBe(true);
  });
});
