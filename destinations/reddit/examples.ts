import type { Example, PlannedRequest } from '../../src/core/destination.ts';
import { reason } from '../../src/core/reason.ts';
import { bearer } from '../../src/core/secret.ts';

const SETTINGS = { pixel_id: 'a2_exampleabc', access_token: '${REDDIT_ACCESS_TOKEN}' };
const GRANTED = ['ad_storage', 'ad_user_data', 'ad_personalization'] as const;

/** Hashes of section 10: what they are of stands in the events below. */
const JANE = 'c4d25e9c90ff23e9145397bc6fbd5385ca5fbe78211222ccbecd0b369ebb19a6';
const ALICE = 'ff8d9819fc0e12bf0d24892e45987e249a28dce836a85cad60e28eaaa8c6d976';
const NUMBER = '4db5829924ee5c466cbd9ac69b2a6af527f758614fa3b3aec8c89b16a709a678';

const AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36';

function post(event: unknown, more: object = {}): PlannedRequest {
  return {
    method: 'POST',
    url: 'https://ads-api.reddit.com/api/v3/pixels/a2_exampleabc/conversion_events',
    headers: { 'content-type': 'application/json', authorization: bearer({ env: 'REDDIT_ACCESS_TOKEN' }) },
    body: JSON.stringify({ data: { events: [event], ...more } }),
  };
}

export const examples: readonly Example[] = [
  {
    title: 'A purchase with an address, a click id and a browser id',
    from: 'destinations/reddit.md 10',
    settings: SETTINGS,
    granted: GRANTED,
    event: {
      event_name: 'purchase',
      event_id: 'ord-20261120-7',
      event_time: 1795169700000,
      page_location: 'https://shop.example/thank-you',
      currency: 'EUR',
      value: 59.9,
      items: [{ item_id: 'SKU-1', item_name: 'Mug', quantity: 2, price: 27.5 }],
      email: 'Jane.Doe+shop@Example.com',
      ip: '203.0.113.0',
      user_agent_family: AGENT,
      rdt_cid: 'ExampleClick',
      rdt_uuid: '0b4c1f0a-6d1e-4c7e-9a55-2d5b3c1e7f90',
    },
    expect: post({
      event_at: 1795169700000,
      action_source: 'WEBSITE',
      type: { tracking_type: 'PURCHASE' },
      event_source_url: 'https://shop.example/thank-you',
      click_id: 'ExampleClick',
      user: { email: JANE, user_agent: AGENT, uuid: '0b4c1f0a-6d1e-4c7e-9a55-2d5b3c1e7f90' },
      metadata: {
        conversion_id: 'ord-20261120-7',
        currency: 'EUR',
        value: 59.9,
        item_count: 2,
        products: [{ id: 'SKU-1', quantity: 2, item_price: 27.5 }],
      },
    }),
  },
  {
    title: 'A lead, whose worth Reddit may not take, with an address written the way Reddit shows it',
    from: 'destinations/reddit.md 3, 4, 10',
    settings: SETTINGS,
    granted: GRANTED,
    event: {
      event_name: 'generate_lead',
      event_id: 'lead-91',
      event_time: 1795169760000,
      currency: 'EUR',
      value: 10,
      email: 'Al.ice$+Apple@Example.Com',
      phone: '+49 30 901820',
    },
    expect: post({
      event_at: 1795169760000,
      action_source: 'WEBSITE',
      type: { tracking_type: 'LEAD' },
      user: { email: ALICE, phone_number: NUMBER },
      metadata: { conversion_id: 'lead-91' },
    }),
  },
  {
    title: 'A custom event in the test tool',
    from: 'destinations/reddit.md 2, 5',
    settings: { ...SETTINGS, event_names: { quote_requested: 'CUSTOM' }, test_id: 't2_exampletest' },
    granted: GRANTED,
    event: {
      event_name: 'quote_requested',
      event_id: 'q-17',
      event_time: 1795169760000,
      rdt_uuid: '0b4c1f0a-6d1e-4c7e-9a55-2d5b3c1e7f90',
    },
    expect: post(
      {
        event_at: 1795169760000,
        action_source: 'WEBSITE',
        type: { tracking_type: 'CUSTOM', custom_event_name: 'quote_requested' },
        user: { uuid: '0b4c1f0a-6d1e-4c7e-9a55-2d5b3c1e7f90' },
        metadata: { conversion_id: 'q-17' },
      },
      { test_id: 't2_exampletest' },
    ),
  },
  {
    title: 'A page view of nobody: an address is not sent',
    from: 'destinations/reddit.md 4',
    settings: { ...SETTINGS, user_data: [] },
    granted: GRANTED,
    event: { event_name: 'page_view', event_id: 'pv-1', ip: '203.0.113.0', user_agent_family: AGENT },
    expect: {
      skip: reason('skip.nothing_to_match', {
        fields: 'rdt_uuid, rdt_cid + user_agent, rdt_cid + user_agent_family',
      }),
    },
  },
  {
    title: 'An event that Reddit has no type for',
    from: 'destinations/reddit.md 5',
    settings: SETTINGS,
    granted: GRANTED,
    event: { event_name: 'begin_checkout', event_id: 'c-1', email: 'jane.doe@example.com' },
    expect: { skip: reason('skip.not_mapped') },
  },
];
