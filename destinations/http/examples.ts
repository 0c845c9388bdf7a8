import type { Example, PlannedRequest } from '../../src/core/destination.ts';
import { bearer, secretText, type SecretRef, type SecretText, type Signature } from '../../src/core/secret.ts';

const AT = Date.parse('2026-11-20T10:15:00Z');

const signed = (id: string, key: SecretRef): Signature => ({
  kind: 'signature',
  key,
  keyForm: 'whsec',
  over: [`${id}.`, { kind: 'timestamp' }, '.', { kind: 'body' }],
  form: 'base64',
});

/** The headers of a signed request (`destinations/http.md` 2), the new secret first. */
function signedBy(id: string, ...names: readonly string[]): PlannedRequest['headers'] {
  const parts = names.flatMap((env, i): SecretText['parts'] => [i === 0 ? 'v1,' : ' v1,', signed(id, { env })]);
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': secretText`${{ kind: 'timestamp' }}`,
    'webhook-signature': { parts },
  };
}

const recipient = { name: 'Example AS', country: 'NO', purpose: 'orders in the accounts' };
const purchase = {
  event_name: 'purchase',
  event_id: 'ord-20261120-7',
  event_time: AT,
  currency: 'EUR',
  transaction_id: 'ORD-20261120-7',
  value: 59.9,
};

