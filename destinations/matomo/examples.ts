import type { Example, PlannedRequest } from '../../src/core/destination.ts';
import { reason } from '../../src/core/reason.ts';

const SETTINGS = { host: 'stats.shop.example', site_id: '3', currency: 'EUR', token: '${MATOMO_TOKEN}' };
const CLOUD = { host: 'shop.matomo.example', site_id: '1', currency: 'NOK' };
const GRANTED = ['analytics_storage'] as const;

/** Number of the hit's id, and what every request begins with (`destinations/matomo.md` 1). */
const START = 'rec=1&apiv=1&send_image=0&rand=19088743&cdt=1795169700';

function post(pairs: string, host = 'stats.shop.example'): PlannedRequest {
  const requests = `"requests":["?${pairs}"]`;
  const common = {
    method: 'POST',
    url: `https://${host}/matomo.php`,
    headers: { 'content-type': 'application/json' },
  } as const;
  return host === 'stats.shop.example'
    ? { ...common, body: `{${requests},"token_auth":"\\u0000"}`, bodySecret: { env: 'MATOMO_TOKEN' } }
    : { ...common, body: `{${requests}}` };
}

export const examples: readonly Example[] = [
  {
    title: "An order of a visitor whom Matomo's own script knows",
    from: 'destinations/matomo.md 8',
    settings: SETTINGS,
    granted: GRANTED,
    event: {
      event_name: 'purchase',
      event_time: 1795169700000,
      page_location: 'https://shop.example/thank-you',
      page_title: 'Thanks',
      transaction_id: 'ORD-20261120-7',
      currency: 'EUR',
      value: 59.9,
      items: [{ item_id: 'SKU-1', item_name: 'Mug', item_category: 'Cups', price: 27.5, quantity: 2 }],
      pk_id: '0123456789abcdef',
      ip: '203.0.113.0',
      user_agent_family: 'Mozilla/5.0',
    },
    expect: post(
      `idsite=3&${START}&url=https%3A%2F%2Fshop.example%2Fthank-you&action_name=Thanks&_id=0123456789abcdef&idgoal=0` +
        '&ec_id=ORD-20261120-7&revenue=59.9&ec_items=%5B%5B%22SKU-1%22%2C%22Mug%22%2C%22Cups%22%2C27.5%2C2%5D%5D' +
        '&cip=203.0.113.0&ua=Mozilla%2F5.0',
    ),
  },
  {
    title: 'A page view in the cloud without a token: no address; the id is a keyed hash of the client id',
    from: 'destinations/matomo.md 1, 2, 3',
    settings: CLOUD,
    granted: GRANTED,
    event: {
      event_name: 'page_view',
      event_time: 1795169700000,
      page_location: 'https://shop.example/',
      page_title: 'Krus & kopper',
      visitor_hash: '2ee7db68e927c7321706468286e5e4b3',
      ip: '203.0.113.0',
      country: 'NO',
      language: 'nb-no',
      screen_resolution: '1440x900',
    },
    expect: post(
      `idsite=1&${START}&url=https%3A%2F%2Fshop.example%2F&action_name=Krus%20%26%20kopper&_id=2ee7db68e927c732` +
        '&lang=nb-no&res=1440x900',
      'shop.matomo.example',
    ),
  },
  {
    title: 'A product in the cart is an event, because the cart as a whole is not known',
    from: 'destinations/matomo.md 3',
    settings: SETTINGS,
    granted: GRANTED,
    event: {
      event_name: 'add_to_cart',
      event_time: 1795169700000,
      page_location: 'https://shop.example/mug',
      currency: 'EUR',
      value: 27.5,
      items: [{ item_id: 'SKU-1', item_name: 'Mug', price: 27.5 }],
      pk_id: '0123456789abcdef',
    },
    expect: post(
      `idsite=3&${START}&url=https%3A%2F%2Fshop.example%2Fmug&_id=0123456789abcdef&e_c=Ecommerce&e_a=add_to_cart&e_n=Mug&e_v=27.5&ca=1`,
    ),
  },
  {
    title: 'A goal in another currency than the site has: counted, without its value',
    from: 'destinations/matomo.md 3',
    settings: { ...SETTINGS, goals: { generate_lead: '5' } },
    granted: GRANTED,
    event: {
      event_name: 'generate_lead',
      event_time: 1795169700000,
      currency: 'NOK',
      value: 100,
      pk_id: '0123456789abcdef',
    },
    expect: post(`idsite=3&${START}&_id=0123456789abcdef&idgoal=5`),
  },
  {
    title: 'An order without consent: nobody, nowhere, and a number that is not the shop’s',
    from: 'destinations/matomo.md 5',
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
      tax: 10,
      shipping: 4.9,
      items: [{ item_id: 'SKU-1' }],
      pk_id: '0123456789abcdef',
      ip: '203.0.113.0',
    },
    expect: post(
      `idsite=3&${START}&url=https%3A%2F%2Fshop.example%2Fthank-you&idgoal=0&ec_id=093bf27701215ab3&revenue=59.9&ec_st=45` +
        '&ec_tx=10&ec_sh=4.9&cip=0.0.0.0',
    ),
  },
  {
    title: 'A refund, which Matomo does not know',
    from: 'destinations/matomo.md 3',
    settings: SETTINGS,
    granted: GRANTED,
    event: { event_name: 'refund', transaction_id: 'ORD-20261120-7' },
    expect: { skip: reason('skip.not_mapped') },
  },
];
