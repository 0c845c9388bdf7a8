import type { Example, PlannedRequest } from '../../src/core/destination.ts';
import { reason } from '../../src/core/reason.ts';
import { bearer } from '../../src/core/secret.ts';

const SETTINGS = { ad_account_id: '549757463328', access_token: '${PINTEREST_ACCESS_TOKEN}' };
const GRANTED = ['ad_storage', 'ad_user_data', 'ad_personalization'] as const;

/** Hashes of section 10: what they are of stands in the events below. */
const JANE = '86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d';
const NUMBER = 'c03f76216358b07b09a300613908002987efc1ae9a2ef2a85d57d5a971bf821a';
const GERMANY = '959a45d44e6fcf58361ed004681556fe50129f2109e817dec098c00c9e5d2578';
const CUSTOMER = '85d0c1e318151f3beceed00efefeed7f3961b0b4a4db57e06746fd02733cd63d';

const AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36';

function post(event: unknown, query = ''): PlannedRequest {
  return {
    method: 'POST',
    url: `https://api.pinterest.com/v5/ad_accounts/549757463328/events${query}`,
    headers: { 'content-type': 'application/json', authorization: bearer({ env: 'PINTEREST_ACCESS_TOKEN' }) },
    body: JSON.stringify({ data: [event] }),
  };
}

export const examples: readonly Example[] = [
  {
    title: 'A purchase with an address, a phone number and a click id',
    from: 'destinations/pinterest.md 10',
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
      epik: 'dj0yExample',
    },
    expect: post({
      event_name: 'checkout',
      action_source: 'web',
      event_time: 1795169700,
      event_id: 'ord-20261120-7',
      event_source_url: 'https://shop.example/thank-you',
      user_data: {
        em: [JANE],
        ph: [NUMBER],
        client_ip_address: '203.0.113.0',
        client_user_agent: AGENT,
        click_id: 'dj0yExample',
      },
      custom_data: {
        currency: 'EUR',
        value: '59.9',
        order_id: 'ORD-20261120-7',
        num_items: 2,
        content_ids: ['SKU-1'],
        contents: [{ id: 'SKU-1', item_price: '27.5', quantity: 2 }],
      },
    }),
  },
  {
    title: 'A page view known by its click, with address and user agent beside it',
    from: 'destinations/pinterest.md 4, 5',
    settings: SETTINGS,
    granted: GRANTED,
    event: {
      event_name: 'page_view',
      event_id: 'pv-1',
      event_time: 1795169700999,
      page_location: 'https://shop.example/',
      ip: '203.0.113.0',
      user_agent_family: AGENT,
      epik: 'dj0yExample',
    },
    expect: post({
      event_name: 'page_visit',
      action_source: 'web',
      event_time: 1795169700,
      event_id: 'pv-1',
      event_source_url: 'https://shop.example/',
      user_data: { client_ip_address: '203.0.113.0', client_user_agent: AGENT, click_id: 'dj0yExample' },
    }),
  },
  {
    title: "A custom event with the site's own id and a country, in the mode that records nothing",
    from: 'destinations/pinterest.md 1, 4, 5, 10',
    settings: { ...SETTINGS, event_names: { quote_requested: 'custom' }, test: true },
    granted: GRANTED,
    event: {
      event_name: 'quote_requested',
      event_id: 'q-17',
      event_time: 1795169760000,
      value: 0,
      email: 'jane.doe@example.com',
      user_id: 'customer-4711',
      user_country: 'DE',
    },
    expect: post(
      {
        event_name: 'custom',
        action_source: 'web',
        event_time: 1795169760,
        event_id: 'q-17',
        user_data: { em: [JANE], country: [GERMANY], external_id: [CUSTOMER] },
        custom_data: { value: '0' },
      },
      '?test=true',
    ),
  },
  {
    title: 'A click id without an address, which Pinterest would refuse',
    from: 'destinations/pinterest.md 4',
    settings: { ...SETTINGS, user_data: ['email'] },
    granted: GRANTED,
    event: { event_name: 'page_view', event_id: 'pv-2', epik: 'dj0yExample', user_agent_family: AGENT },
    expect: {
      skip: reason('skip.nothing_to_match', {
        fields: 'email, email_sha256, epik + ip + user_agent, epik + ip + user_agent_family',
      }),
    },
  },
  {
    title: 'An event that Pinterest has no name for',
    from: 'destinations/pinterest.md 5',
    settings: SETTINGS,
    granted: GRANTED,
    event: { event_name: 'remove_from_cart', event_id: 'r-1', email: 'jane.doe@example.com' },
    expect: { skip: reason('skip.not_mapped') },
  },
];