/** Marks are hashes of the hit, the name and the id of an event: here of the hit `0123...cdef`. */
export const examples: readonly Example[] = [
  {
    title: 'A purchase, signed',
    from: 'destinations/http.md 2',
    settings: {
      host: 'hooks.example.com',
      path: '/portvakt',
      needs: ['ad_storage', 'ad_user_data'],
      recipient,
      sign: { secret: '${ORDERS_SECRET}' },
    },
    granted: ['ad_storage', 'ad_user_data'],
    // What the route does not list stays here.
    event: { ...purchase, page_title: 'Takk', email: 'kari@example.no', own_id: 'GGhKSD1iyS_d7Oo4pgYvPg' },
    expect: {
      method: 'POST',
      url: 'https://hooks.example.com/portvakt',
      headers: signedBy('msg_5b1b21d8f4a9c0f447a46421783992e9', 'ORDERS_SECRET'),
      body: '{"type":"purchase","timestamp":"2026-11-20T10:15:00.000Z","data":{"event_id":"ord-20261120-7","name":"purchase","params":{"currency":"EUR","transaction_id":"ORD-20261120-7","value":59.9}}}',
      timeoutMs: 15_000,
    },
  },
  {
    title: 'A lead with user data as hashes, while the secret is being changed',
    from: 'destinations/http.md 2',
    settings: {
      host: 'crm.example.com',
      path: '/in/${CRM_HOOK}?source=web',
      needs: ['ad_storage', 'ad_user_data'],
      recipient,
      fields: ['params', 'page_location', 'email', 'phone', 'user_id', 'own_id'],
      sign: { secret: '${CRM_SECRET}', previous: '${CRM_SECRET_OLD}' },
    },
    granted: ['ad_storage', 'ad_user_data', 'analytics_storage'],
    event: {
      event_name: 'generate_lead',
      event_id: 'lead-1',
      event_time: AT,
      params: { form_id: 'contact' },
      page_location: 'https://shop.example.no/kontakt',
      email: ' Kari@Example.no',
      phone: '+47 400 00 000',
      user_id: 'crm-8841',
      own_id: 'GGhKSD1iyS_d7Oo4pgYvPg',
    },
    expect: {
      method: 'POST',
      url: secretText`https://crm.example.com/in/${{ env: 'CRM_HOOK' }}?source=web`,
      headers: signedBy('msg_7435954760d011c1e308b3f6e0bf6285', 'CRM_SECRET', 'CRM_SECRET_OLD'),
      body: '{"type":"generate_lead","timestamp":"2026-11-20T10:15:00.000Z","data":{"event_id":"lead-1","name":"generate_lead","params":{"form_id":"contact"},"page":{"url":"https://shop.example.no/kontakt"},"ids":{"own_id":"GGhKSD1iyS_d7Oo4pgYvPg"},"user":{"id":"crm-8841","email_sha256":"6b3cf4ce611b5356d9ddd40ad789181b4d214c795498911751e048da74912bdb","phone_sha256":"e8c711a42ce296b306e509e55590527607ab27173f9a6ee67af47c58ad638ff2"}}}',
      timeoutMs: 15_000,
    },
  },
  {
    title: 'A purchase in the words of the receiver',
    from: 'destinations/http.md 5',
    settings: {
      host: 'hook.eu1.example.net',
      path: '/${MAKE_HOOK}',
      needs: ['ad_storage', 'ad_user_data'],
      recipient,
      fields: ['value', 'currency', 'transaction_id', 'coupon', 'items'],
      body: 'json',
      map: {
        order: 'params.transaction_id',
        at: 'event.time | iso',
        total: { amount: 'params.value | string', currency: 'params.currency | lower' },
        shop: 'const:web',
        may_advertise: 'consent.ad_personalization',
        voucher: 'params.coupon | default:none',
        lines: { each: 'items', map: { sku: 'item_id', count: 'quantity' } },
      },
    },
    granted: ['ad_storage', 'ad_user_data'],
    event: { ...purchase, items: [{ item_id: 'SKU-1', item_name: 'Krus', price: 29.95, quantity: 2 }] },
    expect: {
      method: 'POST',
      url: secretText`https://hook.eu1.example.net/${{ env: 'MAKE_HOOK' }}`,
      headers: { 'content-type': 'application/json', 'webhook-id': 'msg_5b1b21d8f4a9c0f447a46421783992e9' },
      body: '{"order":"ORD-20261120-7","at":"2026-11-20T10:15:00.000Z","total":{"amount":"59.9","currency":"eur"},"shop":"web","may_advertise":false,"voucher":"none","lines":[{"sku":"SKU-1","count":2}]}',
      timeoutMs: 15_000,
    },
  },
  {
    title: 'A sign-up as a form',
    from: 'destinations/http.md 5',
    settings: {
      host: 'forms.example.com',
      path: '/submit/${FORM_KEY}',
      needs: ['ad_storage', 'ad_user_data'],
      recipient,
      fields: ['value', 'params'],
      body: 'form',
      map: { 'fields[form]': 'params.form_id', amount: 'params.value', none: 'params.nobody', oid: 'const:a b&c' },
    },
    granted: ['ad_storage', 'ad_user_data'],
    event: { event_name: 'sign_up', event_id: 'e-1', event_time: AT, value: 0, params: { form_id: 'nyhetsbrev æ+' } },
    expect: {
      method: 'POST',
      url: secretText`https://forms.example.com/submit/${{ env: 'FORM_KEY' }}`,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'webhook-id': 'msg_b1e78b27fb75ae39d5da262a2a96816f',
      },
      body: 'fields%5Bform%5D=nyhetsbrev%20%C3%A6%2B&amount=0&oid=a%20b%26c',
      timeoutMs: 15_000,
    },
  },
  {
    title: 'An order under its number in the path',
    from: 'destinations/http.md 9',
    settings: {
      host: 'example.my.salesforce.com',
      path: '/services/data/v62.0/sobjects/Order__c/Number__c/{params.transaction_id}',
      method: 'PATCH',
      needs: ['ad_storage', 'ad_user_data'],
      recipient,
      headers: { Authorization: 'Bearer ${CRM_TOKEN}' },
      timeout: '30s',
      body: 'json',
      map: { Amount__c: 'params.value' },
    },
    granted: ['ad_storage', 'ad_user_data'],
    event: { ...purchase, transaction_id: 'ORD/7 æ?#' },
    expect: {
      method: 'PATCH',
      url: 'https://example.my.salesforce.com/services/data/v62.0/sobjects/Order__c/Number__c/ORD%2F7%20%C3%A6%3F%23',
      headers: {
        'content-type': 'application/json',
        'webhook-id': 'msg_5b1b21d8f4a9c0f447a46421783992e9',
        authorization: secretText`Bearer ${{ env: 'CRM_TOKEN' }}`,
      },
      body: '{"Amount__c":59.9}',
      timeoutMs: 30_000,
    },
  },
  {
    title: 'A page view for a warehouse, a line for each event',
    from: 'destinations/http.md 6',
    settings: {
      host: 'ingest.example.org',
      path: '/v1/rows',
      needs: ['analytics_storage'],
      recipient,
      fields: ['page_location', 'page_referrer', 'page_title', 'own_id', 'language', 'country'],
      headers: { Authorization: 'Bearer ${WAREHOUSE_TOKEN}' },
      body: 'ndjson',
      batch: 500,
      map: {
        event: 'event.name',
        ts: 'event.time | unix',
        url: 'page.url',
        referrer: 'page.referrer',
        title: 'page.title',
        client: 'ids.own_id',
        language: 'device.language',
        country: 'network.country',
      },
    },
    granted: ['analytics_storage'],
    event: {
      event_name: 'page_view',
      event_id: 'view-1',
      event_time: AT,
      page_location: 'https://shop.example.no/',
      page_referrer: 'https://search.example.com/',
      page_title: 'Krus',
      own_id: 'GGhKSD1iyS_d7Oo4pgYvPg',
      language: 'nb',
      country: 'NO',
    },
    expect: {
      method: 'POST',
      url: 'https://ingest.example.org/v1/rows',
      headers: {
        'content-type': 'application/x-ndjson',
        'webhook-id': 'msg_1d81d46974337524ad49a5e88eb225c1',
        authorization: secretText`Bearer ${{ env: 'WAREHOUSE_TOKEN' }}`,
      },
      body: '{"event":"page_view","ts":1795169700,"url":"https://shop.example.no/","referrer":"https://search.example.com/","title":"Krus","client":"GGhKSD1iyS_d7Oo4pgYvPg","language":"nb","country":"NO"}',
      timeoutMs: 15_000,
    },
  },
  {
    title: 'A lead for a receiver that wants a token',
    from: 'destinations/http.md 8',
    settings: {
      host: 'example.my.salesforce.com',
      path: '/services/data/v62.0/sobjects/Case',
      needs: ['ad_storage', 'ad_user_data'],
      recipient,
      auth: {
        oauth2: {
          host: 'login.example.com',
          path: '/services/oauth2/token',
          client_id: 'shop',
          client_secret: '${CRM_CLIENT_SECRET}',
          scope: 'api',
        },
      },
      body: 'json',
      map: { Subject: 'event.name', Origin: 'const:Web' },
    },
    granted: ['ad_storage', 'ad_user_data'],
    event: { event_name: 'generate_lead', event_id: 'lead-1', event_time: AT },
    expect: {
      method: 'POST',
      url: 'https://example.my.salesforce.com/services/data/v62.0/sobjects/Case',
      headers: {
        'content-type': 'application/json',
        'webhook-id': 'msg_7435954760d011c1e308b3f6e0bf6285',
        authorization: bearer({
          kind: 'oauth2-client',
          host: 'login.example.com',
          path: '/services/oauth2/token',
          clientId: 'shop',
          credentials: { env: 'CRM_CLIENT_SECRET' },
          method: 'client_secret_basic',
          scope: 'api',
        }),
      },
      body: '{"Subject":"generate_lead","Origin":"Web"}',
      timeoutMs: 15_000,
    },
  },
];
