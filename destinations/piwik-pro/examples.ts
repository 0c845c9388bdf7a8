import type { Example, PlannedRequest } from '../../src/core/destination.ts';
import { reason } from '../../src/core/reason.ts';

const APP = '892d04bd-0000-4000-8000-000000000001';
const SETTINGS = { host: 'example.piwik.pro', app_id: APP, currency: 'EUR' };
const OWN_DOMAIN = { ...SETTINGS, host: 'stats.shop.example' };
const GRANTED = ['analytics_storage'] as const;

/** With the number of the hit's id (`destinations/piwik-pro.md` 1). */
const START = `?idsite=${APP}&rec=1&r=19088743&cdt=1795169700`;
const END = '&ts_n=portvakt&ts_v=0.1.0';

function post(pairs: string, host = 'example.piwik.pro'): PlannedRequest {
  return {
    method: 'POST',
    url: `https://${host}/ppms.php`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ requests: [START + pairs + END] }),
  };
}

export const examples: readonly Example[] = [
  {
    title: 'An order',
    from: 'destinations/piwik-pro.md 6',
    settings: SETTINGS,
    granted: GRANTED,
    event: {
      event_name: 'purchase',
      event_time: 1795169700000,
      page_location: 'https://shop.example/thank-you',
      transaction_id: 'ORD-20261120-7',
      currency: 'EUR',
      value: 59.9,
      items: [{ item_id: 'SKU-1', item_name: 'Mug', item_category: 'Cups', price: 27.5, quantity: 2 }],
      visitor_hash: '0123456789abcdef0123456789abcdef',
      ip: '203.0.113.0',
      user_agent_family: 'Mozilla/5.0',
    },
    expect: post(
      '&url=https%3A%2F%2Fshop.example%2Fthank-you&e_t=order&ec_id=ORD-20261120-7&revenue=59.9' +
        '&ec_products=%5B%5B%22SKU-1%22%2C%22Mug%22%2C%5B%22Cups%22%5D%2C27.5%2C2%5D%5D' +
        '&_id=0123456789abcdef&cip=203.0.113.0&ua=Mozilla%2F5.0',
    ),
  },
  {
    title: 'A product in the cart, on a tracking domain of its own; no address, so that none counts',
    from: 'destinations/piwik-pro.md 2, 3',
    settings: OWN_DOMAIN,
    granted: GRANTED,
    event: {
      event_name: 'add_to_cart',
      event_time: 1795169700000,
      items: [{ item_id: 'SKU-1', item_name: 'Mug', price: 27.5, item_brand: 'ACME', item_variant: 'blue' }],
      visitor_hash: '2ee7db68e927c7321706468286e5e4b3',
      country: 'NO',
    },
    expect: post(
      '&e_t=add-to-cart&ec_products=%5B%5B%22SKU-1%22%2C%22Mug%22%2C%5B%5D%2C27.5%2C1%2C%22ACME%22%2C%22blue%22%5D%5D' +
        '&_id=2ee7db68e927c732&rmip=1&country=no',
      'stats.shop.example',
    ),
  },
  {
    title: 'An order without consent, in the anonymous form of the vendor',
    from: 'destinations/piwik-pro.md 2, 4',
    settings: SETTINGS,
    granted: [],
    limited: true,
    event: {
      event_name: 'purchase',
      event_time: 1795169700000,
      page_location: 'https://shop.example/thank-you?utm_source=avis',
      transaction_id: 'ORD-20261120-7',
      currency: 'EUR',
      value: 59.9,
      items: [{ item_id: 'SKU-1', item_name: 'Mug', price: 27.5 }],
      visitor_hash: '0123456789abcdef0123456789abcdef',
      ip: '203.0.113.0',
      user_agent_family: 'Mozilla/5.0',
    },
    expect: post(
      '&url=https%3A%2F%2Fshop.example%2Fthank-you&e_t=order&revenue=59.9' +
        '&ec_products=%5B%5B%22SKU-1%22%2C%22Mug%22%2C%5B%5D%2C27.5%2C1%5D%5D&uia=1&dda=1&rmip=1&sh=0',
    ),
  },
  {
    title: 'A refund, which Piwik PRO does not know',
    from: 'destinations/piwik-pro.md 3',
    settings: SETTINGS,
    granted: GRANTED,
    event: { event_name: 'refund', transaction_id: 'ORD-20261120-7' },
    expect: { skip: reason('skip.not_mapped') },
  },
];
