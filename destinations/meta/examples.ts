import type { Example, PlannedRequest } from '../../src/core/destination.ts';
import { bearer, secretText } from '../../src/core/secret.ts';
import { reason } from '../../src/core/reason.ts';

const SETTINGS = { pixel_id: '1234567890', access_token: '${META_ACCESS_TOKEN}' };
const GRANTED = ['ad_storage', 'ad_user_data', 'ad_personalization'] as const;

/** Hashes of section 11: the address, the number, the country and the name they belong to stand in the events below. */
const JANE = '86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d';
const NUMBER = 'c03f76216358b07b09a300613908002987efc1ae9a2ef2a85d57d5a971bf821a';
const GERMANY = '959a45d44e6fcf58361ed004681556fe50129f2109e817dec098c00c9e5d2578';
const BERLIN = 'fb38a93fd89e1a5fc7852a5d7109e321d23a721a1899292273ac5a21dc4db378';
const JOSE = 'd994e1d001886fe5b45b1267bd1fa2b752ac50742579bd3dad7b2a2aa0ed6866';

function post(body: unknown, version = 'v26.0'): PlannedRequest {
  return {
    method: 'POST',
    url: `https://graph.facebook.com/${version}/1234567890/events`,
    headers: { 'content-type': 'application/json', authorization: bearer({ env: 'META_ACCESS_TOKEN' }) },
    body: JSON.stringify(body),
  };
}

export const examples: readonly Example[] = [
  {
    title: 'A purchase with everything Meta can match on',
    from: 'destinations/meta.md 11',
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
      user_country: 'DE',
      ip: '203.0.113.0',
      user_agent_family:
        'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
      fbp: 'fb.1.1795100000123.1098115397',
      fbc: 'fb.1.1795100000123.IwAR2ExampleClickId',
    },
    expect: post({
      data: [
        {
          event_name: 'Purchase',
          event_time: 1795169700,
          event_id: 'ord-20261120-7',
          action_source: 'website',
          event_source_url: 'https://shop.example/thank-you',
          user_data: {
            em: [JANE],
            ph: [NUMBER],
            country: [GERMANY],
            client_ip_address: '203.0.113.0',
            client_user_agent:
              'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
            fbp: 'fb.1.1795100000123.1098115397',
            fbc: 'fb.1.1795100000123.IwAR2ExampleClickId',
          },
          custom_data: {
            currency: 'EUR',
            value: 59.9,
            order_id: 'ORD-20261120-7',
            content_type: 'product',
            content_ids: ['SKU-1'],
            contents: [{ id: 'SKU-1', quantity: 2, item_price: 27.5 }],
          },
          data_processing_options: [],
        },
      ],
      partner_agent: 'portvakt-0.1',
    }),
  },
  {
    title: 'A page view with the browser id only, its appendix untouched',
    from: 'destinations/meta.md 6.2',
    settings: SETTINGS,
    granted: GRANTED,
    event: {
      event_name: 'page_view',
      event_id: 'pv-1',
      event_time: 1795169700999,
      page_location: 'https://shop.example/',
      fbp: 'fb.1.1795100000123.1098115397.AQQCAQIB',
    },
    expect: post({
      data: [
        {
          event_name: 'PageView',
          event_time: 1795169700,
          event_id: 'pv-1',
          action_source: 'website',
          event_source_url: 'https://shop.example/',
          user_data: { fbp: 'fb.1.1795100000123.1098115397.AQQCAQIB' },
          data_processing_options: [],
        },
      ],
      partner_agent: 'portvakt-0.1',
    }),
  },
  {
    title: 'A lead of no value, as a custom event, under Limited Data Use, in test mode',
    from: 'destinations/meta.md 2, 3, 8, 11',
    settings: {
      ...SETTINGS,
      api_version: 'v25.0',
      event_names: { quote_requested: 'Contact' },
      limited_data_use: { state: 1000 },
      test_event_code: 'TEST12345',
    },
    granted: GRANTED,
    event: {
      event_name: 'quote_requested',
      event_id: 'q-17',
      event_time: 1795169760000,
      currency: 'usd',
      value: 0,
      email: 'john_smith@gmail.com',
      first_name: 'José',
      city: 'Berlin',
    },
    expect: post(
      {
        data: [
          {
            event_name: 'Contact',
            event_time: 1795169760,
            event_id: 'q-17',
            action_source: 'website',
            user_data: {
              em: ['62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'],
              fn: [JOSE],
              ct: [BERLIN],
            },
            custom_data: { currency: 'USD', value: 0 },
            data_processing_options: ['LDU'],
            data_processing_options_country: 1,
            data_processing_options_state: 1000,
          },
        ],
        partner_agent: 'portvakt-0.1',
        test_event_code: 'TEST12345',
      },
      'v25.0',
    ),
  },
  {
    title: 'With the app secret: the request proves that it comes from the app of the token',
    from: 'destinations/meta.md 1',
    settings: { ...SETTINGS, app_secret: '${META_APP_SECRET}' },
    granted: GRANTED,
    event: {
      event_name: 'page_view',
      event_id: 'pv-3',
      event_time: 1795169760000,
      fbp: 'fb.1.1795100000123.1098115397',
    },
    expect: {
      ...post({
        data: [
          {
            event_name: 'PageView',
            event_time: 1795169760,
            event_id: 'pv-3',
            action_source: 'website',
            user_data: { fbp: 'fb.1.1795100000123.1098115397' },
            data_processing_options: [],
          },
        ],
        partner_agent: 'portvakt-0.1',
      }),
      url: secretText`${'https://graph.facebook.com/v26.0/1234567890/events'}?appsecret_proof=${{
        kind: 'signature',
        key: { env: 'META_APP_SECRET' },
        keyForm: 'text',
        over: [{ env: 'META_ACCESS_TOKEN' }],
        form: 'hex',
      }}`,
    },
  },
  {
    title: 'A visitor Meta could not recognise: a country and a reduced user agent are not identifiers',
    from: 'destinations/meta.md 4.3',
    settings: SETTINGS,
    granted: GRANTED,
    event: { event_name: 'page_view', event_id: 'pv-2', user_agent_family: 'Mozilla/5.0', country: 'NO' },
    expect: { skip: reason('skip.nothing_to_match', { fields: 'fbp, fbc, email, email_sha256, phone, user_id' }) },
  },
  {
    title: 'An event nobody gave a Meta name',
    from: 'destinations/meta.md 3',
    settings: SETTINGS,
    granted: GRANTED,
    event: { event_name: 'scroll', event_id: 's-1', fbp: 'fb.1.1795100000123.1098115397' },
    expect: { skip: reason('skip.not_mapped') },
  },
];
