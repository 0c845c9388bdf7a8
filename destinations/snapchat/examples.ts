import type { Example, PlannedRequest } from '../../src/core/destination.ts';
import { reason } from '../../src/core/reason.ts';
import { bearer, secretText } from '../../src/core/secret.ts';

const PIXEL = '1ec32188-754e-4be2-8e55-c949a984a39f';
const SETTINGS = { pixel_id: PIXEL, access_token: '${SNAPCHAT_ACCESS_TOKEN}' };
const GRANTED = ['ad_storage', 'ad_user_data', 'ad_personalization'] as const;
const TOKEN = { env: 'SNAPCHAT_ACCESS_TOKEN' };
const URL = `https://tr.snapchat.com/v3/${PIXEL}/events`;

/** Hashes of section 11: the addresses, the numbers and the city they belong to stand in the events below. */
const JANE = '86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d';
const NUMBER = 'c03f76216358b07b09a300613908002987efc1ae9a2ef2a85d57d5a971bf821a';
const PERSON = '542d240129883c019e106e3b1b2d3f3cb3537c43c425364de8e951d5a3083345';
const BRITISH = 'dc008fda46e2e64002cf2f82a4906236282d431c4f75e5b60bfe79fc48546383';
const BERLIN = 'fb38a93fd89e1a5fc7852a5d7109e321d23a721a1899292273ac5a21dc4db378';

const AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36';

function post(data: unknown): PlannedRequest {
  return {
    method: 'POST',
    url: secretText`${URL}?access_token=${TOKEN}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ data }),
  };
}

export const examples: readonly Example[] = [
  {
    title: 'A purchase with everything Snap can match on',
    from: 'destinations/snapchat.md 11',
    settings: SETTINGS,
    granted: GRANTED,
    event: {
      event_name: 'purchase',
      event_id: 'ord-20261120-7',
      event_time: 1795169700000,
      page_location: 'https://shop.example/thank-you',
      currency: 'EUR',
      value: 59.9,
      transaction_id: 'ORD-20261120-7',
      items: [{ item_id: 'SKU-1', item_name: 'Mug', quantity: 2, price: 27.5 }],
      email: ' Jane.Doe@Example.com',
      phone: '0049 (0)30 901820',
      ip: '203.0.113.0',
      user_agent_family: AGENT,
      sccid: 'ExampleClick',
      scid: '0b4c1f0a-6d1e-4c7e-9a55-2d5b3c1e7f90',
    },
    expect: post([
      {
        event_name: 'PURCHASE',
        event_time: 1795169700,
        event_id: 'ord-20261120-7',
        action_source: 'WEB',
        event_source_url: 'https://shop.example/thank-you',
        user_data: {
          em: [JANE],
          ph: [NUMBER],
          client_ip_address: '203.0.113.0',
          client_user_agent: AGENT,
          sc_click_id: 'ExampleClick',
          sc_cookie1: '0b4c1f0a-6d1e-4c7e-9a55-2d5b3c1e7f90',
        },
        custom_data: {
          currency: 'EUR',
          value: 59.9,
          order_id: 'ORD-20261120-7',
          contents: [{ id: 'SKU-1', quantity: 2, item_price: 27.5 }],
        },
      },
    ]),
  },
  {
    title: 'A lead under Limited Data Use, with the token in a header',
    from: 'destinations/snapchat.md 1, 4, 7, 11',
    settings: {
      ...SETTINGS,
      authentication: 'header',
      event_names: { quote_requested: 'CUSTOM_EVENT_1' },
      limited_data_use: { state: 1000 },
    },
    granted: GRANTED,
    event: {
      event_name: 'quote_requested',
      event_id: 'q-17',
      event_time: 1795169760000,
      page_location: 'https://shop.example/quote',
      email: 'Person@Example.com',
      phone: '+44 844 412 4653',
      city: 'Berlin',
      region: 'Bavaria',
      postal_code: '0150',
    },
    expect: {
      method: 'POST',
      url: URL,
      headers: { 'content-type': 'application/json', authorization: bearer(TOKEN) },
      body: JSON.stringify({
        data: [
          {
            event_name: 'CUSTOM_EVENT_1',
            event_time: 1795169760,
            event_id: 'q-17',
            action_source: 'WEB',
            event_source_url: 'https://shop.example/quote',
            user_data: { em: [PERSON], ph: [BRITISH], ct: BERLIN },
            data_processing_options: ['LDU'],
            data_processing_options_country: 1,
            data_processing_options_state: 1000,
          },
        ],
      }),
    },
  },
  {
    title: 'A click alone: Snap takes it with an address and a User-Agent only',
    from: 'destinations/snapchat.md 4',
    settings: { ...SETTINGS, user_data: ['email'] },
    granted: GRANTED,
    event: {
      event_name: 'page_view',
      event_id: 'pv-1',
      page_location: 'https://shop.example/',
      sccid: 'ExampleClick',
      user_agent_family: AGENT,
    },
    expect: {
      skip: reason('skip.nothing_to_match', {
        fields:
          'email, email_sha256, sccid + ip + user_agent, sccid + ip + user_agent_family, scid + ip + user_agent, scid + ip + user_agent_family',
      }),
    },
  },
  {
    title: 'A purchase of nobody knows how much',
    from: 'destinations/snapchat.md 3',
    settings: SETTINGS,
    granted: GRANTED,
    event: { event_name: 'purchase', event_id: 'o-1', page_location: 'https://shop.example/', email: 'a@example.com' },
    expect: { skip: reason('skip.lacks', { fields: 'value, currency' }) },
  },
];
