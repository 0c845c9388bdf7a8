import type { Example, PlannedRequest } from '../../src/core/destination.ts';
import { reason } from '../../src/core/reason.ts';
import { secretText } from '../../src/core/secret.ts';

const SETTINGS = { pixel_id: 'D6AP4E3C77U3L7SP8O7G', access_token: '${TIKTOK_ACCESS_TOKEN}' };
const GRANTED = ['ad_storage', 'ad_user_data', 'ad_personalization'] as const;

/** Hashes of section 11: the address, the number and the id they belong to stand in the events below. */
const JANE = '86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d';
const NUMBER = '4db5829924ee5c466cbd9ac69b2a6af527f758614fa3b3aec8c89b16a709a678';
const CUSTOMER = '85d0c1e318151f3beceed00efefeed7f3961b0b4a4db57e06746fd02733cd63d';

const AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36';

function post(data: unknown, more: object = {}): PlannedRequest {
  return {
    method: 'POST',
    url: 'https://business-api.tiktok.com/open_api/v1.3/event/track/',
    headers: { 'content-type': 'application/json', 'access-token': secretText`${{ env: 'TIKTOK_ACCESS_TOKEN' }}` },
    body: JSON.stringify({ event_source: 'web', event_source_id: 'D6AP4E3C77U3L7SP8O7G', data, ...more }),
  };
}

export const examples: readonly Example[] = [
  {
    title: 'A purchase with everything TikTok can match on',
    from: 'destinations/tiktok.md 11',
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
      phone: '+49 30 901820',
      ip: '203.0.113.0',
      user_agent_family: AGENT,
      ttclid: 'E.C.P.Example',
      ttp: '2F7h37YkS1j57AYSKTI7IHhJPYH',
    },
    expect: post([
      {
        event: 'Purchase',
        event_time: 1795169700,
        event_id: 'ord-20261120-7',
        user: {
          email: JANE,
          phone: NUMBER,
          ttclid: 'E.C.P.Example',
          ttp: '2F7h37YkS1j57AYSKTI7IHhJPYH',
          ip: '203.0.113.0',
          user_agent: AGENT,
        },
        page: { url: 'https://shop.example/thank-you' },
        properties: {
          currency: 'EUR',
          value: 59.9,
          order_id: 'ORD-20261120-7',
          content_type: 'product',
          contents: [{ content_id: 'SKU-1', content_name: 'Mug', quantity: 2, price: 27.5 }],
        },
      },
    ]),
  },
  {
    title: "A search known by the site's own id, from a page with a referrer",
    from: 'destinations/tiktok.md 3, 4, 5',
    settings: SETTINGS,
    granted: GRANTED,
    event: {
      event_name: 'view_search_results',
      event_id: 's-1',
      event_time: 1795169700999,
      page_location: 'https://shop.example/search',
      page_referrer: 'https://www.google.com/',
      search_term: 'mug',
      user_id: ' customer-4711 ',
      city: 'San Francisco',
      region: 'CA',
      user_country: 'US',
    },
    expect: post([
      {
        event: 'Search',
        event_time: 1795169700,
        event_id: 's-1',
        user: { external_id: CUSTOMER, city: 'sanfrancisco', state: 'ca', country: 'us' },
        page: { url: 'https://shop.example/search', referrer: 'https://www.google.com/' },
        properties: { search_string: 'mug' },
      },
    ]),
  },
  {
    title: 'The older name of a purchase, under Limited Data Use, in test mode',
    from: 'destinations/tiktok.md 2, 5, 8',
    settings: {
      ...SETTINGS,
      event_names: { purchase: 'CompletePayment' },
      limited_data_use: true,
      test_event_code: 'TEST12345',
    },
    granted: GRANTED,
    event: {
      event_name: 'purchase',
      event_id: 'ord-8',
      event_time: 1795169760000,
      currency: 'usd',
      value: 0,
      ttclid: 'E.C.P.Example',
    },
    expect: post(
      [
        {
          event: 'CompletePayment',
          event_time: 1795169760,
          event_id: 'ord-8',
          user: { ttclid: 'E.C.P.Example' },
          properties: { currency: 'USD', value: 0 },
          limited_data_use: true,
        },
      ],
      { test_event_code: 'TEST12345' },
    ),
  },
  {
    title: 'A visitor TikTok could not recognise: a country and a reduced User-Agent are not identifiers',
    from: 'destinations/tiktok.md 4',
    settings: SETTINGS,
    granted: GRANTED,
    event: { event_name: 'view_item', event_id: 'vi-1', user_agent_family: AGENT, ip: '203.0.113.0', country: 'NO' },
    expect: {
      skip: reason('skip.nothing_to_match', {
        fields: 'ttclid, ttp, email, email_sha256, phone, phone_sha256, user_id, ip + user_agent',
      }),
    },
  },
  {
    title: 'A page view, which has no settled name',
    from: 'destinations/tiktok.md 5',
    settings: SETTINGS,
    granted: GRANTED,
    event: { event_name: 'page_view', event_id: 'pv-1', ttclid: 'E.C.P.Example' },
    expect: { skip: reason('skip.not_mapped') },
  },
];
