import type { Example, PlannedRequest } from '../../src/core/destination.ts';
import { bearer } from '../../src/core/secret.ts';
import { reason } from '../../src/core/reason.ts';

const SETTINGS = {
  conversions: { purchase: '104012', generate_lead: '104013' },
  access_token: '${LINKEDIN_ACCESS_TOKEN}',
};
const GRANTED = ['ad_storage', 'ad_user_data', 'ad_personalization'] as const;

function post(element: unknown, version = '202609'): PlannedRequest {
  return {
    method: 'POST',
    url: 'https://api.linkedin.com/rest/conversionEvents',
    headers: {
      'content-type': 'application/json',
      authorization: bearer({ env: 'LINKEDIN_ACCESS_TOKEN' }),
      'linkedin-version': version,
      'x-restli-protocol-version': '2.0.0',
      'x-restli-method': 'BATCH_CREATE',
    },
    body: JSON.stringify({ elements: [element] }),
  };
}

export const examples: readonly Example[] = [
  {
    title: 'A purchase with an address, a click id and a name',
    from: 'destinations/linkedin.md 10',
    settings: SETTINGS,
    granted: GRANTED,
    event: {
      event_name: 'purchase',
      event_id: 'ord-20261120-7',
      event_time: 1795169700000,
      currency: 'EUR',
      value: 59.9,
      email: 'Jane.Doe@Example.com',
      first_name: 'Jane',
      last_name: 'Doe',
      user_country: 'DE',
      li_fat_id: 'df5gf5-gh6t7-ph4j7h-fgf6n1',
    },
    expect: post({
      conversion: 'urn:lla:llaPartnerConversion:104012',
      conversionHappenedAt: 1795169700000,
      conversionValue: { currencyCode: 'EUR', amount: '59.90' },
      eventId: 'ord-20261120-7',
      user: {
        userIds: [
          { idType: 'SHA256_EMAIL', idValue: '86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d' },
          { idType: 'LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID', idValue: 'df5gf5-gh6t7-ph4j7h-fgf6n1' },
        ],
        userInfo: {
          hashedFirstName: '81f8f6dde88365f3928796ec7aa53f72820b06db8664f5fe76a7eb13e24546a2',
          hashedLastName: '799ef92a11af918e3fb741df42934f3b568ed2d93ac1df74f1b8d41a27932a6f',
          countryCode: 'DE',
        },
      },
    }),
  },
  {
    title: "A lead known by the site's own id only",
    from: 'destinations/linkedin.md 10',
    settings: SETTINGS,
    granted: GRANTED,
    event: { event_name: 'generate_lead', event_id: 'lead-91', event_time: 1795169760000, user_id: 'crm-8841' },
    expect: post({
      conversion: 'urn:lla:llaPartnerConversion:104013',
      conversionHappenedAt: 1795169760000,
      eventId: 'lead-91',
      user: {
        userIds: [],
        externalIds: ['684d6d3373d49a011be875f58b38eeefc27703472d8fee6adb08fc4a3004d3a5'],
      },
    }),
  },
  {
    title: 'An older version of the API takes names in clear text only, so they stay here',
    from: 'destinations/linkedin.md 3',
    settings: { ...SETTINGS, api_version: '202608' },
    granted: GRANTED,
    event: {
      event_name: 'generate_lead',
      event_id: 'lead-92',
      event_time: 1795169760000,
      first_name: 'Jane',
      last_name: 'Doe',
      li_fat_id: 'df5gf5-gh6t7-ph4j7h-fgf6n1',
    },
    expect: post(
      {
        conversion: 'urn:lla:llaPartnerConversion:104013',
        conversionHappenedAt: 1795169760000,
        eventId: 'lead-92',
        user: {
          userIds: [{ idType: 'LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID', idValue: 'df5gf5-gh6t7-ph4j7h-fgf6n1' }],
        },
      },
      '202608',
    ),
  },
  {
    title: 'One name without the other identifies nobody',
    from: 'destinations/linkedin.md 3',
    settings: SETTINGS,
    granted: GRANTED,
    event: { event_name: 'generate_lead', event_id: 'lead-93', first_name: 'Jane', user_country: 'DE' },
    expect: {
      skip: reason('skip.nothing_to_match', {
        fields: 'li_fat_id, email, email_sha256, user_id, first_name + last_name',
      }),
    },
  },
  {
    title: 'An event without a conversion rule',
    from: 'destinations/linkedin.md 2',
    settings: SETTINGS,
    granted: GRANTED,
    event: { event_name: 'page_view', event_id: 'pv-1', li_fat_id: 'df5gf5-gh6t7-ph4j7h-fgf6n1' },
    expect: { skip: reason('skip.not_mapped') },
  },
];
