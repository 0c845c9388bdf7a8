import type { Example } from '../../src/core/destination.ts';
import { reason } from '../../src/core/reason.ts';

const settings = {
  customer_id: '123-456-7890',
  conversions: { purchase: '700123456', generate_lead: '700123457' },
  credentials: '${GOOGLE_ADS_CREDENTIALS}',
};
const headers = {
  authorization: {
    parts: [
      'Bearer ',
      {
        kind: 'google-service-account',
        credentials: { env: 'GOOGLE_ADS_CREDENTIALS' },
        scope: 'https://www.googleapis.com/auth/datamanager',
      },
    ],
  },
  'content-type': 'application/json',
} as const;
const url = 'https://datamanager.googleapis.com/v1/events:ingest';
const limited = { ...settings, conversion_id: 'AW-123456789', labels: { purchase: 'AbC-D_efG' } };

export const examples: readonly Example[] = [
  {
    title: 'A purchase, personalised advertising refused',
    from: 'destinations/google-ads.md 2.5, 6',
    settings: { ...settings, login_customer_id: '9998887776' },
    granted: ['ad_storage', 'analytics_storage', 'ad_user_data'],
    event: {
      event_name: 'purchase',
      event_id: 'ord-20261120-7',
      event_time: Date.UTC(2026, 10, 20, 10, 15),
      transaction_id: 'ORD-20261120-7',
      currency: 'EUR',
      value: 59.9,
      gclid: 'Cj0KExample_aBc',
      email: ' Jane.Doe+shop@GMAIL.com ',
    },
    expect: {
      method: 'POST',
      url,
      headers,
      body:
        '{"destinations":[{"reference":"700123456",' +
        '"operatingAccount":{"accountType":"GOOGLE_ADS","accountId":"1234567890"},' +
        '"loginAccount":{"accountType":"GOOGLE_ADS","accountId":"9998887776"},' +
        '"productDestinationId":"700123456"}],"encoding":"HEX","events":[{' +
        '"destinationReferences":["700123456"],"transactionId":"ORD-20261120-7",' +
        '"eventTimestamp":"2026-11-20T10:15:00.000Z","eventSource":"WEB","currency":"EUR","conversionValue":59.9,' +
        '"consent":{"adUserData":"CONSENT_GRANTED","adPersonalization":"CONSENT_DENIED"},' +
        '"adIdentifiers":{"gclid":"Cj0KExample_aBc"},"userData":{"userIdentifiers":[' +
        '{"emailAddress":"d6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69"}]}}]}',
    },
  },
  {
    title: 'A free lead after a click on an iPhone: zero is a value, and without a hash there is no encoding',
    from: 'destinations/google-ads.md 2.2, 2.3',
    settings,
    granted: ['ad_storage', 'ad_user_data', 'ad_personalization'],
    event: {
      event_name: 'generate_lead',
      event_id: 'lead-1',
      event_time: Date.UTC(2026, 10, 20, 10, 15),
      currency: 'NOK',
      value: 0,
      wbraid: 'CkExampleWbraid',
    },
    expect: {
      method: 'POST',
      url,
      headers,
      body:
        '{"destinations":[{"reference":"700123457",' +
        '"operatingAccount":{"accountType":"GOOGLE_ADS","accountId":"1234567890"},' +
        '"productDestinationId":"700123457"}],"events":[{' +
        '"destinationReferences":["700123457"],"transactionId":"lead-1",' +
        '"eventTimestamp":"2026-11-20T10:15:00.000Z","eventSource":"WEB","currency":"NOK","conversionValue":0,' +
        '"consent":{"adUserData":"CONSENT_GRANTED","adPersonalization":"CONSENT_GRANTED"},' +
        '"adIdentifiers":{"wbraid":"CkExampleWbraid"}}]}',
    },
  },
  {
    title: 'GA4 user data of the tag, in the encoding Data Manager takes',
    from: 'destinations/ga4.md 3.8, destinations/google-ads.md 6',
    settings,
    granted: ['ad_storage', 'ad_user_data'],
    event: {
      event_name: 'generate_lead',
      event_id: 'lead-2',
      event_time: Date.UTC(2026, 10, 20, 10, 15),
      google_user_data: 'tv.1~em.1hFzBkhe0OUK-rOshx6Y-BaZFR8wKBUn1j_18jNlbGk~co0.DE',
    },
    expect: {
      method: 'POST',
      url,
      headers,
      body:
        '{"destinations":[{"reference":"700123457",' +
        '"operatingAccount":{"accountType":"GOOGLE_ADS","accountId":"1234567890"},' +
        '"productDestinationId":"700123457"}],"encoding":"HEX","events":[{' +
        '"destinationReferences":["700123457"],"transactionId":"lead-2",' +
        '"eventTimestamp":"2026-11-20T10:15:00.000Z","eventSource":"WEB",' +
        '"consent":{"adUserData":"CONSENT_GRANTED","adPersonalization":"CONSENT_DENIED"},' +
        '"userData":{"userIdentifiers":[' +
        '{"emailAddress":"d6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69"}]}}]}',
    },
  },
  {
    title: 'A purchase nobody could be matched on',
    from: 'destinations/google-ads.md 2.3 (NO_IDENTIFIERS_PROVIDED)',
    settings,
    granted: ['ad_storage', 'ad_user_data', 'ad_personalization'],
    event: { event_name: 'purchase', event_id: 'o-1', transaction_id: 'o-1', currency: 'NOK', value: 599 },
    expect: {
      skip: reason('skip.nothing_to_match', {
        fields:
          'gclid, wbraid, gbraid, email, phone, phone_sha256, google_user_data, first_name + last_name + user_country + postal_code',
      }),
    },
  },
  {
    title: 'An event that is no conversion',
    from: 'destinations/google-ads.md 2.2',
    settings,
    granted: ['ad_storage', 'ad_user_data', 'ad_personalization'],
    event: { event_name: 'page_view', event_id: 'p-1', gclid: 'Cj0KExample_aBc' },
    expect: { skip: reason('skip.not_mapped') },
  },
  {
    title: 'Statistics only, limited: a ping with no identifier of any kind',
    from: 'destinations/google-ads.md 4, destinations/consent-mode.md 2, 3.6, 5-7',
    settings: limited,
    granted: ['analytics_storage'],
    limited: true,
    event: {
      event_name: 'purchase',
      event_id: 'ord-20261120-7',
      event_time: Date.UTC(2026, 10, 20, 10, 15),
      transaction_id: 'ORD-20261120-7',
      currency: 'NOK',
      value: 599,
      page_location: 'https://shop.example.no/takk?utm_source=google',
      gclid: 'Cj0KExample_aBc',
      email: 'kari@example.no',
      consent_mode: { gcs: 'G101', dma: '1' },
    },
    expect: {
      method: 'GET',
      // random: the first eight digits of the hit's id (design 3).
      url:
        'https://pagead2.googlesyndication.com/pagead/conversion/123456789/?label=AbC-D_efG&value=599&currency_code=NOK' +
        '&url=https%3A%2F%2Fshop.example.no%2Ftakk&gcs=G101&gcd=13p3r3p2p5l1&npa=1&dma=1&dma_cps=-&pscdl=denied&random=19088743',
      headers: {},
    },
  },
];
