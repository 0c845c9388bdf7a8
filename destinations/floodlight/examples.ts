import type { Example } from '../../src/core/destination.ts';
import { reason } from '../../src/core/reason.ts';

const settings = {
  floodlight_config_id: '8031234',
  activities: {
    purchase: { id: '14567890', count: 'transactions' },
    generate_lead: { id: '14567891', count: 'standard' },
  },
  credentials: '${FLOODLIGHT_CREDENTIALS}',
};
const headers = {
  authorization: {
    parts: [
      'Bearer ',
      {
        kind: 'google-service-account',
        credentials: { env: 'FLOODLIGHT_CREDENTIALS' },
        scope: 'https://www.googleapis.com/auth/datamanager',
      },
    ],
  },
  'content-type': 'application/json',
} as const;
const url = 'https://datamanager.googleapis.com/v1/events:ingest';
const destination = (activity: string) =>
  `{"destinations":[{"reference":"${activity}",` +
  '"operatingAccount":{"accountType":"FLOODLIGHT_CONFIG","accountId":"8031234"},' +
  '"loginAccount":{"accountType":"FLOODLIGHT_CONFIG","accountId":"8031234"},' +
  `"productDestinationId":"${activity}"}],`;

export const examples: readonly Example[] = [
  {
    title: 'A purchase after a click on a display ad, with a custom variable',
    from: 'destinations/floodlight.md 2, 3',
    settings: { ...settings, variables: { U1: 'params.product_line' } },
    granted: ['ad_storage', 'ad_user_data', 'ad_personalization'],
    event: {
      event_name: 'purchase',
      event_id: 'ord-20261120-7',
      event_time: Date.UTC(2026, 10, 20, 10, 15),
      transaction_id: 'ORD-20261120-7',
      currency: 'EUR',
      value: 59.9,
      params: { product_line: 'mug', colour: 'blue' },
      dclid: 'CNExampleDclid',
    },
    expect: {
      method: 'POST',
      url,
      headers,
      body:
        `${destination('14567890')}"events":[{` +
        '"destinationReferences":["14567890"],"transactionId":"ORD-20261120-7",' +
        '"eventTimestamp":"2026-11-20T10:15:00.000Z","eventSource":"WEB","currency":"EUR","conversionValue":59.9,' +
        '"conversionCount":1,"adIdentifiers":{"dclid":"CNExampleDclid"},' +
        '"consent":{"adUserData":"CONSENT_GRANTED","adPersonalization":"CONSENT_GRANTED"},' +
        '"customVariables":[{"variable":"U1","value":"mug"}]}]}',
    },
  },
  {
    title: 'A lead after a click on a search ad, personalised advertising refused: a counter has no value',
    from: 'destinations/floodlight.md 2, 3',
    settings,
    granted: ['ad_storage', 'ad_user_data'],
    event: {
      event_name: 'generate_lead',
      event_id: 'lead-1',
      event_time: Date.UTC(2026, 10, 20, 10, 15),
      currency: 'NOK',
      value: 100,
      gclid: 'Cj0KExample_aBc',
    },
    expect: {
      method: 'POST',
      url,
      headers,
      body:
        `${destination('14567891')}"events":[{` +
        '"destinationReferences":["14567891"],"transactionId":"lead-1",' +
        '"eventTimestamp":"2026-11-20T10:15:00.000Z","eventSource":"WEB","conversionCount":1,' +
        '"adIdentifiers":{"gclid":"Cj0KExample_aBc"},' +
        '"consent":{"adUserData":"CONSENT_GRANTED","adPersonalization":"CONSENT_DENIED"}}]}',
    },
  },
  {
    title: 'A purchase with the buyer as a hash, and its products',
    from: 'destinations/floodlight.md 2; destinations/google-ads.md 2.3, 2.4',
    settings: { ...settings, user_data: true, merchant: { id: '12345', feed_label: 'NO', feed_language: 'nb' } },
    granted: ['ad_storage', 'ad_user_data'],
    event: {
      event_name: 'purchase',
      event_id: 'o-2',
      event_time: Date.UTC(2026, 10, 20, 10, 15),
      transaction_id: 'o-2',
      currency: 'NOK',
      value: 599,
      items: [{ item_id: 'SKU-1', price: 299.5, quantity: 2 }],
      email: 'jane.doe@example.com',
      dclid: 'CNExampleDclid',
    },
    expect: {
      method: 'POST',
      url,
      headers,
      body:
        `${destination('14567890')}"encoding":"HEX","events":[{` +
        '"destinationReferences":["14567890"],"transactionId":"o-2",' +
        '"eventTimestamp":"2026-11-20T10:15:00.000Z","eventSource":"WEB","currency":"NOK","conversionValue":599,' +
        '"conversionCount":1,"adIdentifiers":{"dclid":"CNExampleDclid"},' +
        '"consent":{"adUserData":"CONSENT_GRANTED","adPersonalization":"CONSENT_DENIED"},' +
        '"userData":{"userIdentifiers":[{"emailAddress":"86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d"}]},' +
        '"cartData":{"merchantId":"12345","merchantFeedLabel":"NO","merchantFeedLanguageCode":"nb",' +
        '"items":[{"merchantProductId":"SKU-1","quantity":"2","unitPrice":299.5}]}}]}',
    },
  },
  {
    title: 'A purchase that no ad led to',
    from: 'destinations/floodlight.md 2 (NO_IDENTIFIERS_PROVIDED)',
    settings,
    granted: ['ad_storage', 'ad_user_data', 'ad_personalization'],
    event: { event_name: 'purchase', event_id: 'o-1', transaction_id: 'o-1', currency: 'NOK', value: 599 },
    expect: { skip: reason('skip.nothing_to_match', { fields: 'dclid, gclid' }) },
  },
  {
    title: 'An event that is no activity',
    from: 'destinations/floodlight.md 3',
    settings,
    granted: ['ad_storage', 'ad_user_data', 'ad_personalization'],
    event: { event_name: 'page_view', event_id: 'p-1', dclid: 'CNExampleDclid' },
    expect: { skip: reason('skip.not_mapped') },
  },
];
