import { describe, expect, it } from 'vitest';
import { decideRequest } from '../../../src/decide/request.ts';
import { gatewayOf, NOW, webHit } from '../../support/hits.ts';
import { encodeTcString } from '../../support/tc-string.ts';

// Through the front door: which records of banners open the route. `destinations/tiktok.md` 12 and `consent.md` say why.

const MARKETING = '[ad_storage, ad_user_data, ad_personalization]';
const CONFIG = (consent: string) => `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: ${consent}
    destinations:
      ga4: { measurement_id: G-TEST000001 }
      meta: { pixel_id: "123456789012345", access_token: "\${TOKEN}" }
      tiktok: { pixel_id: D6AP4E3C77U3L7SP8O7G, access_token: "\${TOKEN}" }
`;
const seconds = Math.floor(NOW / 1000) - 3_600;
const json = (value: unknown): string => encodeURIComponent(JSON.stringify(value));

/** What becomes of a purchase for TikTok and for Meta, and the cookies that are set. */
function decided(consent: string, cookie: string, landing = '') {
  const hit = webHit(
    {
      v: '2',
      tid: 'G-TEST000001',
      en: 'purchase',
      cid: `482310557.${seconds}`,
      cu: 'NOK',
      'epn.value': '599',
      dl: `https://shop.example.no/takk${landing}`,
    },
    { cookies: `${cookie}; _ttp=2F7h37YkS1j57AYSKTI7IHhJPYH; _fbp=fb.1.${seconds}000.1098115397` },
  );
  const done = decideRequest(hit, gatewayOf(CONFIG(consent)));
  if ('problem' in done) throw new Error(done.problem.detail);
  const { events, setCookies } = done.trace;
  const outcome = (name: string) => events[0]?.routes.find(({ route }) => route.name === name)?.outcome;
  return { tiktok: outcome('tiktok'), meta: outcome('meta'), cookies: setCookies };
}

describe('a TC string', () => {
  const consents = [755, 986];
  const string = encodeTcString({
    purposes: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
    interests: [],
    consents,
    vendorInterests: [],
    disclosed: consents,
    restrictions: [],
    cmpId: 28,
    treatment: false,
    lastUpdated: NOW - 24 * 3_600_000,
  });
  const cookie = `euconsent-v2=${string}`;

  it("alone never opens it, not with vendor 986 either, which is ByteDance's ad network for apps", () => {
    expect(decided('{ cmp: [tcf] }', cookie).tiktok).toBe('blocked');
  });

  it('opens it where the site lists the signals for vendors without an id', () => {
    const listed = '{ cmp: [tcf], mapping: { tcf: { purposes: { vendorless: [marketing] } } } }';
    expect(decided(listed, cookie).tiktok).toBe('planned');
  });
});

describe('a service', () => {
  const klaro = (pixel: string) =>
    `{ cmp: [klaro], mapping: { klaro: { purposes: { facebook-pixel: ${MARKETING}, ${pixel}: ${MARKETING} } } } }`;

  it.each(['tiktok', 'tiktok-pixel', 'TikTok Pixel'])('%j that was refused closes its route and no other', (name) => {
    const consent = klaro(`"${name}"`);
    const both = decided(consent, `klaro=${json({ 'facebook-pixel': true, [name]: true })}`);
    expect([both.tiktok, both.meta]).toEqual(['planned', 'planned']);
    const refused = decided(
      consent,
      `klaro=${json({ 'facebook-pixel': true, [name]: false })}`,
      '?ttclid=E.C.P.Click1',
    );
    expect([refused.tiktok, refused.meta]).toEqual(['blocked', 'planned']);
    // Nothing of it is kept, and what the pixel has written goes.
    expect(refused.cookies.filter((line) => /^(?:_ttp|ttclid)=[^;]/.test(line))).toEqual([]);
    expect(refused.cookies.some((line) => line.startsWith('_ttp=; Max-Age=0'))).toBe(true);
  });

  it('that is not in a list of what was allowed closes it', () => {
    const record = (marketing: readonly string[]) =>
      `cc_cookie=${json({ categories: ['necessary', 'analytics', 'marketing'], revision: 0, services: { necessary: [], analytics: [], marketing } })}`;
    const consent = '{ cmp: [vanilla-cookieconsent] }';
    expect(decided(consent, record(['meta', 'tiktok'])).tiktok).toBe('planned');
    expect(decided(consent, record(['meta'])).tiktok).toBe('blocked');
  });
});
