import type { Example } from '../../src/core/destination.ts';
import { reason } from '../../src/core/reason.ts';

const settings = { tag_id: '97000001', access_token: '${MICROSOFT_UET_TOKEN}' };
const headers = {
  authorization: { parts: ['Bearer ', { env: 'MICROSOFT_UET_TOKEN' }] },
  'content-type': 'application/json',
} as const;
const url = 'https://capi.uet.microsoft.com/v1/97000001/events';
const at = Date.UTC(2026, 10, 20, 10, 15);

export const examples: readonly Example[] = [
  {
    title: 'A purchase with everything granted',
    from: 'destinations/microsoft.md A.6',
    settings,
    granted: ['ad_storage', 'analytics_storage', 'ad_user_data', 'ad_personalization'],
    event: {
      event_name: 'purchase',
      event_id: 'ord-20261120-7',
      event_time: at,
      page_location: 'https://shop.example/thank-you',
      page_load_id: '1763633700',
      transaction_id: 'ORD-20261120-7',
      currency: 'EUR',
      value: 59.9,
      items: [{ item_id: 'SKU-1', quantity: 2, price: 27.5 }],
      msclkid: 'cdd4afcccb1c9a4cad9544dd7e5006d5',
      email: 'Jane.Doe+news@contoso.com',
    },
    expect: {
      method: 'POST',
      url,
      headers,
      // pageLoadId: UUID v4 made of the page load's number and the click id (FNV-1a).
      body:
        '{"continueOnValidationError":true,"dataProvider":"portvakt","data":[{"eventType":"custom",' +
        '"eventName":"purchase","eventId":"ord-20261120-7","eventTime":1795169700,' +
        '"eventSourceUrl":"https://shop.example/thank-you","pageLoadId":"d0f3aeb6-e1e1-43a0-86e5-9e9e6b7bee9e",' +
        '"adStorageConsent":"G","userData":{"msclkid":"cdd4afcccb1c9a4cad9544dd7e5006d5",' +
        '"em":"62a8040a00736e70808e43009b5c63c4f6229ced98f486d0968441b292b9858a"},' +
        '"customData":{"value":59.9,"currency":"EUR","transactionId":"ORD-20261120-7","pageType":"purchase",' +
        '"items":[{"id":"SKU-1","quantity":2,"price":27.5}]}}]}',
    },
  },
  {
    title: 'User data not granted: the click id alone, and a goal with a name of its own',
    from: 'destinations/microsoft.md A.3',
    settings: { ...settings, event_names: { generate_lead: 'submit_form' } },
    granted: ['ad_storage', 'ad_personalization'],
    event: {
      event_name: 'generate_lead',
      event_id: 'lead-1',
      event_time: at,
      page_load_id: '1763633700',
      currency: 'NOK',
      value: 0,
      msclkid: 'cdd4afcccb1c9a4cad9544dd7e5006d5',
      email: 'john@contoso.com',
      phone: '+1 (425) 555-1234',
    },
    expect: {
      method: 'POST',
      url,
      headers,
      body:
        '{"continueOnValidationError":true,"dataProvider":"portvakt","data":[{"eventType":"custom",' +
        '"eventName":"submit_form","eventId":"lead-1","eventTime":1795169700,' +
        '"pageLoadId":"d0f3aeb6-e1e1-43a0-86e5-9e9e6b7bee9e","adStorageConsent":"G",' +
        '"userData":{"msclkid":"cdd4afcccb1c9a4cad9544dd7e5006d5"},"customData":{"value":0,"currency":"NOK"}}]}',
    },
  },
  {
    title: 'A page view is a page load, and carries no revenue',
    from: 'destinations/microsoft.md A.3',
    settings,
    granted: ['ad_storage', 'ad_user_data', 'ad_personalization'],
    event: {
      event_name: 'page_view',
      event_id: 'page-1',
      event_time: at,
      page_location: 'https://shop.example/',
      page_load_id: '1763633700',
      value: 5,
      currency: 'EUR',
      msclkid: 'cdd4afcccb1c9a4cad9544dd7e5006d5',
    },
    expect: {
      method: 'POST',
      url,
      headers,
      body:
        '{"continueOnValidationError":true,"dataProvider":"portvakt","data":[{"eventType":"pageLoad",' +
        '"eventId":"page-1","eventTime":1795169700,"eventSourceUrl":"https://shop.example/",' +
        '"pageLoadId":"d0f3aeb6-e1e1-43a0-86e5-9e9e6b7bee9e","adStorageConsent":"G",' +
        '"userData":{"msclkid":"cdd4afcccb1c9a4cad9544dd7e5006d5"}}]}',
    },
  },
  {
    title: 'Nobody to match',
    from: 'destinations/microsoft.md A.3 (one identifier at least)',
    settings,
    granted: ['ad_storage', 'ad_personalization'],
    event: { event_name: 'purchase', event_id: 'o-1', currency: 'NOK', value: 599, email: 'john@contoso.com' },
    expect: { skip: reason('skip.nothing_to_match', { fields: 'msclkid, email, phone, phone_sha256' }) },
  },
  {
    title: 'Refused, limited: the pixel with the denial and no identifier of any kind',
    from: 'destinations/microsoft.md B',
    settings,
    granted: ['analytics_storage'],
    limited: true,
    event: {
      event_name: 'purchase',
      event_id: 'ord-20261120-7',
      event_time: at,
      page_location: 'https://shop.example.no/takk?utm_source=bing',
      page_referrer: 'https://www.bing.com/',
      page_title: 'Takk',
      transaction_id: 'ORD-20261120-7',
      currency: 'NOK',
      value: 599,
      msclkid: 'cdd4afcccb1c9a4cad9544dd7e5006d5',
      email: 'john@contoso.com',
    },
    expect: {
      method: 'GET',
      // mid and rn: made of the hit's id (design 3).
      url:
        'https://bat.bing.com/action/0?ti=97000001&Ver=2.3&mid=01234567-89ab-4def-8123-456789abcdef&evt=custom' +
        '&rn=288743&msclkid=N&asc=D&p=https%3A%2F%2Fshop.example.no%2Ftakk&ea=purchase&gv=599&gc=NOK',
      headers: {},
    },
  },
];
