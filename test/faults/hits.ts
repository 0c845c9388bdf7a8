import type { Hit } from '../../src/protocols/hit.ts';
import { cookiebot, jsonHit, NOW, webHit } from '../support/hits.ts';

// Hits that together pass through every function of the chain, of a visitor who has allowed everything.

export const CONFIG = `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot], mapping: {} }
    privacy: { ip: truncate, user_agent: family, url_query: [utm_campaign], referrer: path, never_forward: ["/helse/**"] }
    cookies: { domain: example.no, own_id: true, ads: 90d }
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: "\${GA4_API_SECRET}" }
      google_ads: { customer_id: "1234567890", conversions: { purchase: "700123456" }, credentials: "\${GOOGLE_ADS_CREDENTIALS}" }
      floodlight: { floodlight_config_id: "8031234", activities: { purchase: { id: "14567890", count: transactions } }, credentials: "\${GOOGLE_ADS_CREDENTIALS}" }
      meta: { pixel_id: "123456789012345", access_token: "\${META_ACCESS_TOKEN}" }
      linkedin: { conversions: { purchase: "104012" }, access_token: "\${LINKEDIN_ACCESS_TOKEN}" }
      hubspot: { custom_events: { purchase: { name: pe1234567_purchase } }, email: true, access_token: "\${HUBSPOT_TOKEN}" }
      microsoft_ads: { tag_id: "97000001", access_token: "\${MICROSOFT_UET_TOKEN}" }
      pinterest: { ad_account_id: "549757463328", access_token: "\${PINTEREST_ACCESS_TOKEN}" }
      reddit: { pixel_id: a2_exampleabc, access_token: "\${REDDIT_ACCESS_TOKEN}" }
      snapchat: { pixel_id: 1ec32188-754e-4be2-8e55-c949a984a39f, access_token: "\${SNAPCHAT_ACCESS_TOKEN}" }
      tiktok: { pixel_id: D6AP4E3C77U3L7SP8O7G, access_token: "\${TIKTOK_ACCESS_TOKEN}" }
`;

const CID = `482310557.${NOW / 1000 - 86_400}`;
const CLICKS =
  'gclid=Cj0KExample_aBc&fbclid=IwAR2Example&msclkid=0a1b2c3d4e5f60718293a4b5c6d7e8f9&li_fat_id=11111111-2222-4333-8444-555555555555&epik=dj0yExample&rdt_cid=ExampleClick&ttclid=E.C.P.CrABqKZ8pU6u7wVb&ScCid=ExampleClick';
const PAGE = `https://shop.example.no/takk?utm_campaign=jul%202026&${CLICKS}`;
let asked = 0;

/** Never the same twice: a choice of its own and a parameter of its own, so that nothing is remembered from before. */
function more() {
  asked++;
  const choice = cookiebot({ preferences: true, statistics: true, marketing: true }, NOW - 3_600_000 - asked);
  return {
    cookies: `${choice}; _ga=GA1.1.${CID}; _fbp=fb.1.${NOW - 86_400_000}.1098115397; hubspotutk=0f1e2d3c4b5a69788796a5b4c3d2e1f0`,
    headers: {
      'user-agent':
        'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36',
    },
  };
}

export const webPurchase = (): Hit =>
  webHit(
    {
      v: '2',
      tid: 'G-TEST000001',
      cid: CID,
      _p: '1795169690123',
      sid: '1795168000',
      gcs: 'G111',
      gcd: '13r3r3r2r5l1',
      dl: PAGE,
      dr: 'https://www.google.com/search?q=krus',
      dt: 'Takk 2026 12345678',
      en: 'purchase',
      cu: 'NOK',
      'epn.value': '599',
      'ep.transaction_id': 'ORD-20261120-7',
      [`ep.note_${asked}`]: 'kampanje 2026',
      em: 'tv.1~em.1hFzBkhe0OUK-rOshx6Y-BaZFR8wKBUn1j_18jNlbGk',
      pr1: 'idSKU-1~nmKrus~pr299.5~qt2~k0colour~v0blue',
    },
    more(),
  );

export const jsonPurchase = (): Hit =>
  jsonHit(
    {
      events: [
        {
          name: 'purchase',
          client_id: CID,
          page: { url: PAGE, referrer: 'https://www.google.com/search?q=krus', title: 'Takk 2026' },
          params: { currency: 'NOK', value: 599, transaction_id: 'ORD-20261120-7', [`note_${asked}`]: 'kampanje 2026' },
          user: {
            id: 'crm-8841',
            email: 'kari@example.no',
            phone: '+47 400 00 000',
            first_name: 'Kari',
            last_name: 'Nordmann',
          },
        },
      ],
    },
    more(),
  );
