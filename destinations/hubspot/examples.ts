import type { Example, PlannedRequest } from '../../src/core/destination.ts';
import { reason } from '../../src/core/reason.ts';
import { bearer } from '../../src/core/secret.ts';

const SETTINGS = {
  access_token: '${HUBSPOT_TOKEN}',
  custom_events: {
    purchase: {
      name: 'pe1234567_purchase',
      properties: { order_id: 'transaction_id', amount: 'value', currency: 'currency' },
    },
    generate_lead: { name: 'pe1234567_lead' },
  },
};
const GRANTED = ['ad_storage', 'ad_user_data'] as const;
const UTK = '0f1e2d3c4b5a69788796a5b4c3d2e1f0';

function post(input: unknown, version = '2026-09'): PlannedRequest {
  return {
    method: 'POST',
    url: `https://api.hubapi.com/events/${version}/send/batch`,
    headers: { authorization: bearer({ env: 'HUBSPOT_TOKEN' }), 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: [input] }),
  };
}

export const examples: readonly Example[] = [
  {
    title: 'A lead in an older version; without `email: true` no address leaves',
    from: 'destinations/hubspot.md 1, 2',
    settings: { ...SETTINGS, api_version: '2026-03' },
    granted: GRANTED,
    event: {
      event_name: 'generate_lead',
      event_id: 'ord-20261120-7',
      event_time: Date.UTC(2026, 10, 20, 10, 15),
      email: 'jane.doe@example.com',
      hubspotutk: UTK,
    },
    expect: post(
      {
        eventName: 'pe1234567_lead',
        utk: UTK,
        occurredAt: '2026-11-20T10:15:00.000Z',
        uuid: 'ed8d23a9-6ec1-5a2d-9c99-7ccd68358b15',
        properties: {},
      },
      '2026-03',
    ),
  },
  {
    title: 'A purchase of a contact, by address and cookie',
    from: 'destinations/hubspot.md 7',
    settings: { ...SETTINGS, email: true },
    granted: GRANTED,
    event: {
      event_name: 'purchase',
      event_id: 'ord-20261120-7',
      event_time: Date.UTC(2026, 10, 20, 10, 15),
      transaction_id: 'ORD-20261120-7',
      value: 59.9,
      currency: 'EUR',
      email: ' Jane.Doe@example.com',
      hubspotutk: UTK,
    },
    expect: post({
      eventName: 'pe1234567_purchase',
      email: 'jane.doe@example.com',
      utk: UTK,
      occurredAt: '2026-11-20T10:15:00.000Z',
      uuid: 'ed8d23a9-6ec1-5a2d-9c99-7ccd68358b15',
      properties: { order_id: 'ORD-20261120-7', amount: '59.9', currency: 'EUR' },
    }),
  },
  {
    title: 'An occurrence belongs to somebody',
    from: 'destinations/hubspot.md 2, 4',
    settings: SETTINGS,
    granted: GRANTED,
    event: { event_name: 'generate_lead', event_id: 'lead-1', email: 'jane.doe@example.com' },
    expect: { skip: reason('skip.nothing_to_match', { fields: 'hubspotutk' }) },
  },
  {
    title: 'An event without a custom event',
    from: 'destinations/hubspot.md 3',
    settings: SETTINGS,
    granted: GRANTED,
    event: { event_name: 'page_view', hubspotutk: UTK },
    expect: { skip: reason('skip.not_mapped') },
  },
];
